"""history, undo, freeze and restore as a shell sees them, over real environments and the local index."""

import json
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import FreshEnvironment
from tests.support.catalogue import stand_in
from tests.support.environments import Environment, Environments
from tests.support.local_index import LocalIndex
from tests.support.processes import NOBODY, clean_environ
from tests.support.wheels import Wheel

Completed = subprocess.CompletedProcess[str]


@pytest.fixture
def environment(fresh_environment: FreshEnvironment, local_index: LocalIndex) -> Environment:
    return fresh_environment("plain", local_index)


@pytest.fixture(scope="module")
def untouched(environments: Environments, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Return an environment into which nothing was ever installed by way of us."""
    home = tmp_path_factory.mktemp("home")
    return environments.fresh("plain", clean_environ(home, NOBODY), home, None)


def call(environment: Environment, *arguments: str, status: int = 0) -> Completed:
    """Run a command, and see that it ends as expected."""
    result = environment.run("-m", "autoinstall", *arguments)
    assert result.returncode == status, result.stderr
    assert "Traceback" not in result.stderr
    return result


def install(environment: Environment, *arguments: str) -> None:
    call(environment, "install", "--mode", "auto", *arguments)


def history(environment: Environment, *, status: int = 0) -> list[dict[str, Any]]:  # Any: JSON
    return [json.loads(line) for line in call(environment, "history", "--json", status=status).stdout.splitlines()]


def files(environment: Environment) -> dict[str, str]:
    """Return every file but autoinstall's own record and lock."""
    return {path: digest for path, digest in environment.files().items() if ".autoinstall/" not in path}


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("history",), 1, "autoinstall has installed nothing here.\n"),
        (("history", "--json"), 1, "autoinstall has installed nothing here.\n"),
        (("freeze",), 1, "autoinstall has installed nothing here that is installed still.\n"),
        (("undo",), 1, "autoinstall: this process has installed nothing that could be taken back.\n"),
        (("undo", "20260101"), 1, "autoinstall: no install has the id '20260101'; autoinstall history lists "),
        (("restore", "nowhere.txt"), 2, "autoinstall: nowhere.txt cannot be read: "),
        (("restore",), 2, "usage: "),
        (("undo", "one", "two"), 2, "usage: "),
    ],
)
def test_where_there_is_nothing(untouched: Environment, arguments: tuple[str, ...], status: int, said: str) -> None:
    result = call(untouched, *arguments, status=status)
    assert result.stdout == ""
    assert result.stderr.startswith(said)


def test_an_undo_removes_exactly_what_was_added(environment: Environment) -> None:
    before = files(environment)
    install(environment, "cv2")
    [added] = history(environment)
    assert {key: value for key, value in added.items() if key not in ("id", "when")} == {
        "prefix": str(environment.prefix),
        "python": environment.run("-c", "import platform; print(platform.python_version())").stdout.strip(),
        "installer": "uv",
        "import_names": ["cv2"],
        "distributions": [
            {"project": "numpy", "version": "2.4.1", "replaced": None},
            {"project": "opencv-python", "version": "4.14.0.94", "replaced": None},
        ],
        "undone": None,
    }
    assert datetime.fromisoformat(added["when"]).tzinfo == UTC
    assert files(environment) != before

    # Each command is a process of its own, which has installed nothing.
    without = call(environment, "undo", status=1)
    assert f"(numpy 2.4.1, opencv-python 4.14.0.94): autoinstall undo {added['id']}" in without.stderr
    done = call(environment, "undo", added["id"])
    assert (done.stdout, done.stderr) == ("", "Removed numpy 2.4.1, opencv-python 4.14.0.94.\n")
    assert files(environment) == before

    [struck] = history(environment)
    assert struck["undone"] is not None
    assert {**struck, "undone": None} == added
    told = call(environment, "history")
    assert told.stdout == ""
    lines = told.stderr.splitlines()
    assert lines[0].endswith(f"  id {added['id']}")
    assert lines[1] == "  numpy 2.4.1, opencv-python 4.14.0.94 (for import cv2)"
    assert lines[2].startswith(f"  into {environment.prefix} (Python 3.11.")
    assert lines[3].startswith("  taken back ")
    assert "was taken back already" in call(environment, "undo", added["id"], status=1).stderr
    install(environment, "cv2")
    assert [each["undone"] is None for each in history(environment)] == [False, True]


def test_an_undo_by_the_beginning_of_an_id(environment: Environment) -> None:
    install(environment, "yaml")
    install(environment, "PIL")
    first, second = history(environment)
    before = files(environment)
    assert "2 ids begin with '2'" in call(environment, "undo", "2", status=2).stderr
    assert files(environment) == before
    undone = call(environment, "undo", second["id"][:-1], "--json")
    assert json.loads(undone.stdout) == {
        "id": second["id"],
        "status": "undone",
        "removed": [{"project": each["project"], "version": each["version"]} for each in second["distributions"]],
        "put_back": [],
        "kept": [],
        "loaded": [],
        "note": None,
    }
    assert undone.stderr.startswith("Removed pillow ")
    assert [each["undone"] is None for each in history(environment)] == [True, False]
    assert "pyyaml" in environment.installed()
    assert "pillow" not in environment.installed()
    assert first["import_names"] == ["yaml"]


def test_what_something_else_has_come_to_need_stays(environment: Environment) -> None:
    install(environment, "yaml")
    environment.install(Wheel("hunters", "1.0", {"hunters.py": ""}, ("pyyaml",)))
    [added] = history(environment)
    before = files(environment)
    refused = call(environment, "undo", "--json", added["id"], status=1)
    note = "not undone: pyyaml is needed by hunters, which was installed otherwise."
    assert refused.stderr == f"autoinstall: {note}\n"
    assert json.loads(refused.stdout) == {
        "id": added["id"],
        "status": "declined",
        "removed": [],
        "put_back": [],
        "kept": [],
        "loaded": [],
        "note": note,
    }
    assert files(environment) == before
    assert history(environment) == [added]


def test_what_was_changed_since_is_kept_and_said_where(environment: Environment) -> None:
    before = files(environment)
    install(environment, "yaml")
    [added] = history(environment)
    module = environment.site_packages / "yaml" / "__init__.py"
    text = module.read_text() + "# mine\n"
    module.unlink()
    module.write_text(text)
    lines = call(environment, "undo", added["id"]).stderr.splitlines()
    assert lines[0] == "Removed pyyaml 6.0.3."
    [kept] = environment.site_packages.glob(".autoinstall/kept/**/__init__.py")
    assert lines[1:] == [f"  Changed since it was installed, and so kept: {kept}"]
    assert kept.read_text() == text
    assert files(environment) == before


def test_frozen_here_and_restored_there(
    environment: Environment, fresh_environment: FreshEnvironment, local_index: LocalIndex
) -> None:
    install(environment, "cv2", "yaml")
    install(environment, "--project", "snark==1.0", "snark")
    frozen = call(environment, "freeze")
    assert frozen.stderr == ""
    assert frozen.stdout.splitlines()[1:] == [
        "numpy==2.4.1",
        "opencv-python==4.14.0.94  # import cv2",
        "pyyaml==6.0.3  # import yaml",
        "snark==1.0  # import snark",
    ]
    assert [json.loads(line) for line in call(environment, "freeze", "--json").stdout.splitlines()][3] == {
        "project": "snark",
        "version": "1.0",
        "import_names": ["snark"],
    }

    other = fresh_environment("plain", local_index)
    bare = files(other)
    other.script(frozen.stdout, "frozen.txt")
    restored = call(other, "restore", "--mode", "auto", "frozen.txt")
    assert restored.stderr.splitlines()[-2:] == [
        "Installed numpy 2.4.1, opencv-python 4.14.0.94, pyyaml 6.0.3, snark 1.0.",
        "By hand: python -m uv pip install -r frozen.txt",
    ]
    assert other.installed() == environment.installed()
    [together] = history(other)
    assert sorted(together["import_names"]) == ["cv2", "snark", "yaml"]
    # The header tells the day; all else is the same.
    assert call(other, "freeze").stdout.splitlines()[1:] == frozen.stdout.splitlines()[1:]
    again = call(other, "restore", "--mode", "auto", "frozen.txt")
    assert again.stderr.splitlines()[-1] == "All of frozen.txt is installed here."
    call(other, "undo", together["id"])
    assert files(other) == bare
    for arguments, status, named, has_note in (
        (("--mode", "off"), 1, "declined", True),
        (("--mode", "auto"), 0, "installed", False),
        (("--mode", "auto"), 0, "present", False),
    ):
        told = json.loads(call(other, "restore", "--json", *arguments, "frozen.txt", status=status).stdout)
        assert (told["file"], told["status"], told["note"] is not None) == ("frozen.txt", named, has_note)
        assert sorted(told["installed"]) == (["cv2", "snark", "yaml"] if named == "installed" else [])


def test_only_what_is_missing_is_installed_and_by_pip_too(
    fresh_environment: FreshEnvironment, local_index: LocalIndex
) -> None:
    environment = fresh_environment("plain-pip", local_index)
    environment.install(stand_in("numpy", "2.4.1", "numpy"))
    environment.script("opencv-python==4.14.0.94\nnumpy==2.4.1\nboojum-tools==1.5 # import boojum\n", "frozen.txt")
    call(environment, "restore", "--mode", "auto", "--installer", "pip", "frozen.txt")
    [added] = history(environment)
    assert (added["installer"], added["import_names"]) == ("pip", ["boojum"])
    projects = sorted(each["project"] for each in added["distributions"])
    assert projects == ["boojum-tools", "opencv-python", "snark"]
    assert call(environment, "freeze").stdout.splitlines()[1:] == [
        "boojum-tools==1.5  # import boojum",
        "opencv-python==4.14.0.94",
        "snark==2.0",
    ]
    # pip itself reads what is frozen.
    frozen = call(environment, "freeze").stdout
    file = environment.script(frozen, "again.txt")
    checked = environment.run("-m", "pip", "install", "--quiet", "--dry-run", "--no-index", "-r", file)
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stderr


def test_pins_that_no_import_belongs_to(environment: Environment) -> None:
    environment.script("six==1.17.0\nsnark==1.0\n", "frozen.txt")
    call(environment, "restore", "--mode", "auto", "frozen.txt")
    [added] = history(environment)
    assert added["import_names"] == []
    assert call(environment, "freeze").stdout.splitlines()[1:] == ["six==1.17.0", "snark==1.0"]
    call(environment, "undo", added["id"])
    assert environment.installed().keys().isdisjoint({"six", "snark"})


def test_another_version_is_a_conflict_and_changes_nothing(environment: Environment) -> None:
    environment.install(stand_in("PyYAML", "5.0", "yaml"))
    environment.script("pyyaml==6.0.3 # import yaml\nsnark==2.0 # import snark\n", "frozen.txt")
    before = files(environment)
    refused = call(environment, "restore", "--mode", "auto", "frozen.txt", status=3)
    assert "pyyaml 5.0 is installed here, not 6.0.3, and what is installed is left as it is" in refused.stderr
    assert files(environment) == before
    call(environment, "history", status=1)


def test_an_import_that_is_not_in_what_is_pinned_undoes_the_whole(environment: Environment) -> None:
    environment.script("wrong-name==1.0 # import wrong_name\nsnark==2.0 # import snark\n", "frozen.txt")
    before = files(environment)
    refused = call(environment, "restore", "--mode", "auto", "frozen.txt", status=3)
    assert "does not provide wrong_name" in refused.stderr
    assert files(environment) == before
    call(environment, "history", status=1)


def test_with_nobody_to_ask_nothing_is_asked_of_the_network(
    environment: Environment, local_index: LocalIndex
) -> None:
    environment.script("snark==2.0 # import snark\n", "frozen.txt")
    for mode in ((), ("--mode", "ask"), ("--mode", "off")):
        declined = call(environment, "restore", *mode, "frozen.txt", status=1)
        assert "frozen.txt was not restored: " in declined.stderr
    assert not local_index.asked


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://index.example/simple",
        "--extra-index-url=https://index.example/simple",
        "evil @ https://index.example/evil-1.0-py3-none-any.whl",
        "-e git+https://index.example/evil.git#egg=evil",
        "snark>=1.0",
        "snark==2.0\x1b[2J",
        "\u202esnark==2.0",
    ],
)
def test_a_hostile_file_does_nothing(environment: Environment, local_index: LocalIndex, line: str) -> None:
    environment.script(f"snark==2.0\n{line}\n", "frozen.txt")
    before = files(environment)
    refused = call(environment, "restore", "--mode", "auto", "frozen.txt", status=2)
    assert refused.stderr.startswith("autoinstall: frozen.txt, line 2: ")
    assert refused.stderr.strip().isprintable()
    assert files(environment) == before
    assert not local_index.asked


def test_what_the_settings_deny_is_not_restored(environment: Environment, local_index: LocalIndex) -> None:
    environment.script('deny = ["snark"]\n', "autoinstall.toml")
    environment.script("pyyaml==6.0.3\nsnark==2.0\n", "frozen.txt")
    before = files(environment)
    refused = call(environment, "restore", "--mode", "auto", "frozen.txt", status=1)
    assert refused.stderr == "autoinstall: The settings here do not allow snark. Nothing was installed.\n"
    assert files(environment) == before
    assert not local_index.asked
