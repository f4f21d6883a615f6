"""Who takes part in the story of a missing import, and what they hand each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from autoinstall.advice import Advice
from autoinstall.names import ImportName, ProjectName
from autoinstall.notes import Instead
from autoinstall.past.transaction import TakenBack, Transaction
from autoinstall.plan import Plan, Refusal, Wanted
from autoinstall.settings import Settings


class Status(StrEnum):
    """How a request ended."""

    INSTALLED = "installed"
    PRESENT = "present"
    DECLINED = "declined"
    NOT_OFFERED = "not offered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Request:
    """An import that is missing, and what is known of who asks.

    `also` are imports that will surely follow. `is_explicit` says that the person typed the name to have it
    installed, which overrules an earlier no. `project` and `version` are what a person named outright, past the
    table; where nobody typed anything, `project` is what reviewed data names. `proposed` are, by import name,
    candidates of a choice to propose in place of the usual one. `allows_changes` says that the person typed that
    installed distributions may be replaced by other versions, where nothing else would do. `asked_by` is the file
    that needs it, where a person has asked for what that one imports.
    """

    import_name: str
    is_cell: bool = False
    also: tuple[str, ...] = ()
    is_explicit: bool = False
    project: ProjectName | None = None
    version: str | None = None
    proposed: tuple[tuple[str, ProjectName], ...] = ()
    asked_by: str | None = None
    allows_changes: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended, and what is to be said of it.

    `note` belongs under Python's own error, `lines` after an install; `installed` names what is importable now,
    `declined` what a person was asked about and did not want. `is_hopeless`: whatever else is wanted would end alike.
    """

    status: Status
    note: str | None = None
    lines: tuple[str, ...] = ()
    installed: tuple[ImportName, ...] = ()
    declined: tuple[ImportName, ...] = ()
    is_hopeless: bool = False

    @property
    def is_installed(self) -> bool:
        """Tell whether the import that was asked for can be tried again."""
        return self.status in (Status.INSTALLED, Status.PRESENT)


@dataclass(frozen=True, slots=True)
class Done:
    """What a plan's execution added: nothing, where somebody else had brought it meanwhile."""

    plan: Plan
    transaction: str | None = None


@dataclass(frozen=True, slots=True)
class NeedsMore:
    """A project that was built, and told only then what it requires (PEP 508): more than was planned."""

    project: ProjectName
    requires: tuple[str, ...]


class Screen(Protocol):
    """What a face shows while the story goes on."""

    def progress(self, doing: str = "", received: int = 0, total: int | None = None) -> None:
        """Show what is being done now, in place of what was shown before; empty: the same goes on.

        `received` is how many bytes have come, `total` how many will, `None` where that is not known.
        """

    def clear(self) -> None:
        """Take the progress away, at the end of the story."""

    def say(self, line: str) -> None:
        """Show a line that stays."""


class NoScreen:
    """A face that shows nothing."""

    def progress(self, doing: str = "", received: int = 0, total: int | None = None) -> None:
        """Show nothing."""

    def clear(self) -> None:
        """Show nothing."""

    def say(self, line: str) -> None:
        """Show nothing."""


class Machine(Protocol):
    """This interpreter and its environment, or a made-up one: what can be known of it and done to it."""

    @property
    def place(self) -> str:
        """The folder that is installed into."""

    @property
    def python(self) -> str:
        """This Python's version as people say it: `3.12`."""

    @property
    def has_pip(self) -> bool:
        """Whether `%pip` would work here."""

    @property
    def command(self) -> str:
        """What starts this Python in a shell: `python`, or its whole path where that would start another."""

    @property
    def target(self) -> str | None:
        """The folder that is installed into beside an environment which is not ours to change, else `None`."""

    @property
    def remark(self) -> str | None:
        """Why it is installed there; `None` where it is the environment that is installed into."""

    def instead(self, *, is_cell: bool) -> Instead | None:
        """Return what to do where nothing may be put into this environment, `None` where something may."""

    def elsewhere(self, name: str) -> str | None:
        """Say for which other Python a name is installed, `None` where that is not known."""

    def advise(self, name: str, settings: Settings) -> Advice:
        """Return what an import name leads to."""

    def denial_of(self, project: ProjectName, settings: Settings) -> str | None:
        """Say in a sentence why nobody may have a project, `None` where nothing forbids it."""

    def rank_of(self, project: ProjectName) -> int | None:
        """Return how popular a project is."""

    def conda(self, project: ProjectName, settings: Settings) -> tuple[str, str] | None:
        """Return the command of conda's kind that installs a project here and what it calls it, `None` for others."""

    def plan(self, wanted: Sequence[Wanted], settings: Settings, screen: Screen) -> Plan | Refusal:
        """Return what would be installed, to the file. Changes nothing."""

    def remarks_on_size(self, plan: Plan) -> Sequence[str]:
        """Return what to know before so much is downloaded; nothing where it is not much."""

    def dated(self, plan: Plan) -> Plan:
        """Return the plan with the sizes and upload times that its tool did not know."""

    def carry_out(self, plan: Plan, settings: Settings, screen: Screen) -> Done | NeedsMore | Refusal:
        """Install exactly the plan, whole or not at all, and make it importable in this process."""

    def versions(self) -> Mapping[ProjectName, str]:
        """Return the version of each project that is installed."""

    def transactions(self) -> tuple[Transaction, ...]:
        """Return what was installed by way of us, oldest first, what was taken back too."""

    def last_of_this_session(self) -> Transaction | None:
        """Return what this process installed last and has not taken back, `None` where there is nothing."""

    def take_back(self, transaction: Transaction, screen: Screen) -> TakenBack | Refusal:
        """Remove exactly what a transaction added, all of it or nothing."""
