"""The plan as a table, whatever is in it."""

from html.parser import HTMLParser

from autoinstall.consent import Table
from autoinstall.ipython import markup


class Reader(HTMLParser):
    """Reads what a browser would: the elements, their attributes, and the text of each cell."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.styles: list[str] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.styles += [value or "" for name, value in attrs if name == "style"]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(data.strip())


ROWS = (
    ("cv2", "opencv-python 4.14.0.94", "51 MB", "80 days old", "among the 500 most used"),
    ("", "numpy 2.4.1", "17 MB", "1 year old", "needed by opencv-python"),
)
FACTS = (("into", "/home/ann/.venv (Python 3.12) with uv"), ("note", "R&D"))


def test_everything_that_the_text_says_is_in_the_table() -> None:
    read = Reader(markup.table(Table("This cell needs 1 package:", ROWS, FACTS)))
    cells = [cell or "and" for row in ROWS for cell in row]
    assert read.text == ["This cell needs 1 package:", *cells, *(part for fact in FACTS for part in fact)]
    assert read.elements.count("tr") == 2
    assert read.elements.count("td") == 10


def test_a_listing_has_its_headings_rows_and_remarks() -> None:
    rows = [("cv2", "opencv-python", "missing"), ("numpy", "", "installed")]
    read = Reader(markup.listing(("import", "project", "state"), rows, ["cv2: a remark"], faint={"installed"}))
    assert read.text == [*("import", "project", "state"), *rows[0], "numpy", "installed", "cv2: a remark"]
    assert (read.elements.count("th"), read.elements.count("tr"), read.elements.count("td")) == (3, 3, 6)


def test_nothing_that_comes_from_elsewhere_becomes_markup() -> None:
    hostile = '<img src=x onerror="alert(1)">\x1b[2J\u202e'
    read = Reader(markup.table(Table(hostile, ((hostile,) * 5,), ((hostile, hostile),))))
    assert "img" not in read.elements
    assert read.attributes == {"style"}
    assert set(read.text) == {'<img src=x onerror="alert(1)">\\x1b[2J\\u202e'}
    read = Reader(markup.listing((hostile,), [(hostile,) * 3], [hostile]))
    assert "img" not in read.elements
    assert read.attributes == {"style"}
    read = Reader(markup.progress(hostile, 0.5))
    assert "img" not in read.elements
    assert read.attributes == {"style", "max", "value"}


def test_colours_are_the_frontend_s_own() -> None:
    """In a light theme and in a dark one: no text and no ground of a colour that only one of them bears."""
    read = Reader(
        markup.table(Table("", ROWS, FACTS)) + markup.progress("doing", 0.5) + markup.listing("a", ["b"], ["c"])
    )
    for style in read.styles:
        for declaration in style.split(";"):
            name, _, value = declaration.partition(":")
            if name.strip() in ("color", "background"):
                assert value.strip() in ("inherit", "transparent")
