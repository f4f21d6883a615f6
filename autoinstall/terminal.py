"""What a script's user sees and types: plain lines on standard error, since standard output is the script's own."""

import os
import sys

from autoinstall.consent import TerminalAsker
from autoinstall.text import amount_as_text


class TerminalScreen:
    """A screen that keeps what it shows; progress is for people only, so none where nobody watches."""

    def __init__(self) -> None:
        self._last = ""

    def progress(self, doing: str = "", received: int = 0, total: int | None = None) -> None:
        """Write a line for each thing that is done, where standard error is a terminal; bytes are not counted out."""
        del received
        if doing and doing != self._last and sys.stderr is not None and sys.stderr.isatty():
            self._last = doing
            self.say(f"autoinstall: {doing}{amount_as_text(total or 0, None)} …")

    def clear(self) -> None:
        """Forget what was shown: lines stay where they are."""
        self._last = ""

    def say(self, line: str) -> None:
        """Write a line."""
        if sys.stderr is not None:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


def terminal_asker() -> TerminalAsker:
    """Return the person at this process's terminal, if there is one."""
    return TerminalAsker(discard_typed_ahead, is_in_foreground)


if sys.platform == "win32":
    import msvcrt

    def discard_typed_ahead(descriptor: int) -> None:  # noqa: ARG001 - Windows has one console
        """Throw away what was typed before the question stood there."""
        while msvcrt.kbhit():
            msvcrt.getwch()

    def is_in_foreground(descriptor: int) -> bool:  # noqa: ARG001 - Windows has no jobs
        """Tell whether reading would not stop this process: always so on Windows."""
        return True

else:
    import termios

    def discard_typed_ahead(descriptor: int) -> None:
        """Throw away what was typed before the question stood there. Raises `OSError` for what is no terminal."""
        try:
            termios.tcflush(descriptor, termios.TCIFLUSH)
        except termios.error as problem:
            raise OSError(*problem.args) from problem

    def is_in_foreground(descriptor: int) -> bool:
        """Tell whether this process's job has the terminal: one in the background would be stopped by reading."""
        try:
            return os.tcgetpgrp(descriptor) == os.getpgrp()
        except OSError:
            return False
