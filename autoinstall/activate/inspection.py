"""A look inside a staged install, before anything of it can be imported or run."""

import os
import posixpath
import sysconfig
from collections.abc import Collection, Iterator
from pathlib import Path

from packaging.utils import canonicalize_version

from autoinstall.activate.collisions import collisions
from autoinstall.activate.objections import Hazard, Objection, object_to
from autoinstall.activate.places import Places, names_in
from autoinstall.activate.replacement import Leaving
from autoinstall.activate.reviewed import (
    guarded_command,
    guarded_module,
    guarded_place,
    is_known_form,
    is_known_startup,
)
from autoinstall.activate.staged import Place, RecordRow, Staged, StagedDistribution, StagedFile, has_hash, read
from autoinstall.environment import Environment
from autoinstall.errors import BadProjectNameError
from autoinstall.names import ProjectName, project_name
from autoinstall.plan import Plan
from autoinstall.text import version_as_text

_STARTUP_MODULES = ("sitecustomize", "usercustomize")
_STARTUP_ENDINGS = (".pth", ".start")
"""What `site` reads at each start of Python; `.start` from 3.15 on (PEP 829)."""

_METADATA_ENDINGS = (".dist-info", ".egg-info", ".egg-link")
"""What makes `importlib.metadata` or setuptools see an installed distribution."""

_COMMAND_FOLDERS = ("", "bin", "scripts", "library/bin")
"""Below the prefix, casefolded: where some platform or other looks for commands."""


def inspect(staging: Path, plan: Plan, environment: Environment) -> tuple[Objection, ...]:
    """Return all that speaks against bringing this staged install into the environment.

    Reads every file once, changes nothing, imports nothing. Raises `OSError`. The tool that unpacked the wheels may
    have dealt with some hazards itself: pip refuses a path that leaves its place, uv leaves that file out.
    """
    return objections(read(staging, environment), plan, Leaving())


def objections(staged: Staged, plan: Plan, going: Leaving) -> tuple[Objection, ...]:
    """Return the same of a tree that has been read; what is `going` stands in nothing's way."""
    owners = _owners(staged)
    return (
        *_metadata(staged, plan, going),
        *_records(staged, owners),
        *_kinds(staged, owners),
        *_startup(staged, owners),
        *_commands(staged, owners),
        *_tools(staged, owners),
        *_modules(staged, owners),
        *collisions(staged, owners, going),
    )


def named(distribution: StagedDistribution) -> ProjectName | None:
    """Return the project that a staged distribution says it is, `None` where it says nothing sensible."""
    try:
        return project_name(distribution.name)
    except BadProjectNameError:
        return None


def _owners(staged: Staged) -> dict[str, ProjectName | None]:
    owners: dict[str, ProjectName | None] = {}
    for distribution in staged.distributions:
        project = named(distribution)
        owners.update((row.key, project) for row in distribution.rows or () if row.key is not None)
        start = f"{distribution.folder.relative_to(staged.root).as_posix()}/"
        owners.update((key, project) for key in staged.files if key.startswith(start))
    return owners


def _metadata(staged: Staged, plan: Plan, going: Leaving) -> Iterator[Objection]:
    planned = {item.project: canonicalize_version(item.version) for item in plan.items}
    seen = set()
    for distribution in staged.distributions:
        project, folder = named(distribution), distribution.folder.name
        stem, _, version = folder.removesuffix(".dist-info").rpartition("-")
        found = canonicalize_version(distribution.version)
        if project is None or project not in planned or project in seen:
            yield object_to(Hazard.METADATA, project, folder, "is not part of what was planned")
        elif found != planned[project]:
            what = f"says that it is version {version_as_text(distribution.version)!r}, not the planned one"
            yield object_to(Hazard.METADATA, project, folder, what)
        elif _normalised(stem) != project or canonicalize_version(version) != found:
            yield object_to(Hazard.METADATA, project, folder, "does not bear the project's name and version")
        if project is not None:
            seen.add(project)
    for project in planned.keys() - seen:
        yield object_to(Hazard.METADATA, project, f"{project}-{planned[project]}", "was not unpacked")
    yield from _other_metadata(staged, planned.keys(), going)


def _other_metadata(staged: Staged, planned: Collection[ProjectName], going: Leaving) -> Iterator[Objection]:
    ours = {distribution.folder.name for distribution in staged.distributions}
    for name in _names_in(staged.staged):
        if name.casefold().endswith(_METADATA_ENDINGS) and name not in ours:
            yield object_to(Hazard.METADATA, None, name, "would pass for another installed distribution")
    for path in (site / name for site in staged.final.sites for name in names_in(site)):
        name = path.name
        there = _normalised(name.removesuffix(".dist-info").rpartition("-")[0])
        if name.endswith(".dist-info") and there in planned and not going.frees(path):
            what = "is there already: it is installed here, or a broken install left this folder"
            yield object_to(Hazard.OVERWRITES, project_name(there), name, what)


def _records(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    listed: dict[str, str] = {}
    for distribution in staged.distributions:
        project = named(distribution)
        if distribution.rows is None:
            yield object_to(Hazard.RECORD, project, f"{distribution.folder.name}/RECORD", "is missing or unreadable")
        for row in distribution.rows or ():
            file = staged.files.get(row.key or "")
            if file is None:
                hazard = Hazard.LEAVES if row.key is None or row.path.startswith("..") else Hazard.RECORD
                yield object_to(hazard, project, row.path, "is listed in RECORD, but was not unpacked there")
            elif listed.setdefault(file.key, row.digest) != row.digest:
                what = f"is claimed by {owners[file.key]} too, with another content"
                yield object_to(Hazard.OVERWRITES, project, file.key, what)
            elif not row.digest and has_hash(row.path):
                yield object_to(Hazard.RECORD, project, row.path, "is not listed in the wheel's RECORD with a hash")
            elif file.is_regular and (field := _difference(file, row)):
                yield object_to(Hazard.RECORD, project, row.path, f"is not what RECORD says: its {field} differs")
    for key in sorted(staged.files.keys() - listed.keys()):
        if has_hash(key):
            yield object_to(Hazard.RECORD, owners.get(key), key, "is not listed in RECORD")


def _difference(file: StagedFile, row: RecordRow) -> str | None:
    if row.digest and not file.matches(row.digest):
        return "hash"
    return "size" if row.size.isdecimal() and int(row.size) != file.size else None


def _kinds(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    for key, file in staged.files.items():
        if not file.is_regular:
            yield object_to(Hazard.NOT_A_FILE, owners.get(key), key, "is a link or a device, not a file")
        elif file.place is Place.OUTSIDE:
            yield object_to(Hazard.LEAVES, owners.get(key), key, "lies outside of the environment's folders")


def _startup(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    for key, file in staged.files.items():
        if file.place is not Place.SITE:
            continue
        project, (top, _, below) = owners.get(key), file.inside.partition("/")
        if top.partition(".")[0].casefold() in _STARTUP_MODULES:
            yield object_to(Hazard.STARTUP, project, key, "would be run at every start of Python")
        elif not below and top.casefold().endswith(_STARTUP_ENDINGS) and not is_known_startup(project, top):
            yield from _startup_file(file, project)


def _startup_file(file: StagedFile, project: ProjectName | None) -> Iterator[Objection]:
    if file.is_regular and file.key.casefold().endswith(".pth"):
        # `site` reads these as UTF-8 and falls back on the locale: what it could run must be seen in either.
        lines = Path(file.path).read_text(encoding="utf-8-sig", errors="replace").splitlines()
    else:
        lines = ["import "]  # `.start` names what is to be called, and nothing else
    site = os.path.dirname(file.target)  # noqa: PTH120 - a text, as the target
    for line in lines:
        if line.startswith(("import ", "import\t")):
            if not is_known_form(line):
                yield object_to(Hazard.STARTUP, project, file.key, "would run code at every start of Python")
                return
        elif line.strip() and not line.startswith("#"):
            added = os.path.normpath(os.path.join(site, line.strip().replace("\\", "/")))  # noqa: PTH118
            if not Path(added).is_relative_to(site):
                yield object_to(Hazard.LEAVES, project, file.key, "adds a folder elsewhere to sys.path")
                return


def _commands(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    for key, file in staged.files.items():
        folder, name = posixpath.split(file.inside)
        is_command = file.place is Place.DATA and folder.casefold() in _COMMAND_FOLDERS
        if is_command or file.place is Place.SCRIPTS:
            project = owners.get(key)
            if (reason := guarded_command(name, project)) is not None:
                yield object_to(Hazard.COMMAND, project, key, f"is a command that no wheel may bring: it {reason}")


def _tools(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    library = tuple(os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib"))
    for key, file in staged.files.items():
        if file.place is not Place.DATA:
            continue
        project = owners.get(key)
        reason = guarded_place(file.inside, project)
        if reason is None and file.target.startswith(library):
            reason = "is the standard library's folder, outside of site-packages"
        if reason is not None:
            yield object_to(Hazard.PLACE, project, key, f"lies where no wheel may put a file: it {reason}")


def _modules(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    for key, file in staged.files.items():
        if file.place is Place.SITE and (reason := guarded_module(file.inside, owners.get(key))) is not None:
            yield object_to(Hazard.MODULE, owners.get(key), key, f"is a module that no wheel may bring: it {reason}")


def _names_in(places: Places) -> list[str]:
    return [name for site in places.sites for name in names_in(site)]


def _normalised(name: str) -> str:
    try:
        return project_name(name)
    except BadProjectNameError:
        return name
