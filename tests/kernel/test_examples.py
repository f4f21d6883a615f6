"""The example notebooks run from the first cell to the last, unattended, and show what they say they show."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.conftest import MakeRunners
from tests.support.catalogue import Release, stand_in
from tests.support.environments import Environment
from tests.support.kernel import TRANSPORT
from tests.support.local_index import LocalIndex

pytestmark = pytest.mark.kernel

EXAMPLES = Path(__file__).parents[1] / "examples"

EXECUTE = "from nbclient.cli import main; main()"


@pytest.fixture
def environment(runners: MakeRunners, make_index: Callable[..., LocalIndex]) -> Environment:
    index = make_index(
        Release(stand_in("numpy", "2.4.1", "numpy")),
        Release(stand_in("opencv-python", "4.14.0.94", "cv2", requires=("numpy>=2",))),
        Release(stand_in("networkx", "3.6", "networkx")),
        Release(stand_in("python-docx", "1.2.0", "docx")),
        Release(stand_in("tensorflow", "2.21.0", "tensorflow")),
    )
    environment = runners(index)
    shutil.copytree(EXAMPLES, environment.work, dirs_exist_ok=True)
    return environment


def shown_by(environment: Environment, name: str) -> list[str]:
    """Execute a notebook in mode `auto` and return what each of its code cells shows."""
    done = environment.run(
        "-c",
        EXECUTE,
        f"--KernelManager.transport={TRANSPORT}",
        "--inplace",
        name,
        environ={"AUTOINSTALL_MODE": "auto"},
    )
    assert done.returncode == 0, done.stderr
    cells: Any = json.loads((environment.work / name).read_text(encoding="utf-8"))["cells"]
    return ["".join(map(_text, cell["outputs"])) for cell in cells if cell["cell_type"] == "code"]


def _text(output: Any) -> str:  # Any: JSON
    if output["output_type"] == "error":
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output["traceback"]))
    return "".join(output["text"] if "text" in output else output["data"]["text/plain"])


def test_first_steps(environment: Environment) -> None:
    loaded, imported, which, advice, history, undone = shown_by(environment, "first-steps.ipynb")
    assert loaded == ""
    assert "By hand: %pip install opencv-python" in imported
    assert imported.endswith("'4.14.0.94'")
    assert "docx comes with one of python-docx, docx" in which
    assert "pandas" in advice
    assert "urllib.request" in advice
    assert "opencv-python 4.14.0.94" in history
    assert undone.startswith("Removed ")
    assert not {"opencv-python", "numpy"} & environment.installed().keys()


def test_a_class(environment: Environment) -> None:
    loaded, scanned, imported, denied, frozen = shown_by(environment, "class.ipynb")
    assert "error" not in loaded.casefold()
    assert re.search(r"tensorflow .*denied", scanned)
    assert "Installed networkx 3.6, python-docx 1.2.0." in scanned
    assert imported == "('1.2.0', '3.6')"
    assert "No module named 'tensorflow'" in denied
    assert denied.count("autoinstall:") == 1
    assert "networkx==3.6" in frozen
    assert {"networkx", "python-docx"} <= environment.installed().keys()


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.ipynb")))
def test_an_example_is_kept_as_written(name: str) -> None:
    """Outputs and counts of a run would be out of date, and tell of somebody's machine."""
    cells = json.loads((EXAMPLES / name).read_text(encoding="utf-8"))["cells"]
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
