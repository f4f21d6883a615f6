"""A release that is younger than accepted is installed by no tool without a question."""

from collections.abc import Callable

import pytest

from tests.conftest import FreshEnvironment
from tests.support.catalogue import OLD, Release, stand_in
from tests.support.local_index import LocalIndex

MakeIndex = Callable[..., LocalIndex]

YOUNG = Release(stand_in("PyYAML", "6.0.4", "yaml"), age_days=1)
SCRIPT = "import yaml\nprint(yaml.__version__)\n"


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_without_a_question_it_is_not_installed(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, tool: str
) -> None:
    """The pip here is older than 26.0 and cannot be told an age."""
    environment = fresh_environment("plain-pip", make_index(YOUNG), AUTOINSTALL_INSTALLER=tool)
    before = environment.marks()
    ran = environment.run("-m", "autoinstall", "run", "--mode", "auto", environment.script(SCRIPT))
    assert ran.returncode == 1
    assert "too new" in ran.stderr
    assert "ModuleNotFoundError: No module named 'yaml'" in ran.stderr
    assert environment.marks() == before


@pytest.mark.parametrize(("tool", "version"), [("uv", "6.0.3"), ("pip", None)])
def test_an_older_one_is_taken_where_the_tool_can(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, tool: str, version: str | None
) -> None:
    index = make_index(YOUNG, Release(stand_in("PyYAML", "6.0.3", "yaml"), age_days=OLD))
    environment = fresh_environment("plain-pip", index, AUTOINSTALL_INSTALLER=tool)
    ran = environment.run("-m", "autoinstall", "run", "--mode", "auto", environment.script(SCRIPT))
    assert ran.stdout == ("" if version is None else f"{version}\n")
    assert environment.installed().get("pyyaml") == version


def test_of_unknown_age_it_is_installed(fresh_environment: FreshEnvironment, make_index: MakeIndex) -> None:
    index = make_index(Release(stand_in("PyYAML", "6.0.4", "yaml"), age_days=None))
    environment = fresh_environment("plain-pip", index, AUTOINSTALL_INSTALLER="pip")
    ran = environment.run("-m", "autoinstall", "run", "--mode", "auto", environment.script(SCRIPT))
    assert ran.stdout == "6.0.4\n", ran.stderr
