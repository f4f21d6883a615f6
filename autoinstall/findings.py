"""What `doctor` finds, as data and on the screen: each fact in a few words, and where it ails what mends it."""

import json
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from autoinstall.text import printable

_WIDTH = 100
_TOPIC = 16
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact: what it is about, what was found, and the sentence that mends it where something needs mending."""

    topic: str
    said: str
    mend: str | None = None


def as_json(finding: Finding) -> str:
    """Return one JSON object on one line: `topic`, `said`, and `mend`, which is null where all is well."""
    return json.dumps({"topic": finding.topic, "said": finding.said, "mend": finding.mend})


def as_text(findings: Iterable[Finding]) -> str:
    """Return what people read: facts line by line, each topic named once, and an arrow to what mends what ails."""
    lines = []
    last = ""
    ails = 0
    for finding in findings:
        topic = "" if finding.topic == last else finding.topic
        last = finding.topic
        lines += _wrapped(f"{topic:<{_TOPIC}}", finding.said)
        if finding.mend is not None:
            ails += 1
            lines += [line for text in finding.mend.splitlines() for line in _wrapped(f"{'':<{_TOPIC}}-> ", text)]
    lines.append(_SUMMARY[min(ails, 2)].format(ails))
    return "\n".join(lines)


_SUMMARY = (
    "Nothing needs mending.",
    "One thing may need mending: see the arrow.",
    "{} things may need mending: see the arrows.",
)


def _wrapped(start: str, text: str) -> list[str]:
    # Commands and paths are copied from here: never broken within, rather too long.
    return textwrap.wrap(
        printable(text, _LONGEST),
        _WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )
