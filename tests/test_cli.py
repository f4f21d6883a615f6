"""The command as a shell sees it: real processes, standard output, standard error and exit statuses."""

import json
import os
import subprocess
import sys
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


def test_which_reads_what_powershell_pipes(untouched: Environment) -> None:
    result = untouched.run("-m", "autoinstall", "which", "--json", "-", stdin="\ufeffcv2\r\nyaml\r\n")
    assert [json.loads(line)["import_name"] for line in result.stdout.splitlines()] == ["cv2", "yaml"]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's redirections")
@pytest.mark.parametrize(
    ("redirection", "status", "said"),
    [
        (">&-", 0, ""),
        ("<&-", 0, ""),
        ("| true", 1, ""),
        (">/dev/full", 1, "autoinstall: the answer cannot be written: No space left on device\n"),
    ],
)
def test_outputs_that_cannot_be_written_to(untouched: Environment, redirection: str, status: int, said: str) -> None:
    if "full" in redirection and not Path("/dev/full").exists():
        pytest.skip("only Linux has a file that is always full")
    command = f"yes yaml | head -5000 | {untouched.python} -m autoinstall which --json - cv2 {redirection}"
    if redirection == "<&-":
        command = f"{untouched.python} -m autoinstall which --json - cv2 {redirection}"
    done = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[-{2 if '| true' in redirection else 1}]}}"],
        cwd=untouched.work,
        env=untouched.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (status, said)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is in use cannot be removed there")
def test_in_a_working_folder_that_was_removed(untouched: Environment) -> None:
    script = untouched.script("import yaml\n")
    gone = untouched.work / "gone"
    start = f"mkdir {gone}; cd {gone}; rmdir {gone}; {untouched.python} -P -m autoinstall "

    def run(arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "-c", start + arguments]
        return subprocess.run(
            command,
            cwd=untouched.work,
            env=untouched.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    for command, status in (
        ("which --json yaml", 0),
        (f"scan --json {script}", 0),
        ("doctor", 0),
        ("install yaml", 1),
    ):
        done = run(command)
        assert (done.returncode, "an error of its own" in done.stderr) == (status, False), done.stderr
    ran = run(f"run {script}")
    assert (ran.returncode, ran.stderr.count("autoinstall: yaml comes with pyyaml")) == (1, 1), ran.stderr


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
        ("install", "--project", "foo==", "foo"),
        ("install", "--project", "foo==not a version", "foo"),
        ("install", "--project", "foo==1.*", "foo"),
        ("install", "--project", "foo>=1", "foo"),
        ("install", "--project", "-foo", "foo"),
        ("undo", "one", "two", "--json"),
        ("install", "--mode", "sometimes", "six"),
        ("run", "nowhere.py"),
    ],
)
def test_wrong_usage_is_status_2_and_says_so(untouched: Environment, arguments: tuple[str, ...]) -> None:
    result = untouched.run("-m", "autoinstall", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr


@pytest.mark.parametrize("names", [("yaml",), ("--project", "pyyaml", "yaml")])
def test_a_bad_setting_is_wrong_usage(untouched: Environment, names: tuple[str, ...]) -> None:
    result = untouched.run("-m", "autoinstall", "install", *names, environ={"AUTOINSTALL_MODE": "sometimes"})
    assert result.returncode == 2
    assert result.stderr == "autoinstall: mode = 'sometimes' (environment): it must be off or ask or auto\n"


@pytest.mark.parametrize("where", ["the user's", "the working folder's"])
@pytest.mark.parametrize("text", ["mode = [", 'mode = "sometimes"', "nonsense = 1"])
def test_settings_that_cannot_be_read_keep_no_answer_back_but_every_install(
    environment: Environment, local_index: LocalIndex, where: str, text: str
) -> None:
    environment.script("import yaml\n", "lacking.py")
    file = environment.work / "autoinstall.toml"
    if where == "the user's":
        said = environment.run("-c", "from autoinstall.settings import *; print(user_settings_file())")
        file = Path(said.stdout.strip())
        file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    for arguments in (("which", "yaml", "--json"), ("scan", "lacking.py", "--json")):
        result = environment.run("-m", "autoinstall", *arguments)
        assert (result.returncode, json.loads(result.stdout)["import_name"]) == (0, "yaml")
        [line] = result.stderr.splitlines()
        assert line.startswith("autoinstall: passed over: ")
        assert str(file) in line
    examined = environment.run("-m", "autoinstall", "doctor")
    assert (examined.returncode, "Correct it where it was said" in examined.stdout + examined.stderr) == (0, True)
    assert "installed nothing here" in environment.run("-m", "autoinstall", "history").stderr
    before = environment.files()
    for mode in ("ask", "auto"):
        result = environment.run("-m", "autoinstall", "install", "--mode", mode, "yaml")
        assert (result.returncode, result.stdout) == (2, "")
        assert str(file) in result.stderr
    ran = environment.run("-m", "autoinstall", "run", "--mode", "auto", "lacking.py")
    assert (ran.returncode, str(file) in ran.stderr) == (1, True)
    assert environment.files() == before
    assert not local_index.asked


def test_what_nobody_knows_is_nothing_found(environment: Environment, local_index: LocalIndex) -> None:
    result = environment.run("-m", "autoinstall", "install", "--json", "zz-not-Known.project", "nowhere_such")
    assert result.returncode == 1
    assert [json.loads(line)["status"] for line in result.stdout.splitlines()] == ["not offered", "not offered"]
    assert result.stderr.splitlines()[0] == (
        "autoinstall: no import name is known for zz-not-known-project; "
        "say both: --project zz-not-known-project IMPORT_NAME"
    )
    assert not local_index.asked


def test_a_project_s_name_is_taken_as_it_is_spelt(environment: Environment, local_index: LocalIndex) -> None:
    arguments = ("--mode", "auto", "--project", "Boojum_.Tools == 1.5", "boojum")
    result = environment.run("-m", "autoinstall", "install", *arguments)
    assert result.returncode == 0, result.stderr
    assert {"boojum-tools", "snark"} <= environment.installed().keys()
    assert not any("Boojum" in path for path in map(str, local_index.asked))


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
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(answer["import_name"], answer["status"]) for answer in answers] == [
        ("yaml", "installed"),
        ("yaml", "installed"),
        ("cv2", "installed"),
    ]
    assert all(answer["installed"] == ["yaml", "cv2"] for answer in answers)
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
        "  To install it: autoinstall install yaml  (or: python -m uv pip install pyyaml)",
    ]
    assert "cli.py" not in result.stderr
    assert "runpy" not in result.stderr


def test_where_the_shells_python_is_another_the_note_names_this_one(untouched: Environment) -> None:
    script = untouched.script("import yaml\n")
    said = untouched.run("-m", "autoinstall", "run", script.name, environ={"PATH": os.defpath}).stderr
    python = untouched.python
    assert f"  To install it: {python} -m autoinstall install yaml  (or: {python} -m uv pip install pyyaml)\n" in said


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


@pytest.mark.parametrize(
    ("raised", "status", "ending"),
    [
        ("KeyError('key')", 1, "KeyError: 'key'"),
        ("asyncio.CancelledError()", 1, "asyncio.exceptions.CancelledError"),
        ("KeyboardInterrupt()", None, "KeyboardInterrupt"),
        ("SystemExit(7)", 7, ""),
    ],
)
@pytest.mark.parametrize("command", [["-m", "autoinstall"], ["-c", "from autoinstall.cli import main; main()"]])
def test_a_traceback_shows_the_script_s_own_frames_and_the_status_is_python_s(
    untouched: Environment, command: list[str], raised: str, status: int | None, ending: str
) -> None:
    script = untouched.script(f"import asyncio\ndef inner():\n    raise {raised}\ninner()\n")
    if command[0] == "-c":
        # As the installed command is started: Python tells an interrupt in a script from one in a module.
        starter = untouched.script("import sys\nfrom autoinstall.cli import main\nsys.exit(main())\n", "starter.py")
        command = [str(starter)]
    plain = untouched.run(script)
    ran = untouched.run(*command, "run", script)
    assert ran.stderr == plain.stderr
    assert ran.stderr.endswith(f"{ending}\n" if ending else "")
    if command[0] == "-m":
        module = untouched.script(script.read_text(), "as_a_module.py").stem
        assert ran.returncode == untouched.run("-m", module).returncode
    else:
        assert ran.returncode == plain.returncode
    assert status in (None, ran.returncode)


def test_a_script_is_told_where_it_lies_as_python_tells_it(untouched: Environment) -> None:
    text = "import os, sys\nos.chdir(os.sep)\nprint(os.path.exists(__file__), sys.path[0])\n1 / 0\n"
    script = untouched.script(text)
    plain = untouched.run(script.name)
    ran = untouched.run("-m", "autoinstall", "run", script.name)
    assert (ran.stdout, ran.stderr) == (plain.stdout, plain.stderr)
    apart = untouched.run("-I", script.name)
    assert untouched.run("-I", "-m", "autoinstall", "run", script.name).stdout == apart.stdout


def test_a_script_that_is_no_python_is_shown_as_python_shows_it(untouched: Environment) -> None:
    script = untouched.script("def\n")
    plain, ran = untouched.run(script), untouched.run("-m", "autoinstall", "run", script)
    assert (ran.returncode, ran.stderr) == (plain.returncode, plain.stderr)


BROKEN = "raise ImportError('cannot import name X', name='pypi_simple')\n"


@pytest.mark.parametrize(
    ("module", "text", "said"),
    [
        (
            "autoinstall/machine.py",
            BROKEN,
            "autoinstall: something that autoinstall needs cannot be imported (",
        ),
        ("autoinstall/machine.py", "1 / 0\n", "autoinstall: an error of its own kept it from helping (ZeroDivision"),
    ],
)
def test_a_defect_of_ours_is_one_clear_line_and_a_failed_install(
    environment: Environment, module: str, text: str, said: str
) -> None:
    file = environment.site_packages / module
    file.unlink()  # it may be a link to what others use
    file.write_text(text)
    result = environment.run("-m", "autoinstall", "install", "--mode", "auto", "--json", "--project", "six", "six")
    assert result.returncode == 3
    assert result.stderr.startswith(said)
    assert len(result.stderr.splitlines()) == 1
    assert [json.loads(line)["status"] for line in result.stdout.splitlines()] == ["failed"]
    assert environment.run("-m", "autoinstall", "undo").returncode == 3
    assert environment.run("-m", "autoinstall", "history").returncode == 1


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
    installed = environment.run("-m", "autoinstall", "install", "yaml")
    assert installed.returncode == 3
    assert installed.stderr == result.stderr
