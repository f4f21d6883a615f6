"""What was installed before is told and taken back by its rules, with a made-up machine."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autoinstall.advice import Verdict
from autoinstall.errors import BadRequestError
from autoinstall.names import ImportName, ProjectName
from autoinstall.past import history
from autoinstall.past.pins import Pin
from autoinstall.past.transaction import Distribution, TakenBack, Transaction
from autoinstall.plan import Obstacle, Refusal
from autoinstall.provide import Session
from autoinstall.roles import Request
from tests.support.story import FakeMachine, ScriptedAsker, advice

OURS = Transaction(
    id="20260102-030405-11-aaaa",
    when=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    prefix="/env",
    python="3.12.1",
    installer="uv",
    process=11,
    session="here",
    wanted=(ImportName("boojum"),),
    distributions=(Distribution(ProjectName("boojum-tools"), "1.5"), Distribution(ProjectName("snark"), "2.0")),
    files=(),
    wanted_from={ImportName("boojum"): ProjectName("boojum-tools")},
)
LATER = replace(OURS, id="20260102-040506-11-bbbb", when=datetime(2026, 1, 2, 4, 5, 6, tzinfo=UTC))
THEIRS = replace(OURS, id="20260103-030405-12-cccc", session="elsewhere")
UNDONE = replace(OURS, id="20251231-235959-11-dddd", undone=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def machine() -> FakeMachine:
    machine = FakeMachine()
    machine.kept = [UNDONE, OURS, LATER, THEIRS]
    return machine


@pytest.fixture
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if hasattr(time, "tzset"):
        monkeypatch.setenv("TZ", "XXX-2")
        time.tzset()
        yield
        monkeypatch.undo()
        time.tzset()
    else:
        pytest.skip("the clock's zone cannot be set here")


def _undo(machine: FakeMachine, identity: str | None = None) -> TakenBack | Refusal:
    return history.undo(Session(machine=machine), identity, is_cell=True)


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (None, LATER),
        (OURS.id, OURS),
        (THEIRS.id, THEIRS),
        ("20260103", THEIRS),
    ],
)
def test_which_one_is_taken_back(machine: FakeMachine, identity: str | None, expected: Transaction) -> None:
    assert _undo(machine, identity) == TakenBack(expected, (), ())
    assert [each.id for each in machine.kept if each.undone] == [UNDONE.id, expected.id]


def test_without_an_id_one_after_the_other_and_never_anothers(machine: FakeMachine) -> None:
    assert [done.transaction for done in (_undo(machine), _undo(machine)) if isinstance(done, TakenBack)] == [
        LATER,
        OURS,
    ]
    refused = _undo(machine)
    assert refused == Refusal(
        Obstacle.NOT_FOUND,
        "this kernel has installed nothing that could be taken back; what another has installed is taken back by its "
        f"id, as the last here ({THEIRS.names}): %autoinstall undo {THEIRS.id}",
    )
    assert THEIRS in machine.kept


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        ("2027", "no install has the id '2027'; autoinstall history lists those that there are"),
        ("", "no install has the id ''; autoinstall history lists those that there are"),
        ("\x1b[2J", r"no install has the id '\\x1b[2J'; autoinstall history lists those that there are"),
        (UNDONE.id, "boojum-tools 1.5, snark 2.0 was taken back already, 2026-01-01 02:00:00"),
    ],
)
@pytest.mark.usefixtures("_in_utc")
def test_ids_that_lead_to_nothing(machine: FakeMachine, identity: str, said: str) -> None:
    before = list(machine.kept)
    refused = history.undo(Session(machine=machine), identity, is_cell=False)
    assert refused == Refusal(Obstacle.NOT_FOUND, said)
    assert machine.kept == before


def test_the_beginning_of_several_ids_is_not_enough(machine: FakeMachine) -> None:
    before = list(machine.kept)
    with pytest.raises(BadRequestError, match="3 ids begin with '2026': write more of the one"):
        _undo(machine, "2026")
    assert machine.kept == before


def test_what_stands_in_the_way_is_handed_on(machine: FakeMachine) -> None:
    machine.refusing = Refusal(Obstacle.NEEDED, "not undone: snark is needed by hunters")
    assert _undo(machine) == machine.refusing


def test_afterwards_the_name_is_asked_for_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    machine = FakeMachine([advice("boojum", Verdict.TRUSTED, "boojum-tools")])
    asker = ScriptedAsker("y", "y")
    session = Session(machine=machine, asker=asker)
    assert session.provide(Request("boojum", is_cell=True)).is_installed
    machine.kept = [OURS]
    assert isinstance(history.undo(session, is_cell=True), TakenBack)
    assert session.provide(Request("boojum", is_cell=True)).is_installed
    assert (len(asker.prompts), len(machine.carried_out)) == (2, 2)


@pytest.mark.parametrize(
    ("is_cell", "until"), [(True, "the kernel is restarted"), (False, "the program ends")], ids=["cell", "shell"]
)
def test_what_is_said_after_an_undo(is_cell: bool, until: str) -> None:  # noqa: FBT001 - a table's cell
    kept = Path("kept") / "snark.py"
    assert history.undone_as_text(TakenBack(OURS, (kept,), ("boojum", "snark")), is_cell=is_cell).splitlines() == [
        "Removed boojum-tools 1.5, snark 2.0.",
        f"  Changed since it was installed, and so kept: {kept}",
        f"  Imported already, and usable until {until}: boojum, snark",
    ]
    assert history.undone_as_text(TakenBack(OURS, (), ()), is_cell=is_cell) == "Removed boojum-tools 1.5, snark 2.0."


@pytest.mark.usefixtures("_in_utc")
def test_history_for_people() -> None:
    assert history.as_text(UNDONE).splitlines() == [
        "2026-01-02 05:04:05  id 20251231-235959-11-dddd",
        "  boojum-tools 1.5, snark 2.0 (for import boojum)",
        "  into /env (Python 3.12.1) with uv",
        "  taken back 2026-01-01 02:00:00",
    ]
    assert "import" not in history.as_text(replace(OURS, wanted=()))


def test_hostile_text_in_a_record_reaches_no_screen() -> None:
    hostile = replace(
        OURS, prefix="/\x1b[2J", distributions=(Distribution(ProjectName("snark"), "1\u202e" * 5000),), id="\x07"
    )
    for text in (
        history.as_text(hostile),
        history.as_json(hostile),
        history.undone_as_text(TakenBack(hostile, (), ()), is_cell=True),
    ):
        assert text.replace("\n", "").replace("…", "").isascii()
        assert text.replace("\n", "").isprintable()


def test_history_for_programs() -> None:
    assert json.loads(history.as_json(UNDONE)) == {
        "id": "20251231-235959-11-dddd",
        "when": "2026-01-02T03:04:05+00:00",
        "prefix": "/env",
        "python": "3.12.1",
        "installer": "uv",
        "import_names": ["boojum"],
        "distributions": [
            {"project": "boojum-tools", "version": "1.5", "replaced": None},
            {"project": "snark", "version": "2.0", "replaced": None},
        ],
        "undone": "2026-01-01T00:00:00+00:00",
    }
    assert json.loads(history.as_json(OURS))["undone"] is None


def test_what_is_frozen_is_what_stands(machine: FakeMachine) -> None:
    machine.kept = [UNDONE, OURS]
    machine.there = {ProjectName("snark"): "2.0", ProjectName("numpy"): "2.4.1"}
    session = Session(machine=machine)
    assert history.freeze(session) == (Pin(ProjectName("snark"), "2.0"),)
    assert history.frozen_as_text(history.freeze(session), session).splitlines()[1:] == ["snark==2.0"]


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "pins.txt"
    history.write("snark==2.0\n", file)
    with pytest.raises(BadRequestError, match="is there already: name another file, or remove it"):
        history.write("other==1.0\n", file)
    assert file.read_bytes() == b"snark==2.0\n"
    with pytest.raises(BadRequestError, match="cannot be written"):
        history.write("", tmp_path / "nowhere" / "pins.txt")
