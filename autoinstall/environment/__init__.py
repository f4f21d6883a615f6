"""This interpreter's environment, and what is installed in it: facts, read cheaply and changed by nobody here."""

import importlib.metadata
import json
import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autoinstall.errors import BadProjectNameError
from autoinstall.names import ProjectName, project_name
from autoinstall.platforms import Platform, here
from autoinstall.visible import exists, is_folder


@dataclass(frozen=True, slots=True)
class Environment:
    """Where an interpreter keeps what is installed, and who made it that way.

    `python_version` is the interpreter's, such as `3.12.1`. `data` is where a wheel's data files go. `is_conda`:
    conda (or mamba, micromamba, pixi) keeps its records there. `is_externally_managed`: PEP 668 asks to leave it
    alone; never so in a virtual environment, which is nobody's but the user's. `is_writable`: this user may write to
    both library folders; folders that do not exist yet count as their nearest parent that does.
    """

    executable: Path
    prefix: Path
    base_prefix: Path
    python_version: str
    purelib: Path
    platlib: Path
    scripts: Path
    data: Path
    is_virtual: bool
    is_uv_made: bool
    is_conda: bool
    is_externally_managed: bool
    is_writable: bool


@dataclass(frozen=True, slots=True)
class Installed:
    """One installed distribution, as its metadata tells.

    `location` is the folder on `sys.path` where it was found. `requires` are its requirements and `extras` the names
    of its extras, as written. `direct_url` is where it was installed from where no index was asked (PEP 610).
    `metadata_folder` is its `.dist-info` or `.egg-info`, `None` where its metadata lies in no folder.
    """

    project: ProjectName
    version: str
    location: Path
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    direct_url: str | None = None
    is_editable: bool = False
    metadata_folder: Path | None = None


def current(platform: Platform | None = None) -> Environment:
    """Return the environment of the running interpreter. Takes a millisecond or two, and reads at most one file."""
    platform = platform or here()
    paths = sysconfig.get_paths()
    prefix = Path(sys.prefix)
    is_virtual = sys.prefix != sys.base_prefix
    libraries = (Path(paths["purelib"]), Path(paths["platlib"]))
    return Environment(
        executable=Path(sys.executable or _interpreter(prefix, platform)),
        prefix=prefix,
        base_prefix=Path(sys.base_prefix),
        python_version=".".join(str(part) for part in sys.version_info[:3]),
        purelib=libraries[0],
        platlib=libraries[1],
        scripts=Path(paths["scripts"]),
        data=Path(paths["data"]),
        is_virtual=is_virtual,
        is_uv_made=_is_uv_made(prefix),
        is_conda=(prefix / "conda-meta" / "history").exists(),
        # The marker lies in the standard library's folder, and so is seen from inside virtual environments too.
        is_externally_managed=not is_virtual and Path(paths["stdlib"], "EXTERNALLY-MANAGED").exists(),
        is_writable=all(is_writable(folder, platform) for folder in dict.fromkeys(libraries)),
    )


def installed(path: Sequence[str] | None = None) -> Mapping[ProjectName, Installed]:
    """Return what can be seen installed on `path` (`None`: on the running `sys.path`), by project.

    It is what `importlib.metadata.distributions()` sees, custom finders included; of several of one project the first
    wins, as it does for imports. What has no readable name or version is passed over. About 0.1 ms a distribution.
    """
    found: dict[ProjectName, Installed] = {}
    distributions = (
        importlib.metadata.distributions() if path is None else importlib.metadata.distributions(path=list(path))
    )
    for distribution in distributions:
        one = _installed(distribution)
        if one is not None:
            found.setdefault(one.project, one)
    return found


def is_writable(folder: Path, platform: Platform | None = None) -> bool:
    """Tell whether this user may make files in the folder, or in its nearest parent that exists."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not is_folder(folder):  # a file is in the way
        return False
    if (platform or here()).has_reliable_access:
        return os.access(folder, os.W_OK | os.X_OK)
    import tempfile  # noqa: PLC0415 - only where asking is not enough

    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _interpreter(prefix: Path, platform: Platform) -> Path:
    """Find the interpreter where Python was embedded and does not know its own executable."""
    folder = prefix / platform.scripts_folder
    for candidate in (folder / name for name in platform.interpreters):
        if exists(candidate):
            return candidate
    return folder / platform.interpreters[0]


def _is_uv_made(prefix: Path) -> bool:
    try:
        lines = (prefix / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.partition("=")[0].strip() == "uv" for line in lines)


def _installed(distribution: importlib.metadata.Distribution) -> Installed | None:
    try:
        headers = _headers(distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or "")
        project = project_name(next(iter(headers.get("name", ())), ""))
        version = next(iter(headers.get("version", ())), "")
        if not version:
            return None
        requires: Iterable[str] = headers.get("requires-dist", ())
        if not requires and distribution.read_text("requires.txt"):
            requires = distribution.requires or ()  # setuptools' old form, which the standard library translates
        direct_url, is_editable = _direct_url(distribution.read_text("direct_url.json"))
        return Installed(
            project=project,
            version=version,
            location=Path(str(distribution.locate_file(""))),
            requires=tuple(requires),
            extras=tuple(headers.get("provides-extra", ())),
            direct_url=direct_url,
            is_editable=is_editable,
            metadata_folder=_metadata_folder(distribution),
        )
    except (BadProjectNameError, OSError, UnicodeDecodeError):
        return None  # The remains of something broken: nothing that imports or installers can use.


def _metadata_folder(distribution: importlib.metadata.Distribution) -> Path | None:
    # Not public, but there since 3.8; finders of other kinds have none, and what it is needed for has a second way.
    path = getattr(distribution, "_path", None)
    return path.absolute() if isinstance(path, Path) and path.is_dir() else None


def _headers(metadata: str) -> dict[str, list[str]]:
    """Return the headers by lower-case name. `email.parser` takes ten times as long, which 300 distributions feel."""
    headers: dict[str, list[str]] = {}
    for line in metadata.splitlines():
        if not line:
            break
        name, colon, value = line.partition(":")
        if colon and name[:1].isalpha():  # no continuation of the header before
            headers.setdefault(name.lower(), []).append(value.strip())
    return headers


def _direct_url(text: str | None) -> tuple[str | None, bool]:
    if text is None:
        return None, False
    try:
        said = json.loads(text)
        return str(said["url"]), bool(said.get("dir_info", {}).get("editable", False))
    except (ValueError, KeyError, AttributeError, TypeError):
        return None, False
