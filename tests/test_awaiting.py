"""An import in a task of asyncio's: guarded where whoever awaits the task would catch what escapes from it."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.snippets import Recorder, Run, recording, running

BEFORE = """
import asyncio, contextlib
async def absentee():
    await asyncio.sleep(0)
    import absent
async def unguarded():
    await asyncio.create_task(absentee())
async def main():
"""

GUARDED = {
    "a task": """
        task = asyncio.create_task(absentee())
        try:
            await task
        except ImportError:
            pass
        """,
    "gather": """
        try:
            await asyncio.gather(absentee(), asyncio.sleep(0))
        except ImportError:
            pass
        """,
    "gather that keeps": "await asyncio.gather(absentee(), asyncio.sleep(0), return_exceptions=True)",
    "gather in gather": """
        with contextlib.suppress(ImportError):
            await asyncio.gather(asyncio.gather(absentee()))
        """,
    "a task of a task": """
        try:
            await asyncio.create_task(unguarded())
        except Exception:
            pass
        """,
    "a task awaited by a function": """
        async def inner():
            await asyncio.create_task(absentee())
        try:
            await inner()
        except ModuleNotFoundError:
            pass
        """,
    "wait_for": """
        try:
            await asyncio.wait_for(absentee(), 10)
        except ImportError:
            pass
        """,
    "shield": """
        try:
            await asyncio.shield(absentee())
        except ImportError:
            pass
        """,
    "a group": """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(absentee())
        except* ImportError:
            pass
        """,
    "a group, caught as a group": """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(absentee())
        except ExceptionGroup:
            pass
        """,
    "as_completed": """
        for each in asyncio.as_completed([absentee()]):
            try:
                await each
            except ImportError:
                pass
        """,
}

NOT_GUARDED = {
    "a task": "await asyncio.create_task(absentee())",
    "a task of a task": "await asyncio.create_task(unguarded())",
    "gather": "await asyncio.gather(absentee(), asyncio.sleep(0))",
    "as_completed": """
        for each in asyncio.as_completed([absentee()]):
            await each
        """,
    "another error is caught": """
        try:
            await asyncio.create_task(absentee())
        except KeyError:
            pass
        """,
    "a guard that is over": """
        try:
            task = asyncio.create_task(absentee())
        except ImportError:
            pass
        await task
        """,
    "nobody awaits it": """
        task = asyncio.create_task(absentee())
        try:
            await asyncio.sleep(0.01)
        except ImportError:
            pass
        task.exception()
        """,
    "a group": """
        async with asyncio.TaskGroup() as group:
            group.create_task(absentee())
        """,
    "a group's body awaits": """
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            await group.create_task(absentee())
        """,
    "a callback of another kind": """
        task = asyncio.create_task(absentee())
        task.add_done_callback(print)
        await task
        """,
    "no task of its own": "await absentee()",
}


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path) as run:
        yield run


def _program(body: str) -> str:
    return BEFORE + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\nasyncio.run(main())\n"


@pytest.mark.parametrize("body", GUARDED.values(), ids=GUARDED)
def test_who_awaits_it_guards_it(body: str, run: Run, recorder: Recorder) -> None:
    assert run(_program(body)) is None
    assert recorder.refusals() == ["guarded"]


@pytest.mark.parametrize("body", NOT_GUARDED.values(), ids=NOT_GUARDED)
def test_who_awaits_it_does_not_guard_it(body: str, run: Run, recorder: Recorder) -> None:
    run(_program(body))
    assert recorder.refusals() == [None]


def test_a_guard_around_the_loop_is_on_the_stack(run: Run, recorder: Recorder) -> None:
    program = _program("await asyncio.create_task(absentee())").replace(
        "asyncio.run(main())", "try:\n    asyncio.run(main())\nexcept ImportError:\n    pass"
    )
    assert run(program) is None
    assert recorder.refusals() == ["guarded"]
