"""The one door to the network: bodies fetched from addresses, within limits of time and size.

Imports requests, and so is itself imported only when something is to be asked.
"""

import encodings.idna  # noqa: F401 - see below
import netrc  # noqa: F401 - requests and socket import these two when they need them, which would be in a thread of ours
import queue
import socket
import threading
import time
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import url2pathname

import requests
import urllib3
from pypi_simple import ACCEPT_JSON_PREFERRED
from requests.adapters import HTTPAdapter

from autoinstall import __version__
from autoinstall.index.answers import Access, Limits, Problem
from autoinstall.text import redacted

_AT_ONCE = 8
"""Requests under way at the same time, as browsers have it."""

THREADS = "autoinstall index"
"""What the threads that fetch are called."""

_PIECE = 16_384
_BLINK = 0.1
"""In seconds: Windows lets Ctrl-C through only between waits."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body that has come in whole. `url` is where it came from in the end, without credentials."""

    url: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that ended without a body."""

    problem: Problem
    details: str = ""


def fetch(urls: Iterable[str], access: Access, limits: Limits) -> Mapping[str, Body | Failed]:
    """Fetch every address and return what became of each, at the latest after `limits.total` seconds.

    That holds against all that can be slow: looking up names, handshakes, headers or bodies that drip. Nothing is
    tried twice and no redirect leads from `https` to less. Credentials in an address go only to that address's host.
    `KeyboardInterrupt` comes through.
    """
    wanted = list(dict.fromkeys(urls))
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for url in wanted:
        waiting.put(url)
    done: dict[str, Body | Failed] = {}
    lines = _Lines()
    workers = [
        # As daemons: a look-up of a name cannot be broken off, and must not keep Python from ending.
        threading.Thread(target=_work, name=THREADS, args=(waiting, done, lines, access, limits), daemon=True)
        for _ in range(min(_AT_ONCE, len(wanted)))
    ]
    deadline = time.monotonic() + limits.total
    with warnings.catch_warnings():
        # Not to ask a trusted host for its certificate is what the user has chosen.
        warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
        try:
            for worker in workers:
                worker.start()
            while (alive := [worker for worker in workers if worker.is_alive()]) and time.monotonic() < deadline:
                alive[0].join(_BLINK)
            # Before cutting: a request that is cut off was late, and is not the index's fault to break off.
            finished = dict(done)
        finally:
            lines.cut()
    late = Failed(Problem.STALLED, f"no whole answer within {limits.total:g} seconds")
    return {url: finished.get(url, late) for url in wanted}


class _Lines:
    """The connections that are open, so that another thread can cut them all."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.is_cut = False

    def add(self, line: socket.socket) -> None:
        with self._lock:
            self._sockets.append(line)
            if self.is_cut:
                _shut(line)

    def cut(self) -> None:
        with self._lock:
            self.is_cut = True
            for line in self._sockets:
                _shut(line)


def _shut(line: socket.socket) -> None:
    with suppress(OSError):
        # Shutting down, unlike closing, wakes the thread that reads.
        line.shutdown(socket.SHUT_RDWR)


def _work(
    waiting: "queue.SimpleQueue[str]", done: dict[str, Body | Failed], lines: _Lines, access: Access, limits: Limits
) -> None:
    with _session(access, lines) as session:
        while not lines.is_cut:
            try:
                url = waiting.get_nowait()
            except queue.Empty:
                return
            done[url] = _fetch_one(url, session, access, limits)


def _fetch_one(url: str, session: requests.Session, access: Access, limits: Limits) -> Body | Failed:
    try:
        parts = urlsplit(url)
        if parts.scheme == "file":
            return _read_folder(parts, limits)
        response = session.get(
            urlunsplit(parts._replace(netloc=_host(parts))),
            auth=_credentials(parts),
            headers={"Accept": ACCEPT_JSON_PREFERRED},
            timeout=(limits.connect, limits.silence),
            stream=True,
            # What is said for a single request outranks the environment's variables; `None` leaves it to them.
            proxies=None if access.proxy is None else {"http": access.proxy, "https": access.proxy},
            verify=_verify(parts, access),
        )
        with response:
            return _read(response, parts, limits)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        return Failed(_problem(error), redacted(str(error)))


def _read(response: requests.Response, asked: SplitResult, limits: Limits) -> Body | Failed:
    if asked.scheme == "https" and urlsplit(response.url).scheme != "https":
        return Failed(Problem.NOT_TRUSTED, f"it leads to {redacted(response.url)}")
    match response.status_code:
        case HTTPStatus.OK:
            pass
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return Failed(Problem.NOT_FOUND)
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN | HTTPStatus.PROXY_AUTHENTICATION_REQUIRED as status:
            return Failed(Problem.NOT_ALLOWED, f"status {status}")
        case status:
            return Failed(Problem.UNWELL, f"status {status}")
    content_type = response.headers.get("Content-Type", "text/html")
    limit = _limit(content_type, limits)
    content = bytearray()
    for piece in response.iter_content(_PIECE):
        content += piece
        if len(content) > limit:
            return Failed(Problem.TOO_LARGE, f"more than {limit} bytes")
    return Body(redacted(response.url), content_type, bytes(content))


def _read_folder(parts: SplitResult, limits: Limits) -> Body | Failed:
    """Read what pip reads of an index that is a folder: `index.html`."""
    page = Path(url2pathname(parts.path)) / "index.html"
    try:
        with page.open("rb") as file:
            content = file.read(limits.html + 1)
    except OSError as error:
        return Failed(Problem.NOT_FOUND, str(error))
    if len(content) > limits.html:
        return Failed(Problem.TOO_LARGE, f"more than {limits.html} bytes")
    return Body(urlunsplit(parts), "text/html", content)


def _limit(content_type: str, limits: Limits) -> int:
    return limits.json if "json" in content_type else limits.html


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _verify(parts: SplitResult, access: Access) -> bool | str | None:
    if parts.hostname in access.trusted_hosts or _host(parts) in access.trusted_hosts:
        return False
    return None if access.certificate is None else str(access.certificate)


def _credentials(parts: SplitResult) -> tuple[str, str] | None:
    """Return what the address holds. Handed over apart from it, they outrank the netrc and stay out of messages."""
    if parts.username is None and parts.password is None:
        return None
    user = unquote(parts.username or "")
    if parts.password is None:
        # As pip and uv have it: a user's name alone picks the password that the netrc has for that user.
        known = requests.utils.get_netrc_auth(urlunsplit(parts._replace(netloc=_host(parts))))
        if known is not None and known[0] == user:
            return known
    return user, unquote(parts.password or "")


def _problem(error: Exception) -> Problem:
    match error:
        case requests.exceptions.SSLError():
            return Problem.NOT_TRUSTED
        case requests.ConnectTimeout():
            return Problem.OFFLINE
        case requests.Timeout() | urllib3.exceptions.TimeoutError():
            return Problem.STALLED
        case requests.ConnectionError() if _is_about(error, urllib3.exceptions.ReadTimeoutError):
            return Problem.STALLED  # in the middle of a body
        case requests.ConnectionError() if not _is_about(error, urllib3.exceptions.ProtocolError):
            return Problem.OFFLINE
        case (
            requests.exceptions.InvalidURL()
            | requests.exceptions.InvalidSchema()
            | requests.exceptions.MissingSchema()
        ):
            return Problem.BAD_ADDRESS
        case requests.TooManyRedirects() | requests.exceptions.ContentDecodingError():
            return Problem.GARBAGE
        case ValueError() if not isinstance(error, requests.RequestException):
            return Problem.BAD_ADDRESS  # the standard library's word for a URL without sense
    return Problem.CUT_OFF


def _is_about(error: Exception, kind: type[Exception]) -> bool:
    """Tell whether that is what urllib3 said; a broken protocol means that a connection was there."""
    return any(isinstance(cause, kind) for cause in error.args)


def _session(access: Access, lines: _Lines) -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = f"ipython-autoinstall/{__version__}"
    session.max_redirects = 5
    if access.client_certificate is not None:
        session.cert = str(access.client_certificate)
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(lines))
    return session


class _Adapter(HTTPAdapter):
    """An adapter that tells of every connection that it opens."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - handed on as they come
        super().init_poolmanager(*args, **options)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> urllib3.ProxyManager:  # noqa: ANN401 - handed on
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **options)
        self._watch(manager)
        return manager

    def _watch(self, manager: urllib3.PoolManager) -> None:
        manager.pool_classes_by_scheme = {
            "http": _watched(urllib3.HTTPConnectionPool, self._lines),
            "https": _watched(urllib3.HTTPSConnectionPool, self._lines),
        }


def _watched(pool: type[urllib3.HTTPConnectionPool], lines: _Lines) -> type[urllib3.HTTPConnectionPool]:
    base: Any = pool.ConnectionCls  # Any: no type checker follows a base class that is known at run time only

    class Connection(base):  # type: ignore[misc]  # as above
        def connect(self) -> None:
            super().connect()
            lines.add(self.sock)

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})
