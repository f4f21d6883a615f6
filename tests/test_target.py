"""The folder of one's own beside an environment: where it lies, and how it comes onto the path."""

import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from autoinstall import target


@pytest.fixture(autouse=True)
def _data_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv(target.VARIABLE, raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.mark.parametrize(
    ("sys_platform", "variables", "expected"),
    [
        ("linux", {}, ("home", ".local", "share")),
        ("linux", {"XDG_DATA_HOME": "/data"}, ("/data",)),
        ("linux", {"XDG_DATA_HOME": " "}, ("home", ".local", "share")),
        ("darwin", {}, ("home", "Library", "Application Support")),
        ("win32", {}, ("home", "AppData", "Local")),
        ("win32", {"LOCALAPPDATA": "D:\\Local"}, ("D:\\Local",)),
    ],
)
def test_where_data_lies(sys_platform: str, variables: dict[str, str], expected: tuple[str, ...]) -> None:
    assert target.data_folder(variables, "home", sys_platform) == str(Path(*expected))


def test_platformdirs_says_the_same() -> None:
    """`enable()` cannot afford to ask it: whatever it may come to say, here we would see it."""
    usual = platformdirs.user_data_path("autoinstall", appauthor=False)
    if sys.platform != "win32":  # there it asks the system, which knows nothing of this test's folders
        assert Path(target.usual_root()) == usual / "targets"


def test_one_for_each_environment_and_version(monkeypatch: pytest.MonkeyPatch) -> None:
    here = target.folder_in("root")
    assert Path(here).parent == Path("root")
    assert sys.implementation.cache_tag in here
    monkeypatch.setattr(sys, "prefix", os.path.join(sys.prefix, "other"))  # noqa: PTH118 - sys.prefix is a text
    assert target.folder_in("root") != here


def test_nothing_there_and_nothing_done() -> None:
    before = list(sys.path)
    assert target.restore() == ()
    assert sys.path == before


def test_it_comes_last_and_its_path_files_take_effect() -> None:
    folder = Path(target.folder_in(), target.SITE)
    (folder / "more").mkdir(parents=True)
    (folder / "more.pth").write_text("more\n")
    before = list(sys.path)
    assert target.restore() == (str(folder),)
    assert sys.path == [*before, str(folder), str(folder / "more")]
    target.restore()
    assert sys.path == [*before, str(folder), str(folder / "more")]


def test_one_elsewhere_is_found_again(tmp_path: Path) -> None:
    root = str(tmp_path / "scratch")
    folder = Path(target.folder_in(root), target.SITE)
    folder.mkdir(parents=True)
    assert target.existing() == ()
    target.remember(target.folder_in(root))
    assert target.existing() == (str(folder),)


def test_the_note_is_written_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = Path(target.folder_in(str(tmp_path / "first")), target.SITE)
    first.mkdir(parents=True)
    target.remember(str(first.parent))
    before = sorted(Path(target.usual_root()).iterdir())

    def fails(*paths: object) -> None:
        raise OSError(28, f"no space for {paths}")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="no space"):
        target.remember(str(tmp_path / "second"))
    assert target.existing() == (str(first),)
    assert sorted(Path(target.usual_root()).iterdir()) == before


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode there")
def test_one_whose_name_is_no_text_is_found_again(tmp_path: Path) -> None:
    folder = Path(target.folder_in(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")), target.SITE)
    folder.mkdir(parents=True)
    target.remember(str(folder.parent))
    assert target.existing() == (str(folder),)


def test_the_usual_one_needs_no_note(tmp_path: Path) -> None:
    target.remember(target.folder_in())
    assert not (tmp_path / "data").exists()


def test_one_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    root = str(tmp_path / "scratch")
    folder = Path(target.folder_in(root), target.SITE)
    folder.mkdir(parents=True)
    monkeypatch.setenv(target.VARIABLE, root)
    assert target.existing() == (str(folder),)
    monkeypatch.setenv(target.VARIABLE, "not/from/the/root")
    assert target.existing() == ()


def test_a_note_that_leads_nowhere(tmp_path: Path) -> None:
    root = str(tmp_path / "gone")
    target.remember(target.folder_in(root))
    assert target.existing() == ()
    Path(target.usual_root(), Path(target.folder_in()).name + ".txt").write_bytes(b"\xff")
    assert target.existing() == ()


def test_it_loads_nothing_where_there_is_none() -> None:
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; import autoinstall; before = set(sys.modules);"
        "import autoinstall.target; autoinstall.target.restore(); print(sorted(set(sys.modules) - before))"
    )
    answer = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "['autoinstall.target']\n"
