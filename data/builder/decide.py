"""The rules: from everybody's claims about an import name to one answer, its standing, and the order of the rest."""

import re
from collections.abc import Iterable, Mapping
from math import log10
from typing import NamedTuple

from autoinstall.table import BY_HAND, CRAWL, same_name
from data.builder.sources import Namespace, Sources

MOST_CLAIMS = 5
"""How many claims of a name are kept: as many candidates as `which` shows."""

OBSERVED = frozenset("mgwtpkso")
"""Letters of sources that installed, opened or reviewed; `c` and `l` only listed what a crawl had read."""

REVIEWED = OBSERVED - {"m"}

# The weights of an order, in powers of ten of downloads: what a claim needs to stand before one without the mark.
# Tuned on half of the cases, checked on the other half (`benchmarks/accuracy.py`).
OBSERVED_WEIGHT = 2.0
REVIEWED_WEIGHT = 1.0
OLDER_MAP_WEIGHT = 0.3
SAME_NAME_WEIGHT = 1.0
AFFIX_WEIGHT = 0.3
BESIDE_ITS_OWN_WEIGHT = -1.5
FALLBACK_WEIGHT = -1.0
COPY_WEIGHT = -1.3
BUNDLER_WEIGHT = -3.0
UNRANKED_DOWNLOADS = 3000
"""In 30 days: about a thousandth of what the 15,000th has; only the order against marks depends on it."""

CLEAR_LEAD = 1.0
"""In the same powers of ten: how far the best crawl-only claim must be ahead of the next to be vouched for."""

ENOUGH_FOR_A_NAMESPACE = 4
"""Projects called `name-…` that claim `name`, which no project called `name` does: then nobody owns it."""

_AFFIXES = ("python-{}", "{}-python", "py{}", "{}-py", "py-{}", "{}py", "{}-lib", "lib{}", "django-{}", "flask-{}")


class Claimed(NamedTuple):
    """One claim in the order of an answer."""

    project: str
    evidence: str
    reason: str = ""


class Decision(NamedTuple):
    """What the table will say about one name; standings are the letters of `autoinstall.table`."""

    standing: str
    claims: tuple[Claimed, ...]
    claimants: int
    rules: tuple[str, ...] = ()


class Rules:
    """The sources, turned so that one name can be decided after another."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.ranks = {project: rank for rank, project in enumerate(sources.downloads, 1)}
        self.imports: dict[str, dict[str, str]] = {}
        for name, seen in sources.claims.items():
            for project, evidence in seen.items():
                self.imports.setdefault(project, {})[name] = evidence
        self.fallbacks = frozenset(self._fallbacks())
        self.with_own_name = frozenset(
            project
            for project, names in self.imports.items()
            if any(same_name(name) == project and (name, project) not in self.fallbacks for name in names)
        )
        self._generic = re.compile("|".join(_as_expression(pattern) for pattern in sources.generic) or "(?!)")
        self.namespaces = {**self._namespaces_seen(), **sources.namespaces}

    def decide(self, name: str) -> Decision:
        """Return what is said about a name that the facts or the hand-made files know."""
        seen = self.sources.claims.get(name, {})
        ordered = [Claimed(project, seen[project]) for project in self.order(name, seen)]
        if name in self.sources.choices:
            chosen = [
                Claimed(row.project, _with_hand(seen.get(row.project, "")), row.reason)
                for row in self.sources.choices[name]
            ]
            return Decision("c", tuple(chosen[:MOST_CLAIMS]), max(len(seen), len(chosen)))
        if name in self.sources.settled:
            row = self.sources.settled[name]
            first = Claimed(row.project, _with_hand(seen.get(row.project, "")), row.reason)
            rest = [claim for claim in ordered if claim.project != row.project]
            return Decision("t", (first, *rest[: MOST_CLAIMS - 1]), len(rest) + 1)
        namespace = self.namespaces.get(name)
        if namespace is not None and not namespace.owner:
            return Decision("n", tuple(ordered[:MOST_CLAIMS]), len(seen), namespace.rules)
        rules = () if namespace is None else namespace.rules
        return Decision(self._standing(name, ordered), tuple(ordered[:MOST_CLAIMS]), len(ordered), rules)

    def order(self, name: str, seen: Mapping[str, str]) -> list[str]:
        """Return the projects that claim a name, the likeliest to be meant first."""
        return sorted(seen, key=lambda project: (-self._score(name, project, seen[project], seen), project))

    def _standing(self, name: str, ordered: list[Claimed]) -> str:
        best = ordered[0]
        if self.is_barred(name) or best.project not in self.ranks:
            return "r"
        if OBSERVED & {*best.evidence} or same_name(name) == best.project:
            return "t"
        seen = self.sources.claims[name]
        if len(ordered) > 1:
            lead = self._score(name, best.project, best.evidence, seen) - self._score(
                name, ordered[1].project, ordered[1].evidence, seen
            )
            if lead < CLEAR_LEAD:
                return "r"
        return "t"

    def is_barred(self, name: str) -> bool:
        """Tell whether a name is one that no project may be vouched for: private, generic, the standard library's."""
        root = name.partition(".")[0]
        return root.startswith("_") or root in self.sources.barred or self._generic.fullmatch(root) is not None

    def _score(self, name: str, project: str, evidence: str, seen: Mapping[str, str]) -> float:
        letters = {*evidence}
        score = log10(self.sources.downloads.get(project, UNRANKED_DOWNLOADS))
        score += OBSERVED_WEIGHT * bool(letters & OBSERVED) + REVIEWED_WEIGHT * bool(letters & REVIEWED)
        score += OLDER_MAP_WEIGHT * ("l" in letters)
        same = same_name(name)
        if same == project:
            score += SAME_NAME_WEIGHT
        elif project in self.with_own_name:
            score += BESIDE_ITS_OWN_WEIGHT
        elif any(affix.format(same) == project for affix in _AFFIXES):
            score += AFFIX_WEIGHT
        if (name, project) in self.fallbacks:
            score += FALLBACK_WEIGHT
        if project in self.sources.vendored_by and same != project:
            score += BUNDLER_WEIGHT
        if self._is_copy(project, seen):
            score += COPY_WEIGHT
        return score

    def _is_copy(self, project: str, seen: Mapping[str, str]) -> bool:
        return any(
            project.endswith(mark) and project.removesuffix(mark) in seen
            if mark[0] == "-"
            else project.startswith(mark) and project.removeprefix(mark) in seen
            for mark in self.sources.copy_marks
        )

    def _fallbacks(self) -> Iterable[tuple[str, str]]:
        """Yield what the crawl made up: unable to read a wheel, it took the project's name for its import name."""
        for project, names in self.imports.items():
            if len(names) > 1 and any(
                OBSERVED & {*evidence} and same_name(name.partition(".")[0]) != project
                for name, evidence in names.items()
            ):
                yield from (
                    (name, project)
                    for name, evidence in names.items()
                    if same_name(name) == project and not OBSERVED & {*evidence}
                )

    def _namespaces_seen(self) -> dict[str, Namespace]:
        """Return the roots that nobody owns, as the claims show them."""
        found = {}
        for name, seen in self.sources.claims.items():
            if "." in name or len(seen) < ENOUGH_FOR_A_NAMESPACE:
                continue
            same = same_name(name)
            inside = sum(project.startswith(f"{same}-") for project in seen)
            if inside < ENOUGH_FOR_A_NAMESPACE or inside * 2 < len(seen):
                continue
            if same not in seen or (same not in self.ranks and inside * 5 >= len(seen) * 4):
                found[name] = Namespace(name, "", (same + "-{*}",))
        return found


def _with_hand(evidence: str) -> str:
    return "".join(sorted({*evidence.replace(CRAWL, ""), BY_HAND})) if evidence else BY_HAND


def _as_expression(pattern: str) -> str:
    """Return a generic name's pattern as a regular expression: `#` is an optional number, `*` any letters."""
    return re.escape(pattern).replace(r"\#", r"_?[0-9]*").replace(r"\*", r"\w+")
