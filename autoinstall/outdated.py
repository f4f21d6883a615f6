"""Modules that are loaded in this process while their files say something else by now: only a restart helps."""

import os
import sys
import traceback
from collections.abc import Iterator
from importlib.machinery import ExtensionFileLoader, SourceFileLoader
from itertools import islice
from types import CodeType, FrameType, FunctionType, ModuleType

from autoinstall.advice.presence import look_for, named_distributions, owner_of
from autoinstall.names import import_name, is_import_name
from autoinstall.text import printable

_MOST_MODULES = 20
"""Looked at for one error: each costs the reading of one compiled file."""

_LONGEST_CHAIN = 10
"""Exceptions looked at: a chain can be a circle."""


def needs_restart(exception: BaseException) -> str | None:
    """Return which loaded module is not what is installed by now, in a sentence, `None` where none is found.

    Asked are the module that an `ImportError` or an `AttributeError` names, its root, and for an error of any kind
    that has ended a library's import the roots of the modules that it passed through, and of those that the module
    in which it was raised has imported: so `import pandas` fails over the numpy of before. The facts are the
    functions that are loaded and the code that lies on disk: where they differ, or the file is gone, somebody has
    installed another version, or edited it, since it was imported.
    """
    for name in islice(dict.fromkeys(_spoken_of(exception)), _MOST_MODULES):
        module = sys.modules.get(name)
        if isinstance(module, ModuleType) and name.partition(".")[0] not in sys.stdlib_module_names:
            code = _on_disk(module)
            if _has_given_way(module) or (code is not None and _differs(module, code)):
                return _sentence(name.partition(".")[0])
    return None


def _spoken_of(exception: BaseException) -> Iterator[str]:
    link: BaseException | None = exception
    for _ in range(_LONGEST_CHAIN):
        if link is None:
            break
        for name in _named_by(link):
            if isinstance(name, str) and is_import_name(name):
                yield name
                yield name.partition(".")[0]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    if isinstance(exception, ImportError) and isinstance(exception.name, str):
        # The module itself may hold nothing but what it has imported from its parts.
        parts = f"{exception.name.partition('.')[0]}."
        yield from (name for name in list(sys.modules) if name.startswith(parts))


def _named_by(exception: BaseException) -> Iterator[object]:
    if isinstance(exception, ImportError):
        yield exception.name
    elif isinstance(exception, AttributeError) and isinstance(exception.obj, ModuleType):
        yield exception.obj.__name__
    if isinstance(exception, ModuleNotFoundError):
        return  # What is missing is not there in an older version.
    frames = [frame for frame, _ in traceback.walk_tb(exception.__traceback__) if not _is_the_user_s(frame)]
    if isinstance(exception, ImportError) or any(frame.f_code.co_name == "<module>" for frame in frames):
        yield from (str(frame.f_globals.get("__name__")).partition(".")[0] for frame in frames)
        if frames:
            imported = [value for value in frames[-1].f_globals.values() if isinstance(value, ModuleType)]
            yield from (str(module.__name__).partition(".")[0] for module in imported)


def _is_the_user_s(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__") == "__main__"


def _has_given_way(module: ModuleType) -> bool:
    """Tell whether an import would find another file than the one that was loaded, which is gone.

    So a compiled module gives way to one in source code. Where no file is found instead, nothing was installed anew.
    """
    spec = getattr(module, "__spec__", None)
    if spec is None or type(spec.loader) not in (SourceFileLoader, ExtensionFileLoader):
        return False
    is_gone = spec.origin is not None and not os.path.exists(spec.origin)  # noqa: PTH110 - one look
    return is_gone and look_for(import_name(module.__name__)).origin is not None


def _on_disk(module: ModuleType) -> CodeType | None:
    """Return the code that an import would run now, `None` where that cannot be told; nothing is run."""
    loader = getattr(getattr(module, "__spec__", None), "loader", None)
    if type(loader) is not SourceFileLoader:  # Others change what they load (coverage, pytest, typeguard).
        return None
    try:
        return loader.get_code(module.__name__)
    except (OSError, ImportError, SyntaxError, ValueError):
        return None


def _differs(module: ModuleType, code: CodeType) -> bool:
    """Tell whether a function of the loaded module is defined otherwise, or no longer, on disk."""
    on_disk = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    for value in list(vars(module).values()):
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            loaded = value.__code__
            is_its_own = loaded.co_filename == code.co_filename and loaded.co_qualname == loaded.co_name
            # Code compares by what it does and where it stands, not by the file it came from.
            if is_its_own and loaded not in on_disk:
                return True
    return False


def _sentence(name: str) -> str:
    loaded = getattr(sys.modules.get(name), "__version__", None)
    owner = owner_of(import_name(name), named_distributions())
    if isinstance(loaded, str) and owner is not None and owner.version != loaded:
        here, there = printable(loaded, 30), printable(owner.version, 30)
        what = f"{name} {here} is loaded here, but {there} is installed by now"
    else:
        what = f"The {name} that is loaded here is not what its files hold by now"
    return f"{what}: restart the kernel (or the program) and run it again."
