"""This interpreter and its environment: planned for and installed into, for real."""

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from autoinstall import (
    activate,
    advice,
    destination,
    elsewhere,
    environment,
    index,
    indexes,
    installers,
    platforms,
    run,
    table,
    target,
)
from autoinstall.advice import Advice, Verdict
from autoinstall.destination import Destination, make_your_own, why_not_ours
from autoinstall.environment import Environment, Installed
from autoinstall.errors import EnvironmentNotWritableError
from autoinstall.facts import current_facts
from autoinstall.index import Access
from autoinstall.indexes import Configuration
from autoinstall.installers import Installer
from autoinstall.interpreters import Look
from autoinstall.journal import Journal
from autoinstall.names import ImportName, ProjectName, import_name
from autoinstall.notes import Instead
from autoinstall.plan import Obstacle, Plan, Refusal, Wanted
from autoinstall.presence import look_for
from autoinstall.provide import Done, Screen
from autoinstall.settings import Settings
from autoinstall.text import size_as_text

_MAY_BE_ELSEWHERE = (Verdict.TRUSTED, Verdict.CHOICE, Verdict.RARE, Verdict.UNKNOWN)
"""Advice of another kind has said already what is the matter."""

_FOR_THE_INDEX_TO_EXPLAIN = (
    Obstacle.NOT_FOUND,
    Obstacle.NO_WHEEL,
    Obstacle.NO_WHEEL_FOR_THIS_PYTHON,
    Obstacle.TOO_NEW,
)


@dataclass
class ThisMachine:
    """The running interpreter's environment. Facts are read anew for each plan: a person may install by hand too.

    `session` marks the transactions of this process: an undo takes back its own.
    """

    environment: Environment = field(default_factory=environment.current)
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    destination: Destination = field(init=False)

    def __post_init__(self) -> None:
        """Install into the environment, until a plan finds that it is not ours to change."""
        self.destination = Destination(self.environment)

    @property
    def place(self) -> str:
        """The folder that is installed into."""
        return str(self.destination.environment.prefix)

    @property
    def target(self) -> str | None:
        """The folder that is installed into beside an environment which is not ours to change, else `None`."""
        return None if self.destination.target is None else str(self.destination.target)

    @property
    def remark(self) -> str | None:
        """Why it is installed there; `None` where it is the environment that is installed into."""
        reason = self.destination.reason
        return f"a folder of your own, since {reason}" if reason else None

    @property
    def python(self) -> str:
        """This Python's version as people say it: `3.12`."""
        return self.environment.python_version.rpartition(".")[0]

    @property
    def has_pip(self) -> bool:
        """Tell whether `%pip` would work here."""
        return (self.environment.purelib / "pip").is_dir() and why_not_ours(self.environment) is None

    def instead(self, *, is_cell: bool) -> Instead | None:
        """Return what to do where nothing may be put into this environment, `None` where something may."""
        reason = why_not_ours(self.environment)
        return None if reason is None else Instead(reason, make_your_own(self.environment, is_cell=is_cell))

    def elsewhere(self, name: str) -> str | None:
        """Say for which other Python a name is installed, `None` where that is not known or nobody's concern."""
        if advice.advise(name, current_facts()).verdict not in _MAY_BE_ELSEWHERE:
            return None
        return elsewhere.where(
            import_name(name), Look(self.environment, self.variables, Path.home(), platforms.here())
        )

    def advise(self, name: str, settings: Settings) -> Advice:
        """Return what an import name leads to. No network, no side effect."""
        return advice.advise(name, current_facts(settings=settings))

    def rank_of(self, project: ProjectName) -> int | None:
        """Return a project's place among the most downloaded, from 1."""
        return table.rank_of(project)

    def plan(self, wanted: Sequence[Wanted], settings: Settings, screen: Screen) -> Plan | Refusal:
        """Return the exact wheels that satisfy what is wanted and change nothing that is there, or why not."""
        found = destination.settle(self.environment, settings)
        if isinstance(found, Refusal):
            return found
        self.destination = found
        installed = environment.installed()
        configuration = self._configuration()
        tool = self._tool(settings, installed, configuration)
        if isinstance(tool, Refusal):
            return tool
        steps = tool.plan(
            wanted,
            self.environment,
            installed,
            configuration,
            min_age_days=settings.min_age_days or None,
            now=datetime.now(UTC),
        )
        plan = run.carry_out(steps, _shown(screen, None))
        if isinstance(plan, Refusal):
            return self._explained(plan, wanted, settings)
        if not plan.items:
            names = ", ".join(one.import_name for one in wanted)
            projects = ", ".join(one.project for one in wanted)
            sentence = f"{projects} is installed here already, but does not provide {names}."
            return Refusal(Obstacle.NOT_PROVIDED, sentence)
        # pip reports neither sizes nor upload times; what uv does not tell, the index does not say.
        plan = self.dated(plan) if tool.name == "pip" else plan
        found = destination.with_room(self.destination, self.environment, plan, settings)
        if isinstance(found, Refusal):
            return found
        self.destination = found
        return plan

    def dated(self, plan: Plan) -> Plan:
        """Return the plan with the sizes and upload times that its tool did not know, and the index does."""
        return index.date(plan, self._access())

    def carry_out(self, plan: Plan, settings: Settings, screen: Screen) -> Done | Refusal:
        """Install exactly the plan, whole or not at all, and make it importable in this process."""
        names = [name for item in plan.items for name in item.wanted_as]
        into = self.destination.environment
        journal = Journal(into.purelib)
        try:
            with activate.lock(into, working_for=names, record=journal, say=screen.say):
                if self.target is not None:
                    target.put_on_path(self.target)
                # Another kernel may have been at work while the person was thinking, or while this one waited.
                if all(look_for(name).is_whole for name in names):
                    return Done(Plan((), plan.installer))
                installed = environment.installed()
                if any(item.project in installed for item in plan.items):
                    return Refusal(Obstacle.CHANGED, "The environment has changed meanwhile.")
                tool = self._tool(settings, installed, self._configuration())
                if isinstance(tool, Refusal):
                    return tool
                return self._install(plan, names, tool, journal, screen)
        except EnvironmentNotWritableError as problem:
            return Refusal(Obstacle.NOT_WRITABLE, str(problem))

    def _install(
        self,
        plan: Plan,
        names: Sequence[ImportName],
        tool: Installer,
        journal: Journal,
        screen: Screen,
    ) -> Done | Refusal:
        into = self.destination.environment
        staging = activate.new_staging(into)
        steps = tool.stage(plan, self.environment, self._configuration(), staging)
        refusal = run.carry_out(steps, _shown(screen, plan.size))
        if refusal is not None:
            return refusal
        admitted = activate.admit(staging, plan, into, session=self.session)
        if isinstance(admitted, Refusal):
            return admitted
        transaction = admitted.transaction
        activate.refresh(transaction, into)
        for name in names:
            problem = activate.verify(name, transaction, into)
            if problem is not None:
                activate.withdraw(admitted)
                return problem
        activate.keep(admitted, journal)
        self._remember_target(screen)
        return Done(plan, transaction.id)

    def _remember_target(self, screen: Screen) -> None:
        if self.target is not None:
            try:
                target.remember(str(self.destination.environment.prefix))
            except OSError as problem:
                screen.say(
                    f"autoinstall: what lies in {self.target} will not be found by itself next time "
                    f"({problem.strerror or problem}); set {target.VARIABLE}."
                )

    def _explained(self, refusal: Refusal, wanted: Sequence[Wanted], settings: Settings) -> Refusal:
        """Return the refusal with what the index itself says, which knows more than a resolver tells."""
        if refusal.obstacle not in _FOR_THE_INDEX_TO_EXPLAIN or len(wanted) != 1:
            return refusal
        one = wanted[0]
        absence = index.why_not(
            one.project,
            self.environment.python_version,
            self._access(),
            version=one.version,
            min_age_days=settings.min_age_days,
        )
        if absence.obstacle not in _FOR_THE_INDEX_TO_EXPLAIN:
            return refusal
        return replace(refusal, obstacle=absence.obstacle, sentence=absence.sentence)

    def _access(self) -> Access:
        return Access.configured(self._configuration().for_uv())

    def _configuration(self) -> Configuration:
        return indexes.read(self.variables, self.environment.prefix)

    def _tool(
        self, settings: Settings, installed: Mapping[ProjectName, Installed], configuration: Configuration
    ) -> Installer | Refusal:
        return installers.choose(settings.installer, self.environment, installed, configuration, self.variables)


def _shown(screen: Screen, total: int | None) -> Callable[[run.Progress], None]:
    def show(progress: run.Progress) -> None:
        done = f"{progress.phase}"
        if progress.received and total:
            done += f" ({size_as_text(progress.received)} of {size_as_text(total)})"
        elif progress.received:
            done += f" ({size_as_text(progress.received)})"
        screen.progress(done)

    return show
