"""`python -m benchmarks.lookup`: what the table weighs, and what a look-up costs, beside the formats not taken.

The rivals hold the same lines: SQLite with an index, and one sorted text that is read whole. They are built into a
temporary folder in the same run.
"""

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from autoinstall.table import TABLE_FILE, Table
from data.builder import build

SAMPLE = 20_000
FIRST = 15
RUNS_OF_WHICH = 5
WHICH = 10_000
"""Names a second that the command is to answer from standard input, its start included."""

# Each prints milliseconds from before its imports to its first answer, and the kilobytes that took.
_MEASURE = """
import sys, time
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4
before, start = resident(), time.perf_counter()
{code}
print((time.perf_counter() - start) * 1e3, resident() - before)
"""
_OURS = "from autoinstall.table import lookup\nassert lookup('cv2').claims[0].project == 'opencv-python'"
_SQLITE = """
import sqlite3
with sqlite3.connect("file:{path}?mode=ro", uri=True) as connection:
    assert connection.execute("select line from names where name = 'cv2'").fetchone()
"""
_TEXT = """
with open({path!r}, "rb") as file:
    assert b"\\ncv2\\t" in file.read()
"""


def main() -> None:
    """Print the figures: size, first look-up in a new process, memory, and later ones."""
    lines, _ = build.build()
    names = [line.partition("\t")[0] for line in lines]
    asked = [name for name in names if name[0] not in "=?!&"][:: max(1, len(names) // SAMPLE)]
    with tempfile.TemporaryDirectory() as folder:
        sqlite, text = _as_sqlite(lines, Path(folder)), _as_text(lines, Path(folder))
        print(f"{'':14}{'file':>12}{'first look-up':>16}{'memory':>12}{'later':>12}")
        ours = Table()
        _row("autoinstall", Path(TABLE_FILE), _OURS, _per_name(ours.lookup, asked))  # type: ignore[arg-type]
        connection = sqlite3.connect(sqlite)
        query = "select line from names where name = ?"
        later = _per_name(lambda name: connection.execute(query, (name,)).fetchone(), asked)
        _row("SQLite", sqlite, _SQLITE.format(path=sqlite), later)
        connection.close()
        whole = text.read_bytes()
        later = _per_name(lambda name: whole.find(f"\n{name}\t".encode()), asked[::100])
        _row("text, whole", text, _TEXT.format(path=str(text)), later)
    for title, order in (
        ("in the table's order", asked),
        ("by their last letters", sorted(asked, key=lambda name: name[::-1])),
    ):
        print(f"{title}: {1 / _per_name(Table().lookup, order):,.0f} names a second")  # type: ignore[arg-type]
    clock, processor = _which(asked)
    print(
        f"which --json - of {len(asked):,} known names in no order: {clock:,.0f} a second (to reach: {WHICH:,}), "
        f"{processor:,.0f} a second of processor time"
    )
    print(f"wheel: {_wheel_size() / 1e6:.2f} MB")


def _row(title: str, path: Path, code: str, later: float) -> None:
    runs = [_first(code) for _ in range(FIRST)]
    milliseconds, kilobytes = (sorted(column)[len(runs) // 2] for column in zip(*runs, strict=True))
    print(
        f"{title:14}{path.stat().st_size / 1e6:9.2f} MB{milliseconds:13.2f} ms{kilobytes / 1e3:9.2f} MB"
        f"{later * 1e6:9.1f} µs"
    )


def _first(code: str) -> tuple[float, float]:
    command = [sys.executable, "-c", _MEASURE.format(code=code)]
    # Installed files have their byte code beside them, whatever this shell says about writing it.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    milliseconds, kilobytes = ended.stdout.split()
    return float(milliseconds), float(kilobytes)


def _which(names: list[str]) -> tuple[float, float]:
    """Return how many names a second the command answers, as a whole process; the median of several.

    By the clock, and by its processor's time, which says the same where other programs run beside it.
    """
    shuffled = random.Random(1).sample(names, len(names))  # noqa: S311 - the same order every time
    text = "\n".join(shuffled).encode()
    clock, processor = [], []
    for _ in range(RUNS_OF_WHICH):
        before, start = os.times(), time.perf_counter()
        command = [sys.executable, "-m", "autoinstall", "which", "--json", "-"]
        ended = subprocess.run(command, input=text, capture_output=True, check=True)
        clock.append(time.perf_counter() - start)
        after = os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        processor.append(used or clock[-1])  # Windows does not tell
        if ended.stdout.count(b"\n") != len(names):
            raise RuntimeError(ended.stderr.decode())
    return len(names) / median(clock), len(names) / median(processor)


def _per_name(look_up: Callable[[str], object], names: list[str]) -> float:
    start = time.perf_counter()
    for name in names:
        look_up(name)
    return (time.perf_counter() - start) / len(names)


def _as_sqlite(lines: list[str], folder: Path) -> Path:
    path = folder / "table.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table names (name text primary key, line text) without rowid")
        rows = sorted(line.partition("\t")[::2] for line in lines)
        connection.executemany("insert into names values (?, ?)", rows)
    connection.close()
    return path


def _as_text(lines: list[str], folder: Path) -> Path:
    path = folder / "table.txt"
    path.write_text("\n".join(["", *sorted(lines), ""]), encoding="utf-8")
    return path


def _wheel_size() -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        subprocess.run(command, check=True, capture_output=True)
        (wheel,) = Path(folder).glob("*.whl")
        return wheel.stat().st_size


if __name__ == "__main__":
    main()
