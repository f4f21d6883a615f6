"""uv as planner and installer: what it is told as tables, and the real one over a local index."""

import dataclasses
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autoinstall import environment as environment_facts
from autoinstall.command import Command, Finished, Steps
from autoinstall.environment import Environment, Installed
from autoinstall.environment.indexes import Configuration, Indexes, Said, read
from autoinstall.installers import choose
from autoinstall.installers.question import Question, Unsolvable
from autoinstall.installers.uv import Uv, UvResolver, settings_file
from autoinstall.names import project_name
from autoinstall.plan import Obstacle, Plan, Refusal, Wanted
from autoinstall.run import carry_out
from autoinstall.settings import InstallerChoice
from tests.conftest import FreshEnvironment
from tests.support.catalogue import OLD, Release, default_catalogue
from tests.support.faults import Cut, Fault, Garbage, LoginPage, Point, Silent, Status, Swapped
from tests.support.installing import ORIGIN, asking, bare, holding, planned, seen, versions, wanted
from tests.support.local_index import LocalIndex, unreachable_url
from tests.support.processes import clean_environ, without_installer_settings
from tests.support.wheels import Sdist, Wheel


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return bare(tmp_path / "environment")


@pytest.fixture
def uv(tmp_path: Path) -> Uv:
    """Return the uv that the tests run with, for a user of the test's own."""
    home = tmp_path / "home"
    variables = without_installer_settings(clean_environ(home))
    found = choose(InstallerChoice.UV, environment_facts.current(), {}, Configuration(), variables)
    assert isinstance(found, Uv)
    return dataclasses.replace(found, home=home)


def own(name: str, version: str, *requires: str, extras: tuple[str, ...] = ()) -> Installed:
    return Installed(project_name(name), version, Path("/site"), requires, extras)


# What it is told


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (Question(wanted("snark")), ["--only-binary", ":all:"]),
        (
            Question(wanted("snark"), since=datetime(2026, 11, 14, 1, 2, 3, 4, tzinfo=UTC)),
            ["--only-binary", ":all:", "--exclude-newer", "2026-11-14T01:02:03Z"],
        ),
        (
            Question(
                wanted("snark"),
                since=datetime(2026, 11, 14, tzinfo=UTC),
                undated=frozenset(map(project_name, ("b", "a"))),
            ),
            [
                *("--only-binary", ":all:", "--exclude-newer", "2026-11-14T00:00:00Z"),
                *("--exclude-newer-package", "a=false", "--exclude-newer-package", "b=false"),
            ],
        ),
        (
            Question(
                (Wanted(None, project_name("snark"), "2.0", may_be_young=True),),
                since=datetime(2026, 11, 14, tzinfo=UTC),
            ),
            [
                *("--only-binary", ":all:", "--exclude-newer", "2026-11-14T00:00:00Z"),
                *("--exclude-newer-package", "snark=false"),
            ],
        ),
        (Question(wanted("snark"), alone=True), ["--no-deps"]),
        (
            Question(wanted("snark"), alone=True, any_platform=True),
            ["--only-binary", ":all:", "--no-deps", "--universal"],
        ),
        (
            Question(wanted("snark"), alone=True, python="3.12"),
            ["--only-binary", ":all:", "--no-deps", "--python-version", "3.12"],
        ),
    ],
    ids=["plain", "age", "undated", "named outright", "alone", "any platform", "another Python"],
)
def test_arguments(environment: Environment, uv: Uv, question: Question, expected: list[str]) -> None:
    steps = UvResolver(uv, environment, Configuration()).ask(question)
    argv = next(steps).argv
    fixed = [
        *(str(uv.binary), "pip", "compile", "wanted.txt", "--constraints", "installed.txt"),
        *("--config-file", "uv.toml", "--no-header", "--no-progress", "--python", str(environment.executable)),
        *("--cache-dir", str(uv.home / ".cache" / "uv")),
    ]
    assert list(argv) == [*fixed, *expected, "--format", "pylock.toml"]


def test_files_say_what_is_wanted_and_what_is_there(environment: Environment, uv: Uv, tmp_path: Path) -> None:
    there = tmp_path / "a folder" / "torchy-2.9.dist-info"
    installed = holding(
        dataclasses.replace(own("torchy", "2.9+cu121", "numpy>=2", extras=("x",)), metadata_folder=there),
        own("zipped", "1.0"),
    )
    steps = UvResolver(uv, environment, Configuration()).ask(Question(wanted("snark==2.0", "boojum"), installed))
    files = dict(next(steps).files)
    assert tomllib.loads(files.pop("uv.toml").decode())["dependency-metadata"] == [
        {"name": "torchy", "version": "2.9+cu121", "requires-dist": ["numpy>=2"], "provides-extra": ["x"]},
        {"name": "zipped", "version": "1.0", "requires-dist": [], "provides-extra": []},
    ]
    assert files == {
        "wanted.txt": b"snark==2.0\nboojum\n",
        "installed.txt": f"torchy @ {there.as_uri()}\nzipped @ ./installed/zipped\n".encode(),
        "installed/zipped/.installed": b"",
    }


def test_what_may_change_is_limited_by_what_may_not_and_preferred_as_it_is(environment: Environment, uv: Uv) -> None:
    question = Question(
        wanted("snark"),
        holding(own("boojum", "1.0", "torchy<3", "toves>=1")),
        released=holding(own("torchy", "2.9")),
        preferred=holding(own("toves", "1.0")),
    )
    command = next(UvResolver(uv, environment, Configuration()).ask(question))
    assert command.files["wanted.txt"] == b"snark\ntorchy\n"
    assert command.files["installed.txt"] == b"boojum @ ./installed/boojum\ntorchy<3\ntoves>=1\n"
    assert tomllib.loads(command.files["pylock.toml"].decode())["packages"] == [{"name": "toves", "version": "1.0"}]
    assert command.argv[-2:] == ("--output-file", "pylock.toml")


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (Configuration(), {"index": [], "find-links": [], "no-index": False, "allow-insecure-host": []}),
        (
            Configuration(
                Indexes(
                    index=Said("https://ann:pw@index.example/simple", ORIGIN),
                    extra=(Said("https://extra.example/simple", ORIGIN),),
                    find_links=(Said("/srv/wheels", ORIGIN),),
                    no_index=Said("1", ORIGIN),
                    trusted_hosts=(Said("index.example", ORIGIN),),
                    keyring=Said("subprocess", ORIGIN),
                )
            ),
            {
                "index": [
                    {"url": "https://extra.example/simple"},
                    {"url": "https://ann:pw@index.example/simple", "default": True},
                ],
                "find-links": ["/srv/wheels"],
                "no-index": True,
                "allow-insecure-host": ["index.example"],
                "keyring-provider": "subprocess",
            },
        ),
        (
            Configuration(
                Indexes(index=Said("https://pip.example/simple", ORIGIN)),
                Indexes(extra=(Said("https://uv.example/simple", "uv.toml"),)),
                {"index": [{"url": "https://uv.example/simple"}], "cache-dir": "/elsewhere"},
            ),
            {"index": [{"url": "https://uv.example/simple"}], "allow-insecure-host": []},
        ),
    ],
    ids=["nothing", "pip's", "uv's own"],
)
def test_indexes_are_handed_over_in_a_file(configuration: Configuration, expected: Mapping[str, object]) -> None:
    assert tomllib.loads(settings_file(configuration)) == {**expected, "dependency-metadata": []}


def test_variables_that_would_redirect_it_are_left_behind(uv: Uv) -> None:
    kept = {
        "HOME": "/home/ann",
        "HTTPS_PROXY": "http://proxy.example",
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_INDEX_COMPANY_PASSWORD": "pw",
    }
    redirecting = ["UV_TARGET", "UV_PREFIX", "UV_SYSTEM_PYTHON", "UV_PYTHON", "UV_EXCLUDE_NEWER", "UV_CONFIG_FILE"]
    redirecting += [
        "UV_OVERRIDE",
        "UV_CONSTRAINT",
        "UV_NO_BINARY",
        "UV_WORKING_DIR",
        "PIP_TARGET",
        "UV_INDEX_X_OTHER",
    ]
    variables = kept | dict.fromkeys(redirecting, "x")
    told = dataclasses.replace(uv, variables=variables).environment(Indexes(timeout=Said("99", ORIGIN)))
    assert {name: told.get(name) for name in kept} == kept
    assert not set(redirecting) & told.keys()
    assert told["UV_HTTP_TIMEOUT"] == "99"


@pytest.mark.parametrize(("mode", "told"), [("copy", "copy"), ("hardlink", "hardlink"), ("symlink", None)])
def test_what_is_installed_does_not_hang_on_the_cache(uv: Uv, mode: str, told: str | None) -> None:
    variables = {"UV_LINK_MODE": mode}
    assert dataclasses.replace(uv, variables=variables).environment(Indexes()).get("UV_LINK_MODE") == told


def test_certificates_and_proxy_are_carried_over_but_never_over_the_users_own(uv: Uv) -> None:
    indexes = Indexes(
        certificate=Said("/etc/company.pem", ORIGIN),
        client_certificate=Said("/etc/client.pem", ORIGIN),
        proxy=Said("http://proxy.example", ORIGIN),
    )
    told = dataclasses.replace(uv, variables={"SSL_CERT_FILE": "/own.pem"}).environment(indexes)
    assert (told["SSL_CERT_FILE"], told["SSL_CLIENT_CERT"], told["ALL_PROXY"]) == (
        "/own.pem",
        "/etc/client.pem",
        "http://proxy.example",
    )


@pytest.mark.parametrize(
    ("variables", "settings", "expected"),
    [
        ({"UV_CACHE_DIR": "/variable"}, {"cache-dir": "/setting"}, "/variable"),
        ({}, {"cache-dir": "/setting"}, "/setting"),
        ({"XDG_CACHE_HOME": "/xdg"}, {}, "/xdg/uv"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="paths of Unix")
def test_the_cache_is_the_users_own(
    uv: Uv, variables: dict[str, str], settings: dict[str, object], expected: str
) -> None:
    assert dataclasses.replace(uv, variables=variables).cache_folder(Configuration(uv_settings=settings)) == expected


# What it answers, recorded from uv 0.13.8 with made-up names

NO_SOLUTION = """\
error: No solution found when resolving dependencies
  cause: Because source-only==1.0 has no usable wheels and only source-only==1.0 is available, we conclude that all
 versions of source-only cannot be used.
         And because all versions of needs-source depend on source-only and you require needs-source, we can conclude.
"""


@pytest.mark.parametrize(
    ("finished", "expected"),
    [
        (
            Finished(1, "", NO_SOLUTION),
            Unsolvable(NO_SOLUTION, (project_name("source-only"),)),
        ),
        (Finished(2, "", "error: Failed to parse: uv.toml\n"), Unsolvable("error: Failed to parse: uv.toml\n")),
        (Finished(None, "", "", "interrupted"), Obstacle.INTERRUPTED),
        (Finished(None, "", "", "stalled"), Obstacle.STALLED),
        (Finished(None, "", "", "not found"), Obstacle.INSTALLER_MISSING),
        (Finished(0, "no lock", ""), Obstacle.TOOL_FAILED),
        (Finished(101, "", "thread 'main' panicked"), Obstacle.TOOL_FAILED),
        (
            Finished(
                1,
                "",
                "error: No solution found when resolving dependencies\n\nhint: An index URL (http://127.0.0.1:1/) "
                "could not be queried due to a lack of valid authentication credentials (401 Unauthorized)",
            ),
            Obstacle.INDEX_FAILED,
        ),
        (
            Finished(
                2,
                "",
                "error: Request failed after 1 retry\n  cause: Failed to fetch: http://127.0.0.1:1/simple/snark/\n"
                "  cause: error sending request for url (http://127.0.0.1:1/simple/snark/)\n  cause: dns error",
            ),
            Obstacle.OFFLINE,
        ),
    ],
)
def test_recorded_answers(
    environment: Environment, uv: Uv, finished: Finished, expected: Unsolvable | Obstacle
) -> None:
    steps = UvResolver(uv, environment, Configuration()).ask(Question(wanted("snark")))
    next(steps)
    with pytest.raises(StopIteration) as stopped:
        steps.send(finished)
    answer = stopped.value.value
    assert answer == expected if isinstance(expected, Unsolvable) else answer.obstacle is expected


def test_credentials_in_what_it_says_reach_no_sentence(environment: Environment, uv: Uv) -> None:
    said = "error: error sending request for url (http://ann:secret@127.0.0.1:1/simple/snark/)"
    steps = UvResolver(uv, environment, Configuration()).ask(Question(wanted("snark")))
    next(steps)
    with pytest.raises(StopIteration) as stopped:
        steps.send(Finished(2, "", said))
    refusal = stopped.value.value
    assert "127.0.0.1:1" in refusal.sentence
    assert "secret" not in refusal.sentence + refusal.details


# The real one, over a local index


@pytest.mark.parametrize(
    ("projects", "expected"),
    [
        (("snark",), ["snark 2.0"]),
        (("snark==1.0",), ["snark 1.0"]),
        (("boojum-tools",), ["boojum-tools 1.5", "snark 2.0"]),
        (("opencv-python", "six"), ["numpy 2.4.1", "opencv-python 4.14.0.94", "six 1.17.0"]),
        (("bandersnatch-fresh",), ["bandersnatch-fresh 1.0"]),
        (("undated",), ["undated 1.0"]),
        (("toves",), ["toves 1.0"]),
        (("brand-new",), [Obstacle.TOO_NEW]),
        (("source-only",), [Obstacle.NO_WHEEL]),
        (("other-python",), [Obstacle.NO_WHEEL_FOR_THIS_PYTHON]),
        (("other-platform",), [Obstacle.NO_WHEEL_FOR_THIS_PYTHON]),
        (("all-yanked",), [Obstacle.NOT_FOUND]),
        (("no-such-project",), [Obstacle.NOT_FOUND]),
        (("snark==9.9",), [Obstacle.NOT_FOUND]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_plans(
    environment: Environment, uv: Uv, local_index: LocalIndex, projects: tuple[str, ...], expected: list[str]
) -> None:
    plan = planned(uv, environment, asking(local_index), *projects)
    assert versions(plan) == expected
    assert local_index.downloaded == set()


def test_a_plan_tells_all_that_the_index_tells(environment: Environment, uv: Uv, local_index: LocalIndex) -> None:
    plan = planned(uv, environment, asking(local_index), "boojum-tools")
    assert isinstance(plan, Plan)
    boojum, snark = plan.items
    assert (boojum.wanted_as, boojum.needed_by) == (("boojum_tools",), ())
    assert (snark.wanted_as, snark.needed_by) == ((), ("boojum-tools",))
    assert snark.file.sha256 == local_index.sha256("snark-2.0-py3-none-any.whl")
    assert (snark.file.name, snark.age()) == ("snark-2.0-py3-none-any.whl", int(OLD))
    assert snark.file.size is not None
    assert plan.indexes == (f"{local_index.url.rstrip('/')} ({ORIGIN})",)


def test_where_one_file_comes_from_is_asked_only_where_there_are_several_indexes(
    environment: Environment, uv: Uv, local_index: LocalIndex
) -> None:
    one = Configuration(Indexes(index=Said(local_index.url_for("ann", "pw"), ORIGIN)))
    two = Configuration(Indexes(index=Said(local_index.url, ORIGIN), extra=(Said(local_index.url, ORIGIN),)))
    for configuration, commands in ((one, 1), (two, 2)):
        run: list[Command] = []
        steps = uv.plan(wanted("snark"), environment, {}, configuration, min_age_days=None, now=datetime.now(UTC))
        plan = carry_out(noted(steps, run))
        assert isinstance(plan, Plan)
        (item,) = plan.items
        assert (item.file.index, item.needed_by, len(run)) == (local_index.url, (), commands)


def noted(steps: Steps[Plan | Refusal], run: list[Command]) -> Steps[Plan | Refusal]:
    """Note each command on its way."""
    try:
        command = next(steps)
        while True:
            run.append(command)
            command = steps.send((yield command))
    except StopIteration as done:
        plan: Plan | Refusal = done.value
        return plan


def test_ages_do_not_matter_where_nobody_asks(environment: Environment, uv: Uv, local_index: LocalIndex) -> None:
    assert versions(planned(uv, environment, asking(local_index), "brand-new", min_age_days=None)) == [
        "brand-new 1.0"
    ]


TORCHY = (
    Release(Wheel("torchy", "2.9", {"torchy.py": ""})),
    Release(Wheel("torchy", "3.0", {"torchy.py": ""})),
    Release(Wheel("uses-torchy", "1.0", {"uses_torchy.py": ""}, ("torchy>=2",))),
    Release(Wheel("needs-new-torchy", "1.0", {"needs_new_torchy.py": ""}, ("torchy>=3",))),
    Release(Wheel("needs-private", "1.0", {"needs_private.py": ""}, ("private-thing[extra]",))),
)


@pytest.mark.parametrize(
    ("installed", "project", "expected"),
    [
        ([own("torchy", "2.9+cu121")], "uses-torchy", ["uses-torchy 1.0"]),
        ([own("torchy", "2.9+cu121")], "torchy", []),
        ([own("torchy", "2.9+cu121")], "needs-new-torchy", [Obstacle.CONFLICT]),
        (
            [own("private-thing", "0.1.dev3", "snark>=1; extra == 'extra'", extras=("extra",))],
            "needs-private",
            ["needs-private 1.0", "snark 2.0"],
        ),
        ([own("torchy", "2.9", "snark<2")], "uses-torchy", ["snark 1.0", "uses-torchy 1.0"]),
        ([own("torchy", "2.9", "snark>=5"), own("snark", "1.0")], "uses-torchy", ["uses-torchy 1.0"]),
        ([own("torchy", "2.9"), own("odd", "1.0", "?? not a requirement")], "uses-torchy", ["uses-torchy 1.0"]),
        ([own("torchy", "2.9"), own("odd", "2004d-final")], "uses-torchy", ["uses-torchy 1.0"]),
    ],
    ids=[
        "local version",
        "wanted itself",
        "conflict",
        "on no index, with an extra",
        "its requirement counts",
        "a contradiction that was there before",
        "a requirement that is none",
        "a version that is none",
    ],
)
def test_what_is_installed_stays(  # noqa: PLR0917 - three fixtures and a table of three columns
    environment: Environment,
    uv: Uv,
    make_index: Callable[..., LocalIndex],
    installed: list[Installed],
    project: str,
    expected: list[str],
) -> None:
    index = make_index(*default_catalogue(), *TORCHY)
    plan = planned(uv, environment, asking(index), project, installed=holding(*installed))
    assert versions(plan) == expected
    if Obstacle.CONFLICT not in expected:
        assert not index.asked & {"torchy", "private-thing", "odd"}  # no index hears of what is installed


def test_a_conflict_in_a_sentence(environment: Environment, uv: Uv, make_index: Callable[..., LocalIndex]) -> None:
    index = make_index(*TORCHY)
    refusal = planned(
        uv,
        environment,
        asking(index),
        "needs-new-torchy",
        installed=holding(own("torchy", "2.9+cu121"), own("x", "1")),
    )
    assert isinstance(refusal, Refusal)
    assert refusal.sentence == (
        "needs-new-torchy 1.0 needs another version of torchy than the torchy 2.9+cu121 installed here "
        "(3.0 would do), and what is installed is left as it is."
    )


def test_planning_for_what_is_really_installed(
    fresh_environment: FreshEnvironment, uv: Uv, make_index: Callable[..., LocalIndex]
) -> None:
    real = fresh_environment("plain")
    real.install(Wheel("torchy", "2.9", {"torchy.py": ""}, ("snark<2",)))
    index = make_index(*default_catalogue(), *TORCHY)
    before = real.files()
    assert versions(planned(uv, seen(real), asking(index), "uses-torchy")) == ["snark 1.0", "uses-torchy 1.0"]
    assert real.files() == before


@pytest.mark.parametrize("depth", [1, 2])
def test_direct_urls_are_refused_at_any_depth_and_nothing_is_built(
    environment: Environment, uv: Uv, make_index: Callable[..., LocalIndex], tmp_path: Path, depth: int
) -> None:
    marker = tmp_path / "built"
    sdist = Sdist("evil", "1.0", {"evil.py": ""}, marker=marker).write(tmp_path)
    index = make_index(
        Release(Wheel("level-one", "1.0", {"one.py": ""}, (f"evil @ {sdist.as_uri()}",))),
        Release(Wheel("level-two", "1.0", {"two.py": ""}, ("level-one",))),
    )
    plan = planned(uv, environment, asking(index), "level-one" if depth == 1 else "level-two")
    assert versions(plan) == [Obstacle.NO_WHEEL]
    assert not marker.exists()


def test_a_dependency_without_a_wheel_is_named(
    environment: Environment, uv: Uv, make_index: Callable[..., LocalIndex], tmp_path: Path
) -> None:
    marker = tmp_path / "built"
    index = make_index(
        Release(Sdist("source-only", "1.0", {"s.py": ""}, marker=marker)),
        Release(Wheel("needs-source", "1.0", {"n.py": ""}, ("source-only",))),
    )
    refusal = planned(uv, environment, asking(index), "needs-source")
    assert refusal == Refusal(
        Obstacle.NO_WHEEL,
        "needs-source needs source-only, which has no wheel, only source code that would have to be built.",
        refusal.details if isinstance(refusal, Refusal) else "",
    )
    assert not marker.exists()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Status(500), Obstacle.INDEX_FAILED),
        (Status(503, retry_after=3600), Obstacle.INDEX_FAILED),
        (Status(401), Obstacle.INDEX_FAILED),
        (Status(403), Obstacle.INDEX_FAILED),
        (Cut(Point.HEADERS), Obstacle.OFFLINE),
        (Cut(Point.HALF), Obstacle.OFFLINE),
        (Silent(), Obstacle.OFFLINE),
        (Garbage(), Obstacle.INDEX_FAILED),
        (LoginPage(), Obstacle.NOT_FOUND),
    ],
    ids=lambda value: type(value).__name__,
)
def test_faults_of_an_index(
    environment: Environment, uv: Uv, local_index: LocalIndex, fault: Fault, expected: Obstacle
) -> None:
    local_index.faults = [fault]
    impatient = dataclasses.replace(asking(local_index), uv=Indexes(timeout=Said("1", "UV_HTTP_TIMEOUT")))
    assert versions(planned(uv, environment, impatient, "snark")) == [expected]


def test_nobody_listens(environment: Environment, uv: Uv) -> None:
    with unreachable_url() as url:
        refusal = planned(uv, environment, asking(url), "snark")
    assert isinstance(refusal, Refusal)
    assert refusal.obstacle is Obstacle.OFFLINE
    assert "cannot be reached: check the network" in refusal.sentence


def test_the_first_index_that_has_the_name_answers_for_it(
    environment: Environment, uv: Uv, make_index: Callable[..., LocalIndex]
) -> None:
    company = make_index(Release(Wheel("snark", "1.0", {"snark.py": ""})))
    public = make_index(
        Release(Wheel("snark", "99.0", {"snark.py": ""})), Release(Wheel("toves", "1.0", {"t.py": ""}))
    )
    configuration = Configuration(
        Indexes(index=Said(public.url, ORIGIN), extra=(Said(company.url, "PIP_EXTRA_INDEX_URL"),))
    )
    plan = planned(uv, environment, configuration, "snark", "toves")
    assert versions(plan) == ["snark 1.0", "toves 1.0"]
    assert isinstance(plan, Plan)
    assert plan.indexes == (
        f"{company.url.rstrip('/')} (PIP_EXTRA_INDEX_URL)",
        f"{public.url.rstrip('/')} ({ORIGIN})",
    )


# Staging

SCRIPTED = Release(
    Wheel(
        "withscripts",
        "1.0",
        {"ws.py": "def main(): pass\n", "ws_more/__init__.py": ""},
        ("snark",),
        scripts={"ws": "ws:main"},
        data={"data/etc/jupyter/x.json": "{}", "scripts/raw": "#!python\nprint(1)\n"},
    )
)


def staged(
    uv: Uv, environment: Environment, configuration: Configuration, into: Path, *projects: str
) -> Refusal | None:
    plan = planned(uv, environment, configuration, *projects)
    assert isinstance(plan, Plan)
    return carry_out(uv.stage(plan, environment, configuration, into))


def test_what_is_staged_is_what_uv_would_have_installed(
    fresh_environment: FreshEnvironment,
    environment: Environment,
    uv: Uv,
    make_index: Callable[..., LocalIndex],
    tmp_path: Path,
) -> None:
    """File by file and in RECORD, but that uv takes all of a lock for requested."""
    index = make_index(*default_catalogue(), SCRIPTED)
    straight = fresh_environment("plain", index)
    before = straight.files().keys()
    options = ["--no-config", "--default-index", index.url, "--python", str(straight.python)]
    straight.run("-m", "uv", "pip", "install", "--no-cache", *options, "withscripts", check=True)
    into = tmp_path / "into"
    assert staged(uv, environment, asking(index), into, "withscripts") is None
    found = {path.relative_to(into).as_posix() for path in into.rglob("*") if path.is_file()}
    requested = {name for name in found if name.endswith("/REQUESTED")}
    expected = straight.files().keys() - before
    assert found - requested - {".lock"} == {name for name in expected if not name.endswith("/REQUESTED")}
    [record] = into.rglob("withscripts-1.0.dist-info/RECORD")
    [straight_record] = straight.site_packages.glob("withscripts-1.0.dist-info/RECORD")
    assert paths_in(record) == paths_in(straight_record)
    assert not list(into.rglob("direct_url.json"))


def paths_in(record: Path) -> set[str]:
    return {line.partition(",")[0] for line in record.read_text().splitlines()}


def test_scripts_start_the_environments_interpreter(
    environment: Environment, uv: Uv, make_index: Callable[..., LocalIndex], tmp_path: Path
) -> None:
    index = make_index(*default_catalogue(), SCRIPTED)
    assert staged(uv, environment, asking(index), tmp_path / "into", "withscripts") is None
    for name in ("ws", "raw"):
        [script] = (tmp_path / "into").rglob(name)
        assert str(environment.executable).encode() in script.read_bytes()


def test_nothing_outside_the_staging_folder_changes(
    fresh_environment: FreshEnvironment, uv: Uv, local_index: LocalIndex, tmp_path: Path
) -> None:
    real = fresh_environment("plain")
    before = real.files()
    assert staged(uv, seen(real), asking(local_index), tmp_path / "into", "boojum-tools") is None
    assert real.files() == before


def test_a_warm_cache_spares_the_download(
    environment: Environment, uv: Uv, local_index: LocalIndex, tmp_path: Path
) -> None:
    """What the user's own `uv pip install` has downloaded is linked, not fetched again."""
    variables = {**uv.environment(Indexes()), "UV_CACHE_DIR": uv.cache_folder(Configuration())}
    options = ["--no-config", "--default-index", local_index.url, "--prefix", str(tmp_path / "other")]
    command = [str(uv.binary), "pip", "install", *options, "--python", str(environment.executable), "snark"]
    subprocess.run(command, env=variables, check=True)
    assert local_index.downloaded == {"snark-2.0-py3-none-any.whl"}
    local_index.forget()
    assert staged(uv, environment, asking(local_index), tmp_path / "into", "snark") is None
    assert local_index.requests["/files/snark-2.0-py3-none-any.whl"] <= 1  # at most "has it changed?"
    [cached] = (tmp_path / "other").rglob("snark.py")
    [linked] = (tmp_path / "into").rglob("snark.py")
    assert cached.samefile(linked)


def of_the_same_size(body: bytes) -> bytes:
    """Return a wheel that differs in one bit of a time stamp, which nothing but the hash tells."""
    return body[:10] + bytes([body[10] ^ 1]) + body[11:]


@pytest.mark.parametrize(
    "swap",
    [of_the_same_size, lambda _: Wheel("snark", "2.0", {"snark.py": "EVIL = True"}).build()],
    ids=["same size", "other size"],
)
def test_a_file_that_was_swapped_after_the_plan_is_refused(
    environment: Environment,
    uv: Uv,
    make_index: Callable[..., LocalIndex],
    tmp_path: Path,
    swap: Callable[[bytes], bytes],
) -> None:
    snark = Wheel("snark", "2.0", {"snark.py": ""})
    local_index = make_index(Release(snark))
    plan = planned(uv, environment, asking(local_index), "snark")
    assert isinstance(plan, Plan)
    local_index.faults = [Swapped(snark.filename, swap(snark.build()))]
    refusal = carry_out(uv.stage(plan, environment, asking(local_index), tmp_path / "into"))
    assert isinstance(refusal, Refusal)
    assert refusal.obstacle is Obstacle.UNSAFE
    assert "gave another file than the one that was shown" in refusal.sentence
    assert not list((tmp_path / "into").rglob("snark.py"))


def test_an_empty_plan_needs_no_command(uv: Uv, environment: Environment, tmp_path: Path) -> None:
    with pytest.raises(StopIteration) as stopped:
        next(uv.stage(Plan((), "uv"), environment, Configuration(), tmp_path / "into"))
    assert stopped.value.value is None


@pytest.mark.online
def test_the_real_index(fresh_environment: FreshEnvironment, tmp_path: Path) -> None:
    """As this machine's own configuration reaches it."""
    real = fresh_environment("plain", online=True)
    environment = seen(real)
    configuration = read(real.environ, real.prefix)
    found = choose(InstallerChoice.UV, environment, {}, configuration, real.environ)
    assert isinstance(found, Uv)
    plan = planned(found, environment, configuration, "six")
    if isinstance(plan, Refusal) and plan.obstacle is Obstacle.OFFLINE:
        pytest.skip(plan.sentence)
    assert isinstance(plan, Plan)
    assert [item.project for item in plan.items] == ["six"]
    assert carry_out(found.stage(plan, environment, configuration, tmp_path / "into")) is None
    assert list((tmp_path / "into").rglob("six.py"))
