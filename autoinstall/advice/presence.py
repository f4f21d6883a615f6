"""What can be imported now and who put it there, asked of the path alone: nothing is imported, parents neither."""

import contextlib
import importlib.metadata
import os
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.machinery import BuiltinImporter, FileFinder, FrozenImporter, ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeAlias

from autoinstall.names import ImportName, ProjectName, prefixes, project_name, root
from autoinstall.visible import is_folder

# How a package says, inside its `__init__.py`, that other distributions put modules into it: the two ways that were
# common before namespace packages (PEP 420), `pkgutil.extend_path` and setuptools' `declare_namespace`.
_LEGACY_NAMESPACE = re.compile(rb"extend_path|declare_namespace")
_BYTES_READ_OF_INIT = 4096


class Kind(StrEnum):
    """What stands at the end of the part of a name that was found."""

    MODULE = "module"
    PACKAGE = "package"
    NAMESPACE = "namespace"


@dataclass(frozen=True, slots=True)
class Presence:
    """How far an import name leads: `found` is its longest prefix that is there, `None` where not even the root is.

    `kind` tells what `found` is, `origin` its file where it has one, `submodules` the names one level below it
    (filled only where `found` falls short of `name`, for those who look for what was meant).
    """

    name: ImportName
    found: ImportName | None = None
    kind: Kind | None = None
    origin: str | None = None
    submodules: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all of the name is there."""
        return self.found == self.name


@dataclass(frozen=True, slots=True)
class Owner:
    """The installed distribution that brought a module, by its project's name."""

    project: ProjectName
    version: str


class _Finder(Protocol):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = ..., /
    ) -> ModuleSpec | None: ...


def look_for(name: ImportName, path: Sequence[str] | None = None, listed: frozenset[str] | None = None) -> Presence:
    """Follow `name` along `path` (`sys.path` where it is `None`) as far as it leads.

    `listed` is what `beginnings_on` has said of the path: with it, thousands of names cost half the time.
    Modules that are loaded, built in or frozen are there, but not one whose file was removed since it was loaded: it
    works until a restart, and is missing then. Finders that others have put on `sys.meta_path` (editable
    installs, setuptools' `distutils`) are asked as an import would ask them; autoinstall's own is not.
    """
    if (module := _loaded(name)) is not None:
        return Presence(name, found=name, origin=_file_of(module))
    found: Presence = Presence(name)
    search: Sequence[str] = sys.path if path is None else path
    for prefix in reversed(prefixes(name)):
        module = _loaded(prefix)
        is_listed = listed is None or found.found is not None or prefix.lower() in listed
        spec = _find(prefix, search if is_listed else ())
        if spec is None and module is None:
            break
        locations = _locations(prefix, module, spec, search)
        found = Presence(name, prefix, _kind(spec, locations), spec.origin if spec else None)
        if locations is None:
            search = ()
            break
        search = locations
    if found.found is None or found.is_whole or not search:
        return found
    if found.kind is Kind.PACKAGE and _is_legacy_namespace(found.origin):
        return Presence(name, found.found, Kind.NAMESPACE, found.origin)
    below = tuple(sorted({module.name for module in pkgutil.iter_modules(list(search))}))
    return Presence(name, found.found, found.kind, found.origin, below)


def _loaded(name: ImportName) -> ModuleType | None:
    module = sys.modules.get(name)
    if not isinstance(module, ModuleType):
        return None
    # What lies in an archive has no file of its own either: the path leads to it all the same.
    file = _file_of(module)
    return module if file is None or os.path.lexists(file) else None


def _file_of(module: ModuleType) -> str | None:
    spec = getattr(module, "__spec__", None)
    return spec.origin if isinstance(spec, ModuleSpec) and spec.has_location else None


def _find(fullname: str, path: Sequence[str]) -> ModuleSpec | None:
    if fullname == root(ImportName(fullname)):
        if (spec := BuiltinImporter.find_spec(fullname) or FrozenImporter.find_spec(fullname)) is not None:
            return spec
        asked_path = None
    else:
        asked_path = path
    for finder in _foreign_finders():
        try:
            spec = finder.find_spec(fullname, asked_path)
        except Exception:  # noqa: BLE001, S112 - a stranger's finder may do anything; its trouble is not the question
            continue
        if spec is not None:
            return spec
    return find_on(fullname, path)


def find_on(fullname: str, path: Sequence[str]) -> ModuleSpec | None:
    """Return where `path` leads for a name, as `PathFinder` would, whether or not its parent is loaded."""
    # Not `PathFinder.find_spec`: for a namespace inside a package that is not loaded it looks up the parent in
    # `sys.modules` and raises KeyError (CPython 3.11 to 3.13).
    portions: list[str] = []
    for entry in path:
        finder = pkgutil.get_importer(entry or working_folder())
        if finder is None:
            continue
        spec = finder.find_spec(fullname)
        if spec is None:
            continue
        if spec.loader is not None:
            return spec
        portions.extend(spec.submodule_search_locations or ())
    if not portions:
        return None
    namespace = ModuleSpec(fullname, None, is_package=True)
    namespace.submodule_search_locations = portions
    return namespace


def working_folder() -> str:
    """Return what an empty entry of the path stands for; never `.`, whose finder would stay with today's folder."""
    try:
        return os.getcwd()  # noqa: PTH109 - a text is wanted, and `Path.cwd` makes one of it and back
    except FileNotFoundError:  # somebody removed it
        return ""


def _foreign_finders() -> Iterator[_Finder]:
    for finder in sys.meta_path:
        if finder in (BuiltinImporter, FrozenImporter, PathFinder) or not hasattr(finder, "find_spec"):
            continue
        kind = finder if isinstance(finder, type) else type(finder)
        if kind.__module__.partition(".")[0] != __name__.partition(".")[0]:
            yield finder


def _locations(
    prefix: ImportName, module: ModuleType | None, spec: ModuleSpec | None, path: Sequence[str]
) -> list[str] | None:
    """Return where the modules below `prefix` are looked for; `None` where it is no package."""
    loaded = getattr(module, "__path__", None)
    if loaded is not None:
        return list(loaded)
    if spec is None or spec.submodule_search_locations is None:
        return None
    locations = list(spec.submodule_search_locations)
    if _is_legacy_namespace(spec.origin):
        tail = prefix.rpartition(".")[2]
        locations += [str(folder) for entry in path if is_folder(folder := Path(entry, tail))]
    return list(dict.fromkeys(locations))


def _kind(spec: ModuleSpec | None, locations: list[str] | None) -> Kind:
    if locations is None:
        return Kind.MODULE
    return Kind.NAMESPACE if spec is not None and spec.loader is None else Kind.PACKAGE


def _is_legacy_namespace(origin: str | None) -> bool:
    if origin is None or not origin.endswith("__init__.py"):
        return False
    try:
        with Path(origin).open("rb") as source:
            return _LEGACY_NAMESPACE.search(source.read(_BYTES_READ_OF_INIT)) is not None
    except OSError:
        return False


def beginnings_on(path: Sequence[str] | None = None) -> frozenset[str] | None:
    """Return what the names of all that lies on `path` begin with, up to the first dot, in lower case.

    A top-level name that is not among them leads nowhere. `None` where the path holds more than folders.
    """
    beginnings: set[str] = set()
    for entry in sys.path if path is None else path:
        finder = pkgutil.get_importer(entry or working_folder())
        if finder is None:
            continue
        if not isinstance(finder, FileFinder):
            return None
        with contextlib.suppress(OSError):  # A folder that cannot be read holds nothing for an import either.
            beginnings.update(each.name.partition(".")[0].lower() for each in Path(finder.path).iterdir())
    return frozenset(beginnings)


def importable_roots(path: Iterable[str] | None = None) -> frozenset[str]:
    """Return the top-level names of modules and regular packages on `path`, the standard library's among them."""
    return frozenset(module.name for module in pkgutil.iter_modules(None if path is None else list(path)))


NamedDistributions: TypeAlias = Sequence[tuple[importlib.metadata.Distribution, str]]


def named_distributions(path: Sequence[str] | None = None) -> NamedDistributions:
    """Return the distributions on `path` with their names as written. Reads one file each: 40 ms in a kernel's."""
    found = importlib.metadata.distributions(path=list(sys.path if path is None else path))
    named = ((distribution, distribution.metadata["Name"]) for distribution in found)
    return tuple((distribution, name) for distribution, name in named if name)


def owner_of(name: ImportName, among: NamedDistributions) -> Owner | None:
    """Return the installed distribution that brought the root of `name`, or `None` where no metadata tells.

    Distributions of the root's own name are looked at first; the rest costs one small file read each.
    """
    top = root(name)
    expected = project_name(top.strip("_") or "_0")
    for distribution, written in sorted(among, key=lambda pair: project_name(pair[1]) != expected):
        if _brings(distribution, top):
            return Owner(project_name(written), distribution.version)
    return None


def _brings(distribution: importlib.metadata.Distribution, top: str) -> bool:
    listed = distribution.read_text("top_level.txt")
    if listed and top in listed.split():
        return True
    record = distribution.read_text("RECORD") or ""
    return re.search(rf"^{re.escape(top)}(/|\.[^/]*(py|so|pyd),)", record, re.MULTILINE) is not None
