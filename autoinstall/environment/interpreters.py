"""The other Pythons of this machine that a user may take for this one: seen in files and folders, none is started."""

import glob
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from autoinstall.environment import Environment
from autoinstall.platforms import (
    Platform,
    System,
    here,
    jupyter_data_folders,
    library_patterns,
    quoted,
    user_site_patterns,
)
from autoinstall.visible import exists, is_file

_MOST_KERNELS = 30
"""How many kernels are looked at: a shared machine may offer hundreds."""


class Role(StrEnum):
    """What a Python is to the user."""

    SHELL = "the shell's Python"
    SERVER = "the notebook server's Python"
    KERNEL = "another kernel's Python"
    USER_SITE = "your user site, which this Python does not look in"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python somewhere on this machine, or a folder that some Pythons look in.

    `prefix` is where it lives, links in its folders resolved; `libraries` are the folders that it installs into and
    that exist. `name` is a kernel's display name.
    """

    role: Role
    prefix: Path
    libraries: tuple[Path, ...]
    executable: Path | None = None
    name: str = ""


def others(
    environment: Environment,
    variables: Mapping[str, str],
    *,
    home: Path | None = None,
    platform: Platform | None = None,
) -> tuple[Interpreter, ...]:
    """Return the Pythons that are not this one: the shell's, the notebook server's, other kernels', and user sites.

    Starts nothing and asks no network; takes a few milliseconds. Each place is named once, by its first role.
    """
    look = Look(environment, variables, home or Path.home(), platform or here())
    found: dict[Path, Interpreter] = {}
    for one in look.all():
        if not look.is_this(one):
            found.setdefault(one.prefix, one)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Look:
    """A look around from one environment. Whatever cannot be read is passed over."""

    environment: Environment
    variables: Mapping[str, str]
    home: Path
    platform: Platform

    def all(self) -> Iterator[Interpreter]:
        """Yield every Python that is found, this one too."""
        if (shell := self.shells()) is not None:
            yield shell
        if (server := self.server()) is not None:
            yield server
        yield from self.kernels()
        yield from self.user_sites()

    def is_this(self, one: Interpreter) -> bool:
        """Tell whether it is the environment's own Python, or a folder that the running one imports from."""
        if one.role is Role.USER_SITE:
            return os.path.realpath(one.prefix) in {os.path.realpath(entry) for entry in sys.path if entry}
        return one.prefix == _real(self.environment.prefix)

    def shells(self) -> Interpreter | None:
        """Return what `python` (or else `python3`) starts in a shell."""
        _, found = next(self._in_shell(), ("", None))
        return found

    def command(self) -> str:
        """Return what starts the environment's own Python in a shell: `python`, or its path where that is another."""
        own = (command for command, one in self._in_shell() if one is not None and self.is_this(one))
        return next(own, quoted((str(self.environment.executable),)))

    def _in_shell(self) -> Iterator[tuple[str, Interpreter | None]]:
        for name in self.platform.interpreters:
            command = name.removesuffix(self.platform.executable_suffix)
            if (found := shutil.which(command, path=self.variables.get("PATH", ""))) is not None:
                yield command, self.of(Path(found), Role.SHELL)

    def server(self) -> Interpreter | None:
        """Return the Python of the notebook server that started this kernel, where that can be seen."""
        if "JPY_PARENT_PID" not in self.variables:  # no kernel of Jupyter's
            return None
        try:
            import psutil  # noqa: PLC0415 - wherever there is an ipykernel, and wanted in kernels only
        except ImportError:
            return None
        found = None
        with suppress(psutil.Error, OSError):
            # On Windows the first may be the environment's launcher, which starts the base's Python.
            for parent in psutil.Process().parents()[:2]:
                started = Path(next(iter(parent.cmdline()), ""))
                one = self.of(started if started.is_absolute() else Path(parent.exe()), Role.SERVER)
                found = one or found
                if one is not None and not self.is_this(one):
                    break
        return found

    def kernels(self) -> Iterator[Interpreter]:
        """Yield the Pythons of the kernels that Jupyter offers here."""
        folders = jupyter_data_folders(str(self.environment.prefix), self.variables, str(self.home), self.platform)
        specifications = [
            path
            for folder in folders
            for path in sorted(glob.glob(os.path.join(glob.escape(folder), "kernels", "*", "kernel.json")))  # noqa: PTH118, PTH207 - joins what the platform has written
        ]
        for path in specifications[:_MOST_KERNELS]:
            with suppress(OSError, ValueError, KeyError, TypeError, IndexError):
                said = json.loads(Path(path).read_bytes())
                executable = Path(str(said["argv"][0]))
                # A bare `python` is the Python that the specification came with: `jupyter_client` puts it in.
                found = self.of(executable, Role.KERNEL) if executable.is_absolute() else None
                if found is not None:
                    yield replace(found, name=str(said.get("display_name", "")))

    def user_sites(self) -> Iterator[Interpreter]:
        """Yield the user sites, of every version: each as its folder, of no one interpreter."""
        for pattern in user_site_patterns(self.variables, glob.escape(str(self.home)), self.platform):
            for folder in sorted(glob.glob(pattern)):  # noqa: PTH207 - the pattern is absolute
                yield Interpreter(Role.USER_SITE, Path(folder), (Path(folder),))

    def of(self, executable: Path, role: Role) -> Interpreter | None:
        """Return the Python that an executable starts, `None` where its files do not tell."""
        executable = self.behind_shim(executable)
        if not is_file(executable) or _is_script(executable):
            return None
        prefix = self.prefix_of(executable)
        version = _version_in(Path(os.path.realpath(executable)).name)
        settings = _pyvenv(prefix)
        prefixes = [prefix]
        if not settings:
            # Homebrew's and others' real places: libraries may lie at either end of the link.
            prefixes.append(self.prefix_of(Path(os.path.realpath(executable))))
        elif settings.get("include-system-site-packages", "").casefold() == "true" and "home" in settings:
            prefixes.append(self.prefix_of(Path(settings["home"]) / executable.name))
        patterns = dict.fromkeys(
            pattern
            for each in prefixes
            for pattern in library_patterns(glob.escape(str(each)), version, self.platform)
        )
        folders = [Path(folder) for pattern in patterns for folder in sorted(glob.glob(pattern))]  # noqa: PTH207 - absolute
        return Interpreter(role, _real(prefixes[0] if settings else prefixes[-1]), tuple(folders), executable)

    def prefix_of(self, executable: Path) -> Path:
        """Return what `sys.prefix` would be, going by where an executable lies."""
        folder = executable.parent
        if (
            self.platform.system is System.WINDOWS
            and folder.name.casefold() != self.platform.scripts_folder.casefold()
        ):
            return folder  # A Windows installation has its `python.exe` at the top.
        return folder.parent

    def behind_shim(self, executable: Path) -> Path:
        """Return what pyenv's stand-in for a command leads to, as pyenv chooses; another path as it is."""
        root = Path(self.variables.get("PYENV_ROOT") or self.home / ".pyenv")
        if executable.parent != root / "shims":
            return executable
        for version in self._pyenv_versions(root):
            if version == "system":
                rest = os.pathsep.join(
                    entry
                    for entry in self.variables.get("PATH", "").split(os.pathsep)
                    if Path(entry) != executable.parent
                )
                return Path(shutil.which(executable.name, path=rest) or executable)
            if exists(found := root / "versions" / version / "bin" / executable.name):
                return found
        return executable

    def _pyenv_versions(self, root: Path) -> list[str]:
        if said := self.variables.get("PYENV_VERSION"):
            return said.split(":")
        with suppress(OSError):
            here = Path.cwd()
            for file in (*(folder / ".python-version" for folder in (here, *here.parents)), root / "version"):
                if is_file(file):
                    return file.read_text(encoding="utf-8", errors="replace").split()
        return ["system"]


def _is_script(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(2) == b"#!"
    except OSError:
        return True


def _version_in(name: str) -> str | None:
    found = re.fullmatch(r"(?:python|pypy)(3\.\d+)t?(?:\.exe)?", name)
    return found[1] if found else None


def _pyvenv(prefix: Path) -> Mapping[str, str]:
    try:
        lines = (prefix / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines)
    return {key.strip().casefold(): value.strip() for key, _, value in pairs}


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
