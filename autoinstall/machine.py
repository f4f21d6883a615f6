"""This interpreter and its environment: planned for and installed into, for real."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import zip_longest
from pathlib import Path

from autoinstall import activate, advice, direct, environment, index, installers, large, platforms, run, table, target
from autoinstall.advice import Advice, Verdict
from autoinstall.advice.facts import current_facts
from autoinstall.advice.presence import look_for
from autoinstall.environment import Environment, Installed, destination, elsewhere, indexes
from autoinstall.environment.destination import Destination, make_your_own, why_not_ours
from autoinstall.environment.indexes import Configuration
from autoinstall.environment.interpreters import Look
from autoinstall.environment.ownership import Changes, why_not_replaced
from autoinstall.errors import EnvironmentNotWritableError
from autoinstall.index import Access
from autoinstall.installers import DirectInstaller, Installer, InTurn, keyring, refusals
from autoinstall.installers.relations import is_satisfied
from autoinstall.names import ImportName, ProjectName, import_name
from autoinstall.notes import Instead
from autoinstall.past.journal import Journal
from autoinstall.past.transaction import TakenBack, Transaction
from autoinstall.plan import Item, Obstacle, Plan, Refusal, Wanted
from autoinstall.roles import Done, NeedsMore, Screen
from autoinstall.settings import InstallerChoice, Mode, Settings

_MAY_BE_ELSEWHERE = (Verdict.TRUSTED, Verdict.CHOICE, Verdict.RARE, Verdict.UNKNOWN)
"""Advice of another kind has said already what is the matter."""

_LACKING = (Obstacle.NOT_FOUND, Obstacle.NO_WHEEL_FOR_THIS_PYTHON)
"""What one tool refuses so, the next may have."""

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
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
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

    @property
    def command(self) -> str:
        """What starts this Python in a shell: `python`, or its whole path where that would start another."""
        return self._look.command()

    def instead(self, *, is_cell: bool) -> Instead | None:
        """Return what to do where nothing may be put into this environment, `None` where something may."""
        reason = why_not_ours(self.environment)
        return None if reason is None else Instead(reason, make_your_own(self.environment, is_cell=is_cell))

    def elsewhere(self, name: str) -> str | None:
        """Say for which other Python a name is installed, `None` where that is not known or nobody's concern."""
        if advice.advise(name, current_facts()).verdict not in _MAY_BE_ELSEWHERE:
            return None
        return elsewhere.where(import_name(name), self._look)

    @property
    def _look(self) -> Look:
        return Look(self.environment, self.variables, Path.home(), platforms.here())

    def advise(self, name: str, settings: Settings) -> Advice:
        """Return what an import name leads to. No network, no side effect."""
        return advice.advise(name, current_facts(settings=settings))

    def denial_of(self, project: ProjectName, settings: Settings) -> str | None:
        """Say in a sentence why nobody may have a project, `None` where nothing forbids it."""
        if project in settings.deny:
            return f"The settings here forbid {project}."
        return table.denial_for(project)

    def rank_of(self, project: ProjectName) -> int | None:
        """Return a project's place among the most downloaded, from 1."""
        return table.rank_of(project)

    def conda(self, project: ProjectName, settings: Settings) -> tuple[str, str] | None:
        """Return the command of conda's kind that installs a project here and what it calls it, `None` for others.

        As far as can be told without asking its channels.
        """
        name = table.conda_name(project) if self.destination.environment.is_conda else None
        if name is None or settings.installer not in (InstallerChoice.AUTO, InstallerChoice.CONDA):
            return None
        tool = installers.choose(InstallerChoice.CONDA, self.environment, {}, self._configuration(), self.variables)
        return None if isinstance(tool, Refusal) else (tool.name, name)

    def plan(self, wanted: Sequence[Wanted], settings: Settings, screen: Screen) -> Plan | Refusal:
        """Return the exact wheels that satisfy what is wanted, or why not.

        They change nothing that is there, but where a person has asked for that and nothing else would do.
        """
        plan = self._planned(wanted, settings, screen)
        return plan if isinstance(plan, Refusal) else _forbidden(plan, settings) or plan

    def _planned(self, wanted: Sequence[Wanted], settings: Settings, screen: Screen) -> Plan | Refusal:
        found = destination.settle(self.environment, settings)
        if isinstance(found, Refusal):
            return found
        self.destination = found
        installed = environment.installed()
        configuration = self._configuration()
        tools = self._tools(settings, installed, configuration)
        if isinstance(tools, Refusal):
            return tools
        remark = tools.remark
        may_change = any(one.may_change for one in wanted)
        changes = Changes(may_change, partial(why_not_replaced, environment=found.environment))
        for tool, next_one in zip_longest(tools.tools, tools.tools[1:]):
            steps = tool.plan(
                wanted,
                self.environment,
                installed,
                configuration,
                min_age_days=settings.min_age_days or None,
                now=datetime.now(UTC),
                changes=changes,
            )
            plan: Plan | Refusal = run.carry_out(steps, _shown(screen, None))
            # Of several, some may be had from it: then the one that stands still is planned for by itself.
            if isinstance(plan, Plan) or plan.obstacle not in _LACKING or len(wanted) > 1 or next_one is None:
                break
            remark = f"{plan.sentence} {next_one.name} installs it from the index."
        if isinstance(plan, Refusal):
            is_of_index = not isinstance(tool, DirectInstaller)
            return self._explained(plan, wanted, settings, tool.name) if is_of_index else plan
        if not plan.items:
            activate.look_anew()
            if all(one.import_name is not None and look_for(one.import_name).is_whole for one in wanted):
                return plan  # another process brought it between the import statement and this plan
            names = ", ".join(one.import_name or one.project for one in wanted)
            projects = ", ".join(one.project for one in wanted)
            sentence = f"{projects} is installed here already, but does not provide {names}."
            return Refusal(Obstacle.NOT_PROVIDED, sentence)
        if isinstance(tool, DirectInstaller):
            return plan
        plan = replace(plan, remark=remark, in_use=activate.loaded_of(plan, found.environment))
        # pip reports neither sizes nor upload times; what uv does not tell, the index does not say.
        settled = self._settled(plan, configuration) if tool.name == "pip" else plan
        if isinstance(settled, Plan):
            settled = _too_new(settled, wanted, settings) or settled
        return settled if isinstance(settled, Refusal) else self._with_room(settled, settings)

    def _with_room(self, plan: Plan, settings: Settings) -> Plan | Refusal:
        found = destination.with_room(self.destination, self.environment, plan, settings)
        if isinstance(found, Refusal):
            return found
        self.destination = found
        return plan

    def remarks_on_size(self, plan: Plan) -> Sequence[str]:
        """Return what to know before so much is downloaded; nothing where it is not much."""
        return large.remarks(plan, self.destination.environment, self.environment)

    def dated(self, plan: Plan) -> Plan:
        """Return the plan with the sizes and upload times that its tool did not know, and the index does."""
        return plan if plan.is_of_conda else index.date(plan, self._access(plan.installer))

    def _settled(self, plan: Plan, configuration: Configuration) -> Plan | Refusal:
        """Return pip's plan, dated; where several indexes are configured, only if each file is of the right one."""
        asked = configuration.for_pip()
        if not asked.extra or asked.no_index:
            return self.dated(plan)
        access = self._access(plan.installer)
        settled = index.settle(
            plan, access, is_last_the_least=asked.is_last_the_default, has_folders=bool(asked.find_links)
        )
        if isinstance(settled, Refusal):
            return settled
        return replace(settled, indexes=asked.described(item.file.index for item in settled.items))

    def carry_out(self, plan: Plan, settings: Settings, screen: Screen) -> Done | NeedsMore | Refusal:
        """Install exactly the plan, whole or not at all, and make it importable in this process."""
        names = [name for item in plan.items for name in item.wanted_as]
        into = self.destination.environment
        journal = Journal(into.purelib)
        try:
            with activate.lock(into, working_for=names, record=journal, say=screen.say):
                if self.target is not None:
                    target.put_on_path(self.target)
                # Another kernel may have been at work while the person was thinking, or while this one waited.
                activate.look_anew()
                installed = environment.installed()
                if all(_is_there(item, installed) for item in plan.items if item.is_asked_for):
                    return Done(Plan((), plan.installer))
                tools = self._tools(settings, installed, self._configuration())
                if isinstance(tools, Refusal):
                    return tools
                tool = next((tool for tool in tools.tools if tool.name == plan.installer), None)
                if isinstance(tool, DirectInstaller):
                    return self._install_directly(plan, tool, journal, screen)
                if tool is None or not all(_is_as_planned(item, installed) for item in plan.items):
                    return Refusal(Obstacle.CHANGED, "The environment has changed meanwhile.")
                return self._install(plan, names, tool, journal, screen)
        except EnvironmentNotWritableError as problem:
            return Refusal(Obstacle.NOT_WRITABLE, str(problem))

    def versions(self) -> Mapping[ProjectName, str]:
        """Return the version of each project that this process sees installed."""
        return {project: one.version for project, one in environment.installed().items()}

    def transactions(self) -> tuple[Transaction, ...]:
        """Return what was installed by way of us, here and beside it, oldest first, what was taken back too."""
        found = (each for _, journal in self._journals() for each in journal.transactions())
        return tuple(sorted(found, key=lambda each: each.when))

    def last_of_this_session(self) -> Transaction | None:
        """Return what this process installed last and has not taken back, `None` where there is nothing."""
        last = (found for _, journal in self._journals() if (found := journal.last_of(self.session)) is not None)
        return max(last, key=lambda each: each.when, default=None)

    def _journals(self) -> Iterator[tuple[Environment, Journal]]:
        for here in destination.all_of(self.environment):
            yield here, Journal(here.purelib)

    def take_back(self, transaction: Transaction, screen: Screen) -> TakenBack | Refusal:
        """Take out exactly what a transaction added, all of it, or nothing where something has come to need it."""
        for here, journal in self._journals():
            if journal.by_id(transaction.id) is not None:
                return self._take_back(transaction, here, journal, screen)
        return Refusal(Obstacle.NOT_FOUND, f"no record of {transaction.id} is left here")

    def _take_back(
        self, transaction: Transaction, here: Environment, journal: Journal, screen: Screen
    ) -> TakenBack | Refusal:
        try:
            with activate.lock(here, working_for=transaction.wanted, record=journal, say=screen.say):
                # Another process may have done it while this one waited, and a third installed the same again.
                now = journal.by_id(transaction.id)
                if now is None or now.undone is not None:
                    return Refusal(Obstacle.NOT_FOUND, f"{transaction.names} was taken back already")
                if not transaction.is_of_conda:
                    return activate.take_back(transaction, here, journal)
                installed, configuration = environment.installed(), self._configuration()
                tool = installers.choose(
                    InstallerChoice.CONDA, self.environment, installed, configuration, self.variables
                )
                if not isinstance(tool, DirectInstaller):
                    sentence = f"not undone: {transaction.installer} installed it, and only that can take it out"
                    return Refusal(Obstacle.INSTALLER_MISSING, sentence)
                return direct.take_back(transaction, tool, self.environment, journal, show=_shown(screen, None))
        except EnvironmentNotWritableError as problem:
            return Refusal(Obstacle.NOT_WRITABLE, str(problem))

    def _install_directly(
        self, plan: Plan, tool: DirectInstaller, journal: Journal, screen: Screen
    ) -> Done | Refusal:
        show = _shown(screen, plan.size)
        done = direct.install(plan, tool, self.environment, journal, session=self.session, show=show)
        return done if isinstance(done, Refusal) else Done(plan, done.id)

    def _install(
        self,
        plan: Plan,
        names: Sequence[ImportName],
        tool: Installer,
        journal: Journal,
        screen: Screen,
    ) -> Done | NeedsMore | Refusal:
        into = self.destination.environment
        staging = activate.new_staging(into)
        steps = tool.stage(plan, self.environment, self._configuration(), staging)
        refusal = run.carry_out(steps, _shown(screen, plan.size))
        if refusal is not None:
            return refusal
        if plan.built and (more := self._more_needed(plan, staging)) is not None:
            return more
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

    def _more_needed(self, plan: Plan, staging: Path) -> NeedsMore | None:
        """Return what a build has told that it requires, where the plan and what is installed do not have it."""
        staged = environment.installed([str(place) for place in activate.sites_in(staging)])
        there = {**environment.installed(), **staged}
        for project in plan.built:
            if (one := staged.get(project)) is not None and not is_satisfied(one.requires, there):
                return NeedsMore(project, one.requires)
        return None

    def _remember_target(self, screen: Screen) -> None:
        if self.target is not None:
            try:
                target.remember(str(self.destination.environment.prefix))
            except OSError as problem:
                screen.say(
                    f"autoinstall: what lies in {self.target} will not be found by itself next time "
                    f"({problem.strerror or problem}); set {target.VARIABLE}."
                )

    def _explained(self, refusal: Refusal, wanted: Sequence[Wanted], settings: Settings, installer: str) -> Refusal:
        """Return the refusal with what the index itself says, which knows more than a resolver tells."""
        if refusal.obstacle not in _FOR_THE_INDEX_TO_EXPLAIN or len(wanted) != 1 or wanted[0].may_be_built:
            return refusal
        one = wanted[0]
        absence = index.why_not(
            one.project,
            self.environment.python_version,
            self._access(installer),
            version=one.version,
            min_age_days=0 if one.may_be_young else settings.min_age_days,
        )
        # A tool calls missing what it cannot read, such as a page to log in on.
        if absence.obstacle not in (*_FOR_THE_INDEX_TO_EXPLAIN, Obstacle.INDEX_FAILED):
            return refusal
        return replace(refusal, obstacle=absence.obstacle, sentence=absence.sentence)

    def _access(self, installer: str) -> Access:
        configuration = self._configuration()
        asked = configuration.for_pip() if installer == "pip" else configuration.for_uv()
        return Access.configured(run.carry_out(keyring.unlocked(asked, self.environment, self.variables)))

    def _configuration(self) -> Configuration:
        return indexes.read(self.variables, self.environment.prefix)

    def _tools(
        self, settings: Settings, installed: Mapping[ProjectName, Installed], configuration: Configuration
    ) -> InTurn | Refusal:
        # In a folder beside it, the environment's own tool has no say.
        here = replace(self.environment, is_conda=self.destination.environment.is_conda)
        return installers.in_turn(settings.installer, here, installed, configuration, self.variables)


def _is_as_planned(item: Item, installed: Mapping[ProjectName, Installed]) -> bool:
    """Tell whether what is installed of an item's project is what the plan reckoned with."""
    there = installed.get(item.project)
    return item.replaces == (None if there is None else there.version)


def _is_there(item: Item, installed: Mapping[ProjectName, Installed]) -> bool:
    if item.replaces is not None:
        return item.project in installed and installed[item.project].version == item.version
    if item.wanted_as:
        return all(look_for(name).is_whole for name in item.wanted_as)
    return item.project in installed


def _shown(screen: Screen, total: int | None) -> Callable[[run.Progress], None]:
    def show(progress: run.Progress) -> None:
        # What is planned for has been said, in better words than a tool's.
        doing = "" if progress.phase == "planning" else progress.phase
        screen.progress(doing, progress.received, total)

    return show


def _too_new(plan: Plan, wanted: Sequence[Wanted], settings: Settings) -> Refusal | None:
    """Refuse what nobody is asked about and is younger than accepted, as far as ages are known by now.

    Before version 26.0 pip cannot be told to pass it over; who is asked reads in the question how old it is.
    """
    if plan.installer != "pip" or settings.mode is not Mode.AUTO:
        return None
    since = datetime.now(UTC) - timedelta(days=settings.min_age_days)
    young = [
        (item.project, item.version)
        for item in plan.items
        if item.file.uploaded is not None and item.file.uploaded > since
    ]
    return refusals.too_new(wanted, young) if young else None


def _forbidden(plan: Plan, settings: Settings) -> Refusal | None:
    """Refuse what somebody may not have along with what they may: denials hold for what is needed too."""
    for item in plan.items:
        reason = "the settings here forbid" if item.project in settings.deny else table.denial_for(item.project)
        if reason is not None:
            needed_by = ", ".join(item.needed_by) or "the plan"
            said = f"{needed_by} needs {item.project}"
            sentence = f"{said}, which {reason}." if item.project in settings.deny else f"{said}: {reason}"
            return Refusal(Obstacle.FORBIDDEN, sentence)
    return None
