"""The whole way from the text files to the shipped table's lines and bytes."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from autoinstall.names import import_name, is_import_name, prefixes, project_name
from autoinstall.table import CRAWL, EVIDENCE_KEY, same_name
from data.builder import container
from data.builder.decide import MOST_CLAIMS, OBSERVED, Decision, Rules, guessed
from data.builder.namespaces import below, known_by_rules
from data.builder.sources import DATA, Sources, read

MOST_POPULAR = 8000
"""How many names the search for a typo is given: the trusted ones among about as many projects."""

MOST_IMPORTS_SHOWN = 8


def build(data: Path = DATA) -> tuple[list[str], bytes]:
    """Return the table's lines, and its bytes; the same for the same files, whatever the machine."""
    sources = read(data)
    rules = Rules(sources)
    decisions = {name: rules.decide(name) for name in _names(sources, rules) if is_import_name(name)}
    known = known_by_rules(rules.namespaces, {*rules.ranks, *rules.imports, *sources.projects, *sources.conda})
    for name, decision in _unseen(known, rules):
        decisions.setdefault(name, decision)
    decisions |= _owners_of_all_below(decisions, rules)
    for name in rules.find_lures(decisions):
        decisions[name] = decisions[name]._replace(standing="r")
    lines = [
        *_name_lines(decisions, rules),
        *_project_lines(decisions, known, rules),
        *_reviewed_lines(sources),
        _evidence_line(sources),
    ]
    return lines, container.pack(lines, _popular(decisions, rules))


def _names(sources: Sources, rules: Rules) -> set[str]:
    return {*sources.claims, *sources.settled, *sources.choices, *rules.namespaces}


def _unseen(known: Collection[str], rules: Rules) -> Iterator[tuple[str, Decision]]:
    """Yield what names alone say where nobody has looked: below namespaces, and of well-known projects."""
    ordered = sorted(known, key=lambda project: (rules.ranks.get(project, len(rules.ranks) + 1), project))
    for name, namespace in sorted(rules.namespaces.items()):
        claimants = rules.order(name, rules.sources.claims.get(name, {}))
        for unseen, project in below(namespace, claimants, ordered, rules.ranks):
            if is_import_name(unseen):
                is_vouched_for = project in rules.ranks or project in rules.sources.conda or project in rules.at_home
                yield unseen, Decision("t" if is_vouched_for else "r", (guessed(project),), 1)
    for project in rules.ranks:
        if project not in rules.imports:
            for name in _guesses(project, rules):
                yield name, Decision("t" if _follows_a_rule(name, rules) else "r", (guessed(project),), 1)


def _follows_a_rule(name: str, rules: Rules) -> bool:
    """Tell whether a name lies below a reviewed namespace whose projects are called as their import names are."""
    return any(
        f"{same_name(prefix)}-{{*}}" in {rule.lstrip("^") for rule in rules.sources.namespaces[prefix].rules}
        for prefix in prefixes(import_name(name))[1:]
        if prefix in rules.sources.namespaces
    )


def _guesses(project: str, rules: Rules) -> list[str]:
    """Return what a project that nobody has looked into may be imported as: below a namespace, or by its name."""
    root = project.partition("-")[0]
    dotted, joined = project.replace("-", "."), project.replace("-", "_")
    names = [dotted] if root in rules.namespaces else [joined, dotted]
    return [name for name in names if is_import_name(name)]


def _owners_of_all_below(decisions: Mapping[str, Decision], rules: Rules) -> dict[str, Decision]:
    """Return the roots that nobody well known claims and below which everything is one project's: it owns them.

    The crawl misses owners whose root is a folder without a file of its own. Where a root has claims, only what was
    observed below it outweighs them.
    """
    owners: dict[str, set[str]] = {}
    for name, decision in decisions.items():
        root = name.partition(".")[0]
        if root != name and decision.claims and (root not in decisions or OBSERVED & {*decision.claims[0].evidence}):
            owners.setdefault(root, set()).add(decision.claims[0].project)
    found = {}
    for root, projects in owners.items():
        known = decisions.get(root)
        if len(projects) > 1:
            continue
        first = guessed(*projects)
        standing = "t" if first.project in rules.ranks and not rules.is_barred(root) else "r"
        if known is None:
            found[root] = Decision(standing, (first,), 1)
        elif standing == "t" and known.standing == "r" and known.claims[0].project not in rules.ranks:
            others = tuple(claim for claim in known.claims if claim.project != first.project)
            found[root] = Decision("t", (first, *others[: MOST_CLAIMS - 1]), len(others) + 1)
    return found


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


def _project_lines(decisions: Mapping[str, Decision], known: Collection[str], rules: Rules) -> Iterator[str]:
    observed = {
        project for project, names in rules.imports.items() if any(OBSERVED & {*seen} for seen in names.values())
    }
    for project in {*rules.ranks, *rules.sources.conda, *rules.sources.since, *known, *observed}:
        names = _imports_of(project, decisions, rules)
        if names == [project.replace("-", "_")]:
            names = []
        rank = rules.ranks.get(project)
        conda = rules.sources.conda.get(project, "")
        columns = ["" if rank is None else str(rank), "=" if conda == project else conda, " ".join(names)]
        home, since = rules.at_home.get(project, ""), rules.sources.since.get(project, "")
        if home or since:
            columns.append(home)
        if since:
            columns.append(since)
        if any(columns) or project in known:
            yield "\t".join((f"={project}", *columns))


def _imports_of(project: str, decisions: Mapping[str, Decision], rules: Rules) -> list[str]:
    """Return a project's import names, the likeliest to be written first."""

    def place(name: str) -> tuple[object, ...]:
        decision = decisions.get(name)
        first = decision is not None and bool(decision.claims) and decision.claims[0].project == project
        same = same_name(name) == project
        return (
            rules.is_barred(name),
            not (first or same),
            not (same or OBSERVED & {*names.get(name, "")}),
            not same,
            name.count("."),
            name,
        )

    names = rules.imports.get(project, {})
    if not names:
        return [name for name in _guesses(project, rules)[:1] if name in decisions]
    told = [
        name
        for name in names
        if name in decisions and decisions[name].standing != "n" and (name, project) not in rules.fallbacks
    ]
    return sorted(told, key=place)[:MOST_IMPORTS_SHOWN]


def _reviewed_lines(sources: Sources) -> Iterator[str]:
    for row in sources.advice:
        if row["kind"] == "generic" and row["import_name"] in sources.known_words:
            continue
        columns = ("import_name", "kind", "suggestion", "project", "reason", "source")
        yield "?" + "\t".join(row[column] or "" for column in columns)
    reasons: dict[str, str] = {}
    for row in sources.denied:
        reasons.setdefault(project_name(row["name"]), row["reason"])
    for name, reason in reasons.items():
        yield f"!{name}\t{reason}"


def _evidence_line(sources: Sources) -> str:
    said = (",".join((row["letter"], row["since"], row["says"])) for row in sources.evidence)
    return "\t".join((EVIDENCE_KEY, *said))


def _popular(decisions: Mapping[str, Decision], rules: Rules) -> list[str]:
    """Return the names by which the most downloaded vouched-for projects are imported, in their order.

    Of each project the first, and what it is documented to add: a search for typos is not to end in inner modules.
    """
    ranked = []
    for name, decision in decisions.items():
        if decision.standing in "tc" and "." not in name and "__" not in name:
            best = decision.claims[0]
            if (
                same_name(name) == best.project
                or OBSERVED & {*best.evidence}
                or len(rules.imports.get(best.project, ())) == 1
            ):
                rank = rules.ranks.get(best.project, len(rules.ranks) + 1)
                ranked.append((rank, same_name(name) != best.project, name))
    return [name for _, _, name in sorted(ranked)[:MOST_POPULAR]]
