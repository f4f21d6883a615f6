"""A `conda`-shaped command over py-rattler: it solves, links and keeps `conda-meta` for real.

Its arguments, JSON and exit statuses are those of conda 26 and of mamba 2, as far as autoinstall uses them. The
facts:

- conda's `install --json --dry-run` answers `{"actions": {"FETCH", "LINK", "UNLINK", "PREFIX"}, "dry_run",
  "prefix", "success"}` with status 0; `FETCH` has whole records, and only of what is not in the package cache;
  `LINK` and `UNLINK` have `base_url`, `build_number`, `build_string`, `channel`, `dist_name`, `name`,
  `platform`, `version` (conda: `handle_txn` in cli/install.py, `dist_fields_dump` in models/records.py).
  Nothing to do: a `message`, no actions.
- conda's errors are `{"exception_name", "exception_type", "message", "error", "caused_by"}` and the exception's
  own fields, with status 1: `PackagesNotFoundInChannelsError` (from 26.3 on; `packages`, `channel_urls`),
  `LibMambaUnsatisfiableError`, `CondaHTTPError` (`status_code` null where there was no answer),
  `ChecksumMismatchError`, `PackagesNotFoundError` of what a prefix lacks; several at once `CondaMultiError`
  with `errors` (conda: exceptions.py, conda-libmamba-solver: exceptions.py).
- conda installs a file that begins with `@EXPLICIT` without solving, hashes written `#md5` or `#sha256` (conda:
  misc.py); it prints no JSON of actions then. With `CONDA_PATH_CONFLICT=prevent` nothing that is there is
  overwritten.
- mamba's `FETCH`, `LINK` and `UNLINK` all have whole records (libmamba: `MTransaction::log_json`); no solution
  is `{"success": false, "solver_problems": [...]}` with status 1, for what is not in the channels too
  (api/install.cpp); an unreachable channel is told on standard error only, with curl's number, and status 1.
- `remove` takes along what depends on what is removed, both of them; mamba also what nothing needs any more,
  unless `--no-prune-deps` (micromamba: remove.cpp). `search --json NAME`: conda `{NAME: [...]}` or an error,
  mamba `{"result": {"pkgs": [...]}}`. `info --json`: the package caches are `pkgs_dirs` (conda) or `package
  cache` (mamba).

Which of the two it is stands in the first argument; channels come from the file that `CONDARC` names, the
package cache from `CONDA_PKGS_DIRS`. Every command line is added to `STAND_IN_LOG`, where that is set.

"""

import argparse
import asyncio
import hashlib
import json
import os
import re
import sys
import tarfile
import tempfile
import traceback
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from rattler import Channel, MatchSpec, PackageRecord, PrefixRecord, RepoDataRecord, SparseRepoData, install
from rattler import solve_with_sparse_repodata as solve
from rattler.exceptions import SolverError

Json = dict[str, Any]  # Any: JSON


class Failed(Exception):  # noqa: N818 - it is an answer
    """The command ends with status 1 and this answer, and this on standard error."""

    def __init__(self, answer: Json | None, errors: str = "") -> None:
        super().__init__(errors)
        self.answer = answer
        self.errors = errors


class StandIn:
    """One run of the command in one dialect."""

    def __init__(self, dialect: str, arguments: argparse.Namespace) -> None:
        self.is_conda = dialect == "conda"
        self.arguments = arguments
        self.prefix = Path(arguments.prefix or ".")
        self.cache = Path(os.environ["CONDA_PKGS_DIRS"])
        lines = Path(os.environ["CONDARC"]).read_text(encoding="utf-8").splitlines()
        self.channels = [line.strip()[2:] for line in lines if line.strip().startswith("- ")]

    def info(self) -> Json:
        key = "pkgs_dirs" if self.is_conda else "package cache"
        return {key: [str(self.cache)]}

    def search(self) -> Json:
        [name] = self.arguments.specs
        records = [
            {"name": name, "version": str(one.version)} for one in self._listed() if one.name.normalized == name
        ]
        if not self.is_conda:
            return {"query": {"query": name, "type": "search"}, "result": {"pkgs": records, "status": "OK"}}
        if not records:
            raise self._error("PackagesNotFoundInChannelsError", f"{name} is not available", packages=[name])
        return {name: records}

    def install(self) -> Json:
        specs = list(self.arguments.specs)
        for file in self.arguments.file:
            specs += Path(file).read_text(encoding="utf-8").split()
        if "@EXPLICIT" in specs:
            return self._explicit([spec for spec in specs if spec != "@EXPLICIT"])
        there = self._there()
        solution = self._solved(specs, there)
        link = [one for one in solution if not any(_same(one, other) for other in there)]
        unlink = [one for one in there if not any(_same(one, other) for other in solution)]
        if not self.arguments.dry_run:
            self._link(solution)
        if not link and not unlink and self.is_conda:
            return {"message": "All requested packages already installed.", "success": True}
        return self._actions(link, unlink)

    def remove(self) -> Json:
        there = self._there()
        wanted = [MatchSpec(spec) for spec in self.arguments.specs]
        going = {one.name.normalized for one in there if any(spec.matches(one) for spec in wanted)}
        if len(going) < len(wanted):
            raise self._error("PackagesNotFoundError", "missing from the target environment", packages=[])
        while more := {
            one.name.normalized
            for one in there
            if one.name.normalized not in going and any(spec.split()[0] in going for spec in one.depends)
        }:
            going |= more
        if not self.is_conda and not self.arguments.no_prune_deps:
            needed = {spec.split()[0] for one in there if one.name.normalized not in going for spec in one.depends}
            going |= {one.name.normalized for one in there} - needed - {"python"}
        unlink = [one for one in there if one.name.normalized in going]
        if not self.arguments.dry_run:
            self._link([one for one in there if one.name.normalized not in going])
        return self._actions([], unlink)

    def _explicit(self, lines: Sequence[str]) -> Json:
        new = [self._fetched(line) for line in lines]
        names = {one.name.normalized for one in new}
        self._link([*(one for one in self._there() if one.name.normalized not in names), *new])
        return {} if self.is_conda else self._actions(new, [])

    def _fetched(self, line: str) -> RepoDataRecord:
        url, _, sha256 = line.partition("#")
        content = self._read(url)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise self._error("ChecksumMismatchError", f"Conda detected a mismatch of {url}", url=url)
        folder, _, name = url.rpartition("/")
        with tempfile.TemporaryDirectory() as unpacked:
            file = Path(unpacked, name)
            file.write_bytes(content)
            with tarfile.open(file) as archive:
                archive.extractall(unpacked, filter="data")
            paths = json.loads(Path(unpacked, "info", "paths.json").read_text(encoding="utf-8"))["paths"]
            if self.is_conda and os.environ.get("CONDA_PATH_CONFLICT") == "prevent":
                self._look_for_conflicts([str(path["_path"]) for path in paths])
            index = Path(unpacked, "info", "index.json")
            record = PackageRecord.from_index_json(index, size=len(content), sha256=sha256)
        one = RepoDataRecord(record, file_name=name, url=url, channel=folder.rpartition("/")[0])
        # py-rattler's own cache has folders of other names than conda's.
        extracted = self.cache / _stem(one) / "info"
        extracted.mkdir(parents=True, exist_ok=True)
        (extracted / "repodata_record.json").write_text(json.dumps(self._in_full(one)), encoding="utf-8")
        return one

    def _look_for_conflicts(self, paths: Sequence[str]) -> None:
        [site] = self.prefix.glob("lib/python3*")
        for path in paths:
            place = site / path if path.startswith("site-packages/") else self.prefix / path
            if os.path.lexists(place):
                error = self._error("UnknownPackageClobberError", f"The package attempts to create {place}").answer
                told = {
                    "exception_name": "CondaMultiError",
                    "error": "Multiple Errors Encountered.",
                    "errors": [error],
                }
                raise Failed(told)

    def _solved(self, specs: Sequence[str], there: Sequence[PrefixRecord]) -> list[RepoDataRecord]:
        known = self._listed()
        wanted = [MatchSpec(spec) for spec in specs]
        lacking = [str(spec) for spec in wanted if not any(spec.matches(one) for one in [*known, *there])]
        if lacking and self.is_conda:
            message = f"The following packages are not available from current channels: {lacking}"
            raise self._error(
                "PackagesNotFoundInChannelsError", message, packages=lacking, channel_urls=self.channels
            )
        kept = [one.name.normalized for one in there]
        try:
            return asyncio.run(solve([*wanted, *kept], self._repodata, locked_packages=list(there)))
        except SolverError as problem:
            if self.is_conda:
                raise self._error("LibMambaUnsatisfiableError", str(problem)) from problem
            errors = "critical libmamba Could not solve for environment specs"
            raise Failed({"success": False, "solver_problems": [str(problem)]}, errors) from problem

    def _listed(self) -> list[RepoDataRecord]:
        folder = Path(tempfile.mkdtemp())
        self._repodata = []
        found: list[RepoDataRecord] = []
        for number, channel in enumerate(self.channels):
            file = folder / f"{number}.json"
            file.write_bytes(self._read(f"{channel}/noarch/repodata.json"))
            repodata = SparseRepoData(Channel(channel), "noarch", file)
            self._repodata.append(repodata)
            for name in repodata.package_names():
                found += repodata.load_records(name)
        return found

    def _read(self, url: str) -> bytes:
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:  # 127.0.0.1 only
                content: bytes = answer.read()
        except urllib.error.HTTPError as problem:
            raise self._unread(url, problem.code) from problem
        except OSError as problem:
            raise self._unread(url, None) from problem
        return content

    def _unread(self, url: str, status: int | None) -> Failed:
        if self.is_conda:
            message = f"HTTP {status or '000 CONNECTION FAILED'} for url <{url}>"
            return self._error("CondaHTTPError", message, url=url, status_code=status)
        number, what = (22, "HTTP response code said error") if status else (7, "Could not connect to server")
        return Failed(None, f"error    libmamba Download error ({number}) {what} [{url}]\ncritical libmamba Aborted.")

    def _there(self) -> list[PrefixRecord]:
        return [PrefixRecord.from_path(path) for path in sorted((self.prefix / "conda-meta").glob("*.json"))]

    def _link(self, records: Sequence[RepoDataRecord]) -> None:
        asyncio.run(install(list(records), self.prefix, cache_dir=self.cache, show_progress=False))
        with (self.prefix / "conda-meta" / "history").open("a", encoding="utf-8") as history:
            history.write(f"# cmd: {' '.join(sys.argv)}\n")

    def _actions(self, link: Sequence[RepoDataRecord], unlink: Sequence[PrefixRecord]) -> Json:
        told = self._in_short if self.is_conda else self._in_full
        actions: Json = {"PREFIX": str(self.prefix)}
        groups = {
            "FETCH": [self._in_full(one) for one in link if not self._cached(one)],
            "LINK": [told(one) for one in link],
            "UNLINK": [told(one) for one in unlink],
        }
        actions |= {name: group for name, group in groups.items() if group}
        return {"actions": actions, "prefix": str(self.prefix), "success": True} | (
            {"dry_run": True} if self.arguments.dry_run else {}
        )

    def _cached(self, one: RepoDataRecord) -> bool:
        return (self.cache / _stem(one) / "info" / "repodata_record.json").exists()

    def _in_full(self, one: RepoDataRecord) -> Json:
        raw: Json = json.loads(one.to_json())
        raw |= {"url": one.url, "fn": one.file_name, "channel": one.channel, "build_string": str(raw["build"])}
        return raw

    def _in_short(self, one: RepoDataRecord) -> Json:
        return {
            "base_url": one.channel,
            "build_number": one.build_number,
            "build_string": str(one.build),
            "channel": str(one.channel).rpartition("/")[2],
            "dist_name": _stem(one),
            "name": one.name.normalized,
            "platform": one.subdir,
            "version": str(one.version),
        }

    def _error(self, name: str, message: str, **more: object) -> Failed:
        kind = f"<class 'conda.exceptions.{name}'>"
        told = {"caused_by": "None", "error": f"{name}: {message}", "exception_name": name, "exception_type": kind}
        if not self.is_conda:
            return Failed(None, f"critical libmamba {message}")
        return Failed({**told, "message": message, **more})


def _stem(one: RepoDataRecord) -> str:
    return re.sub(r"(\.conda|\.tar\.bz2)$", "", str(one.file_name))


def _same(one: RepoDataRecord, other: RepoDataRecord) -> bool:
    return (one.name.normalized, str(one.version), str(one.build)) == (
        other.name.normalized,
        str(other.version),
        str(other.build),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("install", "remove", "search", "info"):
        command = commands.add_parser(name)
        command.add_argument("specs", nargs="*")
        command.add_argument("--json", action="store_true", required=True)
        command.add_argument("--prefix")
        if name in ("install", "remove"):
            command.add_argument("--yes", action="store_true", required=True)
            command.add_argument("--dry-run", action="store_true")
            command.add_argument("--offline", action="store_true")
        if name == "install":
            command.add_argument("--file", action="append", default=[])
        if name == "remove":
            command.add_argument("--no-prune-deps", action="store_true")
    return parser


def main() -> NoReturn:
    """Carry out the command; end at once, since py-rattler 0.28 can crash at exit."""
    status = 0
    arguments = _parser().parse_args(sys.argv[2:])
    if (log := os.environ.get("STAND_IN_LOG")) is not None:
        with Path(log).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(sys.argv[1:]) + "\n")
    try:
        answer: Json | None = getattr(StandIn(sys.argv[1], arguments), arguments.command)()
    except Failed as failed:
        status, answer = 1, failed.answer
        sys.stderr.write(failed.errors)
    except Exception:  # noqa: BLE001 - the border of a program
        status, answer = 3, None
        traceback.print_exc()
    if answer is not None:
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
