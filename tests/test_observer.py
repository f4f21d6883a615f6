"""The observer as a maintainer runs it, over an index of a thousand made-up projects."""

import dataclasses
import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import filelock
import pytest

from data.observer.__main__ import main
from data.observer.crawl import MOST_FAILURES_IN_A_ROW
from data.observer.observe import Observation
from data.observer.state import State
from tests.support.catalogue import Release
from tests.support.faults import (
    Cut,
    Fault,
    Kind,
    Line,
    LoginPage,
    Point,
    Request,
    Response,
    Silent,
    Status,
    truncated,
)
from tests.support.local_index import LocalIndex
from tests.support.observing import direct_and_prompt
from tests.support.wheels import Sdist, Wheel

ROOT = Path(__file__).parent.parent
THOUSAND = [f"made-up-{number:04}" for number in range(1_000)]


@pytest.fixture(autouse=True)
def _direct_and_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    direct_and_prompt(monkeypatch)


def _release(number: int) -> Release:
    """Give the thousand their kinds: by the last digit of the number, so that each comes a hundred times."""
    project = THOUSAND[number]
    name = f"made_up_{number:04}"
    match number % 10:
        case 0:
            return Release(Wheel(project, "1.0", {f"{name}.py": ""}))
        case 1:
            return Release(Wheel(project, "1.0", {f"made/up/{name}/__init__.py": ""}, headers=("X: y",)))
        case 2:
            return Release(Wheel(project, "1.0", {"x.py": ""}, headers=(f"Import-Name: other_{number}",)))
        case 3:
            return Release(Sdist(project))
        case 4:
            wheel = Wheel(project, "1.0", {f"{name}.py": ""})
            return Release(wheel, body=truncated(wheel.build()))
        case 5:
            modules = {f"{name}.cp313-win_amd64.pyd": "", "tests/__init__.py": ""}
            return Release(Wheel(project, "1.0", modules, tag="cp313-cp313-win_amd64"), has_metadata=False)
        case 6:
            return Release(Wheel(project, "1.0", data={f"platlib/{name}/__init__.py": "", "scripts/run.py": ""}))
        case _:
            return Release(Wheel(project, "1.0", {f"{name}/__init__.py": "", f"{name}/a.py": ""}))


def _expected(number: int) -> list[str]:
    name = f"made_up_{number:04}"
    match number % 10:
        case 1:
            return [f"made.up.{name}"]
        case 2:
            return [f"other_{number}"]
        case 3 | 4:
            return []
        case 5:
            return [name, "tests"]
        case _:
            return [name]


@pytest.fixture(scope="module")
def _thousand() -> list[Release]:
    return [_release(number) for number in range(1_000)]


@pytest.fixture
def thousand(_thousand: list[Release]) -> Iterator[LocalIndex]:
    with LocalIndex(_thousand) as index:
        yield index


@pytest.fixture
def fifty(_thousand: list[Release]) -> Iterator[LocalIndex]:
    with LocalIndex(_thousand[:50]) as index:
        yield index


@dataclasses.dataclass
class After(Fault):
    """Behaves like another fault once it has seen so many requests for pages."""

    pages: int
    fault: Fault
    seen: int = 0
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def answer(self, request: Request, response: Response) -> Response:
        with self.lock:
            self.seen += request.kind is Kind.PAGE
        return self.fault.answer(request, response) if self.seen > self.pages else response

    def send(self, request: Request, response: Response, line: Line) -> bool:
        return self.seen > self.pages and self.fault.send(request, response, line)


@dataclasses.dataclass
class Hiccups(Fault):
    """Every path's first answer is another status."""

    status: int
    paths: set[str] = dataclasses.field(default_factory=set)

    def answer(self, request: Request, response: Response) -> Response:
        if request.path in self.paths:
            return response
        self.paths.add(request.path)
        return Response(HTTPStatus(self.status), {"Retry-After": "0"}, b"<html>busy</html>")


Observe = Callable[..., int]


@pytest.fixture
def observer(tmp_path: Path) -> Observe:
    """Return a function that runs the command over a list of projects, with a state file of the test's own."""

    def run(index: LocalIndex, projects: list[str], *options: str) -> int:
        (tmp_path / "list").write_text("\n".join(projects))
        return main([str(tmp_path / "list"), *_options(index, tmp_path), *options])

    return run


def _options(index: LocalIndex, folder: Path) -> list[str]:
    return ["--state", str(folder / "state"), "--index-url", index.url, "--backoff", "0.001"]


def _state(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "state").read_text().splitlines()[1:]]


def test_a_thousand_projects(
    thousand: LocalIndex, observer: Observe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert observer(thousand, [*THOUSAND, "Made.Up-0007", "not-there"]) == 0
    out, err = capsys.readouterr()
    expected = sorted((name, THOUSAND[number]) for number in range(1_000) for name in _expected(number))
    assert out.splitlines() == ["import_name\tproject\tevidence", *("\t".join((*row, "w")) for row in expected)]
    assert "1001 projects: 800 observed, 100 no wheel, 1 absent, 100 refused, 0 failed, 0 not asked for" in err
    # A page each; METADATA for 800 of the 900 with a wheel; a tail for the 800 that declare nothing.
    assert "2601 requests" in err
    assert sum(thousand.requests.values()) == 2_601
    assert len(_state(tmp_path)) == 1_001


def test_json_says_where_a_fact_is_from(
    fifty: LocalIndex, observer: Observe, capsys: pytest.CaptureFixture[str]
) -> None:
    assert observer(fifty, ["made-up-0002", "made-up-0001"], "--json") == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {
            "import_name": "made.up.made_up_0001",
            "project": "made-up-0001",
            "evidence": "w",
            "source": "RECORD",
            "wheel": "made_up_0001-1.0-py3-none-any.whl",
        },
        {
            "import_name": "other_2",
            "project": "made-up-0002",
            "evidence": "w",
            "source": "Import-Name",
            "wheel": "made_up_0002-1.0-py3-none-any.whl",
        },
    ]


def test_a_second_run_asks_nothing_and_says_the_same(
    fifty: LocalIndex, observer: Observe, capsys: pytest.CaptureFixture[str]
) -> None:
    observer(fifty, THOUSAND[:50])
    first = capsys.readouterr().out
    fifty.forget()
    assert observer(fifty, THOUSAND[:50]) == 0
    assert (capsys.readouterr().out, fifty.requests) == (first, {})


def test_many_too_many_requests_stop_it_at_once_and_it_goes_on_later(
    thousand: LocalIndex, observer: Observe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    thousand.faults = [After(200, Status(429, retry_after=60))]
    assert observer(thousand, THOUSAND[:500]) == 3
    err = capsys.readouterr().err
    assert "stopped: the index answered 429 (too many requests) and asks to wait: Retry-After 60" in err
    assert 192 <= len(_state(tmp_path)) <= 200
    # Each of the 8 threads had at most one request under way; nobody tried again.
    assert len(thousand.asked) <= 208
    done = {str(row["project"]) for row in _state(tmp_path)}
    thousand.faults = []
    thousand.forget()
    assert observer(thousand, THOUSAND[:500]) == 0
    assert thousand.asked == set(THOUSAND[:500]) - done


def test_the_bound_of_requests_is_kept(
    thousand: LocalIndex, observer: Observe, capsys: pytest.CaptureFixture[str]
) -> None:
    assert observer(thousand, THOUSAND, "--max-requests", "100") == 3
    assert sum(thousand.requests.values()) == 100
    assert "stopped: the bound of 100 requests is reached" in capsys.readouterr().err


def test_an_index_that_is_down_is_left_alone(
    thousand: LocalIndex, observer: Observe, capsys: pytest.CaptureFixture[str]
) -> None:
    thousand.faults = [Cut(Point.CONNECT)]
    assert observer(thousand, THOUSAND) == 3
    assert f"stopped: {MOST_FAILURES_IN_A_ROW} projects failed one after the other" in capsys.readouterr().err
    assert len(thousand.asked) <= MOST_FAILURES_IN_A_ROW + 16


def test_a_page_to_log_in_on_is_no_fact_about_a_project(fifty: LocalIndex, observer: Observe) -> None:
    """What a hotel's network answered is asked again: nothing of it was taken for "this project has no wheel"."""
    fifty.faults = [After(10, LoginPage())]
    assert observer(fifty, THOUSAND[:20]) == 1
    fifty.faults = []
    assert observer(fifty, THOUSAND[:20]) == 0


def test_an_index_that_is_busy_is_asked_again(
    fifty: LocalIndex, observer: Observe, capsys: pytest.CaptureFixture[str]
) -> None:
    fifty.faults = [Hiccups(503)]
    assert observer(fifty, THOUSAND[:40]) == 0
    assert "40 projects: 32 observed, 4 no wheel, 0 absent, 4 refused, 0 failed" in capsys.readouterr().err


def test_an_interrupted_run_ends_its_threads_and_says_so(
    thousand: LocalIndex, observer: Observe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C comes to the thread that writes down."""

    def interrupted(_state: State, _observation: Observation) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(State, "add", interrupted)
        assert observer(thousand, THOUSAND) == 130
    assert "interrupted; what is done is kept" in capsys.readouterr().err
    assert len(thousand.asked) < 100
    assert observer(thousand, THOUSAND[:30]) == 0


def test_standard_input_and_bytes_that_are_no_text(
    fifty: LocalIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for content, status in ((b"\xef\xbb\xbfmade-up-0000\r\nmade-up-0001\n", 0), (b"made-up-0000\n\xff\xfe\n", 2)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert main(["-", *_options(fifty, tmp_path)]) == status
    assert fifty.asked == {"made-up-0000", "made-up-0001"}
    assert "line 2 of the list" in capsys.readouterr().err


def test_a_killed_run_is_gone_on_with(
    thousand: LocalIndex, observer: Observe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kill -9 in the middle; its last line is torn besides."""
    thousand.faults = [After(150, Silent())]
    (tmp_path / "list").write_text("\n".join(THOUSAND[:300]))
    command = [sys.executable, "-m", "data.observer", str(tmp_path / "list"), *_options(thousand, tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        state = tmp_path / "state"
        while process.poll() is None and (not state.exists() or state.read_bytes().count(b"\n") < 100):
            time.sleep(0.01)
        process.kill()
    done = {str(row["project"]) for row in _state(tmp_path)}
    assert 99 <= len(done) <= 150
    whole = state.read_bytes()
    state.write_bytes(whole + b'{"project":"made-up-0299","ending":"obs')
    thousand.faults = []
    thousand.forget()
    assert observer(thousand, THOUSAND[:300]) == 0
    assert thousand.asked == set(THOUSAND[:300]) - done
    assert state.read_bytes().startswith(whole)
    assert len(_state(tmp_path)) == 300
    facts = capsys.readouterr().out.splitlines()[1:]
    assert facts == sorted(f"{name}\t{THOUSAND[number]}\tw" for number in range(300) for name in _expected(number))


def test_a_file_torn_in_its_first_line_begins_again(fifty: LocalIndex, observer: Observe, tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b'{"observer":1,"ind')
    assert observer(fifty, THOUSAND[:3]) == 0
    assert len(_state(tmp_path)) == 3


@pytest.mark.parametrize(
    "line", ["garbage\n", "{}\n", "[]\n", '{"project":"a","ending":"lost","requests":1,"received":1}\n']
)
def test_a_state_file_damaged_elsewhere_is_left_as_it_is(
    fifty: LocalIndex, observer: Observe, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    observer(fifty, THOUSAND[:3])
    state = tmp_path / "state"
    damaged = state.read_text() + line
    state.write_text(damaged)
    assert observer(fifty, THOUSAND[:5]) == 2
    assert "is damaged in line 5" in capsys.readouterr().err
    assert state.read_text() == damaged


def test_a_state_file_belongs_to_one_index(
    fifty: LocalIndex, observer: Observe, capsys: pytest.CaptureFixture[str]
) -> None:
    observer(fifty, THOUSAND[:3])
    with LocalIndex() as other:
        assert observer(other, THOUSAND[:3]) == 2
        assert "another index" in capsys.readouterr().err
        assert not other.requests


def test_a_password_is_not_written_down(fifty: LocalIndex, observer: Observe, tmp_path: Path) -> None:
    assert observer(fifty, THOUSAND[:3], "--index-url", fifty.url_for("ann", "secret")) == 0
    assert "secret" not in (tmp_path / "state").read_text()


def test_a_state_file_in_use_is_left_alone(
    fifty: LocalIndex, observer: Observe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with filelock.FileLock(tmp_path / "state.lock"):
        assert observer(fifty, THOUSAND[:3]) == 2
    assert "is in use by another run" in capsys.readouterr().err


def test_a_list_with_anything_but_names_asks_nothing(
    fifty: LocalIndex, observer: Observe, capsys: pytest.CaptureFixture[str]
) -> None:
    assert observer(fifty, ["# our own", "made-up-0001  # one", "", "--index-url=x"]) == 2
    assert "line 4 of the list, '--index-url=x', is not a project's name" in capsys.readouterr().err
    assert not fifty.requests


def test_facts_are_merged_into_a_facts_file(fifty: LocalIndex, observer: Observe, tmp_path: Path) -> None:
    """Rows of projects observed now are replaced; of those that gave nothing (here: no wheel) they stay."""
    facts = tmp_path / "opened.tsv"
    facts.write_text(
        "import_name\tproject\tevidence\nZope\tzope\tw\nold\tmade-up-0000\tw\nkept\tmade-up-0003\tw\n",
        encoding="utf-8",
    )
    assert observer(fifty, THOUSAND[:4], "--into", str(facts)) == 0
    assert facts.read_bytes().decode("utf-8").split("\n") == [
        "import_name\tproject\tevidence",
        "Zope\tzope\tw",
        "kept\tmade-up-0003\tw",
        "made.up.made_up_0001\tmade-up-0001\tw",
        "made_up_0000\tmade-up-0000\tw",
        "other_2\tmade-up-0002\tw",
        "",
    ]


def test_the_builder_reads_what_is_written(fifty: LocalIndex, observer: Observe, tmp_path: Path) -> None:
    """The join with the rest of `data`: a facts file like `data/facts/opened.tsv`."""
    from data.builder.sources import rows  # noqa: PLC0415 - only this test needs the builder

    observer(fifty, ["made-up-0000"], "--into", str(tmp_path / "opened.tsv"))
    assert list(rows(tmp_path / "opened.tsv")) == [
        {"import_name": "made_up_0000", "project": "made-up-0000", "evidence": "w"}
    ]


def test_dates_are_merged_into_a_file_of_dates(observer: Observe, tmp_path: Path) -> None:
    """The oldest file counts, of any kind; what a file of dates has stays where it is older."""
    now = datetime.now(UTC)
    releases = [
        Release(Sdist("old", "0.1"), age_days=900),
        Release(Wheel("old", "1.0", {"old.py": ""}), age_days=3),
        Release(Wheel("older", "1.0", {"older.py": ""}), age_days=3),
        Release(Wheel("quiet", "1.0", {"quiet.py": ""}), age_days=None),
    ]
    dates = tmp_path / "since.tsv"
    dates.write_text("project\tsince\nkept\t2001-02\nolder\t2003-04\n", encoding="utf-8")
    with LocalIndex(releases) as index:
        assert observer(index, ["old", "older", "quiet"], "--dates", str(dates)) == 0
    assert dates.read_bytes().decode("utf-8").split("\n") == [
        "project\tsince",
        "kept\t2001-02",
        f"old\t{now - timedelta(days=900):%Y-%m}",
        "older\t2003-04",
        "",
    ]
