"""What a staged install would put in the place of something that is there."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from autoinstall.activate.objections import Hazard, Objection, object_to
from autoinstall.activate.places import names_in
from autoinstall.activate.staged import Staged, StagedFile, digest, is_compiled
from autoinstall.names import ProjectName


def collisions(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    """Yield an objection for each file whose place is taken, by a different content or by something else.

    A file that is there already with the same content stays as it is and is shared (older namespaces have the same
    `__init__.py` in every distribution); a compiled cache gives way to the one that is there.
    """
    inside = _Inside(staged)
    for path, file in staged.files.items():
        if not inside.holds(file.target):
            what = "would leave the environment through a link, or needs a folder where there is a file"
            yield object_to(Hazard.LEAVES, owners.get(path), path, what)
        elif os.path.lexists(file.target) and not is_compiled(PurePosixPath(path)) and not is_same(file):
            of = owner_of(file.target, staged.final.sites)
            what = "would overwrite " + (f"a file of {of}" if of else "a file that is there and nobody's")
            yield object_to(Hazard.OVERWRITES, owners.get(path), path, what)
    yield from _hidden(staged, owners)


def is_same(file: StagedFile) -> bool:
    """Tell whether the place holds a regular file of the same content."""
    try:
        there = file.target.lstat()
        return (
            file.is_regular
            and not file.target.is_symlink()
            and file.target.is_file()
            and there.st_size == file.size
            and digest(file.target, "sha256").hex() == file.sha256
        )
    except OSError:
        return False


def owner_of(path: Path, sites: tuple[Path, ...]) -> str | None:
    """Return the name and version of the installed distribution whose RECORD lists this file."""
    return owned(sites).get(os.path.normcase(path))


def owned(sites: tuple[Path, ...], but: Collection[str] = ()) -> dict[str, str]:
    """Return every file that an installed distribution's RECORD lists (normcased), with that distribution's name.

    `but` are projects whose files are not asked for.
    """
    from importlib.metadata import distributions  # noqa: PLC0415 - 20 ms, and only a collision needs it

    found: dict[str, str] = {}
    for distribution in distributions(path=[str(site) for site in sites]):
        if canonicalize_name(distribution.name or "") in but:
            continue
        for listed in distribution.files or ():
            where = os.path.normcase(os.path.normpath(str(distribution.locate_file(listed))))
            found.setdefault(where, f"{distribution.name} {distribution.version}")
    return found


class _Inside:
    """Tells whether paths stay within the environment, links in it followed; each folder is looked at once."""

    def __init__(self, staged: Staged) -> None:
        final = staged.final
        self._places = (*final.sites, final.scripts, final.data)
        self._known: dict[Path, bool] = {}

    def holds(self, target: Path) -> bool:
        folder = target.parent
        if folder not in self._known:
            self._known[folder] = self._look(folder)
        return self._known[folder]

    def _look(self, folder: Path) -> bool:
        nearest = folder
        while not os.path.lexists(nearest) and nearest != nearest.parent:
            nearest = nearest.parent
        where = Path(os.path.realpath(nearest))
        if not where.is_dir():
            return False
        # The second: a place that does not exist yet, such as the first command's folder.
        return any(
            where.is_relative_to(place) or (where == nearest and place.is_relative_to(where))
            for place in self._places
        )


def _hidden(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    """Yield where a package would be found before a module of the same name in the same folder, or the reverse."""
    for site in staged.final.sites:
        there: dict[str, set[str]] = {}
        for name in names_in(site):
            if (importable := _importable(site / name)) is not None:
                there.setdefault(importable, set()).add(name)
        for path, file in staged.files.items():
            if not file.target.is_relative_to(site):
                continue
            inside = file.target.relative_to(site).parts
            top = inside[0] if len(inside) == 1 or inside[1:] == ("__init__.py",) else None
            module = None if top is None else _module(top, is_package=len(inside) > 1)
            for other in sorted(there.get(module or "", set()) - {inside[0]}):
                of = owner_of(site / other, (site,)) or owner_of(site / other / "__init__.py", (site,))
                what = f"would stand beside {other}" + (f" of {of}" if of else "") + ", and one hide the other"
                yield object_to(Hazard.OVERWRITES, owners.get(path), path, what)


def _importable(path: Path) -> str | None:
    if path.is_dir():
        return _module(path.name, is_package=True) if (path / "__init__.py").exists() else None
    return _module(path.name, is_package=False)


def _module(name: str, *, is_package: bool) -> str | None:
    """Return the module that a file or folder is, `None` for what is none."""
    if is_package:
        return name if name.isidentifier() else None
    stem, _, ending = name.partition(".")
    is_module = ending in ("py", "pyc") or f".{ending}".endswith((".so", ".pyd"))
    return stem if is_module and stem.isidentifier() else None
