"""`%autoinstall scan` in a real kernel: the notebook is found and shown, and what is missing asked for once."""

import json
from collections.abc import Iterator

import pytest

from tests.kernel.conftest import Desk
from tests.support.catalogue import Release, stand_in
from tests.support.environments import KERNEL_BASES, Environments
from tests.support.kernel import Kernel
from tests.support.local_index import LocalIndex
from tests.support.processes import clean_environ

pytestmark = pytest.mark.kernel

CELLS = (
    "!pip install opencv-python-headless==4.5",
    "import cv2, json\nimport arrow",
    "%%time\nimport emoji",
    "%%bash\nimport nothing",
    "import (",
    "import surely_nobody_knows_this",
    "try:\n    import loguru\nexcept ImportError:\n    loguru = None",
)


@pytest.fixture(params=KERNEL_BASES)
def desk(
    request: pytest.FixtureRequest, environments: Environments, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("home")
    releases = (
        *(Release(stand_in(name, "1.0", name)) for name in ("arrow", "emoji", "loguru")),
        Release(stand_in("opencv-python", "4.14.0", "cv2")),
        Release(stand_in("opencv-python-headless", "4.14.0", "cv2")),
    )
    with LocalIndex(releases) as index:
        environment = environments.fresh(request.param, clean_environ(home, index.url), home)
        file = environment.work / "book one.ipynb"
        cells = [{"cell_type": "code", "source": source} for source in CELLS]
        file.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}))
        with Kernel(environment, {"JPY_SESSION_NAME": str(file)}) as kernel:
            assert kernel.execute("%load_ext autoinstall").status == "ok"
            yield Desk(kernel, environment, index)


def test_the_whole_notebook(desk: Desk) -> None:
    result = desk.kernel.execute("%autoinstall scan", answers=["y"])
    assert result.status == "ok", result.traceback
    [drawn] = [each for each in result.displays if "opencv-python-headless</td>" in each.get("text/html", "")][:1]
    assert "<table" in drawn["text/html"]
    shown = [line.rstrip() for line in drawn["text/plain"].splitlines()]
    assert shown[:6] == [
        "  import                    project                 state",
        "  cv2                       opencv-python-headless  missing",
        "  arrow                     arrow                   missing",
        "  emoji                     emoji                   missing",
        "  surely_nobody_knows_this                          missing (unknown)",
        "  loguru                    loguru                  missing (optional)",
    ]
    assert "  not read: cell 5: this is no Python" in shown
    assert len(result.prompts) == 1
    assert {"arrow", "emoji", "opencv-python-headless"} <= desk.environment.installed().keys()
    assert not {"opencv-python", "loguru"} & desk.environment.installed().keys()
    assert desk.kernel.execute("import cv2\ncv2.__version__").text == "'4.14.0'"
    again = desk.kernel.execute("%autoinstall scan 'book one.ipynb'")
    assert (again.prompts, again.status) == ((), "ok")
    desk.kernel.execute("import os; del os.environ['JPY_SESSION_NAME']")
    unknown = desk.kernel.execute("%autoinstall scan")
    assert "%autoinstall scan FILE.ipynb" in unknown.stderr + unknown.traceback
