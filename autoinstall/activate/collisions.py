"""What a staged install would put in the place of something that is there."""

import os
import stat
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from autoinstall.activate.objections import Hazard, Objection, object_to
from autoinstall.activate.owners import owned
from autoinstall.activate.places import names_in
from autoinstall.activate.replacement import Leaving
from autoinstall.activate.staged import Place, Staged, StagedFile, digest, is_compiled
from autoinstall.names import ProjectName


def collisions(staged: Staged, owners: dict[str, ProjectName | None], going: Leaving) -> Iterator[Objection]:
    """Yield an objection for each file whose place is taken, by a different content or by something else.

    A file that is there already with the same content stays as it is and is shared (older namespaces have the same
    `__init__.py` in every distribution); a compiled cache gives way to the one that is there.
    """
    inside, there = _Inside(staged), _There(staged)
    for key, file in staged.files.items():
        if not inside.holds(os.path.dirname(file.target)):  # noqa: PTH120 - texts, for their number
            what = "would leave the environment through a link, or needs a folder where there is a file"
            yield object_to(Hazard.LEAVES, owners.get(key), key, what)
        elif going.frees(file.target):
            continue
        elif os.path.lexists(file.target) and not is_compiled(key) and not _is_same(file):
            of = there.owner_of(file.target)
            what = "would overwrite " + (f"a file of {of}" if of else "a file that is there and nobody's")
            yield object_to(Hazard.OVERWRITES, owners.get(key), key, what)
    yield from _hidden(staged, owners, there, going)


def _is_same(file: StagedFile) -> bool:
    """Tell whether the place holds a regular file of the same content."""
    try:
        status = os.lstat(file.target)
        is_alike = file.is_regular and stat.S_ISREG(status.st_mode) and status.st_size == file.size
        return is_alike and digest(file.target).hex() == file.sha256
    except OSError:
        return False


class _There:
    """Tells whose a file is that stands in the way; RECORDs are read only once something does."""

    def __init__(self, staged: Staged) -> None:
        self._sites, self._prefix = staged.final.sites, staged.final.data

    @cached_property
    def _owners(self) -> dict[str, str]:
        return owned(self._sites, self._prefix)

    def owner_of(self, path: str | Path) -> str | None:
        return self._owners.get(os.path.normcase(path))


class _Inside:
    """Tells whether folders stay within the environment, links in it followed; each is looked at once."""

    def __init__(self, staged: Staged) -> None:
        final = staged.final
        self._places = (*final.sites, final.scripts, final.data)
        self._known: dict[str, bool] = {}

    def holds(self, folder: str) -> bool:
        if folder not in self._known:
            self._known[folder] = self._look(Path(folder))
        return self._known[folder]

    def _look(self, folder: Path) -> bool:
        nearest = folder
        while not os.path.lexists(nearest) and nearest != nearest.parent:
            nearest = nearest.parent
        where = Path(os.path.realpath(nearest))
        if not where.is_dir():
            return False
        # The second: a place that does not exist yet, such as the first command's folder.
        return any(
            where.is_relative_to(place) or (where == nearest and place.is_relative_to(where))
            for place in self._places
        )


def _hidden(
    staged: Staged, owners: dict[str, ProjectName | None], there: _There, going: Leaving
) -> Iterator[Objection]:
    """Yield where a package would be found before a module of the same name in the same folder, or the reverse."""
    present: dict[tuple[str, str], set[str]] = {}
    for site in staged.final.sites:
        for name in names_in(site):
            is_going = going.frees(site / name) or going.frees(site / name / "__init__.py")
            if not is_going and (importable := _importable(site / name)) is not None:
                present.setdefault((str(site), importable), set()).add(name)
    for key, file in staged.files.items():
        top, _, below = file.inside.partition("/")
        if file.place is not Place.SITE or below not in ("", "__init__.py"):
            continue
        module = _module(top, is_package=bool(below))
        site = Path(file.target).parents[1 if below else 0]
        for other in sorted(present.get((str(site), module or ""), set()) - {top}):
            of = there.owner_of(site / other) or there.owner_of(site / other / "__init__.py")
            what = f"would stand beside {other}" + (f" of {of}" if of else "") + ", and one hide the other"
            yield object_to(Hazard.OVERWRITES, owners.get(key), key, what)


def _importable(path: Path) -> str | None:
    if path.is_dir():
        return _module(path.name, is_package=True) if (path / "__init__.py").exists() else None
    return _module(path.name, is_package=False)


def _module(name: str, *, is_package: bool) -> str | None:
    """Return the module that a file or folder is, `None` for what is none."""
    if is_package:
        return name if name.isidentifier() else None
    stem, _, ending = name.partition(".")
    is_module = ending in ("py", "pyc") or f".{ending}".endswith((".so", ".pyd"))
    return stem if is_module and stem.isidentifier() else None
