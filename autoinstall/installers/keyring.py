"""The passwords that the user's keyring has for the indexes, for what is asked of them besides planning by a tool."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import SplitResult, quote, unquote, urlsplit

from autoinstall.command import Command, Steps
from autoinstall.environment import Environment
from autoinstall.environment.indexes import Indexes, Said

_LIMIT = 30.0
"""In seconds: a keyring that is locked asks its owner to unlock it, in a window of its own."""


def unlocked(indexes: Indexes, environment: Environment, variables: Mapping[str, str]) -> Steps[Indexes]:
    """Return the indexes, with passwords from the keyring where the user has told pip or uv to use one.

    Asks as pip does: by the whole address, then by the host, for the user that the address names, if any. An
    address that has a password, and one of which the keyring knows nothing, stay as they are. What is returned is to
    be held in memory only.
    """
    start = _start(indexes, environment, variables)
    if start is None:
        return indexes
    extra = []
    for said in indexes.extra:
        filled = yield from _with_password(said, start, variables)
        extra.append(filled)
    index = indexes.index
    if index is not None:
        index = yield from _with_password(index, start, variables)
    return replace(indexes, index=index, extra=tuple(extra))


def _start(indexes: Indexes, environment: Environment, variables: Mapping[str, str]) -> tuple[str, ...] | None:
    provider = None if indexes.keyring is None else indexes.keyring.value
    if provider == "import":
        return (str(environment.executable), "-P", "-m", "keyring")
    if provider == "subprocess" and (command := shutil.which("keyring", path=variables.get("PATH", ""))) is not None:
        return (command,)
    return None


def _with_password(said: Said, start: tuple[str, ...], variables: Mapping[str, str]) -> Steps[Said]:
    parts = urlsplit(said.value)
    if parts.scheme not in {"http", "https"} or parts.password is not None:
        return said
    host = parts.netloc.rpartition("@")[2]
    user = None if parts.username is None else unquote(parts.username)
    for arguments in _questions(parts, host, user):
        finished = yield Command((*start, *arguments), dict(variables), stall=_LIMIT, limit=_LIMIT, phase="keyring")
        found = _answer(finished.output, user) if finished.status == 0 else None
        if found is not None:
            netloc = f"{quote(found[0], safe='')}:{quote(found[1], safe='')}@{host}"
            return replace(said, value=parts._replace(netloc=netloc).geturl())
    return said


def _questions(parts: SplitResult, host: str, user: str | None) -> Iterator[tuple[str, ...]]:
    services = (parts._replace(netloc=host).geturl(), host)
    named = () if user is None else (user,)
    for service in services:
        yield ("--mode=creds", "--output=json", "get", service, *named)
    if user is not None:  # before keyring 25.2 there was no other question
        for service in services:
            yield ("get", service, user)


def _answer(output: str, user: str | None) -> tuple[str, str] | None:
    """Return user and password, of either form of the answer."""
    try:
        said = json.loads(output)
        name, password = said["username"], said["password"]
    except (ValueError, KeyError, TypeError):
        name, password = user, output.rstrip("\r\n")
    return (name, password) if isinstance(name, str) and isinstance(password, str) and password else None
