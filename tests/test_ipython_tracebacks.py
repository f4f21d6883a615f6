"""One note under an error, wherever the shell shows it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autoinstall.ipython.tracebacks import Tracebacks, add_note, note_on
from autoinstall.missing import missing_import
from tests.support.shell import made_shell


def note_for(exception: BaseException) -> str | None:
    name = missing_import(exception)
    return None if name is None else f"autoinstall: {name} is missing.\n  To install it: …"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Any]:  # Any: as `made_shell` gives it
    with made_shell(tmp_path) as made:
        tracebacks = Tracebacks(made, note_for)
        yield made
        tracebacks.end()


NOTE = "autoinstall: nowhere is missing.\n  To install it: …"


@pytest.mark.parametrize(
    "cell", ["import nowhere", "%time import nowhere", "%%time\nimport nowhere", "%run script.py", "import nowhere\n"]
)
def test_every_shown_missing_import_has_one_note(
    shell: Any, cell: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.py").write_text("import nowhere\n")
    shell.run_cell(cell)
    assert capsys.readouterr().out.count(NOTE) == 1


def test_showing_it_again_adds_no_second_note(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("import nowhere")
    capsys.readouterr()
    shell.run_cell("%tb")
    shell.run_cell("raise __import__('sys').last_value")
    assert capsys.readouterr().out.count("autoinstall: ") == 2


def test_a_shell_that_does_not_know_notes_shows_it_all_the_same(
    shell: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """IPython 7 builds its lines without notes: stood in for by a formatter that leaves them out."""

    def without_notes(etype: type, value: BaseException, tb: object, tb_offset: object = None) -> list[str]:
        del etype, tb, tb_offset
        return [f"lines of {value}"]

    monkeypatch.setattr(shell.InteractiveTB, "structured_traceback", without_notes)
    shell.run_cell("import nowhere")
    assert capsys.readouterr().out.rstrip() == f"lines of No module named 'nowhere'\n{NOTE}"


def test_other_errors_have_none(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("1/0")
    assert "autoinstall" not in capsys.readouterr().out


def test_after_the_end_the_shell_is_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with made_shell(tmp_path) as shell:
        before = dict(vars(shell))
        tracebacks = Tracebacks(shell, note_for)
        kept = shell.showtraceback
        tracebacks.end()
        assert dict(vars(shell)) == before
        shell.showtraceback = kept  # somebody had wrapped ours, and still calls it
        shell.run_cell("import nowhere")
        assert "autoinstall" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        (None, ["autoinstall: here"]),
        (["theirs"], ["theirs", "autoinstall: here"]),
        (["autoinstall: first"], ["autoinstall: first"]),
        (("in", "disorder"), ("in", "disorder")),
        (5, 5),
    ],
)
def test_a_note_is_hung_on_once_and_whatever_is_there_is_left(notes: object, expected: object) -> None:
    error = ImportError()
    if notes is not None:
        error.__notes__ = notes  # type: ignore[assignment]  # anybody can
    add_note(error, "autoinstall: here")
    assert error.__notes__ == expected
    add_note(error, None)
    assert error.__notes__ == expected


def test_only_our_own_note_is_ours() -> None:
    error = ImportError()
    error.add_note("theirs")
    assert note_on(error) is None
    error.add_note("autoinstall: ours")
    assert note_on(error) == "autoinstall: ours"
