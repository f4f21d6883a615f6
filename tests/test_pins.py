"""What is written down is read back, pip reads it too, and nothing else is ever read."""

import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from autoinstall.errors import BadPinError
from autoinstall.names import ImportName, ProjectName
from autoinstall.past.pins import Pin, as_json, as_text, parse, read, standing
from autoinstall.past.transaction import Distribution, Transaction


def pin(project: str, version: str, *names: str) -> Pin:
    return Pin(ProjectName(project), version, tuple(map(ImportName, names)))


def versions(**there: str) -> dict[ProjectName, str]:
    return {ProjectName(name.replace("_", "-")): version for name, version in there.items()}


ADDED = Transaction(
    id="20260102-030405-11-aaaa",
    when=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    prefix="/env",
    python="3.12.1",
    installer="uv",
    process=11,
    session="here",
    wanted=(ImportName("cv2"),),
    distributions=(
        Distribution(ProjectName("opencv-python"), "4.14.0.94"),
        Distribution(ProjectName("numpy"), "2.4.1"),
    ),
    files=(),
    wanted_from={ImportName("cv2"): ProjectName("opencv-python")},
)
AGAIN = replace(ADDED, wanted_from={ImportName("cv2.aruco"): ProjectName("opencv-python")})
HERE = versions(opencv_python="4.14.0.94", numpy="2.4.1", others="1.0")


@pytest.mark.parametrize(
    ("transactions", "there", "expected"),
    [
        pytest.param((), HERE, (), id="nothing was installed"),
        pytest.param(
            (ADDED,), HERE, (pin("numpy", "2.4.1"), pin("opencv-python", "4.14.0.94", "cv2")), id="by project"
        ),
        pytest.param((ADDED,), versions(numpy="2.4.1"), (pin("numpy", "2.4.1"),), id="somebody has uninstalled one"),
        pytest.param((ADDED,), versions(numpy="2.5.0"), (pin("numpy", "2.5.0"),), id="somebody has upgraded one"),
        pytest.param((ADDED,), versions(numpy="2004d"), (), id="a version that no index knows"),
        pytest.param((replace(ADDED, undone=ADDED.when),), HERE, (), id="taken back"),
        pytest.param(
            (ADDED, AGAIN),
            versions(opencv_python="4.14.0.94"),
            (pin("opencv-python", "4.14.0.94", "cv2", "cv2.aruco"),),
            id="wanted twice",
        ),
        pytest.param(
            (replace(ADDED, distributions=(Distribution(ProjectName("numpy"), "2.4.1", "py312h1"),)),),
            HERE,
            (),
            id="what conda has installed",
        ),
    ],
)
def test_what_stands(
    transactions: tuple[Transaction, ...], there: dict[ProjectName, str], expected: tuple[Pin, ...]
) -> None:
    assert standing(transactions, there) == expected


PINS = (
    pin("numpy", "2.4.1"),
    pin("opencv-python", "4.14.0.94", "cv2", "cv2.aruco"),
    pin("torch", "1!2.9.0rc1+cu121"),
)


def test_what_is_written_is_read_back() -> None:
    text = as_text(PINS, "3.12", date(2026, 1, 2))
    assert text.splitlines() == [
        "# Installed by autoinstall for Python 3.12, written down on 2026-01-02",
        "numpy==2.4.1",
        "opencv-python==4.14.0.94  # import cv2, cv2.aruco",
        "torch==1!2.9.0rc1+cu121",
    ]
    assert parse(text, "pins.txt") == PINS
    assert as_json(PINS[1]) == (
        '{"project": "opencv-python", "version": "4.14.0.94", "import_names": ["cv2", "cv2.aruco"]}'
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("snark==2.0", pin("snark", "2.0")),
        ("  Boojum_Tools == 1.5\t# import boojum", pin("boojum-tools", "1.5", "boojum")),
        ("snark==2.0 #important, not to be changed", pin("snark", "2.0")),
        ("snark==2.0 # import snark,snark.a , snark", pin("snark", "2.0", "snark", "snark.a")),
        ("snark==2.0 # wanted by Ann", pin("snark", "2.0")),
        ("snark==2.0\r", pin("snark", "2.0")),
        ("# a word\n\nsnark==2.0\nsnark==2.0.0 # import snark", pin("snark", "2.0", "snark")),
    ],
)
def test_lines_that_are_read(line: str, expected: Pin) -> None:
    assert parse(line, "pins.txt") == (expected,)


BIDI, ZERO_WIDTH, LINE_SEPARATOR = "\u202e", "\u200b", "\u2028"


@pytest.mark.parametrize(
    "line",
    [
        "snark",
        "snark>=2.0",
        "snark~=2.0",
        "snark===2.0",
        "snark==2.*",
        "snark==2.0,!=2.1",
        "snark==",
        "==2.0",
        "-snark==2.0",
        "snark==two",
        "snark[extra]==2.0",
        "snark==2.0; python_version > '3'",
        "snark==2.0 --hash=sha256:abcd",
        "snark==2.0 \\",
        "snark==2.0#import snark",
        "snark @ https://index.example/snark-2.0-py3-none-any.whl",
        "https://index.example/snark-2.0-py3-none-any.whl",
        "git+https://index.example/snark.git",
        "--index-url https://index.example/simple",
        "-r other.txt",
        "-e .",
        "./snark",
        "../snark==1.0",
        "${HOME}==1.0",
        "snark==2.0 boojum==1.0",
        "snark==2.0 # import os; print()",
        "snark==2.0 # import class",
        "snark==2.0 # import ",
        "snark==2.0 # import --index-url=x",
        f"snark==2.0 # {BIDI}",
        f"sn{ZERO_WIDTH}ark==2.0",
        f"# a word{LINE_SEPARATOR}evil==1.0",
        "# a word\x0cevil==1.0",
        "# a word\revil==1.0",
        "\x1b[2Jsnark==2.0",
        "snark\0==2.0",
        "sn\u0430rk==2.0",
        "snark==\u0662.0",
        "snark==" + "9" * 5000,
        "s" * 100_000 + "==1.0",
        "snark==2.0\nsnark==2.1",
    ],
)
def test_all_else_is_refused_with_its_line_number(line: str) -> None:
    with pytest.raises(BadPinError) as caught:
        parse(f"# fine\nboojum==1.0\n{line}\n", "pins.txt")
    assert caught.value.line in (3, 4)
    said = str(caught.value)
    assert said.startswith(f"pins.txt, line {caught.value.line}: ")
    assert said.endswith("; nothing was installed")
    assert said.isprintable()
    assert len(said) < 300


def test_what_pip_reads_in_it_is_the_same() -> None:
    for line in as_text(PINS, "3.12", date(2026, 1, 2)).splitlines()[1:]:
        requirement = Requirement(line.partition("  #")[0])
        assert Pin(ProjectName(requirement.name), str(requirement.specifier)[2:]) in [
            Pin(each.project, each.version) for each in PINS
        ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_as_shells_write_them(tmp_path: Path, encoding: str) -> None:
    """Windows PowerShell makes UTF-16 of what is redirected, and its newer versions a byte order mark."""
    file = tmp_path / "pins.txt"
    file.write_bytes("# für Ann\r\nsnark==2.0\r\n".encode(encoding))
    assert read(file) == (pin("snark", "2.0"),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no pins such as snark==2.0"),
        (b"# nothing\n", "holds no pins such as snark==2.0"),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
        (b"caf\xe9==1.0\n", "is not text in UTF-8"),
        (b"#" * 1_000_001, "is too large to be a list of pins"),
    ],
)
def test_files_that_are_none(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "pins.txt"
    file.write_bytes(content)
    with pytest.raises(BadPinError) as caught:
        read(file)
    assert str(caught.value).endswith(f"pins.txt {said}; nothing was installed")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadPinError, match="cannot be read"):
        read(tmp_path / "nowhere.txt")
    with pytest.raises(BadPinError, match="cannot be read"):
        read(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="a device that never ends")
def test_a_file_that_never_ends() -> None:
    with pytest.raises(BadPinError, match="too large"):
        read(Path("/dev/zero"))
