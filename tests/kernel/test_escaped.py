"""A library's own missing import escapes: only the simple statement that raised runs again, and nothing else does."""

import pytest

from tests.kernel.conftest import Desk
from tests.support.kernel import Result

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("n.append(1)\nneedy.need('xlrd')\nn.append(2)\nn", "[1, 2]"),
        ("n.append(1); needy.optional('openpyxl'); n.append(2)\nn", "[1, 2]"),
        ("n.append(1)\nx = needy.need('yarl')\nn.append(2)\nx.__name__, n", "('yarl', [1, 2])"),
        ("n.append(1)\nneedy.need('loguru').__version__", "'1.0'"),
        ("n.append(1)\nm = await needy.soon('peewee')\nn.append(2)\nm.__name__, n", "('peewee', [1, 2])"),
        (
            "import asyncio\nawait asyncio.sleep(0)\nn.append(1); await needy.soon('msgpack'); n.append(2)\nn",
            "[1, 2]",
        ),
        ("def h():\n    return needy.optional('zarr')\nn.append(1)\nh().__name__, n", "('zarr', [1])"),
        ("needy.need('sympy') and needy.optional('seaborn').__name__", "'seaborn'"),
    ],
    ids=[
        *("a statement", "an optional dependency", "an assignment", "the last expression", "await"),
        *("await among others", "through a function of the user's", "one after the other"),
    ],
)
def test_a_simple_statement_is_completed(desk: Desk, cell: str, text: str) -> None:
    result = desk.kernel.execute(cell, answers=["y", "y"])
    assert (result.status, result.traceback) == ("ok", "")
    assert result.text == text


def test_the_queue_goes_on(desk: Desk) -> None:
    cells = ["n.append(1)\nneedy.need('jmespath')\nn.append(2)", "n.append(3)\nn"]
    results = desk.kernel.execute_all(cells, answers=["y"])
    assert [result.status for result in results] == ["ok", "ok"]
    assert results[-1].text == "[1, 2, 3]"


@pytest.mark.parametrize(
    ("cell", "name", "counted"),
    [
        ("for i in range(3):\n    n.append(i)\n    needy.need('plotly')", "plotly", "[0]"),
        (
            "n.append(1)\nwith open('f', 'w'):\n    n.append(2)\n    needy.need('networkx')\nn.append(3)",
            "networkx",
            "[1, 2]",
        ),
        ("if n.append(1) is None:\n    needy.optional('faker')", "faker", "[1]"),
        ("class C:\n    n.append(1)\n    needy.need('textdistance')", "textdistance", "[1]"),
        ("%%capture\nneedy.need('markdown' if n.append(1) is None else 0)", "markdown", "[1]"),
    ],
    ids=["for", "with", "if", "class", "%%capture"],
)
def test_a_compound_statement_is_never_repeated(desk: Desk, cell: str, name: str, counted: str) -> None:
    result = desk.kernel.execute(cell, answers=["y"])
    assert result.error == "ModuleNotFoundError" if "optional" not in cell else "ImportError"
    assert result.traceback.count("autoinstall:") == 1
    assert f"{name} is now installed; run this cell again." in result.traceback
    assert desk.is_installed(name)
    assert desk.kernel.execute("n").text == counted


@pytest.mark.parametrize("cell", ["%%time\nn.append(1)\nneedy.need('{}')", "%time n.append(1) or needy.need('{}')"])
def test_a_magic_that_carries_code_is_never_repeated(desk: Desk, cell: str) -> None:
    """IPython 7 and 8 show the error themselves, and so nothing is asked; 9 lets it escape."""
    name = "docutils" if cell.startswith("%%") else "folium"
    result = desk.kernel.execute(cell.format(name), answers=["y"])
    assert result.error == "ModuleNotFoundError"
    assert result.traceback.count("autoinstall:") == 1
    expected = "run this cell again" if result.prompts else f"%pip install {name}"
    assert expected in result.traceback
    assert desk.is_installed(name) is bool(result.prompts)
    assert desk.kernel.execute("n").text == "[1]"


def test_an_error_that_run_shows_has_the_note_and_nothing_is_repeated(desk: Desk) -> None:
    desk.environment.script("n = [1]\nimport needy\nneedy.need('geopy')\n", "lacking.py")
    result = desk.kernel.execute("%run lacking.py")
    assert result.error == "ModuleNotFoundError"
    assert result.traceback.count("autoinstall:") == 1
    assert "%pip install geopy" in result.traceback


def test_what_a_task_of_the_cell_lacks_is_asked_where_the_cell_awaits_it(desk: Desk) -> None:
    cell = "import asyncio\nn.append(1)\nawait asyncio.gather(needy.soon('gensim'))\nn.append(2)\nn"
    result = desk.kernel.execute(cell, answers=["y"])
    assert (result.status, result.text) == ("ok", "[1, 2]")


A_GROUP = """
import asyncio
async def both(*coroutines):
    async with asyncio.TaskGroup() as tasks:
        for coroutine in coroutines:
            tasks.create_task(coroutine)
async def fail():
    raise ValueError("something else")
n.append(1)
"""


def test_what_a_group_s_tasks_lack_is_one_question(desk: Desk) -> None:
    """A library's imports in tasks, which can ask nobody themselves; the simple statement runs again."""
    cell = f"{A_GROUP}await both(needy.soon('flask'), needy.soon('bokeh'))\nn.append(2)\nn"
    result = desk.kernel.execute(cell, answers=["y"])
    assert (result.status, result.text) == ("ok", "[1, 2]"), result.traceback
    assert len(result.prompts) == 1
    assert desk.is_installed("flask")
    assert desk.is_installed("bokeh")


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("await both(needy.soon('redis'), fail())", "redis"),
        ("async with asyncio.TaskGroup() as tasks:\n    tasks.create_task(needy.soon('pymongo'))", "pymongo"),
    ],
    ids=["another error in the group", "a compound statement"],
)
def test_a_group_is_not_repeated_where_that_may_not_be(desk: Desk, statement: str, name: str) -> None:
    result = desk.kernel.execute(f"{A_GROUP}{statement}\nn.append(2)", answers=["y"])
    assert result.status == "error"
    assert _shown(result).count("autoinstall:") == 1
    assert f"{name} is now installed; run this cell again." in _shown(result)
    assert desk.is_installed(name)
    assert desk.kernel.execute("n").text == "[1]"


def test_a_group_without_a_missing_import_is_shown_as_ever(desk: Desk) -> None:
    result = desk.kernel.execute(f"{A_GROUP}await both(fail(), fail())")
    assert (result.status, result.prompts) == ("error", ())
    assert "ExceptionGroup" in _shown(result)
    assert "autoinstall:" not in _shown(result)


def _shown(result: Result) -> str:
    """Return the traceback; of groups IPython 8 and 9 leave it to Python to show one, on standard error."""
    return result.stderr + result.traceback


THEIRS = """
def theirs(shell, etype, value, tb, tb_offset=None):
    n.append(etype.__name__)
    shell.showtraceback((etype, value, tb), tb_offset=tb_offset)
get_ipython().set_custom_exc((Exception,), theirs)
before = get_ipython().CustomTB
"""


def test_another_handler_keeps_working(desk: Desk) -> None:
    """It took the slot before us, as Colab's does; what we mend it does not see, what we do not it does."""
    for cell in ("%unload_ext autoinstall", THEIRS, "%load_ext autoinstall", "needy.need('prettytable')"):
        assert desk.kernel.execute(cell, answers=["y"]).status == "ok"
    assert desk.kernel.execute("1/0").error == "ZeroDivisionError"
    unknown = desk.kernel.execute("needy.need('surely_nobody_knows_this')")
    assert unknown.traceback.count("autoinstall:") == 1
    assert desk.kernel.execute("n").text == "['ZeroDivisionError', 'ModuleNotFoundError']"
    desk.kernel.execute("%unload_ext autoinstall")
    assert desk.kernel.execute("get_ipython().CustomTB is before").text == "True"
    desk.kernel.execute("get_ipython().set_custom_exc((), None)")
    assert desk.kernel.execute("%load_ext autoinstall").status == "ok"
