"""Modules that lie around a script or notebook, and folders that are left alone."""

from pathlib import Path

import pytest

from autoinstall.advice.nearby import Neighbour, Neighbourhood, Where


def make(top: Path, *files: str) -> None:
    for file in files:
        path = top / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "folder", "where"),
    [
        ("course/week1/thing.py", "course/week1", Where.HERE),
        ("course/week1/thing/__init__.py", "course/week1", Where.HERE),
        ("course/thing.py", "course", Where.ABOVE),
        ("thing.py", "", Where.ABOVE),
        ("course/week1/code/thing.py", "course/week1/code", Where.BELOW),
        ("course/src/thing.py", "course/src", Where.BESIDE),
        ("lib/thing/__init__.py", "lib", Where.BESIDE),
    ],
)
def test_a_module_is_found_with_the_folder_that_reaches_it(
    tmp_path: Path, file: str, folder: str, where: Where
) -> None:
    top = tmp_path / "repository"
    make(top, ".git/HEAD", "course/week1/notebook.ipynb", file)
    here = Neighbourhood(top / "course" / "week1")
    found = top / file
    found = found.parent if found.name == "__init__.py" else found
    assert here.find("thing.part") == Neighbour(found, top / folder, where)
    assert "thing" in here.names()


@pytest.mark.parametrize(
    "file",
    [
        pytest.param("week1/a/b/thing.py", id="two levels below"),
        pytest.param("week1/.venv/thing.py", id="hidden"),
        pytest.param("week1/venv/thing.py", id="a virtual environment"),
        pytest.param("week1/target/thing.py", id="a folder that distributions were installed into"),
        pytest.param("week1/node_modules/thing.py", id="somebody else's"),
        pytest.param("week1/thing/notes.txt", id="a folder without __init__.py"),
        pytest.param("week1/thing.txt", id="no Python"),
        pytest.param("../thing.py", id="above the top of the project"),
    ],
)
def test_what_is_not_theirs_is_not_found(tmp_path: Path, file: str) -> None:
    top = tmp_path / "repository"
    make(top, ".git/HEAD", "week1/venv/pyvenv.cfg", "week1/target/x-1.dist-info/METADATA", file)
    assert Neighbourhood(top / "week1").find("thing") is None


def test_without_a_projects_top_only_the_nearest_folder_above_counts(tmp_path: Path) -> None:
    make(tmp_path, "one/near.py", "far.py", "one/two/notebook.ipynb")
    here = Neighbourhood(tmp_path / "one" / "two", home=tmp_path.parent)
    assert here.names() == {"near"}


def test_a_home_is_not_searched_from_within(tmp_path: Path) -> None:
    make(tmp_path, "downloads/thing.py", "own.py", "course/notebook.ipynb")
    assert Neighbourhood(tmp_path, home=tmp_path).names() == {"own"}
    assert Neighbourhood(tmp_path / "course", home=tmp_path).names() == set()


def test_the_nearest_of_several_is_meant(tmp_path: Path) -> None:
    make(tmp_path, "setup.py", "thing.py", "a/thing.py", "b/thing.py")
    found = Neighbourhood(tmp_path / "b").find("thing")
    assert found is not None
    assert found.folder == tmp_path / "b"


def test_a_folder_that_cannot_be_read_holds_nothing(tmp_path: Path) -> None:
    assert Neighbourhood(tmp_path / "gone").names() == set()
