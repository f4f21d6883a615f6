"""Where things lie: an environment's folders, those of an install staged for it, and our own within it."""

import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from autoinstall.environment import Environment

OURS = ".autoinstall"
"""The folder within purelib that is autoinstall's own: no identifier, so it can never be imported."""

REPLACED = "replaced"
"""Below `OURS`: a folder for each transaction that replaced something, which keeps that for an undo."""

WORK = "work"
"""Below `OURS`: one folder for each transaction that is under way. It is there only while there is one."""


@dataclass(frozen=True, slots=True)
class Places:
    """The four places into which an installer puts a wheel's files; headers lie below `data`."""

    purelib: Path
    platlib: Path
    scripts: Path
    data: Path

    @property
    def sites(self) -> tuple[Path, ...]:
        """The folders that Python imports from, one where purelib and platlib are the same."""
        return tuple(dict.fromkeys((self.purelib, self.platlib)))


def ours(environment: Environment) -> Path:
    """Return autoinstall's own folder in an environment; it need not exist."""
    return real(environment.purelib) / OURS


def staged_places(staging: Path) -> tuple[Places, ...]:
    """Return where an installer may have put things with `--prefix STAGING`: pip's way and uv's way.

    pip asks for the preferred scheme (on Debian's own Python `posix_local`), uv always for a virtual environment's.
    """
    schemes = dict.fromkeys((sysconfig.get_preferred_scheme("prefix"), "venv"))
    bases = dict.fromkeys(("base", "platbase", "installed_base", "installed_platbase"), str(staging))
    return tuple(
        dict.fromkeys(
            Places(Path(paths["purelib"]), Path(paths["platlib"]), Path(paths["scripts"]), Path(paths["data"]))
            for paths in (sysconfig.get_paths(scheme, bases) for scheme in schemes)
        )
    )


def sites_in(staging: Path) -> tuple[Path, ...]:
    """Return the folders that Python would import from in a staged install, those that are there."""
    sites = (site for places in staged_places(staging) for site in places.sites)
    return tuple(dict.fromkeys(site for site in sites if site.is_dir()))


def final_places(environment: Environment) -> Places:
    """Return where things belong in the environment, symbolic links in its folders resolved."""
    return Places(
        real(environment.purelib), real(environment.platlib), real(environment.scripts), real(environment.data)
    )


def relative(path: str | Path, folder: str | Path) -> str:
    """Return a path as RECORD writes it: from `folder`, with `/`; absolute where they share no drive."""
    text, start = str(path), f"{folder}{os.sep}"
    if text.startswith(start):
        return text[len(start) :].replace(os.sep, "/")
    try:
        return os.path.relpath(text, folder).replace(os.sep, "/")
    except ValueError:
        return text.replace(os.sep, "/")


def resolved(path: str, folder: Path) -> Path:
    """Return what `relative` wrote as a path again. Links are not followed."""
    return Path(os.path.normpath(os.path.join(folder, path)))  # noqa: PTH118 - `normpath` wants a text


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none where there is no folder or it cannot be read."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []


def real(path: Path) -> Path:
    """Return a path without symbolic links in it; what does not exist stays as written."""
    return Path(os.path.realpath(path))
