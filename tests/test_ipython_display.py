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
    """A cell's outputs in their order, as a frontend keeps them: an update replaces what has the same id."""

    output: io.StringIO = field(default_factory=io.StringIO)
    published: list[tuple[str | None, dict[str, str]]] = field(default_factory=list)

    @property
    def display(self) -> Self:
        return self

    def publish(
        self, data: dict[str, str], metadata: dict[str, object], *, transient: dict[str, str], update: bool
    ) -> None:
        assert metadata == {}
        place = transient.get("display_id")
        if update:
            self.published = [(there, data if there == place else shown) for there, shown in self.published]
        else:
            self.published.append((place, data))

    @property
    def texts(self) -> list[str]:
        return [data["text/plain"] for _, data in self.published]


def screen(*, is_watched: bool = True, each_look_takes: float = 1.0) -> tuple[CellScreen, FakeCell]:
    cell = FakeCell()
    seconds = iter(range(1000))
    return CellScreen(cell, lambda: is_watched, lambda: next(seconds) * each_look_takes), cell


def test_progress_is_one_output_in_text_and_html() -> None:
    shown, cell = screen()
    shown.progress("finding what snark needs")
    shown.progress("installing", 12_000_000, 48_000_000)
    [(_, data)] = cell.published
    assert data["text/plain"] == "installing (12 MB of 48 MB) …"
    assert 'value="0.25"' in data["text/html"]
    assert "installing (12 MB of 48 MB) …</div>" in data["text/html"]


def test_what_goes_on_is_not_named_anew() -> None:
    shown, cell = screen()
    shown.progress("finding what snark needs")
    shown.progress("", 2_000)
    assert cell.texts == ["finding what snark needs (2.0 kB) …"]


def test_what_takes_no_time_shows_no_progress() -> None:
    shown, cell = screen(each_look_takes=0.1)
    for _ in range(4):
        shown.progress("installing")
    assert cell.texts == []
    for _ in range(4):
        shown.progress("installing")
    assert cell.texts == ["installing …"]


def test_more_than_the_total_has_never_come() -> None:
    """What uv downloads it unpacks at once, and that is what is counted."""
    shown, cell = screen()
    shown.progress("installing", 90_000_000, 48_000_000)
    [(_, data)] = cell.published
    assert data["text/plain"] == "installing (48 MB of 48 MB) …"
    assert 'value="1.00"' in data["text/html"]


def test_lines_are_printed_and_the_progress_is_gone() -> None:
    """Jupyter console shows updates of nothing: what has to be seen must not come as one."""
    shown, cell = screen()
    shown.progress("installing")
    shown.say("Installed snark 2.0.")
    shown.say("By hand: %pip install snark")
    shown.clear()
    assert [data for _, data in cell.published] == [{"text/plain": ""}]
    assert cell.output.getvalue() == "Installed snark 2.0.\nBy hand: %pip install snark\n"


def test_after_an_error_nothing_is_left() -> None:
    shown, cell = screen()
    shown.progress("installing")
    shown.clear()
    shown.clear()
    assert [data for _, data in cell.published] == [{"text/plain": ""}]


def test_the_question_is_an_output_of_its_own() -> None:
    shown, cell = screen()
    shown.progress("finding what snark needs")
    shown.show("snark 2.0, 1 kB", TABLE)
    shown.show("snark-2.0-py3-none-any.whl")
    shown.progress("installing")
    assert cell.texts == ["", "snark 2.0, 1 kB", "installing …"]
    assert "<td" in cell.published[1][1]["text/html"]
    assert cell.output.getvalue() == "snark-2.0-py3-none-any.whl\n"


def test_where_nobody_watches_lines_are_plain_and_there_is_no_progress() -> None:
    shown, cell = screen(is_watched=False)
    shown.progress("installing")
    shown.say("Installed snark 2.0.")
    shown.clear()
    assert cell.published == []
    assert cell.output.getvalue() == "Installed snark 2.0.\n"


def test_unchanged_progress_is_not_published_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, cell = screen()
    shown.progress("installing", 1000)
    monkeypatch.setattr(cell, "publish", None)
    shown.progress("installing", 1000)


def test_progress_is_harmless() -> None:
    shown, cell = screen()
    shown.progress("\x1b[2Jbad <script>" + "long " * 40)
    [(_, data)] = cell.published
    assert data["text/plain"].startswith("\\x1b[2Jbad <script>long")
    assert len(data["text/plain"]) == 80
    assert "\\x1b[2Jbad &lt;script&gt;long" in data["text/html"]
