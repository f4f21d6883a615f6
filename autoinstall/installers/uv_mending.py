"""What uv leaves out of a wheel or mends in it while unpacking, without a word to people: read from its traces.

uv passes over a member whose path leaves its place, and makes RECORD anew where it does not list what is there. What
is then staged is in order, so a look at it finds nothing. But uv tells its log when it unpacks, and in its cache,
where the wheel may have been unpacked long ago by somebody else, RECORD has the form in which only uv writes it.
"""

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autoinstall.errors import BadProjectNameError
from autoinstall.names import ProjectName, project_name
from autoinstall.text import printable_name

LOG = "uv_extract=warn,uv_install_wheel=debug"
"""The value of `RUST_LOG` by which uv 0.10 to 0.13 tells of what it mends, and of hardly anything else."""

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


def suspects(links: Path) -> frozenset[ProjectName]:
    """Return the projects whose RECORD in uv's cache has the form that uv writes.

    `links` is a prefix that uv has installed into with links to its cache; where it has made copies there is nothing
    to see. A project may be here in all honesty: of 238 real wheels none had a RECORD of this form, but any may.
    """
    return frozenset(
        project
        for metadata in links.glob("*/*/site-packages/*.dist-info/METADATA")
        if metadata.is_symlink() and has_form_of_uv(_text(Path(os.path.realpath(metadata)).with_name("RECORD")))
        for project in _project(metadata.parent.name.partition("-")[0])
    )


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


def _project(name: str) -> Iterator[ProjectName]:
    try:
        yield project_name(name)
    except BadProjectNameError:
        return


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
