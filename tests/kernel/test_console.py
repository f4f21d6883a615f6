"""Jupyter console: a kernel asked from a terminal, where tables are text."""

import sys
import time

import pytest

from tests.kernel.conftest import MakeRunners
from tests.support.kernel import TRANSPORT
from tests.support.local_index import LocalIndex

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

from tests.conftest import OpenTerminal
from tests.support.terminal import Terminal

pytestmark = pytest.mark.kernel


@pytest.fixture
def console(runners: MakeRunners, local_index: LocalIndex, open_terminal: OpenTerminal) -> Terminal:
    environment = runners(local_index)
    over = f"--transport={TRANSPORT}"
    console = open_terminal(environment, "-m", "jupyter_console", over, "--simple-prompt", "--no-confirm-exit")
    console.wait_for("In [1]: ")
    # It may prompt before it hears the kernel's outputs, and then waits for ever for the end of its first cell.
    time.sleep(1)
    console.type("%load_ext autoinstall")
    console.wait_for("In [2]: ")
    return console


def test_the_person_is_asked_and_the_cell_goes_on(console: Terminal) -> None:
    console.type("import cv2; print('with', cv2.__version__)")
    shown = console.wait_for("etails: ")
    assert "  cv2  opencv-python 4.14.0.94" in shown
    assert "<" not in shown
    console.type("y")
    shown = console.wait_for("with 4.14.0.94")
    assert "Installed numpy 2.4.1, opencv-python 4.14.0.94." in shown
    console.wait_for("In [3]: ")


def test_a_no_leaves_python_s_own_error(console: Terminal) -> None:
    console.type("import cv2")
    console.wait_for("etails: ")
    console.type("n")
    shown = console.wait_for("In [3]: ")
    assert "No module named 'cv2'" in shown
    assert shown.count("autoinstall:") == 1
