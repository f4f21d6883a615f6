"""One project observed: its page, its wheel read from the end, and everything that can be wrong with either."""

import dataclasses
import gzip
import zipfile
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import pytest

from autoinstall.names import project_name
from data.observer.client import Client
from data.observer.observe import Ending, Observation, observe
from data.observer.remote import LARGEST_WHOLE, TAIL
from tests.support.catalogue import Release
from tests.support.faults import (
    Cut,
    Drip,
    Fault,
    FileEntry,
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
from tests.support.wheels import Member, RecordFault, Sdist, Wheel

FILES = frozenset({Kind.FILE})
PAGES = frozenset({Kind.PAGE})


class NoSizes(Fault):
    """Pages give no sizes, as HTML cannot."""

    def entry(self, entry: FileEntry) -> FileEntry:
        return dataclasses.replace(entry, size=None)


@dataclasses.dataclass
class NoRanges(Fault):
    """The server sends these bytes whatever part is asked for."""

    body: bytes

    def answer(self, request: Request, response: Response) -> Response:
        return response if request.kind is not Kind.FILE else Response(HTTPStatus.OK, {}, self.body)


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


@pytest.fixture(autouse=True)
def _direct_and_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go straight to the index, which answers at once: heads and bodies come apart and would wait for each other."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("tests.support.local_index._Handler.disable_nagle_algorithm", True)


Serve = Callable[..., LocalIndex]


def see(index: LocalIndex, project: str = "snark", seconds: float = 20, most_bytes: int = 1_000_000) -> Observation:
    client = Client(backoff=0.001)
    return observe(client, index.url, project_name(project), most_bytes=most_bytes, most_seconds=seconds)


def snark(**more: object) -> Wheel:
    return Wheel("snark", "1.0", {"snark/__init__.py": "", "boojum.py": ""}, **more)  # type: ignore[arg-type] # each test names one


def test_a_large_wheel_is_read_from_its_end_only(make_index: Serve) -> None:
    release = Release(snark(padding=3_000_000))
    index = make_index(release)
    seen = see(index)
    assert (seen.ending, seen.source, seen.names) == ("observed", "RECORD", ("boojum", "snark"))
    assert (seen.wheel, seen.requests) == (release.filename, 3)  # the page, METADATA, the tail
    assert TAIL < seen.received < TAIL + 2_000


def test_an_index_without_sizes_costs_one_request_more(make_index: Serve) -> None:
    index = make_index(Release(snark(padding=100_000)))
    index.faults = [NoSizes()]
    seen = see(index)
    assert (seen.ending, seen.names, seen.requests) == ("observed", ("boojum", "snark"), 4)


def test_a_directory_longer_than_the_tail(make_index: Serve) -> None:
    modules = {f"snark/module_of_a_rather_long_name_{number}.py": "" for number in range(1_000)}
    index = make_index(Release(Wheel("snark", "1.0", modules | {"egg.py": ""}, padding=100_000)))
    seen = see(index)
    assert (seen.ending, seen.names) == ("observed", ("egg", "snark"))
    assert seen.requests == 5  # the directory's beginning, and RECORD, lie before the tail


@pytest.mark.parametrize("has_metadata", [True, False])
@pytest.mark.parametrize(
    ("headers", "names", "namespaces"),
    [
        (("Import-Name: snark", "Import-Namespace: jub"), ("snark",), ("jub",)),
        (("Import-Name: snark", "Import-Name: _snark ; private"), ("snark",), ()),
        (("Import-Name:",), (), ()),
    ],
)
def test_what_the_author_declares_comes_first(
    make_index: Serve,
    headers: tuple[str, ...],
    names: tuple[str, ...],
    namespaces: tuple[str, ...],
    *,
    has_metadata: bool,
) -> None:
    """PEP 794, by METADATA beside the wheel (PEP 658) or, where the index has none, inside it."""
    index = make_index(Release(snark(headers=headers), has_metadata=has_metadata))
    seen = see(index)
    assert (seen.source, seen.names, seen.namespaces) == ("Import-Name", names, namespaces)
    assert bool(index.downloaded) is not has_metadata


def test_metadata_that_is_promised_and_not_there(make_index: Serve) -> None:
    index = make_index(Release(snark()))
    index.faults = [Status(404, on=frozenset({Kind.METADATA}))]
    assert see(index).names == ("boojum", "snark")


@pytest.mark.parametrize(
    "text",
    [
        "__path__ = __import__('pkgutil').extend_path(__path__, __name__)",
        "import pkg_resources as p\np.declare_namespace(__name__)",
    ],
)
def test_a_legacy_namespace_is_known_by_its_init(make_index: Serve, text: str) -> None:
    modules = {"jub/__init__.py": text, "jub/nest/__init__.py": ""}
    index = make_index(Release(Wheel("jub-nest", "1.0", modules)))
    seen = see(index, "jub-nest")
    assert (seen.names, seen.namespaces) == (("jub.nest",), ("jub",))


def test_a_package_that_shares_nothing_keeps_its_name(make_index: Serve) -> None:
    modules = {"jub/__init__.py": "VERSION = 1", "jub/nest/__init__.py": ""}
    index = make_index(Release(Wheel("jub-nest", "1.0", modules)))
    assert see(index, "jub-nest").names == ("jub",)


def test_a_legacy_namespace_is_known_by_setuptools_list(make_index: Serve) -> None:
    listed = Member("other-1.0.dist-info/namespace_packages.txt", "jub\n")
    index = make_index(Release(Wheel("other", "1.0", {"jub/__init__.py": "x", "jub/egg.py": ""}, members=(listed,))))
    assert see(index, "other").names == ("jub.egg",)


def test_a_pth_file_puts_folders_on_the_path(make_index: Serve) -> None:
    pth = "# a comment\nwin32\nwin32\\lib\nimport os\n../elsewhere\n"
    index = make_index(
        Release(Wheel("snark", "1.0", {"snark.pth": pth, "win32/api.pyd": "", "win32/lib/con.py": ""}))
    )
    assert see(index).names == ("api", "con", "lib.con", "win32.api", "win32.lib.con")


def test_top_level_stands_in_for_a_missing_record(make_index: Serve) -> None:
    listed = Member("snark-1.0.dist-info/top_level.txt", "snark\nboojum\n")
    index = make_index(Release(snark(members=(listed,), record_fault=RecordFault.NO_RECORD)))
    seen = see(index)
    assert (seen.source, seen.names) == ("top_level.txt", ("boojum", "snark"))


def test_what_record_lists_and_the_wheel_does_not_hold_is_no_fact(make_index: Serve) -> None:
    index = make_index(Release(snark(record_fault=RecordFault.EXTRA_LINE)))
    assert see(index).names == ("boojum", "snark")


@pytest.mark.parametrize(
    ("releases", "wheel"),
    [
        pytest.param(["snark-1.0-py3-none-any", "snark-2.0-py3-none-any"], "snark-2.0-py3-none-any", id="newest"),
        pytest.param(
            ["snark-9.0-py3-none-any", "snark-10.0-py3-none-any"], "snark-10.0-py3-none-any", id="not by text"
        ),
        pytest.param(
            ["snark-1.0-py3-none-any", "snark-2.0rc1-py3-none-any"], "snark-1.0-py3-none-any", id="final first"
        ),
        pytest.param(["snark-2.0rc1-py3-none-any"], "snark-2.0rc1-py3-none-any", id="nothing but pre-releases"),
        pytest.param(
            ["snark-1.0-py3-none-any", "snark-2.0-py2-none-any"], "snark-1.0-py3-none-any", id="not Python 2"
        ),
        pytest.param(
            ["snark-1.0-cp313-cp313-win_amd64", "snark-1.0-cp39-cp39-manylinux_2_17_x86_64"],
            "snark-1.0-cp39-cp39-manylinux_2_17_x86_64",
            id="Linux first",
        ),
        pytest.param(
            ["snark-1.0-cp39-cp39-win_amd64", "snark-1.0-cp313-cp313-win_amd64"],
            "snark-1.0-cp313-cp313-win_amd64",
            id="newest interpreter",
        ),
    ],
)
def test_which_wheel_is_opened(make_index: Serve, releases: list[str], wheel: str) -> None:
    made = []
    for name in releases:
        _, version, tag = name.split("-", 2)
        made.append(Release(Wheel("snark", version, {"snark.py": ""}, tag=tag)))
    assert see(make_index(*made)).wheel == f"{wheel}.whl"


@pytest.mark.parametrize(
    ("releases", "status", "reason"),
    [
        ([Release(Sdist("snark"))], None, "active"),
        ([Release(snark(), yanked="")], None, "active"),
        ([Release(snark())], "quarantined", "quarantined"),
    ],
)
def test_no_wheel_is_an_answer(make_index: Serve, releases: list[Release], status: str | None, reason: str) -> None:
    index = make_index(*releases)
    if status is not None:
        index.set_status("snark", status)
    seen = see(index)
    assert (seen.ending, seen.reason, seen.names, index.downloaded) == (Ending.NO_WHEEL, reason, (), set())


def test_a_project_that_the_index_does_not_know(make_index: Serve) -> None:
    assert see(make_index(Release(snark())), "boojum").ending is Ending.ABSENT


@pytest.mark.parametrize("size", [10, LARGEST_WHOLE - 5_000])
def test_without_ranges_a_small_wheel_is_read_whole(make_index: Serve, size: int) -> None:
    release = Release(snark(padding=size))
    index = make_index(release)
    index.faults = [NoRanges(release.content())]
    seen = see(index, most_bytes=LARGEST_WHOLE + 10_000)
    assert (seen.ending, seen.names, seen.requests) == ("observed", ("boojum", "snark"), 3)


def test_without_ranges_a_big_wheel_is_left_alone(make_index: Serve) -> None:
    release = Release(snark(padding=LARGEST_WHOLE))
    index = make_index(release)
    index.faults = [NoRanges(release.content())]
    seen = see(index)
    assert (seen.ending, seen.received < 10_000) == (Ending.REFUSED, True)
    assert "ignores ranges" in str(seen.reason)


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


def test_the_made_wheel_is_a_real_one(tmp_path: Path) -> None:
    """The ground under these tests: what they observe is in the wheel."""
    with zipfile.ZipFile(snark().write(tmp_path)) as archive:
        assert {"snark/__init__.py", "boojum.py", "snark-1.0.dist-info/RECORD"} <= set(archive.namelist())
