"""pip: the second installer, the environment's own, for where uv cannot stand in or the user prefers it."""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.version import InvalidVersion, Version

from autoinstall.command import Command, Finished, Steps
from autoinstall.environment import Environment, Installed
from autoinstall.environment.indexes import Configuration, Indexes
from autoinstall.environment.ownership import LEAVE_ALL, Changes
from autoinstall.errors import BadProjectNameError
from autoinstall.installers import refusals
from autoinstall.installers.question import Lock, Locked, Question, Reason, Resolved, Unsolvable
from autoinstall.installers.relations import applicable
from autoinstall.installers.resolution import plan_of, resolve
from autoinstall.names import ProjectName, is_project_name, project_name
from autoinstall.plan import File, Obstacle, Plan, Refusal, Wanted
from autoinstall.platforms import quoted
from autoinstall.text import printable_name, redacted

FIRST_WITH_REPORTS = Version("22.2")
FIRST_WITH_AGES = Version("26.0")
FIRST_WITHOUT_DOWNLOADS = Version("25.3")
"""Before it, a dry run downloads the wheels, and its time has no bound but that it moves."""

CONNECT_TIMEOUT = 4
RETRIES = 1
"""Together about 8 seconds until somebody without a network is told so; pip has one timeout for everything."""

PLAN_STALL = 20.0
PLAN_LIMIT = 120.0

_LEAVING = re.compile(
    r"has a file (?P<q>['\"])(?P<path>.*)(?P=q) trying to install outside"
    r"|Unexpected file in .*: (?P<r>['\"])(?P<data>.*)(?P=r)\. \.data directory"
)

# With `--only-binary :all:` pip still builds, and so runs, an sdist that a wheel names by a direct URL. Started
# through this, it can start no other program, which every build needs; a keyring is the one that it may.
_NO_OTHER_PROGRAMS = """\
import os, runpy, sys
STARTS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.startfile", "os.fork")
def forbid(event, arguments):
    if event in STARTS and os.path.basename(str(arguments[0])).partition(".")[0] != "keyring":
        raise PermissionError(13, "autoinstall lets pip start no other program", event)
sys.addaudithook(forbid)
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True, slots=True)
class Pip:
    """pip as the environment's interpreter runs it. `variables` are those of this process."""

    version: Version
    variables: Mapping[str, str] = field(repr=False)
    name: str = "pip"

    def shown_command(self, projects: Sequence[str], environment: Environment) -> str:
        """Return what a person types in a terminal to do the same by hand."""
        return quoted((str(environment.executable), "-m", "pip", "install", *projects))

    def plan(
        self,
        wanted: Sequence[Wanted],
        environment: Environment,
        installed: Mapping[ProjectName, Installed],
        configuration: Configuration,
        *,
        min_age_days: int | None,
        now: datetime,
        changes: Changes = LEAVE_ALL,
    ) -> Steps[Plan | Refusal]:
        """Find the exact wheels or why there are none. Sizes and ages stay unknown: pip's report has none.

        With source code pip cannot plan without building it, before anybody has agreed: nothing is planned then.
        """
        if any(one.may_be_built for one in wanted):
            return Refusal(Obstacle.NO_WHEEL, "Only with uv does autoinstall build what has no wheel.")
        resolver = PipResolver(self, environment, configuration)
        # pip cannot be told to except one project from the age.
        has_limit = self.version >= FIRST_WITH_AGES and not any(one.may_be_young for one in wanted)
        since = now - timedelta(days=min_age_days) if min_age_days and has_limit else None
        resolved = yield from resolve(
            Question(tuple(wanted), installed, since), resolver, environment.python_version, changes
        )
        if isinstance(resolved, Refusal):
            return resolved
        reasons = yield from resolver.reasons(resolved)
        return plan_of(resolved, reasons, configuration.pip, self.name)

    def stage(
        self, plan: Plan, environment: Environment, configuration: Configuration, into: Path
    ) -> Steps[Refusal | None]:
        """Install the plan's files into `into`, by hash and from the index, so that RECORD says nothing of a file."""
        if not plan.items:
            return None
        pins = [f"{item.project}=={item.version} --hash=sha256:{item.file.sha256}" for item in plan.items]
        finished = yield Command(
            argv=(
                *self._start(environment),
                *("install", "--requirement", "plan.txt", "--prefix", str(into)),
                *("--no-deps", "--require-hashes", "--only-binary", ":all:"),
                *("--ignore-installed", "--no-warn-script-location", "--progress-bar", "off"),
            ),
            environment=self.environment(configuration.pip),
            files={"plan.txt": _lines(pins)},
            watched=(str(into),),
            phase="installing",
        )
        return None if finished.status == 0 else refusal_of(finished, configuration.pip)

    def environment(self, indexes: Indexes) -> dict[str, str]:
        """Return the variables that pip is started with: all of this process's, but of pip's own only the indexes.

        No file of pip's is read any more: what they say of indexes is handed over, and what they say of `target`,
        `user` or `prefix` would redirect the install.
        """
        kept = {name: value for name, value in self.variables.items() if not name.startswith("PIP_")}
        if cache := self.variables.get("PIP_CACHE_DIR"):
            kept["PIP_CACHE_DIR"] = cache
        for name, said in (
            ("PIP_INDEX_URL", (indexes.index,)),
            ("PIP_EXTRA_INDEX_URL", indexes.extra),
            ("PIP_FIND_LINKS", indexes.find_links),
            ("PIP_NO_INDEX", (indexes.no_index,)),
            ("PIP_TRUSTED_HOST", indexes.trusted_hosts),
            ("PIP_CERT", (indexes.certificate,)),
            ("PIP_CLIENT_CERT", (indexes.client_certificate,)),
            ("PIP_PROXY", (indexes.proxy,)),
            ("PIP_KEYRING_PROVIDER", (indexes.keyring,)),
            ("PIP_TIMEOUT", (indexes.timeout,)),
        ):
            if value := " ".join(one.value for one in said if one is not None):
                kept[name] = value
        kept.setdefault("PIP_TIMEOUT", str(CONNECT_TIMEOUT))
        return kept | {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_RETRIES": str(RETRIES),
            "PIP_NO_INPUT": "1",
            "PIP_NO_COLOR": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
            "PYTHONIOENCODING": "utf-8",
        }

    def _start(self, environment: Environment) -> tuple[str, ...]:
        # `-P` keeps the working folder off the path and, unlike `-I`, the user's site-packages on it.
        return (str(environment.executable), "-P", "-c", _NO_OTHER_PROGRAMS)


@dataclass(frozen=True, slots=True)
class PipResolver:
    """`pip install --dry-run`, asked. pip sees for itself what is installed; constraints keep it as it is."""

    pip: Pip
    environment: Environment
    configuration: Configuration

    def ask(self, question: Question) -> Steps[Lock | Unsolvable | Refusal]:
        """Answer with one dry run; where a project alone has no wheel, a second command looks for its sdists."""
        if question.any_platform:
            return Unsolvable("pip cannot ask for wheels of any platform")
        finished = yield self._command(
            ("install", "--dry-run", "--quiet", "--report", "-", "--only-binary", ":all:", *_flags(question)),
            {"wanted.txt": _lines(question.requirements), "installed.txt": _lines(_constraints(question))},
        )
        if finished.status == 0:
            answer = read_report(finished, question.installed)
            return question.changed(answer) if isinstance(answer, Lock) else answer
        problem = _unsolvable(finished) or refusal_of(finished, self.configuration.pip)
        if question.alone and question.python is None and isinstance(problem, Unsolvable):
            return (yield from self._from_source(question, problem))
        return problem

    def reasons(self, resolved: Resolved) -> Steps[Mapping[ProjectName, Reason]]:
        """Read them from the requirements in the report; no command is needed."""
        yield from ()
        needed_by: dict[ProjectName, list[ProjectName]] = {}
        for each in resolved.lock.wheels:
            for requirement in applicable(each.requires):
                needed_by.setdefault(project_name(requirement.name), []).append(each.project)
        index = self._only_index()
        return {each.project: Reason(tuple(needed_by.get(each.project, ())), index) for each in resolved.lock.wheels}

    def _from_source(self, question: Question, answer: Unsolvable) -> Steps[Lock | Unsolvable | Refusal]:
        project = question.wanted[0].project
        # So verbose, pip says what it otherwise calls "no matching distribution": that the index answered with an
        # error.
        finished = yield self._command(("index", "versions", project, "--no-binary", ":all:", "-vvv"), {})
        if finished.status == 0:
            return Lock((), (project,))
        failed = re.search(r"Could not fetch URL \S+: (?!404 )(?P<status>40[13] )?", finished.output)
        if failed is None:
            return answer
        index = _host(self.configuration.pip)
        if failed["status"]:
            return refusals.wants_credentials(index, finished)
        return refusals.index_failed(index, "answered with an error: try again later", finished)

    def _only_index(self) -> str:
        """Return the index that lists everything, without credentials, where only one is asked.

        pip does not tell which of several it was, nor does it ask one before the other: `index.settle` finds out.
        """
        indexes = self.configuration.pip
        if indexes.extra or indexes.find_links or indexes.no_index or indexes.index is None:
            return ""
        return redacted(indexes.index.value)

    def _command(self, arguments: Iterable[str], files: Mapping[str, bytes]) -> Command:
        return Command(
            argv=(*self.pip._start(self.environment), *arguments),  # noqa: SLF001 - one idea in two classes
            environment=self.pip.environment(self.configuration.pip),
            files=files,
            stall=PLAN_STALL,
            limit=PLAN_LIMIT if self.pip.version >= FIRST_WITHOUT_DOWNLOADS else None,
            phase="planning",
        )


def found(
    environment: Environment,
    installed: Mapping[ProjectName, Installed],
    configuration: Configuration,
    variables: Mapping[str, str],
) -> Pip | Refusal:
    """Return the environment's pip, or why it cannot plan."""
    del configuration
    pip = installed.get(project_name("pip"))
    if pip is None:
        command = quoted((str(environment.executable), "-m", "ensurepip"))
        return Refusal(Obstacle.INSTALLER_MISSING, f"There is no pip in this environment: {command} brings one.")
    try:
        version = Version(pip.version)
    except InvalidVersion:
        version = Version("0")
    if version < FIRST_WITH_REPORTS:
        command = quoted((str(environment.executable), "-m", "pip", "install", "--upgrade", "pip"))
        sentence = (
            f"pip {pip.version} cannot tell beforehand what it would install ({FIRST_WITH_REPORTS} can): {command}"
        )
        return Refusal(Obstacle.INSTALLER_MISSING, sentence)
    return Pip(version, variables)


def read_report(finished: Finished, installed: Mapping[ProjectName, Installed]) -> Lock | Refusal:
    """Return what pip's installation report (version 1) tells; projects by direct URL count as not by wheel."""
    wheels, sourced, without_hash = [], [], []
    try:
        for entry in json.loads(finished.output)["install"]:
            project = project_name(entry["metadata"]["name"])
            version = entry["metadata"]["version"]
            Version(version)  # what is none is a stranger's text, and nothing to show
            if project in installed and installed[project].version == version:
                continue  # on the running path, which pip does not know
            download = entry["download_info"]
            name = unquote(urlsplit(download["url"]).path).rpartition("/")[2]
            sha256 = _sha256(download.get("archive_info") or {})
            if entry["is_direct"] or not name.endswith(".whl"):
                sourced.append(project)
                continue
            if re.fullmatch("[0-9a-f]{64}", sha256) is None:
                without_hash.append(project)
            requires = tuple(entry["metadata"].get("requires_dist", ()))
            wheels.append(Locked(project, version, File(name, download["url"], sha256, None, None), requires))
    except (ValueError, KeyError, TypeError, AttributeError, BadProjectNameError):
        return refusals.tool_failed(finished, "pip")
    if without_hash:
        return refusals.without_hash(without_hash)
    return Lock(tuple(wheels), tuple(sourced), tells_ages=False)


def _sha256(archive: Mapping[str, Any]) -> str:  # Any: JSON
    """Return the hash of what a report calls `archive_info`; pip 22.2 had no `hashes` in it yet."""
    hashes = archive.get("hashes") or dict([str(archive.get("hash", "=")).split("=", 1)])
    return str(hashes.get("sha256", ""))


def refusal_of(finished: Finished, indexes: Indexes) -> Refusal:
    """Return why pip failed, where it was not for want of a solution."""
    if (refusal := refusals.of_ending(finished, "pip")) is not None:
        return refusal
    said = finished.errors
    index = _host(indexes)
    if (refusal := refusals.of_disk(finished)) is not None:
        return refusal
    if "Caused by ResponseError" in said or "ERROR: HTTP error" in said:
        return refusals.index_failed(index, "answered with an error: try again later", finished)
    if "connection broken by" in said or "Connection broken" in said or "Max retries exceeded" in said:
        return refusals.offline(index, finished)
    if "JSONDecodeError" in said:
        return refusals.index_failed(index, "answered with something that is no index page", finished)
    if "DO NOT MATCH THE HASHES" in said:
        return refusals.swapped(index, finished)
    if (leaving := _LEAVING.search(said)) is not None:
        path = leaving["path"] or leaving["data"]
        return refusals.unsafe([f"a wheel: {printable_name(path)} would leave its place"])
    return refusals.tool_failed(finished, "pip")


def _unsolvable(finished: Finished) -> Unsolvable | None:
    said = finished.errors
    if finished.status != 1 or "connection broken by" in said:
        return None  # pip calls a project missing where no index could be reached
    if "does not provide upload-time metadata" in said:
        return Unsolvable(said, is_undated=True)
    if "No matching distribution found" not in said and "ResolutionImpossible" not in said:
        return None
    names = (
        re.match("[A-Za-z0-9._-]+", one) for one in re.findall(r"No matching distribution found for (\S+)", said)
    )
    blamed = [name[0].rstrip("._-") for name in names if name is not None]
    return Unsolvable(said, tuple(project_name(name) for name in blamed if is_project_name(name)))


def _host(indexes: Indexes) -> str:
    return "" if indexes.index is None else urlsplit(indexes.index.value).netloc.rpartition("@")[2]


def _flags(question: Question) -> list[str]:
    flags = ["--requirement", "wanted.txt", "--constraint", "installed.txt"]
    if question.alone:
        flags.append("--no-deps")
    if question.python is not None:
        # Before 23.2 pip does not believe that a dry run installs nothing here; nor is anything put there.
        flags += ["--python-version", question.python, "--target", "nowhere"]
    if question.since is not None:
        flags += ["--uploaded-prior-to", question.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]
    return flags


def _constraints(question: Question) -> Iterable[str]:
    for project, one in question.installed.items():
        try:
            Version(one.version)
        except InvalidVersion:
            continue  # cannot be pinned; an answer that changes it is refused afterwards
        yield f"{project}=={one.version}"
    yield from question.limits


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
