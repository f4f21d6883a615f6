"""What one install added to an environment, as plain data: written down before it happens, taken back by it later."""

import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from autoinstall.names import ImportName, ProjectName, conda_name, import_name, project_name
from autoinstall.plan import Change
from autoinstall.text import version_as_text

FORMAT = 1
"""Grows only when an older reader would misunderstand; unknown fields are passed over by every version."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One distribution that was added.

    `build` is which build of the version it is, of what conda has installed; empty for all else.
    """

    project: ProjectName
    version: str
    build: str = ""


@dataclass(frozen=True, slots=True)
class Replaced:
    """One distribution that gave way to another version of it.

    `paths` are where its metadata folder and its files belong, from purelib as RECORD writes them.
    """

    project: ProjectName
    version: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """One file that was added: its path from purelib as RECORD writes it, its sha256 in hex, its size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """What was added together, when (UTC), by whom, and on whose account.

    `wanted` are the import names that were asked for, `wanted_from` tells of which project each. `files` are those
    that were not there before, `folders` the folders that had to be made for them, outermost first. `replaced` is
    what gave way to some of the `distributions`. `undone` is when it was taken back, `None` while it stands.
    """

    id: str
    when: datetime
    prefix: str
    python: str
    installer: str
    process: int
    session: str
    wanted: tuple[ImportName, ...]
    distributions: tuple[Distribution, ...]
    files: tuple[Added, ...]
    folders: tuple[str, ...] = ()
    undone: datetime | None = None
    wanted_from: Mapping[ImportName, ProjectName] = field(default_factory=dict)
    replaced: tuple[Replaced, ...] = ()

    @property
    def is_of_conda(self) -> bool:
        """Tell whether conda installed it: then it is conda that keeps the files, and takes them back."""
        return any(each.build for each in self.distributions)

    @property
    def names(self) -> str:
        """The distributions as people read them: `boojum-tools 1.5, snark 2.0`."""
        return ", ".join(f"{each.project} {version_as_text(each.version)}" for each in self.distributions)

    @property
    def told(self) -> str:
        """The same with what they replaced: `boojum-tools 1.5, snark 1.0 -> 2.0`."""
        before = self.before
        return ", ".join(
            str(Change(each.project, before[each.project], each.version))
            if each.project in before
            else f"{each.project} {version_as_text(each.version)}"
            for each in self.distributions
        )

    @property
    def before(self) -> Mapping[ProjectName, str]:
        """The version of each project that was replaced."""
        return {each.project: each.version for each in self.replaced}


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was taken out.

    `kept` are files that were changed since, moved to where these paths say; `loaded` are import names of what went
    that this process has imported: they stay usable until it is restarted. What the transaction had replaced is
    there again.
    """

    transaction: Transaction
    kept: tuple[Path, ...]
    loaded: tuple[str, ...]


class Record(Protocol):
    """Where transactions are kept between sessions; whatever is written may be written again without harm."""

    def add(self, transaction: Transaction) -> None:
        """Keep a transaction that stands. Raises `OSError` where it cannot be written."""

    def strike(self, transaction: Transaction) -> None:
        """Note that a transaction has been taken back. Raises `OSError` where it cannot be written."""

    def transactions(self) -> tuple[Transaction, ...]:
        """Return all transactions, oldest first, those that were taken back too."""


def new_id() -> str:
    """Return a new transaction's id: when (UTC), which process, and a few letters that make it one of a kind."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}-{secrets.token_hex(2)}"


def as_json(transaction: Transaction) -> dict[str, object]:
    """Return a transaction as JSON writes it."""
    return {
        "format": FORMAT,
        "id": transaction.id,
        "when": transaction.when.isoformat(),
        "prefix": transaction.prefix,
        "python": transaction.python,
        "installer": transaction.installer,
        "process": transaction.process,
        "session": transaction.session,
        "wanted": list(transaction.wanted),
        "wanted_from": dict(transaction.wanted_from),
        "distributions": [
            [each.project, each.version, *([each.build] if each.build else [])] for each in transaction.distributions
        ],
        "files": [[each.path, each.sha256, each.size] for each in transaction.files],
        "folders": list(transaction.folders),
        "replaced": [[each.project, each.version, list(each.paths)] for each in transaction.replaced],
    }


def from_json(raw: object) -> Transaction | None:
    """Return the transaction that JSON tells of, `None` where it tells of none that this version understands."""
    if not isinstance(raw, Mapping) or raw.get("format") != FORMAT:
        return None
    try:
        distributions = tuple(_distribution(*map(str, row)) for row in _rows(raw["distributions"]))
        projects = {str(each.project): each.project for each in distributions}
        return Transaction(
            id=str(raw["id"]),
            when=datetime.fromisoformat(str(raw["when"])),
            prefix=str(raw["prefix"]),
            python=str(raw["python"]),
            installer=str(raw["installer"]),
            process=int(raw["process"]),
            session=str(raw["session"]),
            wanted=tuple(import_name(str(name)) for name in _listed(raw["wanted"])),
            distributions=distributions,
            files=tuple(Added(str(path), str(sha256), int(str(size))) for path, sha256, size in _rows(raw["files"])),
            folders=tuple(str(folder) for folder in _listed(raw["folders"])),
            wanted_from={
                import_name(str(name)): projects[str(project)] for name, project in raw.get("wanted_from", {}).items()
            },
            replaced=tuple(_replaced(*row) for row in _rows(raw.get("replaced", []))),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _distribution(name: str, version: str, build: str = "") -> Distribution:
    return Distribution(conda_name(name) if build else project_name(name), version, build)


def _replaced(name: object, version: object, paths: object) -> Replaced:
    return Replaced(project_name(str(name)), str(version), tuple(map(str, _listed(paths))))


def _listed(raw: object) -> list[object]:
    if not isinstance(raw, list):
        raise TypeError(raw)
    return raw


def _rows(raw: object) -> Iterable[list[object]]:
    return (_listed(row) for row in _listed(raw))
