"""What is shown in a cell while something is installed on its account."""

from collections.abc import Callable
from typing import TextIO

from autoinstall.text import printable

_WIDTH = 78
"""In columns: one less than the narrowest usual terminal, whose cursor would jump to the next line."""


class CellScreen:
    """Shows progress on one line that is written over, and takes it away; lines that are said stay.

    `output` returns the stream that is seen now; `is_watched` tells whether anybody sees it come into being: a
    notebook that is executed unattended keeps the lines that are said, and no traces of progress.
    """

    def __init__(self, output: Callable[[], TextIO], is_watched: Callable[[], bool]) -> None:
        self._output = output
        self._is_watched = is_watched
        self._shown = ""

    def progress(self, text: str) -> None:
        """Show what is being done now, in place of what was shown before."""
        line = printable(text, _WIDTH)
        if line != self._shown and self._is_watched():
            self._write("\r" + line.ljust(len(self._shown)))
            self._shown = line

    def clear(self) -> None:
        """Take the progress away."""
        if self._shown:
            self._write("\r" + " " * len(self._shown) + "\r")
            self._shown = ""

    def say(self, line: str) -> None:
        """Show a line that stays."""
        self.clear()
        self._write(line + "\n")

    def _write(self, text: str) -> None:
        output = self._output()
        output.write(text)
        output.flush()
