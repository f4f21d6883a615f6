"""A release that is younger than accepted is installed by no tool without a question."""

import json
import sys
from collections.abc import Callable

import pytest

from tests.conftest import FreshEnvironment, OpenTerminal
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


NAMED = ("--project", "pyyaml==6.0.4", "yaml")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_a_version_that_was_named_outright_is_asked_about_with_its_age(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, open_terminal: OpenTerminal, tool: str
) -> None:
    index = make_index(YOUNG, Release(stand_in("PyYAML", "6.0.3", "yaml"), age_days=OLD))
    environment = fresh_environment("plain-pip", index, AUTOINSTALL_INSTALLER=tool)
    terminal = open_terminal(environment, "-m", "autoinstall", "install", *NAMED)
    shown = terminal.wait_for("etails: ")
    assert "1 day old" in shown
    assert "PyYAML 6.0.4" in shown or "pyyaml 6.0.4" in shown
    terminal.type("y")
    assert terminal.finish() == 0
    assert environment.installed()["pyyaml"] == "6.0.4"


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_without_a_question_not_even_a_version_that_was_named_outright(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, tool: str
) -> None:
    environment = fresh_environment("plain-pip", make_index(YOUNG), AUTOINSTALL_INSTALLER=tool)
    before = environment.marks()
    result = environment.run("-m", "autoinstall", "install", "--mode", "auto", "--json", *NAMED)
    assert (result.returncode, json.loads(result.stdout)["status"]) == (1, "declined")
    assert "too new" in result.stderr
    assert result.stderr.splitlines()[1] == (
        "  To be asked about it: autoinstall install --mode ask --project pyyaml==6.0.4 yaml"
    )
    assert environment.marks() == before


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_where_the_folder_asks_for_a_greater_age_nobody_is_asked(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, open_terminal: OpenTerminal
) -> None:
    environment = fresh_environment("plain-pip", make_index(YOUNG))
    environment.script("min_age_days = 30\n", "autoinstall.toml")
    terminal = open_terminal(environment, "-m", "autoinstall", "install", *NAMED)
    assert terminal.finish() == 1
    assert "too new" in terminal.screen
    assert "autoinstall.toml says so." in terminal.screen
    assert "yaml" not in environment.installed()
