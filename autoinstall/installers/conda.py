"""conda, mamba and micromamba: for environments that conda made, whose records only they keep."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from autoinstall import table
from autoinstall.command import Command, Finished, Steps
from autoinstall.environment import Environment, Installed, conda_meta
from autoinstall.environment.conda_meta import Linked
from autoinstall.environment.indexes import Configuration
from autoinstall.environment.ownership import LEAVE_ALL, Changes
from autoinstall.installers import conda_answers, refusals
from autoinstall.installers.conda_answers import Actions, NoAnswer, Record
from autoinstall.installers.conda_mixture import mixture
from autoinstall.names import CondaName, ProjectName, conda_name
from autoinstall.plan import Item, Obstacle, Plan, Refusal, Wanted
from autoinstall.platforms import here, quoted

NAMES = ("conda", "mamba", "micromamba")
"""The commands, in the order in which they are looked for: what all of them understand is said to each alike."""

_PYTHON = conda_name("python")

PLAN_LIMIT = 300.0
"""In seconds. conda may have to fetch all that a channel lists (40 MB, compressed) before it answers."""

_MOST_ROUNDS = 4
"""How often it is asked for older versions than those that are too new."""


@dataclass(frozen=True, slots=True)
class Conda:
    """One of the three. `variables` are those of this process; `known_as` tells what conda-forge calls a project.

    Channels, priorities and caches are the user's own, from their `.condarc` and `.mambarc`.
    """

    binary: Path
    variables: Mapping[str, str]
    known_as: Callable[[ProjectName], str | None] = table.conda_name

    @property
    def name(self) -> str:
        """How people call the tool."""
        return self.binary.stem.lower()

    def shown_command(self, projects: Sequence[str], environment: Environment) -> str:
        """Return what a person types in a terminal to do the same by hand."""
        return quoted((self.name, "install", "--prefix", str(environment.prefix), *projects))

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
        """Find the exact packages or why there are none: one dry run where all is well.

        Each package that is there is asked for as it is. Where nothing can be had so, it is asked once more without:
        what would then be changed is what stands in the way.
        """
        # Indexes are of no account here: channels are. And what conda has installed, conda is left to change.
        del configuration, changes
        names = self._names(wanted)
        if isinstance(names, Refusal):
            return names
        specs = [f"{name}=={one.version}" if one.version else name for one, name in names.items()]
        held = conda_meta.linked(environment.prefix)
        # What is needed along with a version that a person has named is shown with its age too.
        has_limit = not any(one.may_be_young for one in wanted)
        since = now - timedelta(days=min_age_days) if min_age_days and has_limit else None
        answer = yield from self._old_enough(names, specs, held.values(), environment, since)
        if isinstance(answer, NoAnswer):
            answer = yield from self._with_nothing_held(names, specs, held, environment, answer)
        if isinstance(answer, Refusal):
            return answer
        if changed := [*answer.unlink, *(one.linked for one in answer.link if one.linked.name in held)]:
            return _conflict(wanted, changed, self.shown_command(specs, environment))
        if young := _young(answer, since):
            return refusals.too_new(wanted, [(one.name, one.version) for one in young])
        if (refusal := mixture(wanted, answer.link, environment, installed, self.known_as)) is not None:
            return refusal
        return _plan(names, answer.link, self.name)

    def install(self, plan: Plan, environment: Environment) -> Steps[Refusal | None]:
        """Install exactly the plan's files, by hash, resolving nothing again; all of them, or none."""
        caches = conda_answers.caches((yield self._command(environment, ("info", "--json"))))
        stems = [one.stem for item in plan.items if (one := conda_meta.from_file_name(item.file.name))]
        finished = yield replace(
            self._command(environment, ("install", *_quietly(environment), "--file", "explicit.txt")),
            files={"explicit.txt": _lines(["@EXPLICIT", *(f"{i.file.url}#{i.file.sha256}" for i in plan.items)])},
            limit=None,
            downloads=tuple(f"{Path(cache).as_posix()}/{stem}*" for cache in caches for stem in stems),
            phase="installing",
        )
        answer = _without_solving(conda_answers.read(finished, self.name), finished, self.name)
        return answer if isinstance(answer, Refusal) else None

    def remove(self, going: Sequence[Linked], environment: Environment) -> Steps[Refusal | None]:
        """Remove exactly these, all of them; refuse, and change nothing, where something else would go with them."""
        there = conda_meta.linked(environment.prefix)
        if changed := [one for one in going if there.get(one.name) != one]:
            return Refusal(Obstacle.CHANGED, f"not undone: {_listed(changed)} is not what is installed any more")
        # What is removed is there already: no channel needs to be asked, and mamba's way of pruning would take more.
        options = ("--offline", *(() if self.name == "conda" else ("--no-prune-deps",)))
        arguments = ("remove", *_quietly(environment), *options, *(one.spec for one in going))
        finished = yield self._command(environment, (*arguments, "--dry-run"))
        answer = _without_solving(conda_answers.read(finished, self.name), finished, self.name)
        if isinstance(answer, Refusal):
            return answer
        if others := [one for one in answer.unlink if one not in going]:
            return Refusal(Obstacle.NEEDED, f"not undone: {_listed(others)}, installed otherwise, would go with it")
        if answer.link or len(answer.unlink) != len(going):
            sentence = f"not undone: {self.name} would do something else than to remove {_listed(going)}"
            return Refusal(Obstacle.CHANGED, sentence)
        finished = yield replace(self._command(environment, arguments), limit=None)
        answer = _without_solving(conda_answers.read(finished, self.name), finished, self.name)
        return answer if isinstance(answer, Refusal) else None

    def _names(self, wanted: Sequence[Wanted]) -> dict[Wanted, CondaName] | Refusal:
        names = {}
        for one in wanted:
            name = self.known_as(one.project)
            if name is None:
                sentence = f"{one.project} is not known to be in conda's channels."
                return Refusal(Obstacle.NOT_FOUND, sentence)
            names[one] = conda_name(name)
        return names

    def _old_enough(
        self,
        names: Mapping[Wanted, CondaName],
        specs: Sequence[str],
        held: Iterable[Linked],
        environment: Environment,
        since: datetime | None,
    ) -> Steps[Actions | NoAnswer | Refusal]:
        """Ask for older versions as long as some are too new: no date can be told to all three commands alike."""
        passed_over: dict[Linked, None] = {}
        for _ in range(_MOST_ROUNDS):
            older = [f"{one.name}!={one.version}" for one in passed_over]
            answer = yield from self._ask([*specs, *older], held, environment)
            if isinstance(answer, NoAnswer) and passed_over:
                return refusals.too_new(list(names), [(one.name, one.version) for one in passed_over])
            young = _young(answer, since) if isinstance(answer, Actions) else ()
            if not young:
                break
            passed_over |= dict.fromkeys(young)
        return answer

    def _ask(
        self, specs: Sequence[str], held: Iterable[Linked], environment: Environment
    ) -> Steps[Actions | NoAnswer | Refusal]:
        # A file, since Windows has room for 32,767 characters on a command line only.
        asked = _lines([*specs, *sorted(one.spec for one in held)])
        command = self._command(environment, ("install", *_quietly(environment), "--dry-run", "--file", "wanted.txt"))
        answer = conda_answers.read((yield replace(command, files={"wanted.txt": asked})), self.name)
        if not isinstance(answer, Actions) or all(one.file is not None for one in answer.link):
            return answer
        # conda does not tell all of what lies in its package cache already.
        folders = conda_answers.caches((yield self._command(environment, ("info", "--json"))))
        link = tuple(one if one.file is not None else _cached(one, folders) for one in answer.link)
        if nameless := [one.linked for one in link if one.file is None]:
            sentence = f"{self.name} tells no hash of {_listed(nameless)}, and without one nothing is installed."
            return Refusal(Obstacle.INDEX_FAILED, sentence)
        return replace(answer, link=link)

    def _with_nothing_held(
        self,
        names: Mapping[Wanted, CondaName],
        specs: Sequence[str],
        held: Mapping[CondaName, Linked],
        environment: Environment,
        first: NoAnswer,
    ) -> Steps[Actions | Refusal]:
        """Tell what stands in the way; an environment that contradicts itself already does not."""
        answer = yield from self._ask(specs, (), environment)
        if not isinstance(answer, NoAnswer):
            return answer
        for one, name in names.items():
            finished = yield self._command(environment, ("search", "--json", name))
            if conda_answers.has_any(finished, name) is False:
                sentence = f"{one.project} is not in {self.name}'s channels."
                return Refusal(Obstacle.NOT_FOUND, sentence, answer.said)
        sentence = f"{self.name}'s channels have no {' or '.join(names.values())} that fits this environment."
        return Refusal(Obstacle.NO_WHEEL_FOR_THIS_PYTHON, sentence, first.said if held else answer.said)

    def _command(self, environment: Environment, arguments: Sequence[str]) -> Command:
        # Python's variables are this interpreter's, and conda is a program of another one. CONDA_PREFIX is the
        # environment that is active in some shell: its `.condarc` counts, so it has to be this one's.
        kept = {name: value for name, value in self.variables.items() if not name.startswith("PYTHON")}
        settings = {
            "CONDA_PREFIX": str(environment.prefix),
            "CONDA_PATH_CONFLICT": "prevent",
            "CONDA_NUMBER_CHANNEL_NOTICES": "0",
            "NO_COLOR": "1",
        }
        return Command(
            argv=(str(self.binary), *arguments), environment=kept | settings, limit=PLAN_LIMIT, phase="planning"
        )


def found(
    environment: Environment,
    installed: Mapping[ProjectName, Installed],
    configuration: Configuration,
    variables: Mapping[str, str],
) -> Conda | Refusal:
    """Return the command that belongs to the environment, or why conda cannot be used here."""
    del installed, configuration
    if not environment.is_conda:
        return Refusal(Obstacle.INSTALLER_MISSING, f"{environment.prefix} is no conda environment.")
    if (environment.prefix / "conda-meta" / "pixi").exists():
        sentence = "pixi keeps a list of its own of this environment: pixi add does what conda would do elsewhere."
        return Refusal(Obstacle.INSTALLER_MISSING, sentence)
    for candidate in _candidates(environment.prefix, variables):
        if candidate.stem.lower() in NAMES and _can_run(candidate):
            return Conda(candidate, variables)
    return Refusal(Obstacle.INSTALLER_MISSING, f"There is no {', '.join(NAMES[:-1])} or {NAMES[-1]} at hand.")


def _candidates(prefix: Path, variables: Mapping[str, str]) -> Iterator[Path]:
    """Yield where a command may lie, the base installation's own first; never anything relative."""
    said = (variables.get(name) for name in ("CONDA_EXE", "MAMBA_EXE"))
    yield from (Path(path) for path in said if path and Path(path).is_absolute())
    # An environment lies in `envs` of its base, or is the base.
    folders = [
        root / part
        for root in (prefix.parent.parent, prefix)
        for part in ("condabin", "bin", "Scripts", "Library/bin")
    ]
    on_path = [Path(entry) for entry in variables.get("PATH", "").split(os.pathsep) if entry]
    for folder in (*folders, *(entry for entry in on_path if entry.is_absolute())):
        # No `.bat`: what stands in its arguments is read by a shell.
        yield from (folder / f"{name}{here().executable_suffix}" for name in NAMES)


def _can_run(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK) and path.suffix.lower() not in (".bat", ".cmd")


def _quietly(environment: Environment) -> tuple[str, ...]:
    return ("--prefix", str(environment.prefix), "--yes", "--json")


def _plan(names: Mapping[Wanted, CondaName], records: Sequence[Record], installer: str) -> Plan:
    items = []
    for one in records:
        asked_as = (wanted.import_name for wanted, name in names.items() if name == one.linked.name)
        wanted_as = tuple(import_name for import_name in asked_as if import_name is not None)
        needed_by = tuple(who.linked.name for who in records if one.linked.name in who.depends and who is not one)
        if not needed_by and one.linked.name not in names.values():
            needed_by = tuple(dict.fromkeys(names.values()))
        if one.file is not None:
            items.append(Item(one.linked.name, one.linked.version, one.file, wanted_as, needed_by))
    channels = dict.fromkeys(item.file.index for item in items)
    return Plan(tuple(items), installer, tuple(channels))


def _conflict(wanted: Sequence[Wanted], changed: Sequence[Linked], command: str) -> Refusal:
    projects = " with ".join(dict.fromkeys(one.project for one in wanted))
    names = ", ".join(dict.fromkeys(f"{one.name} {one.version}" for one in changed))
    what_to_do = (
        # Under a running Python its own files are not to be changed by anybody.
        "install it into an environment of its own"
        if _PYTHON in {one.name for one in changed}
        else f"to have that changed all the same, once you have looked at what it says: {command}"
    )
    sentence = (
        f"{projects} cannot be had without changing {names}, and what is installed is left as it is: {what_to_do}."
    )
    return Refusal(Obstacle.CONFLICT, sentence)


def _cached(one: Record, folders: Sequence[str]) -> Record:
    for folder in folders:
        try:
            raw = json.loads(Path(folder, one.linked.stem, "info", "repodata_record.json").read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(raw, dict) and (told := conda_answers.record(raw)) and told.linked == one.linked and told.file:
            return told
    return one


def _young(answer: Actions, since: datetime | None) -> tuple[Linked, ...]:
    if since is None:
        return ()
    dated = ((one.linked, one.file.uploaded) for one in answer.link if one.file is not None)
    return tuple(linked for linked, uploaded in dated if uploaded is not None and uploaded > since)


def _listed(these: Iterable[Linked]) -> str:
    return ", ".join(f"{one.name} {one.version}" for one in these)


def _without_solving(answer: Actions | NoAnswer | Refusal, finished: Finished, tool: str) -> Actions | Refusal:
    """Return an answer to what leaves nothing to solve."""
    return refusals.tool_failed(finished, tool) if isinstance(answer, NoAnswer) else answer


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
