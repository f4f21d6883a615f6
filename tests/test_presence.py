"""How far an import name leads along a path, found out without importing anything."""

import importlib
import shutil
import sys
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from autoinstall.advice.presence import (
    Kind,
    Owner,
    Presence,
    beginnings_on,
    importable_roots,
    look_for,
    named_distributions,
    owner_of,
)
from autoinstall.names import import_name, project_name

NEVER = "raise RuntimeError('nobody may import this')\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder of installed modules, each of which fails when it is imported."""
    for file in (
        "single.py",
        "regular/__init__.py",
        "regular/inner/__init__.py",
        "regular/inner/leaf.py",
        "shared/part/__init__.py",
        "shared/deep/er/leaf.py",
    ):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(NEVER, encoding="utf-8")
    legacy = tmp_path / "legacy" / "__init__.py"
    legacy.parent.mkdir()
    legacy.write_text("__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n" + NEVER, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "found", "kind"),
    [
        ("single", "single", Kind.MODULE),
        ("single.nothing", "single", Kind.MODULE),
        ("regular", "regular", Kind.PACKAGE),
        ("regular.inner.leaf", "regular.inner.leaf", Kind.MODULE),
        ("regular.inner.nothing", "regular.inner", Kind.PACKAGE),
        ("regular.nothing.leaf", "regular", Kind.PACKAGE),
        ("shared", "shared", Kind.NAMESPACE),
        ("shared.part", "shared.part", Kind.PACKAGE),
        ("shared.deep.er.leaf", "shared.deep.er.leaf", Kind.MODULE),
        ("shared.nothing", "shared", Kind.NAMESPACE),
        ("legacy.nothing", "legacy", Kind.NAMESPACE),
        ("nothing", None, None),
        ("nothing.at.all", None, None),
    ],
)
def test_a_name_leads_as_far_as_files_do(site: Path, name: str, found: str | None, kind: Kind | None) -> None:
    before = set(sys.modules)
    presence = look_for(import_name(name), [str(site)])
    assert (presence.found, presence.kind, presence.is_whole) == (found, kind, found == name)
    assert look_for(import_name(name), [str(site)], beginnings_on([str(site)])) == presence
    assert set(sys.modules) == before


def test_what_falls_short_tells_what_is_there_instead(site: Path) -> None:
    expected = Presence(
        import_name("regular.nothing"),
        import_name("regular"),
        Kind.PACKAGE,
        str(site / "regular" / "__init__.py"),
        ("inner",),
    )
    assert look_for(import_name("regular.nothing"), [str(site)]) == expected


def test_a_namespace_joins_what_lies_in_several_folders(site: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    for root in ("shared", "legacy"):
        (other / root).mkdir()
        (other / root / "added.py").write_text(NEVER, encoding="utf-8")
        assert look_for(import_name(f"{root}.added"), [str(site), str(other)]).is_whole
        assert not look_for(import_name(f"{root}.added"), [str(site)]).is_whole


@pytest.mark.parametrize("name", ["sys", "os.path", "zipimport"])
def test_what_is_loaded_built_in_or_frozen_needs_no_path(name: str) -> None:
    assert look_for(import_name(name), []).is_whole


def test_what_is_loaded_but_gone_from_the_disk_is_missing(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an undo, or an uninstall by hand: it works on, but what would be installed is not there."""
    for name, file in (("gone", site / "gone" / "__init__.py"), ("gone.inner", site / "gone" / "inner.py")):
        file.parent.mkdir(exist_ok=True)
        file.touch()
        spec = spec_from_file_location(name, file, submodule_search_locations=[str(file.parent)])
        assert spec is not None
        monkeypatch.setitem(sys.modules, name, module_from_spec(spec))
    there = look_for(import_name("gone.inner"), [str(site)])
    assert there == Presence(import_name("gone.inner"), import_name("gone.inner"), origin=str(site / "gone/inner.py"))
    shutil.rmtree(site / "gone")
    assert look_for(import_name("gone.inner"), [str(site)]) == Presence(import_name("gone.inner"))
    assert look_for(import_name("gone"), [str(site)]) == Presence(import_name("gone"))


def test_what_is_loaded_from_an_archive_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "modules.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("zipped.py", "")
    monkeypatch.syspath_prepend(str(archive))
    module = importlib.import_module("zipped")
    monkeypatch.delitem(sys.modules, "zipped")
    monkeypatch.setitem(sys.modules, "zipped", module)
    assert look_for(import_name("zipped")).is_whole


def test_an_empty_entry_is_todays_working_folder(site: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(site)
    assert look_for(import_name("single"), [""]).is_whole
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert not look_for(import_name("single"), [""]).is_whole


def test_finders_of_others_are_asked_and_their_trouble_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    class Editable:
        def find_spec(self, fullname: str, *_: object) -> object:
            from importlib.machinery import ModuleSpec  # noqa: PLC0415 - as such finders do

            return ModuleSpec(fullname, None, origin="somewhere") if fullname == "editable" else None

    class Broken:
        def find_spec(self, fullname: str, *_: object) -> object:
            raise RuntimeError(fullname)

    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path, Editable()])
    assert look_for(import_name("editable"), []).is_whole
    assert look_for(import_name("uneditable"), []).found is None


def test_what_lies_on_a_path_begins_with(site: Path, tmp_path: Path) -> None:
    (site / "Compiled.cpython-311-x86_64-linux-gnu.so").touch()
    path = [str(site), str(tmp_path / "nowhere"), str(site / "single.py")]
    listed = frozenset({"single", "regular", "shared", "legacy", "compiled"})
    assert beginnings_on(path) == listed
    assert look_for(import_name("Compiled"), path, listed).is_whole
    # What is not listed is not looked for, unless it is loaded or another finder's.
    assert look_for(import_name("single"), path, frozenset()).found is None
    assert look_for(import_name("sys"), path, frozenset()).is_whole
    archive = tmp_path / "modules.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("zipped.py", "")
    assert beginnings_on([str(site), str(archive)]) is None


def test_the_roots_of_a_path(site: Path) -> None:
    assert importable_roots([str(site)]) == {"single", "regular", "legacy"}


@pytest.mark.parametrize(
    ("folder", "files", "root"),
    [
        ("Regular_Project-1.0.dist-info", {"top_level.txt": "regular\n_inner\n"}, "regular"),
        ("other-1.0.dist-info", {"RECORD": "regular/__init__.py,,\nother-1.0.dist-info/RECORD,,\n"}, "regular"),
        ("other-1.0.dist-info", {"RECORD": "regular.cpython-311-x86_64-linux-gnu.so,,\n"}, "regular"),
        ("other-1.0.dist-info", {"RECORD": "single.py,,\n"}, "single"),
    ],
)
def test_the_owner_of_a_module_is_the_distribution_that_lists_it(
    site: Path, folder: str, files: dict[str, str], root: str
) -> None:
    (site / folder).mkdir()
    written = folder.partition("-")[0]
    for name, text in {"METADATA": f"Name: {written}\nVersion: 1.0\n", **files}.items():
        (site / folder / name).write_text(text, encoding="utf-8")
    owner = Owner(project_name(written), "1.0")
    assert owner_of(import_name(f"{root}.nothing"), named_distributions([str(site)])) == owner
    assert owner_of(import_name("legacy"), named_distributions([str(site)])) is None
