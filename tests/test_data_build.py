"""The shipped table is what the reviewed facts say, and the rules do what their reasons promise."""

from pathlib import Path

import pytest

from autoinstall.names import is_import_name, project_name
from autoinstall.table import BY_HAND, CONDA_FORGE, INSIDE, NAMING_RULE, OF_ITS_VENDOR, TABLE_FILE
from data.builder import build, little_used
from data.builder.decide import Rules
from data.builder.namespaces import below, known_by_rules, namespaces_seen
from data.builder.sources import DATA, Namespace, Settled, Sources, rows

HAND_MADE = {
    "settled.tsv": ("import_name", "project", "reason"),
    "choices.tsv": ("import_name", "project", "reason"),
    "namespaces.tsv": ("import_name", "owner", "rules", "reason"),
    "generic.tsv": ("pattern", "reason"),
    "known_words.tsv": ("import_name", "reason"),
    "standard_library.tsv": ("import_name", "reason"),
    "copy_marks.tsv": ("mark", "reason"),
    "bundlers.tsv": ("project", "reason"),
    "retired.tsv": ("project", "except", "reason"),
}


def test_the_shipped_table_is_built_from_the_facts() -> None:
    """`python -m data.builder` was run after the last change to `data/`."""
    _, packed = build.build()
    assert packed == Path(TABLE_FILE).read_bytes()


@pytest.mark.parametrize(("name", "columns"), HAND_MADE.items(), ids=list(HAND_MADE))
def test_hand_made_files_are_sorted_and_give_reasons(name: str, columns: tuple[str, ...]) -> None:
    read = list(rows(DATA / "rules" / name))
    assert tuple(read[0]) == columns
    keys = [row[columns[0]] for row in read]
    assert keys == sorted(keys)
    assert all(row["reason"] for row in read)
    if name != "choices.tsv":
        assert len(keys) == len(set(keys))


def test_every_hand_made_file_is_looked_at_here() -> None:
    assert {path.name for path in (DATA / "rules").iterdir()} == set(HAND_MADE)


def test_every_evidence_letter_is_explained() -> None:
    said = {row["letter"]: row for row in rows(DATA / "facts" / "evidence.tsv")}
    used = {
        letter
        for file in ("crawl.tsv.xz", "observed.tsv", "opened.tsv")
        for row in rows(DATA / "facts" / file)
        for letter in row["evidence"]
    }
    assert used | {BY_HAND, CONDA_FORGE, INSIDE, NAMING_RULE, OF_ITS_VENDOR} == said.keys()
    assert all(row["says"] and "," not in row["since"] and row["who saw it"] for row in said.values())


def test_hand_made_names_are_names() -> None:
    for file in ("settled.tsv", "choices.tsv"):
        for row in rows(DATA / "rules" / file):
            assert is_import_name(row["import_name"])
            assert project_name(row["project"]) == row["project"]


def test_a_name_is_settled_or_a_choice() -> None:
    settled, chosen = (
        {row["import_name"] for row in rows(DATA / "rules" / file)} for file in ("settled.tsv", "choices.tsv")
    )
    assert not settled & chosen


def sources(
    claims: dict[str, dict[str, str]],
    downloads: dict[str, int] | None = None,
    *,
    conda: dict[str, str] | None = None,
    settled: dict[str, Settled] | None = None,
    namespaces: dict[str, Namespace] | None = None,
    denied: list[dict[str, str]] | None = None,
) -> Sources:
    """Return sources that know only what is handed in."""
    return Sources(
        claims=claims,
        projects=frozenset(),
        downloads=downloads or {},
        retired=frozenset(),
        conda=conda or {},
        settled=settled or {},
        choices={},
        namespaces=namespaces or {},
        generic=("utils", "lab#"),
        known_words=frozenset({"decorator"}),
        standard_library=frozenset({"cgi"}),
        copy_marks=("-nightly", "-slim"),
        bundlers=frozenset(),
        advice=[],
        denied=denied or [],
        since={},
        evidence=[],
    )


def decide(name: str, from_: Sources) -> tuple[str, list[str]]:
    decision = Rules(from_).decide(name)
    return decision.standing, [claim.project for claim in decision.claims]


@pytest.mark.parametrize(
    ("story", "name", "claims", "downloads", "expected"),
    [
        ("observed before crawled", "m", {"a": "c", "b": "cm"}, {"a": 9_000_000, "b": 900_000}, ("t", ["b", "a"])),
        (
            "the plain project before its copy",
            "m",
            {"m": "c", "m-nightly": "c"},
            {"m": 9_000, "m-nightly": 90_000},
            ("t", ["m", "m-nightly"]),
        ),
        ("a clear lead is enough", "m", {"a": "c", "b": "c"}, {"a": 9_000_000}, ("t", ["a", "b"])),
        ("a narrow lead is not", "m", {"a": "c", "b": "c"}, {"a": 9_000, "b": 8_000}, ("r", ["a", "b"])),
        ("its own forks are no rivals", "m", {"a": "c", "a-fork": "c"}, {"a": 9_000}, ("t", ["a", "a-fork"])),
        ("outside the ranks, one crawled claimant", "m", {"m": "c"}, {}, ("r", ["m"])),
        ("read by the crawl and by nobody else", "pymine", {"pymine": "c"}, {}, ("r", ["pymine"])),
        ("read then and now, of its own name", "pymine", {"pymine": "cl"}, {}, ("t", ["pymine"])),
        ("read then and now, of another name", "pymine", {"q": "cl"}, {}, ("r", ["q"])),
        ("downloaded then and read now", "pymine", {"q": "cm"}, {}, ("t", ["q"])),
        ("somebody else ships it too", "pymine", {"pymine": "cl", "q": "c"}, {}, ("r", ["pymine", "q"])),
        ("too short to be one person's word", "mine", {"mine": "cl"}, {}, ("r", ["mine"])),
        ("there for years, looked at twice", "m", {"m": "clm"}, {}, ("t", ["m"])),
        ("for years, but another was looked at too", "m", {"m": "clm", "z": "cm"}, {}, ("r", ["m", "z"])),
        ("generic however popular", "utils", {"utils": "clm"}, {"utils": 9_000_000}, ("r", ["utils"])),
        ("generic with a number", "lab12", {"lab12": "clm"}, {"lab12": 9_000_000}, ("r", ["lab12"])),
        ("private", "_m", {"m": "cm"}, {"m": 9_000_000}, ("r", ["m"])),
        ("once in the standard library", "cgi", {"cgi": "cm"}, {"cgi": 9_000_000}, ("r", ["cgi"])),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_standing(
    story: str, name: str, claims: dict[str, str], downloads: dict[str, int], expected: tuple[str, list[str]]
) -> None:
    assert decide(name, sources({name: claims}, downloads)) == expected, story


def test_a_bundled_copy_stands_behind_what_it_copies() -> None:
    known = sources({"six": {"six": "c", "big": "c"}, "big": {"big": "c"}}, {"big": 9_000_000, "six": 8_000_000})
    assert decide("six", known) == ("t", ["six", "big"])


def test_conda_forge_vouches_for_a_project_of_the_same_name() -> None:
    assert decide("m", sources({"m": {"m": "c", "z": "c"}}, conda={"m": "m"})) == ("t", ["m", "z"])
    assert decide("m", sources({"m": {"q": "c", "z": "c"}}, conda={"q": "q"})) == ("r", ["q", "z"])


def test_the_one_that_conda_forge_carries_stands_before_whoever_took_the_very_name() -> None:
    claims = {"flintq": {"flintq": "cl", "python-flintq": "c", "flintq-py": "c"}}
    assert decide("flintq", sources(claims, conda={"python-flintq": "x"})) == (
        "t",
        ["python-flintq", "flintq", "flintq-py"],
    )
    assert decide("flintq", sources(claims, conda={"python-flintq": "x", "flintq-py": "y"}))[0] == "r"
    assert decide("flintq", sources(claims, {"flintq": 90_000}, conda={"python-flintq": "x"}))[1][0] == "flintq"


def test_conda_forge_does_not_vouch_for_what_people_call_their_own_files() -> None:
    longer = {f"cities_{place}": {f"p{place}": "c"} for place in "vwxyz"}
    claims = {"cities": {"cities": "c", "django-cities": "c"}, **longer}
    assert decide("cities", sources(claims, conda={"django-cities": "x"})) == ("r", ["django-cities", "cities"])


def test_a_denied_project_is_not_vouched_for() -> None:
    known = sources({"m": {"m": "clm"}}, {"m": 9_000}, denied=[{"name": "M", "reason": "Reported.", "source": "s"}])
    assert decide("m", known) == ("r", ["m"])


def test_what_people_settle_stands_first() -> None:
    known = sources({"m": {"a": "cm"}}, {"a": 9_000}, settled={"m": Settled("m", "b", "because")})
    assert decide("m", known) == ("t", ["b", "a"])


def test_one_slip_from_a_name_hundreds_of_times_as_known_is_not_vouched_for() -> None:
    known = sources(
        {"pandas": {"pandas": "c"}, "panda": {"panda": "c"}, "pandan": {"pandan": "c"}},
        {"pandas": 9_000_000, "pandan": 90_000, "panda": 9_000},
    )
    rules = Rules(known)
    assert rules.find_lures({name: rules.decide(name) for name in known.claims}) == {"panda"}


def test_names_of_everyday_words_alone_are_peoples_own_files() -> None:
    longer = {f"{word}_{place}": {f"p{place}": "c"} for place in "vwxyz" for word in ("magic", "square")}
    known = sources({"magic_square": {"magic-square": "cl"}, "magic_ahkab": {"magic-ahkab": "cl"}, **longer})
    assert decide("magic_square", known) == ("r", ["magic-square"])
    assert decide("magic_ahkab", known) == ("t", ["magic-ahkab"])
    joined = sources({"magicsquare": {"magicsquare": "cl"}, "magicahkab": {"magicahkab": "cl"}, **longer})
    assert decide("magicsquare", joined) == ("r", ["magicsquare"])
    assert decide("magicahkab", joined) == ("t", ["magicahkab"])


@pytest.mark.parametrize(
    ("story", "claims", "expected"),
    [
        ("its name and its files say the same", {"ns": {"ns-part": "c"}}, "i"),
        ("the files alone", {"ns": {"part": "c"}}, None),
        ("the name alone", {"other": {"ns-part": "c"}}, None),
        ("one slip from a known project", {"ns": {"ns-knwn": "c"}}, None),
        ("known by its vendor's repository", {}, "v"),
    ],
)
def test_who_is_at_home_in_a_namespace(story: str, claims: dict[str, dict[str, str]], expected: str | None) -> None:
    imports = {project: names for name, projects in claims.items() for project in projects for names in [{name: "c"}]}
    vendors = set() if claims else {"ns-part"}
    (project,) = imports or vendors
    home = little_used.at_home({"ns": Namespace("ns", "", ("ns-{*}",))}, imports, vendors, {"ns-known": 1})
    assert home.get(project) == expected, story


@pytest.mark.parametrize(
    ("story", "name", "claims", "standing"),
    [
        ("at home, and read there", "ns.part", {"ns-part": "m"}, "t"),
        ("somebody else is there too", "ns.part", {"ns-part": "m", "q": "c"}, "r"),
        ("looked into, and the crawl saw the root", "top.part", {"top-part": "m"}, "t"),
        ("an inner module", "top._part", {"top-part": "m"}, "r"),
        ("below another project's name", "owned.part", {"owned-part": "m"}, "r"),
    ],
)
def test_standing_of_what_lies_below(story: str, name: str, claims: dict[str, str], standing: str) -> None:
    known = sources(
        {
            "ns": {"ns-part": "c"},
            "top": {"top-part": "c"},
            "owned": {"owned": "c", "owned-part": "c"},
            name: claims,
        },
        {"owned": 9_000_000},
        namespaces={"ns": Namespace("ns", "", ("ns-{*}",))},
    )
    assert decide(name, known)[0] == standing, story


def test_beyond_the_most_downloaded_any_known_name_is_too_near() -> None:
    known = sources(
        {"rarely": {"rarely": "c"}, "barely": {"barely": "cl"}, "cgii": {"cgii": "cl"}}, {"rarely": 9_000}
    )
    rules = Rules(known)
    assert rules.find_lures({name: rules.decide(name) for name in known.claims}) == {"barely"}


def test_a_retired_project_is_not_known_but_the_others_keep_their_ranks() -> None:
    rules = Rules(sources({}, {"old": 3, "new": 2})._replace(retired=frozenset({"old"})))
    assert rules.ranks == {"new": 2}


def test_a_name_that_only_projects_called_after_it_claim_is_shared() -> None:
    inside = {f"ns-{letter}": "c" for letter in "abcd"}
    assert namespaces_seen({"ns": inside}, {}, frozenset("m")) == {"ns": Namespace("ns", "", ("ns-{*}",))}
    assert namespaces_seen({"ns": {**inside, "ns": "cm"}}, {}, frozenset("m")) == {}
    assert namespaces_seen({"ns": {**inside, "ns": "c"}}, {"ns": 1}, frozenset("m")) == {}


def test_projects_that_rules_can_name() -> None:
    shared = {"ns": Namespace("ns", "", ("ns-{*}", "{1}-inverted"))}
    assert known_by_rules(shared, ["ns-a", "ns", "a-inverted", "other", "ns-nspkg"]) == {"ns-a", "a-inverted"}


def test_names_below_a_namespace() -> None:
    found = below(Namespace("ns", "", ("ns-{*}",)), ["edge-python"], ["ns-secret-manager", "ns-x"], {"ns-x": 1})
    assert list(found) == [
        ("ns.secretmanager", "ns-secret-manager"),
        ("ns.secret", "ns-secret-manager"),
        ("ns.edge", "edge-python"),
    ]
