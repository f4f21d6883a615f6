"""The index client over a real index on loopback, well and in every way unwell."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
import trustme

from autoinstall import index as client
from autoinstall.environment.indexes import Indexes, Said
from autoinstall.index import DEFAULT_INDEX, Access, Limits, NoPage, Page, Problem, Standing
from autoinstall.index.absence import Cause
from autoinstall.index.transport import THREADS
from autoinstall.names import ProjectName, project_name
from autoinstall.plan import File, Item, Plan
from tests.support import faults
from tests.support.catalogue import Release, default_catalogue
from tests.support.faults import Cut, Fault, Kind, Point
from tests.support.local_index import LocalIndex, unreachable_url
from tests.support.wheels import Sdist, Wheel

SNARK = project_name("snark")
SOON = Limits(connect=1, silence=1, total=1.5)
"""For answers that never come whole."""


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep this machine's proxies, certificates and passwords out."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def ask(url: str, project: ProjectName = SNARK, limits: Limits | None = None, **access: object) -> Page | NoPage:
    """Ask one index for one project."""
    [answer] = client.pages([project], replace(Access(urls=(url,)), **access), limits)[project]  # type: ignore[arg-type]  # fields by name
    return answer


def problem(answer: Page | NoPage) -> Problem:
    """Return what went wrong."""
    assert isinstance(answer, NoPage)
    return answer.problem


def page(answer: Page | NoPage) -> Page:
    """Return the page that has come."""
    assert isinstance(answer, Page), answer
    return answer


def test_a_page_says_what_the_index_says(make_index: Callable[..., LocalIndex]) -> None:
    wheel = Wheel("Jub.Jub", "1.0", requires_python=">=3.9")
    index = make_index(
        Release(wheel, age_days=10, yanked="it gyres"),
        Release(Sdist("Jub.Jub", "2.0"), age_days=None),
    )
    answer = page(ask(index.url, project_name("jub-jub")))
    assert answer.project == "jub-jub"
    assert answer.index == index.url
    assert answer.standing is Standing.ACTIVE
    old, new = answer.files
    assert old.uploaded is not None
    assert abs(old.uploaded - (datetime.now(UTC) - timedelta(days=10))) < timedelta(minutes=5)
    assert replace(old, uploaded=None) == client.Published(
        name="jub_jub-1.0-py3-none-any.whl",
        url=f"http://{index.host}/files/jub_jub-1.0-py3-none-any.whl",
        version="1.0",
        is_wheel=True,
        sha256=index.sha256("jub_jub-1.0-py3-none-any.whl"),
        size=len(wheel.build()),
        uploaded=None,
        requires_python=">=3.9",
        yanked="it gyres",
    )
    assert (new.name, new.version, new.is_wheel, new.uploaded, new.yanked) == (
        "jub_jub-2.0.tar.gz",
        "2.0",
        False,
        None,
        None,
    )
    assert index.requests == {"/simple/jub-jub/": 1}


def test_html_is_read_where_there_is_no_json(local_index: LocalIndex) -> None:
    local_index.faults = [HtmlOnly(local_index)]
    local_index.set_status("snark", "archived", "all is told")
    answer = page(ask(local_index.url))
    assert answer.standing is Standing.ARCHIVED
    assert [(file.name, file.size, file.uploaded) for file in answer.files] == [
        ("snark-1.0-py3-none-any.whl", None, None),
        ("snark-2.0-py3-none-any.whl", None, None),
    ]
    assert answer.files[1].sha256 == local_index.sha256("snark-2.0-py3-none-any.whl")


class HtmlOnly(Fault):
    """Answers pages in HTML whatever is preferred, as older indexes do."""

    def __init__(self, index: LocalIndex) -> None:
        self.index = index

    def answer(self, request: faults.Request, response: faults.Response) -> faults.Response:
        """Answer in HTML."""
        return self.index.respond(request, "text/html") if request.kind is Kind.PAGE else response


def test_a_folder_that_is_an_index_is_read(tmp_path: Path) -> None:
    (tmp_path / "snark").mkdir()
    (tmp_path / "snark" / "index.html").write_text(
        '<a href="snark-1.0-py3-none-any.whl">snark-1.0-py3-none-any.whl</a>'
    )
    answer = page(ask(tmp_path.as_uri()))
    assert [file.url for file in answer.files] == [(tmp_path / "snark" / "snark-1.0-py3-none-any.whl").as_uri()]
    assert problem(ask(tmp_path.as_uri(), project_name("boojum"))) is Problem.NOT_FOUND


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.Status(500), Problem.UNWELL),
        (faults.Status(503, retry_after=3600), Problem.UNWELL),
        (faults.Status(403), Problem.NOT_ALLOWED),
        (faults.Password("ann", "secret"), Problem.NOT_ALLOWED),
        (faults.NotFound(), Problem.NOT_FOUND),
        (faults.LoginPage(), Problem.GARBAGE),
        (faults.Garbage(), Problem.GARBAGE),
        (faults.Garbage(b"[" * 100_000), Problem.GARBAGE),
        (faults.Garbage(b'{"name": "boojum", "meta": {"api-version": "1.0"}, "files": []}'), Problem.GARBAGE),
        (faults.Garbage(b'{"name": "snark", "meta": {"api-version": "2.0"}, "files": []}'), Problem.GARBAGE),
        (faults.Huge(), Problem.TOO_LARGE),
        (faults.Huge(announced=True), Problem.TOO_LARGE),
        (faults.Silent(), Problem.STALLED),
        (faults.Drip(), Problem.STALLED),
        (faults.Drip(seconds=0.01), Problem.STALLED),
        (Cut(Point.CONNECT), Problem.CUT_OFF),
        (Cut(Point.HEADERS), Problem.CUT_OFF),
        (Cut(Point.HALF), Problem.CUT_OFF),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_unwell_index_is_a_problem_and_no_exception(
    fault: Fault, expected: Problem, local_index: LocalIndex
) -> None:
    local_index.faults = [fault]
    limits = SOON if expected is Problem.STALLED else None
    assert problem(ask(local_index.url, limits=limits)) is expected
    if isinstance(fault, faults.Huge):
        assert fault.sent[-1] < 100_000_000


def test_dripping_headers_end_at_the_deadline_too() -> None:
    """The whole of a request is bounded, not only its body: no thread is left reading."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        hung_up = threading.Event()

        def drip() -> None:
            line, _ = listening.accept()
            with line:
                line.settimeout(0.05)
                line.sendall(b"HTTP/1.1 200 OK\r\n")
                while True:
                    try:
                        line.sendall(b"X")
                        if line.recv(10_000) == b"":
                            break
                    except TimeoutError:
                        continue
                    except OSError:
                        break
            hung_up.set()

        threading.Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/simple/"
        assert problem(ask(url, limits=SOON)) is Problem.STALLED
        assert hung_up.wait(30)


def test_silence_in_the_middle_of_a_body_is_no_cut(local_index: LocalIndex) -> None:
    local_index.faults = [faults.Drip(seconds=5)]
    assert problem(ask(local_index.url, limits=Limits(silence=0.3, total=30))) is Problem.STALLED


def test_nobody_listening_is_offline() -> None:
    with unreachable_url() as url:
        assert problem(ask(url)) is Problem.OFFLINE


@pytest.mark.parametrize(
    "url", ["index.example/simple", "ftp://127.0.0.1/simple", "http://[::1/simple", "http://", "http://a b/"]
)
def test_an_address_without_sense_is_a_problem(url: str) -> None:
    assert problem(ask(url)) is Problem.BAD_ADDRESS


def test_one_slow_index_does_not_spoil_the_other(
    local_index: LocalIndex, make_index: Callable[..., LocalIndex]
) -> None:
    slow = make_index()
    slow.faults = [faults.Silent()]
    access = Access(urls=(slow.url, local_index.url))
    late, there = client.pages([SNARK], access, SOON)[SNARK]
    assert problem(late) is Problem.STALLED
    assert page(there).index == local_index.url


def test_many_projects_are_asked_in_one_deadline(local_index: LocalIndex) -> None:
    projects = [project_name(f"project-{number}") for number in range(30)]
    local_index.faults = [faults.Silent()]
    answers = client.pages(projects, Access(urls=(local_index.url,)), SOON)
    assert list(answers) == projects
    assert {problem(answer) for [answer] in answers.values()} == {Problem.STALLED}


@pytest.mark.parametrize("password", ["secret", "se@cr/e?t:#%"])
def test_credentials_work_and_are_never_shown(password: str, local_index: LocalIndex) -> None:
    local_index.faults = [faults.Password("carroll", password)]
    url = local_index.url_for("carroll", password)
    answer = page(ask(url))
    assert answer.index == local_index.url
    assert "carroll" not in repr(answer)

    local_index.faults = [faults.Password("somebody", "else")]
    refused = ask(url)
    assert problem(refused) is Problem.NOT_ALLOWED
    with unreachable_url() as nobody:
        offline = ask(nobody.replace("http://", "http://carroll:secret@"))
    assert problem(offline) is Problem.OFFLINE
    for shown in (repr(refused), repr(offline)):
        assert "carroll" not in shown
        assert "secret" not in shown


def test_credentials_in_netrc_work(local_index: LocalIndex, tmp_path: Path) -> None:
    local_index.faults = [faults.Password("ann", "secret")]
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password secret\n")
    assert page(ask(local_index.url)).project == "snark"
    # A user's name alone picks that user's password.
    assert page(ask(local_index.url.replace("://", "://ann@"))).project == "snark"
    assert problem(ask(local_index.url.replace("://", "://bob@"))) is Problem.NOT_ALLOWED
    # What the address itself says outranks them.
    assert problem(ask(local_index.url_for("ann", "old"))) is Problem.NOT_ALLOWED


def test_proxies_by_parameter_and_by_environment(local_index: LocalIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    url, proxy = "http://index.example/simple/", f"http://{local_index.host}"
    assert page(ask(url, proxy=proxy)).index == url
    monkeypatch.setenv("http_proxy", proxy)
    assert page(ask(url)).index == url
    with unreachable_url() as nobody:
        monkeypatch.setenv("http_proxy", nobody)
        assert problem(ask(url)) is Problem.OFFLINE
        assert page(ask(url, proxy=proxy)).index == url


def test_dripping_through_a_proxy_is_bounded(local_index: LocalIndex) -> None:
    """And nothing goes on reading afterwards, which only the name of its threads could show."""
    local_index.faults = [faults.Drip(seconds=0.1)]
    answer = ask("http://index.example/simple/", limits=SOON, proxy=f"http://{local_index.host}")
    assert problem(answer) is Problem.STALLED
    for thread in threading.enumerate():
        if thread.name == THREADS:
            thread.join(20)
            assert not thread.is_alive()


def test_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with LocalIndex(default_catalogue(), tls) as index:
        assert problem(ask(index.url)) is Problem.NOT_TRUSTED
        assert page(ask(index.url, certificate=bundle)).index == index.url
        assert page(ask(index.url, trusted_hosts=(index.host,))).index == index.url
        assert page(ask(index.url, trusted_hosts=("127.0.0.1",))).index == index.url
        assert problem(ask(index.url, trusted_hosts=("127.0.0.2",))) is Problem.NOT_TRUSTED
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        assert page(ask(index.url)).index == index.url


def test_a_redirect_to_less_than_https_is_not_followed_up(local_index: LocalIndex, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with LocalIndex(default_catalogue(), tls) as index:
        index.faults = [Elsewhere(f"{local_index.url}snark/")]
        answer = ask(index.url, certificate=tmp_path / "authority.pem")
    assert problem(answer) is Problem.NOT_TRUSTED


class Elsewhere(Fault):
    """Sends everybody somewhere else."""

    def __init__(self, location: str) -> None:
        self.location = location

    def answer(self, request: faults.Request, response: faults.Response) -> faults.Response:
        """Answer 302."""
        del request
        return replace(response, status=HTTPStatus.FOUND, headers={"Location": self.location}, body=b"")


def test_a_status_of_the_future_does_not_spoil_a_page(local_index: LocalIndex) -> None:
    local_index.set_status("snark", "frumious")
    answer = page(ask(local_index.url))
    assert answer.standing is Standing.ACTIVE
    assert len(answer.files) == 2


@pytest.mark.parametrize(
    "fault",
    [faults.NoHashes(), faults.NoUploadTimes()],
    ids=["no hashes", "no upload times"],
)
def test_what_an_index_does_not_say_is_unknown(fault: Fault, local_index: LocalIndex) -> None:
    local_index.faults = [fault]
    file = page(ask(local_index.url)).files[0]
    assert (file.sha256 is None, file.uploaded is None) == (
        isinstance(fault, faults.NoHashes),
        isinstance(fault, faults.NoUploadTimes),
    )


def said(value: str) -> Said:
    return Said(value, "a test")


def test_access_is_what_is_configured(tmp_path: Path) -> None:
    assert Access.configured(Indexes()) == Access(urls=(DEFAULT_INDEX,))
    configured = Indexes(
        index=said("https://index.example/simple"),
        extra=(said("https://two.example/simple"),),
        trusted_hosts=(said("two.example:8443"),),
        certificate=said(str(tmp_path / "authority.pem")),
        client_certificate=said("~/me.pem"),
        proxy=said("http://proxy.example:3128"),
    )
    assert Access.configured(configured) == Access(
        urls=("https://two.example/simple", "https://index.example/simple"),
        certificate=tmp_path / "authority.pem",
        client_certificate=Path.home() / "me.pem",
        proxy="http://proxy.example:3128",
        trusted_hosts=("two.example:8443",),
    )
    assert Access.configured(Indexes(extra=(said("https://two.example/simple"),))).urls == (
        "https://two.example/simple",
        DEFAULT_INDEX,
    )


def test_where_no_index_is_to_be_used_none_is_asked() -> None:
    access = Access.configured(Indexes(no_index=said("1"), index=said("http://127.0.0.1:9/simple")))
    assert client.pages([SNARK], access) == {SNARK: ()}
    answer = client.why_not(SNARK, "3.12.1", access)
    assert (answer.cause, answer.sentence) == (
        Cause.UNREACHABLE,
        "nothing is known about snark: no index is to be asked",
    )


def undated_plan(index: LocalIndex, **changes: str) -> Plan:
    """Return a plan for snark 2.0 that says neither size nor age."""
    name = "snark-2.0-py3-none-any.whl"
    file = File(name, f"http://{index.host}/files/{name}", index.sha256(name), None, None)
    return Plan((Item(SNARK, "2.0", replace(file, **changes)),), "pip")  # type: ignore[arg-type]  # text fields only


def test_a_plan_is_dated(local_index: LocalIndex) -> None:
    plan = undated_plan(local_index)
    dated = client.date(plan, Access(urls=(local_index.url,)))
    assert dated.items[0].age() == 400
    assert dated.size == len(default_catalogue()[1].content())
    assert client.date(dated, Access(urls=(local_index.url,))) == dated
    assert local_index.requests == {"/simple/snark/": 1}


def test_only_the_same_file_is_dated(local_index: LocalIndex) -> None:
    other = undated_plan(local_index, sha256="0" * 64)
    assert client.date(other, Access(urls=(local_index.url,))) == other
    local_index.faults = [faults.WrongHashes()]
    plan = undated_plan(local_index)
    assert client.date(plan, Access(urls=(local_index.url,))) == plan


def test_an_index_that_cannot_be_asked_leaves_a_plan_undated(local_index: LocalIndex) -> None:
    plan = undated_plan(local_index)
    with unreachable_url() as nobody:
        assert client.date(plan, Access(urls=(nobody,))) == plan


@pytest.mark.parametrize(
    ("project", "cause", "sentence"),
    [
        ("source-only", Cause.NO_WHEEL, "source-only 1.0 has no wheel and would have to be built"),
        ("all-yanked", Cause.ONLY_YANKED, "all-yanked has been withdrawn by its authors (yanked)"),
        (
            "brand-new",
            Cause.TOO_NEW,
            "brand-new is too new: its first release that fits is 1 day old, and 7 are asked for",
        ),
        (
            "other-platform",
            Cause.NO_WHEEL_FOR_THIS_PLATFORM,
            "other-platform 1.0 has no wheel for this platform, only for",
        ),
        ("snark", Cause.NOTHING, "snark 2.0 has a wheel for this Python: something that it needs or that is"),
    ],
)
def test_why_not(project: str, cause: Cause, sentence: str, local_index: LocalIndex) -> None:
    python = ".".join(map(str, sys.version_info[:3]))
    access = Access(urls=(local_index.url,))
    answer = client.why_not(project_name(project), python, access, min_age_days=7)
    assert answer.cause is cause
    assert answer.sentence.startswith(sentence)


def test_why_not_where_the_index_does_not_have_it(local_index: LocalIndex) -> None:
    answer = client.why_not(project_name("jabberwock"), "3.12.1", Access(urls=(local_index.url_for("ann", "x"),)))
    assert answer.cause is Cause.NOT_ON_INDEX
    assert answer.sentence == f"jabberwock is not on {local_index.url}"


def test_the_client_is_not_imported_before_it_is_needed() -> None:
    """Nor is anything heavy that it needs: the import of the module itself costs next to nothing."""
    code = (
        "import sys, autoinstall.index\n"
        "print(sorted({'requests', 'pypi_simple', 'urllib3', 'packaging', 'bs4', 'pydantic'} & set(sys.modules)))"
    )
    seen = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert seen.stdout == "[]\n"
