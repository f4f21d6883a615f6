"""What an environment may replace: only what came from an index and is its own."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from autoinstall.environment import Environment, installed
from autoinstall.environment.ownership import why_not_replaced
from autoinstall.names import project_name
from tests.support.staging import environment_at


def distribution(
    site: Path, files: Mapping[str, str] = MappingProxyType({}), *, record: bool = True, name: str = "snark"
) -> None:
    """Put a `.dist-info` with these files into a folder."""
    folder = site / f"{name.replace('-', '_')}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    if record:
        (folder / "RECORD").write_text("")
    for file, text in files.items():
        (folder / file).write_text(text)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return environment_at(tmp_path / "env")


def why_not(environment: Environment, site: Path, name: str = "snark") -> str | None:
    return why_not_replaced(installed([str(site)])[project_name(name)], environment)


def test_what_came_from_an_index_is_replaced(environment: Environment) -> None:
    distribution(environment.purelib, {"INSTALLER": "pip\n"})
    assert why_not(environment, environment.purelib) is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"direct_url.json": json.dumps({"url": "file:///home/ann/snark", "dir_info": {"editable": True}})},
            "it is an editable install of a folder of source code",
        ),
        ({"direct_url.json": json.dumps({"url": "https://x.example/s.whl"})}, "it was not installed from an index"),
        ({"INSTALLER": "conda"}, None),
    ],
    ids=["editable", "by URL", "conda's word without conda"],
)
def test_where_it_came_from_counts(environment: Environment, files: dict[str, str], expected: str | None) -> None:
    distribution(environment.purelib, files)
    assert why_not(environment, environment.purelib) == expected


def test_what_has_no_record_stays(environment: Environment) -> None:
    distribution(environment.purelib, record=False)
    assert why_not(environment, environment.purelib) == "nothing says which files are its own"


def test_what_lies_elsewhere_stays(environment: Environment, tmp_path: Path) -> None:
    """The operating system's, or the user's own site."""
    elsewhere = tmp_path / "dist-packages"
    distribution(elsewhere)
    assert why_not(environment, elsewhere) == f"it lies in {elsewhere}, outside of what is installed into"


def test_what_conda_installed_is_condas(environment: Environment) -> None:
    distribution(environment.purelib, {"INSTALLER": "conda\n"})
    of_conda = dataclasses.replace(environment, is_conda=True)
    assert why_not(of_conda, environment.purelib) == "conda installed it, and only conda may change it"


def test_who_installs_is_not_replaced_by_itself(environment: Environment) -> None:
    distribution(environment.purelib, name="ipython-autoinstall")
    assert why_not(environment, environment.purelib, "ipython-autoinstall") == "it is what installs here"
