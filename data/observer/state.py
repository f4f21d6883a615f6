"""What has been observed so far, in a file that only grows and survives any death of its writer."""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import urlsplit, urlunsplit

import filelock

from autoinstall.names import ImportName, ProjectName
from data.observer.contents import Source
from data.observer.errors import StateError
from data.observer.observe import Ending, Observation

_FORMAT = 1


class State:
    """The state file of one run and of those that go on with it: a first line about the index, then one a project.

    Use it as a context: while it is open no other process can be writing it. A last line that a dying writer left
    half-written is cut off, and its project asked for again. Raises `StateError` for a file that was made with
    another index, is in use, or is damaged anywhere else.
    """

    def __init__(self, path: Path, index_url: str) -> None:
        self._path = path
        self._index = without_credentials(index_url)
        self._lock = filelock.FileLock(path.with_name(path.name + ".lock"), timeout=0)
        self._file: BinaryIO | None = None
        self.endings: dict[ProjectName, Ending] = {}

    def __enter__(self) -> Self:
        """Take the file, mend its end, and learn what it holds."""
        try:
            self._lock.acquire()
        except filelock.Timeout as error:
            raise StateError(self._path, "is in use by another run") from error
        try:
            self._mend()
            for observation in self.observations():
                self.endings[observation.project] = observation.ending
            self._file = self._path.open("ab")
            if not self._path.stat().st_size:
                self._write({"observer": _FORMAT, "index": self._index})
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file and let others have it."""
        if self._file is not None:
            self._file.close()
        self._lock.release()

    def has(self, project: ProjectName) -> bool:
        """Tell whether nothing is left to ask about a project."""
        return self.endings.get(project, Ending.FAILED) is not Ending.FAILED

    def add(self, observation: Observation) -> None:
        """Write an observation down; once this returns, only a fault of the whole machine can lose it."""
        self._write(dataclasses.asdict(observation))
        self.endings[observation.project] = observation.ending

    def observations(self) -> Iterator[Observation]:
        """Yield all that is written down, in the order of writing; of a project asked for again, each time."""
        if not self._path.exists():
            return
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line)
                    if number > 1:
                        yield _observation(row)
                        continue
                    made_with = (row["observer"], row["index"])
                except (ValueError, KeyError, TypeError) as error:
                    raise StateError(self._path, f"is damaged in line {number}") from error
                if made_with != (_FORMAT, self._index):
                    raise StateError(self._path, "was made with another index, or by another version")

    def _mend(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("r+b") as file:
            end = file.seek(0, 2)
            keep = end
            while keep:
                start = max(0, keep - 65_536)
                file.seek(start)
                newline = file.read(keep - start).rfind(b"\n")
                keep = start if newline < 0 else start + newline + 1
                if newline >= 0:
                    break
            if keep < end:
                file.truncate(keep)

    def _write(self, row: dict[str, object]) -> None:
        if self._file is None:
            raise StateError(self._path, "is not open")
        self._file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n")
        self._file.flush()  # into the system's hands: a killed process loses nothing that it has written


def facts(observations: Iterable[Observation], projects: set[ProjectName]) -> list[tuple[ImportName, Observation]]:
    """Return the facts about these projects, sorted by import name and project, by code point."""
    found = {
        (name, observation.project): observation
        for observation in observations
        if observation.project in projects
        for name in observation.names
    }
    return [(name, observation) for (name, _), observation in sorted(found.items(), key=lambda item: item[0])]


def without_credentials(url: str) -> str:
    """Return the URL without user and password, and with one slash at its end."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/") + "/", "", ""))


def _observation(row: dict[str, object]) -> Observation:
    known = Observation(**row)  # type: ignore[arg-type] # as `asdict` wrote them; an unknown name is a TypeError
    return dataclasses.replace(
        known,
        ending=Ending(known.ending),
        source=None if known.source is None else Source(known.source),
        names=tuple(known.names),
        namespaces=tuple(known.namespaces),
    )
