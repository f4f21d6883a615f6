"""Exact versions written down to be had again elsewhere, in the form of a requirements file that pip reads too."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from packaging.utils import canonicalize_version
from packaging.version import Version

from autoinstall.errors import BadImportNameError, BadPinError, BadProjectNameError
from autoinstall.names import ImportName, ProjectName, import_name, project_name
from autoinstall.past.transaction import Transaction
from autoinstall.text import printable

_MOST_BYTES = 1_000_000
_LONGEST_LINE = 1000

# What PEP 440 allows in a version is checked by `packaging`; here only that nothing else stands on the line.
_PIN = re.compile(r"(?P<project>[\w.-]+)[ \t]*==[ \t]*(?P<version>[\w.!+-]+)", re.ASCII)

# A comment begins as pip has it: at the line's start, or behind a space.
_COMMENT = re.compile(r"(?:^|[ \t])[ \t]*#(?P<comment>.*)$")


@dataclass(frozen=True, slots=True)
class Pin:
    """One project in exactly one version; `import_names` are those on whose account it is wanted, if any."""

    project: ProjectName
    version: str
    import_names: tuple[ImportName, ...] = ()

    def is_satisfied_by(self, versions: Mapping[ProjectName, str]) -> bool:
        """Tell whether this very version is installed; `1.0` and `1.0.0` are one (PEP 440)."""
        there = versions.get(self.project)
        return there is not None and canonicalize_version(there) == canonicalize_version(self.version)


def standing(transactions: Iterable[Transaction], versions: Mapping[ProjectName, str]) -> tuple[Pin, ...]:
    """Return what the transactions that were not taken back have installed and is installed still, by project.

    `versions` tells what is installed now. Where somebody has changed a version since, it is the present one that
    counts. What conda has installed is left out: its names are not the index's.
    """
    wanted: dict[ProjectName, dict[ImportName, None]] = {}
    for each in transactions:
        if each.undone is not None or each.is_of_conda:
            continue
        for distribution in each.distributions:
            names = (name for name, source in each.wanted_from.items() if source == distribution.project)
            wanted.setdefault(distribution.project, {}).update(dict.fromkeys(names))
    return tuple(
        Pin(project, versions[project], tuple(wanted[project]))
        for project in sorted(versions.keys() & wanted.keys())
        # What has been put in its place by hand may bear a version older than PEP 440, which no index would find.
        if _is_version(versions[project])
    )


def as_json(pin: Pin) -> str:
    """Return one JSON object on one line."""
    return json.dumps({"project": pin.project, "version": pin.version, "import_names": pin.import_names})


def as_text(pins: Iterable[Pin], python: str, day: date) -> str:
    """Return the file's text, ASCII only: a line for each pin, its import names behind it as a comment."""
    lines = [f"# Installed by autoinstall for Python {python}, written down on {day.isoformat()}"]
    for pin in pins:
        names = f"  # import {', '.join(pin.import_names)}" if pin.import_names else ""
        lines.append(f"{pin.project}=={pin.version}{names}")
    return "".join(f"{line}\n" for line in lines)


def read(file: Path) -> tuple[Pin, ...]:
    """Return the pins of a file, in its order; raises `BadPinError` where it holds anything else.

    Comments are passed over, but `# import NAME[, NAME]` behind a pin. Options, URLs, ranges, extras and markers are
    for pip alone: nothing is read from a file that holds any of them.
    """
    name = printable(str(file))
    try:
        with file.open("rb") as stream:
            raw = stream.read(_MOST_BYTES + 1)
    except OSError as problem:
        raise BadPinError(name, None, f"cannot be read: {problem.strerror or problem}") from problem
    if len(raw) > _MOST_BYTES:
        raise BadPinError(name, None, "is too large to be a list of pins")
    # Windows PowerShell writes what is redirected into a file as UTF-16.
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as problem:
        raise BadPinError(name, None, "is not text in UTF-8") from problem
    return parse(text, name)


def parse(text: str, name: str) -> tuple[Pin, ...]:
    """Return the pins that a text holds; `name` is the file's, for `BadPinError`."""
    pins: dict[ProjectName, Pin] = {}
    for number, line in enumerate(text.split("\n"), 1):
        try:
            pin = _pin(line.removesuffix("\r"))
        except _BadLineError as problem:
            raise BadPinError(name, number, str(problem)) from None
        if pin is None:
            continue
        before = pins.setdefault(pin.project, pin)
        if canonicalize_version(before.version) != canonicalize_version(pin.version):
            raise BadPinError(name, number, f"{pin.project} is pinned to {before.version} above")
        names = tuple(dict.fromkeys((*before.import_names, *pin.import_names)))
        pins[pin.project] = Pin(pin.project, before.version, names)
    if not pins:
        raise BadPinError(name, None, "holds no pins such as snark==2.0")
    return tuple(pins.values())


class _BadLineError(Exception):
    """What is wrong with a line."""


def _pin(line: str) -> Pin | None:
    """Return the pin on a line, `None` where there is nothing but a comment."""
    if len(line) > _LONGEST_LINE:
        raise _BadLineError("the line is too long")
    if not line.replace("\t", " ").isprintable():
        raise _BadLineError("the line holds characters that cannot be seen")
    comment = _COMMENT.search(line)
    content = (line if comment is None else line[: comment.start()]).strip(" \t")
    if not content:
        return None
    found = _PIN.fullmatch(content)
    if found is None:
        raise _BadLineError(f"{printable(content, 60)!r} is not an exact pin such as snark==2.0")
    try:
        project = project_name(found["project"])
    except BadProjectNameError as problem:
        raise _BadLineError(str(problem)) from None
    if not _is_version(found["version"]):
        raise _BadLineError(f"{printable(found['version'], 60)!r} is not a version")
    return Pin(project, found["version"], () if comment is None else _import_names(comment["comment"].strip(" \t")))


def _import_names(comment: str) -> tuple[ImportName, ...]:
    word, _, names = comment.partition(" ")
    if word != "import":
        return ()
    try:
        return tuple(dict.fromkeys(import_name(name.strip(" \t")) for name in names.split(",")))
    except BadImportNameError as problem:
        raise _BadLineError(str(problem)) from None


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except ValueError:  # `InvalidVersion`, or thousands of digits, of which Python makes no number
        return False
    return True
