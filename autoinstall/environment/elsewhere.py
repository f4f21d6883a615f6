"""Whether a missing import is installed after all, but for another Python of this machine."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from autoinstall.environment.interpreters import Interpreter, Look, Role
from autoinstall.names import ImportName
from autoinstall.text import printable
from autoinstall.visible import is_file, is_folder

LIMIT = 0.05
"""In seconds: after that the rest is not looked at. An import waits meanwhile, and a home may lie on a network."""

_COMPILED = (".so", ".pyd")


def where(name: ImportName, look: Look) -> str | None:
    """Say in a sentence for which other Python a name is installed, `None` where that is not seen.

    Looks at folders only: starts nothing, imports nothing, asks no network. Takes a few milliseconds.
    """
    begun = time.monotonic()
    seen = set()
    for other in look.all():
        for library in () if other.prefix in seen or look.is_this(other) else other.libraries:
            if holds(library, name):
                return _sentence(name, other, look)
        seen.add(other.prefix)
        if time.monotonic() - begun > LIMIT:
            break
    return None


def holds(library: Path, name: ImportName) -> bool:
    """Tell whether a folder that a Python imports from has a module of this name, built for whichever version."""
    *parents, last = name.split(".")
    folder = library.joinpath(*parents)
    if not is_folder(folder):
        return False
    if is_file(folder / f"{last}.py"):
        return True
    inside = folder / last
    if is_folder(inside):
        # Without an `__init__` it is a namespace, or what an uninstall left behind: an empty one is no module.
        return any(entry != "__pycache__" for entry in _names(inside))
    return any(entry.startswith(f"{last}.") and entry.endswith(_COMPILED) for entry in _names(folder))


def _names(folder: Path) -> Iterator[str]:
    with suppress(OSError):
        yield from (path.name for path in folder.iterdir())


def _sentence(name: ImportName, other: Interpreter, look: Look) -> str:
    where = printable(str(other.prefix))
    if other.role is Role.USER_SITE:
        return f"{name} is installed in {where}: {other.role}."
    role = f"the kernel {printable(other.name, 40)}" if other.name else str(other.role)
    here = printable(str(look.environment.prefix))
    return f"{name} is installed in {where} ({role}), but this is another Python: {here}."
