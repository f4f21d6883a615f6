"""What is shown in a cell on account of a missing import: one output, written over while the story goes on."""

import secrets
from collections.abc import Callable
from typing import Protocol, TextIO

from autoinstall.consent import Table
from autoinstall.ipython import markup
from autoinstall.ipython.shell import DisplayPublisher
from autoinstall.text import amount_as_text, printable

_WIDTH = 78
"""In columns: a little less than the narrowest usual terminal."""


class Cell(Protocol):
    """The cell that runs now: where its text and its other outputs go."""

    @property
    def output(self) -> TextIO: ...  # noqa: D102 - the class's docstring says it
    @property
    def display(self) -> DisplayPublisher: ...  # noqa: D102 - the same


class CellScreen:
    """Shows progress in place of what it showed before, and lines that stay in the place of the progress.

    `is_watched` tells whether anybody sees them come into being: a notebook that is executed unattended keeps the
    lines that are said, as plain text, and no traces of progress.
    """

    def __init__(self, cell: Cell, is_watched: Callable[[], bool]) -> None:
        self._cell = cell
        self._is_watched = is_watched
        self._place: str | None = None
        self._doing = self._shown = ""
        self._said: list[str] = []

    def progress(self, doing: str = "", received: int = 0, total: int | None = None) -> None:
        """Show what is being done now (empty: as before), with the bytes that have come of those that will."""
        self._doing = doing or self._doing
        text = f"{printable(self._doing, _WIDTH)}{amount_as_text(received, total)} …"
        if text != self._shown and self._is_watched():
            self._shown = text
            share = min(received / total, 1.0) if received and total else None
            self._write("\n".join([*self._said, text]), markup.progress(self._said, text, share))

    def clear(self) -> None:
        """Take the progress away, and leave what was said; what is shown next has an output of its own."""
        if self._shown:
            self._write("\n".join(self._said))
        self._end()

    def say(self, line: str) -> None:
        """Show a line that stays."""
        if self._place is None:
            self._print(line)
        else:
            self._shown = ""
            self._said.append(line)
            self._write("\n".join(self._said))

    def show(self, text: str, table: Table | None = None) -> None:
        """Show what belongs to a question; as a table in the place of the progress before it, which leaves no gap."""
        if table is None:
            self._print(text)
        else:
            self._write(text, markup.table(table))
        self._end()

    def _end(self) -> None:
        self._place = None
        self._doing = self._shown = ""
        self._said = []

    def _write(self, text: str, html: str | None = None) -> None:
        # An update may bring other types than there were: what has none of HTML is shown as the text it is.
        data = {"text/plain": text} if html is None else {"text/plain": text, "text/html": html}
        is_new = self._place is None
        self._place = self._place or secrets.token_hex(16)
        self._cell.display.publish(data=data, metadata={}, transient={"display_id": self._place}, update=not is_new)

    def _print(self, text: str) -> None:
        print(text, file=self._cell.output, flush=True)
