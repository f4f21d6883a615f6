"""`%load_ext autoinstall` and `%unload_ext autoinstall`: what is hung onto a shell, and taken off again."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from weakref import WeakKeyDictionary

import autoinstall
from autoinstall import hook, notes
from autoinstall.hook import Handle
from autoinstall.ipython.asking import AskerInExecution, Execution, KernelAsker, allows_questions
from autoinstall.ipython.completion import ModuleNames
from autoinstall.ipython.configuration import Configuration
from autoinstall.ipython.display import CellScreen
from autoinstall.ipython.handler import Handler
from autoinstall.ipython.magic import Magic
from autoinstall.ipython.namesake import who_shares_the_name
from autoinstall.ipython.rerun import Rerun
from autoinstall.ipython.shell import Shell
from autoinstall.ipython.tracebacks import Tracebacks, add_note
from autoinstall.missing import leaves, missing_import
from autoinstall.optional import project_for
from autoinstall.outdated import needs_restart
from autoinstall.provide import Session
from autoinstall.roles import Request
from autoinstall.source import ahead
from autoinstall.terminal import TerminalScreen, terminal_asker
from autoinstall.text import printable

_loaded: WeakKeyDictionary[Shell, ExitStack] = WeakKeyDictionary()


def load_ipython_extension(shell: Shell) -> None:
    """Have missing imports in this shell's cells provided. Loading twice is loading once.

    Raises `traitlets.TraitError` or `BadSettingError` where a setting has a value that it cannot have; then nothing
    is hung onto the shell.
    """
    if shell in _loaded:
        return
    with ExitStack() as undo:
        handle = hook.current()
        undo.callback(handle.put_back, handle.hang_up())
        session = handle.session
        configuration = Configuration(shell, lambda said: _take_traitlets(handle, said))
        undo.callback(configuration.end)
        module_names = ModuleNames(shell)
        execution = Execution(shell, begins=session.begin_execution, ends=module_names.refresh)
        undo.callback(execution.end)
        _put_face(shell, session, execution, undo)
        rerun = Rerun(shell)
        undo.callback(rerun.end)
        border = _Border(handle, rerun)
        tracebacks = Tracebacks(shell, border.note_for)
        undo.callback(tracebacks.end)
        handler = Handler(shell, border.mend)
        undo.callback(handler.end)
        magic = Magic(shell, handle)
        undo.callback(magic.end)
        _loaded[shell] = undo.pop_all()
    shared = who_shares_the_name(Path(autoinstall.__path__[0]).parent)
    if shared is not None:
        print(f"autoinstall: {shared}")  # noqa: T201 - the cell's output is the screen


def unload_ipython_extension(shell: Shell) -> None:
    """Leave the shell, `sys.meta_path` and all else exactly as `load_ipython_extension` found them."""
    undo = _loaded.pop(shell, None)
    if undo is not None:
        undo.close()


def _take_traitlets(handle: Handle, said: Mapping[str, object]) -> None:
    """Hand the traitlets on; who changes one that the magic overrules is told, since nothing else would show."""
    handle.session.traitlets = said
    outright = handle.session.mode
    if outright is not None and said.get("mode", outright) != outright:
        print(f"autoinstall: the mode stays {outright}, as %autoinstall mode (or enable()) said.")  # noqa: T201


def _put_face(shell: Shell, session: Session, execution: Execution, undo: ExitStack) -> None:
    """Have the session ask and show by way of this shell."""
    undo.callback(setattr, session, "asker", session.asker)
    undo.callback(setattr, session, "screen", session.screen)
    if hasattr(shell, "kernel"):
        screen = CellScreen(execution, lambda: allows_questions(shell, execution))
        session.asker = KernelAsker(shell, execution, screen.show)
        session.screen = screen
    else:
        # IPython's terminal runs cells outside prompt_toolkit's application: the terminal is as free as a script's.
        session.asker = AskerInExecution(terminal_asker(), execution)
        session.screen = TerminalScreen()


class _Border:
    """Where an error meets the story: nothing is raised from here but what Python itself had to say."""

    def __init__(self, handle: Handle, rerun: Rerun) -> None:
        self._handle = handle
        self._rerun = rerun

    def mend(self, exception: BaseException) -> bool:
        """Have the import provided for want of which an exception escaped; tell whether its statement runs again."""
        if not self._handle.is_enabled:
            return False
        try:
            # One, but for a group: what several tasks lack is one question.
            failed = leaves(exception)
            names = [missing_import(leaf) for leaf in failed]
            lacking = {name: leaf for name, leaf in zip(names, failed, strict=True) if name is not None}
            if not lacking or any(needs_restart(leaf) is not None for leaf in failed):
                return False
            name, *others = lacking
            companions = ahead.companions(name, ahead.frames_of_error(exception), self._handle.session.advise)
            also = tuple(dict.fromkeys((*others, *companions)))
            outcome = self._handle.provide(
                Request(name, is_cell=True, also=also, project=project_for(name, lacking[name]))
            )
            if not outcome.is_installed:
                add_note(exception, outcome.note)
                return False
            mended = tuple(one for one in lacking if one == name or one in outcome.installed)
            if set(names) == set(mended) and self._rerun.repeat(*mended):
                return True
            add_note(exception, notes.run_again(mended))
        except KeyboardInterrupt:
            pass  # not now; the error that is shown next gets its usual note
        except Exception as defect:  # noqa: BLE001 - a handler that raises is unregistered
            add_note(exception, _report(defect))
        return False

    def note_for(self, exception: BaseException) -> str | None:
        """Return the note for an error that is about to be shown."""
        try:
            return self._handle.note_for(exception) if self._handle.is_enabled else None
        except Exception as defect:  # noqa: BLE001 - showing the error comes first
            return _report(defect)


def _report(defect: Exception) -> str:
    said = printable(f"{type(defect).__name__}: {defect}")
    return f"autoinstall: an error of its own kept it from helping ({said}); please report it."
