"""From the paths in a wheel to the import names that it provides."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from autoinstall.errors import BadProjectNameError
from autoinstall.names import ImportName, ProjectName, is_import_name, project_name

Parts = tuple[str, ...]

# What `importlib.machinery.EXTENSION_SUFFIXES` is on CPython, PyPy and GraalPy of every platform: PEP 3149 tags
# (`.cpython-312-x86_64-linux-gnu.so`), Windows' (`.cp312-win_amd64.pyd`), the stable ABI (`.abi3.so`), or no tag.
_EXTENSION = re.compile(
    r"(?P<name>\w+)(?P<tag>\.(?:abi3t?|(?:cpython|pypy|graalpy)[\w-]*|cp\d+t?-\w+))?\.(?:so|pyd)", re.ASCII
)
# `.pyc` beside no source is imported too (`SourcelessFileLoader`).
_SOURCE = re.compile(r"(?P<name>\w+)\.pyc?", re.ASCII)


class Importable(NamedTuple):
    """What a wheel's paths amount to, sorted: `names` it provides, `namespaces` above them that it only shares."""

    names: tuple[ImportName, ...]
    namespaces: tuple[ImportName, ...]


def is_safe(path: str) -> bool:
    """Tell whether an installer could write this path of a wheel: relative, with `/`, and staying inside."""
    return "\\" not in path and "\0" not in path and not path.startswith("/") and ".." not in path.split("/")


def below_site_packages(paths: Iterable[str]) -> Iterator[Parts]:
    """Yield the paths that land in site-packages, as parts.

    The binary distribution format: the wheel's root does, and of `….data` only `purelib` and `platlib`.
    """
    for path in paths:
        parts = tuple(path.split("/"))
        if not parts[0].endswith(".data"):
            yield parts
        elif parts[1:2] in {("purelib",), ("platlib",)}:
            yield parts[2:]


def importable(
    paths: Iterable[Parts],
    project: ProjectName,
    *,
    legacy_namespaces: frozenset[Parts] = frozenset(),
    search_folders: Iterable[Parts] = (),
) -> Importable:
    """Return the import names that files at `paths` (below site-packages) provide.

    A name is the shortest one that the project has to itself: a top-level package or module, or below namespaces
    (folders without `__init__`, and `legacy_namespaces`, whose `__init__` only shares) the first package or
    module. A namespace that is called like the project counts as its own. Not names: what no `import` could spell,
    double-underscored modules, files that no loader takes, and untagged `lib….so`, which are shared libraries.
    Nothing else is filtered: `tests`, `docs` and `setup` stay where a wheel ships them.
    `search_folders` are put on the path by a `.pth` file, so that what lies in them is top-level too.
    """
    paths = list(paths)
    names: set[Parts] = set()
    for folder in {(), *search_folders}:
        below = (path[len(folder) :] for path in paths if path[: len(folder)] == folder)
        names |= _names(below, project, legacy_namespaces if not folder else frozenset())
    above = {name[:length] for name in names for length in range(1, len(name))}
    return Importable(*(tuple(sorted(ImportName(".".join(name)) for name in found)) for found in (names, above)))


def packages(paths: Iterable[Parts]) -> frozenset[Parts]:
    """Return the folders that have an `__init__`."""
    return frozenset(path[:-1] for path in paths if len(path) > 1 and _module(path[-1]) == "__init__")


def _names(paths: Iterable[Parts], project: ProjectName, legacy_namespaces: frozenset[Parts]) -> set[Parts]:
    modules: set[Parts] = set()
    for path in paths:
        module = _module(path[-1]) if path else None
        if module == "__init__":
            modules.add(path[:-1])
        elif module is not None and not module.startswith("__"):
            modules.add((*path[:-1], module))
    modules -= legacy_namespaces
    modules.discard(())
    shortest = {_first_own(module, modules, project) for module in modules}
    return {name for name in shortest if is_import_name(".".join(name))}


def _first_own(module: Parts, modules: set[Parts], project: ProjectName) -> Parts:
    for length in range(1, len(module)):
        prefix = module[:length]
        if prefix in modules or _is_called(prefix, project):
            return prefix
    return module


def _is_called(prefix: Parts, project: ProjectName) -> bool:
    try:
        return project_name(".".join(prefix)) == project
    except BadProjectNameError:
        return False


def _module(filename: str) -> str | None:
    if source := _SOURCE.fullmatch(filename):
        return source["name"]
    extension = _EXTENSION.fullmatch(filename)
    if extension is None or (extension["tag"] is None and filename.startswith("lib") and filename.endswith(".so")):
        return None
    return extension["name"]
