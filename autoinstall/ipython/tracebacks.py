"""The one note under an error, wherever the shell shows it."""

import re
import sys
from collections.abc import Callable

from autoinstall.ipython.shell import Override, Shell

_OURS = "autoinstall: "
"""What every note of ours begins with."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def note_on(exception: BaseException) -> str | None:
    """Return our note on an exception, if it carries one."""
    notes = getattr(exception, "__notes__", ())
    if not isinstance(notes, list | tuple):
        return None
    return next((note for note in notes if isinstance(note, str) and note.startswith(_OURS)), None)


def add_note(exception: BaseException, text: str | None) -> None:
    """Hang our note on an exception, unless one hangs there already or its notes are in disorder."""
    if text is None or note_on(exception) is not None:
        return
    text = text if text.startswith(_OURS) else _OURS + text
    if isinstance(getattr(exception, "__notes__", []), list):
        exception.add_note(text)


class Tracebacks:
    """Stands around the shell's two ways to show an error.

    `%run`, `%time` and `%%time`, event callbacks and widgets show what they caught by `showtraceback`, past every
    handler: there the note is hung on. `_showtraceback` is where the finished lines pass on their way to the
    frontend: there it is added as text where the lines lack it, since IPython 7 knows nothing of notes.
    """

    def __init__(self, shell: Shell, note_for: Callable[[BaseException], str | None]) -> None:
        self._note_for = note_for
        self._is_on = True
        self._show = shell.showtraceback
        self._send: Callable[[object, BaseException, list[str]], None] = shell._showtraceback  # type: ignore[attr-defined]  # noqa: SLF001 - every kernel overrides it
        self._overrides = (
            Override(shell, "showtraceback", self._showtraceback),
            Override(shell, "_showtraceback", self._send_traceback),
        )

    def end(self) -> None:
        """Leave the shell as it was found; where somebody still calls us, only hand on."""
        self._is_on = False
        for override in self._overrides:
            override.undo()

    def _showtraceback(self, *arguments: object, **options: object) -> None:
        exception = _exception_shown(options.get("exc_tuple", arguments[0] if arguments else None))
        if self._is_on and exception is not None:
            add_note(exception, self._note_for(exception))
        self._show(*arguments, **options)  # type: ignore[arg-type]  # handed on as it came

    def _send_traceback(self, etype: object, evalue: BaseException, stb: list[str]) -> None:
        note = note_on(evalue) if self._is_on else None
        if note is not None and note.partition("\n")[0] not in _COLOUR.sub("", "\n".join(stb)):
            stb = [*stb, note]
        self._send(etype, evalue, stb)


def _exception_shown(exc_tuple: object) -> BaseException | None:
    """Return what `showtraceback` is about to show: what it is given, what is being handled, or the last error."""
    if isinstance(exc_tuple, tuple) and len(exc_tuple) == 3:  # noqa: PLR2004 - type, value, traceback
        exception = exc_tuple[1]
    else:
        exception = sys.exc_info()[1] or getattr(sys, "last_value", None)
    return exception if isinstance(exception, BaseException) else None
