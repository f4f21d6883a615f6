"""What a note tells to type: only what is safe and leads somewhere, and just as the person asked for it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from autoinstall.advice import Verdict
from autoinstall.consent import Nobody
from autoinstall.names import ProjectName
from autoinstall.plan import Obstacle, Plan, Refusal
from autoinstall.provide import Session
from autoinstall.roles import Done, Request, Status
from tests.support.story import FakeMachine, ScriptedAsker, advice, item

YAML = advice("yaml", Verdict.TRUSTED, "pyyaml")


@pytest.fixture(autouse=True)
def _settings_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.chdir(empty)
    for variable in ("AUTOINSTALL_MODE", "AUTOINSTALL_INSTALLER", "AUTOINSTALL_TARGET"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "APPDATA", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, str(empty))


def _session(
    *answers: str,
    mode: str | None = None,
    plans: Iterable[Plan | Refusal] = (),
    results: Iterable[Done | Refusal] = (),
) -> tuple[Session, FakeMachine, ScriptedAsker]:
    machine, asker = FakeMachine([YAML], plans, results), ScriptedAsker(*answers)
    return Session(mode, machine=machine, asker=asker), machine, asker


@pytest.mark.parametrize(
    "obstacle",
    [
        Obstacle.NOT_FOUND,
        Obstacle.NO_WHEEL,
        Obstacle.NO_WHEEL_FOR_THIS_PYTHON,
        Obstacle.CONFLICT,
        Obstacle.TOO_NEW,
        Obstacle.UNSAFE,
        Obstacle.FORBIDDEN,
        Obstacle.NOT_PROVIDED,
    ],
)
def test_what_was_refused_with_reason_is_not_to_be_had_by_hand(obstacle: Obstacle) -> None:
    """The command in a note would bring just what was refused."""
    refusal = Refusal(obstacle, "That is not to be.")
    session, _, _ = _session("y", plans=[refusal, refusal])
    assert session.provide(Request("yaml")).note == "autoinstall: That is not to be."
    session, _, _ = _session("y", results=[refusal])
    assert session.provide(Request("yaml")).note == "autoinstall: That is not to be."


def test_what_a_tool_gave_up_over_is_not_left_to_pip() -> None:
    session, _, _ = _session("y", plans=[Refusal(Obstacle.TOOL_FAILED, "uv gave up.")])
    assert session.provide(Request("yaml", is_cell=True)).note == (
        "autoinstall: uv gave up.\n  To try again: %autoinstall install yaml"
    )


@pytest.mark.parametrize("mode", ["off", "ask", "auto"])
@pytest.mark.parametrize("can_ask", [True, False])
def test_what_is_denied_is_denied_however_it_is_named(mode: str, *, can_ask: bool) -> None:
    session, machine, asker = _session(mode=mode)
    if not can_ask:
        session.asker = Nobody()
    machine.denied = {"torhc": "torhc was reported as malware."}
    outcome = session.provide(Request("torhc_x", is_explicit=True, project=ProjectName("torhc")))
    assert outcome.status is Status.NOT_OFFERED
    assert outcome.note == "autoinstall: torhc was reported as malware."
    assert (machine.planned, asker.prompts) == ([], [])


def _snark(*, is_cell: bool, version: str | None = None) -> Request:
    return Request("snark_b", is_explicit=True, is_cell=is_cell, project=ProjectName("snark"), version=version)


def test_a_note_repeats_what_was_named_outright() -> None:
    session, machine, _ = _session("n", "y")
    request = _snark(is_cell=True, version="1.0")
    assert session.provide(request).note == (
        "autoinstall: snark, which provides snark_b, was not installed: you said no.\n"
        "  To install it: %pip install snark==1.0"
    )
    machine.has_pip = False
    session.asker = Nobody()
    assert "%autoinstall install --project snark==1.0 snark_b" in str(session.provide(request).note)
    session.asker = ScriptedAsker("y")
    assert session.provide(request).lines[1] == "By hand, where there is a pip: %pip install snark==1.0"


@pytest.mark.parametrize(
    ("mode", "is_cell", "expected"),
    [
        ("ask", False, "autoinstall install --mode auto --project snark snark_b"),
        ("ask", True, "%autoinstall mode auto, then %autoinstall install --project snark snark_b"),
        ("off", False, "autoinstall install --mode auto --project snark snark_b"),
    ],
)
def test_with_nobody_there_the_note_does_not_repeat_the_command_that_led_to_it(
    mode: str, expected: str, *, is_cell: bool
) -> None:
    session, machine, _ = _session(mode=mode)
    session.asker, machine.has_pip = Nobody(), False
    note = session.provide(_snark(is_cell=is_cell)).note
    assert note is not None
    assert note.splitlines()[1].startswith(
        f"  To install it: {expected}  (or{', where there is a pip' if is_cell else ''}: "
    )


def test_where_it_is_off_the_note_says_how_it_is_turned_on() -> None:
    session, machine, _ = _session(mode="off")
    machine.has_pip = False
    [said, command] = str(session.provide(Request("yaml", is_cell=True, is_explicit=True)).note).splitlines()
    assert said == "autoinstall: yaml comes with pyyaml, which is not installed (autoinstall is off)."
    assert command.startswith("  To install it: %autoinstall mode ask, then %autoinstall install yaml  (or,")
    # What the folder forbids is not turned on by a command.
    folder_file = Path("autoinstall.toml").absolute()
    folder_file.write_text('mode = "off"\n', encoding="utf-8")
    assert session.provide(Request("yaml", is_cell=True, is_explicit=True)).note == (
        f"autoinstall: yaml comes with pyyaml, which is not installed (autoinstall is off: {folder_file} says so)."
    )


def test_what_would_be_built_is_left_to_us() -> None:
    built = item("pyyaml", "6.0", wanted_as=["yaml"])
    sourced = Plan((replace(built, file=replace(built.file, name="pyyaml-6.0.tar.gz")),), "uv")
    session, _, _ = _session("n", plans=[Refusal(Obstacle.NO_WHEEL, "no wheel"), sourced])
    note = session.provide(Request("yaml", is_cell=True)).note
    assert note is not None
    assert note.splitlines()[1] == "  To install it: %autoinstall install yaml"
