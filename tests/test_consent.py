"""The question word for word, and what each answer means."""

import pytest

from autoinstall.consent import Answer, Question, Standing, choose, compose, put
from autoinstall.names import ImportName, ProjectName
from autoinstall.plan import Item, Plan
from tests.support.story import ScriptedAsker, item

OPENCV = item("opencv-python", "4.14.0.94", size=51_200_000, days=80, wanted_as=["cv2"])
YAML = item("pyyaml", "6.0.3", size=806_000, days=366, wanted_as=["yaml"])
NUMPY = item("numpy", "2.4.1", size=17_000_000, needed_by=["opencv-python"])
STANDINGS: dict[str, Standing] = {
    ImportName("cv2"): Standing(420, (ProjectName("opencv-python"), ProjectName("opencv-python-headless"))),
    ImportName("yaml"): Standing(31, (ProjectName("pyyaml"),)),
}


def _compose(*items: Item, place: str = "/home/ann/.venv", type_in_full: str | None = None) -> Question:
    return compose(
        Plan(items, "uv"),
        STANDINGS,
        place=place,
        python="3.12",
        asked_by="This cell",
        type_in_full=None if type_in_full is None else ProjectName(type_in_full),
    )


def test_who_has_typed_it_is_spoken_to() -> None:
    plan = Plan((item("snark", "2.0", wanted_as=["snark"]),), "uv")
    asked_by = {None: "You asked for 1 package", "a\x1b[2J.ipynb": "a\\x1b[2J.ipynb needs 1 package"}
    for given, start in asked_by.items():
        question = compose(plan, {"snark": Standing()}, place="/env", python="3.12", asked_by=given)
        assert question.lines[0] == f"{start} that is not installed here:"


def test_the_question_as_people_see_it() -> None:
    question = _compose(OPENCV, YAML, NUMPY)
    assert "\n".join(question.lines) == (
        "This cell needs 2 packages that are not installed here:\n"
        "  cv2   opencv-python 4.14.0.94   51 MB  80 days old  among the 500 most used\n"
        "  yaml  pyyaml 6.0.3             0.8 MB  1 year old   among the 50 most used\n"
        "  and   numpy 2.4.1 (needed by opencv-python), 17 MB\n"
        "  into  /home/ann/.venv (Python 3.12) with uv; nothing already installed changes"
    )
    assert question.prompt == (
        "Install opencv-python, pyyaml and numpy?\n[y]es / [n]o / [c]hoose another / [d]etails: "
    )


def test_a_single_one_without_a_choice() -> None:
    question = _compose(YAML)
    assert question.lines[0] == "This cell needs 1 package that is not installed here:"
    assert question.prompt == "Install pyyaml? [y]es / [n]o / [c]hoose another / [d]etails: "


NEWER = item("numpy", "2.4.1", size=17_000_000, needed_by=["pyyaml"], replaces="1.26.4")


def test_what_changes_is_named_with_both_versions() -> None:
    scipy = item("scipy", "1.15", size=35_000_000, needed_by=["pyyaml"], replaces="1.11")
    question = _compose(YAML, NEWER, scipy)
    assert "\n".join(question.lines) == (
        "This cell needs 1 package that is not installed here:\n"
        "  yaml  pyyaml 6.0.3  0.8 MB  1 year old  among the 50 most used\n"
        "  and   numpy 1.26.4 -> 2.4.1 (needed by pyyaml), 17 MB\n"
        "  and   scipy 1.11 -> 1.15 (needed by pyyaml), 35 MB\n"
        "  into  /home/ann/.venv (Python 3.12) with uv; 2 already installed change"
    )
    assert question.prompt == (
        "Install pyyaml, and change numpy and scipy?\n[y]es / [n]o / [c]hoose another / [d]etails: "
    )
    assert [row[1] for row in question.table.rows] == ["pyyaml 6.0.3", "numpy 1.26.4 -> 2.4.1", "scipy 1.11 -> 1.15"]
    assert question.table.facts[0][1].endswith("; 2 already installed change")


def test_a_change_that_is_wanted_itself() -> None:
    question = _compose(item("pyyaml", "5.4", size=806_000, days=3000, wanted_as=["yaml"], replaces="6.0.3"))
    assert question.lines[0] == "This cell needs 1 package that is not installed here in this version:"
    assert question.lines[1].startswith("  yaml  pyyaml 6.0.3 -> 5.4  0.8 MB")
    assert question.lines[2].endswith("; 1 already installed changes")
    assert question.prompt == "Change pyyaml? [y]es / [n]o / [c]hoose another / [d]etails: "


def test_a_name_to_be_typed_in_full() -> None:
    assert _compose(YAML, type_in_full="pyyaml").prompt == (
        "To install pyyaml, type its name in full (d: details, anything else: no): "
    )


def test_no_line_is_wider_than_80_columns() -> None:
    long = item("a-project-with-a-name-of-remarkable-length-indeed", "2026.11.21.post20261121", wanted_as=["cv2"])
    needed = item("another-project-with-a-very-long-name-too", "1.0", needed_by=[long.project, "x" * 60])
    question = _compose(long, YAML, needed, place="/home/someone/with/a/very/long/path/to/an/environment/.venv")
    assert max(map(len, question.lines)) <= 80


def test_what_is_wanted_for_its_own_sake_has_a_line_too_and_nothing_to_choose() -> None:
    pinned = item("snark", "2.0")
    question = compose(
        Plan((pinned, YAML, item("numpy", "2.4.1", needed_by=["snark"])), "uv"),
        {"snark": Standing(4), "yaml": Standing(40)},
        place="/home/ann/.venv",
        python="3.12",
        asked_by="pins.txt",
        has_choice=False,
    )
    assert question.lines[0] == "pins.txt needs 2 packages that are not installed here:"
    [line] = [line for line in question.lines if "snark 2.0" in line]
    assert line.endswith("among the 50 most used")
    [along] = [line for line in question.lines if "numpy" in line]
    assert along == "  and   numpy 2.4.1 (needed by snark), 1.0 kB"
    assert not question.can_choose


def test_hostile_text_reaches_no_screen() -> None:
    hostile = item("opencv-python", "1.0\x1b[2J\u202e" + "9" * 10_000, wanted_as=["cv2"])
    question = _compose(hostile, place="/tmp/\x1b]0;evil\x07")
    text = "\n".join((*question.lines, question.prompt, *question.details()))
    assert text.replace("\n", "").replace("…", "").isascii()
    assert text.replace("\n", "").isprintable()
    assert max(map(len, question.lines)) <= 80


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("y", Answer.YES),
        ("yes", Answer.YES),
        ("  YES \n", Answer.YES),
        ("n", Answer.NO),
        ("No", Answer.NO),
        ("c", Answer.CHOOSE),
        ("", Answer.NOT_NOW),
        ("\n", Answer.NOT_NOW),
        ("ye", Answer.NOT_NOW),
        ("yes please", Answer.NOT_NOW),
        ("ok", Answer.NOT_NOW),
        ("1", Answer.NOT_NOW),
        ("ｙ", Answer.NOT_NOW),  # noqa: RUF001 - a full-width y is no y
        (None, Answer.NOT_NOW),
    ],
)
def test_what_an_answer_means(typed: str | None, expected: Answer) -> None:
    assert put(_compose(OPENCV), ScriptedAsker(typed)) is expected


@pytest.mark.parametrize(("type_in_full", "yes"), [(None, "y"), ("pyyaml", "pyyaml")])
def test_details_are_shown_and_it_is_asked_again(type_in_full: str | None, yes: str) -> None:
    asker = ScriptedAsker("d", yes)
    assert put(_compose(YAML, type_in_full=type_in_full), asker) is Answer.YES
    assert asker.shown[1].splitlines()[:2] == ["  pyyaml-6.0.3-py3-none-any.whl", "    sha256 " + "ab" * 32]
    assert len(asker.prompts) == 2


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("pyyaml", Answer.YES),
        (" PyYAML ", Answer.YES),
        ("y", Answer.NOT_NOW),
        ("yes", Answer.NOT_NOW),
        ("pyyam", Answer.NOT_NOW),
        ("n", Answer.NO),
        (None, Answer.NOT_NOW),
    ],
)
def test_a_plain_yes_is_not_enough_for_a_name_to_be_typed(typed: str | None, expected: Answer) -> None:
    assert put(_compose(YAML, type_in_full="pyyaml"), ScriptedAsker(typed)) is expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["2", "1"], {"cv2": "opencv-python-headless", "yaml": "pyyaml"}),
        (["0", "1"], {"cv2": None, "yaml": "pyyaml"}),
        (["3"], None),
        (["x"], None),
        (["-1"], None),
        ([None], None),
    ],
)
def test_choosing(answers: list[str | None], expected: dict[str, str | None] | None) -> None:
    wanted = {ImportName("cv2"): ProjectName("opencv-python"), ImportName("yaml"): ProjectName("pyyaml")}
    assert choose(wanted, STANDINGS, ScriptedAsker(*answers)) == expected


def test_the_prompt_names_all_that_comes_in_lines_of_80_columns() -> None:
    along = [item(f"something-needed-{number}", "1.0", needed_by=["opencv-python"]) for number in range(12)]
    prompt = _compose(OPENCV, *along, YAML).prompt
    *lines, last = prompt.split("\n")
    assert last == "[y]es / [n]o / [c]hoose another / [d]etails: "
    assert all(len(line) <= 80 for line in lines)
    names = ["opencv-python", "pyyaml", *(one.project for one in along)]
    assert " ".join(lines) == f"Install {', '.join(names[:-1])} and {names[-1]}?"


def test_a_prompt_for_a_name_to_be_typed_names_what_comes_along() -> None:
    assert _compose(OPENCV, NUMPY, type_in_full="opencv-python").prompt == (
        "To install opencv-python and numpy,\ntype opencv-python in full (d: details, anything else: no): "
    )


def test_where_there_is_nothing_else_that_is_said_and_it_is_asked_again() -> None:
    asker = ScriptedAsker("c", "y")
    question = _compose(YAML)
    assert put(question, asker) is Answer.YES
    assert asker.prompts == [question.prompt] * 2
    assert asker.shown[1].startswith("There is nothing else to choose from")
    assert len(asker.shown[1]) <= 80


@pytest.mark.parametrize("typed", ["opencv-python", "OpenCV_Python", "opencv.python\n"])
def test_a_name_is_typed_as_indexes_compare_it(typed: str) -> None:
    assert put(_compose(OPENCV, type_in_full="opencv-python"), ScriptedAsker(typed)) is Answer.YES
