"""What scripts, notebooks and folders import, and how it stands with each, on a path that is made for the test."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from autoinstall.advice import Verdict
from autoinstall.errors import UnreadableSourceError
from autoinstall.names import ProjectName
from autoinstall.settings import Settings
from autoinstall.source.authors import Authored
from autoinstall.source.scanned import Place, Scan, Skipped, State, requests
from autoinstall.source.scanning import scan


@pytest.fixture(autouse=True)
def _nothing_loaded_by_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget bs4, which the index client brings into this process: what is loaded is there."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "bs4"]:
        monkeypatch.delitem(sys.modules, name)


class Desk:
    """A folder of files, and a path on which only `there` is installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self.site = folder / "site-packages"
        self.site.joinpath("there").mkdir(parents=True)
        self.site.joinpath("there", "__init__.py").write_text("")

    def write(self, files: Mapping[str, str]) -> None:
        for name, content in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    def notebook(self, *cells: str) -> Path:
        file = self.folder / "made.ipynb"
        code = [{"cell_type": "code", "source": cell} for cell in cells]
        file.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": code}))
        return file

    def scan(self, name: str = "", settings: Settings | None = None) -> Scan:
        return scan(self.folder / name, settings or Settings(), [str(self.site)])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def _told(found: Scan) -> list[tuple[str, str, str | None]]:
    return [(one.import_name, str(one.state), one.advice.project) for one in found.imports]


def test_every_state(desk: Desk) -> None:
    desk.write(
        {
            "made.py": "import json, there, mine, folder.part, bs4, urllib2, surely_nobody_knows_this\n",
            "mine.py": "",
            "folder/part.py": "",
        }
    )
    assert _told(desk.scan("made.py")) == [
        ("json", "standard library", None),
        ("there", "installed", None),
        ("mine", "local", None),
        ("folder.part", "local", None),
        ("bs4", "missing", "beautifulsoup4"),
        ("urllib2", "advice", None),
        ("surely_nobody_knows_this", "missing", None),
    ]


def test_a_file_of_one_s_own_shadows_what_is_installed(desk: Desk) -> None:
    desk.write({"made.py": "import there\nimport sys", "there.py": "", "sys.py": ""})
    assert _told(desk.scan("made.py")) == [("there", "local", None), ("sys", "standard library", None)]


def test_where_an_import_stands(desk: Desk) -> None:
    file = desk.notebook(
        "import bs4", "%%time\n\nif x:\n    import bs4\ntry:\n    import bs4\nexcept ImportError: pass"
    )
    [found] = desk.scan("made.ipynb").imports
    assert found.places == (
        Place(str(file), 1, 1, is_sure=True),
        Place(str(file), 2, 4, is_sure=False),
        Place(str(file), 2, 6, is_sure=False, is_guarded=True),
    )
    assert found.is_sure
    assert found.is_offered


def test_what_a_source_manages_without_is_missing_but_not_offered(desk: Desk) -> None:
    desk.write({"made.py": "try:\n    import bs4\nexcept ImportError:\n    bs4 = None\ndef f():\n    import cv2\n"})
    found = desk.scan("made.py")
    assert [one.import_name for one in found.missing] == ["bs4", "cv2"]
    assert [one.import_name for one in found.offered] == ["cv2"]


def test_the_most_telling_names(desk: Desk) -> None:
    desk.write({"made.py": "from google.cloud import storage, bigquery\nfrom sklearn import metrics\n"})
    assert _told(desk.scan("made.py")) == [
        ("google.cloud.storage", "missing", "google-cloud-storage"),
        ("google.cloud.bigquery", "missing", "google-cloud-bigquery"),
        ("sklearn", "missing", "scikit-learn"),
    ]


def test_the_author_s_choice_is_proposed(desk: Desk) -> None:
    desk.notebook("!pip install -q opencv-python-headless==4.5.1 beautifulsoup4", "import cv2, bs4, there")
    found = desk.scan("made.ipynb")
    cv2, bs4, there = found.imports
    assert (cv2.advice.verdict, cv2.advice.project) == (Verdict.CHOICE, "opencv-python-headless")
    assert cv2.authored == (Authored(ProjectName("opencv-python-headless"), "==4.5.1", "pip"),)
    assert (bs4.advice.project, len(bs4.authored), there.authored) == ("beautifulsoup4", 1, ())
    asked = requests(found, is_cell=True)
    assert [one.import_name for one in asked] == ["cv2", "bs4"]
    for one in asked:
        assert dict(one.proposed) == {"cv2": "opencv-python-headless", "bs4": "beautifulsoup4"}
        assert (one.is_explicit, one.version) == (True, None)


def test_an_unknown_import_stays_unknown_whatever_the_author_installs(desk: Desk) -> None:
    desk.notebook("!pip install surely-nobody-knows-this==1.0", "import surely_nobody_knows_this")
    found = desk.scan("made.ipynb")
    [unknown] = found.imports
    assert (unknown.state, unknown.advice.verdict, unknown.advice.project) == (State.MISSING, Verdict.UNKNOWN, None)
    assert unknown.authored == (Authored(ProjectName("surely-nobody-knows-this"), "==1.0", "pip"),)
    assert (found.offered, requests(found, is_cell=True)) == ((), [])


def test_magics_that_import(desk: Desk) -> None:
    desk.notebook(
        "%load_ext autoinstall",
        "%matplotlib widget\n%load_ext autoreload\n%load_ext memory_profiler\n%load_ext not a name",
    )
    assert _told(desk.scan("made.ipynb")) == [
        ("matplotlib", "missing", "matplotlib"),
        ("ipympl", "missing", "ipympl"),
        ("memory_profiler", "missing", "memory-profiler"),
    ]


def test_one_project_is_offered_once(desk: Desk) -> None:
    desk.write({"made.py": "import sklearn.metrics\nimport sklearn\n"})
    assert [one.import_name for one in desk.scan("made.py").offered] == ["sklearn.metrics"]


def test_what_the_settings_deny_is_not_offered(desk: Desk) -> None:
    desk.write({"made.py": "import sklearn"})
    found = desk.scan("made.py", Settings(deny=frozenset({ProjectName("scikit-learn")})))
    assert found.imports[0].advice.verdict is Verdict.DENIED
    assert found.offered == ()


def test_a_folder(desk: Desk) -> None:
    desk.write(
        {
            "a.py": "import b, sub.c",
            "b.py": "import bs4",
            "sub/c.py": "import bs4, b",
            "notes.txt": "import cv2",
            ".hidden/x.py": "import cv2",
            ".hidden.py": "import cv2",
            "env/pyvenv.cfg": "",
            "env/x.py": "import cv2",
            "site-packages/x.py": "import cv2",
            "broken.py": "import (",
            "broken.ipynb": "{",
        }
    )
    found = desk.scan()
    assert _told(found) == [("b", "local", None), ("sub.c", "local", None), ("bs4", "missing", "beautifulsoup4")]
    assert [Path(place.file).name for place in found.imports[2].places] == ["b.py", "c.py"]
    assert found.skipped == (
        Skipped(str(desk.folder / "broken.ipynb"), None, "is no notebook: it holds no JSON"),
        Skipped(str(desk.folder / "broken.py"), None, "is no Python"),
    )


def test_a_broken_cell_is_named_and_the_rest_is_read(desk: Desk) -> None:
    file = desk.notebook("import (", "import bs4")
    found = desk.scan("made.ipynb")
    assert _told(found) == [("bs4", "missing", "beautifulsoup4")]
    assert found.skipped == (Skipped(str(file), 1, "this is no Python"),)


def test_source_in_another_encoding(desk: Desk) -> None:
    desk.folder.joinpath("made.py").write_bytes("# coding: latin-1\nx = 'é'\nimport bs4".encode("latin-1"))
    assert _told(desk.scan("made.py")) == [("bs4", "missing", "beautifulsoup4")]


def test_what_is_too_large_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autoinstall.source.scanning._MOST_BYTES", 1_000_000)
    desk.write({"a.py": "#" * 1_000_001, "b.py": "import bs4"})
    found = desk.scan()
    assert found.skipped == (Skipped(str(desk.folder / "a.py"), None, "has more than 1 MB"),)
    assert len(found.imports) == 1


@pytest.mark.parametrize(
    ("name", "problem"),
    [("absent.py", "is not there"), ("text.txt", "is no script (.py), no notebook (.ipynb) and no folder")],
)
def test_what_cannot_be_scanned(name: str, problem: str, desk: Desk) -> None:
    desk.write({"text.txt": ""})
    with pytest.raises(UnreadableSourceError) as caught:
        desk.scan(name)
    assert str(caught.value) == f"{desk.folder / name} {problem}"
