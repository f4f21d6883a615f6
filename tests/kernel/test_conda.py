"""A kernel in an environment that conda made: conda installs, and what it does not have comes from the index."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import FreshEnvironment
from tests.support.catalogue import Release, stand_in
from tests.support.conda import CondaChannel, CondaEnvironment, CondaPackage, module, python_package
from tests.support.kernel import Kernel, Result
from tests.support.local_index import LocalIndex

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script for a shell"),
]

PACKAGES = (
    python_package("3.11.9"),
    CondaPackage("shared", "1.0", {"share/shared.txt": "1"}, is_python=False),
    CondaPackage("shared", "2.0", {"share/shared.txt": "2"}, is_python=False),
    # What imports as cv2 is opencv-python on the index, opencv on conda-forge, and needs a package of its own there.
    CondaPackage("opencv", "4.10.0", {"share/opencv.txt": ""}, ("py-opencv ==4.10.0",), is_python=False),
    module("py-opencv", "cv2", "4.10.0"),
    module("tabulate", "tabulate", "0.9.0", depends=("python", "shared >=2")),
    module("emoji", "not_emoji"),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A kernel in a conda environment, the channel that its conda sees, and the index that uv sees."""

    kernel: Kernel
    conda: CondaEnvironment
    channel: CondaChannel
    index: LocalIndex

    def ask(self, code: str, *answers: str) -> Result:
        """Execute a cell."""
        return self.kernel.execute(code, answers=list(answers))


@pytest.fixture(params=["conda", "mamba"])
def desk(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    fresh_environment: FreshEnvironment,
    make_index: Callable[..., LocalIndex],
) -> Iterator[Desk]:
    index = make_index(Release(stand_in("toml", "0.10.2", "toml")), Release(stand_in("emoji", "2.0", "emoji")))
    with CondaChannel(tmp_path / "served", PACKAGES) as channel:
        installed = ["python==3.11.9", "shared==1.0"]
        conda = CondaEnvironment.of(fresh_environment("ipython9", index), channel.url, installed, request.param)
        with Kernel(conda.environment) as kernel:
            loaded = kernel.execute("%load_ext autoinstall")
            assert loaded.status == "ok", loaded.traceback
            yield Desk(kernel, conda, channel, index)


def test_conda_installs_and_takes_back(desk: Desk) -> None:
    before = desk.conda.linked
    result = desk.ask("import cv2\ncv2.FROM", "d", "y")
    assert (result.status, result.text) == ("ok", "'conda'"), result.stdout + result.traceback
    name = desk.conda.command.name
    shown = result.shown
    assert "cv2" in shown
    assert "opencv 4.10.0" in shown
    assert "py-opencv 4.10.0 (needed by opencv)" in shown
    assert desk.channel.url in shown
    assert f"By hand: %{name} install opencv" in shown
    assert desk.conda.linked == before | {"opencv-4.10.0-py_0", "py-opencv-4.10.0-py_0"}
    assert not desk.index.asked

    history = (desk.conda.environment.site_packages / ".autoinstall" / "history.jsonl").read_text(encoding="utf-8")
    [kept] = map(json.loads, history.splitlines())
    assert kept["distributions"] == [["opencv", "4.10.0", "py_0"], ["py-opencv", "4.10.0", "py_0"]]
    assert kept["files"] == []

    undone = desk.ask("%autoinstall undo")
    assert "opencv 4.10.0, py-opencv 4.10.0" in undone.shown, undone.shown
    assert desk.conda.linked == before
    assert desk.ask("import sys; del sys.modules['cv2']\nimport cv2", "n").status == "error"


def test_what_conda_does_not_have_comes_from_the_index_and_is_said_to(desk: Desk) -> None:
    before = desk.conda.linked
    result = desk.ask("import toml\ntoml.STAND_IN", "y")
    assert (result.status, result.text) == ("ok", "True"), result.stdout + result.traceback
    name = desk.conda.command.name
    assert f"toml is not in {name}'s channels. uv installs it from the index." in " ".join(result.shown.split())
    assert desk.conda.linked == before
    assert desk.conda.environment.installed()["toml"] == "0.10.2"


def test_a_no_changes_nothing(desk: Desk) -> None:
    before = desk.conda.environment.files()
    result = desk.ask("import cv2", "n")
    assert result.status == "error"
    assert "ModuleNotFoundError" in result.traceback
    assert f"To install it: %{desk.conda.command.name} install opencv\n" in f"{result.traceback}\n"
    assert desk.conda.environment.files() == before
    assert all("--dry-run" in command for command in desk.conda.commands)


def test_with_nobody_there_the_note_says_how_conda_does_it(desk: Desk) -> None:
    result = desk.kernel.execute("import cv2", allow_stdin=False)
    assert f"To install it: %{desk.conda.command.name} install opencv" in result.traceback
    assert desk.conda.commands == []


def test_what_would_change_something_else_is_said_and_left(desk: Desk) -> None:
    before = desk.conda.environment.files()
    result = desk.ask("import tabulate")
    assert "tabulate cannot be had without changing shared 1.0" in result.traceback
    assert "To try again" not in result.traceback
    assert result.prompts == ()
    assert desk.conda.environment.files() == before


def test_offline_is_said_and_asks_no_index_instead(desk: Desk) -> None:
    desk.channel.__exit__()
    result = desk.ask("import toml")
    assert "cannot be reached" in result.traceback
    assert result.prompts == ()
    assert not desk.index.asked


def test_what_does_not_provide_the_import_is_taken_out_again(desk: Desk) -> None:
    before = desk.conda.linked
    result = desk.ask("import emoji", "y")
    assert result.status == "error"
    assert "emoji was installed, but does not provide emoji: taken out again" in result.traceback
    assert desk.conda.linked == before


def test_what_something_else_has_come_to_need_is_not_taken_back(desk: Desk) -> None:
    assert desk.ask("import cv2", "y").status == "ok"
    desk.channel.publish(module("snark", "snark", depends=("python", "opencv")))
    prefix = str(desk.conda.environment.prefix)
    desk.conda.run("install", "--prefix", prefix, "--yes", "--json", "snark")
    before = desk.conda.linked
    answer = desk.ask("%autoinstall undo")
    assert "not undone: snark 1.0, installed otherwise, would go with it" in answer.shown
    assert desk.conda.linked == before


def test_without_a_conda_at_hand_uv_installs_and_says_what_that_means(desk: Desk) -> None:
    nowhere = {"CONDA_EXE": "", "MAMBA_EXE": ""}
    with Kernel(desk.conda.environment, nowhere) as kernel:
        assert kernel.execute("%load_ext autoinstall").status == "ok"
        result = kernel.execute("import toml\ntoml.STAND_IN", answers=["y"])
    assert (result.status, result.text) == ("ok", "True"), result.stdout + result.traceback
    told = "There is no conda, mamba or micromamba at hand. uv installs it, and conda will not know of it."
    assert " ".join(result.shown.split()).count(told) == 1
    assert desk.conda.commands == []


def test_where_nobody_is_asked_the_line_stands_with_what_was_installed(desk: Desk) -> None:
    assert desk.ask("%autoinstall mode auto").status == "ok"
    result = desk.ask("import toml\ntoml.STAND_IN")
    assert (result.text, result.prompts) == ("True", ())
    assert f"toml is not in {desk.conda.command.name}'s channels. uv installs it from the index." in result.shown
