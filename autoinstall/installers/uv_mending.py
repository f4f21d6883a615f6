"""What uv leaves out of a wheel or mends in it while unpacking, without a word to people: read from its traces.

uv passes over a member whose path leaves its place, and makes RECORD anew where it does not list what is there. What
is then staged is in order, so a look at it finds nothing. But uv tells its log when it unpacks, and in its cache,
where the wheel may have been unpacked long ago by somebody else, RECORD has the form in which only uv writes it.
"""

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from autoinstall.errors import BadProjectNameError
from autoinstall.names import ProjectName, project_name
from autoinstall.text import printable_name

LOG = "uv_extract=warn,uv_install_wheel=debug"
"""The value of `RUST_LOG` by which uv 0.10 to 0.13 tells of what it mends, and of hardly anything else."""

_METADATA = ("*/*/site-packages/*.dist-info/METADATA", "Lib/site-packages/*.dist-info/METADATA")
"""Where METADATA lies in a prefix: on Unix, and on Windows."""

_UNSAFE = re.compile(r"WARN Skipping unsafe file name: (?P<path>.+)")
_LISTED = re.compile(
    r"DEBUG Files `(?P<paths>.+)` are listed in `RECORD` but missing from the wheel archive for "
    r"`(?P<project>[^`=]+)=="
)
_UNLISTED = re.compile(
    r"DEBUG Files `(?P<paths>.+)` are in the wheel archive for `(?P<project>[^`=]+)==\S+` but missing from `RECORD`"
)


@dataclass(frozen=True, slots=True)
class Mended:
    """One thing that uv has mended: `project` is `None` where it does not say whose; `path` may hold anything."""

    project: ProjectName | None
    path: str
    what: str

    @property
    def sentence(self) -> str:
        """What is wrong, harmless on a screen."""
        return f"{self.project or 'a wheel'}: {printable_name(self.path)} {self.what}"


def told_of(log: str) -> tuple[Mended, ...]:
    """Return what uv's log tells of; each path once."""
    found: dict[str, Mended] = {}
    for mended in _told(log.splitlines()):
        before = found.get(mended.path.lstrip("/"))
        if before is None:
            found[mended.path.lstrip("/")] = mended
        elif before.project is None:  # that it leaves its place is said first, and then whose it is
            found[mended.path.lstrip("/")] = Mended(mended.project, before.path, before.what)
    return tuple(found.values())


def suspects(records: Mapping[ProjectName, Path]) -> frozenset[ProjectName]:
    """Return the projects whose RECORD in uv's cache has the form that uv writes.

    A project may be here in all honesty: of 238 real wheels none had a RECORD of this form, but any may.
    """
    return frozenset(project for project, record in records.items() if has_form_of_uv(_text(record)))


def records_shared_with(cache: Path, prefix: Path) -> Mapping[ProjectName, Path]:
    """Return the RECORD in uv's cache of each distribution in `prefix` that shares its METADATA with the cache.

    Hard links are what uv makes where it can; of what it has copied, or where it keeps what it unpacks in another
    way than uv 0.10 to 0.13, there is nothing here.
    """
    looked_for: dict[str, tuple[os.stat_result, Path]] = {}
    for metadata in (found for pattern in _METADATA for found in prefix.glob(pattern)):
        if (status := metadata.stat()).st_nlink > 1:
            looked_for[metadata.parent.name] = status, metadata.parent
    found: dict[ProjectName, Path] = {}
    # One look into each folder: the cache of a year holds thousands, and most have one distribution each.
    for archive in cache.glob("archive-v*/*") if looked_for else ():
        for name in looked_for.keys() & _names_in(archive):
            status, folder = looked_for[name]
            with suppress(OSError):
                if os.path.samestat(status, (archive / name / "METADATA").stat()):
                    found.update((project, archive / name / "RECORD") for project in _project_of(folder))
    return found


def records_linked_from(prefix: Path) -> Mapping[ProjectName, Path]:
    """Return the RECORD in uv's cache of each distribution in a prefix that uv has filled with symbolic links."""
    return {
        project: Path(os.path.realpath(metadata)).with_name("RECORD")
        for pattern in _METADATA
        for metadata in prefix.glob(pattern)
        if metadata.is_symlink()
        for project in _project_of(metadata.parent)
    }


def has_form_of_uv(record: str) -> bool:
    r"""Tell whether a RECORD is written as uv writes it: sorted, RECORD itself too, which builders put last.

    >>> has_form_of_uv("s-1.dist-info/RECORD,,\ns-1.dist-info/WHEEL,sha256=x,1\ns.py,sha256=x,1\n")
    True
    >>> has_form_of_uv("s.py,sha256=x,1\ns-1.dist-info/WHEEL,sha256=x,1\ns-1.dist-info/RECORD,,\n")
    False
    """
    try:
        paths = [row[0] for row in csv.reader(io.StringIO(record, newline="")) if row]
    except csv.Error:
        return False
    return "\r" not in record and paths == sorted(paths)


def _told(lines: Iterable[str]) -> Iterator[Mended]:
    for line in lines:
        if unsafe := _UNSAFE.search(line):
            yield Mended(None, unsafe["path"], "would leave its place")
        for pattern, what in (
            (_LISTED, "is listed in RECORD, but is not in the wheel"),
            (_UNLISTED, "is not listed in RECORD"),
        ):
            if found := pattern.search(line):
                for project in _project(found["project"]):
                    yield from (Mended(project, path, what) for path in found["paths"].split("`, `"))


def _project_of(metadata_folder: Path) -> Iterator[ProjectName]:
    return _project(metadata_folder.name.partition("-")[0])


def _project(name: str) -> Iterator[ProjectName]:
    try:
        yield project_name(name)
    except BadProjectNameError:
        return


def _names_in(folder: Path) -> frozenset[str]:
    try:
        return frozenset(each.name for each in folder.iterdir())
    except OSError:
        return frozenset()


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
