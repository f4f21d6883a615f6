"""Projects without a wheel: built after their name has been typed in full, those alone, and never otherwise."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import FreshEnvironment, OpenTerminal
from tests.support.catalogue import Release
from tests.support.environments import Environment
from tests.support.faults import Swapped
from tests.support.local_index import LocalIndex
from tests.support.wheels import Sdist, Wheel

MakeIndex = Callable[..., LocalIndex]

NEED_A_TERMINAL = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
TYPE_IT = "in full (d: details, anything else: no): "


def source(tmp_path: Path, *requires: str, modules: dict[str, str] | None = None) -> tuple[Release, Path]:
    """Return PyYAML as source code only, and the file that a build makes."""
    marker = tmp_path / "built"
    modules = {"yaml/__init__.py": "VALUE = 1\n"} if modules is None else modules
    return Release(Sdist("PyYAML", "6.0.3", modules, requires, marker=marker)), marker


def state(environment: Environment) -> dict[str, str]:
    return {path: told for path, told in environment.files().items() if ".autoinstall" not in path}


@NEED_A_TERMINAL
def test_it_is_built_only_after_its_name_has_been_typed(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, open_terminal: OpenTerminal, tmp_path: Path
) -> None:
    release, marker = source(tmp_path)
    environment = fresh_environment("plain", make_index(release))
    before = state(environment)
    for typed in ("y", "yes", ""):
        terminal = open_terminal(environment, "-m", "autoinstall", "install", "yaml")
        terminal.wait_for(TYPE_IT)
        shown = " ".join(terminal.screen.split())
        assert "pyyaml has no wheel: it is built here from its source code, and its authors' code runs" in shown
        assert not marker.exists()
        terminal.type(typed)
        assert terminal.finish() == 1
        assert not marker.exists()
        assert state(environment) == before
    terminal = open_terminal(environment, "-m", "autoinstall", "install", "yaml")
    terminal.wait_for(TYPE_IT)
    assert not marker.exists()
    terminal.type("pyyaml")
    assert terminal.finish() == 0, terminal.screen
    assert marker.exists()
    assert environment.installed()["pyyaml"] == "6.0.3"
    assert environment.run("-c", "import yaml; print(yaml.VALUE)", check=True).stdout == "1\n"
    assert {path.name for path in environment.site_packages.glob("pyyaml-6.0.3.dist-info/*")} == {
        *("INSTALLER", "METADATA", "RECORD", "REQUESTED", "WHEEL"),
    }


@NEED_A_TERMINAL
def test_what_it_turns_out_to_need_comes_from_wheels_and_is_asked_about(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, open_terminal: OpenTerminal, tmp_path: Path
) -> None:
    release, marker = source(tmp_path, "snark>=2")
    wheels = (Release(Wheel("snark", version, {"snark.py": ""})) for version in ("1.0", "2.0"))
    environment = fresh_environment("plain", make_index(release, *wheels))
    before = state(environment)
    terminal = open_terminal(environment, "-m", "autoinstall", "install", "yaml")
    terminal.wait_for(TYPE_IT)
    assert "snark" not in terminal.screen
    terminal.type("pyyaml")
    terminal.wait_for("snark 2.0 (needed by pyyaml)")
    terminal.wait_for(TYPE_IT)
    assert marker.exists()
    assert state(environment) == before
    terminal.type("pyyaml")
    assert terminal.finish() == 0, terminal.screen
    there = environment.installed()
    assert (there["pyyaml"], there["snark"]) == ("6.0.3", "2.0")


@NEED_A_TERMINAL
def test_what_it_needs_is_not_built(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, open_terminal: OpenTerminal, tmp_path: Path
) -> None:
    release, _ = source(tmp_path, "snark")
    other = tmp_path / "built too"
    environment = fresh_environment("plain", make_index(release, Release(Sdist("snark", "1.0", {}, marker=other))))
    before = state(environment)
    terminal = open_terminal(environment, "-m", "autoinstall", "install", "yaml")
    terminal.wait_for(TYPE_IT)
    terminal.type("pyyaml")
    assert terminal.finish() == 3
    assert "needs snark, which has no wheel" in " ".join(terminal.screen.split())
    assert not other.exists()
    assert state(environment) == before


@NEED_A_TERMINAL
def test_source_code_swapped_after_the_question_is_not_built(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, open_terminal: OpenTerminal, tmp_path: Path
) -> None:
    release, marker = source(tmp_path)
    index = make_index(release)
    environment = fresh_environment("plain", index)
    before = state(environment)
    terminal = open_terminal(environment, "-m", "autoinstall", "install", "yaml")
    terminal.wait_for(TYPE_IT)
    other = Sdist("PyYAML", "6.0.3", {"yaml.py": "EVIL = 1\n"}, marker=marker)
    index.faults = [Swapped(other.filename, other.build())]
    terminal.type("pyyaml")
    assert terminal.finish() == 3
    assert "gave another file than the one that was shown" in " ".join(terminal.screen.split())
    assert not marker.exists()
    assert state(environment) == before


@NEED_A_TERMINAL
def test_what_was_built_is_looked_into_like_any_wheel(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, open_terminal: OpenTerminal, tmp_path: Path
) -> None:
    release, marker = source(tmp_path, modules={"yaml/__init__.py": "", "sitecustomize.py": ""})
    environment = fresh_environment("plain", make_index(release))
    before = state(environment)
    terminal = open_terminal(environment, "-m", "autoinstall", "install", "yaml")
    terminal.wait_for(TYPE_IT)
    terminal.type("pyyaml")
    assert terminal.finish() == 3
    assert "sitecustomize.py would be run at every start of Python" in " ".join(terminal.screen.split())
    assert marker.exists()
    assert state(environment) == before


@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize("mode", ["auto", "ask"])
def test_it_is_never_built_where_nobody_is_asked(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, tmp_path: Path, installer: str, mode: str
) -> None:
    release, marker = source(tmp_path)
    environment = fresh_environment("plain-pip", make_index(release), AUTOINSTALL_INSTALLER=installer)
    before = state(environment)
    script = f"import autoinstall\nautoinstall.enable(mode={mode!r})\nimport yaml\n"
    result = environment.run(environment.script(script))
    assert "ModuleNotFoundError: No module named 'yaml'" in result.stderr
    assert ("no wheel" in result.stderr) == (mode == "auto")
    assert not marker.exists()
    assert state(environment) == before
