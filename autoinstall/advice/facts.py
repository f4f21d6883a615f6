"""The facts that a decision about an import name rests on, taken from the running process and its surroundings."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import Protocol

from autoinstall import table
from autoinstall.advice.nearby import Neighbour, Neighbourhood
from autoinstall.advice.presence import (
    NamedDistributions,
    Owner,
    Presence,
    beginnings_on,
    importable_roots,
    look_for,
    named_distributions,
    owner_of,
    working_folder,
)
from autoinstall.advice.typos import Words
from autoinstall.names import ImportName, ProjectName
from autoinstall.settings import Settings
from autoinstall.table import AdviceRow, Entry

# Where the standard library stands among well-known names: behind the few hundred that everybody installs.
_PLACE_OF_THE_STANDARD_LIBRARY = 400

# Installed and local names have no fame of their own: short ones are no slip's aim, see `autoinstall.advice.typos`.
_PLACE_OF_WHAT_IS_HERE = 900


class KnownNames(Protocol):
    """What a decision asks of the table; `autoinstall.table` tells what the answers mean."""

    def lookup(self, name: ImportName, /) -> Entry | None: ...  # noqa: D102 - as the table says
    def advice_for(self, name: ImportName, /) -> AdviceRow | None: ...  # noqa: D102 - as the table says
    def denial_for(self, name: str, /) -> str | None: ...  # noqa: D102 - as the table says
    def imports_of(self, project: ProjectName, /) -> tuple[ImportName, ...]: ...  # noqa: D102 - as the table says
    def rank_of(self, project: ProjectName, /) -> int | None: ...  # noqa: D102 - as the table says


class Facts(Protocol):
    """All that a decision rests on, each fact looked up when first asked for."""

    @property
    def table(self) -> KnownNames:
        """The bundled table, or another."""

    @property
    def standard_library(self) -> frozenset[str]:
        """The top-level names of this Python's standard library, built or not."""

    @property
    def python(self) -> str:
        """This Python's version as people say it: `3.12`."""

    @property
    def system(self) -> str:
        """Whose commands to name: `debian`, `fedora`, `macos`, `windows` or `other`."""

    @property
    def deny(self) -> frozenset[ProjectName]:
        """Import and project names that the settings forbid, normalised alike."""

    @property
    def allow(self) -> frozenset[ProjectName] | None:
        """The only import and project names that the settings allow; `None`: all."""

    def presence(self, name: ImportName) -> Presence:
        """Return how far the name leads on the path."""

    def owner(self, name: ImportName) -> Owner | None:
        """Return the installed distribution that brought the name's root."""

    def neighbour(self, name: ImportName) -> Neighbour | None:
        """Return a module of that name that lies near but is not reached."""

    def words(self) -> Words:
        """Return well-known import names, best known first."""

    def words_here(self) -> Words:
        """Return the names that can be imported here and now, or lie near."""


def current_facts(
    path: Sequence[str] | None = None, nearby: Path | None = None, settings: Settings | None = None
) -> Facts:
    """Return the facts of this process, each looked up when first asked for and kept for as long as the result.

    `path` is where imports are looked for (`sys.path` where it is `None`), `nearby` the folder of the script or
    notebook around which files are looked for (the working folder where it is `None`). Whatever installs or writes
    files asks for new facts afterwards.
    """
    return _CurrentFacts(path, nearby, settings or Settings())


@dataclass(frozen=True)
class _CurrentFacts:
    path: Sequence[str] | None
    nearby: Path | None
    settings: Settings
    table: KnownNames = field(default=table)
    standard_library: frozenset[str] = sys.stdlib_module_names
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}"

    @property
    def system(self) -> str:
        return this_system()

    @property
    def deny(self) -> frozenset[ProjectName]:
        return self.settings.deny

    @property
    def allow(self) -> frozenset[ProjectName] | None:
        return self.settings.allow

    def presence(self, name: ImportName) -> Presence:
        return look_for(name, self.path, self._beginnings)

    def owner(self, name: ImportName) -> Owner | None:
        return owner_of(name, self._distributions)

    def neighbour(self, name: ImportName) -> Neighbour | None:
        return self._neighbourhood.find(name)

    def words(self) -> Words:
        return _well_known()

    def words_here(self) -> Words:
        return self._words_here

    @cached_property
    def _beginnings(self) -> frozenset[str] | None:
        return beginnings_on(self.path)

    @cached_property
    def _distributions(self) -> NamedDistributions:
        return named_distributions(self.path)

    @cached_property
    def _words_here(self) -> Words:
        names = importable_roots(self.path) | self._neighbourhood.names()
        return Words(sorted(names - self.standard_library), _PLACE_OF_WHAT_IS_HERE)

    @cached_property
    def _neighbourhood(self) -> Neighbourhood:
        return Neighbourhood(Path(working_folder()) if self.nearby is None else self.nearby.absolute())


@cache
def _well_known() -> Words:
    popular = table.popular_import_names()
    own = sorted(name for name in sys.stdlib_module_names if not name.startswith("_"))
    place = _PLACE_OF_THE_STANDARD_LIBRARY
    return Words(chain(popular[:place], own, popular[place:]))


@cache
def this_system() -> str:
    """Return whose commands to name on this machine; see `family_of`."""
    import platform  # noqa: PLC0415 - a part of Python that is missing is rare

    try:
        release: Mapping[str, str] = platform.freedesktop_os_release() if sys.platform == "linux" else {}
    except OSError:
        release = {}
    return family_of(sys.platform, release)


def family_of(platform_name: str, os_release: Mapping[str, str]) -> str:
    """Return whose commands to name (`debian`, `fedora`, `macos`, `windows`, `other`).

    `platform_name` is as in `sys.platform`, `os_release` as in a Linux system's `/etc/os-release` (`ID`, `ID_LIKE`).
    """
    known = {"win32": "windows", "darwin": "macos"}
    if platform_name in known:
        return known[platform_name]
    family = {os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()}
    return next((system for system in ("debian", "fedora") if system in family), "other")


def said_for(reason: str, system: str) -> str:
    """Return a row's sentence with this system's command in it.

    Rows say it once for all: `sentence | debian: command | macos: command`; an unknown system is told every command.
    """
    sentence, *commands = reason.split(" | ")
    if not commands:
        return sentence
    by_system = dict(command.split(": ", 1) for command in commands)
    if system in by_system:
        return f"{sentence}: {by_system[system]}"
    return f"{sentence}: " + "; ".join(f"{command} ({_SYSTEMS[key]})" for key, command in by_system.items())


_SYSTEMS = {"debian": "Debian, Ubuntu", "fedora": "Fedora", "macos": "macOS", "windows": "Windows"}
