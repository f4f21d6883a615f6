"""The note under Python's own error: what it says of installs beside an environment, and of making another."""

import pytest

from autoinstall import notes
from autoinstall.advice import Verdict
from autoinstall.notes import Instead, Way, Why
from autoinstall.plan import Obstacle, Refusal
from autoinstall.provide import Session
from autoinstall.roles import Request
from autoinstall.settings import Mode
from tests.support.story import FakeMachine, ScriptedAsker, advice

YAML = advice("yaml", Verdict.TRUSTED, "pyyaml")
INSTEAD = Instead("/usr belongs to the operating system", ("python3 -m venv my-env", "my-env/bin/python -m pip"))


@pytest.fixture(autouse=True)
def _settings_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.chdir(empty)
    for variable in ("AUTOINSTALL_MODE", "AUTOINSTALL_INSTALLER", "AUTOINSTALL_TARGET"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "APPDATA", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, str(empty))


def _machine(*plans: Refusal) -> FakeMachine:
    machine = FakeMachine([YAML], plans)
    machine.told_instead = INSTEAD
    return machine


@pytest.mark.parametrize(
    ("is_cell", "what"),
    [(True, "an environment of your own and a kernel for it"), (False, "an environment of your own")],
)
def test_where_nothing_may_be_installed_and_nobody_can_be_asked(what: str, *, is_cell: bool) -> None:
    note = Session(machine=_machine()).provide(Request("yaml", is_cell=is_cell)).note
    assert note == (
        "autoinstall: yaml comes with pyyaml, which is not installed; there was nobody to ask.\n"
        f"  /usr belongs to the operating system. To make {what}, in a terminal:\n"
        "    python3 -m venv my-env\n"
        "    my-env/bin/python -m pip"
    )


def test_where_auto_may_install_nothing_whoever_is_there() -> None:
    refusal = Refusal(Obstacle.NOT_WRITABLE, "/usr belongs to the operating system, and is left as it is.")
    note = Session(Mode.AUTO, machine=_machine(refusal), asker=ScriptedAsker()).provide(Request("yaml")).note
    assert note is not None
    assert note.splitlines() == [
        "autoinstall: /usr belongs to the operating system, and is left as it is.",
        "  /usr belongs to the operating system. To make an environment of your own, in a terminal:",
        "    python3 -m venv my-env",
        "    my-env/bin/python -m pip",
    ]


def test_who_can_be_asked_is_told_of_our_own_command() -> None:
    """It offers them a folder of their own."""
    machine = _machine()
    machine.has_pip = False
    machine.remark = "a folder of your own, since /usr belongs to the operating system"
    asker = ScriptedAsker("n")
    note = Session(machine=machine, asker=asker).provide(Request("yaml", is_cell=True)).note
    assert note is not None
    assert note.splitlines()[1].startswith("  To install it: %autoinstall install yaml ")
    assert f"  note  {machine.remark}" in asker.shown[0].splitlines()


@pytest.mark.parametrize(
    ("is_cell", "command"),
    [(True, "%mamba install py-yaml"), (False, "mamba install --prefix /made-up py-yaml")],
)
def test_in_a_conda_environment_it_is_conda_that_is_typed(command: str, *, is_cell: bool) -> None:
    machine = FakeMachine([YAML])
    machine.has_pip = False
    machine.told_conda = ("mamba", "py-yaml")
    note = Session(machine=machine).provide(Request("yaml", is_cell=is_cell)).note
    assert note is not None
    assert note.splitlines()[1] == f"  To install it: {command}"
    machine.plans = [Refusal(Obstacle.OFFLINE, "The channels cannot be reached.")]
    note = Session(machine=machine, asker=ScriptedAsker()).provide(Request("yaml", is_cell=is_cell)).note
    assert note is not None
    assert note.splitlines()[1] == f"  To try again: {command}"


def test_what_conda_did_not_have_after_all_is_pips_to_install() -> None:
    machine = FakeMachine([YAML])
    machine.told_conda = ("mamba", "py-yaml")
    note = Session(machine=machine, asker=ScriptedAsker("n")).provide(Request("yaml", is_cell=True)).note
    assert note is not None
    assert note.splitlines()[1] == "  To install it: %pip install pyyaml"


def test_who_has_named_a_folder_needs_no_other_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOINSTALL_TARGET", "~/mine")
    note = Session(machine=_machine()).provide(Request("yaml")).note
    assert note is not None
    assert note.splitlines()[1] == "  To install it: python -m pip install pyyaml"


def test_by_hand_into_a_folder_of_one_s_own() -> None:
    machine = _machine()
    machine.target = "/home/ann/my own/site-packages"
    outcome = Session(machine=machine, asker=ScriptedAsker("y")).provide(Request("yaml", is_cell=True))
    quoted = Way(is_cell=True, target=machine.target).by_hand("pyyaml")
    assert outcome.lines == ("Installed pyyaml 1.0.", f"By hand: {quoted}")
    assert quoted.startswith("%pip install --target ")
    assert quoted.endswith(" pyyaml")
    assert "my own/site-packages" in quoted
    assert "/my own/site-packages " not in quoted  # it is quoted


@pytest.mark.parametrize(
    ("name", "project", "why", "expected"),
    [
        ("tqdm", "tqdm", Why.NOBODY, "autoinstall: tqdm is not installed; there was nobody to ask."),
        (
            "line_profiler",
            "line-profiler",
            Why.OFF,
            "autoinstall: line_profiler is not installed (autoinstall is off).",
        ),
        ("tqdm", "tqdm", Why.SAID_NO, "autoinstall: tqdm was not installed: you said no."),
        ("yaml", "pyyaml", Why.NOT_REPEATED, "autoinstall: yaml comes with pyyaml, which is not installed."),
    ],
)
def test_two_names_are_said_only_where_there_are_two(name: str, project: str, why: Why, expected: str) -> None:
    told = notes.withheld(advice(name, Verdict.TRUSTED, project), why, Way(is_cell=True))
    assert told == f"{expected}\n  To install it: %pip install {project}"


def test_one_more_line() -> None:
    note = notes.withheld(YAML, Why.NOT_NOW, Way(is_cell=True))
    assert notes.with_remark(note, None) == note
    assert notes.with_remark(note, "yaml is there.") == f"{note}\n  yaml is there."
