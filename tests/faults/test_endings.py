"""The process that installs dies, or is interrupted, at some moment; then the next one starts."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import FreshEnvironment, StartKernel
from tests.faults.conftest import PATIENCE, MakePlace, check_nothing_left
from tests.support.catalogue import default_catalogue
from tests.support.faults import Kind, Silent
from tests.support.local_index import LocalIndex

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a signal there is no Ctrl-C, and no kill either")

CLEARED = "autoinstall: cleared away an install that ended before anything of it was in place"
FINISHED = "autoinstall: finished the install of python-dateutil 2.9.0.post0, six 1.17.0, which had been interrupted"

# Kills the script from within, right before a step of its own that no onlooker could hit.
DIE = """\
import os
from autoinstall.activate import {module} as module
plain, calls = module.{name}, []
def dying(*arguments, **others):
    calls.append(1)
    if len(calls) == {call}:
        os.kill(os.getpid(), 9)
    return plain(*arguments, **others)
module.{name} = dying
"""

# What has died is put in order as soon as autoinstall is enabled: the script need not come to its import.
ONLY_START = "import autoinstall; autoinstall.enable(); raise SystemExit; "

STEPS = {
    "staged": (("admission", "read", 1), [CLEARED]),
    "looked inside": (("admission", "lay_out", 1), [CLEARED]),
    "about to move": (("pending", "move", 1), [FINISHED]),
    "moving": (("pending", "move", 3), [FINISHED]),
}


def wait_for(index: LocalIndex, kind: Kind) -> None:
    """Wait until something of a kind is asked for."""
    deadline = time.monotonic() + PATIENCE
    while not _asked(index, kind):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _asked(index: LocalIndex, kind: Kind) -> bool:
    paths = list(index.requests)
    files = [path for path in paths if path.startswith("/files/")]
    return any(path.endswith(".metadata") == (kind is Kind.METADATA) for path in files)


@pytest.mark.parametrize("tool", ["uv", "pip"])
@pytest.mark.parametrize("kind", [Kind.METADATA, Kind.FILE], ids=["planning", "downloading"])
def test_killed_while_a_tool_is_at_work(place: MakePlace, tool: str, kind: Kind) -> None:
    here = place(tool)
    here.index.faults = [Silent(frozenset({kind}))]
    with here.running() as process:
        wait_for(here.index, kind)
        process.kill()
    has_staged = (here.environment.site_packages / ".autoinstall" / "work").exists()
    here.index.faults = []
    ran = here.run(ONLY_START)
    assert (ran.status, ran.stdout, ran.stderr.splitlines()) == (0, "", [CLEARED] * has_staged)
    # The pip here, as all before 25.3, downloads while it plans.
    assert has_staged == (kind is Kind.FILE and tool == "uv")
    here.check_untouched()


@pytest.mark.parametrize("tool", ["uv", "pip"])
@pytest.mark.parametrize(("step", "said"), STEPS.values(), ids=STEPS)
def test_killed_at_a_step_of_our_own(
    place: MakePlace, tool: str, step: tuple[str, str, int], said: list[str]
) -> None:
    here = place(tool)
    module, name, call = step
    assert here.run(DIE.format(module=module, name=name, call=call)).status == -signal.SIGKILL
    ran = here.run(ONLY_START)
    assert (ran.status, ran.stdout, ran.stderr.splitlines()) == (0, "", said)
    if said == [FINISHED]:
        here.check_whole()
    else:
        here.check_untouched()


@pytest.mark.parametrize("tool", ["uv", "pip"])
@pytest.mark.parametrize("kind", [Kind.METADATA, Kind.FILE], ids=["planning", "downloading"])
def test_ctrl_c(place: MakePlace, tool: str, kind: Kind) -> None:
    here = place(tool)
    here.index.faults = [Silent(frozenset({kind}))]
    with here.running() as process:
        wait_for(here.index, kind)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=PATIENCE)
    # Where it comes between two steps of the story there is less to say.
    said = "interrupted; dateutil was not installed." if "interrupted;" in stderr else "Interrupted: nothing was"
    here.ran(process.returncode, stdout, stderr).check_refused(said)


def test_the_holder_of_the_lock_is_killed_while_another_waits(place: MakePlace) -> None:
    here = place("uv")
    here.index.faults = [Silent(frozenset({Kind.FILE}))]
    with here.running() as holder:
        wait_for(here.index, Kind.FILE)
        with here.running() as waiting:
            assert waiting.stderr is not None
            said = waiting.stderr.readline()
            assert said == f"waiting for process {holder.pid}, which installs dateutil, six here\n"
            here.index.faults = []
            holder.kill()
            stdout, stderr = waiting.communicate(timeout=PATIENCE)
    assert stderr.splitlines()[0] == CLEARED.removeprefix("autoinstall: ")
    here.ran(waiting.returncode, stdout, stderr).check_installed()


@pytest.mark.kernel
@pytest.mark.parametrize("kind", [Kind.METADATA, Kind.FILE], ids=["planning", "downloading"])
def test_a_kernel_that_is_killed(
    fresh_environment: FreshEnvironment, start_kernel: StartKernel, kind: Kind, tmp_path: Path
) -> None:
    mark = f"{tmp_path}"
    with LocalIndex(default_catalogue()) as index:
        environment = fresh_environment("ipython9", index, AUTOINSTALL_MODE="auto")
        before = environment.marks()
        index.faults = [Silent(frozenset({kind}))]
        kernel = start_kernel(environment, AUTOINSTALL_TEST_RUN=mark)
        assert kernel.execute("%load_ext autoinstall").status == "ok"
        kernel.submit("import yaml")
        wait_for(index, kind)
        os.kill(kernel.pid, signal.SIGKILL)
        check_nothing_left(mark, kernel.pid)
        assert environment.marks() == before
        index.faults = []
        after = start_kernel(environment)
        loaded = after.execute("%load_ext autoinstall")
        assert CLEARED in loaded.shown + loaded.stderr or kind is Kind.METADATA
        assert after.execute("import yaml; yaml.__version__").text == "'6.0.3'"
