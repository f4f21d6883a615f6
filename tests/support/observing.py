"""What the observer's tests share: one project observed, its wheel, and an index that lacks what others have."""

import dataclasses
from http import HTTPStatus

import pytest

from autoinstall.names import project_name
from data.observer.client import Client
from data.observer.observe import Observation, observe
from tests.support.faults import Fault, FileEntry, Kind, Request, Response
from tests.support.local_index import LocalIndex
from tests.support.wheels import Wheel


def direct_and_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go straight to the index, and let it answer at once: its heads and bodies come apart and would wait."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("tests.support.local_index._Handler.disable_nagle_algorithm", True)


def see(index: LocalIndex, project: str = "snark", seconds: float = 20, most_bytes: int = 1_000_000) -> Observation:
    """Observe one project, with waits too short to notice."""
    client = Client(backoff=0.001)
    return observe(client, index.url, project_name(project), most_bytes=most_bytes, most_seconds=seconds)


def snark(**more: object) -> Wheel:
    """Make the wheel of snark 1.0, which provides `snark` and `boojum`."""
    return Wheel("snark", "1.0", {"snark/__init__.py": "", "boojum.py": ""}, **more)  # type: ignore[arg-type] # each test names one


class NoSizes(Fault):
    """Pages give no sizes, as HTML cannot."""

    def entry(self, entry: FileEntry) -> FileEntry:
        """Take the size away."""
        return dataclasses.replace(entry, size=None)


@dataclasses.dataclass
class NoRanges(Fault):
    """The server sends these bytes whatever part is asked for."""

    body: bytes

    def answer(self, request: Request, response: Response) -> Response:
        """Answer with all of it."""
        return response if request.kind is not Kind.FILE else Response(HTTPStatus.OK, {}, self.body)
