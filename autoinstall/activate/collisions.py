"""What a staged install would put in the place of something that is there, or have found before it."""

import os
import stat
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from autoinstall.activate.objections import Hazard, Objection, object_to
from autoinstall.activate.owners import owned
from autoinstall.activate.replacement import Leaving
from autoinstall.activate.staged import Staged, StagedFile, digest, is_compiled
from autoinstall.activate.takeovers import foreign_caches, hidden, kernels
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
    yield from hidden(staged, owners, going, there.owner_of)
    yield from foreign_caches(staged, owners, going)
    yield from kernels(staged, owners, going)


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
