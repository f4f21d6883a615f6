"""JupyterLab in a browser: asked once below the cell, answered in its field, and the queue goes on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.browser import lab
from tests.browser.lab import Notebook
from tests.conftest import FreshEnvironment
from tests.support.environments import Environment
from tests.support.faults import Slow
from tests.support.local_index import LocalIndex

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(lab.what_is_missing() is not None, reason=lab.what_is_missing() or ""),
]

TWO = "import cv2\nimport yaml\nprint('with', cv2.__version__, yaml.__version__)"


Open = Callable[..., Notebook]


@pytest.fixture
def environment(fresh_environment: FreshEnvironment, local_index: LocalIndex) -> Environment:
    local_index.faults = [Slow()]
    return fresh_environment("ipython9", local_index)


@pytest.fixture
def opened(environment: Environment) -> Iterator[Open]:
    with ExitStack() as stack:
        address = stack.enter_context(lab.running_lab(environment))
        page = stack.enter_context(lab.browser_page())
        yield lambda *cells: Notebook(page, address, environment, cells)


def test_two_missing_imports_are_asked_about_once_and_the_queue_goes_on(
    opened: Open, environment: Environment
) -> None:
    notebook = opened("%load_ext autoinstall", TWO, "'the next cell'")
    notebook.run_all()
    prompt = notebook.answer("y")
    assert prompt.startswith("Install opencv-python, pyyaml and numpy?")
    notebook.output(2).get_by_text("'the next cell'").wait_for()
    notebook.wait_for_the_end()
    shown = notebook.output(1)
    assert shown.locator("table tr").count() == 3
    assert "opencv-python 4.14.0.94" in shown.locator("table").inner_text()
    assert "Installed " in shown.inner_text()
    assert "%pip install opencv-python pyyaml" in shown.inner_text()
    assert "with 4.14.0.94 6.0.3" in shown.inner_text()
    assert shown.locator("progress").count() == 0
    assert [notebook.number(cell) for cell in range(3)] == ["[1]:", "[2]:", "[3]:"]
    assert {"opencv-python", "numpy", "pyyaml"} <= environment.installed().keys()


def test_a_decline_leaves_python_s_own_error_and_one_note(opened: Open, environment: Environment) -> None:
    notebook = opened("%load_ext autoinstall", "import yaml", "'the next cell'")
    notebook.run_all()
    notebook.answer("n")
    notebook.output(1).get_by_text("ModuleNotFoundError: No module named 'yaml'").wait_for()
    notebook.wait_for_the_end()
    assert notebook.output(1).inner_text().count("autoinstall:") == 1
    assert notebook.number(2) == "[ ]:"
    assert "pyyaml" not in environment.installed()


def test_progress_moves_while_it_downloads_and_nothing_is_left_of_it(opened: Open, environment: Environment) -> None:
    notebook = opened("%load_ext autoinstall", "import yaml")
    notebook.run_all()
    notebook.answer("y")
    notebook.output(1).get_by_text("installing").first.wait_for()
    notebook.output(1).get_by_text("Installed pyyaml 6.0.3.").wait_for()
    notebook.wait_for_the_end()
    assert "installing" not in notebook.output(1).inner_text()
    kept = str(notebook.saved(environment))
    assert "Installed pyyaml 6.0.3." in kept
    assert "installing" not in kept
    assert "finding" not in kept


def test_an_interrupt_while_it_installs_leaves_nothing_that_moves(opened: Open, environment: Environment) -> None:
    notebook = opened("%load_ext autoinstall", "import yaml")
    notebook.run_all()
    notebook.answer("y")
    notebook.output(1).get_by_text("installing").first.wait_for()
    notebook.page.keyboard.press("Escape")
    notebook.page.keyboard.press("i")
    notebook.page.keyboard.press("i")
    notebook.output(1).get_by_text("ModuleNotFoundError: No module named 'yaml'").wait_for()
    notebook.wait_for_the_end()
    assert "installing" not in notebook.output(1).inner_text()
    assert "pyyaml" not in environment.installed()


def test_a_scan_of_the_notebook_that_is_open(opened: Open, environment: Environment) -> None:
    notebook = opened("%load_ext autoinstall", "%autoinstall scan", TWO)
    notebook.run_all()
    notebook.answer("y")
    notebook.output(2).get_by_text("with 4.14.0.94 6.0.3").wait_for()
    notebook.wait_for_the_end()
    listing = notebook.output(1).locator("table").first
    assert listing.locator("th").all_inner_texts() == ["import", "project", "state"]
    assert listing.get_by_role("row", name="cv2 opencv-python missing").count() == 1
    assert {"opencv-python", "numpy", "pyyaml"} <= environment.installed().keys()
