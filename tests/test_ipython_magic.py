"""`%autoinstall`: what its sub-commands do, and what it says to what it does not understand."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter

from autoinstall.advice import Verdict
from autoinstall.hook import Handle
from autoinstall.ipython.magic import Magic
from autoinstall.names import import_name, project_name
from autoinstall.past.transaction import Distribution, Transaction
from autoinstall.plan import Wanted
from autoinstall.provide import Session
from tests.support.shell import made_shell
from tests.support.story import FakeMachine, ScriptedAsker, advice

ADVICES = (
    advice("cv2", Verdict.CHOICE, "opencv-python", "opencv-python-headless", reason="Several projects provide cv2."),
    advice("yaml", Verdict.TRUSTED, "pyyaml", reason="PyYAML is where yaml comes from."),
    advice("colorsys", Verdict.INSTALLED, reason="colorsys can be imported here already."),
)


COMMANDS = "doctor, freeze, history, install, mode, restore, scan, undo, which"

FIRST = Transaction(
    id="20260102-030405-11-aaaa",
    when=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    prefix="/made-up",
    python="3.12.1",
    installer="uv",
    process=11,
    session="elsewhere",
    wanted=(import_name("yaml"),),
    distributions=(Distribution(project_name("pyyaml"), "6.0.3"),),
    files=(),
    wanted_from={import_name("yaml"): project_name("pyyaml")},
)
SECOND = replace(FIRST, id="20260102-040506-12-bbbb", session="here")


class Desk:
    """A shell with the magic over a made-up machine and a person who says yes."""

    def __init__(self, shell: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        # Neither this machine's settings nor this folder's have a say.
        monkeypatch.chdir(folder)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
        monkeypatch.setenv("XDG_CONFIG_DIRS", str(folder))
        monkeypatch.delenv("AUTOINSTALL_MODE", raising=False)
        self.folder = folder
        self.machine = FakeMachine(ADVICES)
        self.machine.kept = [FIRST, SECOND]
        self.asker = ScriptedAsker("y", "y")
        self.handle = Handle()
        self.handle._session = Session(machine=self.machine, asker=self.asker)
        self.shell = shell
        self.magic = Magic(shell, self.handle)

    def run(self, line: str, capsys: pytest.CaptureFixture[str]) -> str:
        """Run a line and return what it shows."""
        self.shell.run_cell(line)
        shown = capsys.readouterr()
        return shown.out + shown.err


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with made_shell(tmp_path) as shell:
        yield Desk(shell, monkeypatch, tmp_path)


def test_status_says_what_holds_and_where_it_was_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.handle.session.traitlets = {"installer": "pip"}
    assert desk.run("%autoinstall", capsys).splitlines()[1:] == [
        "  mode          ask (a question before anything is installed; default)",
        "  installer     pip (c.AutoInstall)",
        "  installs into /made-up (Python 3.12)",
        f"Sub-commands: {COMMANDS}; %autoinstall? tells about them.",
    ]


def test_mode_is_shown_and_set(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("%autoinstall mode", capsys) == "mode ask: a question before anything is installed\n"
    assert desk.run("%autoinstall mode off", capsys) == "mode off: nothing is installed\n"
    assert desk.handle.mode == "off"


def test_a_mode_is_no_looser_than_the_folder_allows(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    (desk.folder / "autoinstall.toml").write_text('mode = "off"\n')
    shown = desk.run("%autoinstall mode auto", capsys)
    assert shown.splitlines()[0] == "mode off: nothing is installed"
    assert "autoinstall.toml allows no more than that." in shown


def test_which_answers_each_name(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """What speaks for a project follows, as on the command line."""
    told = desk.run("%autoinstall which yaml cv2", capsys)
    assert told.startswith("yaml comes with pyyaml\n  PyYAML is where yaml comes from.\n  pyyaml is known from ")
    assert "\ncv2 comes with one of opencv-python, opencv-python-headless\n  Several projects provide cv2.\n" in told
    assert "\n  opencv-python is known from " in told
    assert desk.machine.planned == []


def test_which_answers_programs_as_the_command_does(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    told = desk.run("%autoinstall which --json yaml nowhere cv2", capsys).splitlines()
    assert [json.loads(line)["import_name"] for line in told] == ["yaml", "nowhere", "cv2"]
    assert told[0] == (
        '{"import_name": "yaml", "verdict": "trusted", "project": "pyyaml", "candidates": ["pyyaml"], '
        '"reason": "PyYAML is where yaml comes from.", "suggestion": null}'
    )


def test_install_answers_programs_as_the_command_does(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.asker.answers = ["n"]
    [told] = map(json.loads, desk.run("%autoinstall install yaml --json", capsys).splitlines())
    assert list(told) == ["import_name", "status", "installed", "declined", "note"]
    assert (told["status"], told["declined"]) == ("declined", ["yaml"])


def test_install_asks_once_for_all(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("%autoinstall install cv2 yaml", capsys) == ""
    assert len(desk.asker.prompts) == 1
    assert desk.machine.planned == [
        (Wanted("cv2", "opencv-python"), Wanted("yaml", "pyyaml")),  # type: ignore[arg-type]  # plain text will do
    ]
    assert len(desk.machine.carried_out) == 1


@pytest.mark.parametrize(
    "line", ["install thing --project Some.Thing==1.2", "install --project=Some.Thing==1.2 thing"]
)
def test_install_takes_a_project_said_outright(desk: Desk, capsys: pytest.CaptureFixture[str], line: str) -> None:
    assert desk.run(f"%autoinstall {line}", capsys) == ""
    wanted = Wanted("thing", "some-thing", "1.2", may_be_young=True)  # type: ignore[arg-type]  # plain text
    assert desk.machine.planned == [(wanted,)]


def test_install_declined_says_why(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.asker.answers = ["n"]
    assert "pyyaml, which provides yaml, was not installed: you said no." in desk.run(
        "%autoinstall install yaml", capsys
    )
    assert desk.machine.carried_out == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("wich cv2", "%autoinstall: there is no sub-command wich; did you mean which?"),
        (
            "frobnicate",
            f"%autoinstall: there is no sub-command frobnicate; there are {COMMANDS}.",
        ),
        ("mode sometimes", "%autoinstall mode: mode = 'sometimes' (argument): it must be off or ask or auto"),
        ("mode ask auto", "%autoinstall mode takes one of off, ask, auto"),
        ("which", "%autoinstall which takes import names: %autoinstall which cv2 yaml"),
        ("install", "%autoinstall install takes import names: %autoinstall install cv2 yaml"),
        ("install cv2 --upgrade", "%autoinstall install has no option --upgrade, only --project NAME[==VERSION]"),
        ("install a b --project c", "%autoinstall install: --project goes with exactly one import name"),
        ("history me", "%autoinstall history takes nothing, or --json"),
        ("undo one two", "%autoinstall undo takes one id, or nothing for this kernel's last install"),
        ("undo 2026", "%autoinstall undo: 2 ids begin with '2026': write more of the one"),
        ("freeze one two", "%autoinstall freeze takes one file, or --json, or nothing"),
        ("freeze --yaml", "%autoinstall freeze takes one file, or --json, or nothing"),
        ("restore", "%autoinstall restore takes one file: %autoinstall restore FILE"),
        ("restore nowhere.txt", "%autoinstall restore: nowhere.txt cannot be read: "),
        ("install 'unclosed", "%autoinstall: No closing quotation"),
        ("install --project -x cv2", "%autoinstall install: '-x' is not a project's name"),
    ],
)
def test_what_is_typed_wrongly_is_told_how_to_type(
    desk: Desk, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    shown = desk.run(f"%autoinstall {line}", capsys)
    assert said in shown
    assert "Traceback" not in shown
    assert desk.machine.planned == []


POSIX_NAMES = pytest.mark.skipif(sys.platform == "win32", reason="a name with a space is typed otherwise there")
OPTIONS = ("--allow-changes", "--json", "--project")
FILES = ("book\\ one.ipynb", "lesson.py", "sub/", "sub/inner.ipynb")
OURS = (*COMMANDS.split(", "), FIRST.id, SECOND.id, "ask", "auto", "off", *OPTIONS, *FILES)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%autoinstall ", COMMANDS.split(", ")),
        ("%autoinstall undo ", [FIRST.id, SECOND.id]),
        ("%autoinstall undo 20260102-04", [SECOND.id]),
        ("%autoinstall m", ["mode"]),
        ("autoinstall wh", ["which"]),
        ("%autoinstall mode ", ["ask", "auto", "off"]),
        ("%autoinstall mode a", ["ask", "auto"]),
        ("%autoinstall install cv2 --p", ["--project"]),
        ("%autoinstall install --", ["--allow-changes", "--json", "--project"]),
        ("%autoinstall which --", ["--json"]),
        ("%autoinstall scan --", ["--json"]),
        ("%autoinstall history ", ["--json"]),
        ("%autoinstall doctor --", ["--json"]),
        ("%autoinstall freeze --", ["--json"]),
        pytest.param("%autoinstall scan ", list(FILES[:3]), marks=POSIX_NAMES),
        pytest.param("%autoinstall scan b", list(FILES[:1]), marks=POSIX_NAMES),
        ("%autoinstall scan le", ["lesson.py"]),
        ("%autoinstall scan sub/", ["sub/inner.ipynb"]),
    ],
)
def test_tab_completes(desk: Desk, line: str, expected: list[str]) -> None:
    desk.folder.joinpath("sub").mkdir()
    for name in ("book one.ipynb", "lesson.py", "notes.txt", ".hidden.py", "sub/inner.ipynb", "sub/data.csv"):
        desk.folder.joinpath(name).touch()
    with provisionalcompleter():
        found = [line[: match.start] + match.text for match in desk.shell.Completer.completions(line, len(line))]
    begun = len(line[: line.rindex(" ") + 1])
    assert [whole[begun:] for whole in found if whole[begun:] in OURS] == expected  # jedi suggests its own
    assert not [whole for whole in found if "hidden" in whole or "notes" in whole]


def test_changes_are_allowed_only_by_the_word_wherever_it_stands(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    for line in ("install yaml", "install --allow-changes yaml", "install --project pyyaml yaml --allow-changes"):
        desk.run(f"%autoinstall {line}", capsys)
    assert [wish.may_change for (wish,) in desk.machine.planned] == [False, True, True]


def test_history_undo_and_the_same_undone(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    said = desk.run("%autoinstall history --json", capsys).splitlines()
    assert [json.loads(line)["id"] for line in said] == [FIRST.id, SECOND.id]
    assert desk.run("%autoinstall undo", capsys) == "Removed pyyaml 6.0.3.\n"
    assert "  taken back " in desk.run("%autoinstall history", capsys)
    assert desk.run(f"%autoinstall undo {FIRST.id}", capsys) == "Removed pyyaml 6.0.3.\n"
    assert desk.run("%autoinstall undo", capsys).startswith("autoinstall: this kernel has installed nothing that ")
    desk.machine.kept = []
    assert desk.run("%autoinstall history", capsys) == "autoinstall has installed nothing here.\n"
    assert desk.run("%autoinstall history --json", capsys) == ""


def test_freeze_shows_or_writes_and_restore_reads(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        desk.run("%autoinstall freeze", capsys) == "autoinstall has installed nothing here that is installed still.\n"
    )
    desk.machine.there = {project_name("pyyaml"): "6.0.3"}
    assert desk.run("%autoinstall freeze", capsys).splitlines()[1:] == ["pyyaml==6.0.3  # import yaml"]
    assert desk.run("%autoinstall freeze --json", capsys) == (
        '{"project": "pyyaml", "version": "6.0.3", "import_names": ["yaml"]}\n'
    )
    assert desk.run("%autoinstall freeze kept.txt", capsys) == "Wrote 1 exact version into kept.txt.\n"
    assert "kept.txt is there already" in desk.run("%autoinstall freeze kept.txt", capsys)
    desk.machine.there = {}
    assert desk.run("%autoinstall restore kept.txt", capsys) == ""
    assert desk.machine.planned == [(Wanted(import_name("yaml"), project_name("pyyaml"), "6.0.3"),)]
    desk.asker.answers = ["n"]
    assert "kept.txt was not restored: you said no." in desk.run("%autoinstall restore kept.txt", capsys)


def test_help_tells_about_every_sub_command(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    shown = desk.run("%autoinstall?", capsys)
    for command in (
        "history",
        "undo [ID]",
        "freeze",
        "restore FILE",
        "install NAME",
        "mode [ask|auto|off]",
        "which NAME",
    ):
        assert f"%autoinstall {command}" in shown


def test_after_the_end_magics_and_completers_are_as_they_were(tmp_path: Path) -> None:
    with made_shell(tmp_path) as shell:
        shell.register_magic_function(lambda line: line, "line", "autoinstall")
        shell.set_hook("complete_command", lambda *_: [], str_key="%autoinstall")
        magics, completers = shell.magics_manager.magics["line"], shell.strdispatchers["complete_command"].strs
        before = dict(magics), dict(completers)
        Magic(shell, Handle()).end()
        assert (magics, completers) == before


def test_a_scan_shows_the_table_and_asks_once(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = (advice("sklearn", Verdict.TRUSTED, "scikit-learn"), advice("skimage", Verdict.TRUSTED, "scikit-image"))
    desk.machine.advices = {each.import_name: each for each in known}
    desk.folder.joinpath("made.py").write_text("import sklearn\nimport skimage\n")
    published = []
    monkeypatch.setattr(desk.shell.display_pub, "publish", lambda **output: published.append(output["data"]))
    desk.run("%autoinstall scan made.py", capsys)
    [drawn] = published
    shown = drawn["text/plain"]
    assert drawn["text/html"].count("<tr") == 3
    assert "  sklearn  scikit-learn  missing" in shown.splitlines()
    assert desk.asker.prompts == [
        "Install scikit-learn and scikit-image?\n[y]es / [n]o / [c]hoose another / [d]etails: "
    ]
    assert [[one.project for one in wanted] for wanted in desk.machine.planned] == [["scikit-learn", "scikit-image"]]


def test_a_scan_for_programs_asks_nothing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    known = (advice("sklearn", Verdict.TRUSTED, "scikit-learn"), advice("skimage", Verdict.TRUSTED, "scikit-image"))
    desk.machine.advices = {each.import_name: each for each in known}
    desk.folder.joinpath("made.py").write_text("import sklearn\nimport skimage\n")
    told = [json.loads(line) for line in desk.run("%autoinstall scan made.py --json", capsys).splitlines()]
    assert [(line["import_name"], line["state"]) for line in told] == [("sklearn", "missing"), ("skimage", "missing")]
    assert (desk.asker.prompts, desk.machine.planned) == ([], [])


def test_a_scan_of_this_notebook(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert "%autoinstall scan FILE.ipynb" in desk.run("%autoinstall scan", capsys)
    file = desk.folder / "made.ipynb"
    file.write_text('{"cells": [{"cell_type": "code", "source": "import mine_alone"}]}')
    desk.shell.user_ns["__vsc_ipynb_file__"] = str(file)
    assert "mine_alone" in desk.run("%autoinstall scan", capsys)
    assert "takes one file" in desk.run("%autoinstall scan a b", capsys)
    assert "is not there" in desk.run("%autoinstall scan absent.py", capsys)
