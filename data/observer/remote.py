"""A wheel opened where it lies: its end first, then only the members that are read."""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

import remotezip
from pypi_simple import DistributionPackage

from data.observer.client import Allowance, Answer, Client
from data.observer.errors import FailedError, RefusedError

TAIL = 32_768
"""In bytes, what is asked for first: the archive's directory and, just before it, what `.dist-info` holds.

With less most wheels need a further request, with more most bytes are thrown away: measured, see README.md.
"""

LARGEST_WHOLE = 2_000_000
"""In bytes: the largest wheel that is downloaded whole where the server does not do ranges."""

_NOT_COMPRESSED = {"Accept-Encoding": "identity"}  # a range of a compressed stream would be a range of something else
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)", re.ASCII)


@contextmanager
def open_wheel(client: Client, package: DistributionPackage, allowance: Allowance) -> Iterator[zipfile.ZipFile]:
    """Open the wheel at `package.url` for reading, by HTTP ranges (RFC 9110, 14).

    A server that ignores ranges and sends the whole file is taken at its word up to `LARGEST_WHOLE` bytes, and then
    the file's SHA-256 is checked. Raises `RefusedError` where the wheel is larger than that or not of the size that
    the index says, `FailedError` where the server has no answer; while it is read, what `zipfile` raises too.
    """
    file = _RemoteFile(client, package, allowance)
    file.hold_tail()
    if file.whole is not None:
        with zipfile.ZipFile(io.BytesIO(file.whole)) as archive:
            yield archive
    else:
        with remotezip.RemoteZip(package.url, TAIL, fetcher=lambda _url, _session, **_: file) as archive:
            yield archive


class _RemoteFile:
    """Fetches pieces of one file for remotezip, and keeps its tail, or its `whole` where a server sends that."""

    def __init__(self, client: Client, package: DistributionPackage, allowance: Allowance) -> None:
        self._client = client
        self._package = package
        self._allowance = allowance
        self._size = package.size
        self._tail = b""
        self.whole: bytes | None = None

    def hold_tail(self) -> None:
        """Ask for the last `TAIL` bytes, or learn that only the whole is to be had."""
        if self._size is None:
            # Not every server can count from the end, so the size is asked for; most indexes spare us this.
            self._ask(0, 0)
        if self.whole is None:
            size = self._size or 0
            self._tail = self._ask(max(0, size - TAIL), max(0, size - 1))

    def fetch(self, wanted: tuple[int, int | None], *, stream: bool = False) -> object:
        """Return remotezip's buffer over the bytes wanted: first and last, or how many from the end and `None`."""
        del stream  # what is asked for is bounded, and held in memory
        size = self._size or 0
        first, last = wanted[0], size - 1 if wanted[1] is None else min(wanted[1], size - 1)
        first = max(0, size + first) if first < 0 else first
        if first > last:
            raise zipfile.BadZipFile("a part of it lies outside")
        start_of_tail = size - len(self._tail)
        piece = (
            self._tail[first - start_of_tail :][: last + 1 - first]
            if first >= start_of_tail
            else self._ask(first, last)
        )
        return remotezip.PartialBuffer(io.BytesIO(piece), first, len(piece), False)

    def _ask(self, first: int, last: int) -> bytes:
        """Return the bytes from `first` to `last`, learning the file's size, or the whole file if that is sent."""
        answer = self._client.get(
            self._package.url,
            self._allowance,
            most=lambda status, headers: _limit(status, headers, last - first + 1),
            headers=_NOT_COMPRESSED | {"Range": f"bytes={first}-{last}"},
        )
        if answer.status == HTTPStatus.OK:
            self._check_size(len(answer.body))
            expected = self._package.digests.get("sha256")
            if expected is not None and hashlib.sha256(answer.body).hexdigest() != expected.lower():
                raise RefusedError("the wheel is not the one whose SHA-256 the index gives")
            self.whole = answer.body
            return answer.body[first : last + 1]
        if answer.status == HTTPStatus.PARTIAL_CONTENT:
            self._check_range(answer, first, last)
            return answer.body
        if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise RefusedError("the wheel is empty, or shorter than the index says")
        raise FailedError(f"its wheel was answered with {answer.status}")

    def _check_range(self, answer: Answer, first: int, last: int) -> None:
        content_range = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if content_range is None:
            raise RefusedError("the server does not say which part of the wheel it sent")
        self._check_size(int(content_range[3]))
        if (int(content_range[1]), int(content_range[2])) != (first, last) or len(answer.body) != last - first + 1:
            raise RefusedError("the server sent another part of the wheel than it was asked for")

    def _check_size(self, size: int) -> None:
        if self._size is None:
            self._size = size
        elif size != self._size:
            raise RefusedError(f"the wheel has {size} bytes, and {self._size} were said")


def _limit(status: int, headers: Mapping[str, str], wanted: int) -> int:
    if status != HTTPStatus.OK:
        return max(wanted, TAIL)  # what is no range is a short text about a fault
    announced = headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > LARGEST_WHOLE:
        raise RefusedError(f"the server ignores ranges, and the wheel has {announced} bytes")
    return LARGEST_WHOLE
