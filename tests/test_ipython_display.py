"""What a cell shows of an install while it goes on, and what it keeps."""

import io
from dataclasses import dataclass, field
from typing import Self

import pytest

from autoinstall.consent import Table
from autoinstall.ipython.display import CellScreen

TABLE = Table("This cell needs 1 package:", (("snark", "snark 2.0", "1 kB", "1 year old", ""),), (("into", "/env"),))


@dataclass
class FakeCell:
    """A cell's output as a frontend keeps it: what is published under an id that is there already replaces it."""

    output: io.StringIO = field(default_factory=io.StringIO)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def publish(
        self, data: dict[str, str], metadata: dict[str, object], *, transient: dict[str, str], update: bool
    ) -> None:
        assert metadata == {}
        assert update is (transient["display_id"] in self.outputs)
        self.outputs[transient["display_id"]] = data

    @property
    def display(self) -> Self:
        return self

    @property
    def texts(self) -> list[str]:
        return [data["text/plain"] for data in self.outputs.values()]


def screen(*, is_watched: bool = True) -> tuple[CellScreen, FakeCell]:
    cell = FakeCell()
    return CellScreen(cell, lambda: is_watched), cell


def test_progress_is_one_output_in_text_and_html() -> None:
    shown, cell = screen()
    shown.progress("finding what snark needs")
    shown.progress("installing", 12_000_000, 48_000_000)
    [data] = cell.outputs.values()
    assert data["text/plain"] == "installing (12 MB of 48 MB) …"
    assert 'value="0.25"' in data["text/html"]
    assert "installing (12 MB of 48 MB) …</div>" in data["text/html"]


def test_what_goes_on_is_not_named_anew() -> None:
    shown, cell = screen()
    shown.progress("finding what snark needs")
    shown.progress("", 2_000)
    assert cell.texts == ["finding what snark needs (2.0 kB) …"]


def test_more_than_the_total_has_never_come() -> None:
    """What uv downloads it unpacks at once, and that is what is counted."""
    shown, cell = screen()
    shown.progress("installing", 90_000_000, 48_000_000)
    [data] = cell.outputs.values()
    assert data["text/plain"] == "installing (48 MB of 48 MB) …"
    assert 'value="1.00"' in data["text/html"]


def test_it_ends_as_the_lines_that_were_said() -> None:
    shown, cell = screen()
    shown.progress("installing")
    shown.say("Installed snark 2.0.")
    shown.say("By hand: %pip install snark")
    shown.clear()
    assert list(cell.outputs.values()) == [{"text/plain": "Installed snark 2.0.\nBy hand: %pip install snark"}]
    assert cell.output.getvalue() == ""


def test_a_line_that_is_said_meanwhile_stays_above_the_progress() -> None:
    shown, cell = screen()
    shown.progress("installing")
    shown.say("Another kernel installs here; waiting for it.")
    shown.progress("installing", 1000)
    assert cell.texts == ["Another kernel installs here; waiting for it.\ninstalling (1.0 kB) …"]
    shown.clear()
    assert cell.texts == ["Another kernel installs here; waiting for it."]


def test_after_an_error_nothing_is_left() -> None:
    shown, cell = screen()
    shown.progress("installing")
    shown.clear()
    shown.clear()
    assert list(cell.outputs.values()) == [{"text/plain": ""}]


def test_the_question_stands_where_its_progress_stood_and_what_follows_stands_below() -> None:
    shown, cell = screen()
    shown.progress("finding what snark needs")
    shown.show("snark 2.0, 1 kB", TABLE)
    shown.show("snark-2.0-py3-none-any.whl")
    shown.progress("installing")
    assert cell.texts == ["snark 2.0, 1 kB", "installing …"]
    assert cell.output.getvalue() == "snark-2.0-py3-none-any.whl\n"


def test_another_story_has_an_output_of_its_own() -> None:
    shown, cell = screen()
    for name in ("snark", "boojum"):
        shown.progress("installing")
        shown.say(f"Installed {name}.")
        shown.clear()
    assert cell.texts == ["Installed snark.", "Installed boojum."]


def test_where_nobody_watches_lines_are_plain_and_there_is_no_progress() -> None:
    shown, cell = screen(is_watched=False)
    shown.progress("installing")
    shown.say("Installed snark 2.0.")
    shown.clear()
    assert cell.outputs == {}
    assert cell.output.getvalue() == "Installed snark 2.0.\n"


def test_unchanged_progress_is_not_published_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, cell = screen()
    shown.progress("installing", 1000)
    monkeypatch.setattr(cell, "publish", None)
    shown.progress("installing", 1000)


def test_progress_is_harmless() -> None:
    shown, cell = screen()
    shown.progress("\x1b[2Jbad <script>" + "long " * 40)
    [data] = cell.outputs.values()
    assert data["text/plain"].startswith("\\x1b[2Jbad <script>long")
    assert len(data["text/plain"]) == 80
    assert "\\x1b[2Jbad &lt;script&gt;long" in data["text/html"]
