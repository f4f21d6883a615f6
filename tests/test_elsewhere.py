"""An import that is installed for another Python is said to be, from folders alone and quickly."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autoinstall.advice import Verdict
from autoinstall.environment import current, elsewhere
from autoinstall.environment.interpreters import Interpreter, Look, Role
from autoinstall.names import import_name
from autoinstall.platforms import here
from autoinstall.provide import Session
from autoinstall.roles import Request
from tests.conftest import FreshEnvironment
from tests.support.catalogue import stand_in
from tests.support.local_index import LocalIndex
from tests.support.story import FakeMachine, ScriptedAsker, advice

FILES = (
    "module.py",
    "package/__init__.py",
    "package/inner.py",
    "namespace/part/__init__.py",
    "compiled.cpython-39-x86_64-linux-gnu.so",
    "windows.cp39-win_amd64.pyd",
    "left_behind/__pycache__/old.cpython-39.pyc",
    "data.txt",
    "project-1.0.dist-info/METADATA",
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("module", True),
        ("package", True),
        ("package.inner", True),
        ("package.other", False),
        ("namespace", True),
        ("namespace.part", True),
        ("namespace.other", False),
        ("compiled", True),
        ("windows", True),
        ("left_behind", False),
        ("data", False),
        ("project", False),
        ("absent", False),
        ("absent.part", False),
    ],
)
def test_what_a_folder_holds(tmp_path: Path, name: str, *, expected: bool) -> None:
    for file in FILES:
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert elsewhere.holds(tmp_path, import_name(name)) is expected


class _Look(Look):
    """A look that sees what a test has made up."""

    seen: tuple[Interpreter, ...] = ()

    def all(self) -> Iterator[Interpreter]:
        yield from self.seen


@pytest.fixture
def look(tmp_path: Path) -> _Look:
    return _Look(replace(current(), prefix=tmp_path / "own"), {}, tmp_path, here())


def _python(folder: Path, role: Role, *modules: str, name: str = "") -> Interpreter:
    folder.mkdir(parents=True)
    for module in modules:
        (folder / f"{module}.py").touch()
    return Interpreter(role, folder, (folder,), name=name)


@pytest.mark.parametrize(
    ("role", "display_name", "sentence"),
    [
        (Role.SHELL, "", "{0}/other (the shell's Python), but this is another Python: {0}/own."),
        (Role.SERVER, "", "{0}/other (the notebook server's Python), but this is another Python: {0}/own."),
        (
            Role.KERNEL,
            "Deep \x1bLearning",
            "{0}/other (the kernel Deep \\x1bLearning), but this is another Python: {0}/own.",
        ),
        (Role.KERNEL, "", "{0}/other (another kernel's Python), but this is another Python: {0}/own."),
        (Role.USER_SITE, "", "{0}/other: your user site, which this Python does not look in."),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="the sentences are written with the paths of Unix")
def test_it_says_where_and_whose(tmp_path: Path, look: _Look, role: Role, display_name: str, sentence: str) -> None:
    other = _python(tmp_path / "other", role, "snark", name=display_name)
    _Look.seen = (_python(tmp_path / "first", Role.SHELL, "boojum"), other)
    assert elsewhere.where(import_name("snark"), look) == "snark is installed in " + sentence.format(tmp_path)
    assert elsewhere.where(import_name("jubjub"), look) is None


def test_this_environment_is_not_elsewhere(tmp_path: Path, look: _Look) -> None:
    _Look.seen = (_python(tmp_path / "own", Role.KERNEL, "snark"),)
    assert elsewhere.where(import_name("snark"), look) is None


def test_it_ends_in_time(tmp_path: Path, look: _Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where folders answer slowly the first one is all that is looked at."""
    monkeypatch.setattr(elsewhere, "LIMIT", 0.0)
    _Look.seen = (
        _python(tmp_path / "first", Role.SHELL, "boojum"),
        _python(tmp_path / "other", Role.SERVER, "snark"),
    )
    assert elsewhere.where(import_name("snark"), look) is None


@pytest.fixture
def _settings_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("AUTOINSTALL_MODE", "AUTOINSTALL_INSTALLER", "AUTOINSTALL_TARGET"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "APPDATA", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path))


@pytest.mark.usefixtures("_settings_of_its_own")
def test_it_stands_in_the_question_and_under_each_note_once() -> None:
    machine = FakeMachine([advice("yaml", Verdict.TRUSTED, "pyyaml")])
    machine.found_elsewhere = {"yaml": "yaml is there.", "mine": "mine is there."}
    asker = ScriptedAsker("n")
    session = Session(machine=machine, asker=asker)
    for _ in range(2):
        note = session.provide(Request("yaml", is_cell=True)).note
        assert note is not None
        assert note.splitlines()[-1] == "  yaml is there."
        assert note.count("yaml is there.") == 1
    assert "  note  yaml is there." in asker.shown[0].splitlines()
    for _ in range(2):
        note = session.note_for(ModuleNotFoundError(name="mine"))
        assert note == "autoinstall: nothing is known to provide mine\n  mine is there."


def test_for_real_in_the_shell_s_environment(fresh_environment: FreshEnvironment, local_index: LocalIndex) -> None:
    """What somebody installed in a terminal is not there in this environment; nothing is asked of the index."""
    environment = fresh_environment("plain", local_index)
    shell = fresh_environment("plain")
    shell.install(stand_in("humanize", "1.0", "humanize"), stand_in("lindholm-reports", "1.0", "lindholm"))
    path = {"PATH": f"{shell.scripts}{os.pathsep}{environment.environ['PATH']}"}
    for name in ("humanize", "lindholm"):
        script = environment.script(f"import {name}\n")
        said = environment.run("-m", "autoinstall", "run", str(script), environ=path).stderr.splitlines()
        assert said[-1] == (
            f"  {name} is installed in {shell.prefix} (the shell's Python), "
            f"but this is another Python: {environment.prefix}."
        )
    assert local_index.requests == {}
    # A slip is a slip, wherever one looks.
    script = environment.script("import humanise\n")
    assert "is installed in" not in environment.run("-m", "autoinstall", "run", str(script), environ=path).stderr


def test_nothing_is_started(fresh_environment: FreshEnvironment, tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("the made-up Python is one of Unix")
    environment = fresh_environment("plain")
    (tmp_path / "other/bin").mkdir(parents=True)
    (tmp_path / "other/lib/python3.12/site-packages/humanize").mkdir(parents=True)
    (tmp_path / "other/lib/python3.12/site-packages/humanize/__init__.py").touch()
    (tmp_path / "other/bin/python").write_bytes(b"no program at all")
    (tmp_path / "other/bin/python").chmod(0o755)
    script = environment.script("import humanize\n")
    result = environment.run("-m", "autoinstall", "run", str(script), environ={"PATH": str(tmp_path / "other/bin")})
    assert f"humanize is installed in {tmp_path / 'other'} (the shell's Python)" in result.stderr
