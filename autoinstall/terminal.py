"""What a script's user sees: plain lines on standard error, since standard output is the script's own."""

import sys

from autoinstall.consent import TerminalAsker
from autoinstall.platforms import discard_typed_ahead, is_in_foreground


class TerminalScreen:
    """A screen that keeps what it shows; progress is for people only, so none where nobody watches."""

    def __init__(self) -> None:
        self._last = ""

    def progress(self, text: str) -> None:
        """Write a line, once, where standard error is a terminal."""
        if text != self._last and sys.stderr is not None and sys.stderr.isatty():
            self._last = text
            self.say(f"autoinstall: {text} …")

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
