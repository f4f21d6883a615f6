"""The finder at the end of `sys.meta_path`: it is asked for what nobody else has, one import at a time."""

# Loaded by `enable()`: nothing may be imported here that a bare Python has not loaded already; see `callsite`.
import _imp
import os
import sys
from _thread import allocate_lock, get_ident

from autoinstall.callsite import call_site
from autoinstall.trouble import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import TypeVar

    from _typeshed.importlib import MetaPathFinderProtocol

    from autoinstall.callsite import CallSite

    _Path = Sequence[str] | None
    _Result = TypeVar("_Result")


class OneAtATime:
    """The story's lock: there is one question at a time in a process, and whoever is in the story can tell."""

    __slots__ = ("_lock", "_owner")

    def __init__(self) -> None:
        self._begin_anew()
        if hasattr(os, "register_at_fork"):
            # A forked child has the lock as it was, but not the thread that would have released it.
            os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self._lock = allocate_lock()
        self._owner = 0

    @property
    def is_mine(self) -> bool:
        """Tell whether this thread is within the story already."""
        return self._owner == get_ident()

    @property
    def is_taken(self) -> bool:
        """Tell whether any thread is within the story."""
        return self._lock.locked()

    def take(self, act: "Callable[[], _Result]") -> "_Result":
        """Return what `act` returns, called when no other thread is in the story."""
        if self.is_mine:
            return act()
        # A lock's own `with`, not one of ours around it: no Ctrl-C can come between taking it and being in the block.
        with self._lock:
            self._owner = get_ident()
            try:
                return act()
            finally:
                self._owner = 0


class Finder:
    """The last finder, asked for what nobody else has: `story` says whether the missing import is there now.

    It acts only on imports that the user's own code makes and that nothing would catch; see `callsite`. Whatever goes
    wrong in it is said once, and Python goes on as if it were not there. `at_miss` is called at each import that
    nobody else has, whoever asks; it has to be quick.
    """

    def __init__(
        self,
        story: "Callable[[str, CallSite], bool]",
        turn: OneAtATime | None = None,
        at_miss: "Callable[[], None] | None" = None,
    ) -> None:
        self._story = story
        self._turn = turn or OneAtATime()
        self._at_miss = at_miss

    def find_spec(
        self, fullname: str, path: "_Path" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        """Return the spec of a module that was missing and is there now, or `None`."""
        try:
            if self._at_miss is not None:
                self._at_miss()
            site = call_site(sys._getframe(1))  # noqa: SLF001 - who asks is seen in the frames only
            if site.refusal is not None or self._turn.is_mine:
                return None
            return self._provide(fullname, path, target, site)
        except Exception as defect:  # noqa: BLE001 - whatever it is, the import statement goes on to Python's own error
            report(defect)
            return None

    def _provide(
        self, fullname: str, path: "_Path", target: "ModuleType | None", site: "CallSite"
    ) -> "ModuleSpec | None":
        found, is_settled = self._ask_those_behind(fullname, path, target)
        if is_settled:
            return found
        spec = _look_again(fullname, path, target)
        if spec is not None:
            return spec
        try:
            is_there, spec = _without_import_lock(lambda: self._take_turn(fullname, path, target, site))
        except KeyboardInterrupt:
            return None  # Not now. What comes out of the import statement is Python's own error, which ends it too.
        if spec is None:
            # Whatever came of it: another process may have brought the module since the look above.
            spec = _look_again(fullname, path, target)
        if spec is None and is_there:
            spec = self._ask_all_others(fullname, path, target)
        return spec

    def _take_turn(
        self, fullname: str, path: "_Path", target: "ModuleType | None", site: "CallSite"
    ) -> "tuple[bool, ModuleSpec | None]":
        has_to_wait = self._turn.is_taken
        if has_to_wait and site.is_within_library_import:
            # The thread whose turn it is may come to need the very library that is half imported here: each would
            # wait for the other.
            return False, None

        def story() -> "tuple[bool, ModuleSpec | None]":
            if has_to_wait and (spec := _look_again(fullname, path, target)) is not None:
                return True, spec
            return self._story(fullname, site), None

        return self._turn.take(story)

    def _ask_those_behind(
        self, fullname: str, path: "_Path", target: "ModuleType | None"
    ) -> "tuple[ModuleSpec | None, bool]":
        """Ask the finders that were hung up after us, as six hangs up its own; the second says: look no further."""
        finders = list(sys.meta_path)
        for finder in finders[finders.index(self) + 1 if self in finders else len(finders) :]:
            try:
                spec = _ask(finder, fullname, path, target)
            except Exception:  # noqa: BLE001 - Python asks it next, and shows what it raises
                return None, True
            if spec is not None:
                return spec, True
        return None, False

    def _ask_all_others(self, fullname: str, path: "_Path", target: "ModuleType | None") -> "ModuleSpec | None":
        """Ask every finder once more: what was installed may have brought its own."""
        for finder in list(sys.meta_path):
            if finder is not self:
                spec = _ask(finder, fullname, _path_now(fullname, path), target)
                if spec is not None:
                    return spec
        return None


def _ask(
    finder: "MetaPathFinderProtocol", fullname: str, path: "_Path", target: "ModuleType | None"
) -> "ModuleSpec | None":
    # Up to Python 3.11 there may be finders of the older kind, as in six 1.15.
    return finder.find_spec(fullname, path, target) if hasattr(finder, "find_spec") else None


def _look_again(fullname: str, path: "_Path", target: "ModuleType | None") -> "ModuleSpec | None":
    """Look on the path once more: what is missing may have been brought a moment ago, by us or by `!pip install`."""
    import importlib  # noqa: PLC0415 - not loaded by a bare Python, and wanted on a miss only
    from importlib.machinery import PathFinder  # noqa: PLC0415 - the same

    importlib.invalidate_caches()
    return PathFinder.find_spec(fullname, _path_now(fullname, path), target)


def _path_now(fullname: str, path: "_Path") -> "_Path":
    """Return where the parent keeps its modules now: a namespace has one more folder after an install."""
    parent = sys.modules.get(fullname.rpartition(".")[0])
    return getattr(parent, "__path__", path) if path is not None else None


def _without_import_lock(act: "Callable[[], tuple[bool, ModuleSpec | None]]") -> "tuple[bool, ModuleSpec | None]":
    """Return what `act` returns; while it runs, this thread does not hold the global import lock.

    Python holds that lock around every call of a finder, maybe more than once: with a question or an install inside,
    any import of any other thread would stand still.
    """
    is_held = True
    # Between the steps that matter here no Ctrl-C can come: Python looks for signals after calls, not before them.
    try:
        try:
            _imp.release_lock()
        except RuntimeError:  # this thread does not hold it, or no longer
            is_held = False
        return _without_import_lock(act) if is_held else act()
    finally:
        if is_held:
            _imp.acquire_lock()
