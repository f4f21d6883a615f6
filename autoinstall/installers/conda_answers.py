"""What conda and mamba answer, read: their actions, their errors told apart by fields, their records."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from autoinstall.command import Finished
from autoinstall.environment.conda_meta import Linked, from_file_name
from autoinstall.errors import BadCondaNameError
from autoinstall.installers import refusals
from autoinstall.names import CondaName, conda_name
from autoinstall.plan import File, Obstacle, Refusal
from autoinstall.text import redacted

_NOT_FOUND = ("PackagesNotFoundError", "PackagesNotFoundInChannelsError", "ResolvePackageNotFound")
"""The second is conda's from 26.3 on, for what the channels lack."""

_UNSATISFIABLE = (
    "LibMambaUnsatisfiableError",
    "RattlerUnsatisfiableError",
    "RequestedAndPinnedError",
    "SpecsConfigurationConflictError",
    "UnsatisfiableError",
)
_OFFLINE = ("CondaSSLError", "OfflineError", "ProxyError")
_NOT_WRITABLE = ("EnvironmentIsFrozenError", "EnvironmentNotWritableError", "NotWritableError")
_CLOBBERS = (
    "ClobberError",
    "KnownPackageClobberError",
    "SharedLinkPathClobberError",
    "UnknownPackageClobberError",
)
_SWAPPED = ("ChecksumMismatchError",)

# curl's own numbers: no proxy, no host, no connection, a timeout, no TLS, nothing sent, nothing received.
_UNREACHABLE = frozenset({5, 6, 7, 28, 35, 52, 55, 56})

# Seconds of the year 9999: what is larger counts milliseconds, as channels do.
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Record:
    """One package as conda or mamba tells of it; `file` is `None` where conda says no more than that it has it."""

    linked: Linked
    file: File | None
    depends: tuple[CondaName, ...] = ()


@dataclass(frozen=True, slots=True)
class Actions:
    """What would be done, or was: packages put in and taken out."""

    link: tuple[Record, ...] = ()
    unlink: tuple[Linked, ...] = ()


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The solver found nothing; `said` is its own word for it."""

    said: str


def read(finished: Finished, tool: str) -> Actions | NoAnswer | Refusal:
    """Return what came of a command that was to change an environment, or to say how it would."""
    answer = last_object(finished.output)
    if finished.status == 0:
        actions = answer.get("actions") or {}
        # conda has been known to give a list with the actions of each prefix; there is only one here.
        first = actions[0] if isinstance(actions, list) and actions else actions
        return _actions(first) if isinstance(first, dict) else refusals.tool_failed(finished, tool)
    return _no(answer, finished, tool)


def has_any(finished: Finished, name: CondaName) -> bool | None:
    """Return whether a search has found anything under a name; `None` where it came to no answer."""
    answer = last_object(finished.output)
    found = answer.get(name)
    result = answer.get("result")
    if isinstance(result, dict):  # mamba
        found = result.get("pkgs")
    if isinstance(found, list):
        return bool(found)
    if answer.get("exception_name") in _NOT_FOUND:
        return False
    # Nothing under that name is an empty object in some versions of conda.
    return False if finished.status == 0 and not answer else None


def caches(finished: Finished) -> tuple[str, ...]:
    """Return the folders that packages are downloaded into, as `info` tells them."""
    answer = last_object(finished.output)
    said = answer.get("pkgs_dirs") or answer.get("package cache")  # conda's word, mamba's word
    return tuple(str(each) for each in said) if isinstance(said, list) else ()


def record(raw: Mapping[str, object]) -> Record | None:
    """Return a package that one of them, or a cache's `repodata_record.json`, tells of; `None` where that is none."""
    build = raw.get("build") or raw.get("build_string")
    try:
        linked = Linked(conda_name(str(raw.get("name"))), str(raw["version"]), str(build))
    except (BadCondaNameError, KeyError):
        return None
    return Record(linked, _file(raw), tuple(_depends(raw.get("depends"))))


def last_object(output: str) -> Mapping[str, object]:
    """Return the last JSON object of an output; an empty one where there is none.

    conda writes its progress as objects of their own before, each ended by a NUL.
    """
    found: Mapping[str, object] = {}
    decoder = json.JSONDecoder()
    at = output.find("{")
    while at != -1:
        try:
            raw, end = decoder.raw_decode(output, at)
        except ValueError:
            end = at + 1  # a brace in somebody's warning
        else:
            found = raw if isinstance(raw, dict) else found
        at = output.find("{", end)
    return found


def _actions(raw: Mapping[str, object]) -> Actions:
    fetched = {one.linked: one for one in _records(raw.get("FETCH")) if one.file is not None}
    link = tuple(fetched.get(one.linked, one) for one in _records(raw.get("LINK")))
    return Actions(link, tuple(one.linked for one in _records(raw.get("UNLINK"))))


def _records(raw: object) -> Iterator[Record]:
    for each in raw if isinstance(raw, list) else ():
        if isinstance(each, dict) and (one := record(each)) is not None:
            yield one


def _file(raw: Mapping[str, object]) -> File | None:
    url, sha256, size = raw.get("url"), raw.get("sha256"), raw.get("size")
    if not isinstance(url, str) or not isinstance(sha256, str) or re.fullmatch(r"[0-9a-f]{64}", sha256) is None:
        return None
    folder, _, name = url.rpartition("/")
    if from_file_name(name) is None:
        return None
    return File(
        name=name,
        url=url,
        sha256=sha256,
        size=size if isinstance(size, int) and size > 0 else None,
        uploaded=_moment(raw.get("timestamp")),
        index=_shown(folder.rpartition("/")[0]),
    )


def _moment(raw: object) -> datetime | None:
    if not isinstance(raw, int | float) or raw <= 0:
        return None
    return datetime.fromtimestamp(raw / 1000 if raw > _LAST_SECOND else raw, UTC)


def _depends(raw: object) -> Iterator[CondaName]:
    for each in raw if isinstance(raw, list) else ():
        try:
            yield conda_name(re.split(r"[ =<>!~\[]", str(each).rpartition("::")[2].strip(), maxsplit=1)[0])
        except BadCondaNameError:
            continue


def _no(answer: Mapping[str, object], finished: Finished, tool: str) -> NoAnswer | Refusal:
    if (refusal := refusals.of_ending(finished, tool)) is not None:
        return refusal
    problems = answer.get("solver_problems")
    if isinstance(problems, list):
        return NoAnswer("\n".join(str(each) for each in problems))
    name, said = str(answer.get("exception_name", "")), str(answer.get("message", ""))
    if name in (*_NOT_FOUND, *_UNSATISFIABLE):
        return NoAnswer(said)
    return _refusal(name, answer, finished, tool)


def _refusal(name: str, answer: Mapping[str, object], finished: Finished, tool: str) -> Refusal:
    if name == "CondaMultiError":
        name = next((each for each in _names_within(answer.get("errors")) if each), name)
    said = str(answer.get("message") or finished.errors)
    unreachable = {int(number) for number in re.findall(r"Download error \((\d+)\)", finished.errors)} & _UNREACHABLE
    where = _shown(str(answer.get("url") or ""))
    told = Finished(finished.status, finished.output, said, finished.ending)
    if name in _OFFLINE or (name == "CondaHTTPError" and not answer.get("status_code")) or unreachable:
        return refusals.offline(where, told)
    if name == "CondaHTTPError":
        return refusals.index_failed(where, "answered with an error: try again later", told)
    if name in _SWAPPED:
        return refusals.index_failed("", "gave another file than the one that was shown: nothing was installed", told)
    if name in _CLOBBERS:
        sentence = "not installed, since it would overwrite a file that is there; nothing was changed"
        return Refusal(Obstacle.UNSAFE, sentence, refusals.details(told))
    if name in _NOT_WRITABLE:
        sentence = f"{tool} may not change this environment: make one of your own."
        return Refusal(Obstacle.NOT_WRITABLE, sentence, refusals.details(told))
    if name == "NoSpaceLeftError":
        return Refusal(Obstacle.DISK_FULL, "not installed, since no space is left", refusals.details(told))
    return refusals.tool_failed(told, tool)


def _names_within(raw: object) -> Sequence[str]:
    within = raw if isinstance(raw, list) else ()
    return [str(each.get("exception_name", "")) for each in within if isinstance(each, dict)]


def _shown(url: str) -> str:
    """Return a channel's URL without passwords, and without the token that conda writes into the path."""
    return re.sub(r"/t/[^/]+", "", redacted(url))
