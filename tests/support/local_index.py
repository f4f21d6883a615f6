"""An index on loopback over made wheels, which counts what it is asked and can be told to misbehave."""

import hashlib
import re
import socket
import ssl
import struct
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import quote, unquote

from tests.support.catalogue import Release
from tests.support.faults import Fault, FileEntry, Kind, Request, Response
from tests.support.pages import HTML, JSON, listing_html, listing_json, project_html, project_json
from tests.support.wheels import Wheel


@dataclass(frozen=True, slots=True)
class _Published:
    """A release as it is served: built and dated once."""

    release: Release
    body: bytes
    sha256: str
    metadata: bytes | None
    upload_time: str | None

    @classmethod
    def of(cls, release: Release) -> Self:
        body = release.content()
        has_metadata = release.has_metadata and isinstance(release.distribution, Wheel)
        metadata = release.distribution.metadata.encode() if has_metadata else None
        return cls(release, body, hashlib.sha256(body).hexdigest(), metadata, release.upload_time())


class LocalIndex:
    """A simple index (PEP 503, 658, 691, 700, 714, 792) on 127.0.0.1, running while it is used as a context.

    `faults` may be set at any time: `index.faults = [Status(500)]`. `requests` counts what was asked, by path
    (`/simple/snark/`, `/files/snark-1.0-py3-none-any.whl`); `asked` and `downloaded` say the same in names. With
    `tls` it speaks HTTPS; without, it serves as an HTTP proxy too, answering in the place of every host.
    """

    def __init__(self, releases: Iterable[Release] = (), tls: ssl.SSLContext | None = None) -> None:
        self.faults: list[Fault] = []
        self.requests: Counter[str] = Counter()
        self._published: dict[str, _Published] = {}
        self._statuses: dict[str, tuple[str, str | None]] = {}
        self._lock = threading.Lock()
        for release in releases:
            self.publish(release)
        self._server = _Server(self)
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End every connection, those that drip too."""
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        """Address and port: `127.0.0.1:41234`."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """What `--index-url` takes."""
        return f"{self._scheme}://{self.host}/simple/"

    def url_for(self, user: str, password: str) -> str:
        """Return the URL with credentials in it."""
        return f"{self._scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{self.host}/simple/"

    @property
    def asked(self) -> set[str]:
        """The projects, normalised, whose page was asked for."""
        with self._lock:
            return {path.split("/")[2] for path in self.requests if re.fullmatch(r"/simple/[^/]+/", path)}

    @property
    def downloaded(self) -> set[str]:
        """The names of the wheels and sdists that were asked for, whole or in part."""
        with self._lock:
            return {
                path.removeprefix("/files/")
                for path in self.requests
                if path.startswith("/files/") and not path.endswith(".metadata")
            }

    def forget(self) -> None:
        """Count from nothing again."""
        with self._lock:
            self.requests.clear()

    def publish(self, release: Release) -> None:
        """Add a release, in place of one of the same file name."""
        published = _Published.of(release)
        with self._lock:
            self._published[release.filename] = published

    def withdraw(self, filename: str) -> None:
        """Take a file away; a project without files stays known."""
        with self._lock:
            project = _normalised(self._published.pop(filename).release.distribution.project)
            self._statuses.setdefault(project, ("active", None))

    def set_status(self, project: str, status: str, reason: str | None = None) -> None:
        """Give a project a status (PEP 792): `archived`, `quarantined` (its files are withheld), `deprecated`."""
        with self._lock:
            self._statuses[_normalised(project)] = (status, reason)

    def sha256(self, filename: str) -> str:
        """Return the hash of what is published under a file name."""
        return self._published[filename].sha256

    def respond(self, request: Request, accept: str) -> Response:
        """Return what is answered, before any fault touches it."""
        with self._lock:
            self.requests[request.path] += 1
            published = dict(self._published)
            statuses = dict(self._statuses)
        if request.kind is Kind.PAGE:
            return self._page(request, accept, published, statuses)
        found = published.get(request.filename or "")
        if found is not None and request.kind is Kind.FILE:
            return _ranged(Response(HTTPStatus.OK, {"Content-Type": "application/octet-stream"}, found.body), request)
        if found is not None and found.metadata is not None:
            return Response(HTTPStatus.OK, {"Content-Type": "text/plain; charset=utf-8"}, found.metadata)
        return Response(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain"}, b"no such file\n")

    def _page(
        self,
        request: Request,
        accept: str,
        published: dict[str, _Published],
        statuses: dict[str, tuple[str, str | None]],
    ) -> Response:
        projects = statuses.keys() | {_normalised(one.release.distribution.project) for one in published.values()}
        as_json = JSON in accept
        headers = {"Content-Type": JSON if as_json else HTML}
        if request.project is None:
            page = listing_json(projects) if as_json else listing_html(projects)
            return Response(HTTPStatus.OK, headers, page)
        if request.project not in projects:
            return Response(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain"}, b"no such project\n")
        status, reason = statuses.get(request.project, ("active", None))
        files = [
            one
            for one in published.values()
            if _normalised(one.release.distribution.project) == request.project and status != "quarantined"
        ]
        entries = [self._entry(one) for one in files]
        make = project_json if as_json else project_html
        versions = sorted({one.release.distribution.version for one in files})
        return Response(HTTPStatus.OK, headers, make(request.project, entries, versions, status, reason))

    def _entry(self, one: _Published) -> FileEntry:
        entry = FileEntry(
            filename=one.release.filename,
            url=f"/files/{quote(one.release.filename)}",
            sha256=one.sha256,
            size=len(one.body),
            upload_time=one.upload_time,
            requires_python=one.release.distribution.requires_python,
            yanked=one.release.yanked,
            metadata_sha256=None if one.metadata is None else hashlib.sha256(one.metadata).hexdigest(),
        )
        for fault in self.faults:
            entry = fault.entry(entry)
        return entry


@contextmanager
def unreachable_url() -> Iterator[str]:
    """Give an index URL at which nobody listens; the port is kept from others meanwhile."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))  # bound but not listening: connecting is refused at once
        yield f"http://127.0.0.1:{kept.getsockname()[1]}/simple/"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, index: LocalIndex) -> None:
        self.index = index
        self.stopping = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close; without the polite farewell first where a fault wants a reset."""
        if isinstance(request, socket.socket) and request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER):
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: a client that hangs up on a fault is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float] = 30  # of an idle connection that is kept open
    server: _Server

    @property
    def stopping(self) -> threading.Event:
        return self.server.stopping

    def do_GET(self) -> None:
        index = self.server.index
        request = _parsed(self.path, dict(self.headers.items()))
        if request is None:
            self._send(Response(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain"}, b"nothing here\n"))
            return
        response = index.respond(request, self.headers.get("Accept", ""))
        faults = list(index.faults)
        for fault in faults:
            response = fault.answer(request, response)
        if not any(fault.send(request, response, self) for fault in faults):
            self._send(response)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(self, response: Response) -> None:
        self.write_head(response)
        if self.command != "HEAD":
            self.write(response.body)

    def write_head(self, response: Response, length: int | None = None) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if length is None or length >= 0:
            self.send_header("Content-Length", str(len(response.body) if length is None else length))
        self.end_headers()
        self.wfile.flush()

    def write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def hang_up(self) -> None:
        self.close_connection = True

    def cut(self) -> None:
        self.hang_up()
        with suppress(OSError):
            # Lingering for no time makes closing a reset, as a pulled cable's other end would see it in the end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep quiet."""


# Windows' `struct linger` has two shorts where the others have two ints.
_LINGER = "hh" if sys.platform == "win32" else "ii"


def _parsed(path: str, headers: dict[str, str]) -> Request | None:
    # As a proxy, it is asked for whole URLs, and answers in the place of whichever host.
    path = unquote(re.sub(r"^http://[^/]+", "", path).partition("?")[0])
    if path == "/simple/":
        return Request(Kind.PAGE, path, headers)
    if page := re.fullmatch(r"/simple/([^/]+)/?", path):
        return Request(Kind.PAGE, f"/simple/{page[1]}/", headers, project=page[1])
    if metadata := re.fullmatch(r"/files/([^/]+)\.metadata", path):
        return Request(Kind.METADATA, path, headers, filename=metadata[1])
    if file := re.fullmatch(r"/files/([^/]+)", path):
        return Request(Kind.FILE, path, headers, filename=file[1])
    return None


def _ranged(response: Response, request: Request) -> Response:
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", ""))
    whole = {**response.headers, "Accept-Ranges": "bytes"}
    if asked is None or asked.groups() == ("", ""):
        return Response(response.status, whole, response.body)
    size = len(response.body)
    if asked[1]:
        first, last = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
    else:
        first, last = max(0, size - int(asked[2])), size - 1
    if first > last:
        unsatisfied = {**whole, "Content-Range": f"bytes */{size}"}
        return Response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, unsatisfied, b"")
    headers = {**whole, "Content-Range": f"bytes {first}-{last}/{size}"}
    return Response(HTTPStatus.PARTIAL_CONTENT, headers, response.body[first : last + 1])


def _normalised(project: str) -> str:
    return re.sub(r"[-_.]+", "-", project).lower()
