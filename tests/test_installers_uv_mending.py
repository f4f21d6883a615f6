"""What uv's log and its RECORDs tell of wheels that it has mended, as tables; test_hostile_wheels asks a real uv."""

import pytest

from autoinstall.installers.uv_mending import has_form_of_uv, told_of

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
