"""The rules: from everybody's claims about an import name to one answer, its standing, and the order of the rest."""

import re
from collections.abc import Collection, Iterable, Mapping
from math import log10
from typing import NamedTuple

from autoinstall.names import import_name, prefixes
from autoinstall.table import BY_HAND, CONDA_FORGE, NAMING_RULE, same_name
from data.builder import little_used
from data.builder.namespaces import namespaces_seen
from data.builder.slips import with_one_letter_less
from data.builder.sources import Sources

MOST_CLAIMS = 5
"""How many claims of a name are kept: as many candidates as `which` shows."""

OBSERVED = frozenset("mgwtpkso")
"""Letters of sources that installed, opened or reviewed; `c` and `l` only listed what a crawl had read."""

REVIEWED = OBSERVED - {"m", "w"}

# The weights of an order, in powers of ten of downloads: what a claim needs to stand before one without the mark.
# Tuned on half of the cases, checked on the other half (`benchmarks/accuracy`).
OBSERVED_WEIGHT = 2.0
REVIEWED_WEIGHT = 1.0
OLDER_MAP_WEIGHT = 0.3
SAME_NAME_WEIGHT = 1.0
AFFIX_WEIGHT = 0.3
CONDA_WEIGHT = 0.5
BESIDE_ITS_OWN_WEIGHT = -1.5
FALLBACK_WEIGHT = -1.0
COPY_WEIGHT = -1.3
BUNDLER_WEIGHT = -3.0
UNRANKED_DOWNLOADS = 3000
"""In 30 days: about a tenth of what the 15,000th has; only the order against marks depends on it."""

CLEAR_LEAD = 1.0
"""In the same powers of ten: how far the best crawl-only claim must be ahead of the next to be vouched for."""

_AFFIXES = ("python-{}", "{}-python", "py{}", "{}-py", "py-{}", "{}py", "{}-lib", "lib{}", "django-{}", "flask-{}")

# The best known names, and how many times their project's downloads a project one slip away must not fall short of.
LURE_TARGETS = 1000
LURE_SHORTEST = 5
LURE_RATIO = 300
LURE_TARGETS_OF_THE_UNRANKED = 2000
LURE_SHORTEST_TARGET = 4


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
        self.ranks = {
            project: rank for rank, project in enumerate(sources.downloads, 1) if project not in sources.retired
        }
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
        self.namespaces = {**namespaces_seen(sources.claims, self.ranks, OBSERVED), **sources.namespaces}
        self.at_home = little_used.at_home(sources.namespaces, self.imports, sources.projects, self.ranks)
        self.everyday_words = little_used.everyday_words(sources.claims)
        advised = (row["import_name"] for row in sources.advice if row["kind"] == "generic")
        generic = "|".join(_as_expression(pattern) for pattern in (*sources.generic, *advised))
        self._generic = re.compile(generic or "(?!)", re.IGNORECASE)
        self._advised = frozenset(row["import_name"] for row in sources.advice) - sources.known_words
        self._denied = frozenset(same_name(row["name"]) for row in sources.denied)

    def decide(self, name: str) -> Decision:
        """Return what is said about a name that the facts or the hand-made files know."""
        seen = self.sources.claims.get(name, {})
        namespace = self.namespaces.get(name)
        rules = () if namespace is None else namespace.rules
        if name in self.sources.choices:
            chosen = [self._by_hand(seen, row.project, row.reason) for row in self.sources.choices[name]]
            return Decision("c", tuple(chosen[:MOST_CLAIMS]), max(len(seen), len(chosen)), rules)
        ordered = [Claimed(project, self._evidence(project, seen)) for project in self.order(name, seen)]
        if name in self.sources.settled:
            settled = self.sources.settled[name]
            return self._led(self._by_hand(seen, settled.project, settled.reason), ordered, rules)
        if namespace is not None:
            if not namespace.owner:
                return Decision("n", tuple(ordered[:MOST_CLAIMS]), len(seen), rules)
            return self._led(self._by_hand(seen, namespace.owner), ordered, rules)
        return Decision(self._standing(name, ordered), tuple(ordered[:MOST_CLAIMS]), len(ordered), rules)

    def order(self, name: str, seen: Mapping[str, str]) -> list[str]:
        """Return the projects that claim a name, the likeliest to be meant first."""
        carried = self.only_carried(name, seen)
        return sorted(seen, key=lambda project: (project != carried, -self._score(name, project, seen), project))

    def only_carried(self, name: str, seen: Collection[str]) -> str | None:
        """Return the one claimant that conda-forge carries, if it is called after the name and none is well known.

        A project of the very name says less there: anybody can have taken it, unlike conda-forge's `python-flint`.
        """
        carried = [project for project in seen if project in self.sources.conda]
        if len(carried) != 1 or any(project in self.ranks for project in seen):
            return None
        (project,) = carried
        same = same_name(name)
        is_called_after = f"-{same}-" in f"-{project}-" or any(affix.format(same) == project for affix in _AFFIXES)
        return project if is_called_after else None

    def is_barred(self, name: str) -> bool:
        """Tell whether no project may be vouched for: private, generic, advised against, the standard library's."""
        root = name.partition(".")[0]
        return (
            root.startswith("_")
            or root in self.sources.standard_library
            or name in self._advised
            or root in self._advised
            or (self._generic.fullmatch(root) is not None and root not in self.sources.known_words)
        )

    def find_lures(self, decisions: Mapping[str, Decision]) -> set[str]:
        """Return the vouched-for names that are one slip away from a name hundreds of times as well known.

        Such a project may be honest, but who types its name most likely means the other one. Beyond the most
        downloaded the standard library's and the best known names are all too near. What people have reviewed, for
        conda-forge or a hand-kept map, is known well enough to be meant.
        """
        downloads = {
            name: self.sources.downloads.get(decision.claims[0].project, UNRANKED_DOWNLOADS)
            for name, decision in decisions.items()
            if decision.standing == "t" and "." not in name and len(name) >= LURE_SHORTEST
        }
        famous = sorted(downloads, key=lambda name: (-downloads[name], name))[:LURE_TARGETS]
        well_known = {*self.sources.standard_library, *self._best_known(decisions)}
        near_well_known = {
            slip
            for name in well_known
            if len(name) >= LURE_SHORTEST_TARGET
            for slip in with_one_letter_less(name.lower())
        }
        slips = {slip: name for name in reversed(famous) for slip in with_one_letter_less(name.lower())}
        lures = set()
        for name, count in downloads.items():
            if {CONDA_FORGE, *REVIEWED} & {*decisions[name].claims[0].evidence}:
                continue
            with_less = with_one_letter_less(name.lower())
            near = {slips.get(slip) for slip in with_less} - {None, name}
            is_unranked = decisions[name].claims[0].project not in self.ranks
            if any(target is not None and downloads[target] >= LURE_RATIO * count for target in near) or (
                is_unranked and near_well_known & with_less
            ):
                lures.add(name)
        return lures - self.sources.settled.keys()

    def _best_known(self, decisions: Mapping[str, Decision]) -> list[str]:
        ranked = [
            (rank, name)
            for name, decision in decisions.items()
            if decision.standing in "tc" and "." not in name and (rank := self.ranks.get(decision.claims[0].project))
        ]
        return [name for _, name in sorted(ranked)[:LURE_TARGETS_OF_THE_UNRANKED]]

    def _led(self, first: Claimed, ordered: list[Claimed], rules: tuple[str, ...]) -> Decision:
        rest = [claim for claim in ordered if claim.project != first.project]
        return Decision("t", (first, *rest[: MOST_CLAIMS - 1]), len(rest) + 1, rules)

    def _standing(self, name: str, ordered: list[Claimed]) -> str:
        best = ordered[0]
        letters = {*best.evidence}
        same = same_name(name) == best.project
        if self.is_barred(name) or best.project in self._denied:
            return "r"
        if best.project not in self.ranks:
            return "t" if little_used.is_vouched_for(self._claims(name, ordered), self.everyday_words) else "r"
        # Projects called after the best are its forks, parts and add-ons: no rivals.
        rivals = [claim for claim in ordered[1:] if not claim.project.startswith(f"{best.project}-")]
        if same or OBSERVED & letters or not rivals:
            return "t"
        seen = self.sources.claims[name]
        lead = self._score(name, best.project, seen) - self._score(name, rivals[0].project, seen)
        return "t" if lead >= CLEAR_LEAD else "r"

    def _claims(self, name: str, ordered: list[Claimed]) -> little_used.Claims:
        best = ordered[0]
        above = prefixes(import_name(name))[1:] if "." in name else ()
        imports = self.imports.get(best.project, {})
        is_in_a_namespace = any(prefix in self.sources.namespaces for prefix in above)
        return little_used.Claims(
            name,
            best.project,
            best.evidence,
            others=[claim.project for claim in ordered[1:]],
            is_only_carried=self.only_carried(name, [claim.project for claim in ordered]) == best.project,
            rivals=[claim.project for claim in ordered[1:] if self._is_rival(claim)],
            above="".join(imports.get(prefix, "") for prefix in above),
            is_owned_above=any(self._is_owned_by_another(prefix, best.project) for prefix in above),
            home=self.at_home.get(best.project, "") if is_in_a_namespace else "",
        )

    def _is_owned_by_another(self, name: str, project: str) -> bool:
        if name not in self.sources.claims and name not in self.namespaces:
            return False
        decision = self.decide(name)
        return decision.standing in "tc" and decision.claims[0].project != project

    def _is_rival(self, claim: Claimed) -> bool:
        return claim.project in self.ranks or bool(OBSERVED & {*claim.evidence})

    def _score(self, name: str, project: str, seen: Mapping[str, str]) -> float:
        letters = {*seen[project]}
        score = log10(self.sources.downloads.get(project, UNRANKED_DOWNLOADS))
        score += OBSERVED_WEIGHT * bool(letters & OBSERVED) + REVIEWED_WEIGHT * bool(letters & REVIEWED)
        score += OLDER_MAP_WEIGHT * ("l" in letters)
        score += CONDA_WEIGHT * (project in self.sources.conda)
        same = same_name(name)
        if same == project:
            score += SAME_NAME_WEIGHT
        elif project in self.with_own_name:
            score += BESIDE_ITS_OWN_WEIGHT
        elif any(affix.format(same) == project for affix in _AFFIXES):
            score += AFFIX_WEIGHT
        if (name, project) in self.fallbacks:
            score += FALLBACK_WEIGHT
        if project in self.sources.bundlers and same != project:
            score += BUNDLER_WEIGHT
        if same != project and any(project.endswith(mark) for mark in self.sources.copy_marks) and len(seen) > 1:
            score += COPY_WEIGHT
        return score

    def _evidence(self, project: str, seen: Mapping[str, str]) -> str:
        letters = {*seen.get(project, "")}
        if project in self.sources.conda:
            letters.add(CONDA_FORGE)
        return "".join(sorted(letters))

    def _by_hand(self, seen: Mapping[str, str], project: str, reason: str = "") -> Claimed:
        letters = {*self._evidence(project, seen), BY_HAND}
        return Claimed(project, "".join(sorted(letters)), reason)

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


def guessed(project: str) -> Claimed:
    """Return the claim of a well-known project whose files nobody has seen to the import name that is its own."""
    return Claimed(project, NAMING_RULE)


def _as_expression(pattern: str) -> str:
    """Return a generic name's pattern as a regular expression: `#` is an optional number."""
    return re.escape(pattern).replace(r"\#", "_?[0-9]*")
