"""Which known name a slip meant, and which names are left alone."""

import pytest

from autoinstall.advice.typos import Slip, Words

# Best known first; the fillers stand for the many between the few that everybody knows and the rest.
KNOWN = ["requests", "numpy", "pandas", "matplotlib", "sklearn", "cv2", "yaml"]
KNOWN += [f"filler{number:04}zz" for number in range(1_993)]
KNOWN += ["partd", "charset_normalizer"]


@pytest.fixture(scope="module")
def words() -> Words:
    return Words(KNOWN)


@pytest.mark.parametrize(
    ("typed", "slip"),
    [
        pytest.param("numppy", Slip("numpy", 1, 1), id="doubled"),
        pytest.param("nmpy", Slip("numpy", 1, 1), id="dropped"),
        pytest.param("nunpy", Slip("numpy", 1, 1), id="replaced"),
        pytest.param("nupmy", Slip("numpy", 1, 1), id="swapped"),
        pytest.param("Numpy", Slip("numpy", 0, 1), id="another case"),
        pytest.param("mat_plot_lib", Slip("matplotlib", 0, 3), id="underscores put in"),
        pytest.param("charsetnormalizer", Slip("charset_normalizer", 0, 2_001), id="underscores left out"),
        pytest.param("cv3", Slip("cv2", 1, 5), id="a short name that is very well known"),
        pytest.param("maptlotlb", Slip("matplotlib", 2, 3), id="two slips in a long name"),
        pytest.param("numpy", None, id="the name itself"),
        pytest.param("nimpi", None, id="two slips in a short name"),
        pytest.param("parts", Slip("partd", 1, 2_000), id="five letters, one slip, known to many"),
        pytest.param("prt", None, id="short, and nothing well known beside it"),
        pytest.param("np", None, id="two letters"),
        pytest.param("colorsys", None, id="nothing near"),
    ],
)
def test_nearest(words: Words, typed: str, slip: Slip | None) -> None:
    assert words.nearest(typed) == slip


def test_of_two_as_near_the_better_known_is_meant() -> None:
    assert Words(["bodto", "botto"]).nearest("boto5") is None
    assert Words(["pandas", "pandaz"]).nearest("pandax") == Slip("pandas", 1, 0)
    assert Words(["pandaz", "pandas"]).nearest("pandax") == Slip("pandaz", 1, 0)


def test_words_of_one_place_need_the_length_that_this_place_asks_for() -> None:
    here = Words(["abc", "plots"], 900)
    assert here.nearest("abd") is None
    assert here.nearest("plotz") == Slip("plots", 1, 900)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("numpy_magic", "numpy"),
        ("magic_numpy", "numpy"),
        ("sklearnify", "sklearn"),
        ("numerapy", "numpy"),
        ("dataplotlib", "matplotlib"),
        ("yamlish", None),
        ("frobnicate", None),
        ("numpy", None),
        ("filler1990zz_more", None),
    ],
)
def test_what_a_made_up_name_is_built_around(words: Words, name: str, word: str | None) -> None:
    assert words.part_of(name) == word


@pytest.mark.parametrize(
    "typed", ["numppy", "nmpy", "nunpy", "nupmy", "Numpy", "cv3", "nimpi", "numpy", "prt", "np", "colorsys"]
)
def test_one_slip_is_what_the_whole_search_finds_within_one(words: Words, typed: str) -> None:
    assert words.one_slip(typed) == words.nearest(typed)


@pytest.mark.parametrize("typed", ["maptlotlb", "parts"])
def test_two_slips_and_words_that_few_know_are_not_one_slip(words: Words, typed: str) -> None:
    assert words.nearest(typed) is not None
    assert words.one_slip(typed) is None
