"""One process at a time changes an environment; what a dead one left is put in order before the next begins."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from autoinstall.activate.moving import Step, silent
from autoinstall.activate.places import WORK, ours, real
from autoinstall.activate.recovery import put_in_order
from autoinstall.environment import Environment
from autoinstall.errors import EnvironmentNotWritableError
from autoinstall.past.transaction import Record
from autoinstall.text import printable

_LOCK = "lock"
_HOLDER = "holder.json"
_LOOK_AGAIN = 0.25
"""Seconds between two looks at who holds the lock."""


@contextmanager
def lock(
    environment: Environment,
    *,
    working_for: Sequence[str],
    record: Record,
    say: Callable[[str], None],
) -> Iterator[None]:
    """Hold the environment's lock: nobody else who asks for it changes anything meanwhile.

    Waits as long as its holder lives, and tells `say` once for whom; Ctrl-C gets out. The lock of a process that was
    killed is free at once. What a dead process left is finished or undone first, said in one line each; what is under
    way and not kept when the block is left is undone or finished too. `working_for` are the import names that others
    are told. Raises `EnvironmentNotWritableError`. Not to be taken twice by one thread.
    """
    folder = ours(environment)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = FileLock(folder / _LOCK)
        _wait(held, folder, say)
    except OSError as problem:
        raise EnvironmentNotWritableError(real(environment.purelib), problem) from problem
    try:
        _tell(folder, working_for)
        for line in put_in_order(environment, record):
            say(line)
        yield
    finally:
        try:
            for line in put_in_order(environment, record, of_this_process=True):
                say(line)
        finally:
            with suppress(OSError):
                (folder / _HOLDER).unlink()
            held.release()


def recover(environment: Environment, record: Record, *, step: Step = silent) -> tuple[str, ...]:
    """Finish or undo what a process that died half-way left in the environment; return one line to say each.

    For the start of a session that found `needs_recovery`. Does nothing where a living process is at work there: it
    will leave no halves. Never waits; an environment that cannot be written is left alone, and said.
    """
    folder = ours(environment)
    if not (folder / WORK).exists():
        return ()
    held = FileLock(folder / _LOCK)
    try:
        held.acquire(timeout=0)
    except Timeout:
        return ()
    except OSError as problem:
        return (
            f"an unfinished install was left in {folder}, which cannot be changed: {problem.strerror or problem}",
        )
    try:
        return put_in_order(environment, record, step=step)
    finally:
        held.release()


def _wait(held: FileLock, folder: Path, say: Callable[[str], None]) -> None:
    told = ""
    while True:
        try:
            held.acquire(timeout=_LOOK_AGAIN, poll_interval=0.02)
        except Timeout:
            holder = _holder(folder)
            if holder and holder != told:
                say(f"waiting for {holder}")
                told = holder
        else:
            return


def _tell(folder: Path, working_for: Sequence[str]) -> None:
    told = {"process": os.getpid(), "working_for": list(working_for)}
    with suppress(OSError):  # on a full disk others wait without knowing for whom
        (folder / _HOLDER).write_text(json.dumps(told), encoding="utf-8")


def _holder(folder: Path) -> str:
    """Return who holds the lock as others are told, empty where it has not said so yet."""
    try:
        raw = json.loads((folder / _HOLDER).read_text(encoding="utf-8"))
        names = ", ".join(str(name) for name in raw["working_for"])
        return f"process {int(raw['process'])}, which installs {printable(names)} here"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
