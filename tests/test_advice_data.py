"""The reviewed rows of `data/advice` and `data/deny`: in order, whole, and saying what the decision can use."""

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoinstall import table
from autoinstall.advice import Verdict, advise
from autoinstall.advice.facts import current_facts
from autoinstall.names import import_name, is_import_name, project_name

DATA = Path(__file__).parent.parent / "data"
ADVICE = sorted((DATA / "advice").glob("*.tsv"))
KINDS = {
    "python2",
    "removed",
    "part",
    "platform",
    "newer",
    "made-on-import",
    "moved",
    "project-name",
    "host",
    "model",
    "generic",
}
SYSTEMS = {"debian", "fedora", "macos", "windows"}


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)


def is_sentence(text: str) -> bool:
    return text == text.strip() and text.endswith((".", "?")) and text.count("\n") == 0


def test_every_kind_has_its_file() -> None:
    assert {path.stem.replace("_", "-") for path in ADVICE} == KINDS


@pytest.mark.parametrize("path", ADVICE, ids=lambda path: path.stem)
def test_rows_of_advice(path: Path) -> None:
    found = list(rows(path))
    names = [row["import_name"] for row in found]
    assert names == sorted(set(names))
    for row in found:
        assert row["kind"] == path.stem.replace("_", "-")
        assert is_import_name(row["import_name"])
        assert row["source"]
        assert row["suggestion"] != row["import_name"]
        assert not row["suggestion"] or is_import_name(row["suggestion"])
        assert not row["project"] or project_name(row["project"]) == row["project"]
        sentence, *commands = row["reason"].split(" | ")
        assert commands or is_sentence(sentence)
        assert all(command.partition(": ")[0] in SYSTEMS and command.partition(": ")[2] for command in commands)


def test_a_name_has_one_row() -> None:
    names = [row["import_name"] for path in ADVICE for row in rows(path)]
    assert len(names) == len(set(names))


def test_a_project_is_named_only_where_it_makes_the_import_work_as_it_is_written() -> None:
    """Installed for another import name, it would be taken out again at once."""
    for row in (row for path in ADVICE for row in rows(path) if row["project"]):
        known = table.lookup(import_name(row["import_name"]))
        assert known is not None, row
        assert row["project"] in {claim.project for claim in known.claims}, row
        assert known.decided_by == row["import_name"]


def test_what_to_write_instead_is_no_dead_end() -> None:
    """A suggestion must not itself be advised against, or two rows would send people in a circle."""
    advised = {row["import_name"] for path in ADVICE for row in rows(path) if path.stem != "part"}
    allowed = {"xml.etree.ElementTree", "fcntl", "winreg"}
    suggested = {row["suggestion"] for path in ADVICE for row in rows(path)} - allowed
    assert suggested & advised == set()


def test_no_name_of_this_standard_library_is_called_python_2s_or_a_host_programs() -> None:
    ours = set(sys.stdlib_module_names)
    for kind in ("python2", "host", "project_name", "moved"):
        assert {row["import_name"] for row in rows(DATA / "advice" / f"{kind}.tsv")} & ours == set()


def test_the_deny_list() -> None:
    found = list(rows(DATA / "deny" / "reported.tsv"))
    names = [row["name"] for row in found]
    assert names == sorted(set(names))
    for row in found:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["name"]), row
        assert is_sentence(row["reason"])
        assert row["source"]


def test_parts_of_a_namespace_are_not_parts_of_a_project_that_is_called_like_it(tmp_path: Path) -> None:
    """A project called google exists; what is under the namespace google is not its."""
    advice = advise("google.cloud.datalabeling_v1beta1", current_facts(path=[], nearby=tmp_path))
    assert (advice.verdict, advice.suggestion, advice.candidates[0]) == (
        Verdict.TRUSTED,
        None,
        "google-cloud-datalabeling",
    )
