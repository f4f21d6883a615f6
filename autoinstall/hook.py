"""The handle that hangs our finder at the end of `sys.meta_path`, and takes it away again."""

# Loaded by `enable()`: nothing may be imported here that a bare Python has not loaded already; see `callsite`.
import os
import sys

from autoinstall import target
from autoinstall.finder import Finder, OneAtATime
from autoinstall.trouble import report, tell
from autoinstall.uncaught import Uncaught

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType, TracebackType
    from typing import Self, TypeVar

    from autoinstall.callsite import CallSite
    from autoinstall.provide import Session
    from autoinstall.roles import Outcome, Request

    Said = tuple[bool, str | None, str | None]
    """Whether missing imports are helped with, the mode and the installer that were said outright."""

    _Before = tuple[bool, Said]
    _Result = TypeVar("_Result")

# What can be said without loading the settings, which know all there is and what to answer to anything else.
_USUAL_MODES = (None, "ask", "auto", "off")
_USUAL_INSTALLERS = (None, "auto", "conda", "uv", "pip")

# Where a process that died half-way through an install left its work; `activate` says the same in `places`.
_UNFINISHED = os.path.join(".autoinstall", "work")  # noqa: PTH118 - pathlib costs 8 ms


class Handle:
    """What `enable` returns: the one handle of this process.

    In a `with` statement, leaving restores what was before.
    """

    def __init__(self) -> None:
        self._turn = OneAtATime()
        self._asked_as: dict[str, str] = {}
        self._mode: str | None = None
        self._installer: str | None = None
        self._session: Session | None = None
        self._finder: Finder | None = None
        self._uncaught: Uncaught | None = None
        self._before_last: _Before | None = None
        self._to_restore: list[_Before] = []

    @property
    def is_enabled(self) -> bool:
        """Tell whether missing imports are being helped with."""
        return self._finder is not None

    @property
    def mode(self) -> str:
        """The mode in force, wherever it was said: `ask`, `auto` or `off`.

        Setting it takes effect at once, as far as an administrator and the working folder allow; `None` leaves it to
        the settings. Raises `BadSettingError` where one of these cannot be read.
        """
        return str(self.session.settings().mode)

    @mode.setter
    def mode(self, value: str | None) -> None:
        checked = _checked_mode(value)
        if self._session is not None:
            self._session.mode = checked
        self._mode = checked

    @property
    def installer(self) -> str:
        """The installer in force, wherever it was said: `auto`, `uv`, `pip` or `conda`; set and raises as `mode`."""
        return str(self.session.settings().installer)

    @installer.setter
    def installer(self, value: str | None) -> None:
        checked = _checked_installer(value)
        if self._session is not None:
            self._session.installer = checked
        self._installer = checked

    @property
    def session(self) -> "Session":
        """What this process has been told and has answered; made on first use, kept when disabled.

        It asks at the terminal and shows its doings on standard error until another face puts its own in place.
        """
        if self._session is None:
            from autoinstall.provide import Session  # noqa: PLC0415 - loads what only a miss needs
            from autoinstall.terminal import TerminalScreen, terminal_asker  # noqa: PLC0415 - the same

            self._session = Session(self._mode, self._installer, asker=terminal_asker(), screen=TerminalScreen())
        return self._session

    def provide(self, request: "Request") -> "Outcome":
        """Have the session provide a missing import, as soon as no other thread's is under way.

        A name that an import statement has just asked for as the beginning of a longer one is taken for that one.
        """
        from dataclasses import replace  # noqa: PLC0415 - loads what only a miss needs

        name = self._asked_as.get(request.import_name, request.import_name)
        return self.undisturbed(lambda: self.session.provide(replace(request, import_name=name)))

    def undisturbed(self, act: "Callable[[], _Result]") -> "_Result":
        """Return what `act` returns, called when no other thread's import is being provided."""
        host = _host()
        interruptible: Callable[[], _Result] = act if host is None else lambda: host.interruptible(act)
        return self._turn.take(interruptible)

    def note_for(self, exception: BaseException) -> str | None:
        """Return what the session says under an error that is about to be shown, `None` where that is nothing.

        Of a group it is what there is to say of the first of its exceptions of which there is anything to say.
        """
        from autoinstall.missing import leaves  # noqa: PLC0415 - loads what only an error needs

        for leaf in leaves(exception):
            told = leaf
            if isinstance(leaf, ModuleNotFoundError) and (name := self._asked_as.get(str(leaf.name))):
                told = ModuleNotFoundError(name=name)
            if (note := self.session.note_for(told, is_cell=_is_in_ipython())) is not None:
                return note
        return None

    def __enter__(self) -> "Self":
        if not self.is_enabled:
            self.enable(None, None)
        self._to_restore.append(self._before_last or self._now())
        self._before_last = None  # what is entered without being enabled again leaves all as it is
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        had_extension, said = self._to_restore.pop()
        was_enabled, *_ = said
        if was_enabled:
            if (host := _host()) is not None:
                (host.load_extension if had_extension else host.unload_extension)()
            self.put_back(said)
            self._before_last = None
            return
        if error is not None and self.is_enabled and (note := self.note_for(error)) is not None:
            error.add_note(note)  # nobody is left to say it under the traceback
            if (host := _host()) is not None and not host.shows_notes():
                tell(note)
        self.disable()

    def enable(self, mode: str | None, installer: str | None) -> None:
        """See the module's `enable`."""
        mode, installer = _checked_mode(mode), _checked_installer(installer)
        before = self._now()
        if (host := _host()) is not None:
            host.load_extension()
        self._before_last = before
        self.hang_up()
        if mode is not None:
            self.mode = mode
        if installer is not None:
            self.installer = installer

    def disable(self) -> None:
        """See the module's `disable`."""
        if (host := _host()) is not None:
            host.unload_extension()
        self.put_back((False, None, None))

    def hang_up(self) -> "Said":
        """Have missing imports provided, whichever face shows it, and return what `put_back` takes."""
        before = (self.is_enabled, self._mode, self._installer)
        if self._finder is None:
            _finish_what_was_left(_restore_targets())
            self._uncaught = Uncaught(self.note_for)
            self._finder = Finder(self._tell, self._turn, self._uncaught.look_for_threads)
        if self._finder not in sys.meta_path:
            sys.meta_path.append(self._finder)
        return before

    def put_back(self, before: "Said") -> None:
        """Leave all as it was at `hang_up`, but for what others have put there since, and for faces."""
        was_enabled, mode, installer = before
        if was_enabled:
            self.hang_up()
        else:
            if self._finder is not None and self._finder in sys.meta_path:
                sys.meta_path.remove(self._finder)
            if self._uncaught is not None:
                self._uncaught.take_off()
            self._finder = self._uncaught = None
        self.mode, self.installer = mode, installer

    def _now(self) -> "_Before":
        host = _host()
        return host is not None and host.has_extension(), (self.is_enabled, self._mode, self._installer)

    def _tell(self, fullname: str, site: "CallSite") -> bool:
        from autoinstall.roles import Request  # noqa: PLC0415 - the same
        from autoinstall.source import ahead  # noqa: PLC0415 - loads what only a miss needs

        advise = self.session.advise
        asked, *_ = ahead.telling_names(site.wanted, site.from_names, advise)
        self._asked_as[fullname] = asked
        also = ahead.companions(asked, ahead.frames_of_stack(sys._getframe(1)), advise)  # noqa: SLF001 - as above
        return self.provide(Request(fullname, is_cell=_is_in_ipython(), also=also)).is_installed


_handle = Handle()


def enable(mode: str | None = None, installer: str | None = None) -> Handle:
    """Have missing imports of the user's own code provided from now on, and return the handle that ends it.

    Twice on is once on: a further call changes the mode and installer, where it gives them, and returns the same
    handle. `None` means: as configured. In a running IPython this loads the extension too, as `%load_ext` does.
    Raises `BadSettingError` for a mode or installer that there is not; then nothing has changed.
    """
    _handle.enable(mode, installer)
    return _handle


def disable() -> None:
    """Leave `sys.meta_path`, `sys.excepthook`, `threading.excepthook` and a running IPython as `enable` found them.

    What others have put there since stays. The answers that were given are kept for another `enable`.
    """
    _handle.disable()


def current() -> Handle:
    """Return this process's handle, enabled or not."""
    return _handle


def _checked_mode(value: str | None) -> str | None:
    if value in _USUAL_MODES:
        return value
    from autoinstall.settings import mode  # noqa: PLC0415 - only for a value out of the usual

    return mode(value).value


def _checked_installer(value: str | None) -> str | None:
    if value in _USUAL_INSTALLERS:
        return value
    from autoinstall.settings import installer_choice  # noqa: PLC0415 - only for a value out of the usual

    return installer_choice(value).value


def _restore_targets() -> tuple[str, ...]:
    """Put on the path what a person installed beside an environment that is not theirs; return where it lies."""
    try:
        return target.restore()
    except Exception as defect:  # noqa: BLE001 - the user's program comes first
        report(defect)
        return ()


def _finish_what_was_left(targets: tuple[str, ...]) -> None:
    """Put the environment and its targets in order where a process died half-way through an install, and say so.

    Takes two looks into the file system where nothing was left, which is always so but once.
    """
    site = sys.modules.get("site")  # Not loaded with `python -S`, which has no environment either.
    folders = [*(site.getsitepackages() if site is not None else ()), *targets]
    try:
        if any(os.path.exists(os.path.join(folder, _UNFINISHED)) for folder in folders):  # noqa: PTH110, PTH118
            from autoinstall import activate, environment  # noqa: PLC0415 - hardly ever wanted
            from autoinstall.environment import destination  # noqa: PLC0415 - hardly ever wanted
            from autoinstall.past import journal  # noqa: PLC0415 - hardly ever wanted

            for here in destination.all_of(environment.current()):
                for line in activate.recover(here, journal.Journal(here.purelib)):
                    tell(f"autoinstall: {line}")
    except Exception as defect:  # noqa: BLE001 - the user's program comes first
        report(defect)


def _host() -> "ModuleType | None":
    """Return what knows the IPython that runs this process, `None` where IPython is not even loaded."""
    if "IPython" not in sys.modules:
        return None
    from autoinstall import host  # noqa: PLC0415 - a script needs none

    return host


def _is_in_ipython() -> bool:
    return (host := _host()) is not None and host.shell() is not None
