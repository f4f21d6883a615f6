"""The one question: what it says, who can be asked, and what an answer means."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from autoinstall.names import ImportName, ProjectName
from autoinstall.plan import Item, Plan
from autoinstall.text import age_as_text, popularity_as_text, printable, printable_name, size_as_text

WIDTH = 80
"""In columns. No line of a question is wider."""

_HOW_BUILT = "has no wheel: it is built here from its source code, and its authors' code runs while it is built"
_CHOICES = "[y]es / [n]o / [c]hoose another / [d]etails: "
_NOTHING_ELSE = "There is nothing else to choose from: this is all that may be installed for it."
_YES = ("y", "yes")
_NO = ("n", "no")
_DETAILS = ("d", "details")
_CHOOSE = ("c", "choose", "choose another")


@dataclass(frozen=True, slots=True)
class Table:
    """What a question says, as plain data for a face that draws it; harmless on a screen, but not escaped for HTML.

    A row has five cells: the import name (empty for what others need), project and version, size, age, and what else
    is known of it. `facts` are what holds for all of it, each under a short word.
    """

    SIZE: ClassVar[int] = 2
    LAST: ClassVar[int] = 4

    heading: str
    rows: tuple[tuple[str, ...], ...]
    facts: tuple[tuple[str, str], ...]


class Asker(Protocol):
    """Somebody who can be asked, or nobody: each face hands in its own."""

    def can_ask(self) -> bool:
        """Tell whether a person can answer now; asking anybody else would hang or be lost."""

    def show(self, text: str, table: Table | None = None) -> None:
        """Show lines that belong to the question; `table` says the same to who can draw."""

    def ask(self, prompt: str) -> str | None:
        """Return what was typed, or `None` for an end of file, an interrupt or anything unreadable."""


class Answer(StrEnum):
    """What a person has said."""

    YES = "yes"
    NO = "no"
    NOT_NOW = "not now"
    CHOOSE = "choose another"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the question may say of a wanted project beyond its plan: its rank, and what else provides the name."""

    rank: int | None = None
    candidates: tuple[ProjectName, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """The whole of what is put before a person.

    `table` says the same as `lines`. `details` are worked out when somebody asks for them. `type_in_full` is the
    project whose name has to be typed instead of a yes; `can_choose` tells whether `c` has anything else to offer.
    """

    lines: tuple[str, ...]
    table: Table
    prompt: str
    details: Callable[[], tuple[str, ...]]
    type_in_full: ProjectName | None = None
    can_choose: bool = False


def compose(
    plan: Plan,
    standings: Mapping[str, Standing],
    *,
    place: str,
    python: str,
    asked_by: str | None,
    remarks: Sequence[str] = (),
    dated: Callable[[Plan], Plan] = lambda plan: plan,
    type_in_full: ProjectName | None = None,
    has_choice: bool = True,
) -> Question:
    """Return the question about `plan`.

    `standings` are told by import name, and by project for what is wanted for its own sake. Without `has_choice`
    nothing else than the whole plan can be had.

    `dated` finds out for the details what the plan does not know of its files. `place` is the folder installed into,
    `python` its version, `asked_by` who needs it (`This cell`), `None` for a person who has typed it. `remarks` are
    what else is good to know. Nothing that a project's author wrote is in it, and whatever comes from an index is
    escaped.
    """
    wanted = tuple(item for item in plan.items if item.is_asked_for)
    along = tuple(item for item in plan.items if not item.is_asked_for)
    count = len(wanted)
    things = f"{count} package{'s' if count > 1 else ''}"
    # Of what is wanted itself, another version may be there.
    so = " in this version" if any(item.replaces is not None for item in wanted) else ""
    start = "You asked for" if asked_by is None else f"{printable(asked_by, 40)} needs"
    heading = f"{start} {things} that {'are' if count > 1 else 'is'} not installed here{so}:"
    rows = [_row(item, standings) for item in wanted]
    lines = [heading, *_aligned(rows), *map(_and, along)]
    origin = f" from {', '.join(printable(index) for index in plan.indexes)}" if plan.indexes else ""
    into = f"{printable(place)} (Python {python}) with {plan.installer}{origin}; {_changing(len(plan.changes))}"
    built = [("build", f"{printable_name(project)} {_HOW_BUILT}") for project in plan.built]
    facts = (("into", into), *built, *(("note", remark) for remark in remarks))
    lines += [line for word, fact in facts for line in _wrapped(f"  {word}  ", fact)]
    can_choose = has_choice and (
        count > 1 or any(len(standings[name].candidates) > 1 for item in wanted for name in item.wanted_as)
    )
    if type_in_full is not None:
        what = "its name" if len(plan.items) == 1 else type_in_full
        prompt = _prompt(
            f"To install {_named(plan.items)},", f"type {what} in full (d: details, anything else: no): "
        )
    else:
        prompt = _prompt(f"{_doing(plan)}?", _CHOICES)
    table = Table(heading, (*rows, *map(_row_along, along)), facts)
    return Question(tuple(lines), table, prompt, lambda: _details(dated(plan)), type_in_full, can_choose)


def put(question: Question, asker: Asker) -> Answer:
    """Show the question, and return what the answer means.

    Only `y` and `yes`, or the project's whole name where that is asked for, are a yes. `d` shows the details and
    asks again, and so does `c` where there is nothing else. An empty line, an end of file, an interrupt and whatever
    cannot be read are "not now".
    """
    asker.show("\n".join(question.lines), question.table)
    while True:
        typed = asker.ask(question.prompt)
        word = "" if typed is None else typed.strip().casefold()
        if question.type_in_full is not None and _normalised(word) == question.type_in_full:
            return Answer.YES
        if word in _DETAILS:
            asker.show("\n".join(question.details()))
        elif question.type_in_full is not None:
            return Answer.NO if word in _NO else Answer.NOT_NOW
        elif word in _YES:
            return Answer.YES
        elif word in _NO:
            return Answer.NO
        elif word in _CHOOSE:
            if question.can_choose:
                return Answer.CHOOSE
            asker.show(_NOTHING_ELSE)
        else:
            return Answer.NOT_NOW


def choose(
    wanted: Mapping[ImportName, ProjectName], standings: Mapping[str, Standing], asker: Asker
) -> Mapping[ImportName, ProjectName | None] | None:
    """Let a person pick, for each import name, one of its candidates or none; `None` means "not now"."""
    chosen: dict[ImportName, ProjectName | None] = {}
    for name, project in wanted.items():
        candidates = standings[name].candidates or (project,)
        options = [f"  {number}  {candidate}" for number, candidate in enumerate(candidates, 1)]
        asker.show("\n".join([f"{name} can come from:", *options, "  0  do not install it"]))
        typed = asker.ask(f"Number for {name}: ")
        try:
            number = int((typed or "").strip())
        except ValueError:
            return None
        if not 0 <= number <= len(candidates):
            return None
        chosen[name] = candidates[number - 1] if number else None
    return chosen


class TerminalAsker:
    """A person at a terminal: asked when standard input and error are both terminals and this job is in front.

    The prompt goes to standard error, since standard output may be the program's own product.
    """

    def __init__(self, discard_typed_ahead: Callable[[int], None], is_in_foreground: Callable[[int], bool]) -> None:
        self._discard_typed_ahead = discard_typed_ahead
        self._is_in_foreground = is_in_foreground

    def can_ask(self) -> bool:
        """Tell whether both streams are terminals of ours; a job in the background would be stopped by reading."""
        try:
            return sys.stdin.isatty() and sys.stderr.isatty() and self._is_in_foreground(sys.stdin.fileno())
        except (AttributeError, OSError, ValueError):  # no stream, a replaced one, a closed one
            return False

    def show(self, text: str, table: Table | None = None) -> None:  # noqa: ARG002 - a terminal draws none
        """Write to standard error."""
        _write(text + "\n")

    def ask(self, prompt: str) -> str | None:
        """Prompt on standard error and read one line; what was typed before the prompt stood there is no answer."""
        try:
            self._discard_typed_ahead(sys.stdin.fileno())
            _write(prompt)
            line = sys.stdin.readline()
        except (KeyboardInterrupt, OSError, ValueError):
            line = ""
        if not line.endswith("\n"):
            _write("\n")
            return None
        return line


class Nobody:
    """Nobody to ask: a headless run."""

    def can_ask(self) -> bool:
        """Say no."""
        return False

    def show(self, text: str, table: Table | None = None) -> None:
        """Show nothing."""

    def ask(self, prompt: str) -> str | None:  # noqa: ARG002 - the protocol's
        """Answer nothing."""
        return None


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _row(item: Item, standings: Mapping[str, Standing]) -> tuple[str, ...]:
    ranks = (standings.get(name, Standing()).rank for name in item.wanted_as or (item.project,))
    rank = min((rank for rank in ranks if rank is not None), default=None)
    return (
        ", ".join(item.wanted_as),
        _what(item),
        size_as_text(item.file.size),
        age_as_text(item.age()),
        popularity_as_text(rank),
    )


def _what(item: Item) -> str:
    before = "" if item.replaces is None else f"{printable(item.replaces, 30)} -> "
    return f"{item.project} {before}{printable(item.version, 30)}"


def _changing(count: int) -> str:
    if not count:
        return "nothing already installed changes"
    return f"{count} already installed change{'s' if count == 1 else ''}"


def _row_along(item: Item) -> tuple[str, ...]:
    """Return the row for what is there on account of others, as `_and` writes it."""
    needed_by = ", ".join(item.needed_by)
    because = f"needed by {printable(needed_by, WIDTH)}" if needed_by else ""
    size = size_as_text(item.file.size)
    return ("", _what(item), size, age_as_text(item.age()), because)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    # Padding alone, no table library: every cell is ASCII already, and this lives in the user's kernel.
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column == Table.SIZE else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = ("  " + "  ".join(cells)).rstrip()
        lines += [line] if len(line) <= WIDTH else _wrapped("  ", "  ".join(cell for cell in row if cell))
    return lines


def _and(item: Item) -> str:
    size = size_as_text(item.file.size)
    start = f"  and   {_what(item)}"
    because = f" (needed by {', '.join(item.needed_by)})" if item.needed_by else ""
    whole = f"{start}{because}, {size}"
    if len(whole) <= WIDTH:
        return whole
    first = f" (needed by {item.needed_by[0]}, …)" if item.needed_by else ""
    whole = f"{start}{first}, {size}"
    return whole if len(whole) <= WIDTH else f"{start}, {size}"[:WIDTH]


def _doing(plan: Plan) -> str:
    """Return what the prompt asks for, on its own: some frontends show nothing else."""
    added = [item for item in plan.items if item.replaces is None]
    changed = [item for item in plan.items if item.replaces is not None]
    if not changed:
        return f"Install {_named(added)}"
    install = f"Install {_named(added)}, and change" if added else "Change"
    return f"{install} {_named(changed)}"


def _named(items: Sequence[Item]) -> str:
    """Return the names of all of them, those that are asked for first."""
    *others, last = (printable(item.project, 60) for item in sorted(items, key=lambda item: not item.is_asked_for))
    return f"{', '.join(others)} and {last}" if others else last


def _prompt(what: str, choices: str) -> str:
    """Return both in one line, or in several: no name is broken, nor what can be answered."""
    import textwrap  # noqa: PLC0415 - only a question needs it

    lines = textwrap.wrap(what, WIDTH, break_on_hyphens=False)
    if len(lines[-1]) + 1 + len(choices) < WIDTH:  # with room for a letter
        return "\n".join((*lines[:-1], f"{lines[-1]} {choices}"))
    return "\n".join((*lines, choices))


def _normalised(typed: str) -> str:
    """Return a name as indexes compare it: `Foo_Bar` and `foo.bar` are one project."""
    return re.sub(r"[-_.]+", "-", typed)


def _details(plan: Plan) -> tuple[str, ...]:
    lines = []
    for item in plan.items:
        lines += _wrapped("  ", printable_name(item.file.name))
        lines += [f"    sha256 {item.file.sha256}", f"    {size_as_text(item.file.size)}, {age_as_text(item.age())}"]
    lines += [f"  from {printable(index)}" for index in plan.indexes]
    return tuple(lines)


def _wrapped(start: str, text: str) -> list[str]:
    import textwrap  # noqa: PLC0415 - only a question needs it

    below = " " * len(start)
    return textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=below, break_on_hyphens=False)
