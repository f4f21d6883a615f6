"""Conflicts with what is installed, through the whole story: who needs what, what to do, and nothing changes."""

from collections.abc import Callable

import pytest

from tests.conftest import FreshEnvironment
from tests.support.catalogue import Release
from tests.support.environments import Environment
from tests.support.local_index import LocalIndex
from tests.support.wheels import Wheel

MakeIndex = Callable[..., LocalIndex]

SCRIPT = """\
import autoinstall
autoinstall.enable(mode="auto")
import yaml
"""


def refused(environment: Environment) -> str:
    """Run the script, look that it ended with Python's own error and changed nothing, and return the note."""
    before = {path: told for path, told in environment.files().items() if ".autoinstall" not in path}
    result = environment.run(environment.script(SCRIPT))
    assert result.returncode == 1
    assert "ModuleNotFoundError: No module named 'yaml'" in result.stderr
    assert {path: told for path, told in environment.files().items() if ".autoinstall" not in path} == before
    notes = [line for line in result.stderr.splitlines() if line.startswith("autoinstall: ")]
    assert len(notes) == 1, result.stderr
    return notes[0]


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_who_needs_what_and_what_to_do(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, installer: str
) -> None:
    index = make_index(
        Release(Wheel("PyYAML", "6.0.3", {"yaml/__init__.py": ""}, ("numpy>=2",))),
        *(Release(Wheel("numpy", each, {"numpy/__init__.py": ""})) for each in ("1.26.4", "2.4.1")),
    )
    environment = fresh_environment("plain-pip", index, AUTOINSTALL_INSTALLER=installer)
    environment.install(Wheel("numpy", "1.26.4", {"numpy/__init__.py": ""}))
    assert refused(environment) == (
        "autoinstall: pyyaml 6.0.3 needs another version of numpy than the numpy 1.26.4 installed here "
        "(2.4.1 would do), and what is installed is left as it is."
    )


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_what_only_autoinstall_needs_is_called_that(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, installer: str
) -> None:
    index = make_index(
        Release(Wheel("PyYAML", "6.0.3", {"yaml/__init__.py": ""}, ("pypi-simple>=999",))),
        Release(Wheel("pypi-simple", "999.0", {"pypi_simple/__init__.py": ""})),
    )
    environment = fresh_environment("plain-pip", index, AUTOINSTALL_INSTALLER=installer)
    note = refused(environment)
    here = environment.installed()["pypi-simple"]
    assert f"another version of pypi-simple than the pypi-simple {here} installed here (999.0 would do)" in note
    assert "Only autoinstall itself uses pypi-simple here." in note
