"""uv: the planner and default installer, which builds nothing to plan and needs no pip in the environment."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autoinstall.command import Command, Finished, Steps
from autoinstall.environment import Environment, Installed
from autoinstall.environment.indexes import VARIABLES_OF_UV, Configuration, Indexes
from autoinstall.environment.ownership import LEAVE_ALL, Changes
from autoinstall.installers import refusals
from autoinstall.installers.pylock import BadLockError, read_pylock, read_reasons, toml, write_pylock, write_versions
from autoinstall.installers.question import Lock, Question, Reason, Resolved, Unsolvable
from autoinstall.installers.resolution import plan_of, resolve
from autoinstall.installers.uv_mending import LOG, records_linked_from, records_shared_with, suspects, told_of
from autoinstall.names import ProjectName, is_project_name, project_name
from autoinstall.plan import Item, Obstacle, Plan, Refusal, Wanted
from autoinstall.platforms import here, quoted, uv_cache_folder

CONNECT_TIMEOUT = 3
RETRIES = 1
"""Together at most 8 seconds until somebody without a network is told so."""

READ_TIMEOUT = 15
"""In seconds without a byte, where the user has not said otherwise: that is a stall, not a slow line."""

STALL = 60.0
BUILD_STALL = 600.0
"""In seconds without a sign of life: a compiler may be silent for long."""

FORGET_LIMIT = 10.0
"""In seconds. Another uv at work keeps the cache locked."""

PLAN_LIMIT = 90.0
"""In seconds. Planning asks for pages and metadata only; an index that drips them would keep uv busy for ever."""


@dataclass(frozen=True, slots=True)
class Uv:
    """uv, started as the binary itself. `variables` are those of this process, `home` is the user's folder."""

    binary: Path
    variables: Mapping[str, str] = field(repr=False)
    home: Path = field(default_factory=Path.home)
    name: str = "uv"

    def shown_command(self, projects: Sequence[str], environment: Environment) -> str:
        """Return what a person types in a terminal to do the same by hand."""
        return quoted(("uv", "pip", "install", "--python", str(environment.executable), *projects))

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
        """Find the exact wheels or why there are none: One resolution and one look at its cache where all is well."""
        resolver = UvResolver(self, environment, configuration)
        since = now - timedelta(days=min_age_days) if min_age_days else None
        resolved = yield from resolve(
            Question(tuple(wanted), installed, since), resolver, environment.python_version, changes
        )
        if isinstance(resolved, Refusal):
            return resolved
        indexes = configuration.for_uv()
        if indexes.only_one is not None and len(resolved.lock.wheels) == 1:
            (wheel,) = resolved.lock.wheels  # it is what was asked for, and can come from nowhere else
            reasons: Mapping[ProjectName, Reason] = {wheel.project: Reason(index=indexes.only_one)}
        else:
            reasons = yield from resolver.reasons(resolved)
        return plan_of(resolved, reasons, indexes, self.name)

    def stage(
        self, plan: Plan, environment: Environment, configuration: Configuration, into: Path
    ) -> Steps[Refusal | None]:
        """Install the plan's files into `into`, by hash; what lies in uv's cache already is linked from there."""
        if not plan.items:
            return None
        staging = _Staging(self, environment, configuration)
        cache = self.cache_folder(configuration)
        building = [flag for project in plan.built for flag in ("--no-binary", project)]
        finished = yield staging.command(plan.items, into, cache, *building)
        if finished.status != 0:
            return refusal_of(finished)
        mended = told_of(finished.errors)
        wheels = [item for item in plan.items if item.project not in plan.built]
        if not mended and wheels:
            # What lay in the cache was unpacked by somebody else, who may have heard what we have not.
            records = records_shared_with(Path(cache), into)
            unseen = [item for item in wheels if item.project not in records]
            if unseen and here().links_freely:
                links = into.with_name("l")
                finished = yield staging.command(unseen, links, cache, "--link-mode", "symlink", "--offline")
                if finished.ending == "interrupted":
                    return refusal_of(finished)
                records = {**records, **records_linked_from(links)}
            accused = suspects(records)
            doubtful = [item for item in wheels if item.project in accused]
            if doubtful:
                finished = yield staging.command(doubtful, into.with_name("u"), str(into.with_name("c")))
                if finished.status != 0:
                    return refusal_of(finished)
                mended = told_of(finished.errors)
        if not mended:
            return None
        guilty = {each.project for each in mended}
        yield staging.forgetting(
            [one.project for one in plan.items if not guilty.isdisjoint((one.project, None))], cache
        )
        return refusals.unsafe([each.sentence for each in mended])

    def cache_folder(self, configuration: Configuration) -> str:
        """Return the user's own cache: that it is warm is what makes uv fast."""
        configured = self.variables.get("UV_CACHE_DIR") or configuration.uv_settings.get("cache-dir")
        return str(Path(str(configured or uv_cache_folder(self.variables, str(self.home)))).expanduser().absolute())

    def environment(self, indexes: Indexes) -> dict[str, str]:
        """Return the variables that uv is started with: all of this process's but those that would redirect it."""
        kept = {name: value for name, value in self.variables.items() if _is_kept(name)}
        if kept.get("UV_LINK_MODE") == "symlink":
            del kept["UV_LINK_MODE"]  # what is installed has to be whole when uv's cache is gone
        for name, said in (
            ("SSL_CERT_FILE", indexes.certificate),
            ("SSL_CLIENT_CERT", indexes.client_certificate),
            ("ALL_PROXY", indexes.proxy),
        ):
            if said is not None:
                kept.setdefault(name, said.value)
        return kept | {
            "UV_HTTP_TIMEOUT": str(READ_TIMEOUT) if indexes.timeout is None else indexes.timeout.value,
            "UV_HTTP_CONNECT_TIMEOUT": str(CONNECT_TIMEOUT),
            "UV_HTTP_RETRIES": str(RETRIES),
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "NO_COLOR": "1",
        }


@dataclass(frozen=True, slots=True)
class _Staging:
    """The commands that unpack wheels, and that have uv forget them."""

    uv: Uv
    environment: Environment
    configuration: Configuration

    def command(self, items: Iterable[Item], into: Path, cache: str, *arguments: str) -> Command:
        """Install files into a prefix, by hash, and tell in the log what is mended in them."""
        return Command(
            argv=(
                *(str(self.uv.binary), "pip", "install", "-r", "pylock.toml"),
                *("--config-file", "uv.toml", "--preview-features", "pylock"),
                *("--python", str(self.environment.executable), "--prefix", str(into), "--cache-dir", cache),
                *("--no-deps", "--require-hashes", "--only-binary", ":all:", *arguments),
            ),
            environment=self._environment,
            files={
                "pylock.toml": _encoded(write_pylock(items, self.environment.python_version)),
                "uv.toml": _encoded(settings_file(self.configuration)),
            },
            shows_progress=True,
            downloads=(f"{cache}/.tmp*",),
            watched=(str(into),),
            stall=BUILD_STALL if "--no-binary" in arguments else STALL,
            phase="installing",
        )

    def forgetting(self, projects: Sequence[ProjectName], cache: str) -> Command:
        """Take projects out of the cache: what uv has mended there could not be told from what was in order."""
        return Command(
            argv=(str(self.uv.binary), "cache", "clean", "--no-config", "--cache-dir", cache, *projects),
            environment=self._environment,
            limit=FORGET_LIMIT,
            phase="installing",
        )

    @property
    def _environment(self) -> dict[str, str]:
        return self.uv.environment(self.configuration.for_uv()) | {"RUST_LOG": LOG}


@dataclass(frozen=True, slots=True)
class UvResolver:
    """`uv pip compile`, asked.

    What is installed is handed to it as folders with metadata given beforehand (uv's setting
    `dependency-metadata`) and a constraint on each. So local versions, editable installs and versions that no index
    has stand as they are, their requirements count, no index is asked about them, and uv's cache keeps nothing of it.
    """

    uv: Uv
    environment: Environment
    configuration: Configuration

    def ask(self, question: Question) -> Steps[Lock | Unsolvable | Refusal]:
        """Answer with one `uv pip compile`."""
        finished = yield self._command(question, ("--format", "pylock.toml"))
        if finished.status == 0:
            try:
                return question.changed(read_pylock(finished.output, question.installed, question.built))
            except BadLockError:
                return refusals.tool_failed(finished, "uv")
        return _unsolvable(finished) or refusal_of(finished)

    def reasons(self, resolved: Resolved) -> Steps[Mapping[ProjectName, Reason]]:
        """Have the same resolution told with annotations, which takes milliseconds: all of it lies in the cache."""
        told = ("--annotation-style", "line", "--emit-index-annotation")
        finished = yield self._command(resolved.question, (*told, "--offline"))
        if finished.status != 0:
            finished = yield self._command(resolved.question, told)
        return read_reasons(finished.output) if finished.status == 0 else {}

    def _command(self, question: Question, arguments: Sequence[str]) -> Command:
        uv = self.uv
        cache = uv.cache_folder(self.configuration)
        files = {
            "wanted.txt": _lines(question.requirements),
            "installed.txt": _lines(
                [*(f"{one.project} @ {_place(one)}" for one in question.installed.values()), *question.limits]
            ),
            "uv.toml": _encoded(settings_file(self.configuration, question)),
        }
        if question.preferred:
            # What uv finds in the place that it is to write to is an older lock, whose versions it keeps if it can.
            files["pylock.toml"] = _encoded(write_versions(question.preferred.values()))
            arguments = (*arguments, "--output-file", "pylock.toml")
        stand_ins = {
            f"installed/{one.project}/.installed": b""
            for one in question.installed.values()
            if one.metadata_folder is None
        }
        return Command(
            argv=(
                *(str(uv.binary), "pip", "compile", "wanted.txt", "--constraints", "installed.txt"),
                *("--config-file", "uv.toml", "--no-header", "--no-progress"),
                *("--python", str(self.environment.executable), "--cache-dir", cache),
                *_flags(question),
                *arguments,
            ),
            environment=uv.environment(self.configuration.for_uv()),
            files=files | stand_ins,
            limit=PLAN_LIMIT,
            phase="planning",
        )


def found(
    environment: Environment,
    installed: Mapping[ProjectName, Installed],
    configuration: Configuration,
    variables: Mapping[str, str],
) -> Uv | Refusal:
    """Return the uv that came with autoinstall or lies beside the interpreter, or why it cannot be used here."""
    del installed
    if (obstacle := configuration.why_not_uv()) is not None:
        sentence = f"uv cannot be used: {obstacle}."
        return Refusal(Obstacle.INSTALLER_MISSING, sentence)
    binary = _binary(environment)
    if binary is None:
        sentence = "There is no uv here: reinstall ipython-autoinstall, which brings it."
        return Refusal(Obstacle.INSTALLER_MISSING, sentence)
    return Uv(binary, variables)


def _binary(environment: Environment) -> Path | None:
    beside = environment.scripts / f"uv{here().executable_suffix}"
    if beside.exists():
        return beside
    with suppress(ImportError, FileNotFoundError):
        import uv  # noqa: PLC0415 - only where it does not lie where it usually does

        return Path(uv.find_uv_bin())
    return None


def settings_file(configuration: Configuration, question: Question | None = None) -> str:
    """Return the uv.toml that stands in for the user's: where files come from, and what is known beforehand.

    It is a file and not arguments because index URLs may hold passwords, which `ps` would show to everybody.
    """
    settings = dict(configuration.uv_settings)
    indexes = configuration.for_uv()
    settings.pop("cache-dir", None)
    if not configuration.uv.names_sources:
        tables: list[dict[str, object]] = [{"url": said.value} for said in indexes.extra]
        if indexes.index is not None:
            tables.append({"url": indexes.index.value, "default": True})
        settings |= {
            "index": tables,
            "find-links": [said.value for said in indexes.find_links],
            "no-index": indexes.no_index is not None,
        }
    settings["allow-insecure-host"] = [said.value for said in indexes.trusted_hosts]
    if indexes.keyring is not None:
        settings["keyring-provider"] = "subprocess" if indexes.keyring.value == "subprocess" else "disabled"
    lines = [f"{key} = {toml(value)}" for key, value in settings.items()]
    known: list[dict[str, object]] = []
    if question is not None and question.alone:
        known = [{"name": one.project, "requires-dist": []} for one in question.wanted]
    elif question is not None:
        known = [
            {"name": one.project, "version": one.version, "requires-dist": one.requires, "provides-extra": one.extras}
            for one in question.installed.values()
        ]
        # Without it uv would build to learn it, before anybody has agreed to that.
        known += [{"name": project, "requires-dist": requires} for project, requires in question.built.items()]
    lines.append(f"dependency-metadata = {toml(known)}")
    return "\n".join(lines) + "\n"


def _place(one: Installed) -> str:
    """Return a folder that exists and is no other's: uv tells by it which is which, and looks at nothing in it."""
    return f"./installed/{one.project}" if one.metadata_folder is None else one.metadata_folder.as_uri()


def _flags(question: Question) -> list[str]:
    flags = []
    if not question.alone or question.any_platform or question.python is not None:
        flags += ["--only-binary", ":all:"]
        flags += [flag for project in question.built for flag in ("--no-binary", project)]
    if question.alone:
        flags.append("--no-deps")
    if question.any_platform:
        flags.append("--universal")
    if question.python is not None:
        flags += ["--python-version", question.python]
    if question.since is not None:
        flags += ["--exclude-newer", question.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]
        for project in sorted(question.of_any_age):
            flags += ["--exclude-newer-package", f"{project}=false"]
    return flags


# Which projects uv puts it down to; whether it is so is asked again, project by project.
_BLAMED = re.compile(
    r"\b(?P<project>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?:[<>=!]=?\S+)?"
    r" (?:was not found|was yanked|has no |cannot be used|are available)"
)


def _unsolvable(finished: Finished) -> Unsolvable | None:
    said = finished.errors
    if finished.status is not None and "Failed to parse" in said and "uv.toml" in said:
        return Unsolvable(said)  # an installed distribution says something that no standard allows
    if finished.status != 1 or "could not be queried" in said or "403 Forbidden" in said:
        return None  # uv calls a project missing where the index asked for a password
    if "No solution found" not in said and "Failed to resolve dependencies" not in said:
        return None
    blamed = dict.fromkeys(
        project_name(found["project"]) for found in _BLAMED.finditer(said) if is_project_name(found["project"])
    )
    return Unsolvable(said, tuple(blamed))


def refusal_of(finished: Finished) -> Refusal:
    """Return why uv failed, where it was not for want of a solution."""
    if (refusal := refusals.of_ending(finished, "uv")) is not None:
        return refusal
    said = finished.errors
    index = _index_in(said)
    if (refusal := refusals.of_disk(finished)) is not None:
        return refusal
    if "401 Unauthorized" in said or "403 Forbidden" in said:
        return refusals.wants_credentials(index, finished)
    if "HTTP status" in said:
        return refusals.index_failed(index, "answered with an error: try again later", finished)
    if "error sending request" in said or "error decoding response body" in said:
        return refusals.offline(index, finished)
    if "unexpected JSON" in said or "unexpected HTML" in said or "Unsupported `Content-Type`" in said:
        return refusals.index_failed(index, "answered with something that is no index page", finished)
    if "Hash mismatch" in said or "Size mismatch" in said:
        return refusals.swapped(index, finished)
    if "Failed to extract archive" in said:
        return refusals.damaged(index, finished)
    return refusals.tool_failed(finished, "uv")


def _index_in(said: str) -> str:
    """Return the host that uv speaks of: of a URL it is what people know, and it has no credentials in it."""
    found = re.search(r"https?://(?:[^/@\s]*@)?(?P<host>[^/\s`)]+)", said)
    return found["host"] if found else ""


def _is_kept(name: str) -> bool:
    if name.startswith("UV_"):
        return name in VARIABLES_OF_UV or re.fullmatch(r"UV_INDEX_\w+_(USERNAME|PASSWORD)", name) is not None
    return not name.startswith("PIP_")


def _lines(lines: Iterable[str]) -> bytes:
    return _encoded("".join(f"{line}\n" for line in lines))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")
