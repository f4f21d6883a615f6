"""The tools that plan and install: what each has to answer, the table of them, and the choice between them."""

import importlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from autoinstall.command import Steps
from autoinstall.environment import Environment, Installed
from autoinstall.indexes import Configuration
from autoinstall.names import ProjectName
from autoinstall.plan import Obstacle, Plan, Refusal, Wanted
from autoinstall.settings import InstallerChoice


class Installer(Protocol):
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
    ) -> Steps[Plan | Refusal]:
        """Find the exact wheels that satisfy what is wanted and leave what is installed as it is.

        No file younger than `min_age_days` where the index tells ages. Changes nothing.
        """

    def stage(
        self, plan: Plan, environment: Environment, configuration: Configuration, into: Path
    ) -> Steps[Refusal | None]:
        """Install exactly the plan's files, by hash, into the prefix `into`, resolving nothing again."""

    def shown_command(self, projects: Sequence[str], environment: Environment) -> str:
        """Return what a person types in a terminal to do the same by hand."""


INSTALLERS: Mapping[InstallerChoice, str] = {
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
    ) -> Installer | Refusal:
        """Return the tool or the reason. Starts nothing."""


def choose(
    choice: InstallerChoice,
    environment: Environment,
    installed: Mapping[ProjectName, Installed],
    configuration: Configuration,
    variables: Mapping[str, str],
) -> Installer | Refusal:
    """Return the tool that was chosen, or for `auto` the first that can be used here; or why there is none."""
    reasons = []
    for candidate, module in INSTALLERS.items():
        if choice in (candidate, InstallerChoice.AUTO):
            found: Found = importlib.import_module(module).found
            tool = found(environment, installed, configuration, variables)
            if not isinstance(tool, Refusal):
                return tool
            reasons.append(tool)
    if len(reasons) == 1:
        return reasons[0]
    return Refusal(Obstacle.INSTALLER_MISSING, " ".join(reason.sentence for reason in reasons))
