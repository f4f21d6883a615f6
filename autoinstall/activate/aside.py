"""What a transaction has replaced, kept aside in the environment so that an undo can put it back."""

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from autoinstall.activate.moving import Step, caches_of, is_copy, move
from autoinstall.activate.places import OURS, REPLACED, final_places, names_in, ours, real, relative, resolved
from autoinstall.environment import Environment, installed
from autoinstall.names import ProjectName
from autoinstall.past.transaction import Record, Transaction


class Aside:
    """The folder that keeps what one transaction replaced, and where each file and metadata folder in it belongs.

    It lies on purelib's file system, so that most of it goes by renaming.
    """

    def __init__(self, environment: Environment, transaction: Transaction) -> None:
        self._base = base = real(environment.purelib)
        self._places = final_places(environment)
        self._folder = base / OURS / REPLACED / transaction.id
        self._by_project: dict[ProjectName, list[tuple[Path, Path]]] = {}
        number = 0
        for each in transaction.replaced:
            pairs = self._by_project.setdefault(each.project, [])
            for path in each.paths:
                pairs.append((resolved(path, base), self._folder / str(number)))
                number += 1

    @property
    def is_whole(self) -> bool:
        """Tell whether all of it is kept here."""
        return all(os.path.lexists(kept) for _, kept in self._pairs())

    def places(self) -> frozenset[Path]:
        """Return where all of it belongs, metadata folders too."""
        return frozenset(place for place, _ in self._pairs())

    def places_of_old(self) -> frozenset[Path]:
        """Return the places where the old still, or again, is what belongs there."""
        return frozenset(place for place, kept in self._pairs() if not os.path.lexists(kept))

    def put(self, step: Step, *, is_needed: bool = True) -> None:
        """Put aside what has not been put aside yet; metadata first. Raises `OSError` or `BlockedError`."""
        for place, kept in self._pairs():
            if place.suffix == ".py":
                # A cache of the old could pass for one of the new, where size and time agree.
                for compiled in caches_of(place):
                    compiled.unlink(missing_ok=True)
            if not os.path.lexists(kept):
                move(place, kept, is_needed=is_needed)
                step(f"put aside {self._written(place)}")
        for folder in self._emptied():
            with suppress(OSError):  # not empty, or not there
                folder.rmdir()

    def put_back(self, there: Collection[ProjectName], claimed: Collection[str], step: Step) -> None:
        """Put back all but what `there` tells to be installed anew; the metadata last, which says that it is whole.

        What is `claimed` (normcased) by others by now stays theirs. Raises `OSError`.
        """
        for project, pairs in reversed(self._by_project.items()):
            if project in there:
                continue
            for place, kept in reversed(pairs):
                if not os.path.lexists(kept) or os.path.normcase(place) in claimed:
                    continue
                if os.path.lexists(place) and not is_copy(place, kept):
                    # Nobody's, and made since: it goes where an undo puts what it must not lose.
                    away = self._base / OURS / "kept" / self._folder.name / kept.name / place.name
                    while os.path.lexists(away):
                        away = away.with_name(f"{away.name}~")
                    move(place, away, is_needed=False)
                move(kept, place, is_needed=False)
                step(f"put back {self._written(place)}")
        self.clear()

    def clear(self) -> None:
        """Let go of what is kept. Raises nothing."""
        shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(OSError):
            self._folder.parent.rmdir()

    def _pairs(self) -> Iterator[tuple[Path, Path]]:
        for pairs in self._by_project.values():
            yield from pairs

    def _emptied(self) -> list[Path]:
        """Return the folders that may be empty now, innermost first."""
        stay = (*self._places.sites, self._places.scripts, self._places.data)
        folders: set[Path] = set()
        for place, _ in self._pairs():
            for folder in place.parents:
                if folder in stay:
                    break
                folders.add(folder)
            if place.suffix == ".py":
                folders.add(place.parent / "__pycache__")
        return sorted(folders, key=lambda folder: len(folder.parts), reverse=True)

    def _written(self, place: Path) -> str:
        return relative(place, self._base)


def forget_replaced(environment: Environment, record: Record, under_way: Collection[str]) -> None:
    """Let go of what was replaced by transactions that can no longer be taken back. Raises nothing.

    Kept is what those under way have put aside, and what stands as long as the version that came for it is installed,
    or was itself replaced by one that stands.
    """
    base = real(environment.purelib)
    names = names_in(ours(environment) / REPLACED)
    if not names:
        return
    standing = {each.id: each for each in record.transactions() if each.undone is None}
    there = {
        (project, one.version) for project, one in installed([str(base), str(real(environment.platlib))]).items()
    }
    there |= {(old.project, old.version) for each in standing.values() for old in each.replaced}
    for name in names:
        found = standing.get(name)
        is_of_use = found is not None and any(
            (each.project, each.version) in there for each in found.distributions if each.project in found.before
        )
        if name not in under_way and not is_of_use:
            shutil.rmtree(ours(environment) / REPLACED / name, ignore_errors=True)
    with suppress(OSError):
        (ours(environment) / REPLACED).rmdir()
