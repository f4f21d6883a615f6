"""What installed distributions require of each other."""

from pathlib import Path

import pytest

from autoinstall.environment import Installed
from autoinstall.installers.relations import applicable, needed_only_by, without_contradictions
from autoinstall.names import ProjectName, project_name


def holding(**requires: tuple[str, ...]) -> dict[ProjectName, Installed]:
    """Return distributions, all of version 1.0, with their requirements."""
    return {
        project_name(name): Installed(project_name(name), "1.0", Path("/site"), texts)
        for name, texts in requires.items()
    }


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        (("boojum>=1",), ("boojum>=1",)),
        (("boojum>=2",), ()),
        (("Boojum >=2",), ()),
        (("boojum>=2 ; python_version < '3'",), ("boojum>=2 ; python_version < '3'",)),
        (("boojum>=2 ; extra == 'docs'",), ("boojum>=2 ; extra == 'docs'",)),
        (("not-installed>=2",), ("not-installed>=2",)),
        (("boojum @ https://boojum.example/b.whl",), ()),
        (("this is no requirement",), ()),
        (("boojum>=1.0.*", "snark"), ("snark",)),
    ],
    ids=[
        "holds",
        "does not",
        "spelled otherwise",
        "elsewhere",
        "an extra",
        "missing",
        "a URL",
        "no requirement",
        "old",
    ],
)
def test_only_what_can_hold_is_kept(requires: tuple[str, ...], expected: tuple[str, ...]) -> None:
    before = holding(snark=requires, boojum=())
    assert without_contradictions(before) == holding(snark=expected, boojum=())


def test_what_has_no_valid_version_is_left_out() -> None:
    odd = Installed(project_name("odd"), "2004d-final", Path("/site"))
    assert without_contradictions({odd.project: odd, **holding(snark=())}) == holding(snark=())


def test_a_pre_release_that_is_there_holds() -> None:
    boojum = Installed(project_name("boojum"), "2.0rc1", Path("/site"))
    before = {**holding(snark=("boojum>=1",)), boojum.project: boojum}
    assert without_contradictions(before) == before


def test_needed_only_by() -> None:
    before = holding(
        ours=("mine", "shared"),
        mine=("deeper",),
        deeper=("mine",),
        shared=("below-shared",),
        **{"below-shared": (), "theirs": ("shared",), "other": ()},
    )
    assert needed_only_by(project_name("ours"), before) == {"mine", "deeper"}


def test_needed_only_by_somebody_who_is_not_there() -> None:
    assert needed_only_by(project_name("ours"), holding(theirs=())) == frozenset()


def test_applicable_passes_over_extras_and_nonsense() -> None:
    texts = ("boojum>=1", "snark ; extra == 'x'", "???", "toves ; python_version > '3'")
    assert [requirement.name for requirement in applicable(texts)] == ["boojum", "toves"]
