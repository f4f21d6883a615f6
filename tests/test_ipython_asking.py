"""Who belongs to the cell that runs now, and how the person who waits for it is asked."""

import builtins
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autoinstall.consent import Table
from autoinstall.ipython.asking import AskerInExecution, Execution, KernelAsker
from autoinstall.ipython.display import CellScreen
from tests.support.shell import made_shell
from tests.support.story import ScriptedAsker


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Any]:  # Any: as `made_shell` gives it
    with made_shell(tmp_path) as made:
        yield made


@pytest.fixture
def execution(shell: Any) -> Iterator[Execution]:
    told: list[str] = []
    execution = Execution(shell, begins=lambda: told.append("begins"), ends=lambda: told.append("ends"))
    shell.user_ns.update(told=told, execution=execution, belongs=execution.includes_caller)
    yield execution
    execution.end()


IN_A_THREAD = """
import threading
seen = []
def start(gate=None):
    def run():
        if gate is not None: gate.wait()
        seen.append(belongs())
    thread = threading.Thread(target=run)
    thread.start()
    return thread
"""


def test_the_cell_itself_belongs(shell: Any, execution: Execution) -> None:
    assert shell.run_cell("belongs()").result is True
    assert shell.run_cell("def f(): return belongs()\nf()").result is True
    assert shell.run_cell("async def g(): return belongs()\nawait g()").result is True
    assert not execution.includes_caller()


@pytest.mark.usefixtures("execution")
def test_a_thread_belongs_while_the_cell_that_started_it_runs(shell: Any) -> None:
    shell.run_cell(IN_A_THREAD)
    shell.run_cell("start().join()")
    assert shell.user_ns["seen"] == [True]


@pytest.mark.usefixtures("execution")
@pytest.mark.parametrize("cell", ["gate.set(); thread.join()", None], ids=["another cell runs", "no cell runs"])
def test_a_thread_does_not_belong_once_its_cell_is_over(shell: Any, cell: str | None) -> None:
    shell.run_cell(IN_A_THREAD)
    shell.run_cell("gate = threading.Event(); thread = start(gate)")
    if cell is None:
        shell.user_ns["gate"].set()
        shell.user_ns["thread"].join()
    else:
        shell.run_cell(cell)
    assert shell.user_ns["seen"] == [False]


@pytest.mark.usefixtures("execution")
def test_a_task_that_runs_beside_the_cell_does_not_belong(shell: Any) -> None:
    cell = "import asyncio\nasync def g(): return belongs()\nawait asyncio.create_task(g())"
    assert shell.run_cell(cell).result is False


@pytest.mark.usefixtures("execution")
def test_a_callback_between_cells_does_not_belong(shell: Any) -> None:
    shell.run_cell("def callback(): return belongs()")
    assert shell.user_ns["callback"]() is False


@pytest.mark.usefixtures("execution")
def test_only_the_outermost_cell_begins_and_ends(shell: Any) -> None:
    shell.run_cell("get_ipython().run_cell('1'); inner = list(told); after = belongs()")
    assert shell.user_ns["inner"] == ["begins"]
    assert shell.user_ns["after"] is True
    assert shell.user_ns["told"] == ["begins", "ends"]


def test_a_widget_s_callback_that_raised_is_over(shell: Any, execution: Execution) -> None:
    """Comms announce a callback by the events that announce cells, but its end only where it has not raised."""
    shell.run_cell(IN_A_THREAD)
    shell.run_cell("gate = threading.Event()")
    shell.events.trigger("pre_execute")
    shell.user_ns["start"]().join()
    assert not execution.includes_caller()
    shell.run_cell("thread = start(gate)")
    shell.user_ns["gate"].set()
    shell.user_ns["thread"].join()
    assert shell.user_ns["seen"] == [False, False]


def test_loaded_by_a_cell_it_belongs_to_that_cell(shell: Any) -> None:
    made: list[Execution] = []

    def load() -> bool:
        made.append(Execution(shell, begins=lambda: None, ends=lambda: None))
        return made[0].includes_caller()

    shell.user_ns["load"] = load
    assert shell.run_cell("load()").result is True
    shell.user_ns["belongs"] = made[0].includes_caller
    assert not made[0].includes_caller()
    assert shell.run_cell("belongs()").result is True
    made[0].end()


def test_after_the_end_the_events_are_as_they_were(shell: Any) -> None:
    before = {event: list(functions) for event, functions in shell.events.callbacks.items()}
    Execution(shell, begins=lambda: None, ends=lambda: None).end()
    assert shell.events.callbacks == before


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (SimpleNamespace(_allow_stdin=True), True),
        (SimpleNamespace(_allow_stdin=False), False),
        (SimpleNamespace(), True),
    ],
    ids=["allowed", "not allowed", "a kernel that does not say"],
)
def test_a_kernel_asks_within_a_cell_whose_request_allows_it(
    shell: Any,
    execution: Execution,
    kernel: object,
    expected: bool,  # noqa: FBT001
) -> None:
    asker = KernelAsker(SimpleNamespace(kernel=kernel), execution, _show_nothing)
    shell.user_ns["asker"] = asker
    assert shell.run_cell("asker.can_ask()").result is expected
    assert asker.can_ask() is False


def _show_nothing(text: str, table: Table | None) -> None:
    del text, table


def _raises(error: BaseException) -> Callable[[str], str]:
    def read(prompt: str) -> str:
        del prompt
        raise error

    return read


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda prompt: f"{prompt}y", "? y"),
        (_raises(EOFError()), None),
        (_raises(KeyboardInterrupt()), None),
        (_raises(NotImplementedError("stdin")), None),
    ],
    ids=["an answer", "end of file", "interrupt", "no stdin"],
)
def test_what_the_kernel_s_person_says(
    execution: Execution, monkeypatch: pytest.MonkeyPatch, read: Callable[[str], str], expected: str | None
) -> None:
    monkeypatch.setattr(builtins, "input", read)
    before = signal.getsignal(signal.SIGINT)
    assert KernelAsker(SimpleNamespace(), execution, _show_nothing).ask("? ") == expected
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_raises_even_where_the_kernel_only_takes_note_of_it(
    execution: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in ipykernel's cells that await: the question there has to end all the same."""
    noted: list[int] = []

    def read(prompt: str) -> str:
        signal.raise_signal(signal.SIGINT)
        return prompt

    monkeypatch.setattr(builtins, "input", read)
    before = signal.signal(signal.SIGINT, lambda number, _frame: noted.append(number))
    try:
        assert KernelAsker(SimpleNamespace(), execution, _show_nothing).ask("? ") is None
    finally:
        signal.signal(signal.SIGINT, before)
    assert noted == []


def test_a_thread_may_ask_too(execution: Execution, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "input", lambda _: "y")
    asker = KernelAsker(SimpleNamespace(), execution, _show_nothing)
    answers: list[str | None] = []
    thread = threading.Thread(target=lambda: answers.append(asker.ask("? ")))
    thread.start()
    thread.join()
    assert answers == ["y"]


def test_what_is_shown_is_seen_though_the_cell_s_output_is_captured(
    shell: Any, execution: Execution, capsys: pytest.CaptureFixture[str]
) -> None:
    published: list[str] = []
    shell.display_pub.publish = lambda data, **_: published.append(data["text/plain"])
    screen = CellScreen(execution, lambda: True)
    shell.user_ns["asker"] = KernelAsker(shell, execution, screen.show)
    shell.user_ns["table"] = Table("It needs", (), ())
    shell.run_cell("%%capture taken\nasker.show('the question', table)\nasker.show('details')\nprint('the output')")
    assert published == ["the question"]
    assert capsys.readouterr().out == "details\n"
    assert shell.user_ns["taken"].stdout == "the output\n"
    assert shell.user_ns["taken"].outputs == []


def test_another_asker_is_asked_only_within_a_cell(shell: Any, execution: Execution) -> None:
    scripted = ScriptedAsker("y")
    asker = AskerInExecution(scripted, execution)
    shell.user_ns["asker"] = asker
    assert asker.can_ask() is False
    assert shell.run_cell("asker.can_ask()").result is True
    asker.show("lines")
    assert asker.ask("? ") == "y"
    assert (scripted.shown, scripted.prompts) == (["lines"], ["? "])
