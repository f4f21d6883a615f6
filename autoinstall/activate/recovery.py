"""Putting an environment in order again after a process has died half-way, whatever it was about to do."""

from autoinstall.activate.aside import forget_replaced
from autoinstall.activate.moving import BlockedError, Step, silent
from autoinstall.activate.pending import Pending, Work, works
from autoinstall.environment import Environment
from autoinstall.past.transaction import Record
from autoinstall.text import printable


def put_in_order(
    environment: Environment, record: Record, *, of_this_process: bool = False, step: Step = silent
) -> tuple[str, ...]:
    """Finish what can be finished, undo what cannot, clear away the rest; return a line for each, for people.

    To be called by the holder of the lock only: everything under way is then nobody's. What was staged and never
    admitted goes, without a word where it was this process's own. Raises nothing; what cannot be done now (a file in
    use, a full disk) is said and left for the next time.
    """
    lines, under_way = [], []
    for work in works(environment):
        pending = work.read()
        if pending is None:
            is_rubbish = of_this_process or work.is_closed
            work.clear()
            if not is_rubbish:
                lines.append("cleared away an install that ended before anything of it was in place")
            continue
        names = printable(pending.transaction.told)
        try:
            lines.append(_settle(work, pending, record, names, step))
        except OSError as problem:
            under_way.append(pending.transaction.id)
            reason = problem.strerror or str(problem)
            lines.append(
                f"the interrupted work on {names} could not be finished yet ({reason}); it is tried again later"
            )
    forget_replaced(environment, record, under_way)
    return tuple(lines)


def _settle(work: Work, pending: Pending, record: Record, names: str, step: Step) -> str:
    if pending.action == "remove":
        work.forward(pending, step)
        record.strike(pending.transaction)
        step("struck")
        work.close()
        return f"finished taking back {names}, which had been interrupted"
    if pending.action == "withdraw" or not _is_finished(work, pending, step):
        kept = work.back(pending, step)
        work.close()
        stay = (
            f"; what was changed since is kept as {', '.join(printable(str(path)) for path in kept)}" if kept else ""
        )
        return f"undid the install of {names}, which had been interrupted{stay}"
    record.add(pending.transaction)
    step("recorded")
    work.close()
    return f"finished the install of {names}, which had been interrupted"


def _is_finished(work: Work, pending: Pending, step: Step) -> bool:
    try:
        work.forward(pending, step)
        work.check(pending)
    except (BlockedError, OSError):
        return False
    return True
