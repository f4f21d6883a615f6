"""The note under an error that nobody catches, in a script or in a thread: Python's own hooks with ours in front."""

# Loaded by `enable()`: nothing may be imported here that a bare Python has not loaded already; see `callsite`.
import sys

from autoinstall.trouble import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import TypeGuard


class InFront:
    """Our function in front of the one that was found in a module's slot for uncaught errors.

    The slot is `sys.excepthook` or `threading.excepthook`. Each hanging is an object of its own: where somebody has
    hung a hook in front of ours meanwhile, ours stays in that chain when it is taken off, and only passes on.
    """

    __slots__ = ("_before", "_module", "_note_for", "_ours")

    def __init__(self, module: "ModuleType", note_for: "Callable[[BaseException], str | None]") -> None:
        self._module = module
        self._note_for: Callable[[BaseException], str | None] | None = note_for
        self._before: Callable[..., object] = module.excepthook
        self._ours = self._call
        module.excepthook = self._ours  # type: ignore[attr-defined] # both modules have it

    def take_off(self) -> None:
        """Put back what was found, unless somebody else holds the slot now; add no more notes either way."""
        self._note_for = None
        if self._module.excepthook is self._ours:
            self._module.excepthook = self._before  # type: ignore[attr-defined] # both modules have it

    def _call(self, *error: object) -> object:
        # `sys` calls its hook with type, exception and traceback, `threading` with one object that holds these.
        exception = error[1] if len(error) > 1 else getattr(error[0], "exc_value", None)
        if self._note_for is not None and _may_lack_something(exception):
            try:
                note = self._note_for(exception)
                if note is not None and note not in getattr(exception, "__notes__", ()):
                    exception.add_note(note)
            except Exception as defect:  # noqa: BLE001 - the error itself has to be shown
                report(defect)
        return self._before(*error)


def _may_lack_something(exception: object) -> "TypeGuard[BaseException]":
    """Tell whether it is worth loading what finds out: whoever meets an error of their own script need not wait."""
    if isinstance(exception, (ImportError, BaseExceptionGroup)):
        return True
    # Where memory or the stack has run out, there is none for us either.
    if not isinstance(exception, Exception) or isinstance(exception, (MemoryError, RecursionError)):
        return False
    traceback = exception.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and traceback.tb_frame.f_globals.get("__name__") != "__main__"


class Uncaught:
    """Both slots. The thread's is taken as soon as `threading` is loaded, which is not loaded for this."""

    __slots__ = ("_hung", "_note_for", "has_threads")

    def __init__(self, note_for: "Callable[[BaseException], str | None]") -> None:
        self._note_for = note_for
        self._hung = [InFront(sys, note_for)]
        self.has_threads = False
        self.look_for_threads()

    def look_for_threads(self) -> None:
        """Take the thread's slot where there are threads by now."""
        if not self.has_threads and (threading := sys.modules.get("threading")) is not None:
            self.has_threads = True
            self._hung.append(InFront(threading, self._note_for))

    def take_off(self) -> None:
        """Leave both slots as they were found."""
        for hung in reversed(self._hung):
            hung.take_off()
        self._hung.clear()
