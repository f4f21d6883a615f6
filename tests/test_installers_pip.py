"""pip as planner and installer: what it is told as tables, and the real one over a local index."""

import dataclasses
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

from autoinstall.command import Finished
from autoinstall.environment import Environment, Installed, installed
from autoinstall.environment.indexes import Configuration, Indexes, Said, read
from autoinstall.installers import choose
from autoinstall.installers.pip import Pip, PipResolver, read_report
from autoinstall.installers.question import Lock, Locked, Question, Unsolvable
from autoinstall.names import project_name
from autoinstall.plan import File, Obstacle, Plan, Refusal
from autoinstall.run import carry_out, run
from autoinstall.settings import InstallerChoice
from tests.conftest import FreshEnvironment
from tests.support import environments
from tests.support.catalogue import Release, default_catalogue
from tests.support.faults import Cut, Fault, Garbage, Point, Status, Swapped
from tests.support.installing import ORIGIN, asking, bare, holding, planned, seen, versions, wanted
from tests.support.local_index import LocalIndex, unreachable_url
from tests.support.processes import clean_environ, without_installer_settings
from tests.support.wheels import Sdist, Wheel

DIGEST = "ab" * 32


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return bare(tmp_path / "environment")


@pytest.fixture
def pip(tmp_path: Path) -> Pip:
    """Return the pip of the interpreter that runs the tests, for a user of the test's own."""
    return Pip(Version(version("pip")), without_installer_settings(clean_environ(tmp_path / "home")))


def own(name: str, found: str) -> Installed:
    return Installed(project_name(name), found, Path("/site"))


# What it is told


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (Question(wanted("snark")), []),
        (
            Question(wanted("snark"), since=datetime(2026, 11, 14, 1, 2, 3, tzinfo=UTC)),
            ["--uploaded-prior-to", "2026-11-14T01:02:03Z"],
        ),
        (Question(wanted("snark"), alone=True), ["--no-deps"]),
        (
            Question(wanted("snark"), alone=True, python="3.12"),
            ["--no-deps", "--python-version", "3.12", "--target", "nowhere"],
        ),
    ],
    ids=["plain", "age", "alone", "another Python"],
)
def test_arguments(environment: Environment, pip: Pip, question: Question, expected: list[str]) -> None:
    command = next(PipResolver(pip, environment, Configuration()).ask(question))
    assert command.argv[:3] == (sys.executable, "-P", "-c")
    assert list(command.argv[4:]) == [
        *("install", "--dry-run", "--quiet", "--report", "-", "--only-binary", ":all:"),
        *("--requirement", "wanted.txt", "--constraint", "installed.txt", *expected),
    ]


def test_what_is_there_is_a_constraint(environment: Environment, pip: Pip) -> None:
    there = holding(own("torchy", "2.9+cu121"), own("odd", "2004d-final"))
    command = next(PipResolver(pip, environment, Configuration()).ask(Question(wanted("snark==2.0"), there)))
    assert command.files == {"wanted.txt": b"snark==2.0\n", "installed.txt": b"torchy==2.9+cu121\n"}


def test_what_may_change_is_limited_by_what_may_not(environment: Environment, pip: Pip) -> None:
    held = dataclasses.replace(own("boojum", "1.0"), requires=("torchy<3",))
    question = Question(wanted("snark"), holding(held), released=holding(own("torchy", "2.9")))
    command = next(PipResolver(pip, environment, Configuration()).ask(question))
    assert command.files == {"wanted.txt": b"snark\ntorchy\n", "installed.txt": b"boojum==1.0\ntorchy<3\n"}


def test_of_pips_settings_only_the_indexes_are_handed_over(pip: Pip) -> None:
    indexes = Indexes(
        index=Said("https://ann:pw@index.example/simple", ORIGIN),
        extra=(Said("https://a.example", ORIGIN), Said("https://b.example", ORIGIN)),
        find_links=(Said("/srv/wheels", ORIGIN),),
        no_index=Said("true", ORIGIN),
        trusted_hosts=(Said("a.example", ORIGIN),),
        certificate=Said("/etc/company.pem", ORIGIN),
        client_certificate=Said("/etc/client.pem", ORIGIN),
        proxy=Said("http://proxy.example", ORIGIN),
        keyring=Said("import", ORIGIN),
        timeout=Said("60", ORIGIN),
    )
    variables = {"PIP_TARGET": "/elsewhere", "PIP_USER": "1", "PIP_CACHE_DIR": "/cache", "HOME": "/home/ann"}
    told = dataclasses.replace(pip, variables=variables).environment(indexes)
    assert {name: value for name, value in told.items() if name.startswith("PIP_")} == {
        "PIP_CACHE_DIR": "/cache",
        "PIP_CERT": "/etc/company.pem",
        "PIP_CLIENT_CERT": "/etc/client.pem",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_EXTRA_INDEX_URL": "https://a.example https://b.example",
        "PIP_FIND_LINKS": "/srv/wheels",
        "PIP_INDEX_URL": "https://ann:pw@index.example/simple",
        "PIP_KEYRING_PROVIDER": "import",
        "PIP_NO_COLOR": "1",
        "PIP_NO_INDEX": "true",
        "PIP_NO_INPUT": "1",
        "PIP_PROXY": "http://proxy.example",
        "PIP_RETRIES": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_TIMEOUT": "60",
        "PIP_TRUSTED_HOST": "a.example",
    }
    assert told["HOME"] == "/home/ann"


# What it answers, recorded from pip 26.3 with made-up names


def entry(name: str, url: str, **more: object) -> dict[str, object]:
    return {
        "download_info": {"url": url, "archive_info": {"hashes": {"sha256": DIGEST}}},
        "is_direct": False,
        "is_yanked": False,
        "requested": True,
        "metadata": {"metadata_version": "2.1", "name": name, "version": "1.0", "requires_dist": ["deep>=1"]},
        **more,
    }


SNARK_URL = "http://127.0.0.1:1/files/snark-1.0-py3-none-any.whl"
SNARK = Locked(
    project_name("snark"), "1.0", File("snark-1.0-py3-none-any.whl", SNARK_URL, DIGEST, None, None), ("deep>=1",)
)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry("Snark", SNARK_URL)], Lock((SNARK,), tells_ages=False)),
        (
            [entry("snark", SNARK_URL), entry("Here", "http://127.0.0.1:1/here-1.0.whl")],
            Lock((SNARK,), tells_ages=False),
        ),
        (
            # As pip 22.2 has it.
            [
                entry(
                    "snark", SNARK_URL, download_info={"url": SNARK_URL, "archive_info": {"hash": f"sha256={DIGEST}"}}
                )
            ],
            Lock((SNARK,), tells_ages=False),
        ),
        ([entry("snark", SNARK_URL, is_direct=True)], Lock((), (project_name("snark"),), tells_ages=False)),
        (
            [entry("snark", "http://127.0.0.1:1/files/snark-1.0.tar.gz")],
            Lock((), (project_name("snark"),), tells_ages=False),
        ),
        (
            [entry("snark", SNARK_URL, download_info={"url": SNARK_URL})],
            Obstacle.CONFLICT,
        ),
        (["no entry"], Obstacle.TOOL_FAILED),
        ([{}], Obstacle.TOOL_FAILED),
        ([entry("--index-url=x", SNARK_URL)], Obstacle.TOOL_FAILED),
    ],
    ids=[
        "a wheel",
        "there already",
        "an old pip's",
        "a direct URL",
        "an sdist",
        "no hash",
        "no entry",
        "empty",
        "a bad name",
    ],
)
def test_recorded_reports(entries: list[object], expected: Lock | Obstacle) -> None:
    report = json.dumps({"version": "1", "pip_version": "26.3", "install": entries})
    found = read_report(Finished(0, report, ""), holding(own("here", "1.0")))
    assert (found.obstacle if isinstance(found, Refusal) else found) == expected


@pytest.mark.parametrize(
    ("finished", "expected"),
    [
        (
            Finished(1, "", "ERROR: No matching distribution found for snark>=2 (from needs-snark)\n"),
            Unsolvable(
                "ERROR: No matching distribution found for snark>=2 (from needs-snark)\n", (project_name("snark"),)
            ),
        ),
        (
            Finished(1, "", "ERROR: ResolutionImpossible: for help visit https://pip.example\n"),
            Unsolvable("ERROR: ResolutionImpossible: for help visit https://pip.example\n"),
        ),
        (
            Finished(1, "", "ERROR: Index http://127.0.0.1:1/simple/x/ does not provide upload-time metadata.\n"),
            Unsolvable(
                "ERROR: Index http://127.0.0.1:1/simple/x/ does not provide upload-time metadata.\n", is_undated=True
            ),
        ),
        (
            Finished(
                1, "", "WARNING: Retrying after connection broken by 'x'\nERROR: No matching distribution found for x"
            ),
            Obstacle.OFFLINE,
        ),
        (Finished(2, "", "json.decoder.JSONDecodeError: Expecting value"), Obstacle.INDEX_FAILED),
        (Finished(1, "", "ERROR: unknown"), Obstacle.TOOL_FAILED),
        (Finished(0, "no report", ""), Obstacle.TOOL_FAILED),
        (Finished(None, "", "", "interrupted"), Obstacle.INTERRUPTED),
        (Finished(None, "", "", "stalled"), Obstacle.STALLED),
    ],
)
def test_recorded_answers(
    environment: Environment, pip: Pip, finished: Finished, expected: Unsolvable | Obstacle
) -> None:
    steps = PipResolver(pip, environment, Configuration()).ask(Question(wanted("snark")))
    next(steps)
    with pytest.raises(StopIteration) as stopped:
        steps.send(finished)
    answer = stopped.value.value
    assert answer == expected if isinstance(expected, Unsolvable) else answer.obstacle is expected


# The real one, over a local index


@pytest.mark.parametrize(
    ("projects", "expected"),
    [
        (("boojum-tools", "snark==1.0"), ["snark 1.0", "boojum-tools 1.5"]),
        (("bandersnatch-fresh",), ["bandersnatch-fresh 1.0"]),
        (("undated",), ["undated 1.0"]),
        (("toves",), ["toves 1.0"]),
        (("brand-new",), [Obstacle.TOO_NEW]),
        (("source-only",), [Obstacle.NO_WHEEL]),
        (("other-python",), [Obstacle.NO_WHEEL_FOR_THIS_PYTHON]),
        (("no-such-project",), [Obstacle.NOT_FOUND]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_plans(
    environment: Environment, pip: Pip, local_index: LocalIndex, projects: tuple[str, ...], expected: list[str]
) -> None:
    assert versions(planned(pip, environment, asking(local_index), *projects)) == expected


def test_a_plan_tells_what_pip_tells(environment: Environment, pip: Pip, local_index: LocalIndex) -> None:
    plan = planned(pip, environment, asking(local_index), "boojum-tools")
    assert isinstance(plan, Plan)
    items = {item.project: item for item in plan.items}
    snark = items[project_name("snark")]
    assert (snark.wanted_as, snark.needed_by) == ((), ("boojum-tools",))
    assert snark.file.sha256 == local_index.sha256("snark-2.0-py3-none-any.whl")
    assert (snark.file.size, snark.file.uploaded) == (None, None)
    assert plan.indexes == (f"{local_index.url.rstrip('/')} ({ORIGIN})",)


def test_a_plan_holds_no_password(environment: Environment, pip: Pip, local_index: LocalIndex) -> None:
    plan = planned(pip, environment, asking(local_index.url_for("ann", "secret")), "snark")
    assert isinstance(plan, Plan)
    assert plan.items[0].file.index == local_index.url
    assert "secret" not in repr(plan)


def pip_of(real: environments.Environment) -> Pip:
    found = choose(
        InstallerChoice.PIP, seen(real), installed([str(real.site_packages)]), Configuration(), real.environ
    )
    assert isinstance(found, Pip)
    return found


def test_what_is_installed_stays(fresh_environment: FreshEnvironment, make_index: Callable[..., LocalIndex]) -> None:
    real = fresh_environment("plain-pip")
    pip = pip_of(real)
    real.install(Wheel("torchy", "2.9+cu121", {"torchy.py": ""}))
    index = make_index(
        Release(Wheel("torchy", "3.0", {"torchy.py": ""})),
        Release(Wheel("uses-torchy", "1.0", {"uses_torchy.py": ""}, ("torchy>=2",))),
        Release(Wheel("needs-new-torchy", "1.0", {"needs_new_torchy.py": ""}, ("torchy>=3",))),
    )
    before = real.files()
    assert versions(planned(pip, seen(real), asking(index), "uses-torchy")) == ["uses-torchy 1.0"]
    refusal = planned(pip, seen(real), asking(index), "needs-new-torchy")
    assert isinstance(refusal, Refusal)
    assert refusal.obstacle is Obstacle.CONFLICT
    assert "needs-new-torchy 1.0 needs another version of torchy than the torchy 2.9+cu121" in refusal.sentence
    assert real.files() == before


def test_an_sdist_that_a_wheel_names_by_url_is_not_built(
    environment: Environment, pip: Pip, make_index: Callable[..., LocalIndex], tmp_path: Path
) -> None:
    """By itself pip would, wheels only or not."""
    marker = tmp_path / "built"
    sdist = Sdist("evil", "1.0", {"evil.py": ""}, marker=marker).write(tmp_path)
    index = make_index(Release(Wheel("named-by-url", "1.0", {"n.py": ""}, (f"evil @ {sdist.as_uri()}",))))
    assert isinstance(planned(pip, environment, asking(index), "named-by-url"), Refusal)
    assert not marker.exists()


def test_a_wheel_by_url_is_refused(
    environment: Environment, pip: Pip, make_index: Callable[..., LocalIndex], tmp_path: Path
) -> None:
    wheel = Wheel("evil", "1.0", {"evil.py": ""}).write(tmp_path)
    index = make_index(Release(Wheel("named-by-url", "1.0", {"n.py": ""}, (f"evil @ {wheel.as_uri()}",))))
    refusal = planned(pip, environment, asking(index), "named-by-url")
    assert isinstance(refusal, Refusal)
    assert "evil" in refusal.sentence


def test_pip_starts_no_program_but_a_keyring(environment: Environment, pip: Pip) -> None:
    command = next(PipResolver(pip, environment, Configuration()).ask(Question(wanted("snark"))))
    start = command.argv[3].partition("runpy.run_module")[0]
    for program, expected in (("echo", "PermissionError"), ("keyring-of-nobody/keyring", "FileNotFoundError")):
        attempt = f"try: subprocess.run([{program!r}])\nexcept OSError as problem: print(type(problem).__name__)"
        argv = (*command.argv[:3], f"{start}\nimport subprocess\n{attempt}")
        assert run(dataclasses.replace(command, argv=argv)).output == f"{expected}\n"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Status(500), Obstacle.INDEX_FAILED),
        (Status(401), Obstacle.INDEX_FAILED),
        (Cut(Point.HEADERS), Obstacle.OFFLINE),
        (Cut(Point.HALF), Obstacle.OFFLINE),
        (Garbage(), Obstacle.INDEX_FAILED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_faults_of_an_index(
    environment: Environment, pip: Pip, local_index: LocalIndex, fault: Fault, expected: Obstacle
) -> None:
    local_index.faults = [fault]
    assert versions(planned(pip, environment, asking(local_index), "snark")) == [expected]


def test_nobody_listens(environment: Environment, pip: Pip) -> None:
    with unreachable_url() as url:
        assert versions(planned(pip, environment, asking(url), "snark")) == [Obstacle.OFFLINE]


def test_what_is_staged(environment: Environment, pip: Pip, local_index: LocalIndex, tmp_path: Path) -> None:
    plan = planned(pip, environment, asking(local_index), "boojum-tools")
    assert isinstance(plan, Plan)
    into = tmp_path / "into"
    assert carry_out(pip.stage(plan, environment, asking(local_index), into)) is None
    [record] = into.rglob("snark-2.0.dist-info/RECORD")
    recorded = {line.partition(",")[0] for line in record.read_text().splitlines()}
    assert {(record.parents[1] / name).resolve().exists() for name in recorded} == {True}
    assert {path.read_text().strip() for path in into.rglob("INSTALLER")} == {"pip"}
    assert not list(into.rglob("direct_url.json"))
    [script] = into.rglob("snark-hunt*")
    assert sys.executable.encode() in script.read_bytes()


def test_a_file_that_was_swapped_after_the_plan_is_refused(
    environment: Environment, pip: Pip, local_index: LocalIndex, tmp_path: Path
) -> None:
    plan = planned(pip, environment, asking(local_index), "snark")
    assert isinstance(plan, Plan)
    body = Wheel("snark", "2.0", {"snark.py": "EVIL = True"}).build()
    local_index.faults = [Swapped("snark-2.0-py3-none-any.whl", body)]
    refusal = carry_out(pip.stage(plan, environment, asking(local_index), tmp_path / "into"))
    assert isinstance(refusal, Refusal)
    assert refusal.obstacle is Obstacle.UNSAFE
    assert not list((tmp_path / "into").rglob("snark.py"))


# The choice between the tools


@pytest.mark.parametrize(
    ("choice", "found", "keyring", "expected"),
    [
        (InstallerChoice.AUTO, "26.3", None, "uv"),
        (InstallerChoice.AUTO, None, None, "uv"),
        (InstallerChoice.AUTO, "26.3", "import", "pip"),
        (InstallerChoice.PIP, "22.2", None, "pip"),
        (InstallerChoice.UV, "26.3", "import", "uv cannot be used: the keyring provider import (pip.conf) is one"),
        (InstallerChoice.PIP, None, None, "There is no pip in this environment: "),
        (InstallerChoice.PIP, "21.3.1", None, "pip 21.3.1 cannot tell beforehand what it would install (22.2 can): "),
        (InstallerChoice.PIP, "nonsense", None, "pip nonsense cannot tell beforehand"),
        (InstallerChoice.AUTO, None, "import", "is one that only pip has. There is no pip in this environment: "),
    ],
)
def test_the_choice(
    environment: Environment, choice: InstallerChoice, found: str | None, keyring: str | None, expected: str
) -> None:
    there = {} if found is None else holding(own("pip", found))
    configuration = Configuration(Indexes(keyring=None if keyring is None else Said(keyring, "pip.conf")))
    tool = choose(choice, environment, there, configuration, {})
    assert expected in tool.sentence if isinstance(tool, Refusal) else tool.name == expected


@pytest.mark.online
def test_the_real_index(fresh_environment: FreshEnvironment, tmp_path: Path) -> None:
    """As this machine's own configuration reaches it."""
    real = fresh_environment("plain-pip", online=True)
    environment = seen(real)
    configuration = read(real.environ, real.prefix)
    tool = pip_of(real)
    plan = planned(tool, environment, configuration, "six")
    if isinstance(plan, Refusal) and plan.obstacle is Obstacle.OFFLINE:
        pytest.skip(plan.sentence)
    assert isinstance(plan, Plan)
    assert [item.project for item in plan.items] == ["six"]
    assert carry_out(tool.stage(plan, environment, configuration, tmp_path / "into")) is None
    assert list((tmp_path / "into").rglob("six.py"))


@pytest.mark.online
@pytest.mark.parametrize("old", ["22.2", "22.3.1", "23.1.2", "24.0"])
def test_the_oldest_that_can_plan(
    fresh_environment: FreshEnvironment, make_index: Callable[..., LocalIndex], tmp_path: Path, old: str
) -> None:
    """What they report, and what they let themselves be asked, has changed since."""
    real = fresh_environment("plain-pip", online=True)
    taken = real.run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"pip=={old}")
    if taken.returncode != 0:
        pytest.skip(f"pip {old} is not to be had here: {taken.stderr}")
    # Before 23.2 they stumble over metadata beside a wheel, which public indexes hide from them.
    index = make_index(*(dataclasses.replace(release, has_metadata=False) for release in default_catalogue()))
    environment = seen(real)
    tool = dataclasses.replace(pip_of(real), variables=without_installer_settings(clean_environ(tmp_path / "own")))
    assert tool.version == Version(old)
    plan = planned(tool, environment, asking(index), "boojum-tools")
    assert versions(plan) == ["boojum-tools 1.5", "snark 2.0"]
    assert isinstance(plan, Plan)
    assert carry_out(tool.stage(plan, environment, asking(index), tmp_path / "into")) is None
    assert list((tmp_path / "into").rglob("boojum"))
    for project, obstacle in (
        ("source-only", Obstacle.NO_WHEEL),
        ("other-python", Obstacle.NO_WHEEL_FOR_THIS_PYTHON),
        ("no-such-project", Obstacle.NOT_FOUND),
    ):
        assert versions(planned(tool, environment, asking(index), project)) == [obstacle]
