"""The whole way from the text files to the shipped table's lines and bytes."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from autoinstall.names import import_name, is_import_name, prefixes, project_name
from autoinstall.table import CRAWL, same_name
from data.builder import container
from data.builder.decide import OBSERVED, Decision, Rules
from data.builder.sources import DATA, Sources, read

MOST_POPULAR = 8000
"""How many names the search for a typo is given: the trusted ones among about as many projects."""

MOST_IMPORTS_SHOWN = 8


def build(data: Path = DATA) -> tuple[list[str], bytes]:
    """Return the table's lines, and its bytes; the same for the same files, whatever the machine."""
    sources = read(data)
    rules = Rules(sources)
    decisions = {name: rules.decide(name) for name in _names(sources, rules) if is_import_name(name)}
    lines = [*_name_lines(decisions, rules), *_project_lines(decisions, rules), *_reviewed_lines(sources)]
    return lines, container.pack(lines, _popular(decisions, rules))


def _names(sources: Sources, rules: Rules) -> set[str]:
    return {*sources.claims, *sources.settled, *sources.choices, *rules.namespaces}


def _name_lines(decisions: Mapping[str, Decision], rules: Rules) -> Iterator[str]:
    parents: set[str] = {parent for name in decisions for parent in prefixes(import_name(name))[1:]}
    yield from (f"{name}\t-+" for name in parents - decisions.keys())
    for name, decision in decisions.items():
        below = "+" if name in parents or decision.rules else ""
        more = str(decision.claimants) if decision.claimants > len(decision.claims) else ""
        columns = [_claim(name, claim.project, claim.evidence, claim.reason, rules) for claim in decision.claims]
        head = f"{decision.standing}{below}{more}"
        if (head, columns) == ("r", [""]):
            yield name
        else:
            yield "\t".join((name, head, *columns, *(f"*{rule}" for rule in decision.rules)))


def _claim(name: str, project: str, evidence: str, reason: str, rules: Rules) -> str:
    shown = "" if project == same_name(name) else project
    rank = str(rules.ranks.get(project, ""))
    return ",".join((shown, "" if evidence == CRAWL else evidence, rank, reason)).rstrip(",")


def _project_lines(decisions: Mapping[str, Decision], rules: Rules) -> Iterator[str]:
    in_a_namespace = {
        project
        for name, namespace in rules.namespaces.items()
        if namespace.rules
        for project in rules.sources.claims.get(name, ())
    }
    observed = {
        project for project, names in rules.imports.items() if any(OBSERVED & {*seen} for seen in names.values())
    }
    for project in {*rules.ranks, *rules.sources.conda, *in_a_namespace, *observed}:
        names = _imports_of(project, decisions, rules)
        if names == [project.replace("-", "_")]:
            names = []
        rank = rules.ranks.get(project)
        conda = rules.sources.conda.get(project, "")
        columns = ("" if rank is None else str(rank), "=" if conda == project else conda, " ".join(names))
        if any(columns) or project in in_a_namespace:
            yield "\t".join((f"={project}", *columns))


def _imports_of(project: str, decisions: Mapping[str, Decision], rules: Rules) -> list[str]:
    """Return a project's import names, the likeliest to be written first."""

    def place(name: str) -> tuple[object, ...]:
        decision = decisions.get(name)
        first = decision is not None and bool(decision.claims) and decision.claims[0].project == project
        same = same_name(name) == project
        return (
            (name, project) in rules.fallbacks,
            rules.is_barred(name),
            not (first or same),
            not (same or OBSERVED & {*names.get(name, "")}),
            not same,
            name.count("."),
            name,
        )

    names = rules.imports.get(project, {})
    return sorted((name for name in names if name in decisions), key=place)[:MOST_IMPORTS_SHOWN]


def _reviewed_lines(sources: Sources) -> Iterator[str]:
    for row in sources.advice:
        columns = ("import_name", "kind", "suggestion", "project", "reason", "source")
        yield "?" + "\t".join(row[column] or "" for column in columns)
    reasons: dict[str, str] = {}
    for row in sources.denied:
        reasons.setdefault(project_name(row["name"]), row["reason"])
    for name, reason in reasons.items():
        yield f"!{name}\t{reason}"


def _popular(decisions: Mapping[str, Decision], rules: Rules) -> list[str]:
    """Return the top-level names of the most downloaded vouched-for projects, in their order."""
    ranked = []
    for name, decision in decisions.items():
        if decision.standing in "tc" and "." not in name:
            rank = rules.ranks.get(decision.claims[0].project, len(rules.ranks) + 1)
            ranked.append((rank, same_name(name) != decision.claims[0].project, name))
    return [name for _, _, name in sorted(ranked)[:MOST_POPULAR]]
