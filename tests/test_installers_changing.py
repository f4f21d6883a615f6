"""The fewest changes that would do: found by asking a resolver that knows a small world by heart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_version

from autoinstall.command import Steps
from autoinstall.environment import Installed
from autoinstall.environment.indexes import Indexes
from autoinstall.environment.ownership import LEAVE_ALL, Changes
from autoinstall.installers.question import Lock, Locked, Question, Reason, Resolved, Unsolvable
from autoinstall.installers.resolution import plan_of, resolve
from autoinstall.names import ProjectName, import_name, project_name
from autoinstall.plan import Change, File, Obstacle, Refusal, Wanted
from autoinstall.run import carry_out

World = Mapping[str, Mapping[str, Sequence[str]]]
"""By project and version, newest first: what it requires."""

WORLD: World = {
    "yaml": {"6.0": ["numpy>=2"]},
    "plain": {"1.0": []},
    "needy": {"1.0": ["numpy>=2", "pool", "easy"]},
    "numpy": {"2.4": [], "2.2": [], "1.26": []},
    "scipy": {"1.15": ["numpy>=2", "pool"], "1.11": ["numpy<2", "pool"]},
    "pool": {"3.0": [], "2.0": []},
    "easy": {"2.0": ["numpy"], "1.0": ["numpy"]},
    "limiting": {"1.0": ["numpy<2.3"]},
    "stuck": {"1.0": ["numpy<2"]},
    "learn": {"3.0": ["scipy>=1.15"], "2.0": ["scipy<1.12", "numpy<2"]},
}
NOW = datetime(2026, 11, 21, tzinfo=UTC)
ALLOWED = Changes(are_allowed=True)


def there(*distributions: str) -> dict[ProjectName, Installed]:
    """Return `project==version` as installed, with what the world says that it requires."""
    found = {}
    for text in distributions:
        name, _, version = text.partition("==")
        project = project_name(name)
        found[project] = Installed(project, version, Path("/site"), tuple(WORLD.get(name, {}).get(version, ())))
    return found


class ByHeart:
    """Solves by trying, newest first, as resolvers do; `young` are versions uploaded yesterday.

    `knows_preferences` tells whether it takes what is preferred before what is newest.
    """

    def __init__(self, young: Sequence[str] = (), *, knows_preferences: bool = True) -> None:
        self.young = young
        self.knows_preferences = knows_preferences
        self.asked: list[Question] = []

    def ask(self, question: Question) -> Steps[Lock | Unsolvable | Refusal]:
        yield from ()
        self.asked.append(question)
        solution = next(self._solutions(question, [Requirement(text) for text in question.requirements], {}), None)
        if solution is None:
            return Unsolvable("no solution")
        new = {name: version for name, version in solution.items() if project_name(name) not in question.installed}
        return question.changed(Lock(tuple(self._locked(name, version) for name, version in new.items())))

    def reasons(self, resolved: Resolved) -> Steps[Mapping[ProjectName, Reason]]:
        yield from ()
        return {
            each.project: Reason(
                tuple(
                    other.project
                    for other in resolved.lock.wheels
                    for text in WORLD[other.project][other.version]
                    if Requirement(text).name == each.project
                )
            )
            for each in resolved.lock.wheels
        }

    def _solutions(
        self, question: Question, pending: list[Requirement], chosen: dict[str, str]
    ) -> Iterator[dict[str, str]]:
        if not pending:
            yield chosen
            return
        requirement, rest = pending[0], pending[1:]
        for version in self._versions(question, requirement.name, chosen):
            if requirement.specifier.contains(version):
                needs = [] if requirement.name in chosen else self._needs(question, requirement.name, version)
                yield from self._solutions(question, rest + needs, {**chosen, requirement.name: version})

    def _versions(self, question: Question, name: str, chosen: Mapping[str, str]) -> list[str]:
        project = project_name(name)
        if name in chosen:
            return [chosen[name]]
        if project in question.installed:
            return [question.installed[project].version]
        limits = [Requirement(text) for text in question.limits]
        versions = [
            version
            for version in WORLD.get(name, {})
            if all(limit.specifier.contains(version) for limit in limits if limit.name == name)
            and not (question.since and f"{name}=={version}" in self.young)
        ]
        first = question.preferred.get(project) if self.knows_preferences else None
        return sorted(versions, key=lambda version: first is None or version != first.version)

    def _needs(self, question: Question, name: str, version: str) -> list[Requirement]:
        held = question.installed.get(project_name(name))
        return [Requirement(text) for text in (held.requires if held is not None else WORLD[name][version])]

    def _locked(self, name: str, version: str) -> Locked:
        days = 1 if f"{name}=={version}" in self.young else 400
        file = File(f"{name}-{version}-py3-none-any.whl", "", "0" * 64, 1, NOW - timedelta(days=days))
        return Locked(project_name(name), canonicalize_version(version, strip_trailing_zero=False), file)


def planned(
    wanted: str,
    installed: Mapping[ProjectName, Installed],
    changes: Changes = ALLOWED,
    young: Sequence[str] = (),
    *,
    knows_preferences: bool = True,
) -> tuple[list[str], list[str]] | Refusal:
    """Return what would be added and what would change."""
    name, _, version = wanted.partition("==")
    wish = Wanted(import_name(name), project_name(name), version or None)
    resolver = ByHeart(young, knows_preferences=knows_preferences)
    question = Question((wish,), installed, since=NOW - timedelta(days=7))
    found = carry_out(resolve(question, resolver, "3.12.1", changes))
    if isinstance(found, Refusal):
        return found
    plan = plan_of(found, carry_out(resolver.reasons(found)), Indexes(), "x")
    added = [f"{item.project} {item.version}" for item in plan.items if item.replaces is None]
    return added, [str(change) for change in plan.changes]


@pytest.mark.parametrize("knows_preferences", [True, False])
@pytest.mark.parametrize(
    ("wanted", "installed", "added", "changed"),
    [
        ("yaml", there("numpy==2.2"), ["yaml 6.0"], []),
        ("yaml", there("numpy==1.26"), ["yaml 6.0"], ["numpy 1.26 -> 2.4"]),
        ("yaml", there("numpy==1.26", "easy==1.0", "plain==0.1"), ["yaml 6.0"], ["numpy 1.26 -> 2.4"]),
        ("yaml", there("numpy==1.26", "limiting==1.0"), ["yaml 6.0"], ["numpy 1.26 -> 2.2"]),
        (
            "yaml",
            there("numpy==1.26", "scipy==1.11", "pool==2.0", "easy==1.0"),
            ["yaml 6.0"],
            ["numpy 1.26 -> 2.4", "scipy 1.11 -> 1.15"],
        ),
        (
            "yaml",
            there("numpy==1.26", "scipy==1.11", "pool==2.0", "learn==2.0"),
            ["yaml 6.0"],
            ["learn 2.0 -> 3.0", "numpy 1.26 -> 2.4", "scipy 1.11 -> 1.15"],
        ),
        ("numpy==1.26", there("numpy==2.4"), [], ["numpy 2.4 -> 1.26"]),
        ("needy", there("numpy==1.26", "pool==2.0", "easy==1.0"), ["needy 1.0"], ["numpy 1.26 -> 2.4"]),
    ],
    ids=["none", "one", "bystanders", "a limit", "who needs it", "who needs these", "said outright", "in reach"],
)
def test_the_fewest_changes(
    wanted: str,
    installed: dict[ProjectName, Installed],
    added: list[str],
    changed: list[str],
    knows_preferences: bool,  # noqa: FBT001 - a table's cell
) -> None:
    found = planned(wanted, installed, knows_preferences=knows_preferences)
    assert not isinstance(found, Refusal), found
    assert (found[0], sorted(found[1])) == (added, changed)


def test_the_same_is_found_whatever_the_order() -> None:
    installed = there("scipy==1.11", "pool==2.0", "learn==2.0", "numpy==1.26", "easy==1.0")
    backwards = dict(reversed(installed.items()))
    one, other = planned("yaml", installed), planned("yaml", backwards)
    assert not isinstance(one, Refusal)
    assert not isinstance(other, Refusal)
    assert sorted(one[1]) == sorted(other[1])


def test_without_leave_it_says_what_would_change() -> None:
    found = planned("yaml", there("numpy==1.26", "scipy==1.11", "pool==2.0"), LEAVE_ALL)
    assert isinstance(found, Refusal)
    assert found.obstacle is Obstacle.CONFLICT
    assert sorted(found.would_change, key=str) == [
        Change(project_name("numpy"), "1.26", "2.4"),
        Change(project_name("scipy"), "1.11", "1.15"),
    ]


def test_what_may_not_be_replaced_is_held_and_named_with_the_reason() -> None:
    fixed = Changes(are_allowed=True, why_not=lambda one: "it is theirs" if one.project == "numpy" else None)
    found = planned("yaml", there("numpy==1.26"), fixed)
    assert isinstance(found, Refusal)
    assert found.sentence == (
        "yaml 6.0 needs another version of numpy than the numpy 1.26 installed here (2.4 would do), "
        "and what is installed is left as it is. It cannot be replaced from here, since it is theirs."
    )
    assert found.would_change == ()


def test_where_no_changes_would_do_none_are_spoken_of() -> None:
    found = planned("yaml", there("numpy==1.26", "stuck==1.0"))
    assert isinstance(found, Refusal)
    assert found == Refusal(
        Obstacle.CONFLICT,
        "yaml 6.0 needs another version of numpy than the numpy 1.26 installed here (2.4 would do), "
        "and what is installed is left as it is. stuck 1.0 needs it as it is.",
        "no solution",
    )


def test_what_changes_is_old_enough_too() -> None:
    assert planned("yaml", there("numpy==1.26"), young=["numpy==2.4"]) == (["yaml 6.0"], ["numpy 1.26 -> 2.2"])
    found = planned("yaml", there("numpy==1.26"), young=["numpy==2.4", "numpy==2.2"])
    assert isinstance(found, Refusal)
    assert found.obstacle is Obstacle.TOO_NEW


def test_what_is_held_limits_what_may_change_without_its_extras_and_markers() -> None:
    who = replace(
        there("plain==1.0")[project_name("plain")],
        requires=("NumPy[x]<2.3; python_version >= '3'", "numpy; extra == 'y'", "pool>2", "scipy<9"),
    )
    question = Question((), {who.project: who}, released=there("numpy==1.26"), preferred=there("scipy==1.11"))
    assert question.limits == ("numpy<2.3", "scipy<9")
    assert question.requirements == ("numpy",)
