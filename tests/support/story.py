"""Made-up parts for the story: a person whose answers are known, plans out of thin air, a machine that only notes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from autoinstall.advice import Advice, Verdict
from autoinstall.consent import Table
from autoinstall.names import ImportName, ProjectName
from autoinstall.notes import Instead
from autoinstall.past.transaction import TakenBack, Transaction
from autoinstall.plan import File, Item, Plan, Refusal, Wanted
from autoinstall.roles import Done, Screen
from autoinstall.settings import Settings


class ScriptedAsker:
    """A person whose answers are known beforehand."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.shown: list[str] = []
        self.prompts: list[str] = []

    def can_ask(self) -> bool:
        return True

    def show(self, text: str, table: Table | None = None) -> None:  # noqa: ARG002 - the protocol's
        self.shown.append(text)

    def ask(self, prompt: str) -> str | None:
        self.prompts.append(prompt)
        return self.answers.pop(0)


def item(
    project: str,
    version: str,
    *,
    size: int | None = 1000,
    days: int | None = 30,
    wanted_as: Iterable[str] = (),
    needed_by: Iterable[str] = (),
    replaces: str | None = None,
) -> Item:
    uploaded = None if days is None else datetime.now(UTC) - timedelta(days=days, hours=1)
    name = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
    return Item(
        ProjectName(project),
        version,
        File(name, f"https://files.example/{name}", "ab" * 32, size, uploaded),
        tuple(ImportName(name) for name in wanted_as),
        tuple(ProjectName(name) for name in needed_by),
        replaces,
    )


def advice(name: str, verdict: Verdict, *candidates: str, reason: str = "", suggestion: str | None = None) -> Advice:
    """Return an advice whose first candidate is its project."""
    projects = [ProjectName(candidate) for candidate in candidates]
    return Advice(name, verdict, projects[0] if projects else None, projects, reason, suggestion)


class FakeMachine:
    """A machine that knows what it is told and installs nothing; `plans` and `results` are used up one a call.

    `kept` are the transactions that it knows of, `there` the versions that it takes for installed. What is of the
    session `here` is this process's. Nothing stands in the way of an undo but what `refusing` says.
    """

    place = "/made-up"
    python = "3.12"
    has_pip = True
    command = "python"
    target: str | None = None
    remark: str | None = None

    def __init__(
        self,
        advices: Iterable[Advice] = (),
        plans: Iterable[Plan | Refusal] = (),
        results: Iterable[Done | Refusal] = (),
    ) -> None:
        self.advices: Mapping[str, Advice] = {advice.import_name: advice for advice in advices}
        self.told_instead: Instead | None = None
        self.told_conda: tuple[str, str] | None = None
        self.denied: dict[str, str] = {}
        self.found_elsewhere: dict[str, str] = {}
        self.plans = list(plans)
        self.results = list(results)
        self.planned: list[tuple[Wanted, ...]] = []
        self.carried_out: list[Plan] = []
        self.kept: list[Transaction] = []
        self.there: dict[ProjectName, str] = {}
        self.refusing: Refusal | None = None

    def advise(self, name: str, settings: Settings) -> Advice:  # noqa: ARG002 - the protocol's
        return self.advices.get(name) or advice(name, Verdict.UNKNOWN, reason=f"nothing is known to provide {name}")

    def instead(self, *, is_cell: bool) -> Instead | None:  # noqa: ARG002 - the protocol's
        return self.told_instead

    def elsewhere(self, name: str) -> str | None:
        return self.found_elsewhere.get(name)

    def conda(self, project: ProjectName, settings: Settings) -> tuple[str, str] | None:  # noqa: ARG002 - the same
        return self.told_conda

    def denial_of(self, project: ProjectName, settings: Settings) -> str | None:
        return f"The settings here forbid {project}." if project in settings.deny else self.denied.get(project)

    def rank_of(self, project: ProjectName) -> int | None:  # noqa: ARG002 - the protocol's
        return 40

    def plan(self, wanted: Sequence[Wanted], settings: Settings, screen: Screen) -> Plan | Refusal:  # noqa: ARG002
        self.planned.append(tuple(wanted))
        if self.plans:
            return self.plans.pop(0)
        return Plan(
            tuple(
                item(one.project, one.version or "1.0", wanted_as=[one.import_name] if one.import_name else [])
                for one in wanted
            ),
            "uv",
        )

    def remarks_on_size(self, plan: Plan) -> Sequence[str]:  # noqa: ARG002 - the protocol's
        return ()

    def dated(self, plan: Plan) -> Plan:
        return plan

    def carry_out(self, plan: Plan, settings: Settings, screen: Screen) -> Done | Refusal:  # noqa: ARG002
        self.carried_out.append(plan)
        return self.results.pop(0) if self.results else Done(plan, "1")

    def versions(self) -> Mapping[ProjectName, str]:
        return self.there

    def transactions(self) -> tuple[Transaction, ...]:
        return tuple(self.kept)

    def last_of_this_session(self) -> Transaction | None:
        ours = [each for each in self.kept if each.session == "here" and each.undone is None]
        return ours[-1] if ours else None

    def take_back(self, transaction: Transaction, screen: Screen) -> TakenBack | Refusal:  # noqa: ARG002
        if self.refusing is not None:
            return self.refusing
        self.kept[self.kept.index(transaction)] = replace(transaction, undone=datetime.now(UTC))
        return TakenBack(transaction, (), ())
