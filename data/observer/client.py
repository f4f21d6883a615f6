"""The observer's one door to the network: bounded, counted, retried with care, and stopped for all at once."""

import email.utils
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.metadata import version
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3

from data.observer.errors import FailedError, RefusedError, StoppedError, TransientError

ATTEMPTS = 4
"""How often one request is tried before it counts as failed."""

CONNECT_SECONDS, READ_SECONDS = 10, 20
"""How long a connection, and then each wait for more bytes, may take."""

_PASSING = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
Limit = Callable[[int, Mapping[str, str]], int]

_MOST_REDIRECTS = 5
_PIECE = 1 << 16


@dataclass(slots=True)
class Allowance:
    """What one project may cost, and what it has cost so far; `deadline` is on the monotonic clock."""

    most_bytes: int
    deadline: float
    requests: int = 0
    received: int = 0

    @property
    def seconds_left(self) -> float:
        """Until the deadline; below zero after it."""
        return self.deadline - time.monotonic()


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: `url` is where redirects led, header names are as `requests` gives them, in any case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Totals:
    """What a run has cost: requests (each redirect and each retry is one) and bytes received in bodies."""

    requests: int = 0
    received: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Client:
    """Sends GET requests for many threads under one set of bounds.

    `contact` goes into the User-Agent, so that an index's operators can reach who asks. After `most_requests`, after
    any answer 429 and after `stop`, every thread's next request raises `StoppedError` with the same reason.
    `backoff` is the mean of the first wait before a retry, in seconds; it doubles each time.
    Credentials come from the URL or from netrc, by way of requests.
    """

    def __init__(self, contact: str | None = None, most_requests: int | None = None, backoff: float = 1.0) -> None:
        self.totals = Totals()
        self._most_requests = most_requests
        self._stopping = threading.Event()
        self._stop_reason = ""
        self._local = threading.local()
        own = f"ipython-autoinstall-observer/{version('ipython-autoinstall')}"
        self._user_agent = f"{own} ({contact})" if contact else own
        self._backoff = tenacity.wait_random_exponential(multiplier=2 * backoff, max=30)

    def stop(self, reason: str) -> None:
        """Let every further request, and every wait for a retry, end in `StoppedError`; the first reason counts."""
        if not self._stopping.is_set():
            self._stop_reason = reason
            self._stopping.set()

    @property
    def stopped(self) -> str | None:
        """Why the run was stopped, or `None`."""
        return self._stop_reason if self._stopping.is_set() else None

    def get(
        self,
        url: str,
        allowance: Allowance,
        *,
        most: int | Limit,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to one GET, whatever its status below 500 (but never 429).

        `most` is how many bytes of body are wanted, after decompression; as a function it is asked with the answer's
        status and headers, and may refuse. Raises `RefusedError` for a longer body or an address that may not be
        followed, `FailedError` where the last try failed or the allowance's time is over, `StoppedError` where the
        run has ended.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_before_delay(max(0.0, allowance.seconds_left)),
            wait=self._wait,
            sleep=tenacity.sleep_using_event(self._stopping),
            reraise=True,
        )
        return retrying(self._once, url, allowance, most, dict(headers or {}))

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        wait = float(self._backoff(state))
        # With the jitter added: many threads may have been told the same second.
        return (
            wait if not isinstance(error, TransientError) or error.retry_after is None else error.retry_after + wait
        )

    def _once(
        self,
        url: str,
        allowance: Allowance,
        most: int | Limit,
        headers: dict[str, str],
    ) -> Answer:
        self._count_request(allowance)
        if allowance.seconds_left <= 0:
            raise FailedError("its time is over")
        timeout = (min(CONNECT_SECONDS, allowance.seconds_left), min(READ_SECONDS, allowance.seconds_left))
        try:
            with self._session().get(url, headers=headers, stream=True, timeout=timeout) as response:
                for _ in response.history:
                    self._count_request(allowance)
                self._judge(url, response)
                wanted = most if isinstance(most, int) else most(response.status_code, response.headers)
                body = self._read(response, allowance, wanted)
                return Answer(response.url, response.status_code, response.headers, body)
        except urllib3.exceptions.DecodeError as error:
            raise RefusedError(f"an answer cannot be decompressed ({type(error).__name__})") from error
        except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
            # The class alone: the text may hold the address, and with it a password.
            raise TransientError(f"no complete answer ({type(error).__name__})") from error
        except requests.RequestException as error:
            raise RefusedError(f"an address cannot be followed ({type(error).__name__})") from error

    def _judge(self, url: str, response: requests.Response) -> None:
        status = response.status_code
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            asked = response.headers.get("Retry-After")
            self.stop(
                "the index answered 429 (too many requests)"
                + (f" and asks to wait: Retry-After {asked}" if asked else "")
            )
            raise StoppedError(self._stop_reason)
        if status in _PASSING:
            asked_seconds = _seconds(response.headers.get("Retry-After"))
            asked_text = "" if asked_seconds is None else f" and asks to wait {asked_seconds:.0f} s"
            raise TransientError(f"the index answered {status}{asked_text}", asked_seconds)
        if urlsplit(url).scheme == "https" and urlsplit(response.url).scheme != "https":
            raise RefusedError("a redirect leads from https to http")

    def _read(self, response: requests.Response, allowance: Allowance, most: int) -> bytes:
        body = bytearray()
        try:
            # read1 returns what one wait brought, so that no dripping server holds us past the deadline; a body that
            # is shorter than announced is told by urllib3.
            while piece := response.raw.read1(_PIECE, decode_content=True):
                body += piece
                if len(body) > most:
                    raise RefusedError(f"an answer is longer than {most} bytes")
                if allowance.received + response.raw.tell() > allowance.most_bytes:
                    raise RefusedError(f"more than {allowance.most_bytes} bytes would have to be read")
                if allowance.seconds_left <= 0:
                    raise FailedError("its time is over")
                if self._stopping.is_set():
                    raise StoppedError(self._stop_reason)
        finally:
            counted = response.raw.tell()
            allowance.received += counted
            with self.totals.lock:
                self.totals.received += counted
        return bytes(body)

    def _count_request(self, allowance: Allowance) -> None:
        with self.totals.lock:
            if self._most_requests is not None and self.totals.requests >= self._most_requests:
                self.stop(f"the bound of {self._most_requests} requests is reached")
            if self._stopping.is_set():
                raise StoppedError(self._stop_reason)
            self.totals.requests += 1
            allowance.requests += 1

    def _session(self) -> requests.Session:
        """Return this thread's own session: `requests` does not promise that one can be shared."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.headers["User-Agent"] = self._user_agent
            session.max_redirects = _MOST_REDIRECTS
        return session


def _seconds(retry_after: str | None) -> float | None:
    """Read Retry-After (RFC 9110, 10.2.3), seconds or a date; nonsense counts as not said."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
