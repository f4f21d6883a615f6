"""What is said of a plan that is large, and of none that is not."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from uv import find_uv_bin

from autoinstall.advice import Verdict
from autoinstall.environment import Environment
from autoinstall.large import remarks, smaller_builds
from autoinstall.plan import Plan
from autoinstall.provide import Session
from autoinstall.roles import Request
from tests.support.staging import environment_at
from tests.support.story import FakeMachine, ScriptedAsker, advice, item

TORCH = item("torch", "2.9.1", size=900_000_000, wanted_as=["torch"])
CUDA = item("nvidia-cudnn-cu12", "9.10", size=706_000_000, needed_by=["torch"])
COMMAND = "/venv/bin/python -m uv pip install --torch-backend cpu torch"
SIX = item("six", "1.17.0", wanted_as=["six"])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Make up an environment on a disk with 40 GB left."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=40_200_000_000))
    return replace(environment_at(tmp_path), executable=Path("/venv/bin/python"))


def test_a_large_plan_says_how_large_it_is_what_is_free_and_what_would_do(here: Environment) -> None:
    assert remarks(Plan((TORCH, CUDA), "uv"), here, here) == (
        "1.6 GB to download, about 4.8 GB when unpacked; 40 GB are free there",
        f"a smaller torch does without a graphics card for computing: say no, and type {COMMAND}",
    )


@pytest.mark.parametrize(
    "items",
    [
        (SIX,),
        (item("snark", "1.0", size=500_000_000, wanted_as=["snark"]),),
        (TORCH, item("snark", "1.0", size=None, needed_by=["torch"])),
    ],
    ids=["small", "not above 500 MB", "of unknown size"],
)
def test_others_say_nothing(here: Environment, items: tuple[object, ...]) -> None:
    assert remarks(Plan(items, "uv"), here, here) == ()  # type: ignore[arg-type] # items, each of them


def test_a_smaller_build_is_for_what_uv_would_install_into(here: Environment, tmp_path: Path) -> None:
    beside = environment_at(tmp_path / "beside")
    assert len(remarks(Plan((TORCH,), "uv"), beside, here)) == 1
    conda = replace(TORCH, file=replace(TORCH.file, name="pytorch-2.9.1-cuda.conda"))
    assert len(remarks(Plan((conda,), "conda"), here, here)) == 1


def test_a_disk_that_does_not_tell_is_no_obstacle(here: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_folder: Path) -> SimpleNamespace:
        raise OSError

    monkeypatch.setattr(shutil, "disk_usage", broken)
    assert remarks(Plan((CUDA,), "uv"), here, here) == ("706 MB to download, about 2.1 GB when unpacked",)


def test_the_question_says_it(here: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan((TORCH, CUDA), "uv")
    machine = FakeMachine([advice("torch", Verdict.TRUSTED, "torch")], plans=[plan])
    monkeypatch.setattr(machine, "remarks_on_size", lambda plan: remarks(plan, here, here))
    asker = ScriptedAsker("n")
    Session("ask", machine=machine, asker=asker).provide(Request("torch", is_cell=True))
    shown = asker.shown[0]
    assert "  note  1.6 GB to download, about 4.8 GB when unpacked; 40 GB are free there\n" in shown
    assert "--torch-backend cpu torch" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80


def test_the_installed_uv_knows_the_arguments() -> None:
    known = subprocess.run([find_uv_bin(), "pip", "install", "--help"], capture_output=True, text=True, check=True)
    assert smaller_builds()
    for one in smaller_builds():
        assert one.source
        assert one.does_for
        for argument in one.arguments:
            assert argument in known.stdout
