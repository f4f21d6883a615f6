"""The record of transactions: only ever added to, read by any version, and never lost to a death."""

import json
import multiprocessing
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autoinstall.names import import_name, project_name
from autoinstall.past.journal import Journal
from autoinstall.past.transaction import Added, Distribution, Transaction, new_id

if sys.platform == "win32":
    _processes = multiprocessing.get_context("spawn")
else:
    _processes = multiprocessing.get_context("fork")

FIRST = Transaction(
    id="20260102-030405-11-aaaa",
    when=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    prefix="/home/ann/.venv",
    python="3.12.1",
    installer="uv",
    process=11,
    session="kernel-1",
    wanted=(import_name("cv2"),),
    distributions=(
        Distribution(project_name("opencv-python"), "4.14.0.94"),
        Distribution(project_name("numpy"), "2.4.1"),
    ),
    files=(Added("cv2/__init__.py", "ab" * 32, 5), Added("../../../bin/f2py", "cd" * 32, 7)),
    folders=("cv2",),
    wanted_from={import_name("cv2"): project_name("opencv-python")},
)
SECOND = replace(
    FIRST, id="20260102-030406-12-bbbb", when=datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC), session="kernel-2"
)
THIRD = replace(FIRST, id="20260102-030407-11-cccc", when=datetime(2026, 1, 2, 3, 4, 7, tzinfo=UTC))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def history(folder: Path) -> Path:
    return folder / ".autoinstall" / "history.jsonl"


def test_what_is_added_is_read_back_whole(journal: Journal, tmp_path: Path) -> None:
    assert journal.transactions() == ()
    for each in (FIRST, SECOND, THIRD):
        journal.add(each)
    assert journal.transactions() == (FIRST, SECOND, THIRD)
    assert Journal(tmp_path).by_id(SECOND.id) == SECOND
    assert journal.by_id("nothing") is None


def test_the_last_of_a_session_is_what_it_has_not_taken_back(journal: Journal) -> None:
    for each in (FIRST, SECOND, THIRD):
        journal.add(each)
    assert journal.last_of("kernel-1") == THIRD
    journal.strike(THIRD)
    assert journal.last_of("kernel-1") == FIRST
    journal.strike(FIRST)
    assert journal.last_of("kernel-1") is None
    assert [each.undone is not None for each in journal.transactions()] == [True, False, True]


def test_saying_it_twice_changes_nothing(journal: Journal, tmp_path: Path) -> None:
    """As recovery does, which cannot know how far the dead came."""
    journal.add(FIRST)
    journal.add(FIRST)
    journal.strike(FIRST)
    struck = history(tmp_path).read_bytes()
    journal.strike(FIRST)
    journal.strike(SECOND)
    assert history(tmp_path).read_bytes() == struck
    assert len(struck.splitlines()) == 2


@pytest.mark.parametrize("cut", [1, 10, 200, -1])
def test_a_line_that_was_torn_is_passed_over_and_spoils_no_other(journal: Journal, tmp_path: Path, cut: int) -> None:
    journal.add(FIRST)
    whole = history(tmp_path).read_bytes()
    history(tmp_path).write_bytes(whole + whole.replace(b"aaaa", b"dddd")[:cut])
    assert journal.transactions()[:1] == (FIRST,)
    journal.add(SECOND)
    assert journal.transactions()[0] == FIRST
    assert journal.transactions()[-1] == SECOND


def test_what_another_version_wrote_is_read_or_passed_over(journal: Journal, tmp_path: Path) -> None:
    journal.add(FIRST)
    known = json.loads(history(tmp_path).read_text())
    with history(tmp_path).open("a") as stream:
        for line in (
            {**known, "id": "more", "mood": "good", "files": []},
            {**known, "id": "other", "format": 2, "files": "elsewhere"},
            {"upgraded": "something of a later version"},
            {**known, "id": "odd", "files": [["a path alone"]]},
            {**known, "id": "names", "wanted": ["--index-url=https://index.example/simple"]},
            ["a list"],
            {"undone": FIRST.id, "when": "yesterday"},
        ):
            stream.write(json.dumps(line) + "\n")
        stream.write("\x00\xff not JSON\n")
    assert [each.id for each in journal.transactions()] == [FIRST.id, "more"]
    assert journal.transactions()[0].undone is None


def test_a_record_that_does_not_tell_where_each_import_came_from(journal: Journal, tmp_path: Path) -> None:
    journal.add(FIRST)
    known = json.loads(history(tmp_path).read_text())
    assert known.pop("wanted_from") == {"cv2": "opencv-python"}
    history(tmp_path).write_text(json.dumps(known) + "\n")
    assert journal.transactions() == (replace(FIRST, wanted_from={}),)


def write(folder: Path, number: int) -> None:
    for at in range(20):
        Journal(folder).add(replace(FIRST, id=f"{number}-{at}", files=FIRST.files * 200))


def test_many_writers_at_once_lose_no_line(journal: Journal, tmp_path: Path) -> None:
    """The lock sees to it that there is one; but should a file system have no locks, lines still come whole."""
    processes = [_processes.Process(target=write, args=(tmp_path, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert {process.exitcode for process in processes} == {0}
    assert {each.id for each in journal.transactions()} == {f"{a}-{b}" for a in range(4) for b in range(20)}


def test_an_unreadable_record_is_an_empty_one(journal: Journal, tmp_path: Path) -> None:
    history(tmp_path).mkdir(parents=True)
    assert journal.transactions() == ()
    with pytest.raises(OSError, match="history"):
        journal.add(FIRST)


def test_ids_are_one_of_a_kind_and_in_order() -> None:
    ids = [new_id() for _ in range(50)]
    assert len(set(ids)) == 50
    assert [each[:15] for each in ids] == sorted(each[:15] for each in ids)
