"""A disk that is full, cannot be written, or is several disks."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autoinstall.activate import Admitted, TakenBack, admit, keep, new_staging, recover, take_back
from autoinstall.activate.places import ours
from autoinstall.errors import EnvironmentNotWritableError
from autoinstall.past.transaction import Transaction
from autoinstall.plan import Obstacle, Refusal
from tests.activate.conftest import BOOJUM, EGG, NEST, OLD_SNARK, SNARK, Ground
from tests.support.staging import plan_of, stage
from tests.support.wheels import Wheel

LARGE = Wheel("tove", "1.0", {"tove/__init__.py": ""}, padding=1_000_000)
WHEELS = (LARGE, EGG)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Mount a file system in memory on the folder, or skip the test and say so."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = shutil.which("mount")
    if sys.platform != "linux" or mount is None:
        pytest.skip("only Linux mounts a file system in memory this easily")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"this user may not mount: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


@pytest.mark.parametrize("kilobytes", [100, 200, 400, 600, 800, 1000, 1100, 1150, 1200, 1400])
def test_a_disk_that_fills_up_while_installing(tmp_path: Path, kilobytes: int) -> None:
    """The tool fails, or we do, or all is installed; never anything between."""
    with mounted(tmp_path / "disk", f"size={kilobytes}k"):
        ground = Ground(tmp_path / "disk")
        ground.folder = tmp_path  # the wheels lie elsewhere
        assert isinstance(ground.install(NEST), Transaction)
        before, folders = ground.files(), ground.folders()
        outcome: Admitted | Refusal | None = None
        with ground.lock("tove"):
            staging = new_staging(ground.environment)
            if stage(staging, ground.environment, WHEELS, tmp_path / "wheels").returncode == 0:
                outcome = admit(staging, plan_of(WHEELS), ground.environment)
                if isinstance(outcome, Admitted):
                    keep(outcome, ground.journal)
        assert recover(ground.environment, ground.journal) == ()
        if isinstance(outcome, Admitted):
            assert len(ground.journal.transactions()) == 2
            assert "tove/__init__.py" in "\n".join(ground.files())
            assert "jubjub/egg" in "\n".join(ground.files())
        else:
            assert (ground.files(), ground.folders()) == (before, folders)
            assert outcome is None or outcome.obstacle is Obstacle.DISK_FULL
        assert isinstance(outcome, Admitted) or kilobytes < 1400


@pytest.mark.parametrize("left", range(0, 150, 15))
def test_a_disk_that_is_full_when_it_comes_to_moving(tmp_path: Path, left: int) -> None:
    """`left` kilobytes are left once all is unpacked: the journal and the record have no room, or just enough."""
    many = Wheel("toves", "1.0", {f"toves/t{at:03}.py": "" for at in range(400)})
    with mounted(tmp_path / "disk", "size=3000k"):
        ground = Ground(tmp_path / "disk")
        ground.folder = tmp_path
        assert isinstance(ground.install(NEST), Transaction)
        before, folders = ground.files(), ground.folders()
        with ground.lock("toves"):
            staging = ground.stage(many, EGG)
            fill(tmp_path / "disk" / "filler", left * 1024)
            outcome = admit(staging, plan_of((many, EGG)), ground.environment)
            if isinstance(outcome, Admitted):
                keep(outcome, ground.journal)
        whole = "toves/t399.py" in "\n".join(ground.files())
        if isinstance(outcome, Refusal):
            assert outcome.obstacle is Obstacle.DISK_FULL
            assert outcome.sentence == f"not installed, since no space is left at {ground.environment.purelib}"
            assert (ground.files(), ground.folders()) == (before, folders)
        assert whole is isinstance(outcome, Admitted)
        (tmp_path / "disk" / "filler").unlink()
        recover(ground.environment, ground.journal)
        assert not (ours(ground.environment) / "work").exists()
        assert len(ground.journal.transactions()) == 1 + whole


def fill(path: Path, but: int) -> None:
    """Fill the disk up, but for so many bytes."""
    with path.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"\0" * 4096)
        except OSError:
            stream.truncate(max(0, stream.tell() - but))


def test_a_record_that_could_not_be_written_is_written_at_the_next_start(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=3000k"):
        ground = Ground(tmp_path / "disk")
        ground.folder = tmp_path
        with ground.lock("snark"):
            admitted = admit(ground.stage(SNARK, BOOJUM), plan_of((SNARK, BOOJUM)), ground.environment)
            assert isinstance(admitted, Admitted)
            fill(tmp_path / "disk" / "filler", 0)
            keep(admitted, ground.journal)
        (line,) = ground.said
        assert line.startswith(
            "the interrupted work on snark 2.0, boojum-tools 1.5 could not be finished yet (No space"
        )
        assert ground.journal.transactions() == ()
        (tmp_path / "disk" / "filler").unlink()
        assert recover(ground.environment, ground.journal) == (
            "finished the install of snark 2.0, boojum-tools 1.5, which had been interrupted",
        )
        assert [each.names for each in ground.journal.transactions()] == ["snark 2.0, boojum-tools 1.5"]


def test_an_undo_needs_a_little_room(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=3000k"):
        ground = Ground(tmp_path / "disk")
        ground.folder = tmp_path
        before, folders = ground.files(), ground.folders()
        added = ground.install(LARGE)
        assert isinstance(added, Transaction)
        installed = ground.files()
        fill(tmp_path / "disk" / "filler", 0)
        with ground.lock():
            refused = take_back(added, ground.environment, ground.journal)
        assert isinstance(refused, Refusal)
        assert refused.sentence == "tove 1.0 could not be taken back: No space left on device"
        (tmp_path / "disk" / "filler").unlink()
        assert ground.files() == installed
        fill(tmp_path / "disk" / "filler", 65536)
        with ground.lock():
            assert not isinstance(take_back(added, ground.environment, ground.journal), Refusal)
        (tmp_path / "disk" / "filler").unlink()
        assert (ground.files(), ground.folders()) == (before, folders)


def test_a_read_only_environment(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=3000k"):
        ground = Ground(tmp_path / "disk")
        ground.folder = tmp_path
        added = ground.install(NEST)
        assert isinstance(added, Transaction)
        before = ground.files()
        (ours(ground.environment) / "work" / "ab12" / "t").mkdir(parents=True)
        remount(tmp_path / "disk", "ro")
        with pytest.raises(EnvironmentNotWritableError, match=r"site-packages: Read-only file system$"):
            ground.install(SNARK)
        (line,) = recover(ground.environment, ground.journal)
        assert line.startswith("an unfinished install was left in ")
        assert line.endswith("which cannot be changed: Read-only file system")
        assert [each.names for each in ground.journal.transactions()] == ["jub-jub-nest 1.0"]
        assert ground.files() == before
        remount(tmp_path / "disk", "rw")
        assert len(recover(ground.environment, ground.journal)) == 1


def test_commands_on_a_read_only_disk_are_no_half(ground: Ground) -> None:
    with mounted(ground.environment.prefix / "share", "size=100k"):
        before, folders = ground.files(), ground.folders()
        remount(ground.environment.prefix / "share", "ro")
        refused = ground.install(SNARK)
        assert isinstance(refused, Refusal)
        assert refused.sentence.endswith("cannot be changed: Read-only file system")
        assert (ground.files(), ground.folders()) == (before, folders)


def test_what_cannot_be_cleared_away_now_is_put_off_in_silence(ground: Ground) -> None:
    """As on Windows, where a loaded extension module can be moved aside but not removed."""
    work = ours(ground.environment) / "work" / "ab12"
    with mounted(work / "a" / "in-use", "size=100k"):
        (work / "done.json").write_text("{}")
        assert recover(ground.environment, ground.journal) == ()
        assert (work / "a" / "in-use").exists()
        assert isinstance(ground.install(SNARK), Transaction)
        assert ground.said == []
    assert recover(ground.environment, ground.journal) == ()
    assert not work.exists()


def test_data_on_another_disk_arrives_all_the_same(ground: Ground) -> None:
    with mounted(ground.environment.prefix / "share", "size=100k"):
        before, folders = ground.files(), ground.folders()
        added = ground.install(SNARK)
        assert isinstance(added, Transaction)
        assert (ground.environment.prefix / "share" / "snark" / "map.txt").read_text() == "blank"
        with ground.lock():
            assert not isinstance(take_back(added, ground.environment, ground.journal), Refusal)
        assert (ground.files(), ground.folders()) == (before, folders)


@pytest.mark.parametrize("left", range(0, 40, 5))
def test_a_disk_that_is_full_when_another_version_comes(tmp_path: Path, left: int) -> None:
    """All of the old is put back, or all of the new is there and the old kept: a copy across disks needs room too."""
    with mounted(tmp_path / "disk", "size=3000k"), mounted(tmp_path / "disk" / "env" / "share", "size=100k"):
        ground = Ground(tmp_path / "disk")
        ground.folder = tmp_path
        for wheel in (NEST, OLD_SNARK):
            assert isinstance(ground.install(wheel), Transaction)
        (ground.environment.prefix / "share" / "snark" / "map.txt").write_bytes(b"drawn" * 4000)
        before, folders = ground.files(), ground.folders()
        with ground.lock("snark"):
            staging = ground.stage(SNARK)
            fill(tmp_path / "disk" / "filler", left * 1024)
            outcome = admit(staging, plan_of((SNARK,), replacing={"snark": "1.0"}), ground.environment)
            if isinstance(outcome, Admitted):
                keep(outcome, ground.journal)
        (tmp_path / "disk" / "filler").unlink()
        recover(ground.environment, ground.journal)
        if isinstance(outcome, Refusal):
            assert outcome.obstacle is Obstacle.DISK_FULL
            assert (ground.files(), ground.folders()) == (before, folders)
            assert not (ours(ground.environment) / "replaced").exists()
            return
        assert "VALUE = 42" in (ground.environment.purelib / "snark.py").read_text()
        with ground.lock():
            last = ground.journal.transactions()[-1]
            assert isinstance(take_back(last, ground.environment, ground.journal), TakenBack)
        assert (ground.files(), ground.folders()) == (before, folders)
