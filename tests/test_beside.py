"""Environments that are not the user's to change: the operating system's Python, and one that is read-only."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoinstall import activate
from autoinstall.environment import current, destination
from autoinstall.past.journal import Journal
from tests.activate.test_disk import mounted
from tests.conftest import FreshEnvironment, StartKernel
from tests.support.anybody import as_anybody
from tests.support.catalogue import Release, stand_in
from tests.support.environments import Environment
from tests.support.local_index import LocalIndex
from tests.support.wheels import Wheel

if TYPE_CHECKING:
    from tests.conftest import OpenTerminal  # not there on Windows

SYSTEM = Path("/usr/bin/python3")
"""Debian's and others' own, which PEP 668 asks to leave alone."""

IMPORT = "import humanize\nprint('has', humanize.__version__, humanize.__file__)\n"


@dataclass(frozen=True, slots=True)
class _Managed:
    """The operating system's Python, with autoinstall and what it needs put on its path as an administrator may."""

    environment: Environment

    @property
    def data(self) -> Path:
        return self.environment.home / ".local" / "share" / "autoinstall" / "targets"

    @property
    def site(self) -> Path:
        [found] = self.data.glob("*/site-packages")
        return found


@pytest.fixture
def index() -> Iterator[LocalIndex]:
    wheels = (
        stand_in("humanize", "6.0.3", "humanize"),
        stand_in("tabulate", "0.9.0", "tabulate"),
        stand_in("faker", "40.1.0", "faker", requires=("snark>=1",)),
        stand_in("snark", "2.0", "snark"),
        Wheel("emoji", "2.15.0", {"emoji.py": "", "emoji_more.pth": "emoji_more\n", "emoji_more/smile.py": ""}),
    )
    # Debian 12's pip (23.0) fails over metadata files of an index that tells of them in JSON by that key.
    with LocalIndex([Release(wheel, has_metadata=False) for wheel in wheels]) as running:
        yield running


def _managed(fresh_environment: FreshEnvironment, index: LocalIndex, base: str, folder: Path) -> _Managed:
    asked = "import sys, sysconfig, os; print(sys.version_info[:2] == (3, 11) and "
    asked += "os.path.exists(os.path.join(sysconfig.get_path('stdlib'), 'EXTERNALLY-MANAGED')))"
    if not SYSTEM.exists() or subprocess.check_output([SYSTEM, "-I", "-c", asked], text=True) != "True\n":
        pytest.skip("this system has no Python 3.11 of its own that asks to be left alone (PEP 668)")
    source = fresh_environment(base, index)
    # A link outside of any environment starts the same Python: `sys.prefix` is /usr.
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(SYSTEM)
    environ = {**source.environ, "PYTHONPATH": str(source.site_packages), "PYTHONNOUSERSITE": "1"}
    return _Managed(replace(source, prefix=folder, environ=environ))


@pytest.fixture
def managed(fresh_environment: FreshEnvironment, index: LocalIndex, tmp_path: Path) -> _Managed:
    return _managed(fresh_environment, index, "plain", tmp_path / "system")


def _system_files() -> Mapping[str, int]:
    """Return what lies where the operating system's Python would install to."""
    folders = [Path("/usr/local/lib/python3.11/dist-packages"), Path("/usr/lib/python3/dist-packages")]
    return {str(path): path.stat().st_mtime_ns for folder in folders for path in (folder, *folder.glob("*"))}


def test_who_is_asked_gets_a_folder_of_their_own(
    managed: _Managed, index: LocalIndex, open_terminal: "OpenTerminal"
) -> None:
    before = _system_files()
    script = managed.environment.script(IMPORT)
    terminal = open_terminal(managed.environment, "-m", "autoinstall", "run", str(script))
    question = terminal.wait_for("[d]etails: ")
    assert f"into{managed.data}" in "".join(question.split())  # a long path is broken where the line ends
    assert "  note  a folder of your own, since /usr belongs to the operating system" in question.splitlines()
    assert list(managed.data.glob("*")) == []
    terminal.type("y")
    assert terminal.finish() == 0
    assert f"has 6.0.3 {managed.site / 'humanize'}" in terminal.screen
    assert f"-m uv pip install --target {managed.site} humanize" in terminal.screen.replace("\n", "")
    assert _system_files() == before
    # The next session finds it without the network, and without a question.
    index.forget()
    again = managed.environment.run("-m", "autoinstall", "run", str(script))
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == f"has 6.0.3 {managed.site / 'humanize' / '__init__.py'}\n"
    assert index.requests == {}


def test_nobody_there_is_told_how_to_make_an_environment(managed: _Managed, index: LocalIndex) -> None:
    script = managed.environment.script(IMPORT)
    result = managed.environment.run("-m", "autoinstall", "run", str(script))
    assert result.returncode == 1
    note = result.stderr[result.stderr.index("autoinstall:") :].splitlines()
    assert note[:2] == [
        "autoinstall: humanize is not installed; there was nobody to ask.",
        "  /usr belongs to the operating system. To make an environment of your own, in a terminal:",
    ]
    own = managed.environment.home / "my-env"
    assert str(own) in note[2]
    assert note[3] == f"    {own}/bin/python -m pip install ipython-autoinstall"
    assert index.requests == {}


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_auto_leaves_it_alone_unless_a_folder_was_named(managed: _Managed, tmp_path: Path, installer: str) -> None:
    before = _system_files()
    script = managed.environment.script(IMPORT)
    if installer == "pip" and managed.environment.run("-m", "pip", "--version").returncode:
        pytest.skip("the operating system's Python has no pip")
    run = ("-m", "autoinstall", "run", "--mode", "auto", "--installer", installer, str(script))
    result = managed.environment.run(*run)
    assert result.returncode == 1
    assert "autoinstall: /usr belongs to the operating system, and autoinstall leaves it as it is." in result.stderr
    assert "my-env/bin/python -m pip install ipython-autoinstall" in result.stderr
    named = tmp_path / "scratch"
    result = managed.environment.run(*run, environ={"AUTOINSTALL_TARGET": str(named)})
    assert result.returncode == 0, result.stderr
    [site] = named.glob("*/site-packages")
    assert result.stdout == f"has 6.0.3 {site / 'humanize' / '__init__.py'}\n"
    assert _system_files() == before
    # It is found again even by those who do not name it again.
    result = managed.environment.run("-m", "autoinstall", "run", "--mode", "off", str(script))
    assert result.stdout == f"has 6.0.3 {site / 'humanize' / '__init__.py'}\n"


def test_what_the_environment_has_is_taken_as_given(managed: _Managed, tmp_path: Path) -> None:
    """What the project needs is there already, if older: it alone is installed."""
    given = tmp_path / "there" / "site-packages"
    given.mkdir(parents=True)
    stand_in("snark", "1.0", "snark").write(given.parent)
    source = ("--no-deps", "--no-index", "--find-links", str(given.parent), "--target", str(given))
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-config", "--no-cache", *source, "snark"]
    subprocess.run(command, env={**managed.environment.environ, "PYTHONPATH": ""}, check=True)
    path = os.pathsep.join([managed.environment.environ["PYTHONPATH"], str(given)])
    script = managed.environment.script("import faker, snark\nprint(faker.__version__, snark.__file__)\n")
    named = {"AUTOINSTALL_TARGET": str(tmp_path / "scratch"), "PYTHONPATH": path}
    result = managed.environment.run("-m", "autoinstall", "run", "--mode", "auto", str(script), environ=named)
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"40.1.0 {given / 'snark' / '__init__.py'}\n"
    [site] = (tmp_path / "scratch").glob("*/site-packages")
    assert not (site / "snark").exists()


def test_path_files_work_at_once_and_next_time_and_an_undo_takes_all_back(managed: _Managed, tmp_path: Path) -> None:
    named = {"AUTOINSTALL_TARGET": str(tmp_path / "scratch")}
    script = str(managed.environment.script("import emoji\nimport smile\nprint(smile.__file__)\n"))
    for _ in range(2):
        result = managed.environment.run("-m", "autoinstall", "run", "--mode", "auto", script, environ=named)
        assert result.returncode == 0, result.stderr
        [site] = (tmp_path / "scratch").glob("*/site-packages")
        assert result.stdout == f"{site / 'emoji_more' / 'smile.py'}\n"
    here = destination.in_target(current(), site.parent)
    journal = Journal(site)
    [transaction] = journal.transactions()
    with activate.lock(here, working_for=[], record=journal, say=print):
        taken = activate.take_back(transaction, here, journal)
    assert isinstance(taken, activate.TakenBack)
    assert sorted(path.name for path in site.iterdir()) == [".autoinstall"]
    assert managed.environment.run("-m", "autoinstall", "run", "--mode", "off", script, environ=named).returncode == 1


def test_an_install_that_died_is_put_in_order_at_the_next_start(managed: _Managed, tmp_path: Path) -> None:
    target = {"AUTOINSTALL_TARGET": str(tmp_path / "scratch")}
    script = managed.environment.script(IMPORT)
    run = ("-m", "autoinstall", "run", "--mode", "auto", str(script))
    assert managed.environment.run(*run, environ=target).returncode == 0
    [site] = (tmp_path / "scratch").glob("*/site-packages")
    (site / ".autoinstall" / "work" / "abcd" / "t").mkdir(parents=True)
    result = managed.environment.run(*run, environ=target)
    assert result.stderr == ("autoinstall: cleared away an install that ended before anything of it was in place\n")
    assert not (site / ".autoinstall" / "work").exists()


def test_several_at_once_all_succeed(managed: _Managed, tmp_path: Path) -> None:
    scripts = [
        str(managed.environment.script(f"import {name}\nprint({name}.__file__)\n", f"{name}{number}.py"))
        for name in ("humanize", "tabulate")
        for number in range(2)
    ]
    named = {"AUTOINSTALL_TARGET": str(tmp_path / "scratch")}

    def run(script: str) -> subprocess.CompletedProcess[str]:
        return managed.environment.run("-m", "autoinstall", "run", "--mode", "auto", script, environ=named)

    with ThreadPoolExecutor(len(scripts)) as pool:
        results = list(pool.map(run, scripts))
    assert [(result.returncode, result.stdout.count(str(tmp_path / "scratch"))) for result in results] == (
        [(0, 1)] * 4
    ), "\n".join(result.stderr for result in results)
    [site] = (tmp_path / "scratch").glob("*/site-packages")
    kept = Journal(site).transactions()
    assert sorted(each.names for each in kept) == ["humanize 6.0.3", "tabulate 0.9.0"]


@pytest.fixture
def read_only(fresh_environment: FreshEnvironment, index: LocalIndex) -> Iterator[Environment]:
    """Return an environment whose folders nobody may write to; for a test that runs as root see `as_anybody`."""
    environment = fresh_environment("plain", index)
    folders = [environment.prefix, environment.scripts, environment.site_packages]
    for folder in folders:
        folder.chmod(0o555)
    yield environment
    for folder in folders:
        folder.chmod(0o755)


def test_a_read_only_environment(read_only: Environment, index: LocalIndex, tmp_path: Path) -> None:
    """As on a university's JupyterHub; this one has no pip either."""
    before = read_only.files()
    script = str(read_only.script(IMPORT))
    note = as_anybody(read_only, "-m", "autoinstall", "run", script).stderr
    reason = f"{read_only.prefix} cannot be changed by you"
    assert f"  {reason}. To make an environment of your own, in a terminal:" in note
    assert index.requests == {}
    named = str(tmp_path / "scratch")
    result = as_anybody(read_only, "-m", "autoinstall", "run", "--mode", "auto", script, AUTOINSTALL_TARGET=named)
    assert result.returncode == 0, result.stderr
    [site] = Path(named).glob("*/site-packages")
    assert result.stdout == f"has 6.0.3 {site / 'humanize' / '__init__.py'}\n"
    assert f"--target {site} humanize" in result.stderr
    assert read_only.files() == before
    found = as_anybody(read_only, "-m", "autoinstall", "doctor", AUTOINSTALL_TARGET=named).stderr
    assert f"not here: {reason}" in " ".join(found.split())
    assert f"found in {site}" in " ".join(found.split())


def test_a_disk_without_room(fresh_environment: FreshEnvironment, tmp_path: Path) -> None:
    big = Wheel("humanize", "6.0.3", {"humanize/__init__.py": "", "humanize/data.bin": os.urandom(1_000_000)})
    with LocalIndex([Release(big)]) as index, mounted(tmp_path / "disk", "size=2m"):
        source = fresh_environment("plain", index)
        here = tmp_path / "disk" / "env"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", here], check=True)
        environment = replace(
            source, prefix=here, environ={**source.environ, "PYTHONPATH": str(source.site_packages)}
        )
        script = str(environment.script("import humanize\nprint(humanize.__file__)\n"))
        run = ("-m", "autoinstall", "run", "--mode", "auto", script)
        refused = environment.run(*run)
        assert refused.returncode == 1
        assert f"autoinstall: No space is left at {here}, where about 3.0 MB are needed, and" in refused.stderr
        assert index.downloaded == set()
        named = tmp_path / "scratch"
        result = environment.run(*run, environ={"AUTOINSTALL_TARGET": str(named)})
        assert result.returncode == 0, result.stderr
        [site] = named.glob("*/site-packages")
        assert result.stdout == f"{site / 'humanize' / '__init__.py'}\n"


@pytest.mark.kernel
def test_in_a_kernel(
    fresh_environment: FreshEnvironment, index: LocalIndex, start_kernel: StartKernel, tmp_path: Path
) -> None:
    managed = _managed(fresh_environment, index, "ipython9", tmp_path / "system")
    before = _system_files()
    kernel = start_kernel(managed.environment)
    assert kernel.execute("%load_ext autoinstall").status == "ok"
    headless = kernel.execute("import tabulate", allow_stdin=False)
    assert "/usr belongs to the operating system. To make an environment of your own and a kernel for it" in (
        headless.traceback
    )
    assert "-m ipykernel install --user --name my-env" in headless.traceback
    result = kernel.execute("import humanize\nhumanize.__file__", answers=["y"])
    assert result.text == repr(str(managed.site / "humanize" / "__init__.py")), result
    assert _system_files() == before
    # Code in the folder is library code: what it looks for is its own concern.
    (managed.site / "needy.py").write_text("try:\n    import tabulate\nexcept ImportError:\n    tabulate = None\n")
    assert kernel.execute("import needy\nneedy.tabulate is None").text == "True"
    assert kernel.execute("%unload_ext autoinstall").status == "ok"
