"""What an index answers about a project, as plain data, and how it is reached."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Self

from autoinstall.environment.indexes import Indexes
from autoinstall.names import ProjectName

DEFAULT_INDEX = ""
"""Stands among addresses for the index that is asked where nothing is configured."""


@dataclass(frozen=True, slots=True)
class Access:
    """Which indexes are asked, in this order, and how they are reached.

    `urls` are simple indexes' addresses (`https://index.example/simple`, `file:///…` too), credentials in them or in
    the user's netrc; where there is none, none is asked. `certificate` is a file or folder of certificate
    authorities, `client_certificate` a file with certificate and key. `proxy` holds for all; without it the
    environment's proxies do. `trusted_hosts` (`host` or `host:port`) are not asked for a certificate.
    """

    urls: tuple[str, ...] = field(default=(DEFAULT_INDEX,), repr=False)
    certificate: Path | None = None
    client_certificate: Path | None = None
    proxy: str | None = field(default=None, repr=False)
    trusted_hosts: tuple[str, ...] = ()

    @classmethod
    def configured(cls, indexes: Indexes) -> Self:
        """Return what the user has configured for an installer, in the order in which the indexes answer.

        Keyrings are not asked, folders of files not read.
        """
        first = DEFAULT_INDEX if indexes.index is None else indexes.index.value
        return cls(
            urls=() if indexes.no_index else (*(said.value for said in indexes.extra), first),
            certificate=None if indexes.certificate is None else Path(indexes.certificate.value).expanduser(),
            client_certificate=(
                None if indexes.client_certificate is None else Path(indexes.client_certificate.value).expanduser()
            ),
            proxy=None if indexes.proxy is None else indexes.proxy.value,
            trusted_hosts=tuple(said.value for said in indexes.trusted_hosts),
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much is waited for: times in seconds, sizes in bytes of the unpacked body.

    `connect` and `silence` bound each wait of one request, `total` bounds all that is asked in one call, however
    slowly it moves. The largest pages of public indexes have about 20 MB of JSON; HTML takes longer to read.
    """

    connect: float = 5.0
    silence: float = 7.0
    total: float = 9.0
    json: int = 32_000_000
    html: int = 8_000_000


class Standing(StrEnum):
    """A project's status marker (PEP 792)."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    QUARANTINED = "quarantined"
    DEPRECATED = "deprecated"


@dataclass(frozen=True, slots=True)
class Published:
    """One file of a project's page.

    All text is the index's own: show it by `text.printable`. `uploaded` is `None` where the index does not say, so
    are `size` (bytes) and `sha256` (lower-case hexadecimal). `yanked` is the reason (PEP 592), empty where there is
    none.
    """

    name: str
    url: str
    version: str
    is_wheel: bool
    sha256: str | None
    size: int | None
    uploaded: datetime | None
    requires_python: str | None
    yanked: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """What one index says about a project. `index` is its address without credentials."""

    project: ProjectName
    index: str
    standing: Standing
    files: tuple[Published, ...]


class Problem(StrEnum):
    """Why an index gave no page."""

    NOT_FOUND = "does not have it"
    OFFLINE = "cannot be reached"
    STALLED = "does not answer in time"
    CUT_OFF = "breaks off"
    NOT_ALLOWED = "wants a user name and password"
    NOT_TRUSTED = "has a certificate that is not trusted"
    UNWELL = "answers with an error"
    TOO_LARGE = "answers with far too much"
    GARBAGE = "answers with what is not an index's page"
    BAD_ADDRESS = "has an address that cannot be asked"


@dataclass(frozen=True, slots=True)
class NoPage:
    """An index that gave no page, and why. `details` is for those who ask: without credentials, yet not escaped."""

    project: ProjectName
    index: str
    problem: Problem
    details: str = ""
