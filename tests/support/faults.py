"""What can be wrong with an index, each a small object that a `LocalIndex` is told to have."""

import base64
import dataclasses
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Protocol


class Kind(StrEnum):
    """What a request asks for."""

    PAGE = "page"
    METADATA = "metadata"
    FILE = "file"


EVERYTHING = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a fault sees it: `project` is normalised and known for pages, `filename` for files."""

    kind: Kind
    path: str
    headers: Mapping[str, str]
    project: str | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What is about to be answered."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What a project's page says about one file."""

    filename: str
    url: str
    sha256: str | None
    size: int | None
    upload_time: str | None
    requires_python: str | None
    yanked: str | None
    metadata_sha256: str | None


class Line(Protocol):
    """The connection on which a fault misbehaves."""

    @property
    def stopping(self) -> threading.Event:
        """Set when the index is about to be closed."""

    def write_head(self, response: Response, length: int | None = None) -> None:
        """Send status and headers, announcing `length` bytes (default: those of the body)."""

    def write(self, data: bytes) -> None:
        """Send bytes at once."""

    def hang_up(self) -> None:
        """End the connection after what has been sent, as a server does whose answer gives no length."""

    def cut(self) -> None:
        """Break the connection off, with a reset where the system can."""


class Fault:
    """A fault that changes nothing; each real one overrides the point at which it misbehaves."""

    def entry(self, entry: FileEntry) -> FileEntry:
        """Change what a page says about a file."""
        return entry

    def answer(self, request: Request, response: Response) -> Response:
        """Change what is answered."""
        del request
        return response

    def send(self, request: Request, response: Response, line: Line) -> bool:
        """Send the response in a way of its own and tell so; false leaves it to the index."""
        del request, response, line
        return False


@dataclass(frozen=True)
class Status(Fault):
    """Answers with this status: `Status(500)`, or `Status(503, retry_after=3600)`."""

    status: int = 500
    on: frozenset[Kind] = EVERYTHING
    retry_after: int | None = None

    def answer(self, request: Request, response: Response) -> Response:
        """Answer with the status alone."""
        if request.kind not in self.on:
            return response
        headers = {"Content-Type": "text/plain"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return Response(HTTPStatus(self.status), headers, b"the index is unwell\n")


@dataclass(frozen=True)
class LoginPage(Fault):
    """Answers everything with a page to log in on, as hotels' and companies' networks do."""

    on: frozenset[Kind] = EVERYTHING

    def answer(self, request: Request, response: Response) -> Response:
        """Answer with the page, status 200."""
        if request.kind not in self.on:
            return response
        body = b'<!DOCTYPE html><title>Welcome</title><form action="/login"><input name="user"></form>'
        return Response(HTTPStatus.OK, {"Content-Type": "text/html; charset=utf-8"}, body)


@dataclass(frozen=True)
class Garbage(Fault):
    """Answers pages with bytes that are no page, under the right content type."""

    body: bytes = b'{"files": [{"filename": 17}, null], "meta": '

    def answer(self, request: Request, response: Response) -> Response:
        """Answer a page with the garbage."""
        return dataclasses.replace(response, body=self.body) if request.kind is Kind.PAGE else response


@dataclass(frozen=True)
class Drip(Fault):
    """Sends the body one byte at a time, a pause after each, and never ends before the client does."""

    on: frozenset[Kind] = EVERYTHING
    seconds: float = 1.0

    def send(self, request: Request, response: Response, line: Line) -> bool:
        """Drip."""
        if request.kind not in self.on:
            return False
        line.write_head(response)
        for byte in response.body:
            line.write(bytes([byte]))
            if line.stopping.wait(self.seconds):
                break
        line.cut()
        return True


@dataclass(frozen=True)
class Slow(Fault):
    """Sends files in so many pieces, a pause after each: a download that can be watched, and that ends."""

    pieces: int = 8
    seconds: float = 0.25

    def send(self, request: Request, response: Response, line: Line) -> bool:
        """Send piece by piece."""
        if request.kind is not Kind.FILE:
            return False
        line.write_head(response)
        size = max(1, -(-len(response.body) // self.pieces))
        for start in range(0, len(response.body), size):
            line.write(response.body[start : start + size])
            if line.stopping.wait(self.seconds):
                break
        return True


class Point(StrEnum):
    """Where a connection breaks."""

    CONNECT = "connect"
    HEADERS = "headers"
    HALF = "half of the body"


@dataclass(frozen=True)
class Cut(Fault):
    """Breaks the connection: before any answer, in the middle of the headers, or half-way through the body."""

    at: Point
    on: frozenset[Kind] = EVERYTHING

    def send(self, request: Request, response: Response, line: Line) -> bool:
        """Send up to the point, and break off."""
        if request.kind not in self.on:
            return False
        match self.at:
            case Point.CONNECT:
                pass
            case Point.HEADERS:
                line.write(b"HTTP/1.1 200 OK\r\nContent-Ty")
            case Point.HALF:
                line.write_head(response)
                line.write(response.body[: len(response.body) // 2])
        line.cut()
        return True


@dataclass(frozen=True)
class Silent(Fault):
    """Takes the request and never answers."""

    on: frozenset[Kind] = EVERYTHING

    def send(self, request: Request, response: Response, line: Line) -> bool:
        """Wait until the index is closed."""
        del response
        if request.kind not in self.on:
            return False
        line.stopping.wait()
        line.cut()
        return True


@dataclass(frozen=True)
class Huge(Fault):
    """Sends a body without end in practice, by default 300 MB, of spaces, which JSON and HTML allow anywhere.

    `sent` is how many bytes the client let it send, the last time.
    """

    on: frozenset[Kind] = frozenset({Kind.PAGE})
    size: int = 300_000_000
    announced: bool = False
    sent: list[int] = field(default_factory=list)

    def send(self, request: Request, response: Response, line: Line) -> bool:
        """Send the body, piece by piece."""
        if request.kind not in self.on:
            return False
        if self.announced:
            line.write_head(response, length=self.size)
        else:
            # Without a length the body ends with the connection.
            line.write_head(dataclasses.replace(response, headers={**response.headers, "Connection": "close"}), -1)
        self.sent.append(0)
        piece = b" " * 1_000_000
        while self.sent[-1] < self.size and not line.stopping.is_set():
            line.write(piece)
            self.sent[-1] += len(piece)
        line.hang_up()
        return True


class NoHashes(Fault):
    """Pages give no hashes."""

    def entry(self, entry: FileEntry) -> FileEntry:
        """Take the hashes away."""
        return dataclasses.replace(entry, sha256=None)


class WrongHashes(Fault):
    """Pages give hashes of something else."""

    def entry(self, entry: FileEntry) -> FileEntry:
        """Give another hash."""
        return dataclasses.replace(entry, sha256=hashlib.sha256(b"something else").hexdigest())


class WrongSizes(Fault):
    """Pages give sizes that are one byte too small."""

    def entry(self, entry: FileEntry) -> FileEntry:
        """Give another size."""
        return dataclasses.replace(entry, size=None if entry.size is None else entry.size - 1)


class NoUploadTimes(Fault):
    """Pages do not say when files were uploaded."""

    def entry(self, entry: FileEntry) -> FileEntry:
        """Take the time away."""
        return dataclasses.replace(entry, upload_time=None)


@dataclass(frozen=True)
class Swapped(Fault):
    """Serves another body under a file's name, while pages still give the first one's hash.

    To swap a file and its hash together, publish the other one: `LocalIndex.publish` replaces by file name.
    """

    filename: str
    body: bytes

    def answer(self, request: Request, response: Response) -> Response:
        """Answer with the other body."""
        if request.kind is Kind.FILE and request.filename == self.filename and response.status == HTTPStatus.OK:
            return dataclasses.replace(response, body=self.body)
        return response


@dataclass(frozen=True)
class NotFound(Fault):
    """Knows nothing of these projects (normalised names), or of any."""

    projects: frozenset[str] | None = None

    def answer(self, request: Request, response: Response) -> Response:
        """Answer 404 for a page."""
        if request.kind is Kind.PAGE and (self.projects is None or request.project in self.projects):
            return Response(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain"}, b"no such project\n")
        return response


@dataclass(frozen=True)
class Password(Fault):
    """Asks everybody for this user's password (basic authentication)."""

    user: str
    password: str

    def answer(self, request: Request, response: Response) -> Response:
        """Answer 401 to who does not know it."""
        expected = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
        if request.headers.get("Authorization") == expected:
            return response
        headers = {"Content-Type": "text/plain", "WWW-Authenticate": 'Basic realm="the test index"'}
        return Response(HTTPStatus.UNAUTHORIZED, headers, b"who are you?\n")


def truncated(body: bytes) -> bytes:
    """Return the first two thirds, as a broken download leaves them."""
    return body[: len(body) * 2 // 3]


def bit_flipped(body: bytes) -> bytes:
    """Return the bytes with one bit in the middle the other way."""
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
