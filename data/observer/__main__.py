"""The command: `python -m data.observer LIST --state FILE`."""

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TextIO

from pypi_simple import PYPI_SIMPLE_ENDPOINT

from autoinstall.errors import BadProjectNameError
from autoinstall.names import ImportName, ProjectName, project_name
from autoinstall.text import printable, size_as_text
from data.observer.client import Client
from data.observer.crawl import crawl
from data.observer.errors import BadListError, ObserverError
from data.observer.observe import MOST_BYTES, MOST_SECONDS, Ending, Observation, observe
from data.observer.state import State, facts

WORKERS = 8
EVIDENCE = "w"
"""The letter for "a wheel that we opened" in `data/facts`."""

DONE, SOME_FAILED, WRONG_USAGE, STOPPED, INTERRUPTED = 0, 1, 2, 3, 130

_DATE_COLUMNS = ("project", "since")
_COLUMNS = ("import_name", "project", "evidence")
_REASONS_SHOWN = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        projects = _read_list(options.list)
        with State(options.state, options.index_url) as state:
            return _run(options, projects, state)
    except (ObserverError, OSError) as error:
        print(f"observer: {error}", file=sys.stderr)
        return WRONG_USAGE
    except KeyboardInterrupt:
        print("observer: interrupted; what is done is kept, and the same command goes on", file=sys.stderr)
        return INTERRUPTED


def _run(options: argparse.Namespace, projects: list[ProjectName], state: State) -> int:
    client = Client(options.contact, options.max_requests, options.backoff)
    todo = [project for project in projects if not state.has(project)]
    one = partial(observe, client, options.index_url, most_bytes=options.max_bytes, most_seconds=options.max_seconds)
    stopped = crawl(client, todo, one, state.add, options.workers)
    found = facts(state.observations(), set(projects))
    if options.into is not None:
        _merge(options.into, found)
    else:
        _print(found, as_json=options.json, out=sys.stdout)
    if options.dates is not None:
        wanted = set(projects)
        _merge_dates(options.dates, [one for one in state.observations() if one.project in wanted])
    _summarise(client, projects, todo, state, stopped)
    if stopped is not None:
        return STOPPED
    return SOME_FAILED if any(not state.has(project) for project in projects) else DONE


def _read_list(path: str) -> list[ProjectName]:
    """Return the projects listed, each once, in order; blank lines and what follows `#` do not count."""
    content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    projects: dict[ProjectName, None] = {}
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        if text := line.partition("#")[0].strip():
            try:
                projects[project_name(text)] = None
            except BadProjectNameError as error:
                raise BadListError(number, text) from error
    return list(projects)


def _print(found: Iterable[tuple[ImportName, Observation]], *, as_json: bool, out: TextIO) -> None:
    if not as_json:
        print(*_COLUMNS, sep="\t", file=out)
    for name, observation in found:
        if as_json:
            row = dict(zip(_COLUMNS, (name, observation.project, EVIDENCE), strict=True))
            print(json.dumps(row | {"source": observation.source, "wheel": observation.wheel}), file=out)
        else:
            print(name, observation.project, EVIDENCE, sep="\t", file=out)


def _merge(path: Path, found: list[tuple[ImportName, Observation]]) -> None:
    """Replace in a facts file the rows of the projects that facts were found for; others stay."""
    fresh = {observation.project for _, observation in found}
    rows = {(str(name), str(observation.project), EVIDENCE) for name, observation in found}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            known = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
            rows |= {tuple(row[column] for column in _COLUMNS) for row in known if row["project"] not in fresh}  # type: ignore[misc] # three columns, three parts
    _replace(path, _COLUMNS, rows)


def _merge_dates(path: Path, observations: Iterable[Observation]) -> None:
    """Add to a file of dates the months of projects' oldest files; what is there stays where it is older."""
    oldest: dict[str, str] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True):
                oldest[row["project"]] = row["since"]
    for observation in observations:
        if observation.since is not None:
            known = oldest.get(observation.project, observation.since)
            oldest[observation.project] = min(known, observation.since)
    _replace(path, _DATE_COLUMNS, oldest.items())


def _replace(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    beside = path.with_name(path.name + ".new")
    beside.write_text(
        "".join("\t".join(row) + "\n" for row in (columns, *sorted(rows))), encoding="utf-8", newline="\n"
    )
    beside.replace(path)


def _summarise(
    client: Client, projects: list[ProjectName], todo: list[ProjectName], state: State, stopped: str | None
) -> None:
    endings = Counter(state.endings.get(project) for project in projects)
    told = ", ".join(f"{endings[ending]} {ending}" for ending in Ending)
    before = len(projects) - len(todo)
    lines = [
        f"{len(projects)} projects: {told}, {endings[None]} not asked for; {before} were done before this run",
        f"{client.totals.requests} requests, {client.totals.received} bytes ({size_as_text(client.totals.received)})",
    ]
    why = Counter(
        (observation.ending, observation.reason)
        for observation in {observation.project: observation for observation in state.observations()}.values()
        if observation.ending in {Ending.REFUSED, Ending.FAILED}
    )
    lines += [
        f"{ending}, {count} times: {printable(reason or '')}"
        for (ending, reason), count in why.most_common(_REASONS_SHOWN)
    ]
    if stopped is not None:
        lines.append(f"stopped: {stopped}; what is done is kept, and the same command goes on from there")
    elif endings[Ending.FAILED]:
        lines.append("the same command asks again for those that failed")
    for line in lines:
        print(f"observer: {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m data.observer", description=__doc__)
    parser.add_argument("list", help="a file of project names, one a line, or - for standard input")
    parser.add_argument("--state", type=Path, required=True, help="where to write down what is done, and go on from")
    parser.add_argument("--index-url", default=PYPI_SIMPLE_ENDPOINT, help="a simple index (default: pypi-simple's)")
    parser.add_argument("--json", action="store_true", help="print facts as JSON, one a line, instead of columns")
    parser.add_argument("--into", type=Path, help="merge the facts into this facts file instead of printing them")
    parser.add_argument("--dates", type=Path, help="merge the months of the projects' oldest files into this file")
    parser.add_argument(
        "--workers", type=_positive, default=WORKERS, help="projects at a time (default: %(default)s)"
    )
    parser.add_argument("--max-requests", type=_positive, help="stop after so many requests")
    parser.add_argument(
        "--max-bytes", type=_positive, default=MOST_BYTES, help="bytes a project may cost (default: %(default)s)"
    )
    parser.add_argument(
        "--max-seconds", type=float, default=MOST_SECONDS, help="seconds a project may take (default: %(default)s)"
    )
    parser.add_argument("--backoff", type=float, default=1.0, help="seconds, the mean first wait before a retry")
    parser.add_argument("--contact", help="an address for the index's operators, sent in the User-Agent")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
