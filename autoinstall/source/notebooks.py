"""Notebooks read from their files: the code cells as the Python that IPython makes of them, and their shell lines."""

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autoinstall.errors import UnreadableSourceError
from autoinstall.guards import parse

# Cell magics whose body is Python that runs in this very kernel: IPython's own, and those of well-known extensions.
_PYTHON_BODIES = frozenset(
    {"capture", "debug", "memit", "prun", "pyinstrument", "scalene", "snakeviz", "time", "timeit", "wandb"}
)

# Cell magics whose body is a shell's.
_SHELL_BODIES = frozenset({"!", "bash", "cmd", "sh", "system", "sx", "zsh"})

_INSTALLING_MAGICS = frozenset({"conda", "mamba", "micromamba", "pip", "uv"})

_COMMENTED_OUT = re.compile(r"\s*#+\s*[!%]\s*(?P<command>\S.*)")


@dataclass(frozen=True, slots=True)
class Magic:
    """A line magic that a cell uses: `load_ext` with `argument` `sql`, in that line; sure as an import is."""

    name: str
    argument: str
    line: int
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Code:
    """One code cell, or a whole script.

    `cell` counts the notebook's code cells from 1; `None` for a script. `tree` is `None` where the cell holds no
    Python, with `problem` where it should. `offset` is added to the tree's line numbers. `commands` are the shell's
    lines in it, each with its line.
    """

    cell: int | None
    tree: ast.Module | None
    problem: str | None = None
    offset: int = 0
    commands: tuple[tuple[int, str], ...] = ()
    magics: tuple[Magic, ...] = ()


def read_notebook(file: Path) -> tuple[Code, ...]:
    """Return the code cells of a notebook of format 3 or 4, in order.

    A cell is transformed as IPython would run it; one that is no Python then has no tree, but the reason. Bodies of
    cell magics in other languages are left out. Raises `UnreadableSourceError` for what is no Python notebook.
    """
    sources = list(_sources(file))
    from IPython.core.inputtransformer2 import TransformerManager  # noqa: PLC0415 - only notebooks need it

    make: Callable[[], Any] = TransformerManager  # Any: IPython 7 and 8 ship no types for it
    transform = make().transform_cell
    return tuple(_read_cell(number, source, transform) for number, source in enumerate(sources, 1))


def _sources(file: Path) -> Iterator[str]:
    try:
        notebook = json.loads(file.read_bytes())
    except OSError as problem:
        raise UnreadableSourceError(file, problem.strerror or "cannot be read") from None
    except (ValueError, RecursionError):
        raise UnreadableSourceError(file, "is no notebook: it holds no JSON") from None
    try:
        language = _language(notebook)
        if language.lower() not in ("python", "python3", "ipython"):
            raise UnreadableSourceError(file, f"is a notebook in {language}, not in Python")
        sheets = notebook.get("worksheets", [notebook])
        for cell in (cell for sheet in sheets for cell in sheet["cells"]):
            if cell["cell_type"] == "code":
                source = cell["source"] if "source" in cell else cell["input"]
                yield source if isinstance(source, str) else "".join(source)
    except (KeyError, TypeError, AttributeError):
        raise UnreadableSourceError(file, "is no notebook: it is not laid out as one") from None


def _language(notebook: Any) -> str:  # noqa: ANN401 - JSON from anywhere
    metadata = notebook.get("metadata", {})
    for section, key in (("kernelspec", "language"), ("language_info", "name")):
        language = metadata.get(section, {}).get(key)
        if isinstance(language, str) and language:
            return language
    return "python"


def _read_cell(number: int, source: str, transform: Callable[[str], str]) -> Code:
    lines = source.splitlines()
    skipped = 0
    while skipped < len(lines):
        first = lines[skipped].strip()
        if first and not first.startswith("%%"):
            break
        magic = first[2:].split(maxsplit=1)[:1]
        if magic and magic[0] in _SHELL_BODIES:
            below = enumerate(lines[skipped + 1 :], skipped + 2)
            return Code(number, None, commands=tuple((line, text) for line, text in below if text.strip()))
        if magic and magic[0] not in _PYTHON_BODIES:
            return Code(number, None)
        skipped += 1
    try:
        tree = parse(transform("\n".join(lines[skipped:]) + "\n"))
    except Exception:  # noqa: BLE001 - whatever a transformer makes of a broken cell, the cell is broken
        tree = None
    if tree is None:
        return Code(number, None, "this is no Python")
    commands, magics = _calls(tree, skipped)
    return Code(number, tree, None, skipped, (*commands, *_commented_out(lines)), magics)


def _calls(tree: ast.Module, offset: int) -> tuple[tuple[tuple[int, str], ...], tuple[Magic, ...]]:
    """Return the shell lines and the line magics of a transformed cell."""
    at_the_top = {id(statement.value) for statement in tree.body if isinstance(statement, ast.Expr)}
    commands, magics = [], []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="system" | "getoutput"), args=[ast.Constant(value=str(text))]):
                commands.append((node.lineno + offset, text))
            case ast.Call(
                func=ast.Attribute(attr="run_line_magic"),
                args=[ast.Constant(value=str(name)), ast.Constant(value=str(text)), *_],
            ):
                magics.append(Magic(name, text.strip(), node.lineno + offset, id(node) in at_the_top))
                if name in _INSTALLING_MAGICS:
                    commands.append((node.lineno + offset, f"{name} {text}"))
    return tuple(commands), tuple(magics)


def _commented_out(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the shell lines that an author has left in comments, as in `# !pip install x`."""
    for number, line in enumerate(lines, 1):
        if (match := _COMMENTED_OUT.fullmatch(line)) is not None:
            yield number, match["command"]
