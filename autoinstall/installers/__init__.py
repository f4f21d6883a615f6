"""The tools that plan and install: what each has to answer, the table of them, and the choice between them."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from autoinstall.command import Steps
from autoinstall.environment import Environment, Installed
from autoinstall.environment.conda_meta import Linked
from autoinstall.environment.indexes import Configuration
from autoinstall.environment.ownership import LEAVE_ALL, Changes
from autoinstall.names import ProjectName
from autoinstall.plan import Obstacle, Plan, Refusal, Wanted
from autoinstall.settings import InstallerChoice


class Planner(Protocol):
    """A tool that can plan, and install exactly what it planned. It describes commands and runs none."""

    @property
    def name(self) -> str:
        """How people call the tool, and `Plan.installer`."""

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
        """Find the exact files that satisfy what is wanted and leave what is installed as it is.

        Only where `changes` are allowed, and nothing else would do, are installed distributions replaced, as few as
        can be. No file younger than `min_age_days` where the index tells ages. Changes nothing itself.
        """

    def shown_command(self, projects: Sequence[str], environment: Environment) -> str:
        """Return what a person types in a terminal to do the same by hand."""


class Installer(Planner, Protocol):
    """A tool for wheels, which are looked into and brought into place by `activate`."""

    def stage(
        self, plan: Plan, environment: Environment, configuration: Configuration, into: Path
    ) -> Steps[Refusal | None]:
        """Install exactly the plan's files, by hash, into the prefix `into`, resolving nothing again."""


@runtime_checkable
class DirectInstaller(Planner, Protocol):
    """A tool whose own transactions and records keep an environment whole: it puts in and takes out by itself."""

    def install(self, plan: Plan, environment: Environment) -> Steps[Refusal | None]:
        """Install exactly the plan's files, by hash, all or none, resolving nothing again."""

    def remove(self, going: Sequence[Linked], environment: Environment) -> Steps[Refusal | None]:
        """Remove exactly these, or nothing where something else would go with them."""


Tool = Installer | DirectInstaller

INSTALLERS: Mapping[InstallerChoice, str] = {
    InstallerChoice.CONDA: "autoinstall.installers.conda",
    InstallerChoice.UV: "autoinstall.installers.uv",
    InstallerChoice.PIP: "autoinstall.installers.pip",
}
"""Which module is which tool, best first. Each has a function `found` as `Found` says, and is imported when asked."""


class Found(Protocol):
    """Looks whether a tool is at hand: returns it, or why it cannot be used here."""

    def __call__(
        self,
        environment: Environment,
        installed: Mapping[ProjectName, Installed],
        configuration: Configuration,
        variables: Mapping[str, str],
    ) -> Tool | Refusal:
        """Return the tool or the reason. Starts nothing."""


@dataclass(frozen=True, slots=True)
class InTurn:
    """The tools to ask, the next of which is asked for what the one before does not have; at least one.

    `remark` says why it is not the tool that the environment was made with, empty where it is.
    """

    tools: tuple[Tool, ...]
    remark: str = ""


def choose(
    choice: InstallerChoice,
    environment: Environment,
    installed: Mapping[ProjectName, Installed],
    configuration: Configuration,
    variables: Mapping[str, str],
) -> Tool | Refusal:
    """Return the tool that was chosen, or for `auto` the first that can be used here; or why there is none."""
    found = in_turn(choice, environment, installed, configuration, variables)
    return found if isinstance(found, Refusal) else found.tools[0]


def in_turn(
    choice: InstallerChoice,
    environment: Environment,
    installed: Mapping[ProjectName, Installed],
    configuration: Configuration,
    variables: Mapping[str, str],
) -> InTurn | Refusal:
    """Return the tools to ask: the one that was chosen, or for `auto` those that fit the environment.

    That is the first of uv and pip that can be used, and in an environment that conda made conda before it.
    """
    tools: list[Tool] = []
    reasons: dict[InstallerChoice, Refusal] = {}
    for candidate, module in INSTALLERS.items():
        is_conda = candidate is InstallerChoice.CONDA
        if choice is InstallerChoice.AUTO:
            if (is_conda and not environment.is_conda) or any(
                not isinstance(tool, DirectInstaller) for tool in tools
            ):
                continue
        elif choice is not candidate:
            continue
        found: Found = importlib.import_module(module).found
        tool = found(environment, installed, configuration, variables)
        if isinstance(tool, Refusal):
            reasons[candidate] = tool
        else:
            tools.append(tool)
    if tools:
        conda = reasons.get(InstallerChoice.CONDA)
        remark = f"{conda.sentence} {tools[0].name} installs it, and conda will not know of it." if conda else ""
        return InTurn(tuple(tools), remark)
    if len(reasons) == 1:
        return next(iter(reasons.values()))
    return Refusal(Obstacle.INSTALLER_MISSING, " ".join(reason.sentence for reason in reasons.values()))
