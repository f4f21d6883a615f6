"""What this process can import: made to see what was just installed, and asked where a name would come from."""

import importlib
import os
import pkgutil
import site
import sys
from pathlib import Path
from types import ModuleType

from autoinstall.activate.places import real, resolved
from autoinstall.advice.presence import Kind, look_for
from autoinstall.environment import Environment
from autoinstall.names import ImportName
from autoinstall.past.transaction import Transaction
from autoinstall.plan import Obstacle, Refusal
from autoinstall.text import printable


def look_anew() -> None:
    """Have the next look at the path be a real one: finders and `importlib.metadata` forget what they knew.

    They tell by a folder's time whether it has changed, which ticks too slowly for what another process has just
    brought.
    """
    importlib.invalidate_caches()
    for name in ("importlib.metadata", "importlib_metadata"):
        finder = getattr(sys.modules.get(name), "MetadataPathFinder", None)
        if finder is not None:
            finder().invalidate_caches()  # up to 3.12 no class method, and nobody calls it


def refresh(transaction: Transaction, environment: Environment) -> None:
    """Make this process see what a transaction added, as if it had been started just now.

    Finders and the caches of `importlib.metadata` forget what they knew; new `.pth` files take effect, and only
    those; namespaces that are imported already get their new parts; `pkg_resources`, where it is loaded, learns of
    the distributions. Imports nothing that is not imported already, but what a reviewed `.pth` file imports.
    """
    look_anew()
    base = real(environment.purelib)
    for file in transaction.files:
        if not file.path.endswith(".pth"):
            continue
        path = resolved(file.path, base)
        if path.parent in (base, real(environment.platlib)):
            site.addpackage(str(path.parent), path.name, None)
    _extend_namespaces(transaction)
    _tell_pkg_resources(environment, transaction)


def verify(name: ImportName, transaction: Transaction, environment: Environment) -> Refusal | None:
    """Refuse where an import name is not found now, or found elsewhere than in what a transaction added.

    Imports nothing, not even parents; call `refresh` first. Where a module, or a package that has an `__init__`, came
    with the transaction, parts of it may be made while it is imported (`six.moves`): these are taken on trust.
    """
    found = look_for(name)
    base = real(environment.purelib)
    added = {
        os.path.normcase(os.path.normpath(os.path.join(base, file.path)))  # noqa: PTH118 - there may be thousands
        for file in transaction.files
    }
    if found.origin is not None:
        is_ours = os.path.normcase(os.path.realpath(found.origin)) in added
    else:
        below = [os.path.normcase(real(Path(entry)).joinpath(*name.split("."))) + os.sep for entry in sys.path]
        is_ours = any(path.startswith(folder) for folder in below for path in added)
    is_made_while_importing = found.kind in (Kind.MODULE, Kind.PACKAGE)
    if is_ours and (found.is_whole or is_made_while_importing):
        return None
    projects = ", ".join(str(each.project) for each in transaction.distributions)
    if found.is_whole and found.origin is not None:
        sentence = f"{name} would still come from {printable(found.origin)}, not from {projects}: taken out again"
    else:
        sentence = f"{projects} was installed, but does not provide {name}: taken out again"
    return Refusal(Obstacle.NOT_PROVIDED, sentence)


def _extend_namespaces(transaction: Transaction) -> None:
    # Namespaces without an `__init__` (PEP 420) look again by themselves. Those that extend their path by a line of
    # code did so while they were imported.
    tops = {file.path.partition("/")[0] for file in transaction.files}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in tops and _is_pkgutil_namespace(module):
            module.__path__ = pkgutil.extend_path(module.__path__, name)


def _is_pkgutil_namespace(module: ModuleType) -> bool:
    if not isinstance(getattr(module, "__path__", None), list):
        return False
    loader = getattr(getattr(module, "__spec__", None), "loader", None)
    try:
        code = loader.get_code(module.__name__) if loader is not None else None
    except (AttributeError, ImportError, OSError):
        return False
    return code is not None and "extend_path" in code.co_names


def _tell_pkg_resources(environment: Environment, transaction: Transaction) -> None:
    loaded = sys.modules.get("pkg_resources")
    working_set = getattr(loaded, "working_set", None)
    if loaded is None or working_set is None:
        return
    projects = {each.project for each in transaction.distributions}
    for folder in dict.fromkeys((str(environment.purelib), str(environment.platlib))):
        for distribution in loaded.find_distributions(folder):
            if distribution.key in projects:
                working_set.add(distribution, folder, insert=False)
        loaded.fixup_namespace_packages(folder)
