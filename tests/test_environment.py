"""The environment's facts, and what counts as installed in it."""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from autoinstall.environment import Installed, current, installed, is_writable
from autoinstall.names import project_name
from autoinstall.platforms import PLATFORMS, System
from tests.conftest import FreshEnvironment
from tests.support.wheels import Wheel


def test_current_is_this_interpreters() -> None:
    found = current()
    assert found.executable == Path(sys.executable)
    assert found.prefix == Path(sys.prefix)
    assert found.base_prefix == Path(sys.base_prefix)
    assert found.purelib == Path(sysconfig.get_path("purelib"))
    assert found.scripts == Path(sysconfig.get_path("scripts"))
    assert found.python_version == sys.version.split()[0]
    assert found.is_virtual is (sys.prefix != sys.base_prefix)


def test_it_costs_no_heavy_import() -> None:
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; import autoinstall.environment; autoinstall.environment.current();"
        "print(sorted(set(sys.modules) & {'packaging', 'subprocess', 'urllib.request', 'IPython'}))"
    )
    answer = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ("home = /usr/bin\nuv = 0.13.8\nversion_info = 3.12.1\n", True),
        ("home = /usr/bin\nversion = 3.12.1\n", False),
        (None, False),
    ],
    ids=["uv", "venv", "none"],
)
def test_who_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configuration: str | None, *, expected: bool
) -> None:
    if configuration is not None:
        (tmp_path / "pyvenv.cfg").write_text(configuration)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert current().is_uv_made is expected


@pytest.mark.parametrize("is_conda", [True, False])
def test_conda_keeps_a_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_conda: bool) -> None:
    (tmp_path / "conda-meta").mkdir()
    if is_conda:
        (tmp_path / "conda-meta" / "history").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert current().is_conda is is_conda


@pytest.mark.parametrize("is_virtual", [True, False])
def test_pep_668_is_not_for_virtual_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_virtual: bool
) -> None:
    """The marker is seen from inside a virtual environment too."""
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    paths = {**sysconfig.get_paths(), "stdlib": str(tmp_path)}
    monkeypatch.setattr(sysconfig, "get_paths", lambda: paths)
    monkeypatch.setattr(sys, "base_prefix", "/elsewhere" if is_virtual else sys.prefix)
    assert current().is_externally_managed is not is_virtual


@pytest.mark.parametrize("system", list(System))
def test_a_folder_to_be_made_is_as_writable_as_the_one_it_is_made_in(tmp_path: Path, system: System) -> None:
    assert is_writable(tmp_path / "not" / "there", PLATFORMS[system])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where asking is reliable the answer counts, elsewhere the attempt; root may all, so both are made up."""

    def refuse(*_: object, **__: object) -> object:
        raise PermissionError

    monkeypatch.setattr(os, "access", lambda *_: False)
    assert not is_writable(tmp_path, PLATFORMS[System.LINUX])
    assert is_writable(tmp_path, PLATFORMS[System.WINDOWS])
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert not is_writable(tmp_path, PLATFORMS[System.WINDOWS])


def distribution(folder: Path, stem: str, metadata: str | None, **files: str) -> None:
    """Write a distribution's metadata folder; `direct_url_json` is written as `direct_url.json`."""
    made = folder / stem
    made.mkdir(parents=True)
    if metadata is not None:
        (made / ("PKG-INFO" if stem.endswith(".egg-info") else "METADATA")).write_text(metadata)
    for name, content in files.items():
        (made / name.replace("_json", ".json").replace("_txt", ".txt")).write_text(content)


def test_installed_reads_the_headers_alone(tmp_path: Path) -> None:
    metadata = """\
Metadata-Version: 2.1
Name: Ruamel.YAML
Version: 0.18
Requires-Dist: clib>=0.2 ; python_version < "3.14"
Provides-Extra: docs
Requires-Dist: sphinx ; extra == "docs"

Name: not-this-one
Requires-Dist: nor-this
"""
    distribution(tmp_path, "ruamel.yaml-0.18.dist-info", metadata)
    assert installed([str(tmp_path)]) == {
        "ruamel-yaml": Installed(
            project_name("ruamel-yaml"),
            "0.18",
            tmp_path,
            requires=('clib>=0.2 ; python_version < "3.14"', 'sphinx ; extra == "docs"'),
            extras=("docs",),
            metadata_folder=tmp_path / "ruamel.yaml-0.18.dist-info",
        )
    }


def test_the_first_on_the_path_wins(tmp_path: Path) -> None:
    for place, version in (("one", "1.0"), ("two", "2.0")):
        distribution(tmp_path / place, f"snark-{version}.dist-info", f"Name: snark\nVersion: {version}\n")
    [found] = installed([str(tmp_path / "one"), str(tmp_path / "two")]).values()
    assert (found.version, found.location) == ("1.0", tmp_path / "one")


def test_where_it_came_from(tmp_path: Path) -> None:
    metadata = "Name: {}\nVersion: 1.0\n"
    editable = '{"url": "file:///src/a", "dir_info": {"editable": true}}'
    distribution(tmp_path, "a-1.0.dist-info", metadata.format("a"), direct_url_json=editable)
    distribution(
        tmp_path, "b-1.0.dist-info", metadata.format("b"), direct_url_json='{"url": "https://b.example/b.whl"}'
    )
    distribution(tmp_path, "c-1.0.dist-info", metadata.format("c"), direct_url_json="not JSON")
    distribution(tmp_path, "d-1.0.dist-info", metadata.format("d"), direct_url_json='["a", "list"]')
    found = {name: (one.direct_url, one.is_editable) for name, one in installed([str(tmp_path)]).items()}
    assert found == {
        "a": ("file:///src/a", True),
        "b": ("https://b.example/b.whl", False),
        "c": (None, False),
        "d": (None, False),
    }


def test_the_old_form_counts_with_its_requirements(tmp_path: Path) -> None:
    requires = "clib>=0.2\n\n[docs]\nsphinx\n"
    distribution(tmp_path, "snark-1.0.egg-info", "Name: snark\nVersion: 1.0\n", requires_txt=requires)
    [found] = installed([str(tmp_path)]).values()
    assert found.requires == ("clib>=0.2", 'sphinx; extra == "docs"')


@pytest.mark.parametrize(
    "metadata",
    [None, "", "Name: snark\n", "Version: 1.0\n", "Name: --index-url=x\nVersion: 1.0\n", "Name: \nVersion: 1.0\n"],
    ids=["missing", "empty", "no version", "no name", "an option for a name", "an empty name"],
)
def test_what_is_broken_is_passed_over(tmp_path: Path, metadata: str | None) -> None:
    distribution(tmp_path, "snark-1.0.dist-info", metadata)
    assert installed([str(tmp_path)]) == {}


def test_metadata_that_is_no_utf_8_is_passed_over(tmp_path: Path) -> None:
    distribution(tmp_path, "snark-1.0.dist-info", None)
    (tmp_path / "snark-1.0.dist-info" / "METADATA").write_bytes(b"Name: snark\nVersion: 1.0\nAuthor: \xff\xfe\n")
    assert installed([str(tmp_path)]) == {}


def test_a_real_environment_from_inside(fresh_environment: FreshEnvironment) -> None:
    environment = fresh_environment("plain")
    environment.install(Wheel("snark", "1.0", {"snark.py": ""}, ("boojum>=1",)))
    code = (
        "from autoinstall.environment import current, installed; here = current();"
        "print(here.is_virtual, here.is_uv_made, here.is_conda, here.is_externally_managed, here.is_writable);"
        "one = installed()['snark']; print(one.version, one.requires, one.location == here.purelib)"
    )
    answer = environment.run("-c", code, check=True).stdout.splitlines()
    assert answer == ["True True False False True", "1.0 ('boojum>=1',) True"]
