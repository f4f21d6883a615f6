"""A file of exact versions becomes one plan and one question, or nothing at all."""

from pathlib import Path

import pytest

from autoinstall.advice import Verdict
from autoinstall.errors import BadPinError
from autoinstall.names import ImportName, ProjectName
from autoinstall.past.restore import restore
from autoinstall.plan import Obstacle, Plan, Refusal, Wanted
from autoinstall.provide import Session
from autoinstall.roles import Done, Outcome, Request, Status
from tests.support.story import FakeMachine, ScriptedAsker, advice, item

TEXT = "# fine\nboojum-tools==1.5  # import boojum, boojum.more\nsnark==2.0\n"
WANTED = (
    Wanted(ImportName("boojum"), ProjectName("boojum-tools"), "1.5"),
    Wanted(ImportName("boojum.more"), ProjectName("boojum-tools"), "1.5"),
    Wanted(None, ProjectName("snark"), "2.0"),
)


class Desk:
    """A file to restore, a made-up machine, and a person whose answers are known."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "pins.txt"
        self.file.write_text(TEXT)
        self.machine = FakeMachine()
        self.machine.plans = [
            Plan((item("boojum-tools", "1.5", wanted_as=["boojum", "boojum.more"]), item("snark", "2.0")), "uv")
        ]
        self.asker = ScriptedAsker("y")
        self.session = Session(machine=self.machine, asker=self.asker)

    def restore(self) -> Outcome:
        return restore(self.session, self.file, is_cell=True)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    monkeypatch.chdir(tmp_path)
    for variable in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "APPDATA", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    for variable in ("AUTOINSTALL_MODE", "AUTOINSTALL_INSTALLER"):
        monkeypatch.delenv(variable, raising=False)
    return Desk(tmp_path)


def test_exactly_these_versions_after_one_question(desk: Desk) -> None:
    outcome = desk.restore()
    assert outcome.status is Status.INSTALLED
    assert outcome.lines == ("Installed boojum-tools 1.5, snark 2.0.", f"By hand: %pip install -r {desk.file}")
    assert desk.machine.planned == [WANTED]
    assert len(desk.machine.carried_out) == 1
    assert desk.asker.prompts == ["Install boojum-tools and snark? [y]es / [n]o / [c]hoose another / [d]etails: "]
    lines = desk.asker.shown[0].splitlines()
    assert lines[0] == "pins.txt needs 2 packages that are not installed here:"
    assert lines[1].startswith("  boojum, boojum.more  boojum-tools 1.5 ")
    [snark] = [line.split() for line in lines if "snark 2.0" in line]
    assert snark == ["snark", "2.0", "1.0", "kB", "30", "days", "old", "among", "the", "50", "most", "used"]


@pytest.mark.parametrize(("answer", "why"), [("n", "you said no"), ("", "not now"), (None, "not now")])
def test_without_a_yes_nothing(desk: Desk, answer: str | None, why: str) -> None:
    desk.asker.answers = [answer]
    outcome = desk.restore()
    assert (outcome.status, outcome.note) == (
        Status.DECLINED,
        f"autoinstall: pins.txt was not restored: {why}.\n  To do it: %pip install -r {desk.file}",
    )
    assert desk.machine.carried_out == []


def test_there_is_nothing_to_choose(desk: Desk) -> None:
    desk.asker.answers = ["c", "y"]
    assert desk.restore().status is Status.INSTALLED
    assert desk.asker.shown[1].startswith("There is nothing else to choose from")


def test_what_is_there_in_that_version_stays(desk: Desk) -> None:
    desk.machine.there = {ProjectName("boojum-tools"): "1.5.0", ProjectName("other"): "1.0"}
    desk.machine.plans = []
    assert desk.restore().status is Status.INSTALLED
    assert desk.machine.planned == [(Wanted(None, ProjectName("snark"), "2.0"),)]


def test_all_of_it_is_there(desk: Desk) -> None:
    desk.machine.there = {ProjectName("boojum-tools"): "1.5", ProjectName("snark"): "2.0"}
    outcome = desk.restore()
    assert (outcome.status, outcome.lines) == (Status.PRESENT, ("All of pins.txt is installed here.",))
    assert (desk.machine.planned, desk.asker.prompts) == ([], [])


def test_another_version_is_left_to_the_plan(desk: Desk) -> None:
    """Which tells of the conflict; that the import is there says nothing then."""
    desk.machine.there = {ProjectName("boojum-tools"): "1.4"}
    desk.machine.advices = {"boojum": advice("boojum", Verdict.INSTALLED)}
    desk.machine.plans = [Refusal(Obstacle.CONFLICT, "boojum-tools 1.4 is installed here.")]
    outcome = desk.restore()
    assert (outcome.status, outcome.note) == (
        Status.FAILED,
        "autoinstall: boojum-tools 1.4 is installed here; nothing of pins.txt was installed.",
    )
    assert desk.machine.planned == [WANTED]


def test_an_import_that_would_go_on_coming_from_elsewhere(desk: Desk) -> None:
    desk.machine.advices = {"boojum": advice("boojum", Verdict.INSTALLED)}
    outcome = desk.restore()
    assert outcome.note == (
        "autoinstall: boojum can be imported here already, and not from boojum-tools; "
        "nothing of pins.txt was installed."
    )
    assert (desk.machine.planned, desk.asker.prompts) == ([], [])


def test_off_and_nobody_are_a_no_before_any_planning(desk: Desk) -> None:
    desk.session.mode = "off"
    assert str(desk.restore().note).startswith("autoinstall: pins.txt was not restored: autoinstall is off.")
    nobody = Session(machine=desk.machine)
    outcome = restore(nobody, desk.file, is_cell=False)
    by_hand = f"python -m pip install -r {desk.file}"
    assert (outcome.status, outcome.note) == (
        Status.DECLINED,
        f"autoinstall: pins.txt was not restored: nobody could be asked.\n  To do it: {by_hand}",
    )
    desk.machine.has_pip = False
    assert str(restore(nobody, desk.file, is_cell=False).note).splitlines()[1] == (
        f"  To do it: autoinstall restore {desk.file}  (or: python -m uv pip install -r {desk.file})"
    )
    assert (desk.machine.planned, desk.asker.prompts) == ([], [])


def test_auto_does_not_ask_what_was_typed(desk: Desk) -> None:
    desk.session.mode = "auto"
    assert desk.restore().status is Status.INSTALLED
    assert desk.asker.prompts == []


@pytest.mark.parametrize(
    "settings",
    ['deny = ["snark"]', 'deny = ["Boojum"]', 'deny = ["boojum.more"]', 'allow = ["snark"]', 'allow = ["boojum"]'],
)
def test_what_the_settings_forbid(desk: Desk, settings: str) -> None:
    (desk.folder / "autoinstall.toml").write_text(f"{settings}\n")
    outcome = desk.restore()
    assert outcome.status is Status.NOT_OFFERED
    assert str(outcome.note).startswith("autoinstall: The settings here do not allow ")
    assert (desk.machine.planned, desk.asker.prompts) == ([], [])


def test_what_the_settings_allow(desk: Desk) -> None:
    (desk.folder / "autoinstall.toml").write_text('allow = ["boojum", "snark"]\n')
    assert desk.restore().status is Status.INSTALLED


def test_what_is_on_the_deny_list(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autoinstall.table.denial_for", {"snark": "snark was reported as malicious."}.get)
    outcome = desk.restore()
    assert (outcome.status, outcome.note) == (
        Status.NOT_OFFERED,
        "autoinstall: snark was reported as malicious. Nothing was installed.",
    )
    assert desk.machine.planned == []


def test_a_file_that_holds_anything_else_does_nothing(desk: Desk) -> None:
    desk.session.mode = "auto"
    desk.file.write_text(f"{TEXT}--index-url https://index.example/simple\n")
    with pytest.raises(BadPinError, match=r"line 4: '--index-url https://index\.example/simple' is not an"):
        desk.restore()
    assert desk.machine.planned == []


def test_a_changed_environment_is_looked_at_and_planned_for_anew(desk: Desk) -> None:
    same = desk.machine.plans[0]
    assert isinstance(same, Plan)
    desk.machine.plans = [same, same]
    desk.machine.results = [Refusal(Obstacle.CHANGED, ""), Done(same, "1")]
    assert desk.restore().status is Status.INSTALLED
    assert (len(desk.machine.planned), len(desk.asker.prompts)) == (2, 1)


def test_a_failed_install_is_said(desk: Desk) -> None:
    desk.machine.results = [Refusal(Obstacle.DISK_FULL, "not installed, since no space is left")]
    outcome = desk.restore()
    assert (outcome.status, outcome.note) == (
        Status.FAILED,
        "autoinstall: not installed, since no space is left; nothing of pins.txt was installed.",
    )


def test_an_earlier_no_holds_no_longer(desk: Desk) -> None:
    desk.machine.advices = {"boojum": advice("boojum", Verdict.TRUSTED, "boojum-tools")}
    desk.asker.answers = ["n", "y", "y"]
    assert desk.session.provide(Request("boojum")).status is Status.DECLINED
    desk.machine.plans = []
    assert desk.restore().status is Status.INSTALLED
    assert desk.session.provide(Request("boojum")).is_installed
