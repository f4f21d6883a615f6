"""The text files of `data/`, read: facts as others saw them, and rules as people wrote them."""

import csv
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent.parent


EMPTY = "-nspkg"
"""Azure's projects of this ending hold nothing but the file that makes a folder a namespace."""


class Settled(NamedTuple):
    """One row of a hand-made file: what was decided about a name, and why."""

    import_name: str
    project: str
    reason: str


class Namespace(NamedTuple):
    """A name that projects share, who owns it (empty: nobody), and how those in it are called.

    A rule names projects by `{*}`, the parts below the namespace, or `{1}`, any one of them; with `^` before it only
    the most downloaded projects count, so that nobody gets between an owner and its sub-modules by taking a name.
    """

    import_name: str
    owner: str
    rules: tuple[str, ...]


class Sources(NamedTuple):
    """All that the table is made of.

    `claims` maps import name to project to evidence letters; `downloads` are of 30 days and stand in the order of
    ranks, `retired` those of them that have given way to other projects, which no other field here knows.
    `conda` maps a project to its conda-forge name; `projects` are known from their own repositories alone; `since`
    maps a project to the month of its oldest file on the index; `evidence` are its letters' rows.
    """

    claims: dict[str, dict[str, str]]
    projects: frozenset[str]
    downloads: dict[str, int]
    retired: frozenset[str]
    conda: dict[str, str]
    settled: dict[str, Settled]
    choices: dict[str, list[Settled]]
    namespaces: dict[str, Namespace]
    generic: tuple[str, ...]
    known_words: frozenset[str]
    standard_library: frozenset[str]
    copy_marks: tuple[str, ...]
    bundlers: frozenset[str]
    advice: list[dict[str, str]]
    denied: list[dict[str, str]]
    since: dict[str, str]
    evidence: list[dict[str, str]]


def read(data: Path = DATA) -> Sources:
    """Read every file below `data`; a row that is short of a column raises `KeyError`, never passes."""
    rules = data / "rules"
    is_retired = _retired(rules / "retired.tsv")
    downloads = {row["project"]: int(row["downloads_30d"]) for row in rows(data / "facts" / "ranks.tsv")}
    choices: dict[str, list[Settled]] = {}
    for row in rows(rules / "choices.tsv"):
        choices.setdefault(row["import_name"], []).append(Settled(row["import_name"], row["project"], row["reason"]))
    return Sources(
        claims=_claims(data / "facts", is_retired),
        projects=frozenset(row["project"] for row in rows(data / "facts" / "repositories.tsv")),
        downloads=downloads,
        retired=frozenset(project for project in downloads if is_retired(project)),
        conda=_conda(data / "facts" / "conda.tsv", is_retired),
        settled={
            row["import_name"]: Settled(row["import_name"], row["project"], row["reason"])
            for row in rows(rules / "settled.tsv")
        },
        choices=choices,
        namespaces={
            row["import_name"]: Namespace(row["import_name"], row["owner"], tuple(row["rules"].split()))
            for row in rows(rules / "namespaces.tsv")
        },
        generic=tuple(row["pattern"] for row in rows(rules / "generic.tsv")),
        known_words=frozenset(row["import_name"] for row in rows(rules / "known_words.tsv")),
        standard_library=frozenset(row["import_name"] for row in rows(rules / "standard_library.tsv")),
        copy_marks=tuple(row["mark"] for row in rows(rules / "copy_marks.tsv")),
        bundlers=frozenset(row["project"] for row in rows(rules / "bundlers.tsv")),
        advice=[row for path in sorted((data / "advice").glob("*.tsv")) for row in rows(path)],
        denied=[row for path in sorted((data / "deny").glob("*.tsv")) for row in rows(path)],
        since={row["project"]: row["since"] for row in rows(data / "facts" / "since.tsv")},
        evidence=list(rows(data / "facts" / "evidence.tsv")),
    )


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a tab-separated file, or of one packed with xz, by the names in its first line."""
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)


def _retired(path: Path) -> Callable[[str], bool]:
    """Return what tells whether a project is one of those that have given way to others."""
    retired = [(row["project"].partition("{*}"), row["except"]) for row in rows(path)]

    def is_retired(project: str) -> bool:
        return any(
            project.startswith(head) and project.endswith(tail) and not (spared and project.endswith(spared))
            for (head, _, tail), spared in retired
        )

    return is_retired


def _claims(facts: Path, is_retired: Callable[[str], bool]) -> dict[str, dict[str, str]]:
    claims: dict[str, dict[str, str]] = {}
    for path in sorted((*facts.glob("crawl.tsv.xz"), facts / "observed.tsv", facts / "opened.tsv")):
        for row in rows(path):
            if row["project"].endswith(EMPTY) or is_retired(row["project"]):
                continue
            seen = claims.setdefault(row["import_name"], {})
            seen[row["project"]] = "".join(sorted({*seen.get(row["project"], ""), *row["evidence"]}))
    return claims


def _conda(path: Path, is_retired: Callable[[str], bool]) -> dict[str, str]:
    """Where conda-forge carries a project under several names, its own comes first, then the shortest."""
    names: dict[str, list[str]] = {}
    for row in rows(path):
        if not is_retired(row["project"]):
            names.setdefault(row["project"], []).append(row["conda_name"])
    return {
        project: min(known, key=lambda name, project=project: (name != project, len(name), name))  # type: ignore[misc] # mypy cannot see a default
        for project, known in names.items()
    }
