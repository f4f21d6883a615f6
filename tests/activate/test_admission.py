"""An install that goes well looks as if the tool had installed into the environment itself."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from autoinstall.activate import Admitted, Hazard, admit, inspect, new_staging, withdraw
from autoinstall.activate.pending import Work
from autoinstall.errors import EnvironmentNotWritableError
from autoinstall.names import project_name
from autoinstall.past.transaction import Distribution, Transaction
from autoinstall.plan import Obstacle, Refusal
from tests.activate.conftest import BOOJUM, EGG, NEST, SNARK, Ground
from tests.support.processes import clean_environ
from tests.support.staging import Tool, bare_environment, plan_of, stage
from tests.support.wheels import Wheel


def pip(ground: Ground, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(ground.environment.executable), *arguments],
        env=clean_environ(ground.folder / "home"),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_every_file_is_where_the_tool_would_have_put_it(ground: Ground, tmp_path: Path, tool: Tool) -> None:
    assert isinstance(ground.install(SNARK, BOOJUM, tool=tool, snark="snark", boojum_tools="boojum"), Transaction)
    plain = Ground(tmp_path / "plain")
    plain.environment.prefix.rename(tmp_path / "elsewhere")
    there = bare_environment(plain.environment.prefix)
    assert stage(there.prefix, there, (SNARK, BOOJUM), tmp_path / "plain" / "wheels", tool).returncode == 0
    found, expected = ground.files(), plain.files()
    # uv notes where a wheel lay that it was told to look for in a folder; from an index it does not.
    expected = {
        path: digest for path, digest in expected.items() if Path(path).name not in ("uv_cache.json", ".lock")
    }
    assert found.keys() == expected.keys()
    same = {path for path in found if Path(path).name not in ("RECORD", "snark-hunt", "raw", "pyvenv.cfg")}
    assert {path: found[path] for path in same} == {path: expected[path] for path in same}


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_pip_sees_what_it_would_have_installed_and_can_uninstall_it(ground: Ground, tool: Tool) -> None:
    before = ground.files()
    ground.install(SNARK, BOOJUM, tool=tool, boojum_tools="boojum")
    assert pip(ground, "freeze") == "boojum-tools==1.5\nsnark==2.0\n"
    assert pip(ground, "check") == "No broken requirements found.\n"
    hunted = subprocess.run([ground.environment.scripts / "snark-hunt"], capture_output=True, text=True, check=True)
    assert hunted.stdout == "42\n"
    pip(ground, "uninstall", "--yes", "snark", "boojum-tools")
    assert ground.files() == before


def test_requested_is_what_was_asked_for_by_an_import(ground: Ground) -> None:
    ground.install(SNARK, BOOJUM, boojum_tools="boojum")
    site = ground.environment.purelib
    assert {path.parent.name for path in site.glob("*/REQUESTED")} == {"boojum_tools-1.5.dist-info"}
    assert "REQUESTED" not in (site / "snark-2.0.dist-info" / "RECORD").read_text()
    assert "REQUESTED,sha256=" in (site / "boojum_tools-1.5.dist-info" / "RECORD").read_text()


def test_the_transaction_tells_what_was_added(ground: Ground) -> None:
    added = ground.install(SNARK, BOOJUM, session="kernel-1", boojum_tools="boojum")
    assert isinstance(added, Transaction)
    assert added.distributions == (
        Distribution(project_name("snark"), "2.0"),
        Distribution(project_name("boojum-tools"), "1.5"),
    )
    assert added.wanted == ("boojum",)
    paths = {file.path for file in added.files}
    assert {"snark.py", "snarkland/a/b.py", "boojum/__init__.py", "snark-2.0.dist-info/RECORD"} <= paths
    assert len(paths) == len(ground.files()) - 2, "all but pyvenv.cfg and the interpreter, which were there"
    assert ground.journal.last_of("kernel-1") == added


def test_parts_of_a_namespace_are_merged(ground: Ground) -> None:
    ground.install(NEST)
    ground.install(EGG)
    assert {"jubjub/nest/__init__.py", "jubjub/egg/__init__.py"} <= {
        path.relative_to(ground.environment.purelib).as_posix() for path in ground.environment.purelib.rglob("*.py")
    }


def test_nothing_is_left_of_the_work(ground: Ground) -> None:
    ground.install(SNARK)
    left = {path.name for path in (ground.environment.purelib / ".autoinstall").iterdir()}
    assert left == {"lock", "history.jsonl"}
    assert ground.said == []


def test_a_file_that_two_distributions_share_is_kept_as_it_is(ground: Ground) -> None:
    one = Wheel("tove-one", "1.0", {"toves/__init__.py": "# shared\n", "toves/one.py": ""})
    two = Wheel("tove-two", "1.0", {"toves/__init__.py": "# shared\n", "toves/two.py": ""})
    ground.install(one)
    shared = ground.environment.purelib / "toves" / "__init__.py"
    before = shared.stat().st_ino
    added = ground.install(two)
    assert isinstance(added, Transaction)
    assert shared.stat().st_ino == before
    assert "toves/__init__.py" not in {file.path for file in added.files}


def test_a_cache_that_is_there_stays(ground: Ground) -> None:
    cache = ground.environment.purelib / "__pycache__" / f"snark.{sys.implementation.cache_tag}.pyc"
    cache.parent.mkdir()
    cache.write_bytes(b"of another time")
    assert isinstance(ground.install(SNARK, tool="pip"), Transaction)
    assert cache.read_bytes() == b"of another time"


def test_what_is_refused_changes_nothing(ground: Ground) -> None:
    ground.install(Wheel("boojum-lookalike", "1.0", {"boojum/__init__.py": "print('other')\n"}))
    before, folders = ground.files(), ground.folders()
    site = ground.environment.purelib.relative_to(ground.environment.prefix).as_posix()
    refused = ground.install(SNARK, BOOJUM)
    assert isinstance(refused, Refusal)
    assert refused.obstacle is Obstacle.UNSAFE
    assert refused.sentence == (
        f"not installed, since boojum-tools: {site}/boojum/__init__.py would overwrite a file of boojum-lookalike "
        "1.0; nothing was changed"
    )
    assert (ground.files(), ground.folders()) == (before, folders)


def test_a_move_that_fails_undoes_those_before_it(ground: Ground) -> None:
    before, folders = ground.files(), ground.folders()

    def obstruct(step: str) -> None:
        if step == "moved boojum":  # somebody else's install, which knows nothing of our lock
            (ground.environment.purelib / "snark.py").write_text("theirs")

    with ground.lock():
        staging = ground.stage(SNARK, BOOJUM)
        refused = admit(staging, plan_of((SNARK, BOOJUM)), ground.environment, step=obstruct)
    assert isinstance(refused, Refusal)
    assert refused.sentence.endswith("cannot be changed: something else changed it meanwhile")
    theirs = ground.environment.purelib / "snark.py"
    assert theirs.read_text() == "theirs"
    theirs.unlink()
    assert (ground.files(), ground.folders()) == (before, folders)


def test_an_interrupt_undoes_what_was_moved(ground: Ground) -> None:
    before, folders = ground.files(), ground.folders()

    def interrupt(step: str) -> None:
        if step == "moved snark.py":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), ground.lock():
        admit(ground.stage(SNARK, BOOJUM), plan_of((SNARK, BOOJUM)), ground.environment, step=interrupt)
    assert (ground.files(), ground.folders()) == (before, folders)
    assert ground.journal.transactions() == ()


def test_withdrawn_is_gone_and_what_was_changed_is_kept_aside(ground: Ground) -> None:
    before, folders = ground.files(), ground.folders()
    with ground.lock():
        admitted = admit(ground.stage(SNARK), plan_of((SNARK,)), ground.environment)
        assert isinstance(admitted, Admitted)
        (ground.environment.purelib / "snarkland" / "a" / "b.py").write_text("mine now")
        (kept,) = withdraw(admitted)
    assert kept.read_text() == "mine now"
    assert kept.is_relative_to(ground.environment.purelib / ".autoinstall" / "kept")
    assert (ground.files(), ground.folders()) == (before, folders)


def test_a_staging_folder_is_beside_what_it_is_for_and_short(ground: Ground) -> None:
    with ground.lock():
        staging = new_staging(ground.environment)
        assert staging.is_dir()
        assert staging.is_relative_to(ground.environment.purelib)
        assert not any(part.isidentifier() for part in staging.relative_to(ground.environment.purelib).parts[:1])
        assert len(str(staging.relative_to(ground.environment.purelib))) < 30
    assert not staging.exists()


def test_an_environment_that_cannot_be_written_says_so(ground: Ground) -> None:
    (ground.environment.purelib / ".autoinstall").write_text("a file where the folder should be")
    with pytest.raises(EnvironmentNotWritableError, match=r"^nothing can be installed into .*site-packages: "):
        ground.install(SNARK)


def test_a_tree_for_other_folders_gets_its_record_right(ground: Ground) -> None:
    """Where an environment keeps commands elsewhere (Debian's own Python), RECORD says so after the move."""
    prefix = ground.environment.prefix
    ground.environment = replace(ground.environment, scripts=prefix / "local" / "bin", data=prefix / "local")
    assert isinstance(ground.install(SNARK), Transaction)
    record = (ground.environment.purelib / "snark-2.0.dist-info" / "RECORD").read_text()
    assert "\n../../../local/share/snark/map.txt,sha256=" in record
    assert "../../../local/bin/snark-hunt,sha256=" in record
    listed = [line.split(",")[0] for line in record.splitlines()]
    assert all((ground.environment.purelib / path).exists() for path in listed)


def test_inspect_alone_says_the_same_and_changes_nothing(ground: Ground) -> None:
    hostile = Wheel("snark", "2.0", {"sitecustomize.py": ""})
    with ground.lock():
        staging = ground.stage(hostile)
        before = ground.files()
        (found,) = inspect(staging, plan_of((hostile,)), ground.environment)
        assert found.hazard is Hazard.STARTUP
        assert ground.files() == before
        assert Work(staging.parent, ground.environment).read() is None
