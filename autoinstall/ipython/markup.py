"""What the face draws where HTML can be shown: the plan and a scan as tables, and how far an install has come.

Colours are the frontend's own: text has the colour of the text around it, lines the one that JupyterLab gives
borders, elsewhere a half-transparent grey; light and dark themes both stay readable. Everything that is written in
between is escaped here, whoever made it.
"""

from collections.abc import Container, Iterable, Sequence
from html import escape

from autoinstall.consent import Table
from autoinstall.text import printable

_LINE = "1px solid var(--jp-border-color2, rgba(128, 128, 128, 0.5))"
_TEXT = "color: inherit; background: transparent; font-size: var(--jp-content-font-size1, 14px)"
_CELL = "padding: 2px 12px 2px 0; border: none; background: transparent; color: inherit; text-align: left"
_UNBROKEN = "white-space: nowrap"
_FAINT = "opacity: 0.75"

_LONGEST_CELL = 400
"""In characters; a place may be a long path."""


def table(shown: Table) -> str:
    """Return the plan as an HTML table: a row for each project, below them where it goes."""
    rows = "".join(_row(row) for row in shown.rows)
    facts = "".join(
        f'<div style="display: flex; {_FAINT}"><span style="flex: 0 0 3em">{_written(word)}</span>'
        f"<span>{_written(text)}</span></div>"
        for word, text in shown.facts
    )
    heading = f'<div style="margin-bottom: 4px">{_written(shown.heading)}</div>'
    return _framed(f"{heading}{_between_lines(rows)}{facts}")


def listing(
    headings: Sequence[str], rows: Iterable[Sequence[str]], remarks: Iterable[str], *, faint: Container[str] = ()
) -> str:
    """Return rows under headings as an HTML table, with remarks below; the first column holds names.

    A row whose last cell is among `faint` stands back behind the others.
    """
    first = "".join(_cell(_written(word), f"{_FAINT}; font-weight: normal", kind="th") for word in headings)
    body = "".join(_listed(row, style=_FAINT if row[-1] in faint else "") for row in rows)
    below = "".join(f'<div style="{_FAINT}">{_written(line)}</div>' for line in remarks)
    return _framed(f"{_between_lines(f'<tr>{first}</tr>{body}')}{below}")


def progress(doing: str, share: float | None) -> str:
    """Return a line with what is being done, and a bar where the `share` that is done (0 to 1) is known."""
    bar = (
        "" if share is None else f'<progress max="1" value="{share:.2f}" style="vertical-align: middle"></progress> '
    )
    return f'<div style="{_TEXT}; {_FAINT}">{bar}{_written(doing)}</div>'


def _framed(content: str) -> str:
    return f'<div style="{_TEXT}; margin: 4px 0">{content}</div>'


def _between_lines(rows: str) -> str:
    return (
        f'<table style="border-collapse: collapse; border: none; border-top: {_LINE}; border-bottom: {_LINE}; '
        f'margin: 0 0 4px 0; {_TEXT}"><tbody>{rows}</tbody></table>'
    )


def _listed(cells: Sequence[str], style: str) -> str:
    name, *rest = map(_written, cells)
    return f'<tr style="{style}">{_cell(_name(name))}{"".join(map(_cell, rest))}</tr>'


def _row(cells: tuple[str, ...]) -> str:
    name, *rest = map(_written, cells)
    shown = _name(name) if name else f'<span style="{_FAINT}">and</span>'
    # The last one, which may be long, is the one that gives way where there is little room.
    styles = {Table.SIZE: f"text-align: right; {_UNBROKEN}", Table.LAST: ""}
    return (
        f"<tr>{_cell(shown)}{''.join(_cell(text, styles.get(at, _UNBROKEN)) for at, text in enumerate(rest, 1))}</tr>"
    )


def _name(written: str) -> str:
    return f'<code style="color: inherit">{written}</code>'


def _cell(content: str, style: str = _UNBROKEN, kind: str = "td") -> str:
    return f'<{kind} style="{_CELL}; {style}">{content}</{kind}>'


def _written(text: str) -> str:
    return escape(printable(text, _LONGEST_CELL))
