"""Who awaits a task of asyncio's: what escapes from a task comes out there, though its stack ends in the loop."""

import asyncio
import functools
from collections.abc import Iterable, Iterator, Mapping
from types import FrameType
from typing import TypeAlias

Future: TypeAlias = asyncio.Future[object]
Task: TypeAlias = asyncio.Task[object]


def task_of(frames: Iterable[FrameType]) -> Task | None:
    """Return the task whose beginning is among these frames, which are the caller's; `None` where none is."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no event loop runs in this thread
        return None
    beginning = getattr(task.get_coro(), "cr_frame", None) if task is not None else None
    return task if any(frame is beginning for frame in frames) else None


def awaiters(task: Task) -> list[Task] | None:
    """Return the tasks that wait for this one now, by themselves or by way of `gather`, a `TaskGroup` or the like.

    `None` says that nobody would meet its exception: `gather(…, return_exceptions=True)` keeps it. Who waits is told
    by what is to be called when the task is done; that is asyncio's own and not documented, and a way of waiting that
    is not recognised here is not seen.
    """
    found: list[Task] = []
    waited_for: list[Future] = [task]
    for future in waited_for:  # which grows meanwhile
        for callback, *_ in getattr(future, "_callbacks", None) or ():
            held = _held(callback)
            if held.get("return_exceptions") is True:
                return None
            for each in (*held.values(), *_getters(held.values())):
                if isinstance(each, asyncio.Task):
                    found.append(each)
                elif isinstance(each, asyncio.Future) and each not in waited_for:
                    waited_for.append(each)
    return found


def frames_of(task: Task) -> list[FrameType]:
    """Return the frames of a task that waits, innermost first."""
    frames: list[FrameType] = []
    step: object = task.get_coro()
    while (frame := getattr(step, "cr_frame", None) or getattr(step, "gi_frame", None)) is not None:
        frames.insert(0, frame)
        step = getattr(step, "cr_await", None) or getattr(step, "gi_yieldfrom", None)
    return frames


def _held(callback: object) -> Mapping[str, object]:
    """Return what a callback is bound to, is given, and closes over, by name where it has one."""
    owner = getattr(callback, "__self__", None)
    # The task around a `TaskGroup`, and the queue out of which `as_completed` hands its results.
    held = {"__self__": owner, **{name: getattr(owner, name, None) for name in ("_parent_task", "_done")}}
    if isinstance(callback, functools.partial):
        held |= {str(place): value for place, value in enumerate(callback.args)}
    return held | dict(_closed_over(callback))


def _getters(held: Iterable[object]) -> Iterator[Future]:
    """Yield what is waited for of the queues among what a callback holds."""
    for each in held:
        if isinstance(each, asyncio.Queue):
            yield from getattr(each, "_getters", ())


def _closed_over(function: object) -> Iterator[tuple[str, object]]:
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    for name, cell in zip(names, getattr(function, "__closure__", None) or (), strict=False):
        try:
            yield name, cell.cell_contents
        except ValueError:  # nothing is in it yet
            continue
