"""The unrelated project that has our import name: over us or under us, it is said, and mended by what is said."""

from pathlib import Path

import pytest

from autoinstall import ipython_autoinstall
from autoinstall.ipython.namesake import who_shares_the_name
from tests.conftest import FreshEnvironment, StartKernel
from tests.support.environments import Environment, build_project
from tests.support.wheels import Wheel

NAMESAKE = Wheel("autoinstall", "0.2", {"autoinstall/__init__.py": "THEIRS = True\n", "autoinstall/more.py": ""})


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    build_project(folder)
    NAMESAKE.write(folder)
    return folder


def pip(environment: Environment, wheels: Path, line: str) -> None:
    """Carry out a `%pip` line that a person was told to type."""
    command, *arguments = line.strip().removeprefix("%pip ").split()
    options = ("--no-index", "--find-links", str(wheels)) if command == "install" else ()
    environment.run("-m", "pip", command, *options, *arguments, check=True)


def told_to_type(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip().startswith("%pip ")]


@pytest.mark.kernel
def test_installed_over_ours(fresh_environment: FreshEnvironment, start_kernel: StartKernel, wheels: Path) -> None:
    """Nothing of ours is run by `%load_ext autoinstall` then: the name that is ours alone has to tell."""
    environment = fresh_environment("ipython9-pip")
    pip(environment, wheels, "%pip install autoinstall")
    kernel = start_kernel(environment)
    usual = kernel.execute("%load_ext autoinstall")
    assert "is not an IPython extension" in usual.stdout + usual.stderr
    told = kernel.execute("%load_ext ipython_autoinstall")
    assert told.status == "error"
    assert "The unrelated project autoinstall has put its files in the place of ipython-autoinstall's." in told.stderr
    lines = told_to_type(told.stderr)
    assert len(lines) == 2
    for line in lines:
        pip(environment, wheels, line)
    mended = start_kernel(environment)
    loaded = mended.execute("%load_ext autoinstall")
    assert (loaded.status, loaded.stdout) == ("ok", ""), loaded.traceback
    assert "installs into" in mended.execute("%autoinstall").stdout


@pytest.mark.kernel
def test_installed_under_ours(fresh_environment: FreshEnvironment, start_kernel: StartKernel, wheels: Path) -> None:
    """Ours works; to take theirs away takes files of ours away too, which the second line brings back."""
    environment = fresh_environment("ipython9-pip")
    pip(environment, wheels, "%pip install autoinstall")
    pip(environment, wheels, "%pip install --force-reinstall --no-deps ipython-autoinstall")
    kernel = start_kernel(environment)
    told = kernel.execute("%load_ext autoinstall")
    assert told.status == "ok", told.traceback
    assert "The unrelated project autoinstall is installed here too" in told.stdout
    assert "installs into" in kernel.execute("%autoinstall").stdout
    first, second = told_to_type(told.stdout)
    pip(environment, wheels, first)
    half_way = start_kernel(environment).execute("%load_ext ipython_autoinstall")
    assert "Files of ipython-autoinstall are missing or changed." in half_way.stderr
    assert told_to_type(half_way.stderr) == [second]
    pip(environment, wheels, second)
    mended = start_kernel(environment)
    loaded = mended.execute("%load_ext autoinstall")
    assert (loaded.status, loaded.stdout) == ("ok", ""), loaded.traceback
    assert mended.execute("%load_ext ipython_autoinstall").status == "ok"


@pytest.mark.kernel
def test_a_file_of_the_user_s_with_our_name(fresh_environment: FreshEnvironment, start_kernel: StartKernel) -> None:
    environment = fresh_environment()
    file = environment.script("", "autoinstall.py")
    told = start_kernel(environment).execute("%load_ext ipython_autoinstall")
    assert f"`import autoinstall` finds {file}, which is not ipython-autoinstall's." in told.stderr


@pytest.mark.parametrize("name", ["autoinstall-0.2.dist-info", "autoinstall-0.2-py3.11.egg-info"])
def test_the_other_project_is_known_by_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "ipython_autoinstall-0.1.0.dist-info").mkdir()
    (tmp_path / "autoinstall").mkdir()
    assert who_shares_the_name(tmp_path) is None
    (tmp_path / name).mkdir()
    assert told_to_type(who_shares_the_name(tmp_path) or "")


def test_where_there_is_no_folder_nothing_is_said(tmp_path: Path) -> None:
    assert who_shares_the_name(tmp_path / "bundle.zip") is None


def test_an_editable_install_is_left_alone() -> None:
    """The environment that tests run in."""
    assert ipython_autoinstall.what_is_wrong() is None
