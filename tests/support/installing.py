"""What tests of installers share: an environment as autoinstall sees it, a configuration, and the usual questions."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from autoinstall import environment as facts
from autoinstall.environment import Environment, Installed
from autoinstall.environment.indexes import Configuration, Indexes, Said
from autoinstall.installers import Installer
from autoinstall.names import ProjectName, import_name, project_name
from autoinstall.plan import Plan, Refusal, Wanted
from autoinstall.platforms import here
from autoinstall.run import carry_out
from tests.support import environments
from tests.support.local_index import LocalIndex

ORIGIN = "/etc/pip.conf"


def seen(environment: environments.Environment) -> Environment:
    """Return the facts about an environment made for a test, as its own interpreter would find them."""
    return _facts(environment.python, environment.prefix, environment.site_packages)


def bare(folder: Path) -> Environment:
    """Return an environment of this interpreter's in which nothing is installed: enough to plan and to stage for."""
    return _facts(Path(sys.executable), folder, folder / "site-packages")


def _facts(python: Path, prefix: Path, site_packages: Path) -> Environment:
    return Environment(
        executable=python,
        prefix=prefix,
        base_prefix=Path(sys.base_prefix),
        python_version=".".join(map(str, sys.version_info[:3])),
        purelib=site_packages,
        platlib=site_packages,
        scripts=prefix / here().scripts_folder,
        data=prefix,
        is_virtual=True,
        is_uv_made=True,
        is_conda=False,
        is_externally_managed=False,
        is_writable=True,
    )


def asking(index: LocalIndex | str) -> Configuration:
    """Return the configuration of a user who has told pip of this index."""
    url = index if isinstance(index, str) else index.url
    return Configuration(pip=Indexes(index=Said(url, ORIGIN)))


def wanted(*projects: str) -> tuple[Wanted, ...]:
    """Return what is wanted, `project` or `project==version`, by an import name made from the project's."""
    return tuple(
        Wanted(import_name(name.replace("-", "_")), project_name(name), version or None)
        for name, _, version in (project.partition("==") for project in projects)
    )


def holding(*distributions: Installed) -> dict[ProjectName, Installed]:
    """Return distributions by project."""
    return {one.project: one for one in distributions}


def planned(
    installer: Installer,
    environment: Environment,
    configuration: Configuration,
    *projects: str,
    installed: dict[ProjectName, Installed] | None = None,
    min_age_days: int | None = 7,
) -> Plan | Refusal:
    """Have a plan made for real, with what is installed there unless said otherwise."""
    there = facts.installed([str(environment.purelib)]) if installed is None else installed
    steps = installer.plan(
        wanted(*projects), environment, there, configuration, min_age_days=min_age_days, now=datetime.now(UTC)
    )
    return carry_out(steps)


def versions(plan: Plan | Refusal) -> Sequence[str]:
    """Return `project version` of each item, and of a refusal what stood in the way."""
    if isinstance(plan, Refusal):
        return [plan.obstacle]
    return [f"{item.project} {item.version}" for item in plan.items]
