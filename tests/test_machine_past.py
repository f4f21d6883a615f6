"""What this machine knows of earlier installs, in the environment and in a folder of one's own beside it."""

from pathlib import Path

import pytest

from autoinstall import target
from autoinstall.environment import destination
from autoinstall.machine import ThisMachine
from autoinstall.past.journal import Journal
from autoinstall.past.transaction import TakenBack, Transaction
from autoinstall.plan import Obstacle, Refusal
from tests.activate.conftest import EGG, NEST, SNARK, Ground
from tests.support.wheels import Wheel


class Silent:
    """A face that shows nothing."""

    def progress(self, doing: str = "", received: int = 0, total: int | None = None) -> None:
        pass

    def clear(self) -> None:
        pass

    def say(self, line: str) -> None:
        pass


@pytest.fixture
def here(tmp_path: Path) -> Ground:
    return Ground(tmp_path / "here")


@pytest.fixture
def beside(here: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """Return the folder of one's own that belongs to this interpreter."""
    monkeypatch.setenv(target.VARIABLE, str(tmp_path / "targets"))
    folder = Path(target.folder_in(str(tmp_path / "targets")))
    (folder / target.SITE).mkdir(parents=True)
    ground = Ground(tmp_path / "beside")
    ground.environment = destination.in_target(here.environment, folder)
    ground.journal = Journal(ground.environment.purelib)
    return ground


@pytest.fixture
def machine(here: Ground) -> ThisMachine:
    return ThisMachine(environment=here.environment, session="ours")


def installed(ground: Ground, wheel: Wheel, session: str) -> Transaction:
    added = ground.install(wheel, session=session)
    assert isinstance(added, Transaction), added
    return added


def test_all_is_told_in_order_and_the_last_of_ours_is_found(
    here: Ground, beside: Ground, machine: ThisMachine
) -> None:
    first = installed(here, NEST, "ours")
    second = installed(beside, SNARK, "ours")
    third = installed(here, EGG, "another")
    assert machine.transactions() == (first, second, third)
    assert machine.last_of_this_session() == second
    assert machine.take_back(second, Silent()) == TakenBack(second, (), ())
    assert beside.files() == {}
    assert machine.last_of_this_session() == first
    assert [each.undone is None for each in machine.transactions()] == [True, False, True]


def test_what_another_process_took_back_meanwhile_is_not_taken_again(here: Ground, machine: ThisMachine) -> None:
    """Nor is what a third has installed again since: it is not what the record tells of."""
    added = installed(here, SNARK, "ours")
    assert isinstance(machine.take_back(added, Silent()), TakenBack)
    again = installed(here, SNARK, "another")
    before = here.files()
    refused = machine.take_back(added, Silent())
    assert refused == Refusal(Obstacle.NOT_FOUND, "snark 2.0 was taken back already")
    assert here.files() == before
    assert machine.transactions()[-1] == again


def test_what_no_record_tells_of_is_refused(here: Ground, machine: ThisMachine, tmp_path: Path) -> None:
    stranger = installed(Ground(tmp_path / "elsewhere"), SNARK, "ours")
    before = here.files()
    refused = machine.take_back(stranger, Silent())
    assert refused == Refusal(Obstacle.NOT_FOUND, f"no record of {stranger.id} is left here")
    assert here.files() == before


def test_a_record_tells_which_project_each_import_came_from(here: Ground, machine: ThisMachine) -> None:
    assert isinstance(here.install(SNARK, NEST, jub_jub_nest="jubjub.nest"), Transaction)
    [told] = machine.transactions()
    assert told.wanted_from == {"jubjub.nest": "jub-jub-nest"}
