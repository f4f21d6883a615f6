"""What is shown in a cell on account of a missing import: progress that goes when it is over, and what stays."""

import secrets
import time
from collections.abc import Callable
from typing import Protocol, TextIO

from autoinstall.consent import Table
from autoinstall.ipython import markup
from autoinstall.ipython.shell import DisplayPublisher
from autoinstall.text import amount_as_text, printable

_WIDTH = 78
"""In columns: a little less than the narrowest usual terminal."""

_SHORT = 0.5
"""In seconds: what is done in this time needs no progress, which would only flicker."""


class Cell(Protocol):
    """The cell that runs now: where its text and its other outputs go."""

    @property
    def output(self) -> TextIO: ...  # noqa: D102 - the class's docstring says it
    @property
    def display(self) -> DisplayPublisher: ...  # noqa: D102 - the same


class CellScreen:
    """Shows progress as one output that is updated in place, and is empty in the end; all else is output that stays.

    What has to be seen never comes as an update: frontends in terminals show none. `is_watched` tells whether anybody
    sees the outputs come into being: a notebook that is executed unattended has no progress in it.
    """

    def __init__(
        self, cell: Cell, is_watched: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read seconds off `clock`."""
        self._cell = cell
        self._is_watched = is_watched
        self._clock = clock
        self._place: str | None = None
        self._begun: float | None = None
        self._doing = self._shown = ""

    def progress(self, doing: str = "", received: int = 0, total: int | None = None) -> None:
        """Show what is being done now (empty: as before), with the bytes that have come of those that will."""
        self._doing = doing or self._doing
        if self._begun is None:
            self._begun = self._clock()
        text = f"{printable(self._doing, _WIDTH)}{amount_as_text(received, total)} …"
        if text == self._shown or self._clock() - self._begun < _SHORT or not self._is_watched():
            return
        self._shown = text
        share = min(received / total, 1.0) if received and total else None
        self._update({"text/plain": text, "text/html": markup.progress(text, share)})

    def clear(self) -> None:
        """Take the progress away; the next begins anew."""
        if self._place is not None:
            # An output cannot be told to go, but one of no text takes no room.
            self._update({"text/plain": ""})
        self._place = self._begun = None
        self._doing = self._shown = ""

    def say(self, line: str) -> None:
        """Show a line that stays, in place of the progress."""
        self.show(line)

    def show(self, text: str, table: Table | None = None) -> None:
        """Show what stays, as a table where one is given and the frontend can draw it, in place of the progress."""
        self.clear()
        if table is None:
            # Not flushed: the kernel does that before it asks, and lines that belong together stay in one output.
            print(text, file=self._cell.output)
        else:
            self._publish({"text/plain": text, "text/html": markup.table(table)})

    def _update(self, data: dict[str, str]) -> None:
        is_new = self._place is None
        self._place = self._place or secrets.token_hex(16)
        self._publish(data, {"display_id": self._place}, update=not is_new)

    def _publish(
        self, data: dict[str, str], transient: dict[str, str] | None = None, *, update: bool = False
    ) -> None:
        self._cell.display.publish(data=data, metadata={}, transient=transient or {}, update=update)
