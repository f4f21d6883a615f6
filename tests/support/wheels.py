"""Real wheels and sdists from a plain description, right or deliberately wrong."""

import base64
import csv
import gzip
import hashlib
import io
import random
import re
import tarfile
import textwrap
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

Content = str | bytes
"""A file's content; text is written as UTF-8."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can tell: equal descriptions give equal bytes, and so equal hashes."""


class RecordFault(Enum):
    """What is wrong with a wheel's RECORD."""

    WRONG_HASH = auto()
    """The first module's line has another file's hash."""
    WRONG_SIZE = auto()
    """The first module's line has a wrong size."""
    MISSING_LINE = auto()
    """The first module is not listed."""
    EXTRA_LINE = auto()
    """A file is listed that the wheel does not hold."""
    NO_RECORD = auto()
    """There is no RECORD at all."""


@dataclass(frozen=True, slots=True)
class Member:
    """One raw member of a wheel, for what no honest wheel holds: a path that leaves, a symbolic link, a second copy.

    `name` is written as it is. `mode` is the Unix mode (`0o120777` makes a symbolic link to `content`).
    """

    name: str
    content: Content = b""
    recorded: bool = True
    mode: int = 0o100644


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel described: `Wheel("snark", "1.0", modules={"snark.py": "VALUE = 1"})`.

    `project` is written into METADATA as it stands, and normalised in the file's name. `modules` maps paths below
    site-packages to contents (`"snark/__init__.py"`, `"snark.pth"`). `scripts` are console scripts, name to
    `module:function`; `entry_points` are all other groups. `data` maps paths below `….data/`
    (`"data/etc/jupyter/x.json"`, `"scripts/hunt"`, `"purelib/more.py"`) to contents. `headers` are further METADATA
    lines. `padding` bytes that do not compress make it as large as a real one. `members` are written as they are.
    """

    project: str
    version: str = "1.0"
    modules: Mapping[str, Content] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    tag: str = "py3-none-any"
    scripts: Mapping[str, str] = field(default_factory=dict)
    entry_points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    data: Mapping[str, Content] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    padding: int = 0
    members: tuple[Member, ...] = ()
    record_fault: RecordFault | None = None

    @property
    def filename(self) -> str:
        """The file's name: `boojum_tools-1.0-py3-none-any.whl`."""
        return f"{_stem(self.project, self.version)}-{self.tag}.whl"

    @property
    def metadata(self) -> str:
        """The text of METADATA."""
        return _metadata(self.project, self.version, self.requires, self.requires_python, self.headers)

    def build(self) -> bytes:
        """Return the wheel's bytes, the same ones every time."""
        stem = _stem(self.project, self.version)
        members = [
            *(Member(path, content) for path, content in self.modules.items()),
            *(Member(f"{stem}.data/{path}", content) for path, content in self.data.items()),
        ]
        if self.padding:
            noise = random.Random(self.filename).randbytes(self.padding)
            members.append(Member(f"{stem}.data/data/share/{stem}/padding.bin", noise))
        members += self.members
        members.append(Member(f"{stem}.dist-info/METADATA", self.metadata))
        members.append(Member(f"{stem}.dist-info/WHEEL", _wheel_text(self.tag)))
        if entry_points := self._entry_points_text():
            members.append(Member(f"{stem}.dist-info/entry_points.txt", entry_points))
        if self.record_fault is not RecordFault.NO_RECORD:
            record = f"{stem}.dist-info/RECORD"
            members.append(Member(record, _record_text(members, record, self.record_fault), recorded=False))
        return _zip(members)

    def write(self, folder: Path) -> Path:
        """Write the wheel into `folder` and return its path."""
        path = folder / self.filename
        path.write_bytes(self.build())
        return path

    def _entry_points_text(self) -> str:
        groups = dict(self.entry_points)
        if self.scripts:
            groups["console_scripts"] = self.scripts
        return "".join(
            f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items()) + "\n"
            for group, entries in groups.items()
        )


@dataclass(frozen=True, slots=True)
class Sdist:
    """A source distribution described, with a build backend of its own that needs nothing from any index.

    Where `marker` is given, building (and asking for metadata, which also runs the backend) creates that file:
    a test that forbids builds looks for it.
    """

    project: str
    version: str = "1.0"
    modules: Mapping[str, Content] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    marker: Path | None = None

    @property
    def filename(self) -> str:
        """The file's name: `boojum_tools-1.0.tar.gz`."""
        return f"{_stem(self.project, self.version)}.tar.gz"

    @property
    def metadata(self) -> str:
        """The text of PKG-INFO. It is served beside no sdist: only a build tells what one requires."""
        return _metadata(self.project, self.version, self.requires, self.requires_python, ())

    def build(self) -> bytes:
        """Return the sdist's bytes, the same ones every time."""
        wheel = Wheel(self.project, self.version, self.modules, self.requires, self.requires_python)
        backend = _BACKEND.format(
            marker=None if self.marker is None else str(self.marker), filename=wheel.filename, wheel=wheel.build()
        )
        files = {
            "PKG-INFO": self.metadata,
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
            "backend.py": backend,
            **self.modules,
        }
        packed = io.BytesIO()
        with (
            gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
            tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for path, content in files.items():
                raw = _as_bytes(content)
                entry = tarfile.TarInfo(f"{_stem(self.project, self.version)}/{path}")
                entry.size = len(raw)
                archive.addfile(entry, io.BytesIO(raw))
        return packed.getvalue()

    def write(self, folder: Path) -> Path:
        """Write the sdist into `folder` and return its path."""
        path = folder / self.filename
        path.write_bytes(self.build())
        return path


_BACKEND = textwrap.dedent(
    '''\
    """Builds the one wheel that it carries."""

    import pathlib

    MARKER = {marker!r}
    if MARKER is not None:
        pathlib.Path(MARKER).touch()


    def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
        (pathlib.Path(wheel_directory) / {filename!r}).write_bytes({wheel!r})
        return {filename!r}
    '''
)


def _stem(project: str, version: str) -> str:
    # The binary distribution format: normalised as PEP 503 does, with `_` for `-`.
    return f"{re.sub(r'[-_.]+', '_', project).lower()}-{version}"


def _metadata(
    project: str, version: str, requires: tuple[str, ...], requires_python: str | None, headers: tuple[str, ...]
) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {project}", f"Version: {version}"]
    if requires_python is not None:
        lines.append(f"Requires-Python: {requires_python}")
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    lines += headers
    return "\n".join(lines) + "\n"


def _wheel_text(tag: str) -> str:
    interpreters, abis, platforms = tag.split("-")
    pure = "true" if platforms == "any" else "false"
    tags = [
        f"Tag: {interpreter}-{abi}-{platform}"
        for interpreter in interpreters.split(".")
        for abi in abis.split(".")
        for platform in platforms.split(".")
    ]
    return "\n".join(["Wheel-Version: 1.0", "Generator: autoinstall-tests", f"Root-Is-Purelib: {pure}", *tags]) + "\n"


def _record_text(members: list[Member], record: str, fault: RecordFault | None) -> str:
    rows = [_record_row(member) for member in members if member.recorded]
    match fault:
        case RecordFault.WRONG_HASH:
            rows[0][1] = _record_row(Member("", "something else"))[1]
        case RecordFault.WRONG_SIZE:
            rows[0][2] = str(int(rows[0][2]) + 1)
        case RecordFault.MISSING_LINE:
            del rows[0]
        case RecordFault.EXTRA_LINE:
            rows.append(_record_row(Member("not_in_the_wheel.py", "")))
        case RecordFault.NO_RECORD | None:
            pass
    rows.append([record, "", ""])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _record_row(member: Member) -> list[str]:
    raw = _as_bytes(member.content)
    digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode("ascii")
    return [member.name, f"sha256={digest}", str(len(raw))]


def _zip(members: list[Member]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            entry = zipfile.ZipInfo(member.name, _EPOCH)
            # Set again: ZipInfo cuts its argument at a NUL and turns this system's separators into slashes.
            entry.filename = member.name
            entry.create_system = 3  # Unix, whose modes the upper half of external_attr holds
            entry.external_attr = member.mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            with warnings.catch_warnings():
                # A second member of the same name is one of the tricks that the tests need.
                warnings.filterwarnings("ignore", "Duplicate name", UserWarning)
                archive.writestr(entry, _as_bytes(member.content))
    return packed.getvalue()


def _as_bytes(content: Content) -> bytes:
    return content.encode() if isinstance(content, str) else content
