"""`--allow-changes`, by the real tools: only where asked for outright, the fewest, all shown, taken back whole."""

import json
import subprocess
from collections.abc import Callable

import pytest

from tests.conftest import FreshEnvironment, OpenTerminal
from tests.support.catalogue import Release
from tests.support.environments import Environment
from tests.support.local_index import LocalIndex
from tests.support.wheels import Wheel

MakeIndex = Callable[..., LocalIndex]


def wheel(project: str, version: str, *requires: str) -> Wheel:
    name = project.replace("-", "_")
    # A file that only this version has, and one that all have.
    modules = {f"{name}/__init__.py": f"VERSION = {version!r}\n", f"{name}/only_{version.replace('.', '_')}.py": ""}
    return Wheel(project, version, modules, requires)


YAML = Wheel("PyYAML", "6.0.3", {"yaml/__init__.py": ""}, ("numpy>=2",))
NUMPYS = tuple(wheel("numpy", version) for version in ("1.26.4", "2.2.0", "2.4.1"))


def files(environment: Environment) -> dict[str, str]:
    return {path: told for path, told in environment.files().items() if ".autoinstall/" not in path}


def command(environment: Environment, *arguments: str, status: int) -> subprocess.CompletedProcess[str]:
    result = environment.run("-m", "autoinstall", *arguments)
    assert result.returncode == status, result.stderr
    return result


def allowing_changes(environment: Environment, *arguments: str, status: int = 0) -> str:
    """Install with changes allowed and nobody to ask, and return what was said."""
    return command(environment, "install", "--mode", "auto", "--allow-changes", *arguments, status=status).stderr


@pytest.fixture(params=["uv", "pip"])
def environment_with(
    request: pytest.FixtureRequest, fresh_environment: FreshEnvironment, make_index: MakeIndex
) -> Callable[..., Environment]:
    """Return a function that makes an environment in which wheels are installed, and an index that has others."""

    def make(*there: Wheel, offered: tuple[Wheel, ...] = (), young: tuple[Wheel, ...] = ()) -> Environment:
        releases = [Release(each) for each in (YAML, *NUMPYS, *offered)] + [Release(each, 1.0) for each in young]
        environment = fresh_environment("plain-pip", make_index(*releases), AUTOINSTALL_INSTALLER=request.param)
        environment.install(*there)
        return environment

    return make


def test_without_it_nothing_changes_and_the_note_says_what_would(
    environment_with: Callable[..., Environment],
) -> None:
    environment = environment_with(NUMPYS[0])
    before = files(environment)
    said = command(environment, "install", "--mode", "auto", "yaml", status=3).stderr
    assert said == (
        "autoinstall: pyyaml 6.0.3 needs another version of numpy than the numpy 1.26.4 installed here "
        "(2.4.1 would do), and what is installed is left as it is.\n"
        "  To have that changed: autoinstall install --mode auto --allow-changes yaml\n"
        "  What changes then: numpy 1.26.4 -> 2.4.1\n"
    )
    assert files(environment) == before


def test_what_has_to_change_changes_and_an_undo_puts_it_back(environment_with: Callable[..., Environment]) -> None:
    environment = environment_with(NUMPYS[0], wheel("unrelated", "1.0", "numpy"))
    before = files(environment)
    said = allowing_changes(environment, "yaml")
    assert "Installed pyyaml 6.0.3.\nChanged numpy 1.26.4 -> 2.4.1.\n" in said
    there = environment.installed()
    assert (there["numpy"], there["pyyaml"], there["unrelated"]) == ("2.4.1", "6.0.3", "1.0")
    assert not [path for path in files(environment) if "1_26_4" in path or "1.26.4" in path]
    assert environment.run("-c", "import yaml, numpy; print(numpy.VERSION)").stdout == "2.4.1\n"
    checked = environment.run("-m", "pip", "check")
    assert checked.returncode == 0, checked.stdout

    told = json.loads(command(environment, "history", "--json", status=0).stdout)
    assert sorted((each["project"], each["version"], each["replaced"]) for each in told["distributions"]) == [
        ("numpy", "2.4.1", "1.26.4"),
        ("pyyaml", "6.0.3", None),
    ]
    assert "numpy 1.26.4 -> 2.4.1" in command(environment, "history", status=0).stderr
    undone = command(environment, "undo", told["id"], status=0).stderr
    assert "Put back numpy 1.26.4.\n" in undone
    assert files(environment) == before
    assert environment.run("-c", "import numpy; print(numpy.VERSION)").stdout == "1.26.4\n"


def test_it_changes_nothing_where_something_else_would_do(environment_with: Callable[..., Environment]) -> None:
    environment = environment_with(NUMPYS[1])
    assert "Changed" not in allowing_changes(environment, "yaml")
    assert environment.installed()["numpy"] == "2.2.0"


def test_who_needs_what_changes_is_heard(environment_with: Callable[..., Environment]) -> None:
    """One goes with the new numpy as it is, one limits which, and one has to change too."""
    environment = environment_with(
        NUMPYS[0],
        wheel("easy", "1.0", "numpy>=1"),
        wheel("limiting", "1.0", "numpy<2.3"),
        wheel("scipy", "1.11", "numpy<2"),
        offered=(wheel("easy", "2.0", "numpy>=1"), wheel("limiting", "2.0"), wheel("scipy", "1.15", "numpy>=2")),
    )
    assert "Changed numpy 1.26.4 -> 2.2.0, scipy 1.11 -> 1.15.\n" in allowing_changes(environment, "yaml")
    there = environment.installed()
    assert {name: there[name] for name in ("numpy", "scipy", "easy", "limiting")} == {
        "numpy": "2.2.0",
        "scipy": "1.15",
        "easy": "1.0",
        "limiting": "1.0",
    }


def test_where_somebody_who_needs_it_cannot_change_nothing_does(environment_with: Callable[..., Environment]) -> None:
    environment = environment_with(NUMPYS[0], wheel("scipy", "1.11", "numpy<2"))
    before = files(environment)
    said = allowing_changes(environment, "yaml", status=3)
    assert "numpy 1.26.4" in said
    assert files(environment) == before


def test_what_is_not_the_environments_own_is_not_replaced_and_that_is_said(
    environment_with: Callable[..., Environment],
) -> None:
    environment = environment_with(NUMPYS[0])
    (environment.site_packages / "numpy-1.26.4.dist-info" / "direct_url.json").write_text(
        json.dumps({"url": "file:///home/ann/numpy", "dir_info": {"editable": True}})
    )
    before = files(environment)
    said = allowing_changes(environment, "yaml", status=3)
    assert "It cannot be replaced from here, since it is an editable install of a folder of source code." in said
    assert files(environment) == before


def test_a_version_said_outright_takes_the_place_of_another(environment_with: Callable[..., Environment]) -> None:
    environment = environment_with(NUMPYS[2])
    refused = command(
        environment, "install", "--mode", "auto", "--project", "numpy==1.26.4", "numpy", status=3
    ).stderr
    assert refused == (
        "autoinstall: numpy 2.4.1 is installed here, not 1.26.4, and what is installed is left as it is.\n"
        "  To have that changed: autoinstall install --mode auto --allow-changes --project numpy==1.26.4 numpy\n"
        "  What changes then: numpy 2.4.1 -> 1.26.4\n"
    )
    assert "Changed numpy 2.4.1 -> 1.26.4.\n" in allowing_changes(environment, "--project", "numpy==1.26.4", "numpy")
    assert environment.installed()["numpy"] == "1.26.4"


def test_what_changes_is_old_enough_too(environment_with: Callable[..., Environment]) -> None:
    environment = environment_with(NUMPYS[0], young=(wheel("numpy", "2.5.0"),))
    if "pip" in environment.environ["AUTOINSTALL_INSTALLER"]:
        pytest.skip("whether pip knows ages depends on its version")
    allowing_changes(environment, "yaml")
    assert environment.installed()["numpy"] == "2.4.1"


def test_an_index_that_tells_no_ages_is_no_obstacle(
    fresh_environment: FreshEnvironment, make_index: MakeIndex
) -> None:
    index = make_index(*(Release(each, age_days=None) for each in (YAML, *NUMPYS)))
    environment = fresh_environment("plain", index)
    environment.install(NUMPYS[0])
    assert "Changed numpy 1.26.4 -> 2.4.1.\n" in allowing_changes(environment, "yaml")


def test_what_lies_outside_of_the_environment_is_left_and_said(
    fresh_environment: FreshEnvironment, make_index: MakeIndex
) -> None:
    """As with `--system-site-packages`: to put another version before it would change it for this environment."""
    index = make_index(*(Release(each) for each in (YAML, *NUMPYS)))
    environment, other = fresh_environment("plain", index), fresh_environment("plain", index)
    other.install(NUMPYS[0])
    (environment.site_packages / "other.pth").write_text(f"{other.site_packages}\n")
    before = files(environment)
    said = allowing_changes(environment, "yaml", status=3)
    assert f"It cannot be replaced from here, since it lies in {other.site_packages}, outside of" in said
    assert files(environment) == before
    assert other.installed()["numpy"] == "1.26.4"


def test_the_question_says_what_changes_and_a_no_is_one(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, open_terminal: OpenTerminal
) -> None:
    index = make_index(*(Release(each) for each in (YAML, *NUMPYS)))
    environment = fresh_environment("plain", index)
    environment.install(NUMPYS[0])
    before = files(environment)
    arguments = ("-m", "autoinstall", "install", "--allow-changes", "yaml")
    terminal = open_terminal(environment, *arguments)
    shown = terminal.wait_for("Install pyyaml, and change numpy? [y]es / [n]o / [c]hoose another / [d]etails: ")
    assert "  and   numpy 1.26.4 -> 2.4.1 (needed by pyyaml), " in shown
    assert "1 already installed changes" in " ".join(shown.split())
    terminal.type("n")
    terminal.wait_for("was not installed: you said no.")
    assert files(environment) == before
    # Nobody there: a no as ever.
    result = environment.run(*arguments)
    assert (result.returncode, "there was nobody to ask" in result.stderr) == (1, True)
    assert files(environment) == before
