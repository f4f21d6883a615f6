"""Notebooks executed where nobody watches: never a hang; `ask` fails at once with a note, `auto` installs."""

import json
import re
from typing import Any

import pytest

from tests.demo import as_notebook
from tests.kernel.conftest import MakeRunners
from tests.support.environments import Environment
from tests.support.kernel import TRANSPORT
from tests.support.local_index import LocalIndex

pytestmark = pytest.mark.kernel

CELLS = ("%load_ext autoinstall", "import cv2\ncv2.STAND_IN", "'the next cell'")

# papermill has no such option.
OVER = f"--KernelManager.transport={TRANSPORT}"

RUNNERS = {
    "nbconvert": ("-m", "nbconvert", "--execute", "--to=notebook", OVER, "--output=done.ipynb", "notebook.ipynb"),
    "papermill": ("-m", "papermill", "--no-progress-bar", "notebook.ipynb", "done.ipynb"),
    "nbclient": ("-c", "from nbclient.cli import main; main()", OVER, "--output=done.ipynb", "notebook.ipynb"),
}

EXECUTED = pytest.mark.parametrize("runner", RUNNERS)


@pytest.fixture
def environment(runners: MakeRunners, local_index: LocalIndex) -> Environment:
    environment = runners(local_index)
    environment.script(json.dumps(as_notebook(CELLS)), "notebook.ipynb")
    return environment


@EXECUTED
def test_asked_for_without_a_person_it_fails_at_once_and_says_why(
    runner: str, environment: Environment, local_index: LocalIndex
) -> None:
    done = environment.run(*RUNNERS[runner])
    assert done.returncode != 0
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)
    assert "ModuleNotFoundError: No module named 'cv2'" in said
    assert "autoinstall: cv2 comes with opencv-python, which is not installed; there was nobody to ask." in said
    assert "opencv-python" not in environment.installed()
    assert local_index.requests == {}


@EXECUTED
def test_mode_auto_installs_and_leaves_only_words(runner: str, environment: Environment) -> None:
    done = environment.run(*RUNNERS[runner], environ={"AUTOINSTALL_MODE": "auto"})
    assert done.returncode == 0, done.stderr
    assert environment.installed()["opencv-python"] == "4.14.0.94"
    kept: Any = json.loads((environment.work / "done.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in kept["cells"] for output in cell["outputs"]]
    streams = ["".join(output["text"]) for output in outputs if output["output_type"] == "stream"]
    results = ["".join(output["data"]["text/plain"]) for output in outputs if output["output_type"] != "stream"]
    assert (
        "".join(streams) == "Installed numpy 2.4.1, opencv-python 4.14.0.94.\nBy hand: %pip install opencv-python\n"
    )
    assert results == ["True", "'the next cell'"]
