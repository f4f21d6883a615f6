"""A prompt that names more than fits into one line, as a person sees it in a terminal of 80 columns."""

import sys

import pytest

from tests.conftest import FreshEnvironment
from tests.support.local_index import LocalIndex

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

from tests.conftest import OpenTerminal
from tests.support.terminal import IPYTHON

NAMES = ("opencv-python", "pillow", "pyyaml", "numpy")


def _check(shown: str) -> None:
    lines = shown.splitlines()
    assert all(len(line) <= 80 for line in lines), shown
    [start] = [place for place, line in enumerate(lines) if line.startswith("Install ")]
    prompt = " ".join(lines[start:])
    assert all(name in prompt for name in NAMES), prompt
    assert lines[-1] == "[y]es / [n]o / [c]hoose another / [d]"


def test_the_command_in_a_terminal(
    fresh_environment: FreshEnvironment, local_index: LocalIndex, open_terminal: OpenTerminal
) -> None:
    environment = fresh_environment("plain", local_index)
    terminal = open_terminal(environment, "-m", "autoinstall", "install", "cv2", "PIL", "yaml")
    _check(terminal.wait_for("etails: "))
    terminal.type("n")
    assert terminal.finish() == 1


@pytest.mark.kernel
def test_ipython_in_a_terminal(
    fresh_environment: FreshEnvironment, local_index: LocalIndex, open_terminal: OpenTerminal
) -> None:
    terminal = open_terminal(fresh_environment("ipython9", local_index), *IPYTHON)
    terminal.wait_for("In [1]: ")
    terminal.type("%load_ext autoinstall")
    terminal.wait_for("In [2]: ")
    terminal.type("import cv2, PIL, yaml")
    _check(terminal.wait_for("etails: "))
    terminal.type("n")
    terminal.wait_for("In [3]: ")
