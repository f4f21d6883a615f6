"""Loading, configuring, reloading, and leaving everything exactly as it was found."""

from collections.abc import Callable

import pytest

from tests.conftest import FreshEnvironment, StartKernel
from tests.kernel.conftest import LOOK, Desk
from tests.support.environments import KERNEL_BASES
from tests.support.local_index import LocalIndex

pytestmark = pytest.mark.kernel


def test_unloading_leaves_everything_as_it_was_found(desk: Desk) -> None:
    kernel = desk.kernel
    kernel.execute("%unload_ext autoinstall")
    kernel.execute(LOOK)
    kernel.execute("before = look()")
    kernel.execute("%load_ext autoinstall")
    during = kernel.execute("differing(before, look())").stdout
    assert during == "meta_path excepthooks shell slot events magics completers configurables extensions\n"
    kernel.execute("import nltk", allow_stdin=False)
    kernel.execute("needy.need('nltk')", allow_stdin=False)
    kernel.execute("%unload_ext autoinstall")
    assert kernel.execute("differing(before, look())").stdout == "\n"
    unhelped = kernel.execute("import nltk")
    assert "autoinstall" not in unhelped.traceback
    assert kernel.execute("%load_ext autoinstall").status == "ok"


def test_reloading_changes_nothing(desk: Desk) -> None:
    before = desk.kernel.execute("import sys\nlen(sys.meta_path), get_ipython().custom_exceptions").text
    assert desk.kernel.execute("%reload_ext autoinstall").status == "ok"
    assert desk.kernel.execute("%load_ext autoinstall").status == "ok"
    after = desk.kernel.execute("len(sys.meta_path), get_ipython().custom_exceptions").text
    assert before == after
    result = desk.kernel.execute("import pydot", answers=["y"])
    assert (result.status, len(result.prompts)) == ("ok", 1)


def test_loaded_in_the_very_cell_that_needs_it(desk: Desk) -> None:
    desk.kernel.execute("%unload_ext autoinstall")
    cell = "%load_ext autoinstall\nn.append(1)\nimport pandera\nneedy.need('pygsheets')\nn.append(2)\nn"
    assert desk.kernel.execute(cell, answers=["y", "y"]).text == "[1, 2]"


@pytest.mark.parametrize("base", KERNEL_BASES)
def test_loaded_and_set_by_the_profile(
    base: str, fresh_environment: FreshEnvironment, start_kernel: StartKernel, make_index: Callable[..., LocalIndex]
) -> None:
    environment = fresh_environment(base, make_index())
    profile = environment.home / ".ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text(
        "c.InteractiveShellApp.extensions = ['autoinstall']\nc.AutoInstall.mode = 'off'\n"
    )
    kernel = start_kernel(environment, IPYTHONDIR=str(environment.home / ".ipython"))
    result = kernel.execute("import tqdm")
    assert (result.error, result.prompts) == ("ModuleNotFoundError", ())
    assert "autoinstall is off" in result.traceback
    assert "off" in kernel.execute("%autoinstall").stdout
    assert "c.AutoInstall" in kernel.execute("%autoinstall").stdout
    assert kernel.execute("%config AutoInstall.mode = 'ask'\n%autoinstall mode").stdout.startswith("mode ask")
    kernel.execute("%autoinstall mode off")
    overruled = kernel.execute("%config AutoInstall.mode = 'auto'")
    assert overruled.stdout == "autoinstall: the mode stays off, as %autoinstall mode (or enable()) said.\n"
