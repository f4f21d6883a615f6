"""The test ground itself: wheels that real installers take, and faults that do what they say."""

import email
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from http.client import HTTPException
from io import BytesIO
from pathlib import Path

import pytest

from tests.support import faults
from tests.support.catalogue import Release, default_catalogue
from tests.support.faults import Cut, Fault, Kind, Point
from tests.support.local_index import LocalIndex, unreachable_url
from tests.support.wheels import Member, RecordFault, Sdist, Wheel

SNARK = "snark-2.0-py3-none-any.whl"


def get(url: str, accept: str = "*/*", timeout: float = 5, **headers: str) -> bytes:
    """Fetch without any proxy of this machine's."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers={"Accept": accept, **headers}), timeout=timeout) as response:
        body: bytes = response.read()
        return body


def page(index: LocalIndex, project: str) -> dict[str, object]:
    """Fetch a project's page as JSON."""
    answer: dict[str, object] = json.loads(get(f"{index.url}{project}/", "application/vnd.pypi.simple.v1+json"))
    return answer


def first_file(index: LocalIndex, project: str) -> dict[str, object]:
    """Return the first file of a project's page."""
    files = page(index, project)["files"]
    assert isinstance(files, list)
    answer: dict[str, object] = files[0]
    return answer


def test_a_wheel_is_the_same_bytes_every_time() -> None:
    wheel = Wheel("snark", modules={"snark.py": ""}, padding=1000)
    assert wheel.build() == wheel.build()


def test_a_wheel_holds_what_was_described() -> None:
    wheel = Wheel(
        "Boojum.Tools",
        "1.5",
        {"boojum/__init__.py": "VALUE = 1"},
        ("snark>=1",),
        ">=3.9",
        "cp312-cp312-win_amd64",
        scripts={"hunt": "boojum:hunt"},
        data={"data/etc/jupyter/x.json": "{}"},
        members=(Member("../../evil.py", "print()"), Member("boojum/link", "/etc/passwd", mode=0o120777)),
    )
    assert wheel.filename == "boojum_tools-1.5-cp312-cp312-win_amd64.whl"
    with zipfile.ZipFile(BytesIO(wheel.build())) as archive:
        assert archive.namelist() == [
            "boojum/__init__.py",
            "boojum_tools-1.5.data/data/etc/jupyter/x.json",
            "../../evil.py",
            "boojum/link",
            "boojum_tools-1.5.dist-info/METADATA",
            "boojum_tools-1.5.dist-info/WHEEL",
            "boojum_tools-1.5.dist-info/entry_points.txt",
            "boojum_tools-1.5.dist-info/RECORD",
        ]
        metadata = email.message_from_bytes(archive.read("boojum_tools-1.5.dist-info/METADATA"))
        assert metadata["Name"] == "Boojum.Tools"
        assert metadata["Requires-Dist"] == "snark>=1"
        assert metadata["Requires-Python"] == ">=3.9"
        assert archive.getinfo("boojum/link").external_attr >> 16 == 0o120777
        record = archive.read("boojum_tools-1.5.dist-info/RECORD").decode().splitlines()
        # The hash of `VALUE = 1`, as openssl and base64url give it.
        assert record[0] == "boojum/__init__.py,sha256=vbp4Xjz64neEARB_aCPRoIhVzYG13CK-CxPM8Qqod5g,9"
        assert record[-1] == "boojum_tools-1.5.dist-info/RECORD,,"


@pytest.mark.parametrize(
    ("fault", "first", "length"),
    [
        (None, "snark.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0", 4),
        (RecordFault.WRONG_HASH, "snark.py,sha256=9B8_piX_Eg3cp-9Fa_ZjcezqI8Ep9OTDI2cQHttRbPg,0", 4),
        (RecordFault.WRONG_SIZE, "snark.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,1", 4),
        (RecordFault.MISSING_LINE, "snark-1.0.dist-info/METADATA,sha256=", 3),
        (RecordFault.EXTRA_LINE, "snark.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0", 5),
    ],
)
def test_record_faults(fault: RecordFault | None, first: str, length: int) -> None:
    wheel = Wheel("snark", modules={"snark.py": ""}, record_fault=fault)
    with zipfile.ZipFile(BytesIO(wheel.build())) as archive:
        record = archive.read("snark-1.0.dist-info/RECORD").decode().splitlines()
    assert record[0].startswith(first)
    assert len(record) == length


def test_a_wheel_without_record() -> None:
    wheel = Wheel("snark", modules={"snark.py": ""}, record_fault=RecordFault.NO_RECORD)
    with zipfile.ZipFile(BytesIO(wheel.build())) as archive:
        assert not [name for name in archive.namelist() if "RECORD" in name]


def installer_environ(home: Path) -> dict[str, str]:
    """Return this process's environment without any installer's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(("PIP_", "UV_"))}
    return kept | {"PIP_CONFIG_FILE": os.devnull, "UV_CACHE_DIR": str(home / "uv-cache"), "PIP_NO_CACHE_DIR": "1"}


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_real_installers_take_the_wheels(installer: str, local_index: LocalIndex, tmp_path: Path) -> None:
    """Both resolve, check hashes and RECORD, and give the modules and scripts described."""
    command = {
        "uv": ["-m", "uv", "pip", "install", "--no-config", "--default-index", local_index.url],
        "pip": ["-m", "pip", "install", "--isolated", "--disable-pip-version-check", "--index-url", local_index.url],
    }[installer]
    target = tmp_path / "target"
    subprocess.run(
        [sys.executable, *command, "--only-binary", ":all:", "--target", target, "boojum-tools", "opencv-python"],
        env=installer_environ(tmp_path),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert (target / "boojum" / "__init__.py").read_text() == "import snark\nVALUE = snark.VALUE\n"
    assert {path.name for path in target.glob("*.dist-info")} == {
        "boojum_tools-1.5.dist-info",
        "snark-2.0.dist-info",
        "opencv_python-4.14.0.94.dist-info",
        "numpy-2.4.1.dist-info",
    }
    assert [path.stem for path in (target / "bin").iterdir()] == ["snark-hunt"]
    assert local_index.asked == {"boojum-tools", "snark", "opencv-python", "numpy"}
    assert SNARK in local_index.downloaded
    assert "snark-1.0-py3-none-any.whl" not in local_index.downloaded


def test_a_build_leaves_its_mark(make_index: Callable[..., LocalIndex], tmp_path: Path) -> None:
    """An sdist can be built without any index for its backend; tests that forbid builds rely on the marker."""
    marker = tmp_path / "built"
    index = make_index(Release(Sdist("source-only", modules={"source_only.py": "VALUE = 1\n"}, marker=marker)))
    target = tmp_path / "target"
    command = [sys.executable, "-m", "uv", "pip", "install", "--no-config", "--default-index", index.url]
    subprocess.run(
        [*command, "--target", target, "source-only"],
        env=installer_environ(tmp_path),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert (target / "source_only.py").read_text() == "VALUE = 1\n"
    assert marker.exists()


def test_pages_in_json_and_html_agree(local_index: LocalIndex) -> None:
    file = first_file(local_index, "snark")
    markup = get(f"{local_index.url}snark/").decode()
    assert file["filename"] == "snark-1.0-py3-none-any.whl"
    assert f'href="{file["url"]}#sha256={local_index.sha256("snark-1.0-py3-none-any.whl")}"' in markup
    assert file["hashes"] == {"sha256": local_index.sha256("snark-1.0-py3-none-any.whl")}
    assert local_index.requests["/simple/snark/"] == 2


def test_files_metadata_and_ranges(local_index: LocalIndex) -> None:
    address = f"http://{local_index.host}/files/{SNARK}"
    whole = get(address)
    assert hashlib.sha256(whole).hexdigest() == local_index.sha256(SNARK)
    assert get(address, Range="bytes=-10") == whole[-10:]
    assert get(address, Range="bytes=5-9") == whole[5:10]
    assert get(f"{address}.metadata") == b"Metadata-Version: 2.1\nName: snark\nVersion: 2.0\n"
    assert local_index.downloaded == {SNARK}
    local_index.forget()
    assert local_index.downloaded == set()


def test_a_quarantined_project_has_no_files(local_index: LocalIndex) -> None:
    local_index.set_status("snark", "quarantined", "it is a Boojum")
    answer = page(local_index, "snark")
    assert answer["files"] == []
    assert answer["project-status"] == {"status": "quarantined", "reason": "it is a Boojum"}


def test_withdrawing_and_publishing_again(local_index: LocalIndex) -> None:
    local_index.withdraw(SNARK)
    assert page(local_index, "snark")["versions"] == ["1.0"]
    local_index.publish(Release(Wheel("snark", "2.0", {"snark.py": "VALUE = 'other'"})))
    assert page(local_index, "snark")["versions"] == ["1.0", "2.0"]


def test_two_indexes_may_both_have_a_name(make_index: Callable[..., LocalIndex]) -> None:
    first = make_index(Release(Wheel("snark", "1.0")))
    second = make_index(Release(Wheel("snark", "9.0")))
    assert page(first, "snark")["versions"] == ["1.0"]
    assert page(second, "snark")["versions"] == ["9.0"]


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        (faults.Status(500), 500, None),
        (faults.Status(503, retry_after=3600), 503, "3600"),
        (faults.NotFound(), 404, None),
        (faults.NotFound(frozenset({"snark"})), 404, None),
        (faults.Password("ann", "secret"), 401, None),
    ],
)
def test_faults_that_are_a_status(
    fault: Fault, status: int, retry_after: str | None, local_index: LocalIndex
) -> None:
    local_index.faults = [fault]
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"{local_index.url}snark/")
    with caught.value as answer:
        assert (answer.code, answer.headers["Retry-After"]) == (status, retry_after)


def test_a_password_opens(local_index: LocalIndex) -> None:
    local_index.faults = [faults.Password("ann", "secret")]
    assert b"snark" in get(f"{local_index.url}snark/", Authorization="Basic YW5uOnNlY3JldA==")


def test_faults_are_confined_to_their_kinds(local_index: LocalIndex) -> None:
    local_index.faults = [faults.Status(500, on=frozenset({Kind.METADATA}))]
    assert b"snark" in get(f"{local_index.url}snark/")
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"http://{local_index.host}/files/{SNARK}.metadata")
    caught.value.close()


@pytest.mark.parametrize("fault", [faults.LoginPage(), faults.Garbage()], ids=["login", "garbage"])
def test_faults_that_answer_nonsense(fault: Fault, local_index: LocalIndex) -> None:
    local_index.faults = [fault]
    answer = get(f"{local_index.url}snark/", "application/vnd.pypi.simple.v1+json")
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(answer)


@pytest.mark.parametrize("fault", [Cut(point) for point in Point], ids=[point.name for point in Point])
@pytest.mark.parametrize("path", ["simple/snark/", f"files/{SNARK}.metadata", f"files/{SNARK}"])
def test_cut_connections(fault: Fault, path: str, local_index: LocalIndex) -> None:
    local_index.faults = [fault]
    with pytest.raises((HTTPException, OSError)):
        get(f"http://{local_index.host}/{path}")


@pytest.mark.parametrize("fault", [faults.Silent(), faults.Drip(seconds=0.3)], ids=["silent", "drip"])
def test_slow_answers_outlast_the_client_and_end_with_the_index(fault: Fault) -> None:
    with LocalIndex(default_catalogue()) as index:
        index.faults = [fault]
        with socket.create_connection(("127.0.0.1", int(index.host.rpartition(":")[2])), timeout=1) as line:
            line.sendall(b"GET /simple/snark/ HTTP/1.1\r\nHost: x\r\n\r\n")
            received = b""
            with pytest.raises(TimeoutError):  # noqa: PT012 - the loop is what times out
                for _ in range(4):
                    line.settimeout(0.25)
                    received += line.recv(100_000)
            assert b"</html>" not in received


def test_dripping_comes_byte_by_byte(local_index: LocalIndex) -> None:
    local_index.faults = [faults.Drip(seconds=0.01)]
    with socket.create_connection(("127.0.0.1", int(local_index.host.rpartition(":")[2])), timeout=5) as line:
        line.sendall(b"GET /simple/snark/ HTTP/1.1\r\nHost: x\r\n\r\n")
        received = [line.recv(100_000) for _ in range(10)]
    assert max(len(piece) for piece in received[3:]) < 20


def test_a_huge_page_is_huge(local_index: LocalIndex) -> None:
    huge = faults.Huge(size=3_000_000)
    local_index.faults = [huge]
    assert len(get(f"{local_index.url}snark/")) == 3_000_000
    assert huge.sent == [3_000_000]


@pytest.mark.parametrize(
    ("fault", "key"),
    [(faults.NoHashes(), "hashes"), (faults.WrongHashes(), "hashes"), (faults.WrongSizes(), "size")],
    ids=["no hashes", "wrong hashes", "wrong sizes"],
)
def test_faults_in_what_pages_say(fault: Fault, key: str, local_index: LocalIndex) -> None:
    right = first_file(local_index, "snark")
    local_index.faults = [fault]
    wrong = first_file(local_index, "snark")
    assert {name for name in right if right[name] != wrong.get(name)} == {key}


def test_no_upload_times(local_index: LocalIndex) -> None:
    assert "upload-time" in first_file(local_index, "snark")
    local_index.faults = [faults.NoUploadTimes()]
    assert "upload-time" not in first_file(local_index, "snark")


def test_a_swapped_file_is_another_under_the_first_ones_hash(local_index: LocalIndex) -> None:
    body = Wheel("snark", "2.0", {"snark.py": "VALUE = 'evil'"}).build()
    local_index.faults = [faults.Swapped(SNARK, body)]
    assert get(f"http://{local_index.host}/files/{SNARK}") == body
    assert local_index.sha256(SNARK) != hashlib.sha256(body).hexdigest()


def test_damage() -> None:
    body = Wheel("snark").build()
    assert len(faults.truncated(body)) == len(body) * 2 // 3
    flipped = faults.bit_flipped(body)
    assert sum((a ^ b).bit_count() for a, b in zip(body, flipped, strict=True)) == 1


def test_nobody_listens_at_the_unreachable_url() -> None:
    started = time.monotonic()
    with unreachable_url() as url, pytest.raises(urllib.error.URLError):
        get(url)
    assert time.monotonic() >= started
