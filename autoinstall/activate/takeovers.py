"""What a staged install would take over though it stands in nobody's place: modules, their caches, kernels."""

import importlib.machinery
import os
import posixpath
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from autoinstall.activate.objections import Hazard, Objection, object_to
from autoinstall.activate.places import names_in
from autoinstall.activate.replacement import Leaving
from autoinstall.activate.staged import Place, Staged, StagedFile, is_compiled, source_of
from autoinstall.names import ProjectName
from autoinstall.platforms import jupyter_data_folders

_KERNELS = ("share", "jupyter", "kernels")
_PYTHON_S_KERNEL = "python3"
"""Whose this is the reviewed rules say; a kernel of this name is all over most machines."""


def hidden(
    staged: Staged,
    owners: Mapping[str, ProjectName | None],
    going: Leaving,
    owner_of: Callable[[Path], str | None],
) -> Iterator[Objection]:
    """Yield where one of two would be found before the other: a package, an extension, a module, a namespace."""
    present: dict[str, dict[str, list[str]]] = {}
    for key, file in staged.files.items():
        if file.place is not Place.SITE:
            continue
        path, what = os.path.split(file.target)
        module = _module(what)
        if module == "__init__":
            path, what = os.path.split(path)
            module = what
        if module is None:
            continue
        if path not in present:
            present[path] = _names_by_module(Path(path))
        for other in present[path].get(module, ()):
            there = Path(path, other)
            if other != what and _can_be_imported(there, going):
                of = owner_of(there) or owner_of(there / "__init__.py")
                beside = f"would stand beside {other}" + (f" of {of}" if of else "") + ", and one hide the other"
                yield object_to(Hazard.OVERWRITES, owners.get(key), key, beside)


def foreign_caches(staged: Staged, owners: Mapping[str, ProjectName | None], going: Leaving) -> Iterator[Objection]:
    """Yield each compiled cache without its source, unless it is forgotten in a package that is all the wheel's own.

    Python need not compare a cache with its source (PEP 552), so it would be run instead of another's module, now or
    once that module comes.
    """
    for key, file in staged.files.items():
        source = source_of(key)
        if file.place is Place.SITE and source is not None and source not in staged.files:
            init = staged.files.get(posixpath.join(posixpath.dirname(source), "__init__.py"))
            if init is None or not is_free(init, going):
                yield object_to(Hazard.CACHE, owners.get(key), key, "is a compiled module whose source does not come")


def kernels(staged: Staged, owners: Mapping[str, ProjectName | None], going: Leaving) -> Iterator[Objection]:
    """Yield each file of a kernel that is there by another's hand, wherever Jupyter looks for kernels.

    Which of two comes first is for the machine's configuration to say, and Jupyter does not tell cases apart.
    """
    there: dict[str, Path] | None = None
    for key, file in staged.files.items():
        *folders, kernel = file.inside.casefold().split("/")[:4]
        if file.place is not Place.DATA or tuple(folders) != _KERNELS or kernel == _PYTHON_S_KERNEL:
            continue
        there = _kernels_there(staged) if there is None else there
        if (path := there.get(kernel)) is not None and not going.frees(path / "kernel.json"):
            what = f"belongs to a kernel of the name that {path} has already"
            yield object_to(Hazard.PLACE, owners.get(key), key, what)


def is_free(file: StagedFile, going: Leaving) -> bool:
    """Tell whether nothing stands in a file's place that will stay."""
    return not os.path.lexists(file.target) or going.frees(file.target)


def brings_its_source(file: StagedFile, staged: Staged, going: Leaving) -> bool:
    """Tell whether a compiled cache comes together with its source, and so is that source's; true of other files."""
    if not is_compiled(file.key):
        return True
    source = staged.files.get(source_of(file.key) or "")
    return source is not None and is_free(source, going)


def _names_by_module(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names_in(folder):
        module = name if name.isidentifier() else _module(name)  # a folder, or a file
        if module is not None:
            found.setdefault(module, []).append(name)
    return found


def _module(name: str) -> str | None:
    """Return the module that a file of this name is, `None` for what is none."""
    stem, _, ending = name.partition(".")
    is_module = ending in ("py", "pyc") or f".{ending}".endswith((".so", ".pyd"))
    return stem if is_module and stem.isidentifier() else None


def _can_be_imported(path: Path, going: Leaving) -> bool:
    """Tell whether anything of this file or folder, a namespace too, can be imported once all has gone that goes."""
    if not path.is_dir():
        return not going.frees(path)
    suffixes = tuple(importlib.machinery.all_suffixes())
    return any(below.name.endswith(suffixes) and not going.frees(below) for below in path.rglob("*"))


def _kernels_there(staged: Staged) -> dict[str, Path]:
    home = os.path.expanduser("~")  # noqa: PTH111 - `Path.home` raises where there is none
    folders = jupyter_data_folders(str(staged.final.data), os.environ, home)
    found: dict[str, Path] = {}
    for path in (Path(folder, "kernels") for folder in folders):
        for name in names_in(path):
            found.setdefault(name.casefold(), path / name)
    return found
