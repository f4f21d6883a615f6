"""What an installer has put into a staging folder, read as plain data: files, distributions, and their RECORDs."""

import csv
import hashlib
import io
import os
import posixpath
import stat
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.parser import HeaderParser
from enum import Enum, auto
from pathlib import Path

from autoinstall.activate.places import Places, final_places, real, relative, staged_places
from autoinstall.environment import Environment

RECORD_HASHES = ("sha256", "sha384", "sha512")
"""What the recording specification allows: sha256 or better."""

_SIGNATURES = ("RECORD.jws", "RECORD.p7s")
"""Beside RECORD itself these cannot be in it with a hash (binary distribution format, signed wheels)."""

_OF_THE_TOOL = ("direct_url.json", "uv_build.json", "uv_cache.json")
"""What a tool leaves in `.dist-info` about the file that it was given; the plan came from an index, by name."""


class Place(Enum):
    """What kind of folder a file is meant for."""

    SITE = auto()
    SCRIPTS = auto()
    DATA = auto()
    OUTSIDE = auto()


# Paths here are texts, with `/` where they start from a folder: a large project has ten thousand files, and
# `pathlib` would take longer over them than the disk.
@dataclass(frozen=True, slots=True)
class StagedFile:
    """One file or link of the staged tree.

    `key` is its path from the staging folder, `inside` that from its place's folder; `target` is where it belongs.
    `sha256` is in hex, and empty for what is no regular file.
    """

    key: str
    path: str
    size: int
    is_regular: bool
    place: Place
    inside: str
    target: str
    sha256: str

    def matches(self, recorded: str) -> bool:
        """Tell whether the content is what a RECORD says of it."""
        algorithm, _, expected = recorded.partition("=")
        if algorithm not in RECORD_HASHES:
            return False
        found = bytes.fromhex(self.sha256) if algorithm == "sha256" else digest(self.path, algorithm)
        return urlsafe_b64encode(found).rstrip(b"=").decode() == expected.rstrip("=")


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One line of RECORD: the path as written, `sha256=…` as written or empty, the size.

    `key` is the path from the staging folder, `None` where it leads out of it or is written to deceive.
    """

    path: str
    digest: str
    size: str
    key: str | None


@dataclass(frozen=True, slots=True)
class StagedDistribution:
    """One `.dist-info` of the staged tree; `name` and `version` are METADATA's words, empty where it has none.

    `rows` is `None` where there is no RECORD that can be read.
    """

    folder: Path
    name: str
    version: str
    rows: tuple[RecordRow, ...] | None


@dataclass(frozen=True, slots=True)
class Staged:
    """A staged tree. `files` are by key; folders are not listed."""

    root: Path
    staged: Places
    final: Places
    files: Mapping[str, StagedFile]
    distributions: tuple[StagedDistribution, ...]

    def target_of(self, path: Path) -> Path:
        """Return where a path of the staged tree belongs."""
        return Path(_Targets(self.root, self.staged, self.final).of(path.relative_to(self.root).as_posix())[2])


def read(staging: Path, environment: Environment) -> Staged:
    """Return what lies in the staging folder. Reads every file, follows no link; raises `OSError`."""
    root = real(staging)
    staged = next((at for at in staged_places(root) if at.purelib.is_dir() or at.platlib.is_dir()), None)
    staged, final = staged or staged_places(root)[0], final_places(environment)
    targets = _Targets(root, staged, final)
    files = {file.key: file for file in _files("", targets)}
    folders = sorted({folder for site in staged.sites for folder in site.glob("*.dist-info") if folder.is_dir()})
    return Staged(root, staged, final, files, tuple(_distribution(folder, root) for folder in folders))


def read_metadata_again(staged: Staged) -> Staged:
    """Return the tree after its `.dist-info` folders were changed, with all that is known of the other files."""
    targets = _Targets(staged.root, staged.staged, staged.final)
    starts = tuple(f"{each.folder.relative_to(staged.root).as_posix()}/" for each in staged.distributions)
    files = {key: file for key, file in staged.files.items() if not key.startswith(starts)}
    files.update((file.key, file) for start in starts for file in _files(start, targets))
    distributions = tuple(_distribution(each.folder, staged.root) for each in staged.distributions)
    return replace(staged, files=files, distributions=distributions)


def has_hash(path: str) -> bool:
    """Tell whether RECORD has to list this path with a hash: all but itself, signatures and compiled caches."""
    folder, name = posixpath.split(path)
    is_signature = folder.endswith(".dist-info") and name in ("RECORD", *_SIGNATURES)
    return not is_signature and not is_compiled(path)


def is_compiled(path: str) -> bool:
    """Tell whether a path is Python's own cache of another file."""
    return path.endswith(".pyc") and posixpath.basename(posixpath.dirname(path)) == "__pycache__"


def source_of(path: str) -> str | None:
    """Return the path of the source whose cache this is, `None` for what is no cache."""
    if not is_compiled(path):
        return None
    folder, name = posixpath.split(path)
    return posixpath.join(posixpath.dirname(folder), f"{name.partition('.')[0]}.py")


def settle_metadata(staged: Staged, distribution: StagedDistribution, *, is_requested: bool) -> None:
    """Make a staged `.dist-info` what the tool writes for a plain install by name into the final place.

    REQUESTED (PEP 376) stays only where somebody asked for it by import name, and what tells where the file lay on
    this machine goes, since it would turn `pip freeze` into a path. RECORD follows, and its paths hold after the move
    even where the environment's folders lie otherwise than the staged ones. Writes new files instead of into those
    that are there: the tool may have linked them from its cache. Raises `OSError`.
    """
    folder = distribution.folder
    unwanted = _OF_THE_TOOL if is_requested else (*_OF_THE_TOOL, "REQUESTED")
    gone = [name for name in unwanted if (folder / name).exists()]
    home = str(staged.target_of(folder).parent)
    before = [[row.path, row.digest, row.size] for row in distribution.rows or ()]
    after = [
        [row.path if file is None else relative(file.target, home), row.digest, row.size]
        for row in distribution.rows or ()
        if row.path not in {f"{folder.name}/{name}" for name in gone}
        for file in (staged.files.get(row.key or ""),)
    ]
    if is_requested and not (folder / "REQUESTED").exists():
        (folder / "REQUESTED").touch()
        after.append([f"{folder.name}/REQUESTED", _EMPTY, "0"])
    if after != before:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(after)
        (folder / "RECORD.new").write_text(text.getvalue(), encoding="utf-8", newline="")
        (folder / "RECORD.new").replace(folder / "RECORD")
    for name in gone:
        (folder / name).unlink()


def digest(path: str | Path, algorithm: str = "sha256") -> bytes:
    """Return the hash of a file's content. Raises `OSError`."""
    with open(path, "rb") as stream:  # noqa: PTH123 - texts, as above
        return hashlib.file_digest(stream, algorithm).digest()


_EMPTY = f"sha256={urlsafe_b64encode(hashlib.sha256(b'').digest()).rstrip(b'=').decode()}"


class _Targets:
    """Tells where a key of the staged tree belongs."""

    def __init__(self, root: Path, staged: Places, final: Places) -> None:
        self.root = str(root)
        pairs = (
            (Place.SITE, staged.purelib, final.purelib),
            (Place.SITE, staged.platlib, final.platlib),
            (Place.SCRIPTS, staged.scripts, final.scripts),
            (Place.DATA, staged.data, final.data),
        )
        self._starts = [
            (place, "" if source == root else source.relative_to(root).as_posix() + "/", str(target))
            for place, source, target in pairs
        ]

    def of(self, key: str) -> tuple[Place, str, str]:
        """Return the place, the path within its folder, and the target; outside of all it is where it lies."""
        for place, start, target in self._starts:
            if f"{key}/" == start:
                return place, "", target
            if key.startswith(start):
                inside = key[len(start) :]
                return place, inside, os.path.join(target, *inside.split("/"))  # noqa: PTH118 - texts, as above
            if key.casefold().startswith(start.casefold()):
                break  # `LIB/Site-Packages`: which folder that is depends on the disk
        # By Debian's scheme data has a folder of its own below the prefix; what lies outside of it is refused.
        return Place.OUTSIDE, key, os.path.join(self.root, *key.split("/"))  # noqa: PTH118


def _files(start: str, targets: _Targets) -> Iterator[StagedFile]:
    with os.scandir(os.path.join(targets.root, *start.split("/"))) as entries:  # noqa: PTH118
        for entry in sorted(entries, key=lambda each: each.name):
            key = start + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _files(f"{key}/", targets)
                continue
            status = entry.stat(follow_symlinks=False)
            is_regular = stat.S_ISREG(status.st_mode)
            if key == ".lock" and is_regular and not status.st_size:
                continue  # uv's lock of what it takes for the environment
            sha256 = digest(entry.path).hex() if is_regular else ""
            yield StagedFile(key, entry.path, status.st_size, is_regular, *targets.of(key), sha256)


def _distribution(folder: Path, root: Path) -> StagedDistribution:
    rows = _rows(folder)
    try:
        headers = HeaderParser().parsestr((folder / "METADATA").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        headers = HeaderParser().parsestr("")
    home = folder.parent.relative_to(root).as_posix()
    return StagedDistribution(
        folder,
        str(headers.get("Name", "")).strip(),
        str(headers.get("Version", "")).strip(),
        None if rows is None else tuple(RecordRow(row[0], row[1], row[2], _key(row[0], home)) for row in rows),
    )


def _key(written: str, home: str) -> str | None:
    below = written
    while below.startswith("../"):
        below = below[3:]
    if posixpath.normpath(below) != below or below.startswith(("..", "/")) or "\\" in written:
        return None
    key = posixpath.normpath(f"{home}/{written}")
    return None if key.startswith("../") else key


def _rows(folder: Path) -> list[list[str]] | None:
    try:
        text = (folder / "RECORD").read_text(encoding="utf-8")
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    return rows if all(len(row) == 3 for row in rows) else None  # noqa: PLR2004 - path, hash, size
