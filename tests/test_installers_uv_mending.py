"""What uv's log and its RECORDs tell of wheels that it has mended, as tables; test_hostile_wheels asks a real uv."""

import os
import shutil
from pathlib import Path

import pytest

from autoinstall.installers.uv_mending import (
    has_form_of_uv,
    records_linked_from,
    records_shared_with,
    suspects,
    told_of,
)

UNSAFE = "WARN Skipping unsafe file name: {}"
LISTED = "DEBUG Files `{}` are listed in `RECORD` but missing from the wheel archive for `snark==1.0`"
UNLISTED = "DEBUG Files `{}` are in the wheel archive for `snark==1.0` but missing from `RECORD`"


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (["Resolved 1 package in 1ms", "Installed 1 package in 1ms", " + snark==1.0"], []),
        ([UNSAFE.format("../evil.py")], ["a wheel: ../evil.py would leave its place"]),
        (
            [UNSAFE.format("/tmp/evil.py"), LISTED.format("tmp/evil.py")],
            ["snark: /tmp/evil.py would leave its place"],
        ),
        (
            [LISTED.format("a.py`, `b.py")],
            [
                "snark: a.py is listed in RECORD, but is not in the wheel",
                "snark: b.py is listed in RECORD, but is not in the wheel",
            ],
        ),
        ([UNLISTED.format("a.py")], ["snark: a.py is not listed in RECORD"]),
        ([UNSAFE.format("../\x1b[2Jevil.py")], [r"a wheel: ../\x1b[2Jevil.py would leave its place"]),
        ([LISTED.format("a.py").replace("snark==", "no project!==")], []),
    ],
    ids=["nothing", "unsafe", "unsafe and listed", "listed", "unlisted", "hostile", "odd project"],
)
def test_the_log(log: list[str], expected: list[str]) -> None:
    assert [each.sentence for each in told_of("\n".join(log))] == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("s-1.dist-info/RECORD,,\ns-1.dist-info/WHEEL,sha256=x,1\ns.py,sha256=x,1\n", True),
        ("s.py,sha256=x,1\ns-1.dist-info/WHEEL,sha256=x,1\ns-1.dist-info/RECORD,,\n", False),
        ("a.py,sha256=x,1\na-1.dist-info/RECORD,,\na-1.dist-info/WHEEL,sha256=x,1\n", False),
        ("s-1.dist-info/RECORD,,\r\ns-1.dist-info/WHEEL,sha256=x,1\r\ns.py,sha256=x,1\r\n", False),
    ],
    ids=["sorted", "RECORD last", "metadata last", "other line ends"],
)
def test_the_form_of_a_record(record: str, expected: bool) -> None:  # noqa: FBT001 - a table's cell
    assert has_form_of_uv(record) is expected


SORTED = "s-1.dist-info/RECORD,,\ns-1.dist-info/WHEEL,sha256=x,1\ns.py,sha256=x,1\n"
SITE = "Lib/site-packages" if os.name == "nt" else "lib/python3.11/site-packages"


def unpacked(cache: Path, name: str, record: str) -> Path:
    """Return the metadata folder of `snark` in a folder of uv's cache."""
    folder = cache / "archive-v0" / name / "snark-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Name: snark\n", encoding="utf-8")
    (folder / "RECORD").write_text(record, encoding="utf-8")
    return folder


def staged(folder: Path) -> Path:
    """Return a prefix with an empty metadata folder of `snark`."""
    metadata = folder / "t" / SITE / "snark-1.0.dist-info"
    metadata.mkdir(parents=True)
    return metadata


def test_of_two_of_one_name_in_the_cache_the_one_that_was_linked_is_looked_at(tmp_path: Path) -> None:
    first, second = unpacked(tmp_path / "c", "A", SORTED), unpacked(tmp_path / "c", "B", "s.py,,\nRECORD,,\n")
    for folder, expected in ((first, {"snark"}), (second, set())):
        metadata = staged(tmp_path / folder.parent.name)
        os.link(folder / "METADATA", metadata / "METADATA")
        records = records_shared_with(tmp_path / "c", metadata.parents[3 if os.name != "nt" else 2])
        assert records == {"snark": folder / "RECORD"}
        assert suspects(records) == expected


def test_of_what_was_copied_from_the_cache_nothing_is_known(tmp_path: Path) -> None:
    metadata = staged(tmp_path)
    shutil.copy(unpacked(tmp_path / "c", "A", SORTED) / "METADATA", metadata)
    assert records_shared_with(tmp_path / "c", tmp_path / "t") == {}


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a right of their own there")
def test_symbolic_links_lead_to_the_cache(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "c", "A", SORTED)
    (staged(tmp_path) / "METADATA").symlink_to(folder / "METADATA")
    assert records_linked_from(tmp_path / "t") == {"snark": folder / "RECORD"}
