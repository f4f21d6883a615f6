"""Findings on the screen and as JSON."""

import json

from autoinstall.findings import Finding, as_json, as_text


def test_one_object_a_line() -> None:
    said = as_json(Finding("shell", "pip is another Python's", "type\n%pip"))
    assert "\n" not in said
    assert json.loads(said) == {"topic": "shell", "said": "pip is another Python's", "mend": "type\n%pip"}
    assert json.loads(as_json(Finding("python", "3.12")))["mend"] is None


def test_each_topic_is_named_once_and_arrows_lead_to_what_mends() -> None:
    found = [
        Finding("python", "Python 3.12.1"),
        Finding("shell", "python is this Python"),
        Finding("shell", "pip is another Python's", "type this:\n%pip install NAME"),
    ]
    assert as_text(found).splitlines() == [
        "python          Python 3.12.1",
        "shell           python is this Python",
        "                pip is another Python's",
        "                -> type this:",
        "                -> %pip install NAME",
        "One thing may need mending: see the arrow.",
    ]


def test_how_many_ail() -> None:
    assert as_text([Finding("a", "b")]).splitlines()[-1] == "Nothing needs mending."
    ailing = [Finding("a", "b", "c")] * 2
    assert as_text(ailing).splitlines()[-1] == "2 things may need mending: see the arrows."


def test_what_comes_from_elsewhere_steers_no_terminal_and_breaks_nowhere() -> None:
    path = "/a/" + "very-long-name-" * 10
    assert path in as_text([Finding("shell", f"it lies in {path}")])
    assert "\x1b" not in as_text([Finding("shell", "\x1b[2J")])
