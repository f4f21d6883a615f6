"""Whatever dies, and whenever: after the next start the environment holds all of an install or none of it."""

import dataclasses
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from autoinstall.activate import Admitted, admit, keep, lock, new_staging, recover, take_back, withdraw
from autoinstall.activate.places import ours
from autoinstall.environment import Environment
from autoinstall.past.journal import Journal
from autoinstall.past.transaction import Transaction
from autoinstall.plan import Refusal
from tests.activate.conftest import BOOJUM, EGG, NEST, OLD_BOOJUM, OLD_SNARK, SNARK, Ground
from tests.support.staging import environment_at, plan_of, stage
from tests.support.wheels import Wheel

# A fork is a real process that can be killed, and starts in a millisecond; Windows has only the slow way.
if sys.platform == "win32":
    _processes = multiprocessing.get_context("spawn")
else:
    _processes = multiprocessing.get_context("fork")

WHEELS = (SNARK, BOOJUM, EGG)
"""EGG adds to a namespace that is there."""

REPLACING = {"snark": "1.0", "boojum-tools": "1.0"}
"""What SNARK and BOOJUM take the place of where OLD_SNARK and OLD_BOOJUM are there."""


class Staged:
    """An environment with NEST in it, and an install staged for it, from which any number of copies is made.

    `present` is there too.
    """

    def __init__(self, folder: Path, *present: Wheel) -> None:
        ground = Ground(folder / "made")
        for wheel in (NEST, *present):
            assert isinstance(ground.install(wheel), Transaction)
        with ground.lock():
            tree = ground.stage(*WHEELS)
            shutil.copytree(tree, folder / "tree")
        shutil.copytree(ground.environment.prefix, folder / "env", symlinks=True)
        self.folder = folder
        self.before = snapshot(folder / "env")
        whole = self.copy(folder / "whole")
        assert run(replace if present else install, whole, folder / "tree", 10**6) == 0
        self.whole = snapshot(whole)

    def copy(self, prefix: Path) -> Path:
        shutil.copytree(self.folder / "env", prefix, symlinks=True)
        return prefix


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    return Staged(tmp_path_factory.mktemp("staged"))


def snapshot(prefix: Path) -> dict[str, bytes]:
    return {
        path.relative_to(prefix).as_posix(): path.read_bytes() if path.is_file() else b"folder"
        for path in sorted(prefix.rglob("*"))
        if not {"__pycache__", ".autoinstall"} & set(path.parts)
    }


def die_after(steps: int) -> Callable[[str], None]:
    """Return what kills this process, as nothing can be done against, right after so many steps."""
    left = steps

    def step(_what: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    return step


def install(prefix: Path, tree: Path, steps: int, replacing: Mapping[str, str] = MappingProxyType({})) -> None:
    environment, die = environment_at(prefix), die_after(steps)
    journal = Journal(environment.purelib)
    with lock(environment, working_for=["snark"], record=journal, say=print):
        staging = new_staging(environment)
        die("began staging")
        shutil.copytree(tree, staging, dirs_exist_ok=True)
        die("staged")
        plan = plan_of(WHEELS, replacing=replacing)
        admitted = admit(staging, plan, environment, session="victim", step=die)
        assert isinstance(admitted, Admitted), admitted
        keep(admitted, journal, die)
    os._exit(0)


def replace(prefix: Path, tree: Path, steps: int) -> None:
    install(prefix, tree, steps, REPLACING)


def undo(prefix: Path, _tree: Path, steps: int) -> None:
    environment = environment_at(prefix)
    journal = Journal(environment.purelib)
    with lock(environment, working_for=[], record=journal, say=print):
        last = journal.last_of("victim")
        assert last is not None
        taken = take_back(last, environment, journal, step=die_after(steps))
        assert not isinstance(taken, Refusal), taken
    os._exit(0)


def replace_and_withdraw(prefix: Path, tree: Path, steps: int) -> None:
    install_and_withdraw(prefix, tree, steps, REPLACING)


def install_and_withdraw(
    prefix: Path, tree: Path, steps: int, replacing: Mapping[str, str] = MappingProxyType({})
) -> None:
    environment = environment_at(prefix)
    with lock(environment, working_for=["snark"], record=Journal(environment.purelib), say=print):
        staging = new_staging(environment)
        shutil.copytree(tree, staging, dirs_exist_ok=True)
        admitted = admit(staging, plan_of(WHEELS, replacing=replacing), environment, session="victim")
        assert isinstance(admitted, Admitted), admitted
        withdraw(admitted, die_after(steps))
    os._exit(0)


def put_in_order(prefix: Path, _tree: Path, steps: int) -> None:
    environment = environment_at(prefix)
    recover(environment, Journal(environment.purelib), step=die_after(steps))
    os._exit(0)


def run(what: Callable[[Path, Path, int], None], prefix: Path, tree: Path, steps: int) -> int:
    process = _processes.Process(target=what, args=(prefix, tree, steps))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def check_order(prefix: Path, *allowed: dict[str, bytes]) -> tuple[str, ...]:
    """Start the next session; the environment must be in one of the allowed states then, and its record agree."""
    environment = environment_at(prefix)
    journal = Journal(environment.purelib)
    lines = recover(environment, journal)
    now = snapshot(prefix)
    assert now in allowed
    standing = journal.last_of("victim")
    assert (standing is not None) == ("boojum/__init__.py" in "\n".join(now))
    assert not (ours(environment) / "work").exists()
    assert recover(environment, journal) == ()
    return lines


def check_no_distribution_lacks_files(prefix: Path) -> None:
    """Even before the next start: what passes for installed is there."""
    site = environment_at(prefix).purelib
    for record in site.glob("*.dist-info/RECORD"):
        assert all((site / line.split(",")[0]).is_file() for line in record.read_text().splitlines())


def test_killed_after_each_step_of_an_install(staged: Staged, tmp_path: Path) -> None:
    outcomes, steps = [], 1
    while run(install, staged.copy(tmp_path / f"{steps}"), staged.folder / "tree", steps) != 0:
        check_no_distribution_lacks_files(tmp_path / f"{steps}")
        lines = check_order(tmp_path / f"{steps}", staged.before, staged.whole)
        outcomes.append((snapshot(tmp_path / f"{steps}") == staged.whole, lines))
        steps += 1
    assert snapshot(tmp_path / f"{steps}") == staged.whole
    unpacked = "cleared away an install that ended before anything of it was in place"
    finished = "finished the install of snark 2.0, boojum-tools 1.5, jub-jub-egg 1.0, which had been interrupted"
    assert outcomes[:3] == [(False, (unpacked,))] * 3, "until the journal is written nothing has moved"
    assert set(outcomes[3:-1]) == {(True, (finished,))}
    assert outcomes[-1] == (True, ()), "and once it is closed there is nothing to do"
    assert len(outcomes) == 3 + 1 + 13 + 2, "unpacking, the journal, each move, the record and its end"


def test_killed_after_each_step_of_an_undo(staged: Staged, tmp_path: Path) -> None:
    points, steps = 0, 1
    while True:
        prefix = staged.copy(tmp_path / f"{steps}")
        assert run(install, prefix, staged.folder / "tree", 10**6) == 0
        if run(undo, prefix, staged.folder, steps) == 0:
            break
        check_no_distribution_lacks_files(prefix)
        (line,) = check_order(prefix, staged.before)
        assert line.startswith("finished taking back snark 2.0, boojum-tools 1.5, jub-jub-egg 1.0")
        points, steps = points + 1, steps + 1
    assert snapshot(prefix) == staged.before
    assert points == 1 + 3 + 11 + 1, "the journal, each metadata folder, each other file, the record"


@pytest.fixture(scope="module")
def replacing(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    return Staged(tmp_path_factory.mktemp("replacing"), OLD_SNARK, OLD_BOOJUM)


def store_of(prefix: Path) -> Path:
    return ours(environment_at(prefix)) / "replaced"


def test_killed_after_each_step_of_a_replacement(replacing: Staged, tmp_path: Path) -> None:
    """After the next start it is all new, with the old kept for an undo, or all old with nothing kept."""
    outcomes, steps = [], 1
    while run(replace, replacing.copy(tmp_path / f"{steps}"), replacing.folder / "tree", steps) != 0:
        prefix = tmp_path / f"{steps}"
        lines = check_order(prefix, replacing.before, replacing.whole)
        is_whole = snapshot(prefix) == replacing.whole
        assert store_of(prefix).exists() == is_whole
        outcomes.append((is_whole, lines))
        steps += 1
    assert snapshot(tmp_path / f"{steps}") == replacing.whole
    names = "snark 1.0 -> 2.0, boojum-tools 1.0 -> 1.5, jub-jub-egg 1.0"
    finished = f"finished the install of {names}, which had been interrupted"
    assert [whole for whole, _ in outcomes[:3]] == [False] * 3, "until the journal is written nothing has moved"
    assert set(outcomes[3:-1]) == {(True, (finished,))}
    assert outcomes[-1] == (True, ())
    assert len(outcomes) == 3 + 1 + 12 + 14 + 2, (
        "unpacking, the journal, what goes, what comes, the record and its end"
    )


def test_killed_after_each_step_of_undoing_a_replacement(replacing: Staged, tmp_path: Path) -> None:
    steps = 1
    while True:
        prefix = replacing.copy(tmp_path / f"{steps}")
        assert run(replace, prefix, replacing.folder / "tree", 10**6) == 0
        if run(undo, prefix, replacing.folder, steps) == 0:
            break
        (line,) = check_order(prefix, replacing.before)
        assert line.startswith("finished taking back snark 1.0 -> 2.0, boojum-tools 1.0 -> 1.5, jub-jub-egg 1.0")
        assert not store_of(prefix).exists()
        steps += 1
    assert snapshot(prefix) == replacing.before
    assert not store_of(prefix).exists()
    assert steps > 1 + 3 + 11 + 12


@pytest.mark.parametrize(("death", "damage"), [(6, "snarkland/a/b.py"), (20, "snark.py"), (28, "snark.py")])
def test_killed_while_turning_a_replacement_back(replacing: Staged, tmp_path: Path, death: int, damage: str) -> None:
    """A file of the new is not what it should be, and whoever finds that is killed at each step too."""
    steps = 1
    while True:
        prefix = replacing.copy(tmp_path / f"{steps}")
        assert run(replace, prefix, replacing.folder / "tree", death) != 0
        site = environment_at(prefix).purelib
        new = [*site.glob(f".autoinstall/work/*/t/lib*/**/{damage}")] or [*site.glob(damage)]
        new[0].write_bytes(b"\0")
        if run(put_in_order, prefix, replacing.folder, steps) == 0:
            break
        check_order(prefix, replacing.before)
        assert not store_of(prefix).exists()
        steps += 1
    check_order(prefix, replacing.before)
    assert steps > 12


def test_killed_after_each_step_of_withdrawing_a_replacement(replacing: Staged, tmp_path: Path) -> None:
    steps = 1
    while run(replace_and_withdraw, replacing.copy(tmp_path / f"{steps}"), replacing.folder / "tree", steps) != 0:
        check_order(tmp_path / f"{steps}", replacing.before)
        assert not store_of(tmp_path / f"{steps}").exists()
        steps += 1
    assert snapshot(tmp_path / f"{steps}") == replacing.before
    assert steps > 1 + 3 + 11 + 12


def test_somebody_else_installs_over_a_replacement_that_died(replacing: Staged, tmp_path: Path) -> None:
    """What was put aside stays away then: of the two old and new no mixture is made."""
    prefix = replacing.copy(tmp_path / "env")
    assert run(replace, prefix, replacing.folder / "tree", 14) != 0
    environment = environment_at(prefix)
    assert not [*environment.purelib.glob("snark-*.dist-info")]
    newer = dataclasses.replace(SNARK, version="3.0", modules={"snark.py": "VALUE = 3\n"})
    assert stage(prefix, environment, (newer,), tmp_path / "wheels").returncode == 0
    recover(environment, Journal(environment.purelib))
    assert [each.name for each in environment.purelib.glob("snark-*.dist-info")] == ["snark-3.0.dist-info"]
    assert (environment.purelib / "snark.py").read_text() == "VALUE = 3\n"
    assert not (environment.purelib / "snarkland" / "a.py").exists()
    assert not store_of(prefix).exists()


def test_killed_after_each_step_of_a_withdrawal(staged: Staged, tmp_path: Path) -> None:
    """It was not what had been wanted, so nobody may finish it."""
    steps = 1
    while run(install_and_withdraw, staged.copy(tmp_path / f"{steps}"), staged.folder / "tree", steps) != 0:
        assert check_order(tmp_path / f"{steps}", staged.before) == (
            "undid the install of snark 2.0, boojum-tools 1.5, jub-jub-egg 1.0, which had been interrupted",
        )
        steps += 1
    assert snapshot(tmp_path / f"{steps}") == staged.before
    assert steps - 1 == 1 + 3 + 11, "the turn, each metadata folder, each other file"


@pytest.mark.parametrize("damage", [None, "snark.py", "snarkland/a/b.py"])
def test_killed_while_putting_in_order(staged: Staged, tmp_path: Path, damage: str | None) -> None:
    """Also where recovery has to turn back, since a file is not what it should be."""
    steps = 1
    while True:
        prefix = staged.copy(tmp_path / f"{steps}")
        assert run(install, prefix, staged.folder / "tree", 9) != 0
        if damage is not None:
            site = environment_at(prefix).purelib
            (found,) = [*site.glob(damage), *site.glob(f".autoinstall/work/*/t/lib*/**/{damage}")]
            found.write_bytes(b"\0")
        if run(put_in_order, prefix, staged.folder, steps) == 0:
            break
        check_order(prefix, staged.whole if damage is None else staged.before)
        steps += 1
    check_order(prefix, staged.whole if damage is None else staged.before)
    assert steps > 3


def test_somebody_else_installs_over_what_a_dead_process_left(staged: Staged, tmp_path: Path) -> None:
    """uv, which knows nothing of us, installs the same; recovery takes nothing away from it."""
    prefix = staged.copy(tmp_path / "env")
    assert run(install, prefix, staged.folder / "tree", 12) != 0
    environment = environment_at(prefix)
    assert (environment.purelib / "snark.py").exists()
    assert not (environment.purelib / "snark-2.0.dist-info").exists()
    assert stage(prefix, environment, (SNARK,), tmp_path / "wheels").returncode == 0
    (line,) = recover(environment, Journal(environment.purelib))
    assert line == "undid the install of snark 2.0, boojum-tools 1.5, jub-jub-egg 1.0, which had been interrupted"
    there = snapshot(prefix)
    site = environment.purelib.relative_to(prefix).as_posix()
    assert {f"{site}/snark.py", f"{site}/snarkland/a/b.py", f"{site}/snark-2.0.dist-info/RECORD"} <= there.keys()
    assert not any("boojum" in path or "egg" in path for path in there)


def test_a_living_process_is_left_alone(ground: Ground) -> None:
    with ground.lock("snark"):
        staging = new_staging(ground.environment)
        assert recover(ground.environment, ground.journal) == ()
        assert staging.exists()


def test_the_next_to_take_the_lock_puts_in_order_first(staged: Staged, tmp_path: Path) -> None:
    prefix = staged.copy(tmp_path / "env")
    assert run(install, prefix, staged.folder / "tree", 9) != 0
    environment: Environment = environment_at(prefix)
    said: list[str] = []
    with lock(environment, working_for=["x"], record=Journal(environment.purelib), say=said.append):
        assert snapshot(prefix) == staged.whole
    assert said == [
        "finished the install of snark 2.0, boojum-tools 1.5, jub-jub-egg 1.0, which had been interrupted"
    ]


def test_a_session_that_is_interrupted_before_keeping_keeps(ground: Ground) -> None:
    def interrupted() -> None:
        with ground.lock():
            assert isinstance(admit(ground.stage(SNARK), plan_of((SNARK,)), ground.environment), Admitted)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [each.names for each in ground.journal.transactions()] == ["snark 2.0"]
    assert ground.said == ["finished the install of snark 2.0, which had been interrupted"]


def test_a_journal_that_cannot_be_read_is_no_reason_to_fail(ground: Ground) -> None:
    work = ours(ground.environment) / "work" / "ab12"
    work.mkdir(parents=True)
    (work / "pending.json").write_text("{")
    before = ground.files()
    assert recover(ground.environment, ground.journal) == (
        "cleared away an install that ended before anything of it was in place",
    )
    assert ground.files() == before
