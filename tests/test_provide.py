"""The story, told with a made-up machine and a person whose answers are known."""

from collections.abc import Sequence

import pytest

from autoinstall.advice import Verdict
from autoinstall.consent import Nobody
from autoinstall.names import ImportName, ProjectName
from autoinstall.plan import Change, Obstacle, Plan, Refusal, Wanted
from autoinstall.provide import Session
from autoinstall.roles import Done, Request, Screen, Status
from autoinstall.settings import Settings
from autoinstall.typed import provide_each
from tests.support.story import FakeMachine, ScriptedAsker, advice, item

CV2 = advice("cv2", Verdict.CHOICE, "opencv-python", "opencv-python-headless")
YAML = advice("yaml", Verdict.TRUSTED, "pyyaml")
ODD = advice("odd", Verdict.RARE, "odd-thing", reason="only odd-thing is known to provide odd, and few use it.")
URLLIB2 = advice("urllib2", Verdict.ADVICE, reason="urllib2 is a Python 2 name.", suggestion="urllib.request")
EVIL = advice("evil", Verdict.DENIED, reason="evil was reported as malicious.")


@pytest.fixture(autouse=True)
def _settings_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No file or variable of this machine decides."""
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.chdir(empty)
    for variable in ("AUTOINSTALL_MODE", "AUTOINSTALL_INSTALLER"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "APPDATA", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, str(empty))


def _session(
    *answers: str | None, machine: FakeMachine | None = None, mode: str | None = None
) -> tuple[Session, FakeMachine, ScriptedAsker]:
    machine = machine or FakeMachine([CV2, YAML, ODD, URLLIB2, EVIL])
    asker = ScriptedAsker(*answers)
    return Session(mode, machine=machine, asker=asker), machine, asker


def test_a_yes_installs_exactly_what_was_shown() -> None:
    session, machine, asker = _session("y")
    outcome = session.provide(Request("yaml", is_cell=True))
    assert outcome.status is Status.INSTALLED
    assert outcome.lines == ("Installed pyyaml 1.0.", "By hand: %pip install pyyaml")
    assert [plan.items[0].project for plan in machine.carried_out] == ["pyyaml"]
    assert asker.prompts == ["Install pyyaml? [y]es / [n]o / [c]hoose another / [d]etails: "]


def test_a_no_holds_until_it_is_asked_for_outright() -> None:
    session, machine, asker = _session("n", "y")
    outcome = session.provide(Request("yaml", is_cell=True))
    assert (outcome.status, outcome.is_installed) == (Status.DECLINED, False)
    assert outcome.note == (
        "autoinstall: pyyaml, which provides yaml, was not installed: you said no.\n"
        "  To install it: %pip install pyyaml"
    )
    session.begin_execution()
    assert session.provide(Request("yaml", is_cell=True)).note == outcome.note
    assert len(asker.prompts) == 1
    assert session.provide(Request("yaml", is_cell=True, is_explicit=True)).is_installed
    assert len(machine.carried_out) == 1


def test_not_now_is_asked_again_at_the_next_execution_but_never_twice_for_one() -> None:
    session, machine, asker = _session(None, "y")
    assert session.provide(Request("yaml", is_cell=True)).status is Status.DECLINED
    assert session.provide(Request("yaml", is_cell=True)).status is Status.DECLINED
    assert len(asker.prompts) == 1
    session.begin_execution()
    assert session.provide(Request("yaml", is_cell=True)).is_installed
    assert len(machine.carried_out) == 1


def test_nobody_there_is_a_no_before_any_planning() -> None:
    machine = FakeMachine([CV2])
    outcome = Session(machine=machine).provide(Request("cv2", is_cell=True))
    assert outcome.status is Status.DECLINED
    assert outcome.note == (
        "autoinstall: cv2 comes with opencv-python, which is not installed; there was nobody to ask.\n"
        "  To install it: %pip install opencv-python"
    )
    assert machine.planned == []


def test_where_nobody_could_be_asked_a_statement_that_can_ask_still_does() -> None:
    session, machine, asker = _session("y")
    session.asker = Nobody()
    note = session.provide(Request("yaml", is_cell=True)).note
    assert session.note_for(ModuleNotFoundError("x", name="yaml")) == note
    session.asker = asker
    assert session.provide(Request("yaml", is_cell=True)).is_installed
    assert len(machine.carried_out) == 1


def test_without_a_pip_our_own_command_comes_first() -> None:
    machine = FakeMachine([YAML])
    machine.has_pip = False
    outcome = Session(machine=machine).provide(Request("yaml", is_cell=True))
    assert outcome.note is not None
    assert outcome.note.splitlines()[1] == (
        "  To install it: %autoinstall install yaml  (or, where there is a pip: %pip install pyyaml)"
    )


def test_off_explains_and_never_asks() -> None:
    session, machine, asker = _session(mode="off")
    outcome = session.provide(Request("yaml", is_explicit=True))
    assert outcome.status is Status.DECLINED
    assert outcome.note == (
        "autoinstall: yaml comes with pyyaml, which is not installed (autoinstall is off).\n"
        "  To install it: python -m pip install pyyaml"
    )
    assert (machine.planned, asker.prompts) == ([], [])


def test_auto_installs_a_choice_without_a_question() -> None:
    session, machine, asker = _session(mode="auto")
    assert session.provide(Request("cv2")).is_installed
    assert machine.carried_out[0].items[0].project == "opencv-python"
    assert asker.prompts == []


def test_auto_never_installs_a_rare_name() -> None:
    session, machine, asker = _session(mode="auto")
    outcome = session.provide(Request("odd"))
    assert outcome.status is Status.DECLINED
    assert outcome.note == (
        "autoinstall: only odd-thing is known to provide odd, and few use it.\n"
        "  If you know that odd-thing is what you mean: autoinstall install --mode ask odd"
    )
    assert (machine.planned, asker.prompts) == ([], [])


@pytest.mark.parametrize(("typed", "is_installed"), [("y", False), ("yes", False), ("odd-thing", True), ("", False)])
def test_a_rare_name_wants_the_projects_name_typed(typed: str, is_installed: bool) -> None:  # noqa: FBT001 - a table's cell
    session, machine, _ = _session(typed)
    assert session.provide(Request("odd")).is_installed is is_installed
    assert bool(machine.carried_out) is is_installed


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("urllib2", "autoinstall: urllib2 is a Python 2 name.\n  Write instead: import urllib.request"),
        ("evil", "autoinstall: evil was reported as malicious."),
        ("nowhere", "autoinstall: nothing is known to provide nowhere"),
    ],
)
def test_what_is_not_offered_is_explained(name: str, note: str) -> None:
    session, machine, asker = _session()
    outcome = session.provide(Request(name))
    assert (outcome.status, outcome.note) == (Status.NOT_OFFERED, note)
    assert (machine.planned, asker.prompts) == ([], [])


@pytest.mark.parametrize(
    "name", ["--index-url=x", "a\nb", "a\0b", "\x1b[31m", "p\u0430ndas", "a" * 10_000, "", "class"]
)
def test_odd_strings_lead_nowhere(name: str) -> None:
    session, machine, asker = _session(mode="auto")
    outcome = session.provide(Request(name))
    assert (outcome.status, outcome.note) == (Status.NOT_OFFERED, None)
    assert (machine.planned, asker.prompts) == ([], [])


def test_what_lives_on_at_the_index_is_had_by_those_who_ask_for_it() -> None:
    removed = advice("telnetlib", Verdict.ADVICE, "standard-telnetlib", reason="Python 3.13 removed telnetlib.")
    session, machine, _ = _session("y", machine=FakeMachine([removed]))
    assert session.provide(Request("telnetlib", is_cell=True)).note == (
        "autoinstall: Python 3.13 removed telnetlib.\n  To install standard-telnetlib: %autoinstall install telnetlib"
    )
    assert machine.carried_out == []
    assert session.provide(Request("telnetlib", is_cell=True, is_explicit=True)).is_installed


@pytest.mark.parametrize("is_explicit", [False, True])
def test_auto_never_installs_what_is_advised_against(is_explicit: bool) -> None:  # noqa: FBT001 - a table's cell
    removed = advice("telnetlib", Verdict.ADVICE, "standard-telnetlib", reason="Python 3.13 removed telnetlib.")
    trusted = advice("yaml", Verdict.TRUSTED, "pyyaml")
    session, machine, asker = _session(mode="auto", machine=FakeMachine([removed, trusted]))
    outcome = session.provide(Request("telnetlib", is_cell=True, is_explicit=is_explicit))
    assert outcome.status is Status.NOT_OFFERED
    assert outcome.note == (
        "autoinstall: Python 3.13 removed telnetlib.\n"
        "  To install standard-telnetlib: %autoinstall install --project standard-telnetlib telnetlib"
    )
    assert (machine.planned, asker.prompts) == ([], [])
    session.provide(Request("yaml", also=("telnetlib",), is_explicit=is_explicit))
    assert [item.project for plan in machine.carried_out for item in plan.items] == ["pyyaml"]
    said_outright = Request("telnetlib", is_explicit=True, project=ProjectName("standard-telnetlib"))
    assert session.provide(said_outright).is_installed


def test_where_nobody_can_agree_the_command_names_what_is_advised_against() -> None:
    removed = advice("telnetlib", Verdict.ADVICE, "standard-telnetlib", reason="Python 3.13 removed telnetlib.")
    machine = FakeMachine([removed])
    machine.has_pip = False
    outcome = Session(machine=machine, asker=Nobody()).provide(Request("telnetlib", is_explicit=True))
    assert outcome.note is not None
    assert "autoinstall install --mode auto --project standard-telnetlib telnetlib" in outcome.note
    assert machine.planned == []


def test_a_denied_name_is_not_had_outright_either() -> None:
    session, machine, _ = _session("y")
    outcome = session.provide(Request("evil", is_explicit=True, project=ProjectName("evil")))
    assert outcome.status is Status.NOT_OFFERED
    assert machine.planned == []


def test_a_project_said_outright_passes_the_table() -> None:
    session, machine, _ = _session("y")
    request = Request("nowhere", is_explicit=True, project=ProjectName("some-where"), version="2.0")
    assert session.provide(request).is_installed
    assert (machine.planned[0][0].project, machine.planned[0][0].version) == ("some-where", "2.0")


def test_what_the_cell_will_import_too_is_in_the_same_question() -> None:
    session, machine, asker = _session("y")
    outcome = session.provide(
        Request("cv2", is_cell=True, also=("yaml", "urllib2", "odd", "nowhere", "cv2", "bad name"))
    )
    assert outcome.installed == ("cv2", "yaml")
    assert [wanted.import_name for wanted in machine.planned[0]] == ["cv2", "yaml"]
    assert len(asker.prompts) == 1


def test_a_companion_that_cannot_be_planned_does_not_stop_the_import() -> None:
    machine = FakeMachine([CV2, YAML], plans=[Refusal(Obstacle.NO_WHEEL, "pyyaml has no wheel.")])
    session, machine, _ = _session("y", machine=machine)
    assert session.provide(Request("cv2", also=("yaml",))).installed == ("cv2",)


def test_what_can_be_had_is_one_question_whatever_cannot() -> None:
    names = ("one", "two", "bad", "three", "four")
    machine = _Choosy([advice(name, Verdict.TRUSTED, name) for name in names])
    session, _, asker = _session("y", machine=machine)
    assert session.provide(Request("one", also=names[1:])).installed == ("one", "two", "three", "four")
    assert len(asker.prompts) == 1
    assert len(machine.planned) < 10


class _Choosy(FakeMachine):
    """Has everything but what is called `bad`."""

    def plan(self, wanted: Sequence[Wanted], settings: Settings, screen: Screen) -> Plan | Refusal:
        if any(one.project == "bad" for one in wanted):
            self.planned.append(tuple(wanted))
            return Refusal(Obstacle.NOT_FOUND, "bad is not there.")
        return super().plan(wanted, settings, screen)


def test_without_a_network_nothing_is_tried_twice() -> None:
    machine = FakeMachine([CV2, YAML], plans=[Refusal(Obstacle.OFFLINE, "The index could not be reached.")])
    session, machine, _ = _session(machine=machine)
    wanted = [Request("cv2", is_explicit=True), Request("yaml", is_explicit=True)]
    outcomes = [outcome for _, outcome in provide_each(wanted, session.provide)]
    assert [(outcome.status, outcome.note is not None) for outcome in outcomes] == [
        (Status.FAILED, True),
        (Status.FAILED, False),
    ]
    assert len(machine.planned) == 1


@pytest.mark.parametrize(
    ("answer", "status"), [("y", Status.INSTALLED), ("n", Status.DECLINED), (None, Status.DECLINED)]
)
def test_each_name_has_its_outcome_and_the_note_is_given_once(answer: str | None, status: Status) -> None:
    session, machine, _ = _session(answer)
    wanted = [Request(name, is_explicit=True) for name in ("yaml", "cv2", "yaml")]
    found = [(request.import_name, outcome) for request, outcome in provide_each(wanted, session.provide)]
    assert [name for name, _ in found] == ["yaml", "cv2", "yaml"]
    assert {outcome.status for _, outcome in found} == {status}
    assert [outcome.note is not None for _, outcome in found] == [status is Status.DECLINED, False, False]
    assert len(machine.planned) == 1


def test_another_project_for_the_same_import_is_not_settled_by_the_first() -> None:
    session, machine, _ = _session("y", "y")
    wanted = [Request("cv2", is_explicit=True), Request("cv2", is_explicit=True, project=ProjectName("other-cv"))]
    assert [outcome.status for _, outcome in provide_each(wanted, session.provide)] == [Status.INSTALLED] * 2
    assert [plan.items[0].project for plan in machine.carried_out] == ["opencv-python", "other-cv"]


def test_another_candidate_is_planned_and_asked_about_anew() -> None:
    session, machine, asker = _session("c", "2", "y")
    outcome = session.provide(Request("cv2", is_cell=True))
    assert outcome.lines[1] == "By hand: %pip install opencv-python-headless"
    assert [plan.items[0].project for plan in machine.carried_out] == ["opencv-python-headless"]
    assert len(asker.prompts) == 3


def test_a_part_can_be_declined() -> None:
    session, machine, _ = _session("c", "1", "0", "y")
    outcome = session.provide(Request("cv2", is_cell=True, also=("yaml",)))
    assert outcome.installed == ("cv2",)
    assert "you said no" in str(session.provide(Request("yaml", is_cell=True)).note)
    assert len(machine.carried_out) == 1


def test_a_part_that_was_declined_is_not_asked_about_again_for_its_own_sake() -> None:
    session, machine, asker = _session("c", "1", "0", "y")
    wanted = [Request("cv2", is_explicit=True), Request("yaml", is_explicit=True)]
    outcomes = [outcome for _, outcome in provide_each(wanted, session.provide)]
    assert [outcome.status for outcome in outcomes] == [Status.INSTALLED, Status.DECLINED]
    assert {(outcome.installed, outcome.declined) for outcome in outcomes} == {(("cv2",), ("yaml",))}
    assert (len(machine.carried_out), asker.answers) == (1, [])


def test_a_no_to_the_whole_is_a_no_to_each() -> None:
    session, machine, asker = _session("n")
    outcome = session.provide(Request("cv2", is_cell=True, also=("yaml",)))
    assert outcome.declined == ("cv2", "yaml")
    session.begin_execution()
    assert "you said no" in str(session.provide(Request("yaml", is_cell=True)).note)
    assert (len(asker.prompts), machine.carried_out) == (1, [])


def test_no_plan_is_said_under_the_error() -> None:
    machine = FakeMachine([YAML], plans=[Refusal(Obstacle.OFFLINE, "The index could not be reached.")])
    session, machine, asker = _session(machine=machine)
    outcome = session.provide(Request("yaml", is_cell=True))
    assert (outcome.status, outcome.note) == (
        Status.FAILED,
        "autoinstall: The index could not be reached.\n  To try again: %pip install pyyaml",
    )
    assert asker.prompts == []


IN_THE_WAY = Refusal(
    Obstacle.CONFLICT,
    "pyyaml needs another version of numpy than the numpy 1.26.4 installed here, and that is left as it is.",
    would_change=(Change(ProjectName("numpy"), "1.26.4", "2.4.1"),),
)


@pytest.mark.parametrize(
    ("request_", "command"),
    [
        (Request("yaml", is_cell=True), "%autoinstall install --allow-changes yaml"),
        (Request("yaml"), "autoinstall install --allow-changes yaml"),
        (
            Request("yaml", is_explicit=True, project=ProjectName("pyyaml"), version="6.0"),
            "autoinstall install --allow-changes --project pyyaml==6.0 yaml",
        ),
    ],
    ids=["cell", "program", "outright"],
)
def test_what_only_installed_things_stand_in_the_way_of_says_how_to_change_them(
    request_: Request, command: str
) -> None:
    machine = FakeMachine([YAML], [IN_THE_WAY])
    session, _, asker = _session(machine=machine)
    assert session.provide(request_).note == (
        f"autoinstall: {IN_THE_WAY.sentence}\n"
        f"  To have that changed: {command}\n"
        "  What changes then: numpy 1.26.4 -> 2.4.1"
    )
    assert asker.prompts == []
    assert [wish.may_change for (wish,) in machine.planned] == [False]


@pytest.mark.parametrize("is_cell", [True, False])
def test_a_change_is_asked_about_with_the_restart_that_it_needs(is_cell: bool) -> None:  # noqa: FBT001 - a table's cell
    numpy = item("numpy", "2.4.1", needed_by=["pyyaml"], replaces="1.26.4")
    plan = Plan((item("pyyaml", "6.0", wanted_as=["yaml"]), numpy), "uv", in_use=(ImportName("numpy"),))
    session, machine, asker = _session("y", machine=FakeMachine([YAML], [plan]))
    outcome = session.provide(Request("yaml", is_cell=is_cell, is_explicit=True, allows_changes=True))
    before = "numpy is loaded here: restart the kernel afterwards"
    afterwards = "Restart the kernel: what is loaded here of numpy is still the old version."
    if not is_cell:
        before = "what runs here already, such as a kernel, needs a restart to use what has changed"
    assert before in " ".join(asker.shown[0].split())
    assert outcome.lines[:2] == ("Installed pyyaml 6.0.", "Changed numpy 1.26.4 -> 2.4.1.")
    assert (afterwards in outcome.lines) == is_cell
    assert [wish.may_change for (wish,) in machine.planned] == [True]


def test_a_no_to_changes_names_the_command_that_asks_about_them() -> None:
    numpy = item("numpy", "2.4.1", needed_by=["pyyaml"], replaces="1.26.4")
    plan = Plan((item("pyyaml", "6.0", wanted_as=["yaml"]), numpy), "uv")
    session, _, _ = _session("n", machine=FakeMachine([YAML], [plan]))
    outcome = session.provide(Request("yaml", is_cell=True, is_explicit=True, allows_changes=True))
    assert outcome.note == (
        "autoinstall: pyyaml, which provides yaml, was not installed: you said no.\n"
        "  To install it: %autoinstall install --allow-changes yaml"
    )


def test_nobody_there_is_a_no_to_changes_too() -> None:
    session, machine, _ = _session()
    session.asker = Nobody()
    outcome = session.provide(Request("yaml", is_explicit=True, allows_changes=True))
    assert (outcome.status, machine.planned) == (Status.DECLINED, [])


def test_a_failed_install_is_not_tried_again_in_the_same_execution() -> None:
    machine = FakeMachine([YAML], results=[Refusal(Obstacle.TOOL_FAILED, "uv failed.")])
    session, machine, asker = _session("y", machine=machine)
    first = session.provide(Request("yaml"))
    assert first.status is Status.FAILED
    assert session.provide(Request("yaml")).note == first.note
    assert (len(machine.carried_out), len(asker.prompts)) == (1, 1)


def test_a_changed_environment_is_planned_anew_and_asked_about_only_if_the_plan_differs() -> None:
    same = Plan((item("pyyaml", "1.0", wanted_as=["yaml"]),), "uv")
    other = Plan((item("pyyaml", "1.1", wanted_as=["yaml"]),), "uv")
    changed = Refusal(Obstacle.CHANGED, "")
    machine = FakeMachine([YAML], plans=[same, same, other], results=[changed, changed, Done(other, "1")])
    session, machine, asker = _session("y", "y", machine=machine)
    assert session.provide(Request("yaml")).is_installed
    assert machine.carried_out == [same, same, other]
    assert len(asker.prompts) == 2


def test_somebody_else_brought_it_before_the_plan() -> None:
    session, machine, asker = _session(machine=FakeMachine([YAML], [Plan((), "uv")], [Done(Plan((), "uv"))]))
    assert session.provide(Request("yaml")).status is Status.PRESENT
    assert asker.prompts == []
    assert machine.carried_out == [Plan((), "uv")]


def test_somebody_else_brought_it_meanwhile() -> None:
    machine = FakeMachine([YAML], results=[Done(Plan((), "uv"))])
    session, machine, _ = _session("y", machine=machine)
    outcome = session.provide(Request("yaml"))
    assert (outcome.status, outcome.is_installed) == (Status.PRESENT, True)
    assert outcome.lines == ("yaml is there now: it was installed from elsewhere meanwhile.",)


def test_installed_but_still_missing_is_said_and_not_offered_again() -> None:
    session, machine, asker = _session("y")
    assert session.provide(Request("yaml")).is_installed
    again = session.provide(Request("yaml"))
    assert again.status is Status.DECLINED
    assert "still cannot be imported" in str(again.note)
    assert (len(machine.carried_out), len(asker.prompts)) == (1, 1)


def test_a_bad_setting_is_a_note_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    session, machine, _ = _session("y")
    monkeypatch.setenv("AUTOINSTALL_MODE", "sometimes")
    outcome = session.provide(Request("yaml"))
    assert outcome.status is Status.FAILED
    assert outcome.note == ("autoinstall: mode = 'sometimes' (environment): it must be off or ask or auto")
    assert machine.planned == []


def test_in_a_script_the_note_says_what_is_typed_in_a_shell() -> None:
    session, _, _ = _session()
    error = RuntimeError("cannot read it")
    error.__cause__ = ModuleNotFoundError("x", name="yaml")
    assert session.note_for(error, is_cell=False) == (
        "autoinstall: yaml comes with pyyaml, which is not installed.\n  To install it: python -m pip install pyyaml"
    )


@pytest.mark.parametrize(
    ("exception", "note"),
    [
        (
            ModuleNotFoundError("x", name="yaml"),
            "autoinstall: yaml comes with pyyaml, which is not installed.\n  To install it: %pip install pyyaml",
        ),
        (
            ModuleNotFoundError("x", name="urllib2"),
            "autoinstall: urllib2 is a Python 2 name.\n  Write instead: import urllib.request",
        ),
        (ImportError("x"), None),
        (KeyError("yaml"), None),
    ],
)
def test_the_note_for_an_error_that_is_shown(exception: BaseException, note: str | None) -> None:
    session, machine, asker = _session()
    assert session.note_for(exception) == note
    assert (machine.planned, asker.prompts) == ([], [])
