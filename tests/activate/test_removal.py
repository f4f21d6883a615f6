"""An undo takes exactly what was added, or nothing."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from autoinstall.activate import TakenBack, take_back
from autoinstall.activate.places import ours
from autoinstall.past.transaction import Transaction
from autoinstall.plan import Obstacle, Refusal
from tests.activate.conftest import BOOJUM, EGG, NEST, SNARK, Ground
from tests.support.staging import stage
from tests.support.wheels import Wheel


def installed(ground: Ground, *wheels: Wheel) -> Transaction:
    added = ground.install(*wheels, session="s")
    assert isinstance(added, Transaction), added
    return added


def undo(ground: Ground, transaction: Transaction) -> TakenBack | Refusal:
    with ground.lock():
        return take_back(transaction, ground.environment, ground.journal)


def test_all_that_was_added_goes_and_nothing_else(ground: Ground) -> None:
    installed(ground, NEST)
    before, folders = ground.files(), ground.folders()
    added = installed(ground, SNARK, BOOJUM, EGG)
    assert undo(ground, added) == TakenBack(added, (), ())
    assert (ground.files(), ground.folders()) == (before, folders)
    assert ground.journal.by_id(added.id) is not None
    assert ground.journal.last_of("s") != added


def test_caches_that_python_made_since_go_too(ground: Ground) -> None:
    before = ground.folders()
    added = installed(ground, SNARK)
    site = ground.environment.purelib
    for source in ("snark.py", "snarkland/__init__.py", "snarkland/a/b.py"):
        folder = (site / source).parent / "__pycache__"
        folder.mkdir(exist_ok=True)
        (folder / f"{Path(source).stem}.cpython-399.pyc").write_bytes(b"cache")
        (folder / f"{Path(source).stem}.cpython-399.opt-1.pyc").write_bytes(b"cache")
    undo(ground, added)
    assert ground.folders() == before
    assert not list(site.rglob("*.pyc"))


def test_what_others_have_put_there_stays(ground: Ground) -> None:
    added = installed(ground, SNARK)
    theirs = ground.environment.purelib / "snarkland" / "a" / "downloaded.bin"
    theirs.write_bytes(b"data")
    assert isinstance(undo(ground, added), TakenBack)
    assert [path for path in (ground.environment.purelib / "snarkland").rglob("*") if path.is_file()] == [theirs]


def test_what_was_changed_since_is_kept_aside(ground: Ground) -> None:
    before, folders = ground.files(), ground.folders()
    added = installed(ground, SNARK)
    (ground.environment.purelib / "snark.py").write_text("VALUE = 43\n")
    done = undo(ground, added)
    assert isinstance(done, TakenBack)
    (kept,) = done.kept
    assert kept.name == "snark.py"
    assert kept.read_text() == "VALUE = 43\n"
    assert kept.is_relative_to(ours(ground.environment) / "kept" / added.id)
    assert (ground.files(), ground.folders()) == (before, folders)


def test_what_something_else_has_come_to_need_stays(ground: Ground) -> None:
    added = installed(ground, SNARK)
    needing = installed(ground, BOOJUM)
    before = ground.files()
    refused = undo(ground, added)
    assert isinstance(refused, Refusal)
    assert refused.obstacle is Obstacle.NEEDED
    assert refused.sentence == "not undone: snark is needed by boojum-tools, which was installed otherwise"
    assert ground.files() == before
    assert isinstance(undo(ground, needing), TakenBack)
    assert isinstance(undo(ground, added), TakenBack)


@pytest.mark.parametrize(
    "requirement",
    [
        "snark; python_version < '3'",
        "snark; extra == 'hunting'",
        "snark; sys_platform == 'amiga'",
        "not a !! requirement",
    ],
)
def test_what_is_not_needed_here_does_not_hold_it(ground: Ground, requirement: str) -> None:
    added = installed(ground, SNARK)
    installed(ground, Wheel("bellman", "1.0", {"bellman.py": ""}, (requirement,)))
    assert isinstance(undo(ground, added), TakenBack)


def test_what_has_become_another_version_is_not_ours_any_more(ground: Ground) -> None:
    added = installed(ground, SNARK, BOOJUM)
    site = ground.environment.purelib
    (site / "snark-2.0.dist-info").rename(site / "snark-2.1.dist-info")
    metadata = site / "snark-2.1.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("2.0", "2.1"))
    before = ground.files()
    refused = undo(ground, added)
    assert isinstance(refused, Refusal)
    assert refused.obstacle is Obstacle.CHANGED
    assert refused.sentence == (
        "not undone: snark 2.0 has become 2.1 since; to remove it anyway: "
        f"{ground.environment.executable} -m pip uninstall snark"
    )
    assert ground.files() == before


def test_what_somebody_has_uninstalled_is_not_missed(ground: Ground) -> None:
    before = ground.files()
    added = installed(ground, SNARK, BOOJUM)
    site = ground.environment.purelib
    for path in (*(site / "boojum_tools-1.5.dist-info").iterdir(), site / "boojum" / "__init__.py"):
        path.unlink()
    (site / "boojum_tools-1.5.dist-info").rmdir()
    assert isinstance(undo(ground, added), TakenBack)
    assert ground.files() == before
    refused = undo(ground, added)
    assert isinstance(refused, Refusal)
    assert refused.sentence == "snark 2.0, boojum-tools 1.5 is not installed any more: there is nothing to undo"


def test_a_file_that_another_distribution_has_come_to_share_stays(ground: Ground) -> None:
    one = Wheel("tove-one", "1.0", {"toves/__init__.py": "# shared\n", "toves/one.py": ""})
    two = Wheel("tove-two", "1.0", {"toves/__init__.py": "# shared\n", "toves/two.py": ""})
    added = installed(ground, one)
    installed(ground, two)
    assert isinstance(undo(ground, added), TakenBack)
    site = ground.environment.purelib
    assert sorted(path.name for path in (site / "toves").iterdir()) == ["__init__.py", "two.py"]


def test_what_another_tool_adds_may_need_it(ground: Ground) -> None:
    added = installed(ground, SNARK)
    stage(ground.environment.prefix, ground.environment, (BOOJUM,), ground.folder / "by-hand")
    assert isinstance(undo(ground, added), Refusal)


def test_what_is_loaded_is_named(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    added = installed(ground, SNARK)
    monkeypatch.setitem(sys.modules, "snarkland", ModuleType("snarkland"))
    done = undo(ground, added)
    assert isinstance(done, TakenBack)
    assert done.loaded == ("snarkland",)
