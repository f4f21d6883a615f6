"""One project's story: its page, its newest wheel, what its author declares, else what the wheel holds."""

import hashlib
import lzma
import time
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from struct import error as StructError  # noqa: N812 - a class, named here like one

import remotezip
from pypi_simple import DistributionPackage

from autoinstall.names import ImportName, ProjectName
from data.observer.client import Allowance, Client
from data.observer.contents import LONGEST_METADATA, Names, Source, declared, read_names
from data.observer.errors import FailedError, RefusedError
from data.observer.page import newest_wheel, oldest_month, read_page
from data.observer.remote import open_wheel

MOST_BYTES = 32_000_000
"""What one project may cost, over the wire: the longest pages and the directories of the largest wheels fit."""

MOST_SECONDS = 120.0
"""What one project may take, retries and waits included."""


class Ending(StrEnum):
    """How the observation of a project ended; only after `FAILED` is it worth asking again."""

    OBSERVED = "observed"
    NO_WHEEL = "no wheel"
    ABSENT = "absent"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of a project after it was asked for: the names are those of `wheel`, a file name.

    `since` is the month (`2016-07`) of the project's oldest file, where the index tells (PEP 700). `requests` and
    `received` (bytes of bodies, over the wire) are what it cost; `reason` says why not.
    """

    project: ProjectName
    ending: Ending
    requests: int
    received: int
    reason: str | None = None
    wheel: str | None = None
    source: Source | None = None
    names: tuple[ImportName, ...] = ()
    namespaces: tuple[ImportName, ...] = ()
    since: str | None = None


def observe(
    client: Client,
    index_url: str,
    project: ProjectName,
    *,
    most_bytes: int = MOST_BYTES,
    most_seconds: float = MOST_SECONDS,
) -> Observation:
    """Return what the index's newest wheel of a project provides, or why that cannot be said.

    Whatever an index or a wheel holds ends in an `Observation`; only `StoppedError` comes out, when the run ends.
    """
    allowance = Allowance(most_bytes, time.monotonic() + most_seconds)
    wheel: DistributionPackage | None = None
    since: str | None = None
    names: Names | None = None
    ending = Ending.OBSERVED
    reason: str | None = None
    try:
        page = read_page(client, index_url, project, allowance)
        since = None if page is None else oldest_month(page)
        if page is None:
            ending = Ending.ABSENT
        elif (wheel := newest_wheel(page, project)) is None:
            ending, reason = Ending.NO_WHEEL, page.status
        else:
            names = _names(client, wheel, project, allowance)
    except FailedError as error:
        ending, reason = Ending.FAILED, error.reason
    except RefusedError as error:
        ending, reason = Ending.REFUSED, error.reason
    return Observation(
        project,
        ending,
        allowance.requests,
        allowance.received,
        reason,
        None if wheel is None else wheel.filename,
        None if names is None else names.source,
        () if names is None else names.names,
        () if names is None else names.namespaces,
        since,
    )


def _names(client: Client, wheel: DistributionPackage, project: ProjectName, allowance: Allowance) -> Names:
    metadata = _metadata(client, wheel, allowance) if wheel.has_metadata else None
    if metadata is not None and (stated := declared(metadata)) is not None:
        return stated
    try:
        with open_wheel(client, wheel, allowance) as archive:
            return read_names(archive, project, metadata_was_read=metadata is not None)
    except (
        # What reading a damaged or hostile archive has been seen to raise: by zipfile itself, by the decompressors,
        # by its fields' lies (offsets, encodings, encryption, unknown methods), by remotezip about offsets.
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        KeyError,
        NotImplementedError,
        OSError,
        OverflowError,
        RuntimeError,
        StructError,
        ValueError,
        remotezip.RemoteZipError,
    ) as error:
        raise RefusedError(f"the wheel cannot be read: {error} ({type(error).__name__})") from error


def _metadata(client: Client, wheel: DistributionPackage, allowance: Allowance) -> bytes | None:
    """Return the METADATA that the index serves beside a wheel (PEP 658, 714), or `None` where there is none."""
    answer = client.get(wheel.metadata_url, allowance, most=LONGEST_METADATA)
    if answer.status == HTTPStatus.NOT_FOUND:
        return None
    if answer.status != HTTPStatus.OK:
        raise FailedError(f"its metadata was answered with {answer.status}")
    expected = (wheel.metadata_digests or {}).get("sha256")
    if expected is not None and hashlib.sha256(answer.body).hexdigest() != expected.lower():
        raise RefusedError("the metadata is not the one whose SHA-256 the index gives")
    return answer.body
