"""The IPython that runs this process, if one does: our extension is loaded there, and unloaded."""

import signal
import sys
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

_EXTENSION = "autoinstall"
_ALIAS = "ipython_autoinstall"
_FIRST_TO_SHOW_NOTES = 8, 14

_Result = TypeVar("_Result")


class ExtensionManager(Protocol):
    """IPython's, which knows what `%load_ext` has loaded."""

    loaded: set[str]

    def load_extension(self, module_str: str) -> object: ...  # noqa: D102 - IPython's
    def unload_extension(self, module_str: str) -> object: ...  # noqa: D102 - IPython's


class Shell(Protocol):
    """An `InteractiveShell`, as far as it is needed here."""

    extension_manager: ExtensionManager


def shell() -> Shell | None:
    """Return the shell that runs, `None` where there is none. IPython is not loaded to find out."""
    module = sys.modules.get("IPython.core.interactiveshell")
    kind = getattr(module, "InteractiveShell", None)  # a module that is being imported lacks it still
    if kind is None or not kind.initialized():
        return None
    running: Shell = kind.instance()
    return running


def shows_notes() -> bool:
    """Tell whether an error's notes are shown with it where the extension is not loaded, which sees to that."""
    return shell() is None or sys.modules["IPython"].version_info[:2] >= _FIRST_TO_SHOW_NOTES


def has_extension() -> bool:
    """Tell whether the shell that runs has our extension loaded."""
    return bool(_loaded())


def load_extension() -> None:
    """Do what `%load_ext autoinstall` does, where a shell runs that has it not; raises what that raises."""
    running = shell()
    if running is not None and not _loaded():
        running.extension_manager.load_extension(_EXTENSION)


def unload_extension() -> None:
    """Do what `%unload_ext autoinstall` does, by whichever of its names the extension was loaded."""
    running = shell()
    if running is not None:
        for name in _loaded():
            running.extension_manager.unload_extension(name)


def interruptible(act: Callable[[], _Result]) -> _Result:
    """Return what `act` returns; in it an interrupt raises `KeyboardInterrupt`, in a cell that awaits too.

    There ipykernel only has the cell's task cancelled, at its next `await`, and a question or an install, in which
    nothing awaits, would go on.
    """
    if threading.current_thread() is not threading.main_thread():
        return act()
    handler = signal.getsignal(signal.SIGINT)
    if not str(getattr(handler, "__module__", "")).startswith("ipykernel."):
        return act()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return act()
    finally:
        signal.signal(signal.SIGINT, handler)


def _loaded() -> list[str]:
    running = shell()
    known = running.extension_manager.loaded if running is not None else ()
    return [name for name in (_EXTENSION, _ALIAS) if name in known]
