"""What the face draws where HTML can be shown: the plan as a table, and how far an install has come.

Colours are the frontend's own: text has the colour of the text around it, lines the one that JupyterLab gives
borders, elsewhere a half-transparent grey; light and dark themes both stay readable. Everything that is written in
between is escaped here, whoever made it.
"""

from html import escape

from autoinstall.consent import Table
from autoinstall.text import printable

_LINE = "1px solid var(--jp-border-color2, rgba(128, 128, 128, 0.5))"
_TEXT = "color: inherit; background: transparent; font-size: var(--jp-content-font-size1, 14px)"
_CELL = "padding: 2px 12px 2px 0; border: none; background: transparent; color: inherit"
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
    return (
        f'<div style="{_TEXT}; margin: 4px 0">'
        f'<div style="margin-bottom: 4px">{_written(shown.heading)}</div>'
        f'<table style="border-collapse: collapse; border: none; border-top: {_LINE}; border-bottom: {_LINE}; '
        f'margin: 0 0 4px 0; {_TEXT}"><tbody>{rows}</tbody></table>'
        f"{facts}</div>"
    )


def progress(doing: str, share: float | None) -> str:
    """Return a line with what is being done, and a bar where the `share` that is done (0 to 1) is known."""
    bar = (
        "" if share is None else f'<progress max="1" value="{share:.2f}" style="vertical-align: middle"></progress> '
    )
    return f'<div style="{_TEXT}; {_FAINT}">{bar}{_written(doing)}</div>'


def _row(cells: tuple[str, ...]) -> str:
    name, *rest = cells
    shown = f'<code style="color: inherit">{_written(name)}</code>' if name else f'<span style="{_FAINT}">and</span>'
    return f"<tr>{_cell(shown)}{''.join(_cell(_written(text), column) for column, text in enumerate(rest, 1))}</tr>"


def _cell(content: str, column: int = 0) -> str:
    align = "right" if column == Table.SIZE else "left"
    # The last one, which may be long, is the one that gives way where there is little room.
    wrap = "" if column == Table.LAST else "; white-space: nowrap"
    return f'<td style="{_CELL}; text-align: {align}{wrap}">{content}</td>'


def _written(text: str) -> str:
    return escape(printable(text, _LONGEST_CELL))
