"""The whole story against the real index, as this machine reaches it: one small project, with each installer."""

import pytest

from tests.conftest import FreshEnvironment

SCRIPT = """\
import autoinstall

autoinstall.enable(mode="auto")

ran = ["before"]
import yaml
print(ran, yaml.safe_load("[1, 2]"))
"""


@pytest.mark.online
@pytest.mark.parametrize(("base", "installer"), [("plain", "uv"), ("plain-pip", "pip")])
def test_a_scripts_missing_yaml(fresh_environment: FreshEnvironment, base: str, installer: str) -> None:
    environment = fresh_environment(base, online=True, AUTOINSTALL_INSTALLER=installer)
    result = environment.run(environment.script(SCRIPT), timeout=300)
    if result.returncode and "cannot be reached" in result.stderr:
        pytest.skip(next(line for line in result.stderr.splitlines() if "cannot be reached" in line))
    assert result.returncode == 0, result.stderr
    assert result.stdout == "['before'] [1, 2]\n"
    assert "pyyaml" in environment.installed()
    # Without a pip of the environment's own it is uv's.
    assert f"By hand: python -m {'uv ' if installer == 'uv' else ''}pip install pyyaml" in result.stderr
