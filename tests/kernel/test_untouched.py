"""What is not ours behaves as if autoinstall were absent: same result, no question, no network, no child."""

import pytest

from tests.kernel.conftest import Desk

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("try:\n    import nltk\nexcept ImportError:\n    nltk = None\nnltk is None", "True"),
        ("try:\n    import nltk\nexcept ModuleNotFoundError as error:\n    name = error.name\nname", "'nltk'"),
        ("try:\n    import nltk\nexcept:\n    n.append(1)\nn", "[1]"),
        ("try:\n    import nltk\nexcept (KeyError, Exception):\n    n.append(1)\nn", "[1]"),
        ("import contextlib\nwith contextlib.suppress(ImportError):\n    import nltk\nn", "[]"),
        ("def f():\n    import nltk\ntry:\n    f()\nexcept ImportError:\n    n.append(1)\nn", "[1]"),
        ("needy.ujson is None", "True"),
        ("import importlib.util\nimportlib.util.find_spec('nltk') is None", "True"),
        ("import importlib\nimportlib.reload(needy)\nneedy.ujson is None", "True"),
    ],
    ids=[
        *("except ImportError", "except ModuleNotFoundError", "except", "except Exception in a tuple", "suppress"),
        *("a guard further out", "a library's guard", "a probe", "a library imported again"),
    ],
)
def test_guarded_imports_libraries_and_probes(desk: Desk, cell: str, text: str) -> None:
    result = desk.kernel.execute(cell)
    assert (result.text, result.prompts, result.stdout, result.stderr) == (text, (), "", "")
    assert desk.index.requests == {}


TASK = """
import asyncio
async def f():
    import nltk
task = asyncio.create_task(f())
try:
    await {awaited}
except ImportError:
    n.append(1)
n
"""


@pytest.mark.parametrize("awaited", ["task", "asyncio.gather(task, asyncio.sleep(0))", "asyncio.wait_for(task, 60)"])
def test_a_task_that_is_awaited_under_a_guard(desk: Desk, awaited: str) -> None:
    """Nobody is asked on account of a task: it is where nobody has to be asked that a guard could be passed over."""
    desk.kernel.execute("%autoinstall mode auto")
    result = desk.kernel.execute(TASK.format(awaited=awaited))
    desk.kernel.execute("%autoinstall mode ask")
    assert (result.text, result.stdout, result.stderr) == ("[1]", "", "")
    assert desk.index.requests == {}


CHILDREN = """
import sys
children = []
STARTS = "subprocess.Popen", "os.system", "os.posix_spawn", "os.fork"
sys.addaudithook(lambda event, arguments: event in STARTS and children.append(event))
"""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("--index-url=http://127.0.0.1:1/", id="option"),
        pytest.param("yaml\n--pre", id="line feed"),
        pytest.param("ya\x00ml", id="NUL"),
        pytest.param("\x1b[31mred", id="escape"),
        pytest.param("p\u0430ndas", id="Cyrillic"),
        pytest.param("a" * 10_000, id="long"),
        pytest.param("", id="empty"),
        pytest.param(5, id="no text"),
        pytest.param("a b", id="space"),
        pytest.param("yaml;evil", id="semicolon"),
        pytest.param("../yaml", id="path"),
    ],
)
@pytest.mark.parametrize("kind", ["ModuleNotFoundError", "ImportError"])
def test_an_odd_name_on_an_exception_starts_nothing(desk: Desk, name: object, kind: str) -> None:
    desk.kernel.execute(f"if 'children' not in globals():\n    exec({CHILDREN!r})")
    result = desk.kernel.execute(f"raise {kind}('as it was', name={name!r})")
    assert (result.status, result.error, result.message) == ("error", kind, "as it was")
    assert "autoinstall" not in result.traceback
    assert result.prompts == ()
    assert desk.kernel.execute("children").text == "[]"
    assert desk.index.requests == {}


def test_an_unknown_name_is_sent_nowhere(desk: Desk) -> None:
    result = desk.kernel.execute("import surely_nobody_knows_this_name")
    assert result.error == "ModuleNotFoundError"
    assert result.traceback.count("autoinstall:") == 1
    assert result.prompts == ()
    assert desk.index.requests == {}


def test_an_error_that_has_nothing_to_do_with_imports(desk: Desk) -> None:
    result = desk.kernel.execute("1/0")
    assert result.error == "ZeroDivisionError"
    assert "autoinstall" not in result.traceback
