"""What a scan has found, as data, as JSON and on the screen."""

import json
import os
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from autoinstall.advice import Advice, Verdict
from autoinstall.names import ProjectName
from autoinstall.roles import Request
from autoinstall.source.authors import Authored
from autoinstall.text import printable

_WIDTH = 80

HEADINGS = ("import", "project", "state")
"""What stands above the columns of the table."""


class State(StrEnum):
    """How it stands with an import; the values are the public interface's."""

    INSTALLED = "installed"
    MISSING = "missing"
    LOCAL = "local"
    STANDARD_LIBRARY = "standard library"
    ADVICE = "advice"


IS_THERE = frozenset({State.INSTALLED, State.LOCAL})
"""States of which nobody needs to do anything."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an import stands.

    `cell` counts a notebook's code cells from 1 and is `None` in a script, `line` counts from 1 within the cell or
    script. `is_sure`: it is imported whenever the cell or script runs. `is_guarded`: the source manages without it,
    or it stands in for another.
    """

    file: str
    cell: int | None
    line: int
    is_sure: bool
    is_guarded: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """One import name, everywhere it was found, and what would be done about it.

    `authored` are the lines of the author's own that install the project which is proposed, or one that is called as
    the import is; their versions are for people to see, and are never used by themselves.
    """

    import_name: str
    state: State
    advice: Advice
    places: tuple[Place, ...]
    authored: tuple[Authored, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Tell whether it is sure to be imported somewhere."""
        return any(place.is_sure for place in self.places)

    @property
    def is_offered(self) -> bool:
        """Tell whether a plain yes would install it: it is known, and needed somewhere."""
        is_known = self.advice.verdict in (Verdict.TRUSTED, Verdict.CHOICE)
        return self.state is State.MISSING and is_known and not all(place.is_guarded for place in self.places)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A cell or file that could not be read, and why."""

    file: str
    cell: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What a script, a notebook or a folder of these imports, in the order in which it was found."""

    path: str
    imports: tuple[Imported, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def offered(self) -> tuple[Imported, ...]:
        """What one question is about: one import for each project that a plain yes would install."""
        offered: dict[ProjectName | None, Imported] = {}
        for found in self.imports:
            if found.is_offered:
                offered.setdefault(found.advice.project, found)
        return tuple(offered.values())

    @property
    def missing(self) -> tuple[Imported, ...]:
        """What is imported, is not there, and is no case for advice."""
        return tuple(found for found in self.imports if found.state is State.MISSING)


def requests(scan: Scan, *, is_cell: bool) -> list[Request]:
    """Return what is to be asked for, with the author's own choices proposed."""
    offered = scan.offered
    proposed = tuple((one.import_name, one.advice.project) for one in offered if one.advice.project is not None)
    name = os.path.basename(os.path.realpath(scan.path))  # noqa: PTH119 - text for people, of a folder `.` too
    return [
        Request(one.import_name, is_cell=is_cell, is_explicit=True, proposed=proposed, asked_by=name)
        for one in offered
    ]


def as_json(scan: Scan) -> Iterator[str]:
    """Yield one JSON object a line: each import, then each cell or file that was skipped (with `skipped` for a key).

    An import has the fields of `which --json` behind its `state`, then `places` and `authored`.
    """
    for found in scan.imports:
        advice = asdict(found.advice)
        yield json.dumps(
            {
                "import_name": advice.pop("import_name"),
                "state": found.state,
                **advice,
                "places": [asdict(place) for place in found.places],
                "authored": [asdict(line) for line in found.authored],
            }
        )
    for skipped in scan.skipped:
        yield json.dumps({"skipped": skipped.file, "cell": skipped.cell, "reason": skipped.reason})


def as_rows(scan: Scan) -> Iterator[tuple[str, str, str]]:
    """Yield what people read in a table: import name, project, state; what is Python's own is left out.

    Modules of one installed thing make one row.
    """
    shown = set()
    for found in scan.imports:
        if found.state is State.STANDARD_LIBRARY:
            continue
        is_there = found.state in IS_THERE
        name = found.import_name.partition(".")[0] if is_there else found.import_name
        project = "" if found.advice.project is None or is_there else str(found.advice.project)
        key = (name.partition(".")[0], project, found.state)
        if key not in shown:
            shown.add(key)
            yield printable(name, 40), project, _state(found)


def as_text(scan: Scan, *, command: str) -> str:
    """Return the table, then what is to be said of single imports, then what could not be read.

    `command` is how people type autoinstall's name where they read this.
    """
    rows = list(as_rows(scan))
    if rows:
        rows.insert(0, HEADINGS)
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        lines = [f"  {row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}".rstrip() for row in rows]
    else:
        lines = [f"{printable(scan.path)} imports nothing but what is Python's own."]
    return "\n".join([*lines, *(line for remark in remarks(scan, command) for line in _wrapped(remark))])


def remarks(scan: Scan, command: str) -> Iterator[str]:
    """Yield what is to be said of single imports, then what could not be read; harmless on a screen, no HTML."""
    said: dict[str, str] = {}
    for found in scan.imports:
        for remark in _remarks(found, command):
            said.setdefault(remark, printable(found.import_name, 60))
    yield from (f"{name}: {remark}" for remark, name in said.items())
    for skipped in scan.skipped:
        where = printable(skipped.file) if skipped.cell is None else f"cell {skipped.cell}"
        yield f"not read: {where}: {printable(skipped.reason)}"


def _state(found: Imported) -> str:
    state: str = found.state
    if found.state is State.MISSING:
        if found.advice.verdict in (Verdict.RARE, Verdict.UNKNOWN, Verdict.DENIED):
            state += f" ({found.advice.verdict})"
        elif all(place.is_guarded for place in found.places):
            state += " (optional)"
        elif not found.is_sure:
            state += " (may be needed)"
    return state


def _remarks(found: Imported, command: str) -> Iterator[str]:
    if found.state is State.ADVICE or (found.state is State.MISSING and not _is_known(found)):
        yield found.advice.reason
    if found.state is State.MISSING:
        for line in found.authored:
            asked_for = f"{line.project}{printable(line.version, 40)}"
            if _is_known(found):
                yield f"the author's own line installs {asked_for}."
            else:
                yield (
                    f"the author's own line installs {asked_for}, which nothing vouches for; "
                    f"if you do: {command} install --project {line.project} {found.import_name}"
                )


def _is_known(found: Imported) -> bool:
    return found.advice.verdict in (Verdict.TRUSTED, Verdict.CHOICE)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
