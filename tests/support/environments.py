"""Real environments to install into: bases made once and kept, and a quick copy of one for each test."""

import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Literal, Self

import platformdirs
import pytest
from filelock import FileLock
from packaging.utils import canonicalize_name

from tests.support.processes import without_python
from tests.support.wheels import Wheel

PROJECT = Path(__file__).parents[2]
"""The folder of `pyproject.toml`."""

_FORMAT = "1"
"""To be changed where a base of the same description would now be made otherwise."""


@dataclass(frozen=True, slots=True)
class Base:
    """What an environment holds besides autoinstall's own dependencies, on which Python, made by whom.

    `maker` is `uv` (no pip inside, `uv = …` in pyvenv.cfg) or `venv` (`python -m venv`, with pip).
    """

    name: str
    python: str
    requirements: tuple[str, ...]
    maker: Literal["uv", "venv"] = "uv"


BASES = {
    base.name: base
    for base in (
        Base("ipython9", "3.11", ("ipython==9.*", "ipykernel>=7")),
        Base("ipython9-pip", "3.11", ("ipython==9.*", "ipykernel>=7"), "venv"),
        Base("ipython8", "3.11", ("ipython==8.*", "ipykernel==6.*")),
        # Colab's pair, on Colab's Python.
        Base("ipython7", "3.12", ("ipython==7.34.0", "ipykernel==6.17.1", "setuptools<81")),
        Base("ipython9-py313", "3.13", ("ipython==9.*", "ipykernel>=7")),
        # With what executes notebooks where nobody watches, and a frontend in the terminal.
        Base(
            "runners",
            "3.11",
            ("ipython==9.*", "ipykernel>=7", "jupyter-console>=6.6", "nbconvert>=7.16", "papermill>=2.6"),
            "venv",
        ),
        Base("plain", "3.11", ()),
        Base("plain-pip", "3.11", (), "venv"),
        Base("plain-py312", "3.12", ()),
        Base("plain-py312-pip", "3.12", (), "venv"),
        Base("plain-py313", "3.13", ()),
        Base("plain-py313-pip", "3.13", (), "venv"),
    )
}

KERNEL_BASES = ("ipython9", "ipython8", "ipython7", "ipython9-py313")
"""The bases to run every kernel test on: `@pytest.mark.parametrize("base", KERNEL_BASES)`."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment that belongs to one test, and how to run things in it.

    `environ` is what its processes get: scrubbed, with `home` for home. `home` and `work` (the working folder of
    what is run) lie outside the environment and are as fresh as it is.
    """

    prefix: Path
    home: Path
    work: Path
    environ: Mapping[str, str] = field(repr=False)

    @property
    def scripts(self) -> Path:
        """`bin`, or `Scripts` on Windows."""
        return self.prefix / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    @property
    def site_packages(self) -> Path:
        """Where distributions are installed."""
        return _site_packages(self.prefix)

    def run(
        self,
        *arguments: str | Path,
        environ: Mapping[str, str] | None = None,
        stdin: str | None = None,
        timeout: float = 120,
        check: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run the interpreter with these arguments: `environment.run("-m", "autoinstall", "which", "cv2")`.

        Standard input is empty unless text is given; `environ` is added to the environment's own.
        """
        return subprocess.run(
            [self.python, *arguments],
            cwd=self.work,
            env={**self.environ, **(environ or {})},
            input="" if stdin is None else stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=check,
        )

    def script(self, text: str, name: str = "script.py") -> Path:
        """Write a script into the working folder."""
        path = self.work / name
        path.write_text(text, encoding="utf-8")
        return path

    def installed(self) -> dict[str, str]:
        """Return what is installed: normalised project name to version."""
        return {
            canonicalize_name(found.metadata["Name"]): found.version
            for found in distributions(path=[str(self.site_packages)])
        }

    def install(self, *wheels: Wheel) -> None:
        """Have wheels installed before the test begins, by uv, without their dependencies, as if from an index."""
        folder = self.home / "wheels"
        folder.mkdir(exist_ok=True)
        requirements = [f"{wheel.project}=={wheel.version}" for wheel in wheels if wheel.write(folder)]
        _uv_install(self.python, requirements, folder, self.environ)

    def marks(self) -> dict[str, tuple[int, ...]]:
        """Return what tells every file from what it was before: its number, mode, size and time.

        Ten times as quick as `files`. Bytecode is left out, and what autoinstall keeps of itself.
        """

        def walk(folder: str) -> Iterator[tuple[str, tuple[int, ...]]]:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name in ("__pycache__", ".autoinstall"):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        yield from walk(entry.path)
                    else:
                        # Not the entry's own: on Windows it knows no number.
                        found = os.lstat(entry.path)
                        yield entry.path, (found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns)

        return dict(walk(str(self.prefix)))

    def files(self) -> dict[str, str]:
        """Return every file below the prefix with its hash, bytecode left out, to compare before and after."""
        return {
            path.relative_to(self.prefix).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.prefix.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }


def find_python(wanted: str) -> Path:
    """Return an interpreter of that version (`3.13`), or skip the test and say so."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == wanted:
        return Path(sys.executable)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for found in sorted(root.glob(f"versions/{wanted}.*/bin/python")):
        return found
    # Looks on PATH, and on Windows asks the registry and the launcher.
    command = [sys.executable, "-m", "uv", "python", "find", "--no-project", "--no-config", "--no-python-downloads"]
    answer = subprocess.run([*command, wanted], capture_output=True, encoding="utf-8", check=False)
    if answer.returncode != 0:
        pytest.skip(f"there is no Python {wanted} on this machine")
    return Path(answer.stdout.strip())


class Environments:
    """The bases of one test session, with the project installed into them, and the copies made of them.

    What is slow is kept between sessions, in `AUTOINSTALL_TEST_CACHE` or the user's cache folder: the bases without
    the project, each under a name that tells what it is made from. The project's wheel is built once a session.
    """

    def __init__(self, wheel: Path, cache: Path | None = None) -> None:
        chosen = os.environ.get("AUTOINSTALL_TEST_CACHE")
        self._cache = cache or (Path(chosen) if chosen else platformdirs.user_cache_path("autoinstall-tests"))
        self._wheel = wheel
        # Copies lie in the cache too: hard links do not reach across file systems, and /tmp is often another.
        self._session = self._cache / "sessions" / str(os.getpid())
        self._numbers = itertools.count(1)
        self._staged: dict[str, tuple[Path, dict[str, tuple[int, int]]]] = {}
        self._idle: dict[str, list[Path]] = {}

    def __enter__(self) -> Self:
        """Begin with an empty folder for this session."""
        shutil.rmtree(self._session, ignore_errors=True)
        self._session.mkdir(parents=True)
        for other in self._session.parent.iterdir():
            # What a session left that was killed; one that lasts a day does not exist.
            if other.stat().st_mtime < time.time() - 86_400:
                shutil.rmtree(other, ignore_errors=True)
        return self

    def __exit__(self, *error: object) -> None:
        """Look whether a test wrote through a hard link, and remove what the session made."""
        spoiled = {
            name: changed
            for name, (stage, before) in self._staged.items()
            if (changed := differences(before, stamps(stage)))
        }
        shutil.rmtree(self._session, ignore_errors=True)
        if spoiled:
            for name in spoiled:
                shutil.rmtree(self._folder(BASES[name]), ignore_errors=True)
            raise AssertionError(f"a test wrote into a file in place that it shares with its base: {spoiled}")

    def fresh(self, base: str, environ: Mapping[str, str], home: Path, to: Path | None = None) -> Environment:
        """Return a new environment like `base`, at `to` or a place of its own.

        Code in it is hard-linked to the base's: replace files there, never write into them. Metadata, scripts,
        configuration and data files are its own.
        """
        prefix = to or self._session / f"{next(self._numbers)}" / "env"
        clone(self._stage(base), prefix)
        work = home / "work"
        work.mkdir(parents=True, exist_ok=True)
        return Environment(prefix, home, work, active(prefix, environ))

    @contextmanager
    def lent(self, base: str, environ: Mapping[str, str], home: Path) -> Iterator[Environment]:
        """Give an environment while the context lasts: one that earlier borrowers left as it was, or a new one.

        For tests of what must not change anything; `home`, with all caches, is each one's own.
        """
        idle = self._idle.setdefault(base, [])
        prefix = idle.pop() if idle else self.fresh(base, environ, home).prefix
        work = home / "work"
        work.mkdir(parents=True, exist_ok=True)
        environment = Environment(prefix, home, work, active(prefix, environ))
        before = environment.marks()
        yield environment
        if environment.marks() == before:
            idle.append(prefix)

    def _stage(self, name: str) -> Path:
        if name not in self._staged:
            stage = self._session / name
            clone(self._made(BASES[name]), stage)
            python = Environment(stage, stage, stage, {}).python
            project = "ipython-autoinstall"
            _uv_install(python, [project], self._wheel.parent, without_python(os.environ))
            subprocess.run([python, "-m", "compileall", "-q", _site_packages(stage) / "autoinstall"], check=True)
            self._staged[name] = stage, stamps(stage)
        return self._staged[name][0]

    def _made(self, base: Base) -> Path:
        folder = self._folder(base)
        folder.parent.mkdir(parents=True, exist_ok=True)
        complete = folder / "complete"
        with FileLock(folder.with_suffix(".lock")):
            if not complete.exists():
                shutil.rmtree(folder, ignore_errors=True)
                _make(base, folder)
                complete.touch()
        return folder

    def _folder(self, base: Base) -> Path:
        described = json.dumps(
            [_FORMAT, base.requirements, base.maker, _dependencies(), str(find_python(base.python)), version("uv")]
        )
        return self._cache / "bases" / f"{base.name}-{hashlib.sha256(described.encode()).hexdigest()[:12]}"


def active(prefix: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a shell in which the environment is active: its commands come first."""
    scripts = prefix / ("Scripts" if os.name == "nt" else "bin")
    return {**environ, "PATH": os.pathsep.join((str(scripts), environ.get("PATH", os.defpath)))}


def build_project(folder: Path) -> Path:
    """Build autoinstall's own wheel into `folder` and return its path."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    [wheel] = folder.glob("*.whl")
    return wheel


def _dependencies() -> list[str]:
    read: list[str] = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    return read


def _make(base: Base, folder: Path) -> None:
    """Make a base from the real index: the one step that uses this machine's own registry settings."""
    environ = without_python(os.environ)
    python = find_python(base.python)
    uv = [sys.executable, "-m", "uv"]
    if base.maker == "uv":
        subprocess.run([*uv, "venv", "--quiet", "--no-project", "--python", python, folder], env=environ, check=True)
    else:
        subprocess.run([python, "-m", "venv", folder], env=environ, check=True)
    made = Environment(folder, folder, folder, {}).python
    requirements = [*_dependencies(), *base.requirements]
    install = [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(made)]
    subprocess.run([*install, *requirements], env=environ, check=True)


def _uv_install(python: Path, requirements: list[str], folder: Path, environ: Mapping[str, str]) -> None:
    """Install from a folder of wheels, not from files: that would leave a `direct_url.json`."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-config", "--no-cache", "--no-deps"]
    source = ["--no-index", "--find-links", str(folder), "--python", str(python)]
    subprocess.run([*command, *source, *requirements], env=environ, check=True)


def _site_packages(prefix: Path) -> Path:
    if os.name == "nt":
        return prefix / "Lib" / "site-packages"
    [found] = prefix.glob("lib/python3*/site-packages")
    return found


def clone(source: Path, target: Path) -> None:
    """Copy a virtual environment: code as hard links where they reach, all that anybody rewrites as copies."""
    target.mkdir(parents=True)
    for entry in os.scandir(source):
        if entry.name != "complete":
            _clone_entry(entry, str(target / entry.name), is_own=entry.name in {"bin", "Scripts", "etc", "share"})
    for path in [target / "pyvenv.cfg", *(target / "bin").glob("*")]:
        if path.is_symlink() or not path.is_file():
            continue
        raw = path.read_bytes()
        if str(source).encode() in raw:
            path.write_bytes(raw.replace(str(source).encode(), str(target).encode()))
    for launcher in (target / "Scripts").glob("*.exe"):
        # On Windows a launcher holds the path of its interpreter inside: it would run the base's.
        if not launcher.name.startswith("python"):
            launcher.unlink()


def _clone_entry(entry: os.DirEntry[str], target: str, *, is_own: bool) -> None:
    # `scandir` and strings: a kernel's environment has ten thousand files, and each test copies one.
    if entry.is_symlink():
        Path(target).symlink_to(Path(entry.path).readlink())
    elif entry.is_dir():
        Path(target).mkdir()
        is_own = is_own or entry.name.endswith(".dist-info")
        with os.scandir(entry.path) as entries:
            for inner in entries:
                _clone_entry(inner, f"{target}{os.sep}{inner.name}", is_own=is_own)
    elif is_own or entry.name.endswith((".pth", ".cfg")):
        shutil.copy2(entry.path, target)
    else:
        try:
            os.link(entry.path, target)
        except OSError:
            shutil.copy2(entry.path, target)


def stamps(prefix: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of all code: what tests share with their base."""

    def walk(folder: str) -> Iterator[tuple[str, tuple[int, int]]]:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from walk(entry.path)
                elif entry.name.endswith((".py", ".so", ".pyd")):
                    found = entry.stat()
                    yield entry.path, (found.st_size, found.st_mtime_ns)

    return dict(walk(str(_site_packages(prefix))))


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Return the keys whose values are not the same in both."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
