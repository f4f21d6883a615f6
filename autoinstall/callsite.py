"""Who asks for an import: the user's own code or a library, guarded or not, by an import or only by a probe."""

# All that is imported here is loaded in every Python before its first line runs: `enable()` pays for nothing else,
# which is why there is no dataclass, no `typing`, no `weakref`, no `pathlib` and no `sysconfig` in this module.
# ruff: noqa: PTH118, PTH120
import os
import sys
from _weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType, FrameType

_IMPORT_MACHINERY = frozenset({"<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>"})
_SITE_FOLDERS = ("site-packages", "dist-packages")

# Who runs code on a person's behalf: what these catch, they show.
_RUNNERS = frozenset({"IPython", "ipykernel", "runpy"})

_USER, _LIBRARY, _RUNNER = range(3)

_MOST_FILES_KEPT = 5_000
_MOST_CODE_KEPT = 5_000


class CallSite:
    """Where an import was asked for, and whether it is ours to help with; not to be changed.

    `refusal` says why it is not (`probe`, `library`, `guarded`); `None` says that it is: an import that the user's
    own code makes and that nothing would catch. Only then are the other fields filled: the asking code's file and
    line, the dotted name of which the missing one may be only the beginning (`google.cloud` where `google` is
    missing), the names behind `from … import`, and whether a library is half imported farther out.
    """

    __slots__ = ("filename", "from_names", "is_within_library_import", "lineno", "refusal", "wanted")

    def __init__(
        self,
        refusal: str | None,
        filename: str = "",
        lineno: int = 0,
        wanted: str = "",
        from_names: tuple[str, ...] = (),
        *,
        is_within_library_import: bool = False,
    ) -> None:
        self.refusal = refusal
        self.filename = filename
        self.lineno = lineno
        self.wanted = wanted
        self.from_names = from_names
        self.is_within_library_import = is_within_library_import


PROBE = CallSite("probe")
"""Somebody looks whether there is such a module, as `importlib.util.find_spec` does."""

LIBRARY = CallSite("library")
"""Library code asks: it knows what to do when the answer is no."""

GUARDED = CallSite("guarded")
"""The user's code would catch the error itself, or may do so."""


def call_site(frame: "FrameType | None") -> CallSite:
    """Return who asks, given the frame that called a finder's `find_spec`.

    Takes 1 to 2 µs where the answer has been given before for the same place. Asks nothing of the world, except
    that the first time at a place inside a `try` or `with` the asking file's source is read.
    """
    asker, machinery = _asker(frame)
    if asker is None or machinery is None:
        return PROBE
    if _kind(asker) != _USER:
        return LIBRARY
    is_within_library_import = False
    frame = asker
    while frame is not None:
        kind = _kind(frame)
        if kind == _USER:
            if _is_guarded(frame):
                return GUARDED
        elif kind == _RUNNER:
            break
        elif frame.f_code.co_name == "<module>":
            is_within_library_import = True
        frame = frame.f_back
    if "asyncio" in sys.modules and _is_awaited_under_guard(asker):
        return GUARDED
    return CallSite(
        None,
        asker.f_code.co_filename,
        asker.f_lineno,
        machinery.f_locals["name"],
        _from_names(asker),
        is_within_library_import=is_within_library_import,
    )


def user_frames(frames: "Iterable[tuple[FrameType, int]]") -> "Iterator[tuple[FrameType, int]]":
    """Yield those of the frames, innermost first, that run the user's own code, out to the first boundary.

    Each goes with the instruction that it is at. A boundary is who runs code on a person's behalf: IPython, runpy.
    """
    for frame, instruction in frames:
        kind = _kind(frame)
        if kind == _RUNNER:
            return
        if kind == _USER:
            yield frame, instruction


def _asker(frame: "FrameType | None") -> "tuple[FrameType | None, FrameType | None]":
    """Return the first frame outside the import machinery, and the machinery's frame that has the whole name.

    The second is `None` where nothing is being imported. `importlib.import_module` counts as machinery, other
    entrances (`importlib.util`, `runpy`) do not.
    """
    machinery = None
    while frame is not None:
        code = frame.f_code
        if code.co_filename in _IMPORT_MACHINERY:
            if code.co_name == "_find_and_load_unlocked":
                # Seen once for each parent that has to be imported first: the last one is the statement's own.
                machinery = frame
        elif code.co_name != "import_module" or frame.f_globals.get("__name__") != "importlib":
            break
        frame = frame.f_back
    if frame is not None and frame.f_code.co_filename == "<frozen importlib.util>":
        return None, None
    return frame, machinery


# Whose code is it?


def _standard_library_folders() -> list[str]:
    """Return what sysconfig calls stdlib and platstdlib, without the 5 ms that importing sysconfig takes.

    purelib and platlib need no look: in every scheme they are a folder called `site-packages` or `dist-packages`. So
    is the folder that an install beside an environment puts on the path; see `target`.
    """
    stdlib = os.path.normcase(os.path.dirname(os.__file__))
    base = os.path.normcase(sys.base_prefix)
    platstdlib = os.path.normcase(sys.exec_prefix) + stdlib[len(base) :] if stdlib.startswith(base) else stdlib
    return [os.path.join(folder, "") for folder in (stdlib, platstdlib)]


_library_folders = [*_standard_library_folders(), os.path.join(os.path.normcase(os.path.dirname(__file__)), "")]
_site_folders = tuple(f"{os.sep}{name}{os.sep}" for name in _SITE_FOLDERS)
_kinds: dict[str, int] = {}


def _kind(frame: "FrameType") -> int:
    filename = frame.f_code.co_filename
    kind = _kinds.get(filename)
    if kind is not None:
        return kind
    if filename.startswith("<") and not filename.startswith("<frozen "):
        return _kind_of_sourceless(frame)
    kind = _kind_of_file(filename)
    if kind == _LIBRARY and str(frame.f_globals.get("__name__")).partition(".")[0] in _RUNNERS:
        kind = _RUNNER
    if len(_kinds) >= _MOST_FILES_KEPT:
        _kinds.clear()
    _kinds[filename] = kind
    return kind


def _kind_of_file(filename: str) -> int:
    if filename.startswith("<frozen "):
        return _LIBRARY
    path = os.path.normcase(filename)
    if path.startswith(tuple(_library_folders)) or any(folder in path for folder in _site_folders):
        return _LIBRARY
    return _USER


def _kind_of_sourceless(frame: "FrameType") -> int:
    """Tell whose code it is that came out of a string: cells of some shells, `-c`, `exec`, templates.

    Code in `__main__` is the user's, code in a module's namespace is that module's, and code in a namespace made for
    the purpose (as `collections.namedtuple` makes one) is that of whoever runs it.
    """
    namespace = frame.f_globals
    if namespace.get("__name__") == "__main__":
        return _USER
    file = namespace.get("__file__")
    if isinstance(file, str):
        return _kind_of_file(file)
    runner = frame.f_back
    while runner is not None and runner.f_globals is namespace:
        runner = runner.f_back
    return _LIBRARY if runner is not None and _kind(runner) == _LIBRARY else _USER


# Is it guarded?

# Keyed by the code object's identity, for hashing one reads all of it; the reference tells when the identity is a
# later object's. A place that is covered and yet not guarded is not kept: what an `except` clause's name stands for
# may change, and a missing guard is the costly mistake.
_guarded: "dict[int, tuple[ref[CodeType], dict[int, bool]]]" = {}


def _is_guarded(frame: "FrameType") -> bool:
    """Tell whether an exception at the frame's current instruction may be caught within this very frame."""
    code = frame.f_code
    if not code.co_exceptiontable:
        return False
    instruction = frame.f_lasti
    known = _guarded.get(id(code))
    if known is None or known[0]() is not code:
        if len(_guarded) >= _MOST_CODE_KEPT:
            _guarded.clear()
        known = _guarded[id(code)] = (ref(code), {})
    answer = known[1].get(instruction)
    if answer is None:
        if not _is_covered(code.co_exceptiontable, instruction // 2):
            answer = known[1][instruction] = False
        else:
            from autoinstall import guards  # noqa: PLC0415 - reading source costs milliseconds

            answer = guards.is_guarded(frame)
            if answer:
                known[1][instruction] = True
    return answer


def _is_awaited_under_guard(asker: "FrameType") -> bool:
    """Tell whether the asker runs in a task, and a user frame that awaits it may catch what escapes from it."""
    from autoinstall import awaiting  # noqa: PLC0415 - wanted only where there may be tasks

    task = awaiting.task_of(_up_to_runner(_stack(asker)))
    waiting = [] if task is None else [task]
    for each in waiting:  # which grows meanwhile
        awaiters = awaiting.awaiters(each)
        if awaiters is None:
            return True
        for awaiter in awaiters:
            frames = awaiting.frames_of(awaiter)
            reached = list(_up_to_runner(frames))
            if any(_kind(frame) == _USER and _is_guarded(frame) for frame in reached):
                return True
            if len(reached) == len(frames) and awaiter not in waiting:
                waiting.append(awaiter)
    return False


def _stack(frame: "FrameType | None") -> "Iterator[FrameType]":
    while frame is not None:
        yield frame
        frame = frame.f_back


def _up_to_runner(frames: "Iterable[FrameType]") -> "Iterator[FrameType]":
    for frame in frames:
        if _kind(frame) == _RUNNER:
            return
        yield frame


def _is_covered(table: bytes, instruction: int) -> bool:
    """Tell whether an entry of a `co_exceptiontable` covers an instruction, counted in units of two bytes.

    The form is that of CPython's `Objects/exception_handling_notes.txt` (3.11 and later): entries of four numbers
    (start, length, target, depth), sorted by start, each in groups of six bits, the highest first; 0x40 says that
    another group follows.
    """
    numbers = []
    number = 0
    for byte in table:
        number = number << 6 | byte & 0x3F
        if not byte & 0x40:
            numbers.append(number)
            number = 0
            if len(numbers) == 4:  # noqa: PLR2004 - an entry is whole
                start, length, _, _ = numbers
                if instruction < start:
                    return False
                if instruction < start + length:
                    return True
                numbers = []
    return False


def _from_names(frame: "FrameType") -> tuple[str, ...]:
    """Return the names behind `from … import`: the constant that the compiler puts right before the import."""
    import opcode  # noqa: PLC0415 - wanted only for an import that is missing and ours

    code = frame.f_code
    bytecode = code.co_code
    place = frame.f_lasti
    if opcode.opname[bytecode[place]] != "IMPORT_NAME":
        return ()
    place -= 2
    while place >= 0 and opcode.opname[bytecode[place]] == "EXTENDED_ARG":
        place -= 2  # IMPORT_NAME's own
    if place < 0 or opcode.opname[bytecode[place]] != "LOAD_CONST":
        return ()
    number = bytecode[place + 1]
    shift = 8
    while place >= 2 and opcode.opname[bytecode[place - 2]] == "EXTENDED_ARG":  # noqa: PLR2004 - bytes of an instruction
        place -= 2
        number |= bytecode[place + 1] << shift
        shift += 8
    names = code.co_consts[number]
    return names if isinstance(names, tuple) and all(isinstance(name, str) for name in names) else ()
