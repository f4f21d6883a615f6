"""A look inside a staged install, before anything of it can be imported or run."""

import os
import sysconfig
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_version

from autoinstall.activate.collisions import collisions
from autoinstall.activate.objections import Hazard, Objection, object_to
from autoinstall.activate.places import Places, names_in, real
from autoinstall.activate.reviewed import guarded_command, guarded_place, is_known_form, is_known_startup
from autoinstall.activate.staged import Staged, StagedDistribution, StagedFile, has_hash, read
from autoinstall.environment import Environment
from autoinstall.errors import BadProjectNameError
from autoinstall.names import ProjectName, project_name
from autoinstall.plan import Plan
from autoinstall.text import printable

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
    return objections(read(staging, environment), plan)


def objections(staged: Staged, plan: Plan) -> tuple[Objection, ...]:
    """Return the same of a tree that has been read."""
    owners = _owners(staged)
    return (
        *_metadata(staged, plan),
        *_records(staged, owners),
        *_kinds(staged, owners),
        *_startup(staged, owners),
        *_commands(staged, owners),
        *_tools(staged, owners),
        *collisions(staged, owners),
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
        for path in staged.files:
            if (staged.root / path).is_relative_to(distribution.folder):
                owners[path] = project
        for row in distribution.rows or ():
            if (file := staged.listed(distribution, row)) is not None:
                owners[file.path.relative_to(staged.root).as_posix()] = project
    return owners


def _metadata(staged: Staged, plan: Plan) -> Iterator[Objection]:
    planned = {item.project: canonicalize_version(item.version) for item in plan.items}
    seen = set()
    for distribution in staged.distributions:
        project, folder = named(distribution), distribution.folder.name
        stem, _, version = folder.removesuffix(".dist-info").rpartition("-")
        found = canonicalize_version(distribution.version)
        if project is None or project not in planned or project in seen:
            yield object_to(Hazard.METADATA, project, folder, "is not part of what was planned")
        elif found != planned[project]:
            what = f"says that it is version {printable(distribution.version)!r}, not the planned one"
            yield object_to(Hazard.METADATA, project, folder, what)
        elif _normalised(stem) != project or canonicalize_version(version) != found:
            yield object_to(Hazard.METADATA, project, folder, "does not bear the project's name and version")
        if project is not None:
            seen.add(project)
    for project in planned.keys() - seen:
        yield object_to(Hazard.METADATA, project, f"{project} {planned[project]}", "was not unpacked")
    yield from _other_metadata(staged, planned.keys())


def _other_metadata(staged: Staged, planned: Collection[ProjectName]) -> Iterator[Objection]:
    ours = {distribution.folder.name for distribution in staged.distributions}
    for name in _names_in(staged.staged):
        if name.casefold().endswith(_METADATA_ENDINGS) and name not in ours:
            yield object_to(Hazard.METADATA, None, name, "would pass for another installed distribution")
    for name in _names_in(staged.final):
        there = _normalised(name.removesuffix(".dist-info").rpartition("-")[0])
        if name.endswith(".dist-info") and there in planned:
            what = "is there already: it is installed here, or a broken install left this folder"
            yield object_to(Hazard.OVERWRITES, project_name(there), name, what)


def _records(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    listed: dict[str, str] = {}
    for distribution in staged.distributions:
        project = named(distribution)
        if distribution.rows is None:
            yield object_to(Hazard.RECORD, project, f"{distribution.folder.name}/RECORD", "is missing or unreadable")
        for row in distribution.rows or ():
            file = staged.listed(distribution, row)
            if file is None:
                written = PurePosixPath(row.path)
                leaves = ".." in written.parts or written.is_absolute() or "\\" in row.path
                hazard = Hazard.LEAVES if leaves else Hazard.RECORD
                yield object_to(hazard, project, row.path, "is listed in RECORD, but was not unpacked there")
                continue
            key = file.path.relative_to(staged.root).as_posix()
            if listed.setdefault(key, row.digest) != row.digest:
                what = f"is claimed by {owners[key]} too, with another content"
                yield object_to(Hazard.OVERWRITES, project, key, what)
            elif not row.digest and has_hash(row.path):
                yield object_to(Hazard.RECORD, project, row.path, "is not listed in the wheel's RECORD with a hash")
            elif row.digest and file.is_regular and not file.matches(row.digest):
                yield object_to(Hazard.RECORD, project, row.path, "is not what RECORD says: its hash differs")
    for path in sorted(staged.files.keys() - listed.keys()):
        if has_hash(path):
            yield object_to(Hazard.RECORD, owners.get(path), path, "is not listed in RECORD")


def _kinds(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    for path, file in staged.files.items():
        if not file.is_regular:
            yield object_to(Hazard.NOT_A_FILE, owners.get(path), path, "is a link or a device, not a file")
        elif file.target == file.path:
            yield object_to(Hazard.LEAVES, owners.get(path), path, "lies outside of the environment's folders")


def _startup(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    for path, file in staged.files.items():
        for site in staged.final.sites:
            if not file.target.is_relative_to(site):
                continue
            project, inside = owners.get(path), file.target.relative_to(site)
            if inside.parts[0].split(".")[0].casefold() in _STARTUP_MODULES:
                yield object_to(Hazard.STARTUP, project, path, "would be run at every start of Python")
            elif (
                len(inside.parts) == 1
                and inside.suffix.casefold() in _STARTUP_ENDINGS
                and file.is_regular
                and not is_known_startup(project, inside.name)
            ):
                yield from _startup_file(file, path, project, site)
            break


def _startup_file(file: StagedFile, path: str, project: ProjectName | None, site: Path) -> Iterator[Objection]:
    if file.target.suffix.casefold() == ".start":
        yield object_to(Hazard.STARTUP, project, path, "would run code at every start of Python")
        return
    # `site` reads these as UTF-8 and falls back on the locale: what it could run must be seen in either.
    for line in file.path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        if line.startswith(("import ", "import\t")):
            if not is_known_form(line):
                yield object_to(Hazard.STARTUP, project, path, "would run code at every start of Python")
                return
        elif line.strip() and not line.startswith("#"):
            added = Path(os.path.normpath(site / line.strip().replace("\\", "/")))
            if not added.is_relative_to(site):
                yield object_to(Hazard.LEAVES, project, path, "adds a folder elsewhere to sys.path")
                return


def _commands(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    for path, file in staged.files.items():
        inside = _below_prefix(staged, file)
        if file.target.is_relative_to(staged.final.scripts) or (
            inside is not None and inside.parent.as_posix().removeprefix(".").casefold() in _COMMAND_FOLDERS
        ):
            project = owners.get(path)
            if (reason := guarded_command(file.target.name, project)) is not None:
                yield object_to(Hazard.COMMAND, project, path, f"is a command that no wheel may bring: it {reason}")


def _tools(staged: Staged, owners: dict[str, ProjectName | None]) -> Iterator[Objection]:
    library = [real(Path(sysconfig.get_path(name))) for name in ("stdlib", "platstdlib")]
    for path, file in staged.files.items():
        if (inside := _below_prefix(staged, file)) is None:
            continue
        reason = guarded_place(inside.as_posix())
        if reason is None and any(file.target.is_relative_to(folder) for folder in library):
            reason = "is the standard library's folder, outside of site-packages"
        if reason is not None:
            yield object_to(Hazard.PLACE, owners.get(path), path, f"lies where no wheel may put a file: it {reason}")


def _below_prefix(staged: Staged, file: StagedFile) -> Path | None:
    """Return the path below the data folder of a file that belongs to none of the other places."""
    final = staged.final
    if any(file.target.is_relative_to(place) for place in (*final.sites, final.scripts)):
        return None
    return file.target.relative_to(final.data) if file.target.is_relative_to(final.data) else None


def _names_in(places: Places) -> list[str]:
    return [name for site in places.sites for name in names_in(site)]


def _normalised(name: str) -> str:
    try:
        return project_name(name)
    except BadProjectNameError:
        return name
