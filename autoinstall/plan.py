"""What would be installed, to the file: decided before the question, and exactly that afterwards."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from autoinstall.names import ImportName, ProjectName
from autoinstall.text import version_as_text


@dataclass(frozen=True, slots=True)
class Wanted:
    """One import that is to be satisfied, by which project, in which version (`None`: the newest that may be had).

    An `import_name` of `None` means that the project is wanted for its own sake. With `may_be_built` it is had as
    source code, which a person has to agree to; `requires` is then what it is known to need (PEP 508), as far as a
    build has told. With `may_change`, other versions may take the place of installed distributions for it where
    nothing else would do, which a person has to have asked for. `may_be_young`: a person has named the version, and
    will read how old it is before it is installed.
    """

    import_name: ImportName | None
    project: ProjectName
    version: str | None = None
    may_be_built: bool = False
    requires: tuple[str, ...] = ()
    may_change: bool = False
    may_be_young: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """One file to install from, a wheel or a conda package, named by its hash.

    `size` is in bytes; it and `uploaded` are `None` where the index does not say. `index` is the index that listed
    the file, without credentials, or empty where that is not known.
    """

    name: str
    url: str
    sha256: str
    size: int | None
    uploaded: datetime | None
    index: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One installed distribution that another version is to take the place of."""

    project: ProjectName
    before: str
    after: str

    def __str__(self) -> str:
        """Say it as people read it: `numpy 1.26.4 -> 2.4.1`."""
        return f"{self.project} {version_as_text(self.before)} -> {version_as_text(self.after)}"


@dataclass(frozen=True, slots=True)
class Item:
    """One distribution of a plan: what is installed, from which file, and on whose account.

    Where conda is the installer, it goes by the name that conda's channels have for it.

    `wanted_as` are the import names that asked for it; `needed_by` the projects of the plan that require it.
    An item that has neither is wanted for its own sake. `replaces` is the installed version that goes for it.
    """

    project: ProjectName
    version: str
    file: File
    wanted_as: tuple[ImportName, ...] = ()
    needed_by: tuple[ProjectName, ...] = ()
    replaces: str | None = None

    @property
    def is_asked_for(self) -> bool:
        """Tell whether it is wanted itself, not only along with others."""
        return bool(self.wanted_as) or not self.needed_by

    def age(self, now: datetime | None = None) -> int | None:
        """Return whole days since the upload, or `None` where it is not known."""
        if self.file.uploaded is None:
            return None
        return max(0, ((now or datetime.now(UTC)) - self.file.uploaded).days)


@dataclass(frozen=True, slots=True)
class Plan:
    """An exact set of files that makes every wanted import work.

    Nothing that is installed changes, but what an item `replaces` where a person has asked for that.

    `installer` is the tool that planned it and will install it. `indexes` say where the files come from, without
    credentials, for people to read; `remark` says why it is not the tool that made the environment, where it is not.
    An empty `items` means that all that is wanted is there already. `in_use` are the import names of what is replaced
    and loaded in this process.
    """

    items: tuple[Item, ...]
    installer: str
    indexes: tuple[str, ...] = ()
    remark: str = ""
    in_use: tuple[ImportName, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """What of the installed distributions is replaced."""
        return tuple(
            Change(item.project, item.replaces, item.version) for item in self.items if item.replaces is not None
        )

    @property
    def built(self) -> tuple[ProjectName, ...]:
        """The projects that are there as source code, and are built here."""
        return tuple(item.project for item in self.items if item.file.name.endswith((".tar.gz", ".zip")))

    @property
    def is_of_conda(self) -> bool:
        """Tell whether it is made of conda's packages, not of wheels."""
        return any(item.file.name.endswith((".conda", ".tar.bz2")) for item in self.items)

    @property
    def size(self) -> int | None:
        """Bytes to download, or `None` where the index keeps quiet about one of the files."""
        total = 0
        for item in self.items:
            if item.file.size is None:
                return None
            total += item.file.size
        return total


class Obstacle(StrEnum):
    """Why there is no plan."""

    OFFLINE = "offline"
    INDEX_FAILED = "index failed"
    NOT_FOUND = "not found"
    NO_WHEEL = "no wheel"
    NO_WHEEL_FOR_THIS_PYTHON = "no wheel for this Python or platform"
    CONFLICT = "conflict"
    TOO_NEW = "too new"
    INSTALLER_MISSING = "installer missing"
    NOT_WRITABLE = "not writable"
    DISK_FULL = "disk full"
    UNSAFE = "unsafe"
    FORBIDDEN = "forbidden"
    NOT_PROVIDED = "does not provide the import"
    NEEDED = "needed by others"
    CHANGED = "changed meanwhile"
    STALLED = "stalled"
    INTERRUPTED = "interrupted"
    TOOL_FAILED = "tool failed"

    @property
    def is_everyones(self) -> bool:
        """Tell whether it stands in the way of whatever is wanted, not of one project."""
        return self in _EVERYONES

    @property
    def may_pass(self) -> bool:
        """Tell whether the same may succeed at another time; all else was refused with reason or cannot be had."""
        return self in _EVERYONES or self in _PASSING


_EVERYONES = frozenset(
    {
        Obstacle.OFFLINE,
        Obstacle.INSTALLER_MISSING,
        Obstacle.NOT_WRITABLE,
        Obstacle.DISK_FULL,
        Obstacle.STALLED,
        Obstacle.INTERRUPTED,
    }
)

_PASSING = frozenset({Obstacle.INDEX_FAILED, Obstacle.CHANGED, Obstacle.TOOL_FAILED})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A plan that cannot be made or carried out: why, in one sentence for the user that says what to do.

    `details` is what the tool said, escaped, for those who ask for it. `would_change` is what of the installed
    distributions would have to change for a plan, where that is what stands in the way and may be asked for.
    """

    obstacle: Obstacle
    sentence: str
    details: str = ""
    would_change: tuple[Change, ...] = ()
