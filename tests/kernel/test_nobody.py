"""Where nobody can be asked the answer is no, at once."""

import pytest

from tests.kernel.conftest import Desk

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(
    "cell", ["import nltk", "needy.need('nltk')", "import asyncio\nawait asyncio.sleep(0)\nimport nltk"]
)
def test_a_request_that_does_not_allow_questions(desk: Desk, cell: str) -> None:
    """As `nbconvert --execute`, papermill and nbclient send them."""
    result = desk.kernel.execute(cell, allow_stdin=False)
    assert result.message == "No module named 'nltk'"
    assert result.traceback.count("autoinstall:") == 1
    assert "%pip install nltk" in result.traceback
    assert result.prompts == ()
    assert desk.index.requests == {}


def test_a_second_frontend_that_allows_questions_is_asked(desk: Desk) -> None:
    """One kernel, first executed unattended, then attended, then unattended again."""
    first = desk.kernel.execute("import tomlkit", allow_stdin=False)
    second = desk.kernel.execute("import tomlkit\ntomlkit.STAND_IN", answers=["y"])
    third = desk.kernel.execute("import nltk", allow_stdin=False)
    assert (first.error, first.prompts) == ("ModuleNotFoundError", ())
    assert (second.text, len(second.prompts)) == ("True", 1)
    assert (third.error, third.prompts) == ("ModuleNotFoundError", ())


WIDGET = """
def opened(comm, message):
    def clicked(message):
        n.append(1)
        try:
            {statement}
        finally:
            n.append(2)
    comm.on_msg(clicked)
get_ipython().kernel.comm_manager.register_target('{target}', opened)
"""


@pytest.mark.parametrize("statement", ["import nltk", "needy.need('nltk')"])
def test_a_widget_s_callback(desk: Desk, statement: str) -> None:
    """The kernel's `_allow_stdin` still says what the last cell said: that a question is allowed."""
    target = statement.replace("'", "")
    assert desk.kernel.execute(WIDGET.format(target=target, statement=statement)).status == "ok"
    desk.kernel.comm_open(target, statement)
    assert desk.kernel.comm_message(statement).prompts == ()
    result = desk.kernel.execute("n")
    assert (result.text, result.prompts) == ("[1, 2]", ())
    assert desk.index.requests == {}


WORK = """
import asyncio, threading, time
def work():
    try:
        n.append(1)
        import nltk
    finally:
        n.append(2)
        print("the end", flush=True)
async def work_later():
    await asyncio.sleep(0.2)
    work()
def sleep_and_work():
    time.sleep(0.2)
    work()
"""


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("task = asyncio.get_running_loop().create_task(work_later())", id="task"),
        pytest.param("threading.Thread(target=sleep_and_work).start()", id="thread"),
        pytest.param("handle = asyncio.get_running_loop().call_later(0.2, work)", id="timer"),
    ],
)
def test_what_outlives_its_cell(desk: Desk, start: str) -> None:
    started = desk.kernel.execute(f"{WORK}\n{start}\nawait asyncio.sleep(0)")
    assert (started.status, started.prompts) == ("ok", ())
    desk.kernel.wait_for_output("the end")
    result = desk.kernel.execute("n")
    assert (result.text, result.prompts) == ("[1, 2]", ())
    assert desk.index.requests == {}
