"""In a kernel: what is loaded is replaced only where asked for outright, and the restart that it needs is said."""

from collections.abc import Callable

import pytest

from tests.conftest import FreshEnvironment, StartKernel
from tests.support.catalogue import Release
from tests.support.kernel import Kernel
from tests.support.local_index import LocalIndex
from tests.support.wheels import Wheel

pytestmark = pytest.mark.kernel

NUMPYS = [
    # IPython asks a numpy that is loaded for its floats.
    Wheel(
        "numpy",
        version,
        {"numpy/__init__.py": f"__version__ = {version!r}\nfloat64 = float\n", f"numpy/core{version[0]}.py": ""},
    )
    for version in ("1.26.4", "2.4.1")
]
RELEASES = [
    *(Release(each) for each in NUMPYS),
    Release(Wheel("PyYAML", "6.0.3", {"yaml/__init__.py": "import numpy.core2\n"}, ("numpy>=2",))),
]
RESTART = "Restart the kernel: what is loaded here of numpy is still the old version."


@pytest.fixture
def kernel(
    fresh_environment: FreshEnvironment, start_kernel: StartKernel, make_index: Callable[..., LocalIndex]
) -> Kernel:
    """Return a kernel that has loaded the extension and an old numpy."""
    environment = fresh_environment("ipython9", make_index(*RELEASES))
    environment.install(NUMPYS[0])
    kernel = start_kernel(environment)
    assert kernel.execute("%load_ext autoinstall\nimport numpy").status == "ok"
    return kernel


def test_an_import_alone_changes_nothing_and_says_what_to_type(kernel: Kernel) -> None:
    result = kernel.execute("import yaml", answers=[])
    assert "ModuleNotFoundError: No module named 'yaml'" in result.traceback
    assert (
        "  To have that changed: %autoinstall install --allow-changes yaml\n"
        "  What changes then: numpy 1.26.4 -> 2.4.1"
    ) in result.traceback
    # Not even in mode auto.
    assert kernel.execute("%autoinstall mode auto").status == "ok"
    assert "numpy 1.26.4 installed here" in kernel.execute("import yaml").traceback


def test_what_is_loaded_is_said_before_and_after_and_an_undo_puts_it_back(kernel: Kernel) -> None:
    declined = kernel.execute("%autoinstall install --allow-changes yaml", answers=["n"])
    assert "numpy is loaded here: restart the kernel afterwards" in " ".join(declined.shown.split())
    assert declined.prompts == ("Install pyyaml, and change numpy? [y]es / [n]o / [c]hoose another / [d]etails: ",)

    result = kernel.execute("%autoinstall install --allow-changes yaml", answers=["y"])
    assert "Installed pyyaml 6.0.3.\nChanged numpy 1.26.4 -> 2.4.1.\n" in result.stdout
    assert RESTART in result.stdout
    assert kernel.execute("numpy.__version__").text == "'1.26.4'", "what is loaded stays as it is"
    assert kernel.execute("import importlib.metadata as m; m.version('numpy')").text == "'2.4.1'"

    undone = kernel.execute("%autoinstall undo").stdout
    assert undone.startswith("Removed ")
    assert undone.endswith("Put back numpy 1.26.4.\n  Imported already: numpy. Restart the kernel.\n")
    assert kernel.execute("m.version('numpy')").text == "'1.26.4'"


def test_what_is_not_loaded_needs_no_restart(kernel: Kernel) -> None:
    assert kernel.execute("import sys; del sys.modules['numpy'], numpy").status == "ok"
    result = kernel.execute("%autoinstall install --allow-changes yaml\nimport yaml, numpy", answers=["y"])
    assert (result.status, "estart" in result.stdout) == ("ok", False), result
    assert kernel.execute("numpy.__version__").text == "'2.4.1'"
