"""The one note under Python's own error: why the import is still missing, and what to type."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from autoinstall.advice import Advice, Verdict
from autoinstall.names import ProjectName, project_name
from autoinstall.plan import Obstacle, Plan, Refusal, Wanted
from autoinstall.platforms import quoted
from autoinstall.settings import Mode
from autoinstall.text import version_as_text


class Why(StrEnum):
    """What kept an offered project from being installed."""

    SAID_NO = "you said no"
    NOT_NOW = "not now"
    NOBODY = "nobody could be asked"
    OFF = "autoinstall is off"
    NOT_TRUSTED = "only a person can vouch for it"
    NOT_REPEATED = "not repeated"


@dataclass(frozen=True, slots=True)
class Instead:
    """What to do where nothing may be put into this environment: why, and the commands that make another."""

    reason: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """How this person types an install: in a cell or in a shell, and whether this environment has a pip.

    `python` is what starts this Python in a shell, where another may be the first on the path.
    `target` is the folder that was installed into beside the environment. `conda` is the command of conda's kind that
    installs into this environment, `prefix` where that is, and `called` by import name what it calls the project.
    `instead` is there where autoinstall would not install for this person either. `is_ours` says that the install is
    to be left to autoinstall: what was planned changes what is installed (`has_changes`) or is built from its source
    code, which pip would do without a word. `outright` holds, by import name, the projects that the person has named
    themselves, with the version. `mode` is the one that has to be said for our own command to lead anywhere, and
    `held_off_by` the file that forbids any other than `off`.
    """

    is_cell: bool
    has_pip: bool = True
    python: str = "python"
    target: str | None = None
    conda: str | None = None
    prefix: str = ""
    called: Mapping[str, str] = field(default_factory=dict)
    instead: Instead | None = None
    has_changes: bool = False
    is_ours: bool = False
    outright: Mapping[str, str] = field(default_factory=dict)
    mode: str | None = None
    held_off_by: str = ""

    def by_hand(self, *projects: str) -> str:
        """Return the command that installs `projects` without autoinstall."""
        if self.conda is not None:
            # In a cell IPython names the environment; in a shell it would be the one that is active there.
            where = "" if self.is_cell else f"--prefix {quoted((self.prefix,))} "
            return f"{'%' if self.is_cell else ''}{self.conda} install {where}{' '.join(projects)}"
        # uv has come with us, and as a module installs into the Python that runs it.
        start = "%pip install" if self.is_cell else f"{self.python} -m {'' if self.has_pip else 'uv '}pip install"
        target = "" if self.target is None else f"--target {quoted((self.target,))} "
        return f"{start} {target}{' '.join(projects)}"

    def said_by_hand(self, *projects: str) -> str:
        """Return the line after an install that tells a novice what it was called."""
        return f"By hand{', where there is a pip' if self.needs_a_pip else ''}: {self.by_hand(*projects)}"

    @property
    def needs_a_pip(self) -> bool:
        """Whether the command by hand leads nowhere in this environment."""
        return self.is_cell and not self.has_pip and self.conda is None

    def with_us(self, import_name: str, *options: str) -> str:
        """Return the command that has autoinstall ask again about an import name, just as the person asked for it."""
        project = self.outright.get(import_name)
        said = (*options, *(() if project is None else ("--project", project)), import_name)
        if self.is_cell:
            first = "" if self.mode is None else f"%autoinstall mode {self.mode}, then "
            return f"{first}{self.ours} install {' '.join(said)}"
        return " ".join((f"{self.ours} install", *(() if self.mode is None else ("--mode", self.mode)), *said))

    def either(self, with_us: str, by_hand: str) -> str:
        """Return what to type: the command by hand and, where there is no pip, ours before it."""
        if self.has_pip or self.conda is not None:
            return by_hand
        return f"{with_us}  (or{', where there is a pip' if self.is_cell else ''}: {by_hand})"

    @property
    def ours(self) -> str:
        """Our own command, as it has to be typed to be this Python's."""
        if self.is_cell:
            return "%autoinstall"
        return "autoinstall" if self.python in ("python", "python3") else f"{self.python} -m autoinstall"

    def calls(self, import_name: str, project: ProjectName | None) -> str:
        """Return what a tool by hand is to be told for an import name."""
        called = self.called.get(import_name, str(project))
        return called if self.conda is not None else self.outright.get(import_name, called)


def refused(advice: Advice, way: Way) -> str | None:
    """Return the note for an import name that is not offered at all, or `None` where there is nothing to add."""
    if advice.verdict is Verdict.INSTALLED:
        return None
    lines = [f"autoinstall: {advice.reason}"]
    suggestion = advice.suggestion
    if suggestion is not None and suggestion not in advice.reason:
        lines.append(f"  Write instead: {suggestion if ' ' in suggestion else f'import {suggestion}'}")
    if advice.verdict is Verdict.ADVICE and advice.project is not None and not way.held_off_by:
        lines.append(f"  To install {advice.project}: {way.with_us(advice.import_name)}")
    return "\n".join(lines)


def no_import_known(name: str) -> str:
    """Return the note for what could be a project's name, but none whose import is known."""
    project = project_name(name)
    return f"autoinstall: no import name is known for {project}; say both: --project {project} IMPORT_NAME"


def withheld(advice: Advice, why: Why, way: Way) -> str:
    """Return the note for a project that could be had but was not installed."""
    project = str(advice.project)
    name = advice.import_name
    if advice.verdict is Verdict.RARE:
        if why is Why.OFF and way.held_off_by:
            return f"autoinstall: {advice.reason}\n  autoinstall is off: {way.held_off_by} says so."
        return f"autoinstall: {advice.reason}\n  If you know that {project} is what you mean: {way.with_us(name)}"
    is_called_alike = project == name.replace("_", "-")
    what = project if is_called_alike else f"{project}, which provides {name},"
    missing = (
        f"{name} is not installed" if is_called_alike else f"{name} comes with {project}, which is not installed"
    )
    happened = {
        Why.SAID_NO: f"{what} was not installed: you said no.",
        Why.NOT_NOW: f"{what} was not installed this time.",
        Why.NOBODY: f"{missing}; there was nobody to ask.",
        Why.OFF: f"{missing} (autoinstall is off{f': {way.held_off_by} says so' if way.held_off_by else ''}).",
        Why.NOT_TRUSTED: f"{missing}.",
        Why.NOT_REPEATED: f"{missing}.",
    }[why]
    return _lines(f"autoinstall: {happened}", _what_to_type("To install it", name, advice.project, way))


def failed(advice: Advice, refusal: Refusal, way: Way) -> str:
    """Return the note for an install that was wanted and did not come about.

    What to type for another try is said only where that can work, and installs nothing that was refused with reason.
    """
    said = f"autoinstall: {refusal.sentence.rstrip('.')}."
    if not refusal.obstacle.may_pass:
        return said
    if refusal.obstacle is Obstacle.TOOL_FAILED:  # it may have given up for something that pip would let pass
        way = replace(way, is_ours=True)
    return _lines(said, _what_to_type("To try again", advice.import_name, advice.project, way))


def not_planned(advice: Advice, refusal: Refusal, wanted: Wanted, way: Way) -> str:
    """Return the note for what cannot be planned; where what is installed stands in the way, how to change that."""
    if not refusal.would_change or wanted.may_change:
        return failed(advice, refusal, way)
    changes = ", ".join(map(str, refusal.would_change))
    command = way.with_us(advice.import_name, "--allow-changes")
    what = f"  To have that changed: {command}\n  What changes then: {changes}"
    return f"autoinstall: {refusal.sentence.rstrip('.')}.\n{what}"


def too_young(name: str, refusal: Refusal, held_by: str, way: Way) -> str:
    """Return the note for a version that was named and is too young to be installed without a question.

    `held_by` is the file because of which none is asked either, where there is one.
    """
    said = f"autoinstall: {refusal.sentence.rstrip('.')}."
    if held_by:
        return f"{said}\n  {held_by} says so."
    return f"{said}\n  To be asked about it: {replace(way, mode=Mode.ASK).with_us(name)}"


def done(plan: Plan) -> Iterator[str]:
    """Yield what has been done, in a line or two."""
    added = [f"{item.project} {version_as_text(item.version)}" for item in plan.items if item.replaces is None]
    if added:
        yield f"Installed {', '.join(added)}."
    if plan.changes:
        yield f"Changed {', '.join(map(str, plan.changes))}."


def restart_afterwards(plan: Plan, *, is_cell: bool) -> str | None:
    """Return what to know before other versions take the place of what may be in use; `None` where nothing does."""
    if not plan.changes or (is_cell and not plan.in_use):
        return None
    if not is_cell:
        return "what runs here already, such as a kernel, needs a restart to use what has changed"
    verb = "is" if len(plan.in_use) == 1 else "are"
    return f"{', '.join(plan.in_use)} {verb} loaded here: restart the kernel afterwards"


def restart_now(plan: Plan, *, is_cell: bool) -> Iterator[str]:
    """Yield what to do after other versions have taken the place of what is loaded."""
    if is_cell and plan.in_use:
        yield f"Restart the kernel: what is loaded here of {', '.join(plan.in_use)} is still the old version."


def run_again(import_names: tuple[str, ...]) -> str:
    """Return the note for a compound statement: its cause is mended, but nothing is repeated by itself."""
    return f"autoinstall: {', '.join(import_names)} is now installed; run this cell again."


def with_remark(note: str, remark: str | None) -> str:
    """Return a note with one more line, where there is one."""
    return note if remark is None else f"{note}\n  {remark}"


def _lines(said: str, what_to_type: str | None) -> str:
    return said if what_to_type is None else f"{said}\n{what_to_type}"


def _what_to_type(purpose: str, name: str, project: ProjectName | None, way: Way) -> str | None:
    if way.instead is not None:
        what = "an environment of your own and a kernel for it" if way.is_cell else "an environment of your own"
        lines = [
            f"{way.instead.reason}. To make {what}, in a terminal:",
            *(f"  {one}" for one in way.instead.commands),
        ]
        return "\n".join(f"  {line}" for line in lines)
    by_hand = way.by_hand(way.calls(name, project))
    if way.held_off_by:
        return None if way.needs_a_pip or way.is_ours else f"  {purpose}: {by_hand}"
    if way.has_changes or way.is_ours:
        return f"  {purpose}: {way.with_us(name, *(('--allow-changes',) if way.has_changes else ()))}"
    return f"  {purpose}: {way.either(way.with_us(name), by_hand)}"
