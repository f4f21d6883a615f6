"""Yes is yes; everything else leaves Python's own error, with one note, and the environment as it was."""

import pytest

from tests.kernel.conftest import Desk
from tests.support.faults import Kind, Status
from tests.support.kernel import END_OF_FILE, Answer, Result

pytestmark = pytest.mark.kernel

BOTH_WAYS = pytest.mark.parametrize(
    "statement", ["import {}", "needy.need('{}')"], ids=["the user's import", "a library's import"]
)


def is_python_s_own_error(result: Result, name: str) -> bool:
    """Tell whether the cell failed as it would have without us, but for one note."""
    return (
        (result.status, result.error, result.message) == ("error", "ModuleNotFoundError", f"No module named '{name}'")
        and result.traceback.count(f"No module named '{name}'") == 1
        and result.traceback.count("autoinstall:") == 1
        and f"%pip install {name}" in result.traceback
    )


@BOTH_WAYS
@pytest.mark.parametrize(
    "answer",
    ["", "maybe", "yes please", END_OF_FILE, Answer.INTERRUPT],
    ids=["empty", "unclear", "not quite yes", "end of file", "interrupt"],
)
def test_anything_unclear_is_not_now(desk: Desk, statement: str, answer: str | Answer) -> None:
    result = desk.kernel.execute(f"n.append(1)\n{statement.format('nltk')}\nn.append(2)", answers=[answer])
    assert is_python_s_own_error(result, "nltk")
    assert len(result.prompts) == 1
    assert not desk.is_installed("nltk")
    assert desk.kernel.execute("n").text == "[1]"


def test_an_interrupt_ends_the_question_in_a_cell_that_awaits(desk: Desk) -> None:
    """The kernel only takes note of interrupts there, to cancel the cell once it awaits again."""
    cell = "import asyncio\nn.append(1)\nawait asyncio.sleep(0)\nimport nltk"
    assert is_python_s_own_error(desk.kernel.execute(cell, answers=[Answer.INTERRUPT]), "nltk")


def test_the_same_name_twice_in_a_cell_is_asked_once(desk: Desk) -> None:
    cell = "for i in range(2):\n    try:\n        exec('import nltk')\n    finally:\n        n.append(i)"
    result = desk.kernel.execute(cell, answers=[""])
    assert len(result.prompts) == 1
    again = desk.kernel.execute(cell, answers=[""])
    assert len(again.prompts) == 1


@BOTH_WAYS
def test_a_no_holds_until_the_name_is_asked_for_outright(desk: Desk, statement: str) -> None:
    name = "scrapy" if statement.startswith("import") else "spacy"
    cell = statement.format(name)
    first = desk.kernel.execute(cell, answers=["n"])
    second = desk.kernel.execute(cell)
    assert is_python_s_own_error(first, name)
    assert is_python_s_own_error(second, name)
    assert (len(first.prompts), len(second.prompts)) == (1, 0)
    asked = desk.kernel.execute(f"%autoinstall install {name}", answers=["y"])
    assert len(asked.prompts) == 1
    assert desk.is_installed(name)
    assert desk.kernel.execute(cell).status == "ok"


def test_details_are_shown_and_the_question_stands(desk: Desk) -> None:
    result = desk.kernel.execute("import nltk", answers=["d", ""])
    assert len(result.prompts) == 2
    assert "nltk-1.0-py3-none-any.whl" in result.stdout
    assert is_python_s_own_error(result, "nltk")


def test_the_question_is_seen_where_the_output_is_captured(desk: Desk) -> None:
    result = desk.kernel.execute("%%capture\nimport nltk", answers=[""])
    assert "nltk 1.0" in result.shown


@pytest.mark.parametrize(("mode", "said"), [("off", "autoinstall is off"), ("auto", None)])
def test_a_mode_that_asks_nothing(desk: Desk, mode: str, said: str | None) -> None:
    name = "nltk" if mode == "off" else "pendulum"
    desk.kernel.execute(f"%autoinstall mode {mode}")
    result = desk.kernel.execute(f"n.append(1)\nimport {name}\nn", allow_stdin=False)
    desk.kernel.execute("%autoinstall mode ask")
    if said is None:
        assert (result.status, result.text) == ("ok", "[1]")
        assert "\r" not in result.stdout
    else:
        assert is_python_s_own_error(result, name)
        assert said in result.traceback
    assert desk.is_installed(name) is (said is None)


def test_an_install_that_fails(desk: Desk) -> None:
    """The index has the page and the hash, and not the file."""
    desk.index.faults = [Status(503, on=frozenset({Kind.FILE}))]
    result = desk.kernel.execute("import arrow", answers=["y"])
    assert is_python_s_own_error(result, "arrow")
    assert not desk.is_installed("arrow")


def test_a_project_that_does_not_provide_the_name(desk: Desk) -> None:
    result = desk.kernel.execute("import humanfriendly", answers=["y"])
    assert (result.status, result.error) == ("error", "ModuleNotFoundError")
    assert result.traceback.count("autoinstall:") == 1
    assert len(result.prompts) <= 1
