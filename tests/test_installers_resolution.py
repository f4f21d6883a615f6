"""One resolution where all is well; where not, what is asked again and what is made of the answers."""

import dataclasses
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autoinstall.command import Steps
from autoinstall.environment import Installed
from autoinstall.environment.indexes import Indexes, Said
from autoinstall.environment.ownership import LEAVE_ALL, Changes
from autoinstall.installers.question import Lock, Locked, Question, Reason, Resolved, Unsolvable
from autoinstall.installers.resolution import plan_of, resolve
from autoinstall.names import ImportName, ProjectName, import_name, project_name
from autoinstall.plan import Change, File, Obstacle, Plan, Refusal, Wanted
from autoinstall.run import carry_out

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SINCE = NOW - timedelta(days=7)
NOTHING = Unsolvable("no solution")
OFFLINE = Refusal(Obstacle.OFFLINE, "no network")


def wanted(name: str, version: str | None = None) -> Wanted:
    return Wanted(import_name(name.replace("-", "_")), project_name(name), version)


def locked(name: str, version: str = "1.0", *, days: float | None = 400) -> Locked:
    uploaded = None if days is None else NOW - timedelta(days=days)
    url = f"https://files.example/{name}-{version}.whl"
    return Locked(project_name(name), version, File(f"{name}-{version}-py3-none-any.whl", url, "0" * 64, 1, uploaded))


def holding(*names: str, **requires: str) -> dict[ProjectName, Installed]:
    one = dict.fromkeys(names, ()) | {name: (text,) for name, text in requires.items()}
    return {
        project_name(name): Installed(project_name(name), "1.0", Path("/site"), texts) for name, texts in one.items()
    }


class FakeResolver:
    """Answers as a function of the question says, and remembers what it was asked."""

    def __init__(
        self,
        answer: Callable[[Question], Lock | Unsolvable | Refusal],
        reasons: Mapping[ProjectName, Reason] | None = None,
    ) -> None:
        self.answer = answer
        self.asked: list[Question] = []
        self.why = reasons or {}

    def ask(self, question: Question) -> Steps[Lock | Unsolvable | Refusal]:
        yield from ()
        self.asked.append(question)
        return self.answer(question)

    def reasons(self, resolved: Resolved) -> Steps[Mapping[ProjectName, Reason]]:
        del resolved
        yield from ()
        return self.why


def resolved(question: Question, resolver: FakeResolver, changes: Changes = LEAVE_ALL) -> Resolved | Refusal:
    return carry_out(resolve(question, resolver, "3.12.1", changes))


def refusal(question: Question, resolver: FakeResolver, changes: Changes = LEAVE_ALL) -> Refusal:
    found = resolved(question, resolver, changes)
    assert isinstance(found, Refusal)
    return found


SNARK = Question((wanted("snark"),), holding("toves"), SINCE)


def test_requirements_are_exact_where_a_version_is_wanted_and_each_project_stands_once() -> None:
    twice = Wanted(import_name("other"), project_name("snark"))
    assert Question((wanted("snark"), wanted("boojum", "1.5"), twice)).requirements == ("snark", "boojum==1.5")


def test_where_all_is_well_it_asks_once() -> None:
    resolver = FakeResolver(lambda _: Lock((locked("snark"),)))
    assert resolved(SNARK, resolver) == Resolved(SNARK, Lock((locked("snark"),)))
    assert resolver.asked == [SNARK]


def test_what_stands_in_the_way_of_asking_is_passed_on_at_once() -> None:
    resolver = FakeResolver(lambda _: OFFLINE)
    assert resolved(SNARK, resolver) == OFFLINE
    assert resolver.asked == [SNARK]


@pytest.mark.parametrize(
    "lock", [Lock((locked("snark"), locked("toves", "2.0"))), Lock((locked("snark"),), (project_name("built"),))]
)
def test_a_resolver_that_changes_what_is_installed_or_takes_no_wheel_is_refused(lock: Lock) -> None:
    found = refusal(SNARK, FakeResolver(lambda _: lock))
    assert found.obstacle is Obstacle.CONFLICT
    assert lock.wheels[-1].project in found.sentence or "built" in found.sentence


def test_an_environment_that_contradicts_itself_already_is_no_obstacle() -> None:
    """One distribution needs another boojum than the one that is there: that was so before."""
    question = dataclasses.replace(SNARK, installed=holding("boojum", toves="boojum>=2"))
    mended = dataclasses.replace(SNARK, installed=holding("boojum", "toves"))
    lock = Lock((locked("snark"),))
    resolver = FakeResolver(lambda asked: lock if asked.installed == mended.installed else NOTHING)
    assert resolved(question, resolver) == Resolved(mended, lock)
    assert resolver.asked == [question, mended]


def test_too_new() -> None:
    young = Lock((locked("snark"), locked("boojum", "3.1", days=2)))
    found = refusal(SNARK, FakeResolver(lambda asked: NOTHING if asked.since else young))
    assert found == Refusal(
        Obstacle.TOO_NEW,
        "snark would need a release that is too new to be trusted yet (boojum 3.1): "
        "wait a few days, or lower the setting min_age_days.",
    )


def test_a_project_about_whose_age_the_index_is_silent_passes_and_the_others_are_still_held_to_theirs() -> None:
    ageless = Lock((locked("snark", "2.0", days=1), locked("boojum", days=None)))
    dated = Lock((locked("snark", "1.0"), locked("boojum", days=None)))

    def answer(asked: Question) -> Lock | Unsolvable:
        if asked.since is None:
            return ageless
        return dated if asked.undated == {"boojum"} else NOTHING

    exempt = dataclasses.replace(SNARK, undated=frozenset({project_name("boojum")}))
    assert resolved(SNARK, FakeResolver(answer)) == Resolved(exempt, dated)


def test_an_undated_project_does_not_help_one_that_is_too_new() -> None:
    ageless = Lock((locked("snark", "2.0", days=1), locked("boojum", days=None)))
    found = refusal(SNARK, FakeResolver(lambda asked: NOTHING if asked.since else ageless))
    assert (found.obstacle, "snark 2.0" in found.sentence) == (Obstacle.TOO_NEW, True)


def test_a_version_that_was_named_outright_is_not_what_is_too_new_but_what_it_needs_is() -> None:
    named = dataclasses.replace(SNARK, wanted=(Wanted(None, project_name("snark"), "2.0", may_be_young=True),))
    ageless = Lock((locked("snark", "2.0", days=1), locked("boojum", "3.1", days=2)))
    found = refusal(named, FakeResolver(lambda asked: NOTHING if asked.since else ageless))
    assert (found.obstacle, "(boojum 3.1)" in found.sentence) == (Obstacle.TOO_NEW, True)


def test_a_resolver_that_tells_no_ages_at_all() -> None:
    """As pip, which filters by age and reports none: what passes only without the filter is too new or undated."""
    lock = Lock((locked("snark", days=None),), tells_ages=False)
    new = FakeResolver(lambda asked: NOTHING if asked.since else lock)
    assert refusal(SNARK, new).obstacle is Obstacle.TOO_NEW
    undated = FakeResolver(lambda asked: Unsolvable("no times", is_undated=True) if asked.since else lock)
    assert resolved(SNARK, undated) == Resolved(dataclasses.replace(SNARK, since=None), lock)


def conflicting(*culprits: str) -> Callable[[Question], Lock | Unsolvable]:
    """Return answers of a resolver for which these installed distributions stand in the way, together."""
    stubborn = {project_name(name) for name in culprits}
    newest = [locked("snark"), *(locked(name, "2.0") for name in ("another", *culprits))]

    def answer(asked: Question) -> Lock | Unsolvable:
        if stubborn & asked.installed.keys():
            return NOTHING
        return Lock(tuple(each for each in newest if each.project not in asked.installed))

    return answer


def test_a_conflict_names_who_needs_what_and_what_would_do() -> None:
    question = dataclasses.replace(SNARK, installed=holding("another", "torchy", "unrelated"))
    why = {project_name("torchy"): Reason((project_name("snark"), project_name("unrelated")))}
    found = refusal(question, FakeResolver(conflicting("torchy"), why))
    assert found == Refusal(
        Obstacle.CONFLICT,
        "snark 1.0 and unrelated 1.0 need another version of torchy than the torchy 1.0 installed here "
        "(2.0 would do), and what is installed is left as it is.",
        "no solution",
        (Change(project_name("torchy"), "1.0", "2.0"),),
    )


def test_a_conflict_with_what_only_autoinstall_needs_says_so() -> None:
    requires = {"ipython-autoinstall": "torchy"}
    question = dataclasses.replace(SNARK, installed=holding("torchy", **requires))
    assert (
        "Only autoinstall itself uses torchy here." in refusal(question, FakeResolver(conflicting("torchy"))).sentence
    )
    question = dataclasses.replace(SNARK, installed=holding("torchy", **requires, theirs="torchy"))
    assert "Only autoinstall" not in refusal(question, FakeResolver(conflicting("torchy"))).sentence


def test_a_conflict_with_several_at_once_names_them_all() -> None:
    question = dataclasses.replace(SNARK, installed=holding("torchy", "visiony"))
    found = refusal(question, FakeResolver(conflicting("torchy", "visiony")))
    assert found.obstacle is Obstacle.CONFLICT
    assert "torchy 1.0, visiony 1.0" in found.sentence


def alone(project: str, **answers: Lock) -> Callable[[Question], Lock | Unsolvable]:
    """Return answers of a resolver that finds nothing but, of one project alone, what is given."""

    def answer(asked: Question) -> Lock | Unsolvable:
        if not asked.alone:
            return Unsolvable("no solution", (project_name("deep"),))
        if asked.wanted[0].project != project:
            return Lock((locked(asked.wanted[0].project),))
        key = "any_platform" if asked.any_platform else f"python{asked.python}" if asked.python else "here"
        return answers.get(key.replace(".", ""), NOTHING)

    return answer


OTHER_PLATFORM = Lock(
    (Locked(project_name("x"), "1.0", File("x-1.0-cp311-cp311-wasm32.whl", "u", "0" * 64, None, None)),)
)


@pytest.mark.parametrize(
    ("answers", "obstacle", "said"),
    [
        ({"here": Lock((), (project_name("x"),))}, Obstacle.NO_WHEEL, "has no wheel, only source code that"),
        (
            {"any_platform": OTHER_PLATFORM},
            Obstacle.NO_WHEEL_FOR_THIS_PYTHON,
            "has no wheel for this platform, only for others such as wasm32.",
        ),
        (
            {"python310": Lock((locked("x"),)), "python38": Lock((locked("x"),))},
            Obstacle.NO_WHEEL_FOR_THIS_PYTHON,
            "has no wheel for Python 3.12, but one for Python 3.10: use an environment with Python 3.10.",
        ),
        ({}, Obstacle.NOT_FOUND, "is not to be had from the index: withdrawn, or never there."),
    ],
    ids=["source only", "other platform", "other Python", "nothing"],
)
def test_what_is_not_to_be_had(answers: dict[str, Lock], obstacle: Obstacle, said: str) -> None:
    found = refusal(SNARK, FakeResolver(alone("snark", **answers)))
    assert (found.obstacle, found.sentence.startswith("snark "), said in found.sentence) == (obstacle, True, True)
    found = refusal(SNARK, FakeResolver(alone("deep", **answers)))
    assert (found.obstacle, found.sentence.startswith("snark needs deep, which "), said in found.sentence) == (
        obstacle,
        True,
        True,
    )


def test_what_asking_again_does_not_explain() -> None:
    found = refusal(SNARK, FakeResolver(alone("nobody")))
    assert found == Refusal(
        Obstacle.NO_WHEEL, "snark needs something that cannot be installed from wheels of the index.", "no solution"
    )


@pytest.mark.parametrize(
    "fails",
    [
        lambda asked: asked.since is None and not asked.alone,
        lambda asked: not asked.installed and not asked.alone,
        lambda asked: asked.alone,
        lambda asked: asked.any_platform,
        lambda asked: asked.python == "3.9",
    ],
    ids=["without age", "without installed", "alone", "any platform", "another Python"],
)
def test_when_the_network_goes_while_asking_again_that_is_said(fails: Callable[[Question], bool]) -> None:
    assert refusal(SNARK, FakeResolver(lambda asked: OFFLINE if fails(asked) else NOTHING)) == OFFLINE


def test_other_pythons_are_asked_nearest_first() -> None:
    resolver = FakeResolver(lambda _: NOTHING)
    refusal(SNARK, resolver)
    pythons = [asked.python for asked in resolver.asked if asked.python]
    assert pythons == ["3.11", "3.13", "3.10", "3.14", "3.9", "3.8", "3.7", "3.6"]


def test_hostile_words_of_a_resolver_reach_details_escaped_and_cut() -> None:
    said = "\x1b[2J\u202e" + "x" * 10_000
    found = refusal(SNARK, FakeResolver(lambda _: Unsolvable(said)))
    assert found.details.startswith("\\x1b[2J\\u202e")
    assert len(found.details) < 5000


def test_a_plan_says_on_whose_account_each_item_is_there() -> None:
    names = [ImportName("cv2"), ImportName("numpy")]
    two = (Wanted(names[0], project_name("opencv-python")), Wanted(names[1], project_name("numpy")))
    lock = Lock((locked("numpy"), locked("opencv-python"), locked("deep"), locked("forgotten")))
    reasons = {
        project_name("numpy"): Reason((project_name("opencv-python"),), "https://index.example/simple"),
        project_name("deep"): Reason((project_name("toves"), project_name("not-in-it"))),
    }
    indexes = Indexes(index=Said("https://ann:pw@index.example/simple/", "/etc/pip.conf"))
    plan = plan_of(Resolved(Question(two, holding("toves")), lock), reasons, indexes, "uv")
    assert isinstance(plan, Plan)
    assert [(item.project, item.wanted_as, item.needed_by, item.file.index) for item in plan.items] == [
        ("numpy", ("numpy",), ("opencv-python",), "https://index.example/simple"),
        ("opencv-python", ("cv2",), (), ""),
        ("deep", (), ("toves",), ""),
        ("forgotten", (), ("opencv-python", "numpy"), ""),
    ]
    assert (plan.installer, plan.indexes) == ("uv", ("https://index.example/simple (/etc/pip.conf)",))


def test_what_is_wanted_for_its_own_sake_is_not_put_down_to_others() -> None:
    pins = (Wanted(None, project_name("snark"), "1.0"), Wanted(None, project_name("numpy"), "1.0"))
    lock = Lock((locked("numpy"), locked("snark"), locked("forgotten")))
    reasons = {project_name("numpy"): Reason((project_name("snark"),))}
    plan = plan_of(Resolved(Question(pins), lock), reasons, Indexes(), "uv")
    assert [(item.project, item.needed_by, item.is_asked_for) for item in plan.items] == [
        ("numpy", ("snark",), False),
        ("snark", (), True),
        ("forgotten", ("snark", "numpy"), False),
    ]
    assert Question(pins).requirements == ("snark==1.0", "numpy==1.0")
