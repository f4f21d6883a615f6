"""Names that many projects share: which they are, and what stands below them without anybody having looked."""

import re
from collections.abc import Iterable, Iterator, Mapping

from autoinstall.table import same_name
from data.builder.sources import EMPTY, Namespace

ENOUGH_FOR_A_NAMESPACE = 4
"""Projects called `name-…` that claim `name`, while no project called `name` does: then nobody owns it."""

ENOUGH_IN_ANY_CASE = 20
"""That many projects called `name-…` outweigh a well-known one among them."""

_NOISE = frozenset({"python", "py", "python3", "py3", "sdk", "lib", "client", "pkg", "package", "nspkg"})


def namespaces_seen(
    claims: Mapping[str, Mapping[str, str]], ranks: Mapping[str, int], observed: frozenset[str]
) -> dict[str, Namespace]:
    """Return the roots that the claims show to be shared, each with the rule `name-{*}`.

    A root is owned all the same if the project of its name is well known or was `observed` to ship it.
    """
    found = {}
    for name, seen in claims.items():
        if "." in name:
            continue
        same = same_name(name)
        inside = [project for project in seen if project.startswith(f"{same}-")]
        if not inside or same in ranks or observed & {*seen.get(same, "")}:
            continue
        ranked = sum(project in ranks for project in inside)
        is_shared = len(inside) >= ENOUGH_IN_ANY_CASE or (len(inside) >= ENOUGH_FOR_A_NAMESPACE and not ranked)
        share = 4 / 5 if same in seen else 1 / 2
        if is_shared and len(inside) >= share * len(seen):
            found[name] = Namespace(name, "", (same + "-{*}",))
    return found


def known_by_rules(namespaces: Mapping[str, Namespace], projects: Iterable[str]) -> set[str]:
    """Return the projects that some rule could name: the reader looks them up by what a rule makes of a name."""
    patterns = {
        re.escape(rule.lstrip("^")).replace(re.escape("{*}"), ".+").replace(re.escape("{1}"), ".+")
        for namespace in namespaces.values()
        for rule in namespace.rules
    }
    expression = re.compile("|".join(sorted(patterns)) or "(?!)")
    return {project for project in projects if expression.fullmatch(project) and not project.endswith(EMPTY)}


def below(
    namespace: Namespace, claimants: Iterable[str], known: Iterable[str], ranks: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """Yield import names below a namespace with the project that the projects' names alone point to.

    - `google-cloud-secret-manager`: `google.cloud.secretmanager`, for authors who join what the project separates;
    - the only known project of its kind, `azure-datalake-store`: `azure.datalake`;
    - the claimant `edgegrid-python` of `akamai`: `akamai.edgegrid`, for projects that leave the namespace out.
    """
    for rule in namespace.rules:
        yield from _below_by_rule(namespace.import_name, rule, known, ranks)
    root = same_name(namespace.import_name)
    for project in claimants:
        if project != root and not project.startswith(f"{root}-"):
            tokens = [token for token in project.split("-") if token not in {*_NOISE, *root.split("-")}]
            if tokens:
                yield f"{namespace.import_name}.{'_'.join(tokens)}", project


def _below_by_rule(root: str, rule: str, known: Iterable[str], ranks: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    head, star, tail = rule.lstrip("^").partition("{*}")
    if not star or tail:
        return
    kinds: dict[str, list[str]] = {}
    for project in known:
        parts = project.removeprefix(head).split("-")
        if project.startswith(head) and len(parts) > 1 and (project in ranks or not rule.startswith("^")):
            yield f"{root}.{''.join(parts)}", project
            kinds.setdefault(parts[0], []).append(project)
    for kind, projects in kinds.items():
        ranked = [project for project in projects if project in ranks]
        if len(ranked) == 1 or len(projects) == 1:
            yield f"{root}.{kind}", (ranked or projects)[0]
