"""IPython in a real terminal: the question, and everything that is no answer to it."""

import sys
from collections.abc import Callable

import pytest

from tests.conftest import FreshEnvironment
from tests.support.catalogue import Release, stand_in
from tests.support.local_index import LocalIndex

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

from tests.conftest import OpenTerminal
from tests.support.terminal import IPYTHON, Terminal

pytestmark = pytest.mark.kernel


@pytest.fixture(params=["ipython9", "ipython7"])
def terminal(
    request: pytest.FixtureRequest,
    fresh_environment: FreshEnvironment,
    make_index: Callable[..., LocalIndex],
    open_terminal: OpenTerminal,
) -> Terminal:
    index = make_index(Release(stand_in("tqdm", "1.0", "tqdm")))
    terminal = open_terminal(fresh_environment(request.param, index), *IPYTHON)
    terminal.wait_for("In [1]: ")
    terminal.type("%load_ext autoinstall")
    terminal.wait_for("In [2]: ")
    return terminal


def test_the_person_is_asked_and_the_cell_goes_on(terminal: Terminal) -> None:
    terminal.type("n = []; n.append(1); import tqdm; n.append(2); print(n, tqdm.STAND_IN)")
    shown = terminal.wait_for("etails: ")
    assert "tqdm 1.0" in shown
    terminal.type("y")
    terminal.wait_for("[1, 2] True")
    terminal.wait_for("In [3]: ")


def test_enabled_by_the_function_alone(terminal: Terminal) -> None:
    terminal.type("%unload_ext autoinstall")
    terminal.wait_for("In [3]: ")
    terminal.type("import autoinstall; handle = autoinstall.enable(); n = [1]")
    terminal.wait_for("In [4]: ")
    # No import of the user's own: only the handler of what escapes can ask here.
    terminal.type("n.append(2); __import__('pkgutil').resolve_name('tqdm'); print(n)")
    terminal.wait_for("etails: ")
    terminal.type("y")
    terminal.wait_for("[1, 2]")
    terminal.wait_for("In [5]: ")


def test_a_scan_is_a_table_of_text(terminal: Terminal) -> None:
    terminal.type("open('lesson.py', 'w').write('import os, tqdm') and None")
    terminal.wait_for("In [3]: ")
    terminal.type("%autoinstall scan lesson.py")
    shown = terminal.wait_for("etails: ")
    assert "  tqdm    tqdm     missing" in shown
    assert "<" not in shown
    terminal.type("y")
    terminal.wait_for("Installed tqdm 1.0.")


@pytest.mark.parametrize("gesture", [Terminal.press_interrupt, Terminal.press_end_of_file], ids=["Ctrl-C", "Ctrl-D"])
def test_a_gesture_is_not_now(terminal: Terminal, gesture: Callable[[Terminal], None]) -> None:
    terminal.type("import tqdm")
    terminal.wait_for("etails: ")
    gesture(terminal)
    shown = terminal.wait_for("In [3]: ")
    assert "No module named 'tqdm'" in shown
    assert shown.count("autoinstall:") == 1
    assert "%pip install tqdm" in shown


def test_what_was_typed_ahead_is_no_answer(terminal: Terminal) -> None:
    terminal.type("import time; print('now'); time.sleep(1); import tqdm")
    terminal.wait_for("now")
    terminal.type("y")
    terminal.wait_for("etails: ")
    terminal.type("n")
    shown = terminal.wait_for("In [3]: ")
    assert "you said no" in shown


def test_a_thread_that_outlives_its_cell_asks_nobody(terminal: Terminal) -> None:
    terminal.type("import threading, time; gate = threading.Event()")
    terminal.wait_for("In [3]: ")
    terminal.type("work = lambda: (gate.wait(), time.sleep(0.2), __import__('tqdm'))")
    terminal.wait_for("In [4]: ")
    terminal.type("threading.Thread(target=work).start()")
    terminal.wait_for("In [5]: ")
    terminal.type("gate.set()")
    terminal.wait_for("No module named 'tqdm'")
    shown = terminal.wait_for("%pip install tqdm")
    assert "nobody to ask" in shown
    terminal.type("print(6 * 7)")
    terminal.wait_for("42")


def test_under_prompt_toolkit(
    fresh_environment: FreshEnvironment, make_index: Callable[..., LocalIndex], open_terminal: OpenTerminal
) -> None:
    """IPython's usual prompt: cells run outside its application, where the terminal is as free as a script's."""
    index = make_index(Release(stand_in("tqdm", "1.0", "tqdm")))
    arguments = [argument for argument in IPYTHON if argument != "--simple-prompt"]
    terminal = open_terminal(fresh_environment("ipython9", index), *arguments, TERM="xterm")
    terminal.wait_for("In [1]:")
    terminal.type("%load_ext autoinstall")
    terminal.wait_for("In [2]:")
    terminal.type("n = []; n.append(1); import tqdm; n.append(2); print(n, tqdm.STAND_IN)")
    terminal.wait_for("etails: ")
    terminal.type("y")
    terminal.wait_for("[1, 2] True")
    terminal.wait_for("In [3]:")
