"""Modules that lie near a script or notebook but not on the path: the file a novice forgot to say where it is."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from autoinstall.names import is_import_name
from autoinstall.visible import exists, is_file

_MOST_FOLDERS = 200
_MOST_ENTRIES = 5000
_MOST_PARENTS = 4

# A folder with one of these is the top of somebody's project: what lies above it belongs to something else.
_TOPS = frozenset({".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "environment.yml"})

# Folders of installed or generated things: a module in there was not written by the person who asks.
_NOT_THEIRS = frozenset({"node_modules", "site-packages", "dist-packages", "__pycache__", "build", "dist"})


class Where(StrEnum):
    """How a neighbour lies to the folder that was looked from."""

    HERE = "here"
    ABOVE = "above"
    BELOW = "below"
    BESIDE = "beside"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A module or package that lies near: `folder` is what the path would have to hold to reach it."""

    file: Path
    folder: Path
    where: Where


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # no home is known, as in some containers
        return None


@dataclass(frozen=True)
class Neighbourhood:
    """The folder of a script or notebook, what lies above it up to the project's top, and one level below these.

    Read once, when first asked, and never more than 5,000 entries of 200 folders; nothing is opened or imported.
    """

    folder: Path
    home: Path | None = field(default_factory=_home)

    def find(self, name: str) -> Neighbour | None:
        """Return what `import NAME` (its root) would find if the path held the right folder, the nearest first."""
        return self._modules.get(name.partition(".")[0])

    def names(self) -> frozenset[str]:
        """Return all that could be imported from nearby."""
        return frozenset(self._modules)

    @cached_property
    def _modules(self) -> dict[str, Neighbour]:
        modules: dict[str, Neighbour] = {}
        entries_left = _MOST_ENTRIES
        for count, (folder, where) in enumerate(self._folders()):
            if count >= _MOST_FOLDERS or entries_left <= 0:
                break
            entries = _entries(folder)[:entries_left]
            entries_left -= len(entries)
            if any(entry.name.endswith((".dist-info", ".egg-info")) for entry in entries) and where is not Where.HERE:
                continue
            for entry in entries:
                if (name := _module_name(entry)) is not None:
                    modules.setdefault(name, Neighbour(Path(entry.path), folder, where))
        return modules

    def _folders(self) -> Iterator[tuple[Path, Where]]:
        above = list(self._above())
        yield self.folder, Where.HERE
        yield from ((folder, Where.ABOVE) for folder in above)
        if self.folder in (self.home, Path(self.folder.anchor)):
            return  # Below a home lies everything somebody ever downloaded.
        yield from ((folder, Where.BELOW) for folder in _folders_in(self.folder))
        for parent in above:
            yield from ((folder, Where.BESIDE) for folder in _folders_in(parent) if folder != self.folder)

    def _above(self) -> Iterator[Path]:
        """Yield the parents up to the project's top; only the nearest where no top is found."""
        parents: list[Path] = []
        for folder in (self.folder, *self.folder.parents[:_MOST_PARENTS]):
            if folder in (self.home, Path(folder.anchor)):
                break
            if folder != self.folder:
                parents.append(folder)
            if any(exists(folder / top) for top in _TOPS):
                yield from parents
                return
        yield from parents[:1]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _folders_in(folder: Path) -> Iterator[Path]:
    for entry in _entries(folder):
        if entry.name.startswith(".") or entry.name in _NOT_THEIRS or not _is_folder(entry):
            continue
        if not exists(Path(entry.path, "pyvenv.cfg")):
            yield Path(entry.path)


def _module_name(entry: os.DirEntry[str]) -> str | None:
    if entry.name.endswith(".py"):
        name = entry.name.removesuffix(".py")
    elif _is_folder(entry) and is_file(Path(entry.path, "__init__.py")):
        name = entry.name
    else:
        return None
    return name if is_import_name(name) and name != "__init__" else None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
