"""conda's records: names read from file names, files from their contents, and what cannot be read passed over."""

import json
import os
from pathlib import Path

import pytest

from autoinstall.environment import conda_meta
from autoinstall.environment.conda_meta import Linked, LinkedFile
from autoinstall.names import CondaName, ProjectName


def linked(name: str, version: str, build: str) -> Linked:
    return Linked(CondaName(ProjectName(name)), version, build)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("snark-1.0-py_0.conda", linked("snark", "1.0", "py_0")),
        ("snark-hunter-1.0-py312h1_0.tar.bz2", linked("snark-hunter", "1.0", "py312h1_0")),
        ("_openmp_mutex-4.5-2_gnu.tar.bz2", linked("_openmp_mutex", "4.5", "2_gnu")),
        ("ruamel.yaml-0.18.6-py_0.conda", linked("ruamel.yaml", "0.18.6", "py_0")),
        ("snark-1.0.conda", None),
        ("snark-1.0-py_0.whl", None),
        ("SNARK-1.0-py_0.conda", None),
        ("-1.0-py_0.conda", None),
        ("", None),
    ],
)
def test_a_file_of_a_channel_says_what_it_is(file: str, expected: Linked | None) -> None:
    assert conda_meta.from_file_name(file) == expected


def test_names_versions_and_builds_are_in_the_names_of_the_records(tmp_path: Path) -> None:
    folder = tmp_path / "conda-meta"
    folder.mkdir()
    for name in ("snark-1.0-py_0.json", "boojum-tools-2.0-h1_3.json", "nonsense.json"):
        (folder / name).write_text("not read", encoding="utf-8")
    (folder / "history").touch()
    found = conda_meta.linked(tmp_path)
    assert found == {
        "boojum-tools": linked("boojum-tools", "2.0", "h1_3"),
        "snark": linked("snark", "1.0", "py_0"),
    }
    assert found[CondaName(ProjectName("boojum-tools"))].spec == "boojum-tools==2.0=h1_3"


def test_no_conda_environment_has_no_records(tmp_path: Path) -> None:
    assert conda_meta.linked(tmp_path) == {}
    assert conda_meta.owners(tmp_path) == {}


def test_files_have_the_hash_that_they_have_in_the_environment(tmp_path: Path) -> None:
    """Where a path was written into a file while linking, the record has both hashes."""
    folder = tmp_path / "conda-meta"
    folder.mkdir()
    record = {
        "files": ["bin/snark", "lib/snark.py", "lib/__pycache__/snark.pyc"],
        "paths_data": {
            "paths": [
                {"_path": "bin/snark", "sha256": "a", "sha256_in_prefix": "b", "size_in_bytes": 3},
                {"_path": "lib/snark.py", "sha256": "c", "size_in_bytes": 4},
            ]
        },
    }
    (folder / "snark-1.0-py_0.json").write_text(json.dumps(record), encoding="utf-8")
    assert conda_meta.files_of(tmp_path, linked("snark", "1.0", "py_0")) == (
        LinkedFile("bin/snark", "b", 3),
        LinkedFile("lib/snark.py", "c", 4),
        LinkedFile("lib/__pycache__/snark.pyc", "", 0),
    )
    where = os.path.normcase(tmp_path.resolve() / "bin" / "snark")
    assert conda_meta.owners(tmp_path)[where] == "snark 1.0, which conda installed"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"files": 3}', '{"files": ["x"], "paths_data": []}'])
def test_a_broken_record_is_not_our_affair(tmp_path: Path, content: str) -> None:
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "snark-1.0-py_0.json").write_text(content, encoding="utf-8")
    assert conda_meta.files_of(tmp_path, linked("snark", "1.0", "py_0")) in ((), (LinkedFile("x", "", 0),))
