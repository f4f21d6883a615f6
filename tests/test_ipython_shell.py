"""What is replaced on somebody else's object is given back exactly, and never over what others put there since."""

from typing import Any

import pytest

from autoinstall.ipython.shell import Entry, Override


class Theirs:
    """An object with one attribute of its class, and maybe one of its own."""

    name = "the class's"


@pytest.mark.parametrize("own", [{}, {"name": "its own"}], ids=["inherited", "its own"])
def test_an_attribute_is_given_back(own: dict[str, object]) -> None:
    theirs = Theirs()
    vars(theirs).update(own)
    override = Override(theirs, "name", "ours")
    assert theirs.name == "ours"
    override.undo()
    assert vars(theirs) == own


def test_an_attribute_that_others_have_replaced_since_stays_theirs() -> None:
    theirs = Theirs()
    override = Override(theirs, "name", "ours")
    theirs.name = "somebody's"
    override.undo()
    assert theirs.name == "somebody's"


@pytest.mark.parametrize("before", [{}, {"key": "before"}], ids=["nothing before", "something before"])
def test_an_entry_is_given_back(before: dict[str, Any]) -> None:
    mapping = dict(before)
    entry = Entry(mapping, "key")
    assert mapping == {}
    mapping["key"] = "ours"
    entry.is_ours()
    entry.undo()
    assert mapping == before


def test_an_entry_that_others_have_replaced_since_stays_theirs() -> None:
    mapping = {"key": "before"}
    entry = Entry(mapping, "key")
    mapping["key"] = "ours"
    entry.is_ours()
    mapping["key"] = "somebody's"
    entry.undo()
    assert mapping == {"key": "somebody's"}
