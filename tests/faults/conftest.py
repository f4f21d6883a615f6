"""Scripts that miss an import, run where something is wrong, and what has to hold of each afterwards."""

import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil
import pytest

from tests.support.catalogue import Release, default_catalogue
from tests.support.environments import Environment, Environments
from tests.support.local_index import LocalIndex
from tests.support.processes import clean_environ

BASES = {"uv": "plain", "pip": "plain-pip"}
"""Where each tool is tried: an environment that uv made has no pip."""

PATIENCE = 60.0
"""In seconds: how long a script may take before a test gives up on it. The product's own deadlines are shorter."""

# `dateutil` comes with python-dateutil, which needs six: two wheels, of which neither may be there alone.
SCRIPT = """\
{first}print("before", flush=True)
import autoinstall; autoinstall.enable(mode="auto")
import dateutil, six
print("after")
"""

PYTHONS_OWN = """\
Traceback (most recent call last):
  File "{script}", line 3, in <module>
    import dateutil, six
ModuleNotFoundError: No module named 'dateutil'
"""

VERSIONS = {"python-dateutil": "2.9.0.post0", "six": "1.17.0"}

_MARK = "AUTOINSTALL_TEST_RUN"


@dataclass(frozen=True, slots=True)
class Ran:
    """A script that is over, and what it wrote."""

    place: "Place"
    status: int
    stdout: str
    stderr: str

    def check_refused(self, said: str) -> None:
        """Require Python's own error with one note of ours, and an environment in which nothing has changed."""
        error = PYTHONS_OWN.format(script=self.place.script)
        assert (self.status, self.stdout) == (1, "before\n"), self.stderr
        assert self.stderr.startswith(error), self.stderr
        note = self.stderr.removeprefix(error).splitlines()
        # Of a file that is not in order nobody is told to have it by hand, and an interrupt says less.
        is_short = said.startswith(("gave a", "interrupted; "))
        what_to_type = [] if is_short else ["  To try again"]
        assert [line.partition(":")[0] for line in note] == ["autoinstall", *what_to_type]
        assert said in note[0]
        assert len(note[0]) < 400
        self.place.check_untouched()

    def check_installed(self) -> None:
        """Require that the script went on, and that all of what it needs is there."""
        assert (self.status, self.stdout) == (0, "before\nafter\n"), self.stderr
        self.place.check_whole()


@dataclass
class Place:
    """An environment, the index that it sees, and how to run the script there."""

    environment: Environment
    index: LocalIndex
    before: dict[str, tuple[int, ...]]
    versions: Mapping[str, str] = field(default_factory=lambda: VERSIONS)

    @property
    def script(self) -> Path:
        """The script's path."""
        return self.environment.work / "script.py"

    def run(self, first: str = "", **environ: str) -> Ran:
        """Run the script to its end, `first` before its first statement; require that it leaves no process behind."""
        with self.running(first, **environ) as process:
            stdout, stderr = process.communicate(timeout=PATIENCE)
        return self.ran(process.returncode, stdout, stderr)

    def ran(self, status: int, stdout: str, stderr: str) -> Ran:
        """Return what came of a script of this place's."""
        return Ran(self, status, stdout, stderr)

    @contextmanager
    def running(self, first: str = "", **environ: str) -> Iterator[subprocess.Popen[str]]:
        """Start the script; afterwards it is over, and whatever it started too."""
        self.environment.script(SCRIPT.format(first=first))
        mark, pipe = secrets.token_hex(8), subprocess.PIPE
        with subprocess.Popen(
            [self.environment.python, self.script],
            cwd=self.environment.work,
            env={**self.environment.environ, **environ, _MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            encoding="utf-8",
        ) as process:
            try:
                yield process
            finally:
                process.kill()
        check_nothing_left(mark, process.pid)

    def check_untouched(self) -> None:
        """Require that nothing has changed, and that nothing is under way."""
        assert self.environment.marks() == self.before
        assert not (self.environment.site_packages / ".autoinstall" / "work").exists()

    def check_whole(self) -> None:
        """Require that what was installed is there with all of its files, and that nothing is under way."""
        installed = self.environment.installed()
        assert {project: installed.get(project) for project in self.versions} == self.versions
        for record in self.environment.site_packages.glob("*.dist-info/RECORD"):
            listed = [line.rpartition(",")[0].rpartition(",")[0] for line in record.read_text("utf-8").splitlines()]
            assert [path for path in listed if not (record.parents[1] / path.strip('"')).exists()] == []
        assert not (self.environment.site_packages / ".autoinstall" / "work").exists()


def check_nothing_left(mark: str, pid: int) -> None:
    """Require that no process is left of those that one with this mark among its variables has started."""
    deadline = time.monotonic() + PATIENCE
    while left := [each for each in psutil.process_iter() if _is_of(each, mark, pid)]:
        # Who is killed together with us has a moment to notice it.
        assert time.monotonic() < deadline, f"left running: {left}"
        time.sleep(0.05)


def _is_of(process: psutil.Process, mark: str, pid: int) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
            return False
        # The onlooker has no variables at all, but it is told whom it looks after.
        argv = process.cmdline()
        return process.environ().get(_MARK) == mark or ("os.getppid" in " ".join(argv[:5]) and str(pid) in argv[-2:])
    except psutil.Error:
        return False


class MakePlace(Protocol):
    """What the fixture `place` gives."""

    def __call__(self, tool: str, *releases: Release) -> Place:
        """Make a place for a tool, whose index has these releases (none: the default catalogue)."""


@pytest.fixture
def place(environments: Environments, tmp_path: Path) -> Iterator[MakePlace]:
    """Return a function that gives a place for a tool: an index of its own, an empty cache, an environment."""
    with ExitStack() as stack:

        def make(tool: str, *releases: Release) -> Place:
            index = stack.enter_context(LocalIndex(releases or default_catalogue()))
            environ = {**clean_environ(tmp_path, index.url), "AUTOINSTALL_INSTALLER": tool}
            environment = stack.enter_context(environments.lent(BASES[tool], environ, tmp_path))
            return Place(environment, index, environment.marks())

        yield make
