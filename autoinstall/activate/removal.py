"""Taking a transaction back: exactly what it added goes, unless something else has come to need it."""

import importlib
import os
import secrets
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_version

from autoinstall.activate.collisions import owned
from autoinstall.activate.pending import FULL, BlockedError, Move, Pending, Step, Work, caches_of, silent
from autoinstall.activate.places import WORK, ours, real, resolved
from autoinstall.activate.staged import digest
from autoinstall.environment import Environment, Installed, installed
from autoinstall.errors import BadProjectNameError
from autoinstall.names import ProjectName, project_name
from autoinstall.past.transaction import Added, Record, TakenBack, Transaction
from autoinstall.plan import Obstacle, Refusal
from autoinstall.text import printable


def take_back(
    transaction: Transaction, environment: Environment, record: Record, *, step: Step = silent
) -> TakenBack | Refusal:
    """Remove exactly what a kept transaction added, all of it, or nothing; strike it from the record.

    Refuses where an installed distribution that stays requires one of those that would go (markers evaluated for this
    interpreter, extras not counted, as `pip check` does), and where one of them has been replaced by another version
    since. Files that were changed since are moved aside, not lost; folders go where they were made for it and are
    empty; what others have put there, or have come to share, stays. Python's caches of what goes go too. Call it
    under `lock`.
    """
    there = installed(_path(environment))
    if (refused := _objection(transaction, there, environment)) is not None:
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
    return TakenBack(transaction, kept, loaded(transaction.files))


def needed_by_others(going: Collection[ProjectName], there: Mapping[ProjectName, Installed]) -> Refusal | None:
    """Refuse where a distribution that stays requires one that would go (markers evaluated, extras not counted)."""
    needed = sorted(
        f"{needed} is needed by {name}"
        for name, distribution in there.items()
        if name not in going
        for needed in _requirements(distribution)
        if needed in going
    )
    if needed:
        return Refusal(Obstacle.NEEDED, f"not undone: {needed[0]}, which was installed otherwise", "\n".join(needed))
    return None


def loaded(files: Iterable[Added]) -> tuple[str, ...]:
    """Return the import names of such files that this process has imported: they stay until it is restarted."""
    tops = {PurePosixPath(file.path).parts[0].partition(".")[0] for file in files}
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
    return needed_by_others({each.project for each in ours_there}, there)


def _requirements(distribution: Installed) -> Iterator[ProjectName]:
    for text in distribution.requires:
        try:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                yield project_name(requirement.name)
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
