"""What is known about an import name, for people and for programs: one rendering for every face."""

import json

from autoinstall.advice import Advice, Verdict
from autoinstall.text import printable

_SAID = {
    Verdict.INSTALLED: "is there",
    Verdict.TRUSTED: "comes with",
    Verdict.CHOICE: "comes with one of",
    Verdict.RARE: "may come with",
    Verdict.UNKNOWN: "is not known",
    Verdict.ADVICE: "is nothing to install",
    Verdict.DENIED: "is not installed from here",
}


def as_json(advice: Advice) -> str:
    """Return one JSON object on one line: DESIGN.md's fields, in its order, ASCII only."""
    return json.dumps(
        {
            "import_name": advice.import_name,
            "verdict": advice.verdict,
            "project": advice.project,
            "candidates": advice.candidates,
            "reason": advice.reason,
            "suggestion": advice.suggestion,
        }
    )


def as_text(advice: Advice) -> str:
    """Return what people read: the name and its project, then why, then what to write instead."""
    said = _SAID[advice.verdict]
    if advice.verdict is Verdict.ADVICE and advice.project is not None:
        said = "lives on in"
    projects = ", ".join(advice.candidates) if advice.project is not None else ""
    lines = [f"{printable(advice.import_name, 60)} {said} {projects}".rstrip(), f"  {advice.reason}"]
    if advice.suggestion is not None and advice.suggestion not in advice.reason:
        lines.append(f"  Write instead: {advice.suggestion}")
    return "\n".join(lines)
