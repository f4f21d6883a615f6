"""`autoinstall scan` as a shell sees it."""

import json

import pytest

from tests.support.environments import Environment, Environments
from tests.support.processes import NOBODY, clean_environ


@pytest.fixture(scope="module")
def untouched(environments: Environments, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Return an environment for commands that only answer, with two files to read."""
    home = tmp_path_factory.mktemp("home")
    environment = environments.fresh("plain", clean_environ(home, NOBODY), home, None)
    environment.work.joinpath("book").mkdir()
    environment.script("import json, beside, sklearn\nfrom google.cloud import storage\n", "book/one.py")
    environment.script("", "book/beside.py")
    environment.script("x = 1\n", "nothing.py")
    cell = {"cell_type": "code", "source": "%pip install opencv-python-headless\nimport cv2"}
    environment.script(json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell]}), "two.ipynb")
    return environment


def test_json_is_one_object_a_line(untouched: Environment) -> None:
    result = untouched.run("-m", "autoinstall", "scan", "--json", "book", "two.ipynb")
    assert result.returncode == 0, result.stderr
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["import_name"], one["state"], one["project"]) for one in found] == [
        ("json", "standard library", None),
        ("beside", "local", None),
        ("sklearn", "missing", "scikit-learn"),
        ("google.cloud.storage", "missing", "google-cloud-storage"),
        ("cv2", "missing", "opencv-python-headless"),
    ]
    assert found[-1]["places"] == [
        {"file": "two.ipynb", "cell": 1, "line": 2, "is_sure": True, "is_guarded": False},
    ]


def test_people_are_told_on_standard_error_and_how_to_go_on(untouched: Environment) -> None:
    result = untouched.run("-m", "autoinstall", "scan", "two.ipynb")
    assert (result.returncode, result.stdout) == (0, "")
    assert "  cv2     opencv-python-headless  missing" in result.stderr.splitlines()
    assert "To install what is missing: autoinstall install cv2" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("nothing.py",), 1, "imports nothing but what is Python's own"),
        (("absent.py",), 2, "absent.py is not there"),
        ((), 2, "PATH"),
    ],
)
def test_exit_statuses(arguments: tuple[str, ...], status: int, said: str, untouched: Environment) -> None:
    result = untouched.run("-m", "autoinstall", "scan", *arguments)
    assert (result.returncode, result.stdout) == (status, "")
    assert said in result.stderr


def test_the_function(untouched: Environment) -> None:
    """Twice: a submodule of the same name would take the function's place once it is loaded."""
    code = (
        "import autoinstall\nfor _ in 'ab': print([one.import_name for one in autoinstall.scan('two.ipynb').missing])"
    )
    assert untouched.run("-c", code).stdout.splitlines() == ["['cv2']", "['cv2']"]
