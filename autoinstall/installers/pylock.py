"""Locks as uv writes and reads them: pylock.toml (PEP 751), and the annotations of its requirements."""

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from autoinstall.environment import Installed
from autoinstall.errors import AutoinstallError, BadProjectNameError
from autoinstall.installers.question import Lock, Locked, Reason
from autoinstall.names import ProjectName, is_project_name, project_name
from autoinstall.plan import File, Item


class BadLockError(AutoinstallError, ValueError):
    """A text that is no lock, or names a wheel without a hash."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)

    def __str__(self) -> str:
        """Say what is wrong with it."""
        return f"the resolver's answer cannot be used: {self.problem}"


def read_pylock(text: str, passed_over: Iterable[ProjectName] = (), built: Collection[ProjectName] = ()) -> Lock:
    """Return what a pylock.toml tells of, without the projects in `passed_over`; source code counts for `built`.

    Raises `BadLockError` where the text is not one, or a wheel has no sha256.
    """
    hidden = frozenset(passed_over)
    wheels, sourced = [], []
    try:
        for package in tomllib.loads(text).get("packages", ()):
            project = project_name(package["name"])
            if project in hidden:
                continue
            if package.get("wheels"):
                wheels.append(Locked(project, package["version"], _file(package["wheels"][0])))
            elif project in built and "sdist" in package:
                wheels.append(Locked(project, package["version"], _file(package["sdist"])))
            else:
                sourced.append(project)
    except (tomllib.TOMLDecodeError, BadProjectNameError, KeyError, TypeError, AttributeError, ValueError) as problem:
        raise BadLockError(f"{type(problem).__name__}: {problem}") from problem
    return Lock(tuple(wheels), tuple(sourced))


def _file(wheel: Mapping[str, object]) -> File:
    url, path, size, uploaded = (wheel.get(key) for key in ("url", "path", "size", "upload-time"))
    hashes = wheel.get("hashes")
    sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
    if not isinstance(sha256, str) or re.fullmatch("[0-9a-f]{64}", sha256) is None:
        raise BadLockError("the index gives no sha256 for a file")
    if not isinstance(url, str):
        url = Path(str(path)).resolve().as_uri()  # a folder of wheels (find-links)
    name = wheel.get("name")
    if isinstance(uploaded, datetime) and uploaded.tzinfo is None:
        uploaded = uploaded.replace(tzinfo=UTC)
    return File(
        name=name if isinstance(name, str) else unquote(urlsplit(url).path).rpartition("/")[2],
        url=url,
        sha256=sha256,
        size=size if isinstance(size, int) else None,
        uploaded=uploaded if isinstance(uploaded, datetime) else None,
    )


# `numpy==2.4.1  # via pandas, -r wanted.txt`, or the folder that stands for something installed in place of the name.
_PIN = re.compile(r"(?P<what>\S+?)(?:==\S+)?(?:\s+@\s+\S+)?\s+# via (?P<via>.+)")
_FROM = re.compile(r"\s+# from (?P<index>\S+)")


def read_reasons(text: str) -> dict[ProjectName, Reason]:
    """Return what `uv pip compile --annotation-style line --emit-index-annotation` says of each project.

    What stands for an installed distribution is named by the last part of its path. Lines that say nothing of the
    kind are passed over: people need the answer, the install does not.
    """
    found: dict[ProjectName, Reason] = {}
    last: ProjectName | None = None
    for line in text.splitlines():
        if pin := _PIN.fullmatch(line):
            last = _name(re.split(r"[/\\]", pin["what"])[-1])
            if last is not None:
                needed_by = [_name(who.strip()) for who in pin["via"].split(",")]
                found[last] = Reason(tuple(who for who in needed_by if who is not None))
        elif said := _FROM.fullmatch(line):
            if last is not None:
                found[last] = Reason(found[last].needed_by, said["index"])
        else:
            last = None
    return found


def _name(text: str) -> ProjectName | None:
    return project_name(text) if is_project_name(text) else None  # `-r wanted.txt` is the user's own wish


def write_pylock(items: Iterable[Item], python_version: str) -> str:
    """Return the pylock.toml that installs exactly these files.

    Each entry names its index: uv looks for a wheel in the part of its cache that belongs to the index, and downloads
    a cached one once more where it is not told.
    """
    lines = ['lock-version = "1.0"', 'created-by = "autoinstall"', f"requires-python = {toml(f'>={python_version}')}"]
    for item in items:
        file = item.file
        lines += ["", "[[packages]]", f"name = {toml(item.project)}", f"version = {toml(item.version)}"]
        if file.index:
            lines.append(f"index = {toml(file.index)}")
        wheel: dict[str, object] = {"name": file.name, "url": file.url}
        if file.size is not None:
            wheel["size"] = file.size
        wheel["hashes"] = {"sha256": file.sha256}
        lines.append(f"wheels = {toml([wheel])}" if file.name.endswith(".whl") else f"sdist = {toml(wheel)}")
    return "\n".join(lines) + "\n"


def write_versions(these: Iterable[Installed]) -> str:
    """Return a pylock.toml that tells versions and no files: enough for uv to prefer them, and for nothing else."""
    lines = ['lock-version = "1.0"', 'created-by = "autoinstall"']
    for one in these:
        lines += ["", "[[packages]]", f"name = {toml(one.project)}", f"version = {toml(one.version)}"]
    return "\n".join(lines) + "\n"


def toml(value: object) -> str:
    """Return a value as TOML writes it inline. Raises `TypeError` for what has no counterpart here."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            # JSON's escapes are TOML's; only DEL may stand in JSON and not in TOML.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return "[" + ", ".join(toml(entry) for entry in value) + "]"
        case Mapping():
            return "{ " + ", ".join(f"{toml(str(key))} = {toml(entry)}" for key, entry in value.items()) + " }"
        case _:
            raise TypeError(f"no TOML for {type(value).__name__}")
