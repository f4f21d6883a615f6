"""Bringing a staged install into place, whole or not at all."""

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from autoinstall.activate.inspection import named, objections
from autoinstall.activate.layout import lay_out
from autoinstall.activate.moving import BlockedError, Step, silent
from autoinstall.activate.objections import Objection
from autoinstall.activate.pending import FULL, Pending, Work
from autoinstall.activate.places import WORK, ours, real
from autoinstall.activate.replacement import leaving
from autoinstall.activate.staged import read, read_metadata_again, settle_metadata
from autoinstall.environment import Environment
from autoinstall.errors import EnvironmentNotWritableError
from autoinstall.past.transaction import Record, Transaction
from autoinstall.plan import Obstacle, Plan, Refusal


@dataclass(frozen=True, slots=True)
class Admitted:
    """A transaction whose files are all in place, but which is not yet kept: see `keep` and `withdraw`."""

    transaction: Transaction
    work: Work


def new_staging(environment: Environment) -> Path:
    """Return a new empty folder for an installer's `--prefix`, on purelib's file system and out of reach of imports.

    Call it under `lock`, whose end clears away what was not admitted. Raises `EnvironmentNotWritableError`.
    """
    # Short names: what is staged has longer paths than it will have in place, and Windows counts 260 characters.
    staging = ours(environment) / WORK / secrets.token_hex(2) / "t"
    try:
        staging.mkdir(parents=True)
    except OSError as problem:
        raise EnvironmentNotWritableError(real(environment.purelib), problem) from problem
    return staging


def admit(
    staging: Path, plan: Plan, environment: Environment, *, session: str = "", step: Step = silent
) -> Admitted | Refusal:
    """Bring what is staged into the environment, all of it, or leave the environment as it was.

    Looks inside first (`inspect`), writes its journal, puts aside what the plan replaces, moves data and commands,
    then what can be imported, then each `.dist-info`. Whatever ends this process, and whenever: `recover` finishes
    or undoes it. Call it under `lock`, and `keep` or `withdraw` what it returns. `session` tells whose transaction
    it is. Nothing is raised but what ends the process, such as `KeyboardInterrupt`, before which all is undone.
    """
    work = Work(staging.parent, environment)
    try:
        staged = read(staging, environment)
        going = leaving(plan, environment)
        if isinstance(going, Refusal):
            return going
        if found := objections(staged, plan, going):
            return refusal(found)
        requested = {item.project for item in plan.items if item.wanted_as}
        for distribution in staged.distributions:
            settle_metadata(staged, distribution, is_requested=named(distribution) in requested)
        pending = lay_out(read_metadata_again(staged), plan, work, session, going)
        step("looked inside")
        work.write(pending)
    except OSError as problem:
        return _failure(problem, environment)
    try:
        step("wrote the journal")
        work.forward(pending, step)
    except (OSError, BlockedError) as problem:
        return _undo(work, pending, environment, problem)
    except BaseException:
        with suppress(OSError):
            work.turn_back(pending)
        raise
    return Admitted(pending.transaction, work)


def keep(admitted: Admitted, record: Record, step: Step = silent) -> None:
    """Write the transaction into the record, after which it is nobody's concern but the record's.

    Where the record cannot be written, the journal stays, and the next start of a session tries again.
    """
    try:
        record.add(admitted.transaction)
        step("recorded")
        admitted.work.close()
    except OSError:
        return
    step("closed")


def withdraw(admitted: Admitted, step: Step = silent) -> tuple[Path, ...]:
    """Take an admitted transaction out again, which nobody has relied on yet; return where changed files are kept.

    Where that is not possible now (a file in use), the next start of a session takes it out.
    """
    pending = admitted.work.read()
    try:
        return () if pending is None else admitted.work.turn_back(pending, step)
    except OSError:
        return ()


def refusal(found: tuple[Objection, ...]) -> Refusal:
    """Return objections as a refusal: the first in a sentence, all as details."""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    sentence = f"not installed, since {found[0].sentence}{more}; nothing was changed"
    return Refusal(Obstacle.UNSAFE, sentence, "\n".join(each.sentence for each in found))


def _undo(work: Work, pending: Pending, environment: Environment, problem: Exception) -> Refusal:
    try:
        work.turn_back(pending)
    except OSError:
        failure = _failure(problem, environment)
        return replace(failure, sentence=f"{failure.sentence}; what was moved already is undone at the next start")
    return _failure(problem, environment)


def _failure(problem: Exception, environment: Environment) -> Refusal:
    where = real(environment.purelib)
    if isinstance(problem, OSError) and problem.errno in FULL:
        return Refusal(Obstacle.DISK_FULL, f"not installed, since no space is left at {where}", str(problem))
    reason = (
        problem.strerror or str(problem) if isinstance(problem, OSError) else "something else changed it meanwhile"
    )
    return Refusal(Obstacle.NOT_WRITABLE, f"not installed, since {where} cannot be changed: {reason}", str(problem))
