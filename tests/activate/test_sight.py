"""This process sees what was installed, as if it had been started just now."""

import importlib
import importlib.metadata
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from autoinstall.activate import refresh, verify
from autoinstall.names import import_name
from autoinstall.past.transaction import Transaction
from autoinstall.plan import Obstacle, Refusal
from tests.activate.conftest import EGG, NEST, SNARK, Ground
from tests.support.wheels import Wheel


@pytest.fixture
def here(ground: Ground) -> Iterator[Ground]:
    """Have this process import from the environment, and leave the interpreter as found."""
    before, path = set(sys.modules), list(sys.path)
    sys.path.append(str(ground.environment.purelib))
    yield ground
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("snark", "snarkland", "jubjub", "toves"):
            del sys.modules[name]
    importlib.invalidate_caches()


def brought(ground: Ground, *wheels: Wheel) -> Transaction:
    added = ground.install(*wheels)
    assert isinstance(added, Transaction), added
    refresh(added, ground.environment)
    return added


def check(ground: Ground, name: str, added: Transaction) -> Refusal | None:
    return verify(import_name(name), added, ground.environment)


def test_a_module_that_was_looked_for_in_vain_is_found(here: Ground) -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("snark")
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("snark")
    looked_at = here.environment.purelib.stat()
    added = here.install(SNARK)
    assert isinstance(added, Transaction)
    # A coarse clock: the folder looks as it did when it was looked into.
    os.utime(here.environment.purelib, ns=(looked_at.st_atime_ns, looked_at.st_mtime_ns))
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("snark")
    refresh(added, here.environment)
    assert importlib.import_module("snark").VALUE == 42
    assert importlib.metadata.version("snark") == "2.0"


def test_a_namespace_that_is_imported_gets_its_new_part(here: Ground) -> None:
    brought(here, NEST)
    importlib.import_module("jubjub.nest")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("jubjub.egg")
    brought(here, EGG)
    importlib.import_module("jubjub.egg")


def test_a_namespace_of_the_pkgutil_kind_gets_its_new_part(here: Ground, tmp_path: Path) -> None:
    extend = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
    elsewhere = tmp_path / "elsewhere" / "toves"
    elsewhere.mkdir(parents=True)
    (elsewhere / "__init__.py").write_text(extend)
    sys.path.insert(0, str(elsewhere.parent))
    importlib.import_module("toves")
    brought(here, Wheel("tove", "1.0", {"toves/__init__.py": extend, "toves/slithy.py": ""}))
    importlib.import_module("toves.slithy")


def test_a_package_that_is_no_namespace_is_not_extended(here: Ground, tmp_path: Path) -> None:
    """After a restart it would not be found either."""
    elsewhere = tmp_path / "elsewhere" / "toves"
    elsewhere.mkdir(parents=True)
    (elsewhere / "__init__.py").write_text("")
    sys.path.insert(0, str(elsewhere.parent))
    module = importlib.import_module("toves")
    added = brought(here, Wheel("tove", "1.0", {"toves/__init__.py": "", "toves/slithy.py": ""}))
    assert list(module.__path__) == [str(elsewhere)]
    refused = check(here, "toves.slithy", added)
    assert isinstance(refused, Refusal)


def test_only_new_pth_files_take_effect(here: Ground) -> None:
    site = here.environment.purelib
    (site / "old.pth").write_text("old_more\n")
    (site / "old_more").mkdir()
    added = brought(here, Wheel("tove", "1.0", {"tove.pth": "tove_more\n", "tove_more/toves.py": "VALUE = 1\n"}))
    assert str(site / "tove_more") in sys.path
    assert str(site / "old_more") not in sys.path
    assert check(here, "toves", added) is None
    assert importlib.import_module("toves").VALUE == 1


def test_pkg_resources_learns_of_the_new_where_it_is_loaded(here: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[tuple[str, str, bool]] = []
    fixed: list[str] = []
    pkg_resources = ModuleType("pkg_resources")
    found = [SimpleNamespace(key="snark"), SimpleNamespace(key="something-older")]
    for name, value in {
        "find_distributions": lambda _folder: found,
        "fixup_namespace_packages": fixed.append,
        "working_set": SimpleNamespace(add=lambda each, folder, insert: added.append((each.key, folder, insert))),
    }.items():
        setattr(pkg_resources, name, value)
    monkeypatch.setitem(sys.modules, "pkg_resources", pkg_resources)
    brought(here, SNARK)
    site = str(here.environment.purelib)
    assert added == [("snark", site, False)]
    assert fixed == [site]


def test_what_was_installed_provides_the_import(here: Ground) -> None:
    added = brought(here, SNARK, NEST)
    for name in ("snark", "snarkland", "snarkland.a.b", "jubjub", "jubjub.nest"):
        assert check(here, name, added) is None
    assert "snarkland" not in sys.modules, "nothing was imported to find out"


def test_what_is_made_while_importing_is_taken_on_trust(here: Ground) -> None:
    added = brought(here, SNARK)
    assert check(here, "snark.moves.urllib", added) is None
    assert check(here, "snarkland.lazily_made", added) is None


@pytest.mark.parametrize("name", ["boojum", "jubjub.egg", "jubjub.egg.yolk"])
def test_what_is_not_provided_is_refused(here: Ground, name: str) -> None:
    refused = check(here, name, brought(here, SNARK, NEST))
    assert refused == Refusal(
        Obstacle.NOT_PROVIDED, f"snark, jub-jub-nest was installed, but does not provide {name}: taken out again"
    )


def test_what_would_come_from_elsewhere_is_refused(here: Ground, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "snark.py").write_text("")
    sys.path.insert(0, str(tmp_path / "work"))
    refused = check(here, "snark", brought(here, SNARK))
    assert isinstance(refused, Refusal)
    assert refused.sentence == (
        f"snark would still come from {tmp_path / 'work' / 'snark.py'}, not from snark: taken out again"
    )


def test_what_others_bring_to_a_namespace_is_not_what_was_installed(here: Ground) -> None:
    brought(here, NEST)
    refused = check(here, "jubjub.nest", brought(here, EGG))
    assert isinstance(refused, Refusal)
    assert check(here, "jubjub", brought(here, Wheel("jub-jub-song", "1.0", {"jubjub/song.py": ""}))) is None
