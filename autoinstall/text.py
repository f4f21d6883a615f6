"""Words for the screen: text from strangers made harmless, and quantities that people read at a glance."""

import re
import unicodedata

LONGEST_SHOWN = 200
"""In characters. Nothing that an index, a wheel or an exception says is shown longer than this."""

_LONGEST_VERSION = 40

# To the last `@` before a space or slash: a password may hold an `@`, `?` or `#` that nobody has escaped. Where what
# follows the colon is no port, it may hold a slash too, and tools complain of such a URL by quoting it.
_CREDENTIALS = re.compile(r"(?<=://)(?:[^/\s]*@|[^/\s:@\[]*:(?!\d*(?:[/?#\s]|$))\S*@)")

# Tokens are written there too, and signatures.
_QUERY = re.compile(r"(://[^\s?#]*\?)[^\s#'\"`)>\]]+")

_RANKS_SAID = (50, 100, 500, 1_000, 5_000, 15_000)

_KILOBYTE = 1000
_DAYS_A_YEAR = 365
_DAYS_SHOWN_AS_DAYS = 100
_DAYS_A_MONTH = 30.44


def printable(text: str, limit: int = LONGEST_SHOWN) -> str:
    r"""Return `text` with nothing in it that could steer a terminal or deceive the eye.

    Control, format (bidirectional, zero-width), surrogate, private-use and unassigned characters and line
    separators become `\x1b`-style escapes; combining marks too, since they pile up over neighbouring text.
    Longer than `limit` characters is cut and ends in `…`.
    """
    shown = "".join(
        character if character == " " or _is_harmless(character) else _escape(character) for character in text[:limit]
    )
    return shown if len(text) <= limit and len(shown) <= limit else shown[: limit - 1] + "…"


def printable_name(name: str, limit: int = LONGEST_SHOWN) -> str:
    r"""Return the name of a file, a path or a version, chosen by a stranger, as `printable` would, in one word.

    Blanks become `\x20` too: a name that is a whole sentence, or a question, cannot be read as one of ours.
    """
    return printable(name.replace(" ", r"\x20"), limit)


def version_as_text(version: str) -> str:
    """Return a version, as an index or a wheel gives it, in one word of at most 40 characters."""
    return printable_name(version, _LONGEST_VERSION)


def redacted(text: str) -> str:
    """Return `text` with user name, password and query taken out of every URL in it.

    `https://ann:secret@index.example/simple` becomes `https://index.example/simple`: both go, as tokens are written
    in the place of either. Of a query `?…` stays. Everything else is as it was.
    """
    return _QUERY.sub(r"\1…", _CREDENTIALS.sub("", text))


def size_as_text(size: int | None) -> str:
    """Return bytes as people say them (SI, as indexes show them): `51 MB`, `0.8 MB`, `12 kB`."""
    if size is None:
        return "size unknown"
    if size < _KILOBYTE:
        return f"{size} bytes"
    value, unit = size / _KILOBYTE, "kB"
    if value >= 100:  # noqa: PLR2004 - above 100 kB, tenths of a megabyte read better
        value, unit = value / _KILOBYTE, "MB"
    if value >= _KILOBYTE:
        value, unit = value / _KILOBYTE, "GB"
    return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"  # noqa: PLR2004 - one digit needs a tenth


def amount_as_text(received: int, total: int | None) -> str:
    """Return how many bytes have come, of how many where that is known: ` (12 MB of 51 MB)`.

    Nothing before the first byte, and never more than the total: what comes in may be counted unpacked.
    """
    if not received:
        return ""
    if not total:
        return f" ({size_as_text(received)})"
    return f" ({size_as_text(min(received, total))} of {size_as_text(total)})"


def popularity_as_text(rank: int | None) -> str:
    """Return a project's place among the most downloaded as people say it: `among the 500 most used`."""
    bound = next((bound for bound in _RANKS_SAID if rank is not None and rank <= bound), None)
    return "not widely used" if bound is None else f"among the {bound:,} most used"


def age_as_text(days: int | None) -> str:
    """Return an age in days as people say it: `today`, `80 days old`, `5 months old`, `3 years old`."""
    if days is None:
        return "age unknown"
    if days < 1:
        return "less than a day old"
    if days < _DAYS_SHOWN_AS_DAYS:
        return f"{days} day{'s' if days > 1 else ''} old"
    months = round(days / _DAYS_A_MONTH)
    if days < _DAYS_A_YEAR - 15:
        return f"{months} months old"
    years = round(days / _DAYS_A_YEAR)
    return f"{years} year{'s' if years > 1 else ''} old"


def _is_harmless(character: str) -> bool:
    return character.isprintable() and unicodedata.category(character)[0] not in "CMZ"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
