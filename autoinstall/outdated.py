"""Modules that are loaded in this process while their files say something else by now: only a restart helps."""

import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from itertools import islice
from types import CodeType, FunctionType, ModuleType

from autoinstall.advice.presence import owner_of
from autoinstall.names import import_name, is_import_name
from autoinstall.text import printable

_MOST_MODULES = 20
"""Looked at for one error: each costs the reading of one compiled file."""


def needs_restart(exception: BaseException) -> str | None:
    """Return which loaded module is not what is installed by now, in a sentence, `None` where none is found.

    Asked are the module that an `ImportError` or an `AttributeError` names, its root, and for an `ImportError` that
    is about something else than a missing module the roots of the modules that it passed through. The facts are the
    functions that are loaded and the code that lies on disk: where they differ, somebody has installed another
    version, or edited it, since it was imported.
    """
    for name in islice(dict.fromkeys(_spoken_of(exception)), _MOST_MODULES):
        module = sys.modules.get(name)
        if isinstance(module, ModuleType) and name.partition(".")[0] not in sys.stdlib_module_names:
            code = _on_disk(module)
            if code is not None and _differs(module, code):
                return _sentence(name.partition(".")[0])
    return None


def _spoken_of(exception: BaseException) -> Iterator[str]:
    if isinstance(exception, ImportError):
        names = [exception.name]
    elif isinstance(exception, AttributeError) and isinstance(exception.obj, ModuleType):
        names = [exception.obj.__name__]
    else:
        return
    is_missing = isinstance(exception, (AttributeError, ModuleNotFoundError))
    traceback = None if is_missing else exception.__traceback__
    while traceback is not None:
        names.append(str(traceback.tb_frame.f_globals.get("__name__")).partition(".")[0])
        traceback = traceback.tb_next
    for name in names:
        if isinstance(name, str) and is_import_name(name):
            yield name
            yield name.partition(".")[0]


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
    owner = owner_of(import_name(name))
    if isinstance(loaded, str) and owner is not None and owner.version != loaded:
        here, there = printable(loaded, 30), printable(owner.version, 30)
        what = f"{name} {here} is loaded here, but {there} is installed by now"
    else:
        what = f"The {name} that is loaded here is not what its files hold by now"
    return f"{what}: restart the kernel (or the program) and run it again."
