"""One at a time; and who waits knows for whom."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from autoinstall.activate import admit, keep, lock, new_staging
from autoinstall.activate.places import ours
from autoinstall.past.journal import Journal
from autoinstall.plan import Refusal
from tests.activate.conftest import BOOJUM, EGG, NEST, SNARK, Ground
from tests.support.staging import environment_at, plan_of, stage
from tests.support.wheels import Wheel

if sys.platform == "win32":
    _processes = multiprocessing.get_context("spawn")
    KILL = signal.SIGTERM
else:
    _processes = multiprocessing.get_context("fork")
    KILL = signal.SIGKILL

HOLD = """
import sys
from pathlib import Path
from autoinstall.activate import lock
from autoinstall.past.journal import Journal
from tests.support.staging import environment_at

environment = environment_at(Path(sys.argv[1]))
try:
    record, say = Journal(environment.purelib), lambda line: print(line, flush=True)
    with lock(environment, working_for=sys.argv[2:], record=record, say=say):
        print("held", flush=True)
        sys.stdin.read()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


class Holder:
    """Another process that takes the lock of an environment and keeps it until it is told to let go."""

    def __init__(self, ground: Ground, *names: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, ground.environment.prefix, *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            cwd=Path(__file__).parents[2],
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait()
        self.process.stdout.close()
        return code


def test_who_waits_is_told_for_whom_once(ground: Ground) -> None:
    first, second = Holder(ground, "cv2", "yaml"), None
    assert first.line() == "held"
    second = Holder(ground, "six")
    assert second.line() == f"waiting for process {first.process.pid}, which installs cv2, yaml here"
    time.sleep(0.6)  # it looks again twice meanwhile
    assert first.end() == 0
    assert second.line() == "held"
    assert second.end() == 0


def test_the_lock_of_a_killed_process_is_free(ground: Ground) -> None:
    first = Holder(ground, "cv2")
    assert first.line() == "held"
    second = Holder(ground, "six")
    assert second.line().startswith("waiting for process")
    os.kill(first.process.pid, KILL)
    assert second.line() == "held"
    assert second.end() == 0
    assert first.end() != 0


def test_what_a_killed_holder_had_begun_is_said_to_the_next(ground: Ground) -> None:
    first = Holder(ground, "cv2")
    assert first.line() == "held"
    (ours(ground.environment) / "work" / "ab12" / "t").mkdir(parents=True)
    os.kill(first.process.pid, KILL)
    first.end()
    with ground.lock("six"):
        pass
    assert ground.said == ["cleared away an install that ended before anything of it was in place"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_ends_the_waiting(ground: Ground) -> None:
    first, second = Holder(ground, "cv2"), None
    assert first.line() == "held"
    second = Holder(ground, "six")
    assert second.line().startswith("waiting for process")
    second.process.send_signal(signal.SIGINT)
    assert second.line() == "interrupted"
    assert second.end() == 0
    assert first.end() == 0


def test_two_threads_of_one_process_take_turns(ground: Ground) -> None:
    order: list[str] = []

    def work(name: str) -> None:
        with ground.lock(name):
            order.append(name)
            time.sleep(0.05)
            order.append(name)

    threads = [Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order in (["a", "a", "b", "b"], ["b", "b", "a", "a"])


def test_hostile_names_of_a_holder_are_escaped(ground: Ground) -> None:
    first = Holder(ground, "cv2\x1b[2J")
    assert first.line() == "held"
    second = Holder(ground, "six")
    assert second.line() == rf"waiting for process {first.process.pid}, which installs cv2\x1b[2J here"
    assert first.end() == second.end() == 0


GIMBLES = tuple(Wheel(f"gimble-{letter}", "1.0", {f"gimble/{letter}.py": f"NAME = '{letter}'\n"}) for letter in "abc")
WORK = ((SNARK, BOOJUM), (SNARK, BOOJUM), (SNARK, BOOJUM), (NEST,), (EGG,), GIMBLES[:1], GIMBLES[1:2], GIMBLES[2:])
"""What eight kernels want at once: three the same, five that share namespaces."""


def kernel(prefix: Path, folder: Path, wheels: tuple[Wheel, ...]) -> None:
    os._exit(work_as_kernel(prefix, folder, wheels))


def work_as_kernel(prefix: Path, folder: Path, wheels: tuple[Wheel, ...]) -> int:
    environment = environment_at(prefix)
    journal = Journal(environment.purelib)
    with lock(environment, working_for=[wheels[-1].project], record=journal, say=lambda _line: None):
        if any(environment.purelib.glob(f"{wheels[0].project}-*.dist-info")):
            return 2  # there meanwhile: the story looks again before it installs
        staging = new_staging(environment)
        if stage(staging, environment, wheels, folder, "uv").returncode:
            return 3
        admitted = admit(staging, plan_of(wheels), environment, session=str(os.getpid()))
        if isinstance(admitted, Refusal):
            return 4
        keep(admitted, journal)
    return 0


@pytest.mark.parametrize("round_", range(20))
def test_eight_kernels_install_at_once(ground: Ground, round_: int) -> None:
    rotated = WORK[round_ % 8 :] + WORK[: round_ % 8]
    processes = [
        _processes.Process(target=kernel, args=(ground.environment.prefix, ground.folder / f"wheels{at}", wheels))
        for at, wheels in enumerate(rotated)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    codes = sorted(process.exitcode or 0 for process in processes)
    assert codes == [0] * 6 + [2] * 2, "one of the three that want the same installs it, the others find it"
    site = ground.environment.purelib
    assert {path.name for path in site.glob("*.dist-info")} == {
        "snark-2.0.dist-info",
        "boojum_tools-1.5.dist-info",
        "jub_jub_nest-1.0.dist-info",
        "jub_jub_egg-1.0.dist-info",
        "gimble_a-1.0.dist-info",
        "gimble_b-1.0.dist-info",
        "gimble_c-1.0.dist-info",
    }
    for record in site.glob("*.dist-info/RECORD"):
        assert all((site / line.split(",")[0]).is_file() for line in record.read_text().splitlines())
    kept = ground.journal.transactions()
    assert len(kept) == 6
    assert sum(len(each.distributions) for each in kept) == 7
    assert {path.name for path in ours(ground.environment).iterdir()} == {"lock", "history.jsonl"}
