"""What `which` says, to the letter."""

import json

import pytest

from autoinstall.advice import Advice, Verdict
from autoinstall.answers import as_json, as_text
from tests.support.story import advice


def test_json_has_the_fields_of_the_public_interface_in_their_order() -> None:
    chosen = advice("cv2", Verdict.CHOICE, "opencv-python", "opencv-python-headless", reason="Two “provide” it.")
    assert as_json(chosen) == (
        '{"import_name": "cv2", "verdict": "choice", "project": "opencv-python", '
        '"candidates": ["opencv-python", "opencv-python-headless"], '
        '"reason": "Two \\u201cprovide\\u201d it.", "suggestion": null}'
    )


@pytest.mark.parametrize("name", ["", "a\0b", "a\nb", "\udcff", "é" * 3, "x" * 10_000])
def test_json_is_one_line_whatever_was_asked(name: str) -> None:
    line = as_json(Advice(name, Verdict.ADVICE, None, [], "reason", None))
    assert "\n" not in line
    assert line.isascii()
    assert json.loads(line)["import_name"] == name


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (advice("yaml", Verdict.TRUSTED, "pyyaml", reason="R."), "yaml comes with pyyaml\n  R."),
        (advice("cv2", Verdict.CHOICE, "a", "b", reason="R."), "cv2 comes with one of a, b\n  R."),
        (advice("odd", Verdict.RARE, "odd", reason="R."), "odd may come with odd\n  R."),
        (advice("os", Verdict.INSTALLED, reason="R."), "os is there\n  R."),
        (advice("x", Verdict.UNKNOWN, reason="R."), "x is not known\n  R."),
        (
            advice("urllib2", Verdict.ADVICE, reason="R.", suggestion="urllib.request"),
            "urllib2 is nothing to install\n  R.\n  Write instead: urllib.request",
        ),
        (
            advice("distutils", Verdict.ADVICE, "setuptools", reason="R."),
            "distutils lives on in setuptools\n  R.",
        ),
        (Advice("a\x1b[2J", Verdict.ADVICE, None, [], "R.", None), "a\\x1b[2J is nothing to install\n  R."),
    ],
)
def test_text_for_people(given: Advice, text: str) -> None:
    assert as_text(given) == text
