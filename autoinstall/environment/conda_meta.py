"""What conda has put into an environment: the records in its `conda-meta`, one JSON file for each package."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autoinstall.errors import BadCondaNameError
from autoinstall.names import CondaName, conda_name

_ENDING = ".json"
_FILE_ENDINGS = (".conda", ".tar.bz2")


@dataclass(frozen=True, slots=True)
class Linked:
    """One package that conda has linked into an environment: exactly which, by name, version and build."""

    name: CondaName
    version: str
    build: str

    @property
    def spec(self) -> str:
        """What matches exactly this (conda's match specification)."""
        return f"{self.name}=={self.version}={self.build}"

    @property
    def stem(self) -> str:
        """What its record and its file in a channel are called, without their endings."""
        return f"{self.name}-{self.version}-{self.build}"


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """One file of a package: its path from the prefix, with `/`; hash and size where the record has them."""

    path: str
    sha256: str
    size: int


def from_file_name(name: str) -> Linked | None:
    """Return which package a channel's file is, `None` where it is none."""
    stem = next((name.removesuffix(ending) for ending in _FILE_ENDINGS if name.endswith(ending)), "")
    return _from_stem(stem)


def linked(prefix: Path) -> Mapping[CondaName, Linked]:
    """Return what conda has linked into an environment; nothing where that is no conda environment.

    Reads names only: they say it all, and the records of a large environment take a second to read.
    """
    return {one.name: one for path in _records(prefix) if (one := _from_stem(path.name.removesuffix(_ENDING)))}


def files_of(prefix: Path, one: Linked) -> tuple[LinkedFile, ...]:
    """Return a package's files, those made while linking it too; none where its record cannot be read."""
    record = _read(prefix / "conda-meta" / f"{one.stem}{_ENDING}")
    details = {str(path.get("_path")): path for path in _listed(_mapping(record.get("paths_data")).get("paths"))}
    found = []
    files = record.get("files")
    for path in files if isinstance(files, list) else ():
        detail = details.get(str(path), {})
        sha256 = detail.get("sha256_in_prefix") or detail.get("sha256") or ""
        size = detail.get("size_in_bytes")
        found.append(LinkedFile(str(path), str(sha256), size if isinstance(size, int) else 0))
    return tuple(found)


def owners(prefix: Path) -> dict[str, str]:
    """Return every file that conda has put into an environment (absolute, normcased), with its package's name.

    Reads every record: a second for a large environment.
    """
    found: dict[str, str] = {}
    start = os.path.realpath(prefix)
    for one in linked(prefix).values():
        for file in files_of(prefix, one):
            where = os.path.normpath(os.path.join(start, file.path))  # noqa: PTH118 - there are 100 000 of them
            found.setdefault(os.path.normcase(where), f"{one.name} {one.version}, which conda installed")
    return found


def _from_stem(stem: str) -> Linked | None:
    # Neither a version nor a build holds a `-`.
    rest, _, build = stem.rpartition("-")
    name, _, version = rest.rpartition("-")
    try:
        return Linked(conda_name(name), version, build) if version and build else None
    except BadCondaNameError:
        return None


def _records(prefix: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in (prefix / "conda-meta").iterdir() if path.name.endswith(_ENDING))
    except OSError:
        return


def _read(path: Path) -> Mapping[str, object]:
    try:
        return _mapping(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return {}


def _mapping(raw: object) -> Mapping[str, object]:
    return raw if isinstance(raw, dict) else {}


def _listed(raw: object) -> list[Mapping[str, object]]:
    return [each for each in raw if isinstance(each, dict)] if isinstance(raw, list) else []
