"""conda and mamba for real: an environment with records, a channel on the loopback, a command that keeps both."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autoinstall import environment, run
from autoinstall.environment import Installed, conda_meta
from autoinstall.environment.conda_meta import Linked
from autoinstall.environment.indexes import Configuration
from autoinstall.installers import DirectInstaller
from autoinstall.installers.conda import Conda, found
from autoinstall.names import CondaName, ProjectName, import_name, project_name
from autoinstall.plan import Obstacle, Plan, Refusal, Wanted
from tests.conftest import FreshEnvironment
from tests.support.conda import CondaChannel, CondaEnvironment, CondaPackage, module, python_package
from tests.support.staging import environment_at

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script for a shell")

PYTHON = "3.11.9"
NAMES = {
    "snark-py": "snark",
    "boojum": "boojum",
    "jub-jub": "jub-jub",
    "bandersnatch": "bandersnatch",
    "gone": "gone",
}


def shared(version: str) -> CondaPackage:
    return CondaPackage("shared", version, {"share/shared.txt": version}, is_python=False)


PACKAGES = (
    python_package(PYTHON),
    python_package("3.12.1"),
    shared("1.0"),
    shared("2.0"),
    module("snark", "snark", depends=("python", "boojum >=1")),
    module("boojum", "boojum", "1.5"),
    module("boojum", "boojum", "2.0", age_days=2),
    module("jub-jub", "jubjub", depends=("python", "shared >=2")),
    module("bandersnatch", "bandersnatch", depends=("python >=3.12,<3.13",)),
)


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[CondaChannel]:
    with CondaChannel(tmp_path / "served", PACKAGES) as served:
        yield served


@pytest.fixture(params=["conda", "mamba", "micromamba"])
def made(
    request: pytest.FixtureRequest, channel: CondaChannel, fresh_environment: FreshEnvironment
) -> CondaEnvironment:
    return CondaEnvironment.of(
        fresh_environment("plain"), channel.url, [f"python=={PYTHON}", "shared==1.0"], request.param
    )


def tool(made: CondaEnvironment) -> Conda:
    here = replace(environment_at(made.environment.prefix), is_conda=True)
    tool = found(here, {}, Configuration(), made.environment.environ)
    assert isinstance(tool, Conda)
    assert isinstance(tool, DirectInstaller)
    return replace(tool, known_as=NAMES.get)


def installed(made: CondaEnvironment) -> Mapping[ProjectName, Installed]:
    return environment.installed([str(made.environment.site_packages)])


def plan(made: CondaEnvironment, *projects: str, min_age_days: int | None = None) -> Plan | Refusal:
    wanted = [Wanted(import_name(project.partition("-")[0]), project_name(project)) for project in projects]
    steps = tool(made).plan(
        wanted,
        environment_at(made.environment.prefix),
        installed(made),
        Configuration(),
        min_age_days=min_age_days,
        now=datetime.now(UTC),
    )
    return run.carry_out(steps)


def install(made: CondaEnvironment, one: Plan | Refusal) -> Refusal | None:
    assert isinstance(one, Plan), one
    return run.carry_out(tool(made).install(one, environment_at(made.environment.prefix)))


def remove(made: CondaEnvironment, *names: str) -> Refusal | None:
    there = conda_meta.linked(made.environment.prefix)
    going = [there[CondaName(ProjectName(name))] for name in names]
    return run.carry_out(tool(made).remove(going, environment_at(made.environment.prefix)))


def test_exactly_what_was_planned_is_installed_and_nothing_else_changes(
    made: CondaEnvironment, channel: CondaChannel
) -> None:
    before = made.linked
    files = made.environment.files()
    found = plan(made, "snark-py")
    assert isinstance(found, Plan), found
    assert made.environment.files() == files
    assert [(item.project, item.version, item.wanted_as, item.needed_by) for item in found.items] == [
        ("snark", "1.0", ("snark",), ()),
        ("boojum", "2.0", (), ("snark",)),
    ]
    assert found.installer == made.command.name
    assert found.indexes == (channel.url,)
    assert [item.age() for item in found.items] == [100, 2]
    assert found.size is not None
    assert found.size > 0

    # What comes afterwards is not asked for again.
    channel.publish(module("boojum", "boojum", "3.0"))
    assert install(made, found) is None
    assert made.linked == before | {"snark-1.0-py_0", "boojum-2.0-py_0"}
    assert made.environment.run("-c", "import snark; print(snark.FROM)").stdout == "conda\n"


def test_what_conda_has_in_its_cache_is_known_by_its_hash_too(made: CondaEnvironment) -> None:
    first = plan(made, "boojum")
    assert install(made, first) is None
    assert remove(made, "boojum") is None
    assert plan(made, "boojum") == first


def test_nothing_to_do(made: CondaEnvironment) -> None:
    assert install(made, plan(made, "boojum")) is None
    again = plan(made, "boojum")
    assert isinstance(again, Plan)
    assert again.items == ()


def test_what_would_change_something_is_refused_by_name(made: CondaEnvironment) -> None:
    found = plan(made, "jub-jub")
    assert isinstance(found, Refusal)
    assert found.obstacle is Obstacle.CONFLICT
    assert "jub-jub cannot be had without changing shared 1.0" in found.sentence
    by_hand = f"{made.command.name} install --prefix {made.environment.prefix} jub-jub."
    assert found.sentence.endswith(by_hand), "what conda has installed, autoinstall does not change in any case"
    assert found.would_change == ()


def test_what_has_no_build_for_this_python_or_is_not_there_at_all(made: CondaEnvironment) -> None:
    here = plan(made, "bandersnatch")
    assert isinstance(here, Refusal)
    # Python is something that is installed like all else: here it is what would have to change.
    assert here.obstacle is Obstacle.CONFLICT
    assert "changing python 3.11.9" in here.sentence
    assert here.sentence.endswith(": install it into an environment of its own.")
    gone = plan(made, "gone")
    assert isinstance(gone, Refusal)
    assert (gone.obstacle, gone.sentence) == (Obstacle.NOT_FOUND, f"gone is not in {made.command.name}'s channels.")


def test_a_project_that_no_channel_is_known_to_carry_is_not_asked_for(made: CondaEnvironment) -> None:
    found = plan(made, "thimble")
    assert isinstance(found, Refusal)
    assert found.obstacle is Obstacle.NOT_FOUND
    assert made.commands == []


def test_what_is_too_new_gives_way_to_what_is_not(made: CondaEnvironment, channel: CondaChannel) -> None:
    found = plan(made, "boojum", min_age_days=7)
    assert isinstance(found, Plan)
    assert [item.version for item in found.items] == ["1.5"]
    channel.publish(module("gone", "gone", age_days=1))
    young = plan(made, "gone", min_age_days=7)
    assert isinstance(young, Refusal)
    assert young.obstacle is Obstacle.TOO_NEW
    assert "(gone 1.0)" in young.sentence


def test_a_file_swapped_after_the_question_is_refused(made: CondaEnvironment, channel: CondaChannel) -> None:
    before = made.linked
    found = plan(made, "boojum")
    channel.swap(module("boojum", "boojum", "2.0", depends=("python", "shared")))
    refusal = install(made, found)
    assert isinstance(refusal, Refusal)
    if made.command.name == "conda":
        assert refusal.obstacle is Obstacle.INDEX_FAILED
        assert "gave another file than the one that was shown" in refusal.sentence
    assert made.linked == before


def test_offline(made: CondaEnvironment, channel: CondaChannel) -> None:
    found = plan(made, "boojum")
    channel.__exit__()
    answers = [plan(made, "boojum"), install(made, found)]
    for refusal in answers:
        assert isinstance(refusal, Refusal)
        assert refusal.obstacle is Obstacle.OFFLINE


def test_what_is_removed_is_what_was_added(made: CondaEnvironment, channel: CondaChannel) -> None:
    before = made.linked
    assert install(made, plan(made, "snark-py")) is None
    # Needed by one that stays.
    refusal = remove(made, "boojum")
    assert isinstance(refusal, Refusal)
    assert refusal.obstacle is Obstacle.NEEDED
    assert "snark 1.0" in refusal.sentence
    # No network is needed to take out what is there.
    channel.__exit__()
    assert remove(made, "snark", "boojum") is None
    assert made.linked == before


def test_what_has_become_something_else_is_not_removed(made: CondaEnvironment) -> None:
    other = Linked(CondaName(ProjectName("shared")), "0.9", "py_0")
    refusal = run.carry_out(tool(made).remove([other], environment_at(made.environment.prefix)))
    assert isinstance(refusal, Refusal)
    assert refusal.obstacle is Obstacle.CHANGED


def test_what_pip_has_put_there_is_not_put_over(made: CondaEnvironment) -> None:
    info = made.environment.site_packages / "boojum-0.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: boojum\nVersion: 0.9\n", encoding="utf-8")
    found = plan(made, "snark-py")
    assert isinstance(found, Refusal)
    assert found.obstacle is Obstacle.CONFLICT
    assert "would bring its own boojum, but 0.9 was put here with pip" in found.sentence


def test_what_pip_has_put_there_counts_with_what_it_requires(made: CondaEnvironment) -> None:
    info = made.environment.site_packages / "thimble-1.0.dist-info"
    info.mkdir()
    text = "Metadata-Version: 2.1\nName: thimble\nVersion: 1.0\nRequires-Dist: boojum <2\n"
    (info / "METADATA").write_text(text, encoding="utf-8")
    found = plan(made, "snark-py")
    assert isinstance(found, Refusal)
    assert found.obstacle is Obstacle.CONFLICT
    assert "would bring boojum 2.0, but thimble 1.0, installed here, needs <2 of it" in found.sentence


def test_a_file_that_is_there_is_not_overwritten(made: CondaEnvironment) -> None:
    if made.command.name != "conda":
        pytest.skip("mamba has no setting that says so")
    (made.environment.site_packages / "boojum.py").write_text("mine = True\n", encoding="utf-8")
    before = made.linked
    refusal = install(made, plan(made, "boojum"))
    assert isinstance(refusal, Refusal)
    assert refusal.obstacle is Obstacle.UNSAFE
    assert made.linked == before
    assert (made.environment.site_packages / "boojum.py").read_text(encoding="utf-8") == "mine = True\n"
