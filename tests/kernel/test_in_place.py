"""A missing import of the user's own code is completed where it stands: nothing runs twice, the cell goes on."""

import pytest

from tests.kernel.conftest import Desk

pytestmark = pytest.mark.kernel

IN_A_FUNCTION = """
def f():
    n.append(1)
    import tabulate as t
    n.append(2)
    return t.STAND_IN
f(), n
"""

IN_A_CELL_THAT_AWAITS = """
import asyncio
n.append(1)
await asyncio.sleep(0); import toml; await asyncio.sleep(0)
n.append(2)
toml.STAND_IN, n
"""

IN_A_COROUTINE = """
async def g():
    n.append(1)
    import xmltodict
    n.append(2)
    return xmltodict.STAND_IN
await g(), n
"""

IN_A_THREAD = """
import threading
def work():
    n.append(1)
    import termcolor
    n.append(2)
thread = threading.Thread(target=work)
thread.start()
thread.join()
termcolor = sys.modules["termcolor"]
termcolor.STAND_IN, n
"""

BY_IMPORT_MODULE = """
import importlib
n.append(1)
module = importlib.import_module("humanize")
n.append(2)
module.STAND_IN, n
"""

IN_A_LOOP = """
for number in 1, 2:
    n.append(number)
    import cachetools
cachetools.STAND_IN, n
"""

IN_A_TRY = """
try:
    n.append(1)
    import mpmath
finally:
    n.append(2)
mpmath.STAND_IN, n
"""


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("n.append(1)\nimport tqdm\nn.append(2)\ntqdm.STAND_IN, n", id="at the top"),
        pytest.param(IN_A_FUNCTION, id="in a function"),
        pytest.param(IN_A_CELL_THAT_AWAITS, id="in a cell that awaits"),
        pytest.param(IN_A_COROUTINE, id="in a coroutine"),
        pytest.param("import sys" + IN_A_THREAD, id="in a thread"),
        pytest.param(BY_IMPORT_MODULE, id="import_module"),
        pytest.param("n.append(1)\nfrom schedule import STAND_IN as x\nn.append(2)\nx, n", id="from a import b"),
        pytest.param("n.append(1)\nimport google.cloud.storage as s\nn.append(2)\ns.STAND_IN, n", id="import a.b.c"),
        pytest.param("n.append(1)\nfrom six.moves import STAND_IN as y\nn.append(2)\ny, n", id="six.moves"),
        pytest.param(IN_A_LOOP, id="in a loop"),
        pytest.param(IN_A_TRY, id="in a try without except"),
        pytest.param("exec('n.append(1); import toolz; n.append(2)')\ntoolz.STAND_IN, n", id="exec"),
        pytest.param("n.append(1); import cv2; n.append(2)\ncv2.STAND_IN, n", id="a choice"),
    ],
)
def test_the_import_is_completed(desk: Desk, cell: str) -> None:
    result = desk.kernel.execute(cell, answers=["y"])
    assert result.status == "ok", f"{result.stdout}\n{result.traceback}"
    assert result.text == "(True, [1, 2])"
    assert len(result.prompts) == 1


def test_two_in_one_cell(desk: Desk) -> None:
    result = desk.kernel.execute(
        "import emoji, unidecode\nn.append(emoji.STAND_IN and unidecode.STAND_IN)\nn", answers=["y", "y"]
    )
    assert result.text == "[True]"


def test_in_a_script_that_is_run(desk: Desk) -> None:
    desk.environment.script("n = [1]\nimport sortedcontainers\nn.append(2)\n", "counting.py")
    result = desk.kernel.execute("%run counting.py\nn", answers=["y"])
    assert (result.text, result.traceback) == ("[1, 2]", "")


@pytest.mark.parametrize(
    ("magic", "name"), [("%%time", "pyfiglet"), ("%%capture", "pyparsing"), ("%%prun -q", "pytz")]
)
def test_in_the_body_of_a_cell_magic(desk: Desk, magic: str, name: str) -> None:
    result = desk.kernel.execute(f"{magic}\nn.append(1)\nimport {name}\nn.append({name}.STAND_IN)", answers=["y"])
    assert (result.status, result.traceback) == ("ok", "")
    assert len(result.prompts) == 1
    assert desk.kernel.execute("n").text == "[1, True]"


def test_in_a_module_beside_the_notebook(desk: Desk) -> None:
    desk.environment.script("import regex\nVALUE = regex.STAND_IN\n", "beside.py")
    assert desk.kernel.execute("import beside\nbeside.VALUE", answers=["y"]).text == "True"


def test_the_queue_goes_on(desk: Desk) -> None:
    results = desk.kernel.execute_all(["n.append(1)", "import simplejson", "n.append(2)\nn"], answers=["y"])
    assert [result.status for result in results] == ["ok", "ok", "ok"]
    assert results[-1].text == "[1, 2]"


def test_the_question_names_what_it_is_about_and_the_cell_says_how_to_do_it_by_hand(desk: Desk) -> None:
    result = desk.kernel.execute("import deepdiff", answers=["y"])
    assert "deepdiff 1.0" in result.shown
    assert str(desk.environment.prefix) in result.shown
    [prompt] = result.prompts
    assert "deepdiff" in prompt
    assert "%pip install deepdiff" in result.shown


def test_completion_knows_the_new_module_at_once(desk: Desk) -> None:
    """IPython keeps its list of module names for good."""
    before = desk.kernel.execute(
        "from IPython.core.completerlib import get_root_modules as roots\n'structlog' in roots()"
    )
    assert before.text == "False"
    desk.kernel.execute("import structlog", answers=["y"])
    assert desk.kernel.execute("'structlog' in roots()").text == "True"


def test_in_a_with_block_of_our_own(desk: Desk) -> None:
    result = desk.kernel.execute(
        "import autoinstall\nwith autoinstall.enable('auto'):\n    import yarl\nyarl.__name__"
    )
    assert (result.text, result.prompts) == ("'yarl'", ())


def test_off_in_a_with_block_asks_nobody(desk: Desk) -> None:
    result = desk.kernel.execute("import autoinstall\nwith autoinstall.enable('off'):\n    import pydash")
    assert (result.error, result.prompts) == ("ModuleNotFoundError", ())
    assert result.traceback.count("autoinstall: ") + result.stderr.count("autoinstall: ") == 1
    assert not desk.is_installed("pydash")
