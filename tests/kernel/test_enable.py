"""`autoinstall.enable()` in a cell, and nothing else: in a running IPython it does what `%load_ext` does."""

from collections.abc import Iterator

import pytest

from tests.kernel.conftest import LOOK, Desk

pytestmark = pytest.mark.kernel


@pytest.fixture
def bare(desk: Desk) -> Iterator[Desk]:
    """Return the shared kernel without the extension, which is loaded again afterwards."""
    desk.kernel.execute("%unload_ext autoinstall\nimport autoinstall")
    yield desk
    desk.kernel.execute("autoinstall.disable()")
    assert desk.kernel.execute("%load_ext autoinstall").status == "ok"


def test_the_question_and_the_note_are_in_the_cell(bare: Desk) -> None:
    assert bare.kernel.execute("import autoinstall; autoinstall.enable(); n.append(1)").status == "ok"
    result = bare.kernel.execute("import zarr\nn.append(2)\nn", answers=["y"])
    assert (result.status, result.text, len(result.prompts)) == ("ok", "[1, 2]", 1)
    assert "zarr 1.0" in result.shown
    declined = bare.kernel.execute("import tinydb", answers=["n"])
    assert (declined.error, len(declined.prompts)) == ("ModuleNotFoundError", 1)
    assert "%pip install tinydb" in declined.traceback


def test_an_error_that_escapes_is_mended_in_the_very_cell(bare: Desk) -> None:
    cell = "autoinstall.enable()\nn.append(1)\nneedy.need('bokeh')\nn.append(2)\nn"
    result = bare.kernel.execute(cell, answers=["y"])
    assert (result.status, result.text, len(result.prompts)) == ("ok", "[1, 2]", 1)


def test_the_magic_is_there(bare: Desk) -> None:
    assert bare.kernel.execute("autoinstall.enable('off')\n%autoinstall mode").stdout.startswith("mode off")
    assert bare.kernel.execute("autoinstall.enable().mode").text == "'off'"


DURING = "meta_path excepthooks shell slot events magics completers configurables extensions\n"


@pytest.mark.parametrize(
    ("on", "off"),
    [
        pytest.param("autoinstall.enable('off')", "autoinstall.disable()", id="enabled and disabled"),
        pytest.param("autoinstall.enable()", "%unload_ext autoinstall", id="enabled and unloaded"),
        pytest.param("%load_ext autoinstall", "autoinstall.disable()", id="loaded and disabled"),
        pytest.param("%load_ext ipython_autoinstall", "autoinstall.disable()", id="loaded by its other name"),
        pytest.param("handle = autoinstall.enable().__enter__()", "handle.__exit__(None, None, None)", id="with"),
        pytest.param(
            "autoinstall.enable(); autoinstall.enable('off')\n%reload_ext autoinstall",
            "autoinstall.disable(); autoinstall.disable()",
            id="twice",
        ),
    ],
)
def test_all_is_left_as_it_was_found(bare: Desk, on: str, off: str) -> None:
    kernel = bare.kernel
    kernel.execute("import ipython_autoinstall")
    kernel.execute(LOOK)
    kernel.execute("before = look()")
    assert kernel.execute(on).status == "ok"
    assert kernel.execute("differing(before, look())").stdout == DURING
    kernel.execute("needy.need('nltk')", allow_stdin=False)
    assert kernel.execute(off).status == "ok"
    assert kernel.execute("differing(before, look())").stdout == "\n"
    assert "autoinstall" not in kernel.execute("import nltk").traceback
    assert kernel.execute("autoinstall.enable().is_enabled").text == "True"
    assert kernel.execute("differing(before, look())").stdout == DURING


def test_a_block_in_a_shell_that_has_the_extension_leaves_it_there(desk: Desk) -> None:
    kernel = desk.kernel
    kernel.execute(LOOK)
    kernel.execute("import autoinstall\nbefore = look()")
    result = kernel.execute("with autoinstall.enable('off') as handle:\n    print(handle.mode)\nhandle.mode")
    assert (result.stdout, result.text) == ("off\n", "'ask'")
    assert kernel.execute("differing(before, look())").stdout == "\n"


def test_a_block_says_at_its_end_what_was_lacking(bare: Desk) -> None:
    """Nobody is left to show the note under the traceback, and IPython 7 does not show notes."""
    result = bare.kernel.execute("with autoinstall.enable('off'):\n    import nltk")
    assert result.error == "ModuleNotFoundError"
    assert (result.traceback + result.stderr).count("autoinstall: ") == 1
