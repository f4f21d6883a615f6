"""What people copy from the README works: commands run, settings are read, code compiles, links lead somewhere."""

import ast
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from autoinstall.ipython import magic
from autoinstall.settings import FOLDER_FILE, settle
from tests.conftest import FreshEnvironment
from tests.support.catalogue import Release, default_catalogue, stand_in
from tests.support.local_index import LocalIndex

ROOT = Path(__file__).parents[1]

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")

# They make environments from the real index; the second of them is what this test is a part of.
NOT_RUN = ("python3 -m ", ".venv/bin/")

LARGEST_PICTURE = 60_000
"""In bytes."""


def blocks(language: str) -> list[str]:
    """Return the contents of the code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Return the lines to type in a shell, without their comments."""
    lines = [line for block in blocks("shell") for line in block.splitlines()]
    return [shlex.join(shlex.split(line, comments=True)) for line in lines if not line.startswith(NOT_RUN)]


def test_the_commands_are_found() -> None:
    assert "autoinstall which cv2 yaml sklearn" in commands()
    assert all(command.startswith("autoinstall ") for command in commands())


@pytest.mark.parametrize("command", commands())
def test_a_command_runs(
    command: str, fresh_environment: FreshEnvironment, make_index: Callable[..., LocalIndex]
) -> None:
    index = make_index(*default_catalogue(), Release(stand_in("opencv-python", "4.10.0.84", "cv2")))
    environment = fresh_environment("plain", index, AUTOINSTALL_MODE="auto")
    done = environment.run("-m", *shlex.split(command))
    assert done.returncode == 0, done.stderr
    if command.startswith("autoinstall install"):
        assert "opencv-python" in environment.installed()
    else:
        assert "comes with" in done.stderr


def test_exact_versions_are_had_again_elsewhere(fresh_environment: FreshEnvironment, local_index: LocalIndex) -> None:
    assert "`autoinstall freeze > pins.txt` writes" in TEXT
    assert "`autoinstall restore pins.txt` installs" in TEXT
    here, there = (fresh_environment("plain", local_index, AUTOINSTALL_MODE="auto") for _ in range(2))
    here.run("-m", "autoinstall", "install", "yaml", check=True)
    frozen = here.run("-m", "autoinstall", "freeze", check=True).stdout
    there.script(frozen, "pins.txt")
    there.run("-m", "autoinstall", "restore", "pins.txt", check=True)
    assert there.installed()["pyyaml"] == "6.0.3"


@pytest.mark.parametrize("text", blocks("toml"))
def test_a_file_of_settings_is_read_whole(text: str, tmp_path: Path) -> None:
    (tmp_path / FOLDER_FILE).write_text(text, encoding="utf-8")
    nowhere = tmp_path / "nowhere.toml"
    settings = settle(environment={}, user_file=nowhere, site_file=nowhere, folder=tmp_path)
    for name in re.findall(r"^(\w+) =", text, re.MULTILINE):
        assert getattr(settings, name), name
    assert settings.min_age_days == 30


@pytest.mark.parametrize("code", [code for code in blocks("python") if not code.startswith("%")])
def test_code_compiles(code: str) -> None:
    ast.parse(code)


def test_the_two_lines_of_a_shared_notebook() -> None:
    assert "%pip install -q ipython-autoinstall\n%load_ext autoinstall\n" in blocks("python")


def test_every_sub_command_of_the_magic_is_one() -> None:
    named = set(re.findall(r"%autoinstall (\w+)", TEXT))
    known = set(re.findall(r"^%autoinstall (\w+)", magic._HELP, re.MULTILINE))
    assert named
    assert named <= known


def test_the_other_project_s_name_is_nowhere_installed() -> None:
    assert not re.search(r"pip install (-\S+ )*autoinstall\b", TEXT)


@pytest.mark.parametrize("link", re.findall(r'\]\(([^)]+)\)|(?:src|srcset)="([^"]+)"', TEXT), ids="".join)
def test_a_link_leads_somewhere(link: tuple[str, str]) -> None:
    assert (ROOT / "".join(link)).is_file()


@pytest.mark.parametrize("picture", sorted((ROOT / "tests/browser/pictures").glob("*")), ids=lambda file: file.name)
def test_a_picture_is_small_and_shown(picture: Path) -> None:
    assert picture.stat().st_size < LARGEST_PICTURE
    assert picture.relative_to(ROOT).as_posix() in TEXT
