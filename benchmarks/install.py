"""What a missing import takes beside its rivals: `python -m benchmarks.install [ROUNDS] [--online]`.

From the start of the cell that imports it to the statement after the import, in a real kernel in mode `auto`, so that
no person's time counts; against `uv pip install` alone, as a whole process, and against `%pip install` and the import
in a kernel. Each has a fresh environment each round and the same state of its cache: warm, or empty. The import
itself is part of ours and of `%pip`'s, not of uv's; what it takes in a process of its own is printed beside them.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.support.catalogue import Release
from tests.support.environments import Environment, Environments, build_project
from tests.support.kernel import Kernel
from tests.support.local_index import LocalIndex
from tests.support.processes import clean_environ, online_environ
from tests.support.wheels import Wheel

BASE = "ipython9-pip"
OURS, UV, PIP = "autoinstall", "uv pip install", "%pip install"
TO_REACH = {("small", "warm"): 2.0, ("over 10 MB", "empty"): 1.15}
"""Times `uv pip install`; and always at most `AGAINST_PIP` times `%pip install`."""

AGAINST_PIP = 0.4

_SET_UP = """
import time
def begin(*_):
    global began
    began = time.perf_counter()
get_ipython().events.register("pre_run_cell", begin)
"""
_TOLD = "print('took', time.perf_counter() - began)"


@dataclass(frozen=True, slots=True)
class Case:
    """One project, where from, and whether the installers have had it before."""

    size: str
    project: str
    where: str
    cache: str

    def __str__(self) -> str:
        """Tell it in one line."""
        return f"{self.project} ({self.size}), {self.where} index, {self.cache} cache"


def main(rounds: int = 7, *, online: bool = False) -> None:
    """Print medians and ratios for each case; with `online`, for real projects from the real index too."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with Environments(build_project(home)) as environments:
            with LocalIndex(catalogue()) as index:
                report_all("local", Bench(environments, clean_environ(home / "local", index.url), home), rounds)
            if online:
                report_all("real", Bench(environments, online_environ(home / "online"), home), rounds)


def catalogue() -> tuple[Release, ...]:
    """Return a small project, and one with a thousand modules and 12 MB that do not compress."""
    modules = {f"numpy/part{number}.py": f"VALUE = {number}\n" * 40 for number in range(1000)}
    return (
        Release(Wheel("six", "1.17.0", {"six.py": "VALUE = 1\n" * 3000})),
        Release(Wheel("numpy", "2.4.1", {"numpy/__init__.py": "", **modules}, padding=12_000_000)),
    )


class Bench:
    """Where the contestants meet: `variables` say which index they ask, `home` has room for what they leave."""

    def __init__(self, environments: Environments, variables: Mapping[str, str], home: Path) -> None:
        self._environments = environments
        self._variables = variables
        self._home = home

    def seconds(self, contestant: str, case: Case) -> tuple[float, float]:
        """Return what one install takes in a fresh environment, and the import in a process of its own after it."""
        with tempfile.TemporaryDirectory(dir=self._home) as folder:
            caches = self._home / case.where if case.cache == "warm" else Path(folder)
            variables = {
                **self._variables,
                "AUTOINSTALL_MODE": "auto",
                "PIP_CACHE_DIR": str(caches / "pip"),
                "UV_CACHE_DIR": str(caches / "uv"),
            }
            environment = self._environments.fresh(BASE, variables, Path(folder))
            try:
                took = {OURS: of_import, UV: of_uv, PIP: of_pip}[contestant](environment, case.project)
                return took, of_import_alone(environment, case.project)
            finally:
                shutil.rmtree(environment.prefix)  # or they would fill the disk


def report_all(where: str, bench: Bench, rounds: int) -> None:
    """Print what both projects take, with a cache that has them and with an empty one."""
    for size, project in (("small", "six"), ("over 10 MB", "numpy")):
        for cache in ("warm", "empty"):
            report(Case(size, project, where, cache), bench, rounds)


def report(case: Case, bench: Bench, rounds: int) -> None:
    """Print the medians of alternating rounds; the first fills the caches, and does not count."""
    seconds: dict[str, list[float]] = {OURS: [], UV: [], PIP: []}
    alone = []
    for number in range(rounds + 1):
        order = list(seconds)
        for contestant in order[number % 3 :] + order[: number % 3]:
            took, imported = bench.seconds(contestant, case)
            if number:
                seconds[contestant].append(took)
                alone.append(imported)
    ours, uv, pip = (median(seconds[contestant]) for contestant in (OURS, UV, PIP))
    reach = TO_REACH.get((case.size, case.cache))
    print(
        f"{case}, {rounds} rounds: {OURS} {ours:.3f} s, {UV} {uv:.3f} s, {PIP} {pip:.3f} s; "
        f"the import alone {median(alone):.3f} s"
    )
    print(f"  {ours / uv:.2f} x {UV}" + (f" (to reach: {reach} x)" if reach else ""))
    print(f"  {ours / pip:.2f} x {PIP} (to reach: {AGAINST_PIP} x)", flush=True)


def of_import(environment: Environment, project: str) -> float:
    """Import what is missing, with the extension loaded."""
    return _of_cell(environment, f"import {project}", "%load_ext autoinstall")


def of_pip(environment: Environment, project: str) -> float:
    """Install and import in a kernel as people do it by hand."""
    return _of_cell(environment, f"%pip install {project}\nimport {project}")


def of_uv(environment: Environment, project: str) -> float:
    """Install from outside."""
    binary = environment.scripts / ("uv.exe" if sys.platform == "win32" else "uv")
    command = [str(binary), "pip", "install", "--python", str(environment.python), project]
    began = time.perf_counter()
    subprocess.run(command, env=environment.environ, cwd=environment.work, capture_output=True, check=True)
    return time.perf_counter() - began


def of_import_alone(environment: Environment, project: str) -> float:
    """Import what is installed, for the first time but in a new process."""
    code = f"import time; began = time.perf_counter(); import {project}; print(time.perf_counter() - began)"
    return float(environment.run("-B", "-c", code, check=True).stdout)


def _of_cell(environment: Environment, code: str, first: str = "") -> float:
    with Kernel(environment) as kernel:
        ready = kernel.execute(_SET_UP + first)
        done = kernel.execute(f"{code}\n{_TOLD}")
    if (ready.status, done.status) != ("ok", "ok"):
        raise RuntimeError(ready.traceback + done.traceback)
    return float(done.stdout.rpartition("took ")[2])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", type=int, nargs="?", default=7)
    parser.add_argument("--online", action="store_true")
    said = parser.parse_args()
    main(said.rounds, online=said.online)
