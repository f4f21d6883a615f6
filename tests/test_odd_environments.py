"""Environments that lack a tool or have an old one: what can be done is done with the other, and else it is said."""

import shutil
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.conftest import FreshEnvironment
from tests.support.environments import Environment
from tests.support.local_index import LocalIndex
from tests.support.wheels import Wheel

UV_MADE = ("plain", "plain-py312", "plain-py313")
PIP_MADE = ("plain-pip", "plain-py312-pip", "plain-py313-pip")


def without(environment: Environment, *projects: str) -> Environment:
    """Take tools out of the environment, as if they had never been in it; nor are there any on `PATH`."""
    for project in projects:
        for found in [*environment.site_packages.glob(f"{project}-*.dist-info"), environment.site_packages / project]:
            shutil.rmtree(found)
        for script in environment.scripts.glob(f"{project}*"):
            script.unlink()
    return replace(environment, environ={**environment.environ, "PATH": str(environment.scripts)})


def with_pip(environment: Environment, version: str) -> Environment:
    """Put a pip of this version in the place of the one that is there; it is never to be started."""
    without(environment, "pip")
    environment.install(Wheel("pip", version, {"pip/__init__.py": "", "pip/__main__.py": "raise SystemExit(99)\n"}))
    return environment


def install(environment: Environment, *arguments: str) -> tuple[int, str]:
    """Have autoinstall install PyYAML and return its exit status and what it said."""
    result = environment.run("-m", "autoinstall", "install", "--mode", "auto", *arguments, "yaml")
    return result.returncode, result.stderr


def installed_by(environment: Environment) -> str:
    """Return who says that he has installed PyYAML, once it can be imported."""
    environment.run("-c", "import yaml; assert yaml.STAND_IN", check=True)
    [installer] = environment.site_packages.glob("pyyaml-*.dist-info/INSTALLER")
    return installer.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("base", UV_MADE)
def test_uv_made_without_pip(fresh_environment: FreshEnvironment, local_index: LocalIndex, base: str) -> None:
    environment = fresh_environment(base, local_index)
    assert "pip" not in environment.installed()
    before = environment.files()
    status, said = install(environment, "--installer", "pip")
    assert (status, environment.files()) == (3, before)
    assert "There is no pip in this environment: " in said
    assert "-m ensurepip brings one" in said
    status, said = install(environment)
    assert status == 0, said
    assert installed_by(environment) == "uv"


@pytest.mark.parametrize("base", PIP_MADE)
def test_pip_made_without_uv(fresh_environment: FreshEnvironment, local_index: LocalIndex, base: str) -> None:
    environment = without(fresh_environment(base, local_index), "uv")
    before = environment.files()
    status, said = install(environment, "--installer", "uv")
    assert (status, environment.files()) == (3, before)
    assert "There is no uv here: reinstall ipython-autoinstall, which brings it." in said
    status, said = install(environment)
    assert status == 0, said
    assert installed_by(environment) == "pip"
    doctor = environment.run("-m", "autoinstall", "doctor").stderr
    assert "pip plans and installs" in doctor


@pytest.mark.parametrize("base", PIP_MADE)
def test_pip_made_with_uv(fresh_environment: FreshEnvironment, local_index: LocalIndex, base: str) -> None:
    environment = fresh_environment(base, local_index)
    status, said = install(environment)
    assert status == 0, said
    assert installed_by(environment) == "uv"


@pytest.mark.parametrize(("base", "gone"), [("plain", ["uv"]), ("plain-pip", ["uv", "pip"])])
def test_neither(
    fresh_environment: FreshEnvironment, local_index: LocalIndex, base: str, gone: Sequence[str]
) -> None:
    environment = without(fresh_environment(base, local_index), *gone)
    before = environment.files()
    status, said = install(environment)
    assert (status, environment.files()) == (3, before)
    assert "There is no uv here: reinstall ipython-autoinstall, which brings it. There is no pip in this" in said
    assert not local_index.requests
    script = environment.script("import yaml\n")
    ran = environment.run("-m", "autoinstall", "run", "--mode", "auto", script.name)
    assert ran.returncode == 1
    assert "ModuleNotFoundError: No module named 'yaml'" in ran.stderr
    assert "There is no uv here" in ran.stderr
    assert "none of them can be used" in environment.run("-m", "autoinstall", "doctor").stderr


def test_a_pip_too_old_for_a_plan(fresh_environment: FreshEnvironment, local_index: LocalIndex) -> None:
    """Uv does it where there is one; else it is said what to do, and the old pip is not even started."""
    environment = with_pip(fresh_environment("plain-pip", local_index), "22.1.2")
    before = environment.files()
    status, said = install(environment, "--installer", "pip")
    assert (status, environment.files()) == (3, before)
    assert "pip 22.1.2 cannot tell beforehand what it would install (22.2 can): " in said
    assert f"{environment.python} -m pip install --upgrade pip" in said
    status, said = install(environment)
    assert status == 0, said
    assert installed_by(environment) == "uv"


def test_a_pip_too_old_for_a_plan_and_no_uv(fresh_environment: FreshEnvironment, local_index: LocalIndex) -> None:
    environment = without(with_pip(fresh_environment("plain-pip", local_index), "22.1.2"), "uv")
    before = environment.files()
    status, said = install(environment)
    assert (status, environment.files()) == (3, before)
    assert "There is no uv here" in said
    assert f"{environment.python} -m pip install --upgrade pip" in said
