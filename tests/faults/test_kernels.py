"""A kernel that is interrupted or killed while it installs: all or nothing is there, and the next import is whole."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import FreshEnvironment, StartKernel
from tests.faults.conftest import Place, check_nothing_left
from tests.faults.test_endings import CLEARED, STEPS, wait_for
from tests.support.catalogue import Release, stand_in
from tests.support.faults import Kind, Silent
from tests.support.kernel import Kernel
from tests.support.local_index import LocalIndex

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(sys.platform == "win32", reason="a signal there is no Ctrl-C, and no kill either"),
]

# Sends the kernel a signal from within, right before a step that no onlooker could hit.
SIGNAL = """\
import os
from autoinstall.activate import {module} as module
plain, calls = module.{name}, []
def signalled(*arguments, **others):
    calls.append(1)
    if len(calls) == {call}:
        os.kill(os.getpid(), {signal})
    return plain(*arguments, **others)
module.{name} = signalled
"""

# Two projects that no kernel needs itself, and of which neither may be there alone.
VERSIONS = {"tabulate": "0.9.0", "pyyaml": "6.0.3"}
FINISHED = "autoinstall: finished the install of pyyaml 6.0.3, tabulate 0.9.0, which had been interrupted"
PLAIN = "import yaml, tabulate"
CELLS = {"plain": PLAIN, "awaits": f"import asyncio\nawait asyncio.sleep(0)\n{PLAIN}\nawait asyncio.sleep(0)"}


@pytest.fixture
def place(fresh_environment: FreshEnvironment) -> Iterator[Place]:
    with LocalIndex(
        [Release(stand_in("PyYAML", "6.0.3", "yaml")), Release(stand_in("tabulate", "0.9.0", "tabulate"))]
    ) as index:
        environment = fresh_environment("ipython9", index, AUTOINSTALL_MODE="auto")
        yield Place(environment, index, environment.marks(), VERSIONS)


def loaded(kernel: Kernel) -> Kernel:
    """Return the kernel with the extension loaded."""
    assert kernel.execute("%load_ext autoinstall").status == "ok"
    return kernel


def check_goes_on(kernel: Kernel, place: Place) -> None:
    """Require that the same kernel provides the same import when it is asked again."""
    after = kernel.execute(f"{PLAIN}\nyaml.__name__, tabulate.__name__")
    assert after.text == "('yaml', 'tabulate')", f"{after.stdout}\n{after.stderr}\n{after.traceback}"
    place.check_whole()


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("kind", [Kind.METADATA, Kind.FILE], ids=["planning", "downloading"])
def test_interrupted_while_a_tool_is_at_work(place: Place, start_kernel: StartKernel, kind: Kind, cell: str) -> None:
    kernel = loaded(start_kernel(place.environment))
    place.index.faults = [Silent(frozenset({kind}))]
    submitted = kernel.submit(cell)
    wait_for(place.index, kind)
    kernel.interrupt()
    result = kernel.finish(submitted)
    assert (result.status, result.error) == ("error", "ModuleNotFoundError")
    assert "autoinstall: Interrupted: nothing was installed." in result.traceback
    place.check_untouched()
    place.index.faults = []
    check_goes_on(kernel, place)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("step", [step for step, _ in STEPS.values()], ids=STEPS)
def test_interrupted_at_a_step_of_our_own(
    place: Place, start_kernel: StartKernel, step: tuple[str, str, int], cell: str
) -> None:
    kernel = loaded(start_kernel(place.environment))
    module, name, call = step
    kernel.execute(SIGNAL.format(module=module, name=name, call=call, signal=int(signal.SIGINT)))
    result = kernel.execute(cell)
    assert result.error == "ModuleNotFoundError"
    if place.environment.marks() == place.before:
        place.check_untouched()
    else:
        place.check_whole()
    check_goes_on(kernel, place)


@pytest.mark.parametrize("step", [step for step, _ in STEPS.values()], ids=STEPS)
def test_killed_at_a_step_of_our_own(
    place: Place, start_kernel: StartKernel, step: tuple[str, str, int], tmp_path: Path
) -> None:
    mark = f"{tmp_path}"
    kernel = loaded(start_kernel(place.environment, AUTOINSTALL_TEST_RUN=mark))
    module, name, call = step
    kernel.submit(SIGNAL.format(module=module, name=name, call=call, signal=int(signal.SIGKILL)) + PLAIN)
    check_nothing_left(mark, kernel.pid)
    has_begun_to_move = module == "pending"
    after = start_kernel(place.environment)
    loading = after.execute("import autoinstall; handle = autoinstall.enable()")
    assert (loading.stdout + loading.stderr).splitlines() == [FINISHED if has_begun_to_move else CLEARED]
    if has_begun_to_move:
        place.check_whole()
    else:
        place.check_untouched()
    check_goes_on(after, place)
