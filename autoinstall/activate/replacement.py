"""What makes room for another version of it: the files of installed distributions, as their records tell."""

import csv
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autoinstall.activate.owners import owned
from autoinstall.activate.places import Places, final_places, real
from autoinstall.activate.reviewed import guarded_command, guarded_place
from autoinstall.activate.staged import is_compiled
from autoinstall.environment import Environment, Installed, installed
from autoinstall.environment.ownership import why_not_replaced
from autoinstall.names import ImportName, ProjectName, import_name, is_import_name
from autoinstall.plan import Obstacle, Plan, Refusal
from autoinstall.text import printable


@dataclass(frozen=True, slots=True)
class Goes:
    """One distribution that goes: its metadata folder, then its files; Python's caches are not listed."""

    project: ProjectName
    version: str
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Leaving:
    """All that goes for a plan."""

    distributions: tuple[Goes, ...] = ()

    @cached_property
    def places(self) -> frozenset[str]:
        """The places that are free then (normcased)."""
        return frozenset(os.path.normcase(path) for each in self.distributions for path in each.paths)

    def frees(self, path: str | Path) -> bool:
        """Tell whether what stands at a path goes."""
        return bool(self.distributions) and os.path.normcase(path) in self.places


def leaving(plan: Plan, environment: Environment) -> Leaving | Refusal:
    """Return what goes for a plan, or why it may not: it is no longer as planned, or not the environment's own.

    What another installed distribution has a record of too stays. Raises `OSError`.
    """
    if not plan.changes:
        return Leaving()
    final = final_places(environment)
    there = installed([str(site) for site in final.sites])
    claimed = owned(final.sites, final.data, but={change.project for change in plan.changes})
    going = []
    for change in plan.changes:
        one = there.get(change.project)
        if one is None or one.version != change.before:
            return Refusal(Obstacle.CHANGED, "The environment has changed meanwhile.")
        if (why_not := why_not_replaced(one, environment)) is not None:
            return Refusal(Obstacle.CONFLICT, f"{one.project} {one.version} is not replaced, since {why_not}.")
        files = tuple(path for path in _files(one, final) if os.path.normcase(path) not in claimed)
        if (reason := next((reason for path in files if (reason := _objection(path, one, final))), None)) is not None:
            return Refusal(Obstacle.UNSAFE, f"{one.project} {one.version} is not replaced, since {reason}.")
        going.append(Goes(one.project, one.version, (_metadata(one), *files)))
    return Leaving(tuple(going))


def loaded_of(plan: Plan, environment: Environment) -> tuple[ImportName, ...]:
    """Return the roots of what this process has imported from the distributions that a plan replaces."""
    if not plan.changes:
        return ()
    final = final_places(environment)
    there = installed([str(site) for site in final.sites])
    going = (there[change.project] for change in plan.changes if change.project in there)
    try:
        files = {os.path.normcase(path) for one in going for path in _files(one, final)}
    except OSError:
        return ()  # without a record nothing is replaced
    loaded = (
        (name.partition(".")[0], getattr(getattr(module, "__spec__", None), "origin", None))
        for name, module in list(sys.modules.items())
    )
    roots = {
        name
        for name, origin in loaded
        if isinstance(origin, str) and is_import_name(name) and os.path.normcase(os.path.realpath(origin)) in files
    }
    return tuple(import_name(name) for name in sorted(roots))


def _files(one: Installed, final: Places) -> Iterator[Path]:
    site = next(site for site in final.sites if site == real(one.location))
    metadata = f"{_metadata(one).name}/"
    try:
        with (_metadata(one) / "RECORD").open(encoding="utf-8", newline="") as stream:
            rows = [row[0] for row in csv.reader(stream) if row]
    except (UnicodeDecodeError, csv.Error) as problem:
        raise OSError(f"the record of {one.project} {one.version} cannot be read") from problem
    for written in dict.fromkeys(rows):
        path = Path(os.path.normpath(os.path.join(site, written)))  # noqa: PTH118 - `normpath` wants a text
        if not written.startswith(metadata) and not is_compiled(written) and (path.is_symlink() or path.is_file()):
            yield path


def _metadata(one: Installed) -> Path:
    folder = one.metadata_folder or Path()
    return real(folder.parent) / folder.name


def _objection(path: Path, one: Installed, final: Places) -> str | None:
    """Say why a file must not be touched, whatever a record says of it."""
    folder = real(path.parent)
    shown = printable(str(path))
    if not any(folder.is_relative_to(place) for place in (*final.sites, final.scripts, final.data)):
        return f"its record tells of {shown}, outside of the environment"
    if any(folder.is_relative_to(site) for site in final.sites):
        return None
    reason = guarded_command(path.name, one.project) if folder == final.scripts else None
    if reason is None and folder.is_relative_to(final.data):
        reason = guarded_place((folder / path.name).relative_to(final.data).as_posix(), one.project)
    return None if reason is None else f"its record tells of {shown}, which {reason}"
