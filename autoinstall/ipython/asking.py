"""Who can be asked from a shell: the person who waits for the cell that runs now, and nobody else."""

import builtins
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import CodeType
from typing import TextIO

from IPython.core.interactiveshell import InteractiveShell

from autoinstall.consent import Asker, Table
from autoinstall.ipython.shell import Shell

_RUN_CELL = InteractiveShell.run_cell_async.__code__
_RUN_CODE = InteractiveShell.run_code.__code__


class Execution:
    """The execute request that runs now, if one does, and what belongs to it.

    `output` and `display` are where the cell's outputs went when it began: a question is seen under `%%capture` too.
    """

    def __init__(self, shell: Shell, begins: Callable[[], None], ends: Callable[[], None]) -> None:
        """Call `begins` and `ends` whenever an execute request does."""
        self._shell = shell
        self._events = shell.events
        self._begins = begins
        self._ends = ends
        self._cells: list[bool] = []
        self._threads_before: frozenset[threading.Thread] = frozenset()
        self.output: TextIO = sys.stdout
        self.display = shell.display_pub
        self._events.register("pre_execute", self._begin)
        self._events.register("post_execute", self._finish)
        if _is_below(_RUN_CODE):  # loaded by a cell, whose beginning was not seen
            self._begin()

    def end(self) -> None:
        """Leave the events as they were found."""
        self._events.unregister("pre_execute", self._begin)
        self._events.unregister("post_execute", self._finish)

    def includes_caller(self) -> bool:
        """Tell whether the caller runs on account of the cell that runs now, so that its author is waiting for it.

        On the thread that runs the cell, the cell has to be below the caller on the stack: widget callbacks and tasks
        run beside it. Any other thread has to have been started while this very cell ran.
        """
        if not any(self._cells):
            return False
        if _is_below(_RUN_CODE):
            return True
        thread = threading.current_thread()
        return thread is not threading.main_thread() and thread not in self._threads_before

    def _begin(self) -> None:
        # Widgets announce their callbacks by the same event, and not their end where one has raised.
        is_cell = _is_below(_RUN_CELL)
        if is_cell and not _is_below(_RUN_CODE):
            self._cells.clear()
        # A cell can run another by `run_cell`: the outermost is what a person waits for.
        if is_cell and not any(self._cells):
            self._threads_before = frozenset(threading.enumerate())
            self.output = sys.stdout
            self.display = self._shell.display_pub
            self._begins()
        self._cells.append(is_cell)

    def _finish(self) -> None:
        was_cell = bool(self._cells) and self._cells.pop()
        if was_cell and not any(self._cells):
            self._threads_before = frozenset()
            self._ends()


def allows_questions(shell: Shell, execution: Execution) -> bool:
    """Tell whether a cell runs, the caller belongs to it, and its request allows for questions."""
    # Private, and absent from kernels that are not ipykernel: their `input()` raises where it may not ask.
    allows_stdin = getattr(getattr(shell, "kernel", None), "_allow_stdin", True)
    return bool(allows_stdin) and execution.includes_caller()


class KernelAsker:
    """The person at a notebook, asked through `input()`, which the kernel forwards to the frontend.

    Never through `kernel.raw_input`, which waits for ever where no cell runs. `show` puts what belongs to the
    question into the cell's output.
    """

    def __init__(self, shell: Shell, execution: Execution, show: Callable[[str, Table | None], None]) -> None:
        self._shell = shell
        self._execution = execution
        self._show = show

    def can_ask(self) -> bool:
        """Tell whether a cell runs, the caller belongs to it, and its request allows for questions."""
        return allows_questions(self._shell, self._execution)

    def show(self, text: str, table: Table | None = None) -> None:
        """Show in the cell's output."""
        self._show(text, table)

    def ask(self, prompt: str) -> str | None:
        """Ask in the frontend's input field."""
        try:
            with _interrupts_raise():
                return builtins.input(prompt)
        except (Exception, KeyboardInterrupt):  # noqa: BLE001 - whatever it is, it is no answer
            return None


class AskerInExecution:
    """Another asker, asked only on account of the cell that runs now."""

    def __init__(self, asker: Asker, execution: Execution) -> None:
        self._asker = asker
        self._execution = execution

    def can_ask(self) -> bool:
        """Tell whether the caller belongs to the cell that runs now, and the asker can ask."""
        return self._execution.includes_caller() and self._asker.can_ask()

    def show(self, text: str, table: Table | None = None) -> None:
        """Show by way of the asker."""
        self._asker.show(text, table)

    def ask(self, prompt: str) -> str | None:
        """Ask by way of the asker."""
        return self._asker.ask(prompt)


@contextlib.contextmanager
def _interrupts_raise() -> Iterator[None]:
    """Have Ctrl-C raise `KeyboardInterrupt`.

    While a cell awaits, ipykernel only takes note of an interrupt, to cancel the cell later; a question that stands
    in such a cell could not be got rid of.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        # None: whatever handled it before was not set from Python, and cannot be put back from there.
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _is_below(code: CodeType) -> bool:
    frame = sys._getframe()  # noqa: SLF001 - documented, and the only way to look at one's callers
    while frame is not None:
        if frame.f_code is code:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
