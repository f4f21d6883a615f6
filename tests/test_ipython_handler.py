"""The slot for a custom exception handler is shared, and given back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autoinstall.ipython.handler import Handler
from tests.support.shell import made_shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Any]:  # Any: as `made_shell` gives it
    with made_shell(tmp_path) as made:
        yield made


class Theirs:
    """Somebody else's handler, which notes what it is given."""

    def __init__(self, shell: Any, *kinds: type[BaseException], fails: bool = False) -> None:
        self.seen: list[str] = []
        self._fails = fails
        shell.set_custom_exc(kinds, self._handle)

    def _handle(self, shell: Any, etype: Any, value: BaseException, tb: Any, tb_offset: Any = None) -> None:
        del shell, etype, tb, tb_offset
        self.seen.append(type(value).__name__)
        if self._fails:
            raise RuntimeError("theirs is broken")


def never(exception: BaseException) -> bool:
    del exception
    return False


def test_theirs_gets_what_was_its_while_ours_is_there_and_afterwards(shell: Any) -> None:
    theirs = Theirs(shell, ZeroDivisionError)
    before = shell.CustomTB, shell.custom_exceptions
    handler = Handler(shell, never)
    shell.run_cell("1/0")
    shell.run_cell("import no_such_module")
    handler.end()
    assert (shell.CustomTB, shell.custom_exceptions) == before
    shell.run_cell("1/0")
    assert theirs.seen == ["ZeroDivisionError", "ZeroDivisionError"]


@pytest.mark.parametrize("kind", [ImportError, Exception])
def test_a_missing_import_that_is_not_mended_is_still_theirs(shell: Any, kind: type[BaseException]) -> None:
    theirs = Theirs(shell, kind)
    Handler(shell, never)
    shell.run_cell("import no_such_module")
    assert theirs.seen == ["ModuleNotFoundError"]


def test_a_mended_one_is_nobody_s(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = Theirs(shell, Exception)
    Handler(shell, lambda _: True)
    shell.run_cell("import no_such_module")
    assert theirs.seen == []
    assert capsys.readouterr().out == ""


def test_without_theirs_the_error_is_shown_as_ever(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("import no_such_module")
    expected = capsys.readouterr().out
    Handler(shell, never)
    shell.run_cell("import no_such_module")
    assert capsys.readouterr().out == expected
    assert "No module named 'no_such_module'" in expected


def test_theirs_fails_and_goes_and_ours_stays(shell: Any) -> None:
    """IPython empties the slot when a handler raises: the one that raised loses it, not we."""
    theirs = Theirs(shell, ImportError, fails=True)
    asked: list[BaseException] = []

    def decline(error: BaseException) -> bool:
        asked.append(error)
        return False

    handler = Handler(shell, decline)
    shell.run_cell("import no_such_module")
    shell.run_cell("import no_such_module")
    assert theirs.seen == ["ModuleNotFoundError"]
    assert len(asked) == 2
    handler.end()
    assert shell.custom_exceptions == ()


def test_one_that_was_set_after_ours_stays_when_ours_goes(shell: Any) -> None:
    handler = Handler(shell, never)
    theirs = Theirs(shell, ImportError)
    handler.end()
    shell.run_cell("import no_such_module")
    assert theirs.seen == ["ModuleNotFoundError"]


def test_one_that_chains_to_ours_after_it_has_gone_finds_nothing_of_ours(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = Handler(shell, lambda _: True)
    ours = shell.CustomTB

    def chained(shell: Any, etype: Any, value: Any, tb: Any, tb_offset: Any = None) -> Any:
        del shell
        return ours(etype, value, tb, tb_offset=tb_offset)

    shell.set_custom_exc((ImportError,), chained)
    handler.end()
    shell.run_cell("import no_such_module")
    assert "No module named 'no_such_module'" in capsys.readouterr().out
