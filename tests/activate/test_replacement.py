"""Another version in the place of what is installed: what goes, what is kept of it, and what is never touched."""

import json
import sys
import types
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from autoinstall.activate import TakenBack, loaded_of, take_back
from autoinstall.activate.places import ours
from autoinstall.past.transaction import Transaction
from autoinstall.plan import Obstacle, Refusal
from tests.activate.conftest import BOOJUM, OLD_SNARK, SNARK, Ground
from tests.support.staging import plan_of
from tests.support.wheels import Wheel

REPLACING = {"snark": "1.0"}


def store_of(ground: Ground) -> Path:
    return ours(ground.environment) / "replaced"


def put_in_place(ground: Ground, *wheels: Wheel, session: str = "here", **replacing: str) -> Transaction:
    """Install wheels in the place of the versions given, and look that it came about."""
    done = ground.install(*wheels, session=session, replacing=replacing)
    assert isinstance(done, Transaction), done
    return done


def undo(ground: Ground, transaction: Transaction) -> TakenBack | Refusal:
    with ground.lock():
        return take_back(transaction, ground.environment, ground.journal)


def test_the_new_is_there_as_if_the_old_had_never_been(ground: Ground, tmp_path: Path) -> None:
    put_in_place(ground, OLD_SNARK)
    put_in_place(ground, SNARK, BOOJUM, snark="1.0")
    other = Ground(tmp_path / "other")
    put_in_place(other, SNARK, BOOJUM)

    def told(one: Ground) -> dict[str, str]:
        # Commands begin with the path of their environment's interpreter, and RECORD has their hashes.
        return {path: sha for path, sha in one.files().items() if "/bin/" not in f"/{path}" and "RECORD" not in path}

    assert told(ground) == told(other)
    assert ground.files().keys() == other.files().keys()
    assert ground.folders() == other.folders(), "no folder of the old is left, which could be imported as a namespace"


def test_no_cache_of_the_old_is_taken_for_one_of_the_new(ground: Ground) -> None:
    put_in_place(ground, OLD_SNARK)
    caches = ground.environment.purelib / "__pycache__"
    caches.mkdir()
    (caches / "snark.cpython-311.pyc").write_bytes(b"old")
    put_in_place(ground, SNARK, snark="1.0")
    assert not (caches / "snark.cpython-311.pyc").exists()


def test_an_undo_puts_back_what_was_there(ground: Ground) -> None:
    put_in_place(ground, OLD_SNARK)
    (ground.environment.purelib / "snarkland" / "a.py").write_text("A = 'changed by hand'\n")
    before, folders = ground.files(), ground.folders()
    done = put_in_place(ground, SNARK, BOOJUM, snark="1.0")
    assert done.told == "snark 1.0 -> 2.0, boojum-tools 1.5"
    assert [(each.project, each.version) for each in done.replaced] == [("snark", "1.0")]
    assert store_of(ground).is_dir()
    assert isinstance(undo(ground, done), TakenBack)
    assert (ground.files(), ground.folders()) == (before, folders)
    assert not store_of(ground).exists()


def test_two_replacements_are_taken_back_one_after_the_other(ground: Ground) -> None:
    newest = replace(SNARK, version="3.0", modules={"snark.py": "VALUE = 3\n"})
    put_in_place(ground, OLD_SNARK)
    first = ground.files()
    to_two = put_in_place(ground, SNARK, snark="1.0")
    second = ground.files()
    to_three = put_in_place(ground, newest, snark="2.0")
    refused = undo(ground, to_two)
    assert isinstance(refused, Refusal)
    assert (refused.obstacle, "snark 2.0 has become 3.0 since" in refused.sentence) == (Obstacle.CHANGED, True)
    assert isinstance(undo(ground, to_three), TakenBack)
    assert ground.files() == second
    assert isinstance(undo(ground, to_two), TakenBack)
    assert ground.files() == first
    assert not store_of(ground).exists()


def test_what_can_no_longer_be_put_back_is_not_kept(ground: Ground) -> None:
    """Somebody has installed yet another version by hand: nobody will ask for the first again."""
    put_in_place(ground, OLD_SNARK)
    done = put_in_place(ground, SNARK, snark="1.0")
    metadata = ground.environment.purelib / "snark-2.0.dist-info"
    metadata.rename(metadata.with_name("snark-3.0.dist-info"))
    text = (metadata.with_name("snark-3.0.dist-info") / "METADATA").read_text()
    (metadata.with_name("snark-3.0.dist-info") / "METADATA").write_text(text.replace("Version: 2.0", "Version: 3.0"))
    refused = undo(ground, done)
    assert isinstance(refused, Refusal)
    assert not store_of(ground).exists()


def test_an_undo_refuses_where_what_it_would_put_back_is_gone_and_says_how_to_have_it(ground: Ground) -> None:
    put_in_place(ground, OLD_SNARK)
    done = put_in_place(ground, SNARK, snark="1.0")
    (kept,) = (store_of(ground) / done.id).glob("3")
    kept.unlink()
    before = ground.files()
    refused = undo(ground, done)
    assert isinstance(refused, Refusal)
    assert refused.sentence == (
        "not undone: snark==1.0 cannot be put back, since it is kept here no longer; "
        f"to have it again: {ground.environment.executable} -m pip install snark==1.0"
    )
    assert ground.files() == before


def test_an_undo_refuses_where_somebody_needs_the_new_version(ground: Ground) -> None:
    put_in_place(ground, OLD_SNARK)
    done = put_in_place(ground, SNARK, snark="1.0")
    put_in_place(ground, Wheel("old-friend", "1.0", {"friend.py": ""}, ("snark<2.1",)))
    put_in_place(ground, Wheel("new-friend", "1.0", {"friendly.py": ""}, ("snark>=2",)))
    refused = undo(ground, done)
    assert isinstance(refused, Refusal)
    assert refused.sentence == "not undone: snark is needed by new-friend, which was installed otherwise"


def test_what_others_share_stays(ground: Ground) -> None:
    """Two distributions have the same file, as older namespaces do: it belongs to the other one too."""
    shared = Wheel("jub-jub", "1.0", {"snarkland/__init__.py": "", "snarkland/jub.py": ""})
    put_in_place(ground, OLD_SNARK)
    put_in_place(ground, shared)
    before = ground.files()
    done = put_in_place(ground, SNARK, snark="1.0")
    assert "snarkland/__init__.py" not in {path for each in done.replaced for path in each.paths}
    assert isinstance(undo(ground, done), TakenBack)
    assert ground.files() == before


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("another version", "The environment has changed meanwhile."),
        ("editable", "snark 1.0 is not replaced, since it is an editable install of a folder of source code."),
        ("a file", "snark 1.0 is not replaced, since it was not installed from an index."),
        ("no record", "snark 1.0 is not replaced, since nothing says which files are its own."),
        ("a garbled record", "not installed, since "),
        ("outside", "snark 1.0 is not replaced, since its record tells of "),
        ("an interpreter", "snark 1.0 is not replaced, since its record tells of "),
    ],
)
def test_what_is_not_replaced(ground: Ground, there: str, said: str) -> None:
    put_in_place(ground, OLD_SNARK)
    metadata = ground.environment.purelib / "snark-1.0.dist-info"
    record = metadata / "RECORD"
    mine = ground.folder / "mine.txt"
    mine.write_text("not of this environment")
    match there:
        case "another version":
            text = (metadata / "METADATA").read_text().replace("Version: 1.0", "Version: 1.1")
            (metadata / "METADATA").write_text(text)
        case "editable":
            url = {"url": "file:///home/ann/snark", "dir_info": {"editable": True}}
            (metadata / "direct_url.json").write_text(json.dumps(url))
        case "a file":
            (metadata / "direct_url.json").write_text(json.dumps({"url": "file:///home/ann/snark.whl"}))
        case "no record":
            record.unlink()
        case "a garbled record":
            record.write_bytes(b"\xff\xfe\x00")
        case "outside":
            up = "../" * (len(ground.environment.purelib.relative_to(ground.folder).parts))
            record.write_text(record.read_text() + f"{up}mine.txt,,\n")
        case "an interpreter":
            python = ground.environment.executable
            up = "../" * len(ground.environment.purelib.relative_to(ground.environment.prefix).parts)
            inside = python.relative_to(ground.environment.prefix).as_posix()
            record.write_text(record.read_text() + f"{up}{inside},,\n")
    before = ground.files()
    refused = ground.install(SNARK, replacing=REPLACING)
    assert isinstance(refused, Refusal)
    assert refused.sentence.startswith(said), refused.sentence
    assert ground.files() == before
    assert mine.exists()


def test_what_is_loaded_of_it_is_told_and_no_namesake(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place(ground, OLD_SNARK)
    plan = plan_of((SNARK,), replacing=REPLACING)
    monkeypatch.setitem(sys.modules, "snark", types.ModuleType("snark"))
    assert loaded_of(plan, ground.environment) == ()
    spec = spec_from_file_location("snarkland.a", ground.environment.purelib / "snarkland" / "a.py")
    assert spec is not None
    monkeypatch.setitem(sys.modules, "snarkland.a", module_from_spec(spec))
    assert loaded_of(plan, ground.environment) == ("snarkland",)
    assert loaded_of(plan_of((SNARK,)), ground.environment) == ()
    (ground.environment.purelib / "snark-1.0.dist-info" / "RECORD").write_bytes(b"\xff\xfe\x00")
    assert loaded_of(plan, ground.environment) == ()


def test_a_file_that_is_in_the_way_of_the_new_and_not_of_the_old_is_an_objection(ground: Ground) -> None:
    put_in_place(ground, OLD_SNARK)
    (ground.environment.purelib / "snarkplat.py").write_text("# mine\n")
    before = ground.files()
    refused = ground.install(SNARK, replacing=REPLACING)
    assert isinstance(refused, Refusal)
    assert "would overwrite a file that is there and nobody's" in refused.sentence
    assert ground.files() == before


def test_a_module_that_becomes_a_package_hides_nothing(ground: Ground) -> None:
    put_in_place(ground, Wheel("turtle", "1.0", {"mock_turtle.py": ""}))
    before = ground.files()
    done = put_in_place(ground, Wheel("turtle", "2.0", {"mock_turtle/__init__.py": ""}), turtle="1.0")
    assert not (ground.environment.purelib / "mock_turtle.py").exists()
    assert isinstance(undo(ground, done), TakenBack)
    assert ground.files() == before
