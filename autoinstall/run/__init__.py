"""The only door to child processes: each runs without a shell, can be ended as a whole, and ends when we do."""

import fnmatch
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from autoinstall.command import Command, Ending, Finished, Steps
from autoinstall.platforms import here
from autoinstall.run.lifetime import Leash
from autoinstall.text import LONGEST_SHOWN, printable, redacted

LONGEST_OUTPUT = 16_000_000
"""In bytes, of each of the two outputs. What exceeds it is dropped; a lock of 1000 wheels takes half a megabyte."""

_TICK = 0.1
"""In seconds: how often we look whether something moved, and so how late a Ctrl-C can be noticed on Windows."""

_BETWEEN_LOOKS = 0.5
"""In seconds: how often watched folders are measured, which takes a while when they are large."""

_GRACE = 2.0
"""In seconds, for outputs to end once the process has."""

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Progress:
    """What is under way, for a face to draw. `line` is what the tool wrote last, made harmless, without passwords.

    `received` is how many bytes have come so far, about; `seconds` counts from the command's start.
    """

    phase: str
    line: str
    received: int
    seconds: float


OnProgress = Callable[[Progress], None]


def carry_out(steps: Steps[_Result], on_progress: OnProgress | None = None) -> _Result:
    """Run each command that `steps` yields, send it what came of it, and return its result.

    A Ctrl-C ends the child and is told to `steps` as the ending `interrupted`; it is not raised as well. Whoever gets
    the result has to make it known: inside an import it becomes Python's own `ModuleNotFoundError`, so a program
    does not go on as if nobody had pressed anything. A second Ctrl-C, once the child is gone, is raised as ever.
    """
    try:
        command = next(steps)
        while True:
            command = steps.send(run(command, on_progress))
    except StopIteration as done:
        result: _Result = done.value
        return result


def run(command: Command, on_progress: OnProgress | None = None) -> Finished:
    """Run one command in an empty folder of its own and return what came of it; never raises for what the child does.

    The child has no standard input, a process group of its own, and exactly the environment that the command gives.
    It is ended when it makes no progress for `command.stall` seconds, after `command.limit` seconds, on Ctrl-C, and
    when this process ends, however that happens. Needs no import lock: nothing here imports, nor do its threads.
    """
    with _own_folder(command) as folder, Leash() as leash:
        environment = dict(command.environment) | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder / ".tmp"))
        try:
            process = subprocess.Popen(  # noqa: S603 - an argument list of ours, no shell
                command.argv,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                **here().new_group,  # type: ignore[call-overload]  # two keywords of which each platform has one
            )
        except OSError as problem:
            return Finished(None, "", str(problem), "not found")
        try:
            leash.hold(process)
            return _Watch(command, process, leash, folder, on_progress).until_it_ends()
        finally:
            process.kill()  # nothing but a Ctrl-C in the line above leaves it running; a child that is gone stays so


class _Watch:
    """One running child, watched to its end."""

    def __init__(
        self,
        command: Command,
        process: subprocess.Popen[bytes],
        leash: Leash,
        folder: Path,
        on_progress: OnProgress | None,
    ) -> None:
        self._command = command
        self._process = process
        self._leash = leash
        self._on_progress = on_progress
        self._downloads = _Growth((*command.downloads, str(folder / ".tmp")))
        self._watched = _Growth(command.watched)
        self._events: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._kept = {"output": bytearray(), "errors": bytearray()}
        self._line = self._unfinished = ""
        self._started = self._moved = self._looked = time.monotonic()

    def until_it_ends(self) -> Finished:
        """Return what came of it; whatever happens, the child is gone afterwards."""
        ending: Ending = ""
        try:
            self._listen()
            ending = self._follow()
        except KeyboardInterrupt:
            ending = "interrupted"
        finally:
            # Always, not only where it was cut short: a child may have left children of its own behind.
            if ending or self._process.poll() is None:
                self._leash.end()
            self._process.wait()
        status = None if ending else self._process.returncode
        return Finished(status, _decoded(self._kept["output"]), _decoded(self._kept["errors"]), ending)

    def _listen(self) -> None:
        for name, pipe in (("output", self._process.stdout), ("errors", self._process.stderr)):
            if pipe is None:
                continue
            threading.Thread(target=self._read, args=(name, pipe), name=f"autoinstall {name}", daemon=True).start()

    def _read(self, name: str, pipe: IO[bytes]) -> None:
        # Pipes are read by threads because Windows cannot wait for several of them.
        with suppress(OSError, ValueError), pipe:
            while piece := os.read(pipe.fileno(), 65536):
                self._events.put((name, piece))
        self._events.put((name, b""))

    def _follow(self) -> Ending:
        """Return how it ended: by itself (empty), or what made us end it."""
        open_outputs = {"output", "errors"}
        ended: float | None = None
        while open_outputs:
            try:
                name, piece = self._events.get(timeout=_TICK)
            except queue.Empty:
                pass
            else:
                if piece:
                    self._take(name, piece)
                else:
                    open_outputs.discard(name)
                continue
            now = time.monotonic()
            if self._process.poll() is not None:
                # Somebody it left behind holds its outputs open.
                ended = ended or now
                if now - ended > _GRACE:
                    self._leash.end()
                    break
                continue
            self._look(now)
            if now - self._moved > self._command.stall or now - self._started > (self._command.limit or float("inf")):
                return "stalled"
            self._tell(now)
        return self._wait()

    def _wait(self) -> Ending:
        """Wait for a child that has closed its outputs, no longer than for one that is silent."""
        try:
            self._process.wait(timeout=self._command.stall)
        except subprocess.TimeoutExpired:
            return "stalled"
        return ""

    def _take(self, name: str, piece: bytes) -> None:
        self._moved = time.monotonic()
        kept = self._kept[name]
        kept += piece[: LONGEST_OUTPUT - len(kept)]
        if name == "errors" and self._command.shows_progress:
            # Whole lines only: tools write them word by word. A carriage return ends one too.
            *lines, self._unfinished = (self._unfinished + _decoded(piece)).replace("\r", "\n").split("\n")
            self._unfinished = self._unfinished[-LONGEST_SHOWN:]
            line = next((line for line in reversed(lines) if line.strip()), None)
            if line is not None:
                self._line = line
                self._tell(self._moved)

    def _look(self, now: float) -> None:
        if now - self._looked >= _BETWEEN_LOOKS:
            self._looked = now
            moved = [growth.look() for growth in (self._downloads, self._watched)]
            if any(moved):
                self._moved = now

    def _tell(self, now: float) -> None:
        if self._on_progress is not None:
            line = printable(redacted(self._line.strip()))
            self._on_progress(Progress(self._command.phase, line, self._downloads.grown, now - self._started))


class _Growth:
    """How much folders grow from now on: a sign of life of tools that, without a terminal, download in silence."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._patterns = patterns
        # What a pattern finds already belongs to somebody else, who may be at work on it too.
        self._others = frozenset(folder for pattern in patterns if "*" in pattern for folder in _matching(pattern))
        self._size = self._measured()
        self.grown = 0

    def look(self) -> bool:
        """Measure again and tell whether anything changed; `grown` adds up, since finished files are moved away."""
        size = self._measured()
        change, self._size = size - self._size, size
        self.grown += max(0, change)
        return change != 0

    def _measured(self) -> int:
        folders = (folder for pattern in self._patterns for folder in _matching(pattern))
        return sum(_size_of(folder) for folder in folders if folder not in self._others)


def _matching(pattern: str) -> Iterator[str]:
    if "*" not in pattern:
        yield pattern
        return
    parent, _, name = pattern.rpartition("/")
    with suppress(OSError), os.scandir(parent) as entries:
        yield from (entry.path for entry in entries if fnmatch.fnmatchcase(entry.name, name))


def _size_of(path: str) -> int:
    if not os.path.isdir(path):  # noqa: PTH112 - looked at every half second
        with suppress(OSError):
            return os.stat(path).st_size  # noqa: PTH116
        return 0
    total = 0
    pending = [path]
    while pending:
        with suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
    return total


@contextmanager
def _own_folder(command: Command) -> Iterator[Path]:
    """Make the empty folder that the child starts in, with the command's files and a place for temporary ones."""
    # Not `TemporaryDirectory`: on Windows a file may be held a moment longer, and that is nobody's error.
    folder = Path(tempfile.mkdtemp(prefix="autoinstall-"))
    try:
        (folder / ".tmp").mkdir()
        for name, content in command.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _decoded(raw: bytes | bytearray) -> str:
    return bytes(raw).decode("utf-8", "replace").replace("\r\n", "\n")
