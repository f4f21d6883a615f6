"""The handle: what it hangs up and takes away again, what it restores, and the note under an uncaught error."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import autoinstall
from autoinstall import hook
from autoinstall.errors import BadSettingError
from autoinstall.finder import Finder
from autoinstall.hook import Handle
from tests.support.snippets import Run, running

PATIENCE = 20.0
"""Seconds after which another thread counts as stuck."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path) as run:
        yield run


class FakeSession:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.mode: str | None = None
        self.installer: str | None = None
        self.requests: list[tuple[str, bool]] = []
        self.projects: dict[str, str] = {}

    def settings(self) -> SimpleNamespace:
        return SimpleNamespace(mode=self.mode or "ask", installer=self.installer or "auto")

    def provide(self, request: object) -> SimpleNamespace:
        self.requests.append((request.import_name, request.is_cell))  # type: ignore[attr-defined] # a Request
        return SimpleNamespace(is_installed=False)

    def note_for(self, exception: BaseException, *, is_cell: bool) -> str | None:  # noqa: ARG002 - the session's
        return f"a note about {exception.name}" if isinstance(exception, ModuleNotFoundError) else None

    def advise(self, name: str) -> SimpleNamespace:
        longest = max((known for known in self.projects if f"{name}.".startswith(f"{known}.")), default=None)
        return SimpleNamespace(project=self.projects.get(longest or ""), verdict=None)


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def handle(session: FakeSession) -> Iterator[Handle]:
    """Make a handle that is not the process's own."""
    handle = Handle()
    handle._session = session  # type: ignore[assignment] # it has what the handle needs
    before = sys.excepthook, threading.excepthook
    yield handle
    handle.disable()
    sys.excepthook, threading.excepthook = before


def _state() -> tuple[list[object], object, object]:
    return list(sys.meta_path), sys.excepthook, threading.excepthook


def test_on_and_off_again(handle: Handle) -> None:
    before = _state()
    handle.enable(None, None)
    assert isinstance(sys.meta_path[-1], Finder)
    assert len(sys.meta_path) == len(before[0]) + 1
    assert sys.excepthook is not before[1]
    assert threading.excepthook is not before[2]
    handle.disable()
    assert _state() == before
    handle.disable()
    assert _state() == before


def test_twice_on_is_once_on(handle: Handle) -> None:
    before = _state()
    handle.enable("ask", None)
    after = _state()
    handle.enable("auto", "pip")
    assert _state() == after
    assert (handle.mode, handle.installer) == ("auto", "pip")
    handle.enable(None, None)
    assert (handle.mode, handle.installer) == ("auto", "pip")
    handle.disable()
    assert _state() == before
    assert (handle.mode, handle.installer) == ("ask", "auto")


def test_a_finder_that_somebody_swept_away_is_hung_up_again(handle: Handle) -> None:
    handle.enable(None, None)
    finder = sys.meta_path.pop()
    handle.enable(None, None)
    assert sys.meta_path[-1] is finder


def test_what_others_put_on_after_us_stays(handle: Handle, capsys: pytest.CaptureFixture[str]) -> None:
    before = _state()
    handle.enable(None, None)
    seen = []
    behind = SimpleNamespace(find_spec=lambda *_: None)
    sys.meta_path.append(behind)

    def make(chained: Callable[..., object]) -> Callable[..., object]:
        def theirs(*error: object) -> None:
            seen.append(error)
            chained(*error)

        return theirs

    sys.excepthook = mine = make(sys.excepthook)
    threading.excepthook = thread_mine = make(threading.excepthook)
    handle.disable()
    assert _state() == ([*before[0], behind], mine, thread_mine)
    assert len(before[0]) + 1 == len(sys.meta_path)
    error = ModuleNotFoundError("No module named 'absent'", name="absent")
    sys.excepthook(type(error), error, None)
    assert len(seen) == 1
    assert not hasattr(error, "__notes__")
    assert capsys.readouterr().err == "ModuleNotFoundError: No module named 'absent'\n"


def test_off_and_on_again_with_anothers_hook_in_front_of_ours(
    handle: Handle, capsys: pytest.CaptureFixture[str]
) -> None:
    """No hook of ours comes to call itself by way of another's."""
    handle.enable(None, None)
    chained = sys.excepthook

    def theirs(*error: Any) -> None:  # Any: whatever a hook is called with
        chained(*error)

    sys.excepthook = theirs
    handle.disable()
    handle.enable(None, None)
    error = ModuleNotFoundError("No module named 'absent'", name="absent")
    sys.excepthook(type(error), error, None)
    assert error.__notes__ == ["a note about absent"]
    assert capsys.readouterr().err.count("a note about absent") == 1


def test_leaving_restores_what_was_before(handle: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "_handle", handle)
    before = _state()
    with autoinstall.enable("auto") as outer:
        assert outer is handle
        with autoinstall.enable("off", "pip") as inner:
            assert inner is outer
            assert (handle.mode, handle.installer) == ("off", "pip")
            with autoinstall.enable():
                assert (handle.mode, handle.installer) == ("off", "pip")
        assert (handle.mode, handle.installer, handle.is_enabled) == ("auto", "auto", True)
    assert (handle.mode, handle.is_enabled) == ("ask", False)
    assert _state() == before


def test_a_handle_kept_is_used_in_a_with_later(handle: Handle) -> None:
    before = _state()
    handle.enable("off", None)
    with handle:
        assert handle.is_enabled
    assert _state() == before
    with handle:
        assert handle.is_enabled
    assert _state() == before


def test_entering_again_changes_nothing(handle: Handle) -> None:
    with handle:
        before = _state()
        with handle:
            assert handle.is_enabled
        assert handle.is_enabled
        assert _state() == before
    assert not handle.is_enabled


def test_what_was_on_before_is_on_again(handle: Handle) -> None:
    before = _state()
    handle.enable("ask", None)
    handle.enable("auto", None)
    with handle:
        handle.disable()
    assert (handle.is_enabled, handle.mode) == (True, "ask")
    handle.disable()
    assert _state() == before


def test_an_import_that_escapes_the_block_has_its_note(handle: Handle) -> None:
    with pytest.raises(ModuleNotFoundError) as raised, handle:
        raise ModuleNotFoundError(name="snark")
    assert raised.value.__notes__ == ["a note about snark"]
    assert not handle.is_enabled


def test_an_error_in_the_block_passes(handle: Handle) -> None:
    before = _state()
    handle.enable(None, None)
    with pytest.raises(LookupError), handle:
        raise LookupError
    assert _state() == before


@pytest.mark.parametrize(
    ("mode", "installer", "setting"), [("yes", None, "mode"), (None, "apt", "installer"), ("off", "apt", "installer")]
)
def test_a_value_that_a_setting_cannot_have(
    mode: str | None, installer: str | None, setting: str, handle: Handle
) -> None:
    before = _state()
    with pytest.raises(BadSettingError) as caught:
        handle.enable(mode, installer)
    assert caught.value.setting == setting
    assert _state() == before
    assert (handle.mode, handle.installer, handle.is_enabled) == ("ask", "auto", False)


def test_a_mode_written_otherwise(handle: Handle) -> None:
    handle.enable(" AUTO ", "UV")
    assert (handle.mode, handle.installer) == ("auto", "uv")


def test_the_mode_in_force_is_told_wherever_it_was_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setenv("AUTOINSTALL_MODE", "auto")
    monkeypatch.setenv("AUTOINSTALL_INSTALLER", "pip")
    handle = Handle()
    assert (handle.mode, handle.installer) == ("auto", "pip")
    handle.mode = "ask"
    assert handle.mode == "ask"
    (tmp_path / "autoinstall.toml").write_text('mode = "off"\n')
    assert handle.mode == "off"
    handle.mode = None
    (tmp_path / "autoinstall.toml").unlink()
    assert handle.mode == "auto"


def test_a_session_that_is_there_is_told(handle: Handle, session: FakeSession) -> None:
    handle.enable("auto", "pip")
    assert (session.mode, session.installer) == ("auto", "pip")
    handle.mode = "off"
    assert session.mode == "off"
    handle.disable()
    assert [session.mode, session.installer] == [None, None]


def test_the_session_asks_at_the_terminal_and_knows_the_mode() -> None:
    handle = Handle()
    handle.mode = "auto"
    assert handle.session is handle.session
    assert (handle.session.mode, handle.session.installer) == ("auto", None)
    assert type(handle.session.asker).__name__ == "TerminalAsker"


@pytest.mark.parametrize(
    ("statement", "projects", "expected"),
    [
        pytest.param("import absent", {"absent": "it"}, "absent", id="plain"),
        pytest.param("from absent import part", {"absent": "it"}, "absent", id="a part of the same"),
        pytest.param("from absent import part", {}, "absent", id="unknown"),
        pytest.param("import absent.part", {"absent": "it"}, "absent.part", id="dotted"),
        pytest.param(
            "from absent.cloud import storage",
            {"absent.cloud": "core", "absent.cloud.storage": "storage"},
            "absent.cloud.storage",
            id="a part that is another project's",
        ),
        pytest.param(
            "from absent.cloud import client, storage as s",
            {"absent.cloud": "core", "absent.cloud.storage": "storage"},
            "absent.cloud.storage",
            id="the second part",
        ),
    ],
)
def test_the_most_telling_name_is_asked_for(
    statement: str, projects: dict[str, str], expected: str, run: Run, handle: Handle
) -> None:
    session = FakeSession()
    session.projects = projects
    handle._session = session  # type: ignore[assignment] # it has what the handle needs
    handle.enable(None, None)
    error = run(statement)
    assert session.requests == [(expected, False)]
    assert isinstance(error, ModuleNotFoundError)
    # Python's error speaks of the beginning only; what is said of it is what was said of the whole.
    assert error.name == "absent"
    assert handle.note_for(error) == f"a note about {expected}"


def test_the_note_under_an_error_that_nobody_caught(handle: Handle, capsys: pytest.CaptureFixture[str]) -> None:
    handle.enable(None, None)
    error = ModuleNotFoundError("No module named 'absent'", name="absent")
    sys.excepthook(type(error), error, None)
    sys.excepthook(type(error), error, None)
    assert error.__notes__ == ["a note about absent"]
    assert capsys.readouterr().err == "ModuleNotFoundError: No module named 'absent'\na note about absent\n" * 2


def test_the_note_under_a_group_is_that_of_its_first_missing_import(
    handle: Handle, capsys: pytest.CaptureFixture[str]
) -> None:
    handle.enable(None, None)
    error = ExceptionGroup("tasks", [ValueError("x"), ModuleNotFoundError("y", name="absent")])
    sys.excepthook(type(error), error, None)
    assert error.__notes__ == ["a note about absent"]
    assert "a note about absent" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "kind", "is_asked_about"),
    [
        ("a_library", "RuntimeError", True),
        ("a_library", "RecursionError", False),
        ("a_library", "KeyboardInterrupt", False),
        ("__main__", "RuntimeError", False),
    ],
)
def test_an_error_of_another_kind_is_asked_about_where_a_library_raised_it(
    handle: Handle, session: FakeSession, module: str, kind: str, *, is_asked_about: bool
) -> None:
    asked: list[BaseException] = []

    def note_for(error: BaseException, *, is_cell: bool) -> None:
        assert not is_cell
        asked.append(error)

    session.note_for = note_for  # type: ignore[assignment,method-assign] # says nothing
    handle.enable(None, None)
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - each case has its own
        exec(f"raise {kind}", {"__name__": module})
    sys.excepthook(caught.type, caught.value, caught.tb)
    assert asked == ([caught.value] if is_asked_about else [])


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), ImportError("words alone")])
def test_no_note_under_other_errors(error: BaseException, handle: Handle, capsys: pytest.CaptureFixture[str]) -> None:
    handle.enable(None, None)
    sys.excepthook(type(error), error, None)
    assert not hasattr(error, "__notes__")
    assert type(error).__name__ in capsys.readouterr().err


def test_a_defect_in_the_note_leaves_the_error_to_be_shown(
    handle: Handle, session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    def note_for(*_: object, **__: object) -> str | None:
        raise LookupError("a defect in a note")

    session.note_for = note_for  # type: ignore[method-assign] # a defect
    handle.enable(None, None)
    error = ModuleNotFoundError("No module named 'absent'", name="absent")
    sys.excepthook(type(error), error, None)
    said = capsys.readouterr().err
    assert "LookupError: a defect in a note" in said
    assert said.endswith("ModuleNotFoundError: No module named 'absent'\n")


def test_the_note_in_a_thread(handle: Handle, capsys: pytest.CaptureFixture[str]) -> None:
    threading.excepthook = threading.__excepthook__
    handle.enable(None, None)
    code = compile("import absent", "/home/ann/notes.py", "exec")
    thread = threading.Thread(target=exec, args=(code, {"__name__": "__main__"}))
    thread.start()
    thread.join(PATIENCE)
    assert capsys.readouterr().err.endswith("No module named 'absent'\na note about absent\n")
