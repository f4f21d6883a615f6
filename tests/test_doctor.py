"""What `doctor` finds in made-up and in real surroundings, and the sentence that mends each."""

import json
import os
import site
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from autoinstall.command import Command, Finished
from autoinstall.doctor import Doctor
from autoinstall.environment import Environment
from autoinstall.errors import BadSettingError
from autoinstall.findings import Finding
from autoinstall.platforms import here
from autoinstall.settings import Settings
from tests.conftest import FreshEnvironment, StartKernel
from tests.support.staging import environment_at

Examine = Callable[..., list[Finding]]


@pytest.fixture
def own(tmp_path: Path) -> Environment:
    """Make up an environment in which nothing is."""
    made = replace(environment_at(tmp_path / "own"), is_uv_made=False)  # whoever made the one that tests run in
    made.purelib.mkdir(parents=True)
    return made


@pytest.fixture
def examine(own: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Examine:
    """Return a function that examines it; `answers` are what programs say, by their path."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("AUTOINSTALL_TARGET", raising=False)

    def run(
        variables: Mapping[str, str] | None = None,
        answers: Mapping[str, str] | None = None,
        environment: Environment = own,
        settings: Callable[[], Settings] = Settings,
        *,
        is_cell: bool = True,
    ) -> list[Finding]:
        def start(command: Command) -> Finished:
            assert command.limit is not None
            said = (answers or {}).get(command.argv[0])
            return Finished(None, "", "", "not found") if said is None else Finished(0, f"{said}\n", "")

        doctor = Doctor(settings, is_cell, environment, variables or {"PATH": ""}, tmp_path, here(), start)
        return list(doctor.examine())

    return run


def _about(topic: str, found: list[Finding]) -> list[tuple[str, str | None]]:
    return [(finding.said, finding.mend) for finding in found if finding.topic == topic]


def _command(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}{here().executable_suffix}"
    path.write_bytes(b"made up")
    path.chmod(0o755)
    return path


def test_what_it_is(examine: Examine, own: Environment) -> None:
    found = examine()
    assert found[0] == Finding("python", f"Python {own.python_version}, {own.executable}")
    assert (f"{own.prefix}: virtual environment, made from {own.base_prefix}", None) in _about("environment", found)
    assert ("settings", "mode ask, installer auto", None) in [(each.topic, each.said, each.mend) for each in found]


@pytest.mark.parametrize("is_cell", [True, False])
def test_a_pip_that_is_another_python_s(examine: Examine, own: Environment, tmp_path: Path, *, is_cell: bool) -> None:
    """The usual cause of "I installed it and cannot import it"."""
    pip = _command(tmp_path / "bin", "pip")
    other = os.path.join(os.sep, "usr", "lib", "python3.9", "site-packages")  # noqa: PTH118 - as pip prints it
    said = f"pip 24.0 from {os.path.join(other, 'pip')} (python 3.9)"  # noqa: PTH118 - the same
    found = examine({"PATH": str(pip.parent)}, {str(pip): said}, is_cell=is_cell)
    mend = {
        True: "To install for this kernel, type in a cell: %pip install NAME, or %autoinstall install NAME",
        False: f"To install for this Python: {own.executable} -m autoinstall install NAME",
    }[is_cell]
    assert _about("shell", found) == [(f"pip is another Python's: it installs into {other}", mend)]


def test_a_pip_that_is_this_python_s(examine: Examine, own: Environment, tmp_path: Path) -> None:
    pip = _command(tmp_path / "bin", "pip")
    found = examine({"PATH": str(pip.parent)}, {str(pip): f"pip 24.0 from {own.purelib / 'pip'} (python 3.11)"})
    assert _about("shell", found) == [("pip is this Python's", None)]


def test_a_python_that_is_another_is_said_once(examine: Examine, own: Environment, tmp_path: Path) -> None:
    python = _command(tmp_path / "bin", "python")
    python3 = _command(tmp_path / "bin", "python3")
    answers = {str(python): "/elsewhere", str(python3): "/elsewhere"}
    found = examine({"PATH": str(python.parent)}, answers)
    mend = f"To run a script with this one: {own.executable} SCRIPT.py"
    assert _about("shell", found) == [("python is another Python: /elsewhere", mend)]
    assert _about("shell", examine({"PATH": str(python.parent)}, dict.fromkeys(answers, str(own.prefix)))) == [
        ("python is this Python", None)
    ]


def test_a_python_that_does_not_answer(examine: Examine, tmp_path: Path) -> None:
    """Windows has such a one, which opens a shop."""
    python = _command(tmp_path / "bin", "python")
    found = examine({"PATH": str(python.parent)})
    assert _about("shell", found) == [(f"python is {python}, which does not answer", None)]


def test_a_conda_that_installs_elsewhere(examine: Examine, own: Environment, tmp_path: Path) -> None:
    conda = _command(tmp_path / "bin", "conda")
    variables = {"PATH": str(conda.parent), "CONDA_PREFIX": "/opt/conda"}
    found = examine(variables, {str(conda): "conda 26.1.0"})
    assert (f"conda 26.1.0, {conda}", None) in _about("tools", found)
    said = "conda installs into /opt/conda, not here"
    assert _about("shell", found) == [(said, "What conda installs there is not found here.")]
    found = examine(variables, {}, replace(own, is_conda=True))
    assert _about("shell", found) == [(said, f"To install here: conda install --prefix {own.prefix} NAME")]
    found = examine({"PATH": str(conda.parent)})
    assert _about("shell", found)[0][0] == f"conda installs into {tmp_path}, not here"
    found = examine(variables | {"CONDA_PREFIX": str(own.prefix)})
    assert _about("shell", found) == [("conda installs into this environment", None)]


def test_indexes_without_their_passwords(examine: Examine, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://ann:secret@index.example/simple\nextra-index-url = https://token@other.example/\n"
    )
    variables = {"PATH": "", "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    found = examine(variables)
    said = _about("index", found)
    # In the order in which they answer.
    assert [one for one, _ in said][:2] == [
        f"uv and pip: https://other.example/ ({tmp_path / 'pip.conf'})",
        f"uv and pip: https://index.example/simple ({tmp_path / 'pip.conf'}), for what none of those above has",
    ]
    said = _about("index", examine(variables | {"UV_DEFAULT_INDEX": "https://uv.example/simple"}))
    assert ("uv: https://uv.example/simple (UV_DEFAULT_INDEX)", None) in said
    assert (f"pip: https://other.example/ ({tmp_path / 'pip.conf'})", None) in said
    assert "secret" not in repr(found)
    assert "token" not in repr(found)


def test_a_configuration_that_cannot_be_read(examine: Examine, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("no section")
    found = examine({"PATH": "", "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")})
    said = f"cannot be read: {tmp_path / 'pip.conf'}: MissingSectionHeaderError"
    assert (said, "Correct this file, or remove it.") in _about("index", found)


def test_an_environment_that_is_not_ours(examine: Examine, own: Environment, tmp_path: Path) -> None:
    found = _about("installs go to", examine(environment=replace(own, is_externally_managed=True)))
    said, mend = found[0]
    assert said == f"not here: {own.prefix} belongs to the operating system"
    assert mend is not None
    assert mend.splitlines()[0] == "To make an environment of your own and a kernel for it, in a terminal:"
    assert mend.splitlines()[1].endswith(str(tmp_path / "my-env"))
    assert mend.splitlines()[3].endswith("-m ipykernel install --user --name my-env")
    assert found[1][0].startswith(f"a folder of your own instead: {tmp_path / 'data' / 'autoinstall' / 'targets'}")


def test_settings_that_cannot_be_read_keep_nobody_from_the_rest(examine: Examine) -> None:
    def broken() -> Settings:
        raise BadSettingError("mode", "sometimes", "off or ask or auto", "config.toml")

    found = examine(settings=broken)
    assert _about("settings", found) == [
        (
            "mode = 'sometimes' (config.toml): it must be off or ask or auto",
            "Correct it where it was said: config.toml.",
        )
    ]
    assert found[-1].topic != "settings"


def test_a_path_for_another_version(examine: Examine) -> None:
    other = os.path.join(os.sep, "opt", "lib", "python3.8", "site-packages")  # noqa: PTH118 - a variable's text
    [said, *_] = _about("path", examine({"PATH": "", "PYTHONPATH": other}))
    assert said == (
        f"PYTHONPATH puts {other} before all that is installed",
        f"Start without PYTHONPATH: {other} is for another version of Python.",
    )
    [said, *_] = _about("path", examine({"PATH": "", "PYTHONPATH": "/mine"}))
    assert said == ("PYTHONPATH puts /mine before all that is installed", None)


def test_a_user_site_that_is_switched_off(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "ENABLE_USER_SITE", False)
    found = _about("path", examine({"PATH": "", "PYTHONNOUSERSITE": "1"}))
    said = f"the user site ({site.getusersitepackages()}) is not looked in, by PYTHONNOUSERSITE"
    assert found == [(said, None)]


def test_what_others_left_half_installed(examine: Examine, own: Environment) -> None:
    (own.purelib / "snark-1.0.dist-info").mkdir()
    (own.purelib / "~oojum").mkdir()
    (own.purelib / "whole-1.0.dist-info").mkdir()
    (own.purelib / "whole-1.0.dist-info" / "METADATA").touch()
    said = [each[0] for each in _about("half installed", examine())]
    assert "snark-1.0.dist-info has no metadata: another tool was interrupted" in said
    assert "~oojum was left by an interrupted pip" in said
    assert not any("whole" in each for each in said)


def test_what_we_left_half_installed(examine: Examine, own: Environment) -> None:
    work = own.purelib.resolve() / ".autoinstall" / "work" / "abcd"
    work.mkdir(parents=True)
    [(said, mend)] = _about("half installed", examine())
    assert said == f"an install that was interrupted, or is under way, in {work}"
    assert mend is not None
    assert "import autoinstall; autoinstall.enable()" in mend


@pytest.mark.kernel
def test_the_magic_in_a_kernel_whose_server_is_another_python(
    fresh_environment: FreshEnvironment, start_kernel: StartKernel
) -> None:
    """Who starts the kernel here is the Python of these tests."""
    kernel = start_kernel(fresh_environment("ipython9"))
    assert kernel.execute("%load_ext autoinstall").status == "ok"
    people = kernel.execute("%autoinstall doctor")
    assert people.status == "ok"
    said = " ".join(people.stdout.split())
    assert f"the notebook server runs another Python: {Path(sys.prefix).resolve()}" in said
    assert "To install for this kernel, type in a cell: %autoinstall install NAME" in said
    lines = kernel.execute("%autoinstall doctor --json").stdout.splitlines()
    assert {"server"} <= {json.loads(line)["topic"] for line in lines}
    assert kernel.execute("%autoinstall doctor --loud").stderr.endswith("takes nothing, or --json\n")


def test_nothing_is_written(examine: Examine, own: Environment, tmp_path: Path) -> None:
    examine(environment=replace(own, is_externally_managed=True))
    assert not (tmp_path / "data").exists()
    assert list(own.purelib.iterdir()) == []


def test_the_command_in_an_environment_without_pip(fresh_environment: FreshEnvironment) -> None:
    """What the test's own environment is like is found out for real; the shell's Python here is another."""
    environment = fresh_environment("plain")
    shell = str(Path(sys.executable).parent)
    result = environment.run("-m", "autoinstall", "doctor", "--json", environ={"PATH": shell})
    assert (result.returncode, result.stderr) == (0, "")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(list(each) == ["topic", "said", "mend"] for each in found)
    said = {(each["topic"], each["said"]) for each in found}
    assert ("installs go to", str(environment.site_packages)) in said
    assert any(topic == "environment" and "made with uv" in text for topic, text in said)
    assert any(
        topic == "tools" and text.startswith("pip: There is no pip in this environment") for topic, text in said
    )
    assert ("tools", "uv plans and installs") in said
    assert ("shell", f"python is another Python: {sys.prefix}") in said
    people = environment.run("-m", "autoinstall", "doctor", environ={"PATH": shell})
    assert (people.returncode, people.stdout) == (0, "")
    assert people.stderr.startswith("python          Python 3.11")
