"""What can stand where the cursor is in a `%autoinstall` line: a sub-command, a mode, an option, an id, a file."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from autoinstall.platforms import typed
from autoinstall.settings import Mode

_SCANNED = (".ipynb", ".py")
_MOST = 200
"""Shown at once: more nobody reads."""


def suggestions(line: str, commands: Sequence[str], ids: Callable[[], list[str]]) -> list[str]:
    """Return the words that fit at the end of `line`; of these IPython keeps those that go on from what is typed.

    `ids` are the installs that can be undone. Where nothing is returned, IPython suggests files.
    """
    words = line.split()[1:]
    if line[-1:].isspace():
        words.append("")
    match words:
        case [_]:
            return sorted(commands)
        case ["mode", _]:
            return sorted(Mode)
        case ["scan", word] if not word.startswith("-"):
            return _files(word)
        case ["undo", _]:
            return ids()
        case ["install", *_, word] if word.startswith("-"):
            return ["--allow-changes", "--json", "--project"]
        case ["doctor" | "history", _]:
            return ["--json"]
        case ["freeze" | "scan" | "which", *_, word] if word.startswith("-"):
            return ["--json"]
    return []


def _files(word: str) -> list[str]:
    """Return what a scan could read that begins with `word`: notebooks and scripts, and folders that lead there."""
    folder, begun = os.path.split(word)
    try:
        entries = sorted(Path(folder or ".").expanduser().iterdir())
    except OSError:
        return []
    start = word[: len(word) - len(begun)]
    found = []
    for entry in entries:
        # What is hidden or made by Python itself is meant only by those who have begun to write it.
        if not entry.name.startswith(begun) or (not begun and entry.name.startswith((".", "__pycache__"))):
            continue
        if entry.is_dir():
            found.append(f"{start}{entry.name}/")
        elif entry.suffix in _SCANNED:
            found.append(f"{start}{entry.name}")
    return [typed(name) for name in found[:_MOST]]
