"""One project observed where something is wrong: with the wheel, with the index, or with the way there."""

import dataclasses
import gzip
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import pytest

from autoinstall.names import project_name
from data.observer.client import Client
from data.observer.observe import Ending, observe
from tests.support.catalogue import Release
from tests.support.faults import (
    Cut,
    Drip,
    Fault,
    Garbage,
    Huge,
    Kind,
    Line,
    LoginPage,
    Password,
    Point,
    Request,
    Response,
    Status,
    WrongHashes,
    WrongSizes,
    truncated,
)
from tests.support.local_index import LocalIndex
from tests.support.observing import NoRanges, NoSizes, direct_and_prompt, see, snark
from tests.support.wheels import Member, RecordFault, Wheel

FILES = frozenset({Kind.FILE})
PAGES = frozenset({Kind.PAGE})

Serve = Callable[..., LocalIndex]


@pytest.fixture(autouse=True)
def _direct_and_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    direct_and_prompt(monkeypatch)


@dataclasses.dataclass
class First(Fault):
    """Behaves like another fault the first `times` times that it is asked, and then not at all."""

    fault: Fault
    times: int = 1

    def answer(self, request: Request, response: Response) -> Response:
        changed = self.fault.answer(request, response)
        if changed is response or self.times == 0:
            return response
        self.times -= 1
        return changed


@dataclasses.dataclass
class Moved(Fault):
    """Sends whoever asks for a file elsewhere."""

    to: str

    def answer(self, request: Request, response: Response) -> Response:
        return response if request.kind is not Kind.FILE else Response(HTTPStatus.FOUND, {"Location": self.to}, b"")


class ClosedEarly(Fault):
    """Ends the connection in good order, half-way through a wheel."""

    def send(self, request: Request, response: Response, line: Line) -> bool:
        if request.kind is not Kind.FILE:
            return False
        line.write_head(response)
        line.write(response.body[: len(response.body) // 2])
        line.hang_up()
        return True


class Bomb(Fault):
    """METADATA of few bytes that are five million when decompressed."""

    def answer(self, request: Request, response: Response) -> Response:
        if request.kind is not Kind.METADATA:
            return response
        return Response(HTTPStatus.OK, {"Content-Encoding": "gzip"}, gzip.compress(b" " * 5_000_000))


class AnotherRange(Fault):
    """The server sends one byte less than it was asked for, and says so."""

    def answer(self, request: Request, response: Response) -> Response:
        if request.kind is not Kind.FILE:
            return response
        size = response.headers["Content-Range"].rpartition("/")[2]
        headers = {**response.headers, "Content-Range": f"bytes 0-{len(response.body) - 2}/{size}"}
        return dataclasses.replace(response, headers=headers, body=response.body[:-1])


BAD_WHEELS: dict[str, tuple[Callable[[], Release], str]] = {
    "truncated": (lambda: Release(snark(), body=truncated(snark().build())), "cannot be read"),
    "not a zip": (lambda: Release(snark(), body=b"<html>no wheel</html>" * 99), "cannot be read"),
    "empty": (lambda: Release(snark(), body=b""), "empty"),
    "one byte": (lambda: Release(snark(), body=b"P"), "cannot be read"),
    "no RECORD, no top_level.txt": (lambda: Release(snark(record_fault=RecordFault.NO_RECORD)), "neither RECORD nor"),
    "another project's": (lambda: Release(snark(), body=Wheel("toves", "1.0").build()), "1 .dist-info folders, 0 of"),
    "two .dist-info": (lambda: Release(snark(members=(Member("x-1.dist-info/x"),))), "2 .dist-info folders"),
    "RECORD leads outside": (
        lambda: Release(snark(members=(Member("../../evil.py"),))),
        "leads outside: ../../evil.py",
    ),
    "too many names": (
        lambda: Release(Wheel("snark", "1.0", {f"m{number}.py": "" for number in range(2_001)})),
        "2001 import names",
    ),
    "directory points nowhere": (
        lambda: Release(snark(), body=snark().build()[:-6] + b"\xff\xff\xff\x7f" + snark().build()[-2:]),
        "cannot be read",
    ),
}


@pytest.mark.parametrize("case", BAD_WHEELS)
def test_a_bad_wheel_is_refused_with_its_reason(make_index: Serve, case: str) -> None:
    make, reason = BAD_WHEELS[case]
    seen = see(make_index(make()))
    assert (seen.ending, seen.names) == (Ending.REFUSED, ())
    assert reason in str(seen.reason)


def test_every_damaged_byte_ends_in_an_answer(make_index: Serve) -> None:
    """Whatever byte of a wheel's end is wrong, the observation ends, and with nothing worse than a refusal."""
    body = snark().build()
    index = make_index()
    endings = set()
    for place in range(len(body) - 400, len(body), 3):
        index.publish(Release(snark(), body=body[:place] + bytes([body[place] ^ 0xFF]) + body[place + 1 :]))
        seen = see(index)
        endings.add(seen.ending)
        assert set(seen.names) <= {"boojum", "snark"}
    assert endings == {Ending.OBSERVED, Ending.REFUSED}


@pytest.mark.parametrize(
    ("fault", "ending", "reason"),
    [
        pytest.param(WrongSizes(), Ending.REFUSED, "bytes, and", id="a size that is a lie"),
        pytest.param(AnotherRange(), Ending.REFUSED, "another part", id="another range"),
        pytest.param(Moved("ftp://127.0.0.1/x"), Ending.REFUSED, "cannot be followed", id="redirect out of HTTP"),
        pytest.param(
            Moved("/files/snark-1.0-py3-none-any.whl"), Ending.REFUSED, "TooManyRedirects", id="redirect loop"
        ),
        pytest.param(Status(403, on=FILES), Ending.FAILED, "answered with 403", id="forbidden"),
        pytest.param(Status(416, on=FILES), Ending.REFUSED, "shorter", id="range not satisfiable"),
        pytest.param(Status(500), Ending.FAILED, "answered 500", id="500 for ever"),
        pytest.param(Status(503, retry_after=3600), Ending.FAILED, "wait 3600 s", id="a wait beyond the time"),
        pytest.param(Cut(Point.CONNECT), Ending.FAILED, "no complete answer", id="cut before the answer"),
        pytest.param(Cut(Point.HALF, on=FILES), Ending.FAILED, "no complete answer", id="cut within the wheel"),
        pytest.param(ClosedEarly(), Ending.FAILED, "no complete answer", id="closed within the wheel"),
        pytest.param(Bomb(), Ending.REFUSED, "longer than 4000000 bytes", id="a decompression bomb"),
        pytest.param(LoginPage(on=PAGES), Ending.FAILED, "not one of a simple index", id="a page to log in on"),
        pytest.param(Garbage(), Ending.FAILED, "not one of a simple index", id="broken JSON"),
        pytest.param(Garbage(b"[" * 200_000), Ending.FAILED, "not one of a simple index", id="JSON without a bottom"),
        pytest.param(
            Garbage(b'{"name": "x", "files": [], "meta": {"api-version": "1.1"}}'), Ending.FAILED, "", id="of x"
        ),
        pytest.param(Huge(), Ending.FAILED, "bytes would have to be read", id="a page without end"),
        pytest.param(Huge(FILES), Ending.REFUSED, "bytes", id="a wheel without end"),
        pytest.param(Status(401, on=PAGES), Ending.FAILED, "answered with 401", id="no password"),
    ],
)
def test_what_an_index_does_wrong_ends_in_an_answer(
    make_index: Serve, fault: Fault, ending: Ending, reason: str
) -> None:
    index = make_index(Release(snark()))
    index.faults = [fault]
    seen = see(index)
    assert (seen.ending, seen.names) == (ending, ())
    assert reason in str(seen.reason)
    assert seen.received <= 2_000_000


@pytest.mark.parametrize("fault", [Drip(PAGES, 0.05), Drip(FILES, 0.05)], ids=["page", "wheel"])
def test_a_server_that_drips_is_left_when_the_time_is_over(make_index: Serve, fault: Fault) -> None:
    index = make_index(Release(snark()))
    index.faults = [fault]
    seen = see(index, seconds=0.4)
    assert (seen.ending, seen.reason) == (Ending.FAILED, "its time is over")


@pytest.mark.parametrize(
    "fault",
    [Status(500), Status(503, retry_after=0), Status(502, on=FILES), Moved("/files/snark-1.0-py3-none-any.whl")],
)
def test_what_passes_is_asked_again(make_index: Serve, fault: Fault) -> None:
    index = make_index(Release(snark()))
    index.faults = [First(fault)]
    seen = see(index)
    assert (seen.ending, seen.names, seen.requests) == ("observed", ("boojum", "snark"), 4)


def test_the_wait_that_a_server_asks_for_is_kept(make_index: Serve) -> None:
    """Not by the clock: with less time than the wait takes nothing is asked a second time."""
    index = make_index(Release(snark()))
    index.faults = [First(Status(503, retry_after=30))]
    assert (see(index, seconds=20).ending, index.requests["/simple/snark/"]) == (Ending.FAILED, 1)


def test_a_swapped_small_wheel_is_refused(make_index: Serve) -> None:
    """Read whole, a wheel has to be the one that the index vouches for."""
    other = Wheel("snark", "1.0", {"snark/__init__.py": "", "boojom.py": ""}).build()
    index = make_index(Release(snark()))
    index.faults = [NoSizes(), NoRanges(other)]
    assert "SHA-256" in str(see(index).reason)
    index.faults = [WrongHashes(), NoRanges(snark().build())]
    assert "SHA-256" in str(see(index).reason)


def test_a_swapped_metadata_is_refused(make_index: Serve) -> None:
    class Other(Fault):
        def answer(self, request: Request, response: Response) -> Response:
            return (
                dataclasses.replace(response, body=b"Import-Name: numpy\n")
                if request.kind is Kind.METADATA
                else response
            )

    index = make_index(Release(snark()))
    index.faults = [Other()]
    assert (see(index).ending, see(index).names) == (Ending.REFUSED, ())


def test_netrc_is_used(make_index: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password secret\n")
    index = make_index(Release(snark()))
    index.faults = [Password("ann", "secret")]
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    assert see(index).ending is Ending.FAILED
    monkeypatch.setenv("NETRC", str(netrc))
    assert see(index).names == ("boojum", "snark")


def test_who_asks_says_so(make_index: Serve) -> None:
    agents = set()

    class Listen(Fault):
        def answer(self, request: Request, response: Response) -> Response:
            agents.add(request.headers["User-Agent"].partition("/")[0] + request.headers["User-Agent"][-17:])
            return response

    index = make_index(Release(snark()))
    index.faults = [Listen()]
    observe(Client("ann@example.org"), index.url, project_name("snark"))
    assert agents == {"ipython-autoinstall-observer(ann@example.org)"}
