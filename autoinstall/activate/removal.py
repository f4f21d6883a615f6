"""Taking a transaction back: exactly what it added goes, unless something else has come to need it."""

import importlib
import os
import secrets
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_version

from autoinstall.activate.aside import Aside
from autoinstall.activate.moving import BlockedError, Step, caches_of, silent
from autoinstall.activate.owners import owned
from autoinstall.activate.pending import FULL, Move, Pending, Work
from autoinstall.activate.places import WORK, ours, real, resolved
from autoinstall.activate.staged import digest
from autoinstall.environment import Environment, Installed, installed
from autoinstall.errors import BadProjectNameError
from autoinstall.names import ProjectName, project_name
from autoinstall.past.transaction import Record, TakenBack, Transaction
from autoinstall.plan import Obstacle, Refusal
from autoinstall.text import printable


def take_back(
    transaction: Transaction, environment: Environment, record: Record, *, step: Step = silent
) -> TakenBack | Refusal:
    """Remove exactly what a kept transaction added, and put back what it replaced; strike it from the record.

    All of it, or nothing. Refuses where an installed distribution that stays requires one of those that would go
    (markers evaluated for this interpreter, extras not counted, as `pip check` does), where one of them has been
    replaced by another version since, and where what would be put back is kept no longer. Files that were changed
    since are moved aside, not lost; folders go where they were made for it and are empty; what others have put there,
    or have come to share, stays. Python's caches of what goes go too. Call it under `lock`.
    """
    there = installed(_path(environment))
    if (refused := _objection(transaction, there, environment)) is not None:
        return refused
    if (refused := _irretrievable(transaction, environment)) is not None:
        return refused
    work = Work(ours(environment) / WORK / secrets.token_hex(2), environment)
    moves, kept = _lay_out(transaction, work)
    pending = Pending("remove", transaction, moves)
    try:
        work.folder.mkdir(parents=True)
        work.write(pending)
    except OSError as problem:
        work.clear()
        return _failure(transaction, problem)
    try:
        step("wrote the journal")
        work.forward(pending, step)
        record.strike(transaction)
        step("struck")
    except (OSError, BlockedError) as problem:
        try:
            work.back(pending)
            work.close()
        except OSError:
            pass  # the journal stays, and the next start takes it up
        return _failure(transaction, problem)
    work.close()
    importlib.invalidate_caches()
    return TakenBack(transaction, kept, loaded(file.path for file in transaction.files))


def needed_by_others(
    going: Collection[ProjectName],
    there: Mapping[ProjectName, Installed],
    coming: Mapping[ProjectName, str] = MappingProxyType({}),
) -> Refusal | None:
    """Refuse where a distribution that stays requires one that would go (markers evaluated, extras not counted).

    `coming` are versions that would take the place of some: these may do.
    """
    needed = sorted(
        f"{project} is needed by {name}"
        for name, distribution in there.items()
        if name not in going
        for needed in _requirements(distribution)
        if (project := project_name(needed.name)) in going
        and not (project in coming and needed.specifier.contains(coming[project], prereleases=True))
    )
    if needed:
        return Refusal(Obstacle.NEEDED, f"not undone: {needed[0]}, which was installed otherwise", "\n".join(needed))
    return None


def loaded(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the import names of such files (from purelib) that this process has imported: they stay loaded."""
    tops = {PurePosixPath(path).parts[0].partition(".")[0] for path in paths}
    return tuple(sorted(name for name in tops if name in sys.modules))


def _objection(
    transaction: Transaction, there: Mapping[ProjectName, Installed], environment: Environment
) -> Refusal | None:
    ours_there = [each for each in transaction.distributions if each.project in there]
    if not ours_there:
        return Refusal(Obstacle.NOT_FOUND, f"{transaction.names} is not installed any more: there is nothing to undo")
    for each in ours_there:
        version = there[each.project].version
        if canonicalize_version(version) != canonicalize_version(each.version):
            sentence = (
                f"not undone: {each.project} {each.version} has become {printable(version)} since; "
                f"to remove it anyway: {environment.executable} -m pip uninstall {each.project}"
            )
            return Refusal(Obstacle.CHANGED, sentence)
    return needed_by_others({each.project for each in ours_there}, there, transaction.before)


def _irretrievable(transaction: Transaction, environment: Environment) -> Refusal | None:
    """Refuse where what was replaced cannot be put back as it was, and say how to have it again."""
    if not transaction.replaced:
        return None
    aside = Aside(environment, transaction)
    base, sites = real(environment.purelib), (real(environment.purelib), real(environment.platlib))
    going = {each.project for each in transaction.distributions}
    added = {resolved(file.path, base) for file in transaction.files}
    claimed = owned(tuple({*sites}), environment.prefix, but=going)
    is_taken = any(
        os.path.normcase(place) in claimed or (os.path.lexists(place) and place not in added)
        for place in aside.places()
    )
    if aside.is_whole and not is_taken:
        return None
    before = " ".join(f"{project}=={version}" for project, version in transaction.before.items())
    why = "its place has been taken since" if aside.is_whole else "it is kept here no longer"
    sentence = (
        f"not undone: {printable(before)} cannot be put back, since {why}; "
        f"to have it again: {environment.executable} -m pip install {printable(before)}"
    )
    return Refusal(Obstacle.CHANGED, sentence)


def _requirements(distribution: Installed) -> Iterator[Requirement]:
    for text in distribution.requires:
        try:
            requirement = Requirement(text)
            project_name(requirement.name)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                yield requirement
        except (InvalidRequirement, BadProjectNameError):
            continue  # old metadata holds anything; what cannot be read cannot be held against it


def _lay_out(transaction: Transaction, work: Work) -> tuple[tuple[Move, ...], tuple[Path, ...]]:
    """Return the moves, metadata first: from then on nobody takes for installed what is going."""
    metadata = dict.fromkeys(
        PurePosixPath(file.path).parts[0] for file in transaction.files if _is_metadata(file.path)
    )
    moves: list[Move] = [(folder, work.relative(work.aside / folder)) for folder in metadata]
    kept: list[Path] = []
    going = {each.project for each in transaction.distributions}
    claimed = owned(tuple({work.base, real(work.environment.platlib)}), work.environment.prefix, but=going)
    for number, file in enumerate(transaction.files):
        path = resolved(file.path, work.base)
        if _is_metadata(file.path) or os.path.normcase(path) in claimed or path.is_symlink() or not path.is_file():
            continue
        leaving = [path, *(caches_of(path) if path.suffix == ".py" else ())]
        places = [work.aside / f"{number}.{at}" for at in range(len(leaving))]
        if digest(path).hex() != file.sha256:
            kept.append(work.place_to_keep(transaction, file, number))
            places[0] = kept[-1]
        moves += zip(map(work.relative, leaving), map(work.relative, places), strict=True)
    return tuple(moves), tuple(kept)


def _is_metadata(path: str) -> bool:
    return PurePosixPath(path).parts[0].endswith(".dist-info")


def _path(environment: Environment) -> list[str]:
    sites = [str(real(site)) for site in (environment.purelib, environment.platlib)]
    return list(dict.fromkeys([*sites, *sys.path]))


def _failure(transaction: Transaction, problem: Exception) -> Refusal:
    is_full = isinstance(problem, OSError) and problem.errno in FULL
    reason = (
        problem.strerror or str(problem) if isinstance(problem, OSError) else "something else changed it meanwhile"
    )
    obstacle = Obstacle.DISK_FULL if is_full else Obstacle.NOT_WRITABLE
    return Refusal(obstacle, f"{printable(transaction.names)} could not be taken back: {reason}", str(problem))
