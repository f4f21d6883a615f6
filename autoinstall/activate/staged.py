"""What an installer has put into a staging folder, read as plain data: files, distributions, and their RECORDs."""

import csv
import hashlib
import io
import os
import stat
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path, PurePosixPath

from autoinstall.activate.places import Places, final_places, real, relative, staged_places
from autoinstall.environment import Environment

RECORD_HASHES = ("sha256", "sha384", "sha512")
"""What the recording specification allows: sha256 or better."""

_SIGNATURES = ("RECORD.jws", "RECORD.p7s")
"""Beside RECORD itself these cannot be in it with a hash (binary distribution format, signed wheels)."""

_OF_THE_TOOL = ("direct_url.json", "uv_cache.json")
"""What a tool leaves in `.dist-info` about the file that it was given; the plan came from an index, by name."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One line of RECORD: the path as written, `sha256=…` as written or empty, the size."""

    path: str
    digest: str
    size: str


@dataclass(frozen=True)
class StagedFile:
    """One file or link of the staged tree and the path that it is meant for."""

    path: Path
    target: Path
    size: int
    is_regular: bool

    @cached_property
    def sha256(self) -> str:
        """The content's sha256 in hex."""
        return digest(self.path, "sha256").hex()

    def matches(self, recorded: str) -> bool:
        """Tell whether the content is what a RECORD says of it."""
        algorithm, _, expected = recorded.partition("=")
        if algorithm not in RECORD_HASHES:
            return False
        found = bytes.fromhex(self.sha256) if algorithm == "sha256" else digest(self.path, algorithm)
        return urlsafe_b64encode(found).rstrip(b"=").decode() == expected.rstrip("=")


@dataclass(frozen=True, slots=True)
class StagedDistribution:
    """One `.dist-info` of the staged tree; `name` and `version` are METADATA's words, empty where it has none."""

    folder: Path
    name: str
    version: str
    rows: tuple[RecordRow, ...] | None
    """`None` where there is no RECORD that can be read."""


@dataclass(frozen=True)
class Staged:
    """A staged tree. `files` are by path from the staging folder, with `/`; folders are not listed."""

    root: Path
    staged: Places
    final: Places
    files: Mapping[str, StagedFile]
    distributions: tuple[StagedDistribution, ...]

    def target_of(self, path: Path) -> Path:
        """Return where a path of the staged tree belongs."""
        return _target(path, self.staged, self.final)

    def listed(self, distribution: StagedDistribution, row: RecordRow) -> StagedFile | None:
        """Return the file that a line of RECORD speaks of, `None` where it speaks of none in this tree."""
        parts = PurePosixPath(row.path).parts
        leading = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
        if ".." in parts[leading:] or PurePosixPath(row.path).is_absolute() or "\\" in row.path:
            return None
        path = Path(os.path.normpath(distribution.folder.parent / row.path))
        return self.files.get(path.relative_to(self.root).as_posix()) if path.is_relative_to(self.root) else None


def read(staging: Path, environment: Environment) -> Staged:
    """Return what lies in the staging folder. Follows no link, changes nothing; raises `OSError`."""
    root = real(staging)
    staged = next((at for at in staged_places(root) if at.purelib.is_dir() or at.platlib.is_dir()), None)
    staged = staged or staged_places(root)[0]
    final = final_places(environment)
    files = {}
    for path, status in _walk(root):
        regular = stat.S_ISREG(status.st_mode)
        if path == root / ".lock" and regular and not status.st_size:
            continue  # uv's lock of what it takes for the environment
        files[path.relative_to(root).as_posix()] = StagedFile(
            path, _target(path, staged, final), status.st_size, regular
        )
    folders = sorted({folder for site in staged.sites for folder in site.glob("*.dist-info") if folder.is_dir()})
    return Staged(root, staged, final, files, tuple(_distribution(folder) for folder in folders))


def has_hash(path: str) -> bool:
    """Tell whether RECORD has to list this path with a hash: all but itself, signatures and compiled caches."""
    listed = PurePosixPath(path)
    is_signature = listed.parent.suffix == ".dist-info" and listed.name in ("RECORD", *_SIGNATURES)
    return not is_signature and not is_compiled(listed)


def is_compiled(path: PurePosixPath) -> bool:
    """Tell whether a path is Python's own cache of another file."""
    return path.suffix == ".pyc" and path.parent.name == "__pycache__"


def source_of(path: str) -> str | None:
    """Return the path of the source whose cache this is, `None` for what is no cache."""
    cache = PurePosixPath(path)
    return (cache.parent.parent / f"{cache.name.partition('.')[0]}.py").as_posix() if is_compiled(cache) else None


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
    home = staged.target_of(folder).parent
    before = [[row.path, row.digest, row.size] for row in distribution.rows or ()]
    after = [
        [
            relative(file.target, home) if (file := staged.listed(distribution, row)) else row.path,
            row.digest,
            row.size,
        ]
        for row in distribution.rows or ()
        if row.path not in {f"{folder.name}/{name}" for name in gone}
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


def digest(path: Path, algorithm: str) -> bytes:
    """Return the hash of a file's content. Raises `OSError`."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).digest()


_EMPTY = f"sha256={urlsafe_b64encode(hashlib.sha256(b'').digest()).rstrip(b'=').decode()}"


def _target(path: Path, staged: Places, final: Places) -> Path:
    for source, target in (
        (staged.purelib, final.purelib),
        (staged.platlib, final.platlib),
        (staged.scripts, final.scripts),
    ):
        if path.is_relative_to(source):
            return target / path.relative_to(source)
    # By Debian's scheme data has a folder of its own below the prefix: inspection refuses what lies outside of it.
    return final.data / path.relative_to(staged.data) if path.is_relative_to(staged.data) else path


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path))
            else:
                yield Path(entry.path), entry.stat(follow_symlinks=False)


def _distribution(folder: Path) -> StagedDistribution:
    rows = _rows(folder)
    try:
        headers = HeaderParser().parsestr((folder / "METADATA").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        headers = HeaderParser().parsestr("")
    return StagedDistribution(
        folder,
        str(headers.get("Name", "")).strip(),
        str(headers.get("Version", "")).strip(),
        None if rows is None else tuple(RecordRow(*row) for row in rows),
    )


def _rows(folder: Path) -> list[list[str]] | None:
    try:
        text = (folder / "RECORD").read_text(encoding="utf-8")
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    return rows if all(len(row) == 3 for row in rows) else None  # noqa: PLR2004 - path, hash, size
