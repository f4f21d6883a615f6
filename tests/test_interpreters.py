"""Other Pythons are found in what lies on the disk; not one of them is started."""

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from autoinstall.environment import Environment, current
from autoinstall.environment.interpreters import Interpreter, Look, Role, others
from autoinstall.platforms import PLATFORMS, System, here
from tests.support.staging import environment_at

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the made-up Pythons are those of Unix")

# Bytes that no system starts: whoever ran one of these would fail.
_NOT_TO_BE_STARTED = b"\x7fELF made up"


@pytest.fixture
def own(tmp_path: Path) -> Environment:
    """Make up the environment that is looked from, in which nothing is."""
    return environment_at(tmp_path / "own")


def _python(prefix: Path, version: str = "3.12", *, settings: str | None = None, modules: Sequence[str] = ()) -> Path:
    """Make up a Python with its folders."""
    library = prefix / "lib" / f"python{version}" / "site-packages"
    library.mkdir(parents=True)
    for name in modules:
        (library / f"{name}.py").touch()
    executable = prefix / "bin" / "python"
    executable.parent.mkdir()
    executable.write_bytes(_NOT_TO_BE_STARTED)
    executable.chmod(0o755)
    if settings is not None:
        (prefix / "pyvenv.cfg").write_text(settings)
    return executable


def _kernel(data: Path, name: str, argv: list[str], display_name: str = "") -> None:
    folder = data / "kernels" / name
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": display_name}))


def test_the_shells_python(tmp_path: Path, own: Environment) -> None:
    executable = _python(tmp_path / "env", settings="home = /nowhere\n")
    [found] = others(own, {"PATH": str(executable.parent)}, home=tmp_path)
    assert found == Interpreter(
        Role.SHELL, tmp_path / "env", (tmp_path / "env/lib/python3.12/site-packages",), executable
    )


def test_the_own_python_is_not_another(tmp_path: Path) -> None:
    prefix = tmp_path / "own"
    executable = _python(prefix, settings="home = /nowhere\n")
    variables = {"PATH": str(executable.parent), "JUPYTER_PATH": str(tmp_path / "jupyter")}
    _kernel(tmp_path / "jupyter", "python3", [str(executable), "-m", "ipykernel_launcher"])
    assert others(environment_at(prefix), variables, home=tmp_path) == ()


def test_what_starts_the_own_python_in_a_shell(tmp_path: Path) -> None:
    own, other = (_python(tmp_path / name, settings="home = /nowhere\n") for name in ("own", "other"))
    environment = environment_at(tmp_path / "own")

    def command(*folders: Path) -> str:
        variables = {"PATH": os.pathsep.join(map(str, folders))}
        return Look(environment, variables, tmp_path, here()).command()

    assert command(own.parent, other.parent) == "python"
    assert command(other.parent, own.parent) == command(other.parent) == command() == str(environment.executable)
    # Where only `python3` is this one, as with many systems' own.
    own.rename(own.with_name("python3"))
    assert command(own.parent) == "python3"
    assert command(other.parent, own.parent) == "python3"


def test_other_kernels_each_once(tmp_path: Path, own: Environment) -> None:
    executable = _python(tmp_path / "env", settings="home = /nowhere\n")
    data = tmp_path / "jupyter"
    _kernel(data, "first", [str(executable), "-m", "ipykernel_launcher"], "First")
    _kernel(data, "second", [str(executable), "-m", "ipykernel_launcher"], "Second")
    _kernel(data, "gone", [str(tmp_path / "gone" / "bin" / "python")])
    _kernel(data, "own", ["python", "-m", "ipykernel_launcher"])
    _kernel(data, "ir", ["R", "--slave"])
    (data / "kernels" / "broken").mkdir()
    (data / "kernels" / "broken" / "kernel.json").write_text("{")
    (data / "kernels" / "odd").mkdir()
    (data / "kernels" / "odd" / "kernel.json").write_text('{"argv": 5}')
    [found] = others(own, {"PATH": "", "JUPYTER_PATH": str(data)}, home=tmp_path)
    assert (found.role, found.prefix, found.name) == (Role.KERNEL, tmp_path / "env", "First")


def test_an_environment_that_shows_its_base(tmp_path: Path, own: Environment) -> None:
    base = _python(tmp_path / "base")
    settings = f"home = {base.parent}\ninclude-system-site-packages = true\n"
    executable = _python(tmp_path / "env", settings=settings)
    [found] = others(own, {"PATH": str(executable.parent)}, home=tmp_path)
    assert found.libraries == (
        tmp_path / "env/lib/python3.12/site-packages",
        tmp_path / "base/lib/python3.12/site-packages",
    )


def test_a_link_tells_the_version_and_the_real_place(tmp_path: Path, own: Environment) -> None:
    real = _python(tmp_path / "real", "3.12")
    (tmp_path / "real/lib/python3.13/site-packages").mkdir(parents=True)
    real.rename(real.with_name("python3.12"))
    link = tmp_path / "bin" / "python"
    link.parent.mkdir()
    link.symlink_to(real.with_name("python3.12"))
    [found] = others(own, {"PATH": str(link.parent)}, home=tmp_path)
    assert (found.prefix, found.libraries) == (tmp_path / "real", (tmp_path / "real/lib/python3.12/site-packages",))


@pytest.mark.parametrize(
    ("variables", "chosen", "expected"),
    [({"PYENV_VERSION": "3.13.1"}, "3.12.1", "3.13.1"), ({}, "3.12.1\n", "3.12.1"), ({}, "4.0\n3.13.1\n", "3.13.1")],
)
def test_pyenv_s_stand_ins_are_seen_through(
    tmp_path: Path, own: Environment, variables: dict[str, str], chosen: str, expected: str
) -> None:
    root = tmp_path / "pyenv"
    for version in ("3.12.1", "3.13.1"):
        _python(root / "versions" / version, version.rpartition(".")[0])
    (root / "version").write_text(chosen)
    shim = root / "shims" / "python"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexit 1\n")
    shim.chmod(0o755)
    with contextlib.chdir(tmp_path):
        [found] = others(own, {"PATH": str(shim.parent), "PYENV_ROOT": str(root), **variables}, home=tmp_path)
    assert found.prefix == root / "versions" / expected


def test_other_stand_ins_are_passed_over(tmp_path: Path, own: Environment) -> None:
    shim = tmp_path / "shims" / "python"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexit 1\n")
    shim.chmod(0o755)
    assert others(own, {"PATH": str(shim.parent)}, home=tmp_path) == ()


def test_user_sites_that_this_python_does_not_look_in(tmp_path: Path, own: Environment) -> None:
    folder = tmp_path / ".local/lib/python3.9/site-packages"
    folder.mkdir(parents=True)
    [found] = others(own, {"PATH": ""}, home=tmp_path, platform=PLATFORMS[System.LINUX])
    assert found == Interpreter(Role.USER_SITE, folder, (folder,))


def test_a_user_site_on_the_path_is_not_another(
    tmp_path: Path, own: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ".local/lib/python3.9/site-packages"
    folder.mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    assert others(own, {"PATH": ""}, home=tmp_path, platform=PLATFORMS[System.LINUX]) == ()


def test_folders_with_brackets_in_their_names(tmp_path: Path, own: Environment) -> None:
    executable = _python(tmp_path / "[my] env", settings="home = /nowhere\n")
    [found] = others(own, {"PATH": str(executable.parent)}, home=tmp_path)
    assert found.libraries == (tmp_path / "[my] env/lib/python3.12/site-packages",)


def test_the_server_is_looked_for_in_kernels_only(own: Environment, tmp_path: Path) -> None:
    assert Look(own, {}, tmp_path, here()).server() is None


def test_the_server_is_who_started_the_kernel(own: Environment) -> None:
    """A process of this interpreter starts another, which finds whose child it is."""
    pytest.importorskip("psutil")
    import subprocess  # noqa: PLC0415 - for this test only

    code = (
        "import os; from pathlib import Path; from autoinstall.environment.interpreters import Look;"
        "from autoinstall.platforms import here; from autoinstall.environment import current;"
        "from dataclasses import replace;"
        f"own = replace(current(), prefix=Path({str(own.prefix)!r}));"
        "print(Look(own, {'JPY_PARENT_PID': '1'}, Path.home(), here()).server().prefix)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert Path(answer.stdout.strip()) == Path(sys.prefix).resolve()


def test_a_windows_prefix_is_where_python_exe_lies(tmp_path: Path) -> None:
    windows = PLATFORMS[System.WINDOWS]
    look = Look(replace(current(), prefix=tmp_path), {}, tmp_path, windows)
    assert look.prefix_of(tmp_path / "Python312" / "python.exe") == tmp_path / "Python312"
    assert look.prefix_of(tmp_path / "env" / "Scripts" / "python.exe") == tmp_path / "env"
