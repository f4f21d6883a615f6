"""The command as a shell sees it: real processes, standard output, standard error and exit statuses."""

import json
from pathlib import Path

import pytest

from tests.conftest import FreshEnvironment
from tests.support.environments import Environment, Environments
from tests.support.faults import Status
from tests.support.local_index import LocalIndex
from tests.support.processes import NOBODY, clean_environ

FIELDS = ["import_name", "verdict", "project", "candidates", "reason", "suggestion"]


@pytest.fixture(scope="module")
def untouched(environments: Environments, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Return an environment for commands that only answer."""
    home = tmp_path_factory.mktemp("home")
    return environments.fresh("plain", clean_environ(home, NOBODY), home, None)


@pytest.fixture
def environment(fresh_environment: FreshEnvironment, local_index: LocalIndex) -> Environment:
    return fresh_environment("plain", local_index)


def test_which_reads_names_from_standard_input_and_answers_each_in_order(untouched: Environment) -> None:
    names = ["cv2", "", "yaml", "class", "a b", "os", "x" * 10_000, "nowhere_such", "a\0b"]
    result = untouched.run("-m", "autoinstall", "which", "--json", "-", stdin="\n".join(names) + "\n")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 0, result.stderr
    assert [answer["import_name"] for answer in answers] == names
    assert all(list(answer) == FIELDS for answer in answers)
    assert {answer["import_name"]: answer["verdict"] for answer in answers if len(answer["import_name"]) < 20} == {
        "cv2": "choice",
        "": "advice",
        "yaml": "trusted",
        "class": "advice",
        "a b": "advice",
        "os": "installed",
        "nowhere_such": "unknown",
        "a\0b": "advice",
    }
    assert answers[6]["verdict"] == "advice"


def test_which_without_json_speaks_to_people_on_standard_error(untouched: Environment) -> None:
    result = untouched.run("-m", "autoinstall", "which", "yaml")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.startswith("yaml comes with pyyaml\n")


def test_which_leaves_the_working_folder_out(untouched: Environment) -> None:
    untouched.script("", "oddly_named_module.py")
    result = untouched.run("-m", "autoinstall", "which", "--json", "oddly_named_module")
    assert json.loads(result.stdout)["verdict"] == "advice"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("which",),
        ("install", "a b"),
        ("install", "--project", "six", "six", "yaml"),
        ("install", "--mode", "sometimes", "six"),
        ("run", "nowhere.py"),
    ],
)
def test_wrong_usage_is_status_2_and_says_so(untouched: Environment, arguments: tuple[str, ...]) -> None:
    result = untouched.run("-m", "autoinstall", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr


def test_a_bad_setting_is_wrong_usage(untouched: Environment) -> None:
    result = untouched.run("-m", "autoinstall", "install", "yaml", environ={"AUTOINSTALL_MODE": "sometimes"})
    assert result.returncode in (2, 3)
    assert "mode = 'sometimes' (environment): it must be off or ask or auto" in result.stderr


def test_install_with_nobody_to_ask_is_declined_before_the_network_is_used(
    environment: Environment, local_index: LocalIndex
) -> None:
    before = environment.files()
    result = environment.run("-m", "autoinstall", "install", "--json", "yaml")
    assert result.returncode == 1
    assert json.loads(result.stdout)["status"] == "declined"
    assert "there was nobody to ask" in result.stderr
    assert not local_index.asked
    assert environment.files() == before


def test_install_without_a_question_in_mode_auto(environment: Environment) -> None:
    result = environment.run("-m", "autoinstall", "install", "--mode", "auto", "--json", "yaml", "PyYAML", "cv2")
    assert result.returncode == 0, result.stderr
    assert {"pyyaml", "opencv-python"} <= environment.installed().keys()
    assert json.loads(result.stdout.splitlines()[0])["installed"] == ["yaml", "cv2"]
    again = environment.run("-m", "autoinstall", "install", "--json", "yaml")
    assert (again.returncode, json.loads(again.stdout)["status"]) == (0, "present")


def test_what_is_forbidden_does_not_come_along_either(environment: Environment) -> None:
    environment.script('deny = ["snark"]\n', "autoinstall.toml")
    before = environment.files()
    arguments = ("--mode", "auto", "--project", "boojum-tools", "boojum")
    result = environment.run("-m", "autoinstall", "install", *arguments)
    assert result.returncode == 3
    assert result.stderr.startswith("autoinstall: boojum-tools needs snark, which the settings here forbid.\n")
    assert environment.files() == before


def test_a_failed_install_is_status_3_and_leaves_the_environment_alone(
    environment: Environment, local_index: LocalIndex
) -> None:
    local_index.faults = [Status(500)]
    before = environment.files()
    result = environment.run("-m", "autoinstall", "install", "--mode", "auto", "yaml")
    assert result.returncode == 3
    assert environment.files() == before
    assert "Traceback" not in result.stderr


def test_run_is_the_scripts_own(environment: Environment) -> None:
    script = environment.script("import sys, yaml\nprint(yaml.STAND_IN, sys.argv[1:], __name__)\nsys.exit(7)\n")
    result = environment.run("-m", "autoinstall", "run", "--mode", "auto", script.name, "-x", "y")
    assert result.returncode == 7, result.stderr
    assert result.stdout.rstrip().endswith("['-x', 'y'] __main__")


def test_a_missing_import_in_a_headless_script_is_pythons_own_error_and_a_note(untouched: Environment) -> None:
    script = untouched.script("print('before')\nimport yaml\n")
    result = untouched.run("-m", "autoinstall", "run", script.name)
    assert (result.returncode, result.stdout) == (1, "before\n")
    lines = result.stderr.splitlines()  # another Python of this machine that has yaml may be named below
    start = lines.index("ModuleNotFoundError: No module named 'yaml'")
    assert lines[start : start + 3] == [
        "ModuleNotFoundError: No module named 'yaml'",
        "autoinstall: yaml comes with pyyaml, which is not installed; there was nobody to ask.",
        "  To install it: autoinstall install yaml  (or, where there is a pip: python -m pip install pyyaml)",
    ]
    assert "cli.py" not in result.stderr
    assert "runpy" not in result.stderr


LACKING = """
import autoinstall, asyncio, sys, types
autoinstall.enable()
pandas = types.ModuleType("pandas.io.parquet")
exec("def get_engine(): raise ImportError('words alone')", pandas.__dict__)
async def task(): import yaml
async def main():
    async with asyncio.TaskGroup() as tasks: tasks.create_task(task())
"""


@pytest.mark.parametrize(
    ("statement", "note"),
    [
        (
            "pandas.get_engine()",
            "autoinstall: pyarrow is not installed.\n  To install it: autoinstall install pyarrow",
        ),
        ("asyncio.run(main())", "which is not installed; there was nobody to ask."),
        ("exec('raise KeyError from ImportError(1)', pandas.__dict__)", None),
        (
            "exec('raise KeyError from ModuleNotFoundError(name=\"cv2\")', pandas.__dict__)",
            "autoinstall: cv2 comes with opencv-python, which is not installed.",
        ),
    ],
    ids=["a library's own words", "a task of a group", "an error that says nothing", "an error's cause"],
)
def test_the_note_under_what_a_script_s_libraries_raise(
    untouched: Environment, statement: str, note: str | None
) -> None:
    untouched.script(LACKING + statement, "lacking.py")
    shown = untouched.run("lacking.py").stderr.replace("| ", "")
    assert shown.count("autoinstall: ") == (note is not None)
    assert note is None or note in shown.replace("\n  |   ", "\n  ")
    assert "%" not in shown


def test_a_damaged_table_is_one_clear_line(environment: Environment, tmp_path: Path) -> None:
    table = next(environment.site_packages.glob("autoinstall/table.*in*"))
    damaged = tmp_path / table.name
    damaged.write_bytes(table.read_bytes()[:-1000])
    table.unlink()
    damaged.rename(table)
    result = environment.run("-m", "autoinstall", "which", "yaml")
    assert result.returncode == 1
    assert result.stderr.startswith(f"autoinstall: autoinstall's table {table}")
    assert result.stderr.rstrip().endswith("--no-deps ipython-autoinstall")
    assert "Traceback" not in result.stderr
