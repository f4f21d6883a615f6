"""What `which` tells people beyond the advice, to the letter."""

from autoinstall import table
from autoinstall.advice import Advice, Verdict
from autoinstall.explanation import as_text
from autoinstall.names import ImportName, ProjectName
from autoinstall.table import Claim, Entry, Witness
from tests.support.story import advice


class Known:
    """A table of one entry."""

    def __init__(self, entry: Entry | None, since: str | None = None) -> None:
        self.entry = entry
        self.since = since

    def lookup(self, _name: ImportName, /) -> Entry | None:
        return self.entry

    def witnesses(self) -> tuple[Witness, ...]:
        return (
            Witness("f", "2026-04", "conda-forge"),
            Witness("l", "2019-12", "an old list"),
            Witness("n", None, "a rule"),
        )

    def on_the_index_since(self, _project: ProjectName, /) -> str | None:
        return self.since


def entry(*claims: tuple[str, str, int | None, str], claimants: int | None = None) -> Entry:
    made = tuple(Claim(ProjectName(project), evidence, rank, reason) for project, evidence, rank, reason in claims)
    return Entry(ImportName("m"), "choice", made, claimants or len(made))


def test_a_choice_says_of_each_how_popular_it_is_and_why() -> None:
    known = Known(entry(("one", "fl", 40, "plain"), ("two-more", "l", None, "another"), claimants=5))
    assert as_text(advice("m", Verdict.CHOICE, "one", "two-more", reason="R."), known) == (
        "m comes with one of one, two-more\n"
        "  R.\n"
        "    one       among the 50 most used  plain\n"
        "    two-more  not widely used         another\n"
        "  one is known from conda-forge; an old list; since December 2019 or earlier.\n"
        "  3 more projects have the name too."
    )


def test_one_project_says_who_else_has_the_name() -> None:
    known = Known(entry(("one", "f", 40, ""), ("b", "l", None, ""), ("c", "l", None, ""), claimants=9), "2016-07")
    assert as_text(advice("m", Verdict.TRUSTED, "one", reason="R."), known) == (
        "m comes with one\n"
        "  R.\n"
        "  one is known from conda-forge; since April 2026 or earlier; on the index since July 2016.\n"
        "  Less likely meant, though they have the name too: b, c and 6 more."
    )


def test_what_has_no_date_of_its_own_is_given_none() -> None:
    assert as_text(advice("m", Verdict.RARE, "one", reason="R."), Known(entry(("one", "n", None, "")))).endswith(
        "\n  one is known from a rule."
    )


def test_where_nothing_is_offered_the_advice_is_all() -> None:
    silent = Known(entry(("one", "f", 40, "")))
    assert as_text(advice("m", Verdict.UNKNOWN, reason="R."), silent) == "m is not known\n  R."
    assert as_text(Advice("a b", Verdict.ADVICE, None, [], "R.", None), silent) == "a b is nothing to install\n  R."
    assert as_text(advice("m", Verdict.TRUSTED, "two", reason="R."), silent) == "m comes with two\n  R."


def test_every_letter_of_the_shipped_table_is_said_and_dated() -> None:
    said = {witness.letter: witness for witness in table.witnesses()}
    for name in ("cv2", "yaml", "google.cloud.storage", "sphinxcontrib.ditaa", "llama_index.llms.nvidia", "A2G"):
        found = table.lookup(ImportName(name))
        assert found is not None
        assert {letter for claim in found.claims for letter in claim.evidence} <= said.keys()
    assert {letter for letter, witness in said.items() if witness.since is None} == {"h", "i", "n"}
