"""What an opened wheel says about its import names: by its author's word, by its RECORD, or by `top_level.txt`."""

import csv
import io
import zipfile
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from packaging.metadata import parse_email

from autoinstall.errors import BadProjectNameError
from autoinstall.names import ImportName, ProjectName, is_import_name, project_name
from data.observer.errors import RefusedError
from data.observer.importable import Importable, Parts, below_site_packages, importable, is_safe, packages

LONGEST_METADATA = 4_000_000
"""In bytes, as of every text file of a wheel's `.dist-info` but RECORD."""

LONGEST_RECORD = 64_000_000
"""In bytes, decompressed: half a million files."""

MOST_NAMES = 2_000
"""Of one project: more are not a distribution of modules but an accident."""

_LONGEST_SHARING_INIT = 2_000  # bytes; a legacy namespace's `__init__.py` is one statement and its excuse
_MOST_SHARING_INITS = 5
_SHARING = (b"extend_path", b"declare_namespace")


class Source(StrEnum):
    """Where names come from."""

    DECLARED = "Import-Name"
    RECORD = "RECORD"
    TOP_LEVEL = "top_level.txt"


class Names(NamedTuple):
    """The names that a wheel provides, the namespaces that it shares, and which file said so."""

    names: tuple[ImportName, ...]
    namespaces: tuple[ImportName, ...]
    source: Source


def declared(metadata: bytes) -> Names | None:
    """Return what the author declares by `Import-Name` and `Import-Namespace` (PEP 794), or `None` where nothing.

    Names marked `private` are left out: nobody outside is meant to import them. An empty `Import-Name` says that
    there is nothing to import.
    """
    raw, _ = parse_email(metadata)
    if "import_names" not in raw and "import_namespaces" not in raw:
        return None
    return Names(_public(raw.get("import_names", [])), _public(raw.get("import_namespaces", [])), Source.DECLARED)


def read_names(archive: zipfile.ZipFile, project: ProjectName, *, metadata_was_read: bool) -> Names:
    """Return the import names of an opened wheel.

    `metadata_was_read`: its METADATA was had from the index already and declares nothing. RECORD decides which
    files there are; `top_level.txt` stands in where a wheel has no RECORD. Raises `RefusedError` for a wheel that
    no installer would take, and what `zipfile` raises for a damaged one.
    """
    dist_info = _dist_info(archive, project)
    if not metadata_was_read and (stated := declared(_read(archive, f"{dist_info}/METADATA", LONGEST_METADATA))):
        return stated
    files = {entry.filename for entry in archive.infolist() if not entry.is_dir()}
    if f"{dist_info}/RECORD" in files:
        paths = _recorded(_read(archive, f"{dist_info}/RECORD", LONGEST_RECORD)) & files
        found, source = (
            _from_paths(archive, list(below_site_packages(sorted(paths))), project, dist_info),
            Source.RECORD,
        )
    elif f"{dist_info}/top_level.txt" in files:
        lines = _read(archive, f"{dist_info}/top_level.txt", LONGEST_METADATA).decode().split()
        found, source = Importable(_public(lines), ()), Source.TOP_LEVEL
    else:
        raise RefusedError("the wheel has neither RECORD nor top_level.txt")
    if len(found.names) > MOST_NAMES:
        raise RefusedError(f"the wheel provides {len(found.names)} import names, which is more than {MOST_NAMES}")
    return Names(found.names, found.namespaces, source)


def _from_paths(archive: zipfile.ZipFile, paths: list[Parts], project: ProjectName, dist_info: str) -> Importable:
    return importable(
        paths,
        project,
        legacy_namespaces=_legacy_namespaces(archive, paths, project, dist_info),
        search_folders=_search_folders(archive, paths),
    )


def _legacy_namespaces(
    archive: zipfile.ZipFile, paths: list[Parts], project: ProjectName, dist_info: str
) -> frozenset[Parts]:
    """Find the packages whose `__init__` only shares their name with other projects, as before PEP 420.

    setuptools lists those it knows in `namespace_packages.txt`. Otherwise the `__init__.py` has to be read, which
    is a request for each; so only where the project is called `root-…`, and is short enough to be nothing else.
    """
    listed = f"{dist_info}/namespace_packages.txt"
    known = set()
    if listed in archive.namelist():
        lines = _read(archive, listed, LONGEST_METADATA).decode().split()
        known = {tuple(line.split(".")) for line in lines if is_import_name(line)}
    suspects = [
        package
        for package in sorted(packages(paths) - known, key=len)
        if project.startswith("-".join(package).lower().replace("_", "-") + "-")
    ]
    for package in suspects[:_MOST_SHARING_INITS]:
        if package[:-1] and package[:-1] not in known and package[:-1] in packages(paths):
            continue
        init = _member(archive, (*package, "__init__.py"))
        if init is not None and 0 < init.file_size <= _LONGEST_SHARING_INIT:
            text = _read(archive, init.filename, _LONGEST_SHARING_INIT)
            if any(word in text for word in _SHARING):
                known.add(package)
    return frozenset(known)


def _search_folders(archive: zipfile.ZipFile, paths: Iterable[Parts]) -> list[Parts]:
    """Return the folders that top-level `.pth` files put on the path (the `site` module's format)."""
    folders: list[Parts] = []
    for path in paths:
        if len(path) == 1 and path[0].endswith(".pth") and (member := _member(archive, path)) is not None:
            for line in _read(archive, member.filename, LONGEST_METADATA).decode("utf-8", "replace").splitlines():
                folder = tuple(part for part in line.strip().replace("\\", "/").split("/") if part not in {"", "."})
                if folder and ".." not in folder and not line.startswith(("import ", "import\t", "#", "/")):
                    folders.append(folder)
    return folders


def _member(archive: zipfile.ZipFile, parts: Parts) -> zipfile.ZipInfo | None:
    """Find what lands at `parts` below site-packages, whichever tree of the wheel holds it."""
    return next((entry for entry in archive.infolist() if parts in below_site_packages([entry.filename])), None)


def _dist_info(archive: zipfile.ZipFile, project: ProjectName) -> str:
    """Return the wheel's one `.dist-info` folder, which has to be the project's (binary distribution format)."""
    folders = {name.partition("/")[0] for name in archive.namelist() if name.partition("/")[0].endswith(".dist-info")}
    own = [folder for folder in folders if _is_of(folder, project)]
    if len(folders) != 1 or len(own) != 1:
        raise RefusedError(f"the wheel has {len(folders)} .dist-info folders, {len(own)} of them the project's")
    return own[0]


def _is_of(dist_info: str, project: ProjectName) -> bool:
    try:
        return project_name(dist_info.partition("-")[0]) == project
    except BadProjectNameError:
        return False


def _recorded(record: bytes) -> set[str]:
    try:
        paths = {row[0] for row in csv.reader(io.StringIO(record.decode()), strict=True) if row}
    except csv.Error as error:
        raise RefusedError("the wheel's RECORD is not of the CSV that it should be") from error
    if unsafe := sorted(path for path in paths if not is_safe(path)):
        raise RefusedError(f"the wheel's RECORD leads outside: {unsafe[0]}")
    return paths


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    # What the directory says of the size may be a lie: read one byte more than is allowed, never all.
    with archive.open(name) as member:
        content = member.read(most + 1)
    if len(content) > most:
        raise RefusedError(f"{name} is longer than {most} bytes")
    return content


def _public(lines: Iterable[str]) -> tuple[ImportName, ...]:
    """Keep what can be imported and is not marked private (`name ; private`, PEP 794)."""
    found = set()
    for line in lines:
        name, _, mark = (part.strip() for part in line.partition(";"))
        if is_import_name(name) and mark.lower() != "private":
            found.add(ImportName(name))
    return tuple(sorted(found))
