"""What was installed is seen at once by all that a kernel has loaded already, and progress leaves nothing behind."""

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import FreshEnvironment
from tests.kernel.conftest import Desk
from tests.support.catalogue import Release
from tests.support.environments import KERNEL_BASES
from tests.support.faults import Slow
from tests.support.kernel import Kernel
from tests.support.local_index import LocalIndex
from tests.support.wheels import Wheel

pytestmark = pytest.mark.kernel

# Real names, since only these are in the table; what is in the wheels is made up.
LOGURU = Wheel(
    "loguru",
    "1.0",
    {"loguru.py": "", "loguru.pth": "loguru_folder\n", "loguru_folder/by_pth.py": "THERE = 1\n"},
    entry_points={"a.group": {"one": "loguru"}},
    padding=2_000_000,
)
STORAGE = Wheel("google-cloud-storage", "3.0", {"google/cloud/storage/__init__.py": "HERE = 1\n"})


@pytest.fixture(params=KERNEL_BASES)
def fresh_desk(
    request: pytest.FixtureRequest, fresh_environment: FreshEnvironment, make_index: Callable[..., LocalIndex]
) -> Iterator[Desk]:
    index = make_index(Release(LOGURU), Release(STORAGE))
    environment = fresh_environment(request.param, index)
    environment.install(Wheel("googleapis-common-protos", "1.0", {"google/rpc/__init__.py": ""}))
    with Kernel(environment) as kernel:
        assert kernel.execute("%load_ext autoinstall").status == "ok"
        yield Desk(kernel, environment, index)


def test_everything_that_has_looked_before_looks_again(fresh_desk: Desk) -> None:
    kernel = fresh_desk.kernel
    looked = kernel.execute(
        "import importlib.metadata as ours, importlib_metadata as theirs, google.rpc\n"
        "from IPython.core.completerlib import get_root_modules\n"
        "n = [len(tuple(m.entry_points(group='a.group'))) for m in (ours, theirs)]\n"
        "n, 'loguru' in get_root_modules()"
    )
    assert looked.text == "([0, 0], False)", looked.traceback
    assert kernel.execute("import loguru", answers=["y"]).status == "ok"
    seen = kernel.execute(
        "import by_pth\n"
        "n = [len(tuple(m.entry_points(group='a.group'))) for m in (ours, theirs)]\n"
        "n, [m.version('loguru') for m in (ours, theirs)], 'loguru' in get_root_modules(), by_pth.THERE"
    )
    assert seen.text == "([1, 1], ['1.0', '1.0'], True, 1)", seen.traceback
    # A namespace that is imported, and had no such part.
    cell = "from google.cloud import storage\nimport google.rpc\nstorage.HERE"
    result = kernel.execute(cell, answers=["y"])
    assert result.text == "1", result.traceback
    assert "google-cloud-storage" in result.prompts[0]


def test_progress_goes_by_bytes_and_leaves_one_line(fresh_desk: Desk) -> None:
    fresh_desk.index.faults = [Slow()]
    cell = fresh_desk.kernel.submit("import loguru", answers=["y"])
    heard = fresh_desk.kernel.wait_for_output(" of ")
    result = fresh_desk.kernel.finish(cell)
    assert result.status == "ok", result.traceback
    assert "MB" in heard
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "Installed loguru 1.0.",
        "By hand, where there is a pip: %pip install loguru",
    ]
    assert [each["text/plain"].partition(":")[0] for each in result.displays if each["text/plain"]] == [
        "This cell needs 1 package that is not installed here"
    ]
    assert not any("<progress" in each.get("text/html", "") for each in result.displays)


def test_an_interrupt_leaves_nothing_that_moves(fresh_desk: Desk) -> None:
    fresh_desk.index.faults = [Slow()]
    cell = fresh_desk.kernel.submit("import loguru", answers=["y"])
    fresh_desk.kernel.wait_for_output("installing")
    fresh_desk.kernel.interrupt()
    result = fresh_desk.kernel.finish(cell)
    assert (result.error, result.traceback.count("autoinstall:")) == ("ModuleNotFoundError", 1)
    assert not any("installing" in each["text/plain"] for each in result.displays)
    assert "Installed" not in result.stdout
    assert not fresh_desk.is_installed("loguru")
    fresh_desk.index.faults = []
    assert fresh_desk.kernel.execute("import loguru", answers=["y"]).status == "ok"
