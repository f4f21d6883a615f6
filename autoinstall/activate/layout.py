"""Which moves bring a staged tree into place: whole folders where nothing stands yet, single files elsewhere."""

import os
import platform
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from autoinstall.activate.pending import Move, Pending, Work
from autoinstall.activate.places import names_in
from autoinstall.activate.replacement import Leaving
from autoinstall.activate.staged import Staged, StagedFile, source_of
from autoinstall.activate.takeovers import brings_its_source, is_free
from autoinstall.past.transaction import Added, Distribution, Replaced, Transaction, new_id
from autoinstall.plan import Plan
from autoinstall.visible import nearest


def lay_out(staged: Staged, plan: Plan, work: Work, session: str, going: Leaving) -> Pending:
    """Return what has to be moved, in an order that is safe to die in, and what it will have added. Moves nothing.

    A staged file whose place is taken stays behind: inspection has let pass only those that need not come (the same
    content is there, or a cache). So does a cache whose source stays behind; what is `going` takes no place. Python's
    caches move along with their sources, but are not listed: Python may write them anew at any time. Raises
    `OSError`.
    """
    sources = sorted(_movable(staged.root, staged, going), key=lambda source: _rank(staged.target_of(source), staged))
    files: list[Added] = []
    folders: set[Path] = set()
    moves: list[Move] = []
    for source in sources:
        target = staged.target_of(source)
        moves.append((work.relative(source), work.relative(target)))
        folders |= _missing(target.parent)
        if source.is_dir():
            folders.update(staged.target_of(Path(folder)) for folder, _, _ in os.walk(source))
        key = source.relative_to(staged.root).as_posix()
        files += (
            Added(work.relative(file.target), file.sha256, file.size)
            for file in _below(key, staged)
            if source_of(file.key) not in staged.files
        )
    transaction = Transaction(
        id=new_id(),
        when=datetime.now(UTC),
        prefix=str(work.environment.prefix),
        python=platform.python_version(),
        installer=plan.installer,
        process=os.getpid(),
        session=session,
        wanted=tuple(dict.fromkeys(name for item in plan.items for name in item.wanted_as)),
        wanted_from={name: item.project for item in plan.items for name in item.wanted_as},
        distributions=tuple(Distribution(item.project, item.version) for item in plan.items),
        files=tuple(files),
        folders=tuple(work.relative(folder) for folder in sorted(folders, key=lambda each: len(each.parts))),
        replaced=tuple(
            Replaced(each.project, each.version, tuple(work.relative(path) for path in each.paths))
            for each in going.distributions
        ),
    )
    return Pending("add", transaction, tuple(moves))


def _movable(folder: Path, staged: Staged, going: Leaving) -> Iterator[Path]:
    """Yield files, and the uppermost folders whose place is free, on the same file system, and of one kind."""
    places = (*staged.staged.sites, staged.staged.scripts, staged.staged.data)
    for name in names_in(folder):
        path = folder / name
        if not path.is_dir():
            file = staged.files.get(path.relative_to(staged.root).as_posix())
            if file is not None and is_free(file, going) and brings_its_source(file, staged, going):
                yield path
        elif any(place.is_relative_to(path) for place in places):
            yield from _movable(path, staged, going)
        else:
            is_whole = name != "__pycache__" and _has_its_place(staged.target_of(path), path)
            if is_whole and any(names for _, _, names in os.walk(path)):
                yield path
            else:
                yield from _movable(path, staged, going)


def _below(key: str, staged: Staged) -> Iterable[StagedFile]:
    if key in staged.files:
        return (staged.files[key],)
    return (file for file in staged.files.values() if file.key.startswith(f"{key}/"))


def _rank(target: Path, staged: Staged) -> int:
    """Order what Python cannot import before what it can, and before what says that a distribution is installed."""
    if target.suffix == ".dist-info":
        return 2
    return 1 if any(target.is_relative_to(site) for site in staged.final.sites) else 0


def _missing(folder: Path) -> set[Path]:
    missing = set()
    while not os.path.lexists(folder):
        missing.add(folder)
        folder = folder.parent
    return missing


def _has_its_place(target: Path, path: Path) -> bool:
    """Tell whether a folder can be moved there as it is."""
    return not os.path.lexists(target) and _device(target.parent) == path.stat().st_dev


def _device(folder: Path) -> int:
    return nearest(folder).stat().st_dev
