"""Where an install goes, and what those are told whose environment it cannot go to."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from autoinstall import target
from autoinstall.environment import Environment
from autoinstall.environment.destination import Destination, make_your_own, settle, why_not_ours, with_room
from autoinstall.plan import Obstacle, Plan, Refusal
from autoinstall.platforms import PLATFORMS, Platform, System
from autoinstall.settings import Mode, Settings
from tests.support.staging import environment_at
from tests.support.story import item


@pytest.fixture
def own(tmp_path: Path) -> Environment:
    """Make up an environment that can be written to."""
    made = replace(environment_at(tmp_path / "own"), is_externally_managed=False, is_writable=True)
    made.purelib.mkdir(parents=True)
    return made


@pytest.fixture(autouse=True)
def _data_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))


def test_a_user_s_own_environment(own: Environment) -> None:
    assert why_not_ours(own) is None
    assert settle(own, Settings()) == Destination(own)
    assert Destination(own).target is None


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"is_externally_managed": True}, "{} belongs to the operating system"),
        ({"is_writable": False}, "{} cannot be changed by you"),
    ],
)
def test_who_is_asked_is_offered_a_folder_of_their_own(own: Environment, facts: dict[str, bool], reason: str) -> None:
    theirs = replace(own, **facts)  # type: ignore[arg-type]
    found = settle(theirs, Settings())
    assert isinstance(found, Destination)
    assert found.reason == reason.format(own.prefix)
    folder = Path(target.folder_in())
    assert found.target == folder / "site-packages"
    assert (found.environment.prefix, found.environment.data) == (folder, folder)
    assert found.environment.scripts.parent == folder
    assert found.environment.executable == own.executable
    assert not folder.exists()


def test_without_a_question_only_where_it_was_set(own: Environment, tmp_path: Path) -> None:
    theirs = replace(own, is_externally_managed=True)
    refusal = settle(theirs, Settings(Mode.AUTO))
    assert isinstance(refusal, Refusal)
    assert refusal.obstacle is Obstacle.NOT_WRITABLE
    assert refusal.sentence == f"{own.prefix} belongs to the operating system, and autoinstall leaves it as it is."
    found = settle(theirs, Settings(Mode.AUTO, target=tmp_path / "mine"))
    assert isinstance(found, Destination)
    assert found.environment.prefix == Path(target.folder_in(str(tmp_path / "mine")))


def test_a_folder_that_cannot_be_made_either(own: Environment, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = settle(replace(own, is_writable=False), Settings(target=tmp_path / "file"))
    assert isinstance(found, Refusal)
    beside = target.folder_in(str(tmp_path / "file"))
    assert found.sentence == f"{own.prefix} cannot be changed by you, nor can {beside} be written to."


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch, own: Environment) -> dict[str, int]:
    """Return how many bytes are free in the environment and elsewhere, for the test to change."""
    said = {"here": 10**9, "elsewhere": 10**9}

    def usage(folder: Path) -> _Usage:
        return _Usage(10**12, 0, said["here" if Path(folder).is_relative_to(own.prefix) else "elsewhere"])

    monkeypatch.setattr(shutil, "disk_usage", usage)
    return said


_PLAN = Plan((item("snark", "1.0", size=100_000_000, wanted_as=["snark"]),), "uv")


def test_room_is_looked_for(own: Environment, free: dict[str, int]) -> None:
    usual = Destination(own)
    assert with_room(usual, own, _PLAN, Settings()) == usual
    free["here"] = 200_000_000
    beside = with_room(usual, own, _PLAN, Settings())
    assert isinstance(beside, Destination)
    assert beside.target is not None
    assert beside.reason == f"no space is left at {own.prefix}, where about 300 MB are needed"
    free["elsewhere"] = 0
    refusal = with_room(usual, own, _PLAN, Settings())
    assert isinstance(refusal, Refusal)
    assert refusal.obstacle is Obstacle.DISK_FULL
    assert isinstance(with_room(beside, own, _PLAN, Settings()), Refusal)


def test_a_size_that_nobody_knows_is_tried(own: Environment, free: dict[str, int]) -> None:
    free["here"] = 0
    unknown = Plan((item("snark", "1.0", size=None, wanted_as=["snark"]),), "uv")
    assert with_room(Destination(own), own, unknown, Settings()) == Destination(own)


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (
            PLATFORMS[System.LINUX],
            (
                "/usr/bin/python3 -m venv /home/ann/my-env",
                "/home/ann/my-env/bin/python -m pip install ipykernel ipython-autoinstall",
                "/home/ann/my-env/bin/python -m ipykernel install --user --name my-env",
            ),
        ),
        (
            PLATFORMS[System.WINDOWS],
            (
                "/usr/bin/python3 -m venv /home/ann/my-env",
                "/home/ann/my-env/Scripts/python.exe -m pip install ipykernel ipython-autoinstall",
                "/home/ann/my-env/Scripts/python.exe -m ipykernel install --user --name my-env",
            ),
        ),
    ],
    ids=["linux", "windows"],
)
def test_commands_for_an_environment_of_one_s_own(
    own: Environment, platform: Platform, expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autoinstall.environment.destination._has_venv", lambda: True)
    theirs = replace(own, executable=Path("/usr/bin/python3"))
    found = make_your_own(theirs, is_cell=True, home=Path("/home/ann"), platform=platform)
    assert tuple(line.replace("\\", "/") for line in found) == expected
    script = make_your_own(theirs, is_cell=False, home=Path("/home/ann"), platform=platform)
    assert [line.replace("\\", "/") for line in script] == [expected[0], expected[1].replace("ipykernel ", "")]


def test_where_debian_has_split_venv_off(own: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autoinstall.environment.destination._has_venv", lambda: False)
    first, *_ = make_your_own(own, is_cell=True, home=Path("/home/ann"), platform=PLATFORMS[System.LINUX])
    assert first == f"{own.executable} -m uv venv --seed /home/ann/my-env"
