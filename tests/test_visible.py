"""Folders that the person who asks cannot look into: on shared machines they lie beside everybody's own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoinstall import visible
from tests.conftest import FreshEnvironment
from tests.support.anybody import as_anybody
from tests.support.environments import Environment
from tests.support.local_index import LocalIndex


@pytest.fixture
def among_others(fresh_environment: FreshEnvironment, local_index: LocalIndex) -> Iterator[Environment]:
    """Return an environment whose working folder holds, and lies beside, a folder that nobody may look into."""
    environment = fresh_environment("plain", local_index)
    closed = [environment.work / "closed", environment.work.parent / "beside"]
    for folder in closed:
        folder.mkdir()
        (folder / "__init__.py").touch()
        folder.chmod(0)
    yield environment
    for folder in closed:
        folder.chmod(0o755)


def test_they_keep_nothing_from_helping(among_others: Environment) -> None:
    (among_others.work / "script.py").write_text("import autoinstall; autoinstall.enable()\nimport cv2\n")
    ended = as_anybody(among_others, "script.py")
    assert ended.stderr.count("ModuleNotFoundError: No module named 'cv2'\n") == 1
    assert (
        "autoinstall: cv2 comes with opencv-python, which is not installed; there was nobody to ask." in ended.stderr
    )


@pytest.mark.parametrize("command", ["which", "scan", "doctor"])
def test_they_keep_no_command_from_answering(among_others: Environment, command: str) -> None:
    (among_others.work / "mine.py").write_text("import cv2\n")
    asked = {"which": ["cv2"], "scan": ["."], "doctor": []}[command]
    ended = as_anybody(among_others, "-m", "autoinstall", command, "--json", *asked)
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert (ended.returncode, len(answers) > 0, "Traceback" in ended.stderr) == (0, True, False), ended.stderr
    if command != "doctor":
        assert "opencv-python" in ended.stdout


def test_the_nearest_that_is_there(tmp_path: Path) -> None:
    assert visible.nearest(tmp_path / "not" / "yet") == tmp_path
    assert visible.nearest(tmp_path) == tmp_path
    assert (visible.free_space(tmp_path / "not" / "yet") or 0) > 0
