"""Notebooks read as IPython would run them."""

import ast
import json
from pathlib import Path

import pytest

from autoinstall.errors import UnreadableSourceError
from autoinstall.source.notebooks import Code, Magic, read_notebook


def _notebook(folder: Path, *cells: str, **metadata: object) -> Path:
    file = folder / "made.ipynb"
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    whole = [{"cell_type": "markdown", "source": ["import nothing"]}, *code]
    file.write_text(json.dumps({"nbformat": 4, "metadata": metadata, "cells": whole}))
    return file


def _read(folder: Path, cell: str) -> Code:
    [code] = read_notebook(_notebook(folder, cell))
    return code


def _imports(code: Code) -> list[tuple[str, int]]:
    if code.tree is None:
        return []
    found = [node for node in ast.walk(code.tree) if isinstance(node, ast.Import)]
    return [(node.names[0].name, node.lineno + code.offset) for node in found]


@pytest.mark.parametrize(
    ("cell", "imports"),
    [
        ("import a\nimport b", [("a", 1), ("b", 2)]),
        ("\n\nimport a", [("a", 3)]),
        ("%matplotlib inline\nimport a", [("a", 2)]),
        ("!ls\nimport a\nb?", [("a", 2)]),
        ("files = !ls\nimport a", [("a", 2)]),
        ("%%time\nimport a", [("a", 2)]),
        ("%%timeit -n 3\n\nimport a", [("a", 3)]),
        ("\n%%capture out\n%%time\nimport a", [("a", 4)]),
        ("%%prun -q\nimport a", [("a", 2)]),
        ("%%bash\nimport a", []),
        ("%%html\nimport a", []),
        ("%%writefile x.py\nimport a", []),
        ("%%", []),
        ("await f()\nimport a", [("a", 2)]),
        ("", []),
    ],
)
def test_the_python_of_a_cell(cell: str, imports: list[tuple[str, int]], tmp_path: Path) -> None:
    code = _read(tmp_path, cell)
    assert (_imports(code), code.problem) == (imports, None)


@pytest.mark.parametrize("cell", ["import a\nthis is no Python", "for", "'\\"])
def test_a_broken_cell_is_told(cell: str, tmp_path: Path) -> None:
    whole, broken = read_notebook(_notebook(tmp_path, "import a", cell))
    assert (whole.problem, whole.cell) == (None, 1)
    assert (broken.tree, broken.problem, broken.cell) == (None, "this is no Python", 2)


@pytest.mark.parametrize(
    ("cell", "commands"),
    [
        ("!pip install a\nimport a", ((1, "pip install a"),)),
        ("%pip install a \\\n  b", ((1, "pip install a    b"),)),
        ("if x:\n    !{sys.executable} -m pip install a", ((2, "{sys.executable} -m pip install a"),)),
        ("out = !pip install a", ((1, "pip install a"),)),
        ("%%bash\ncd x\npip install a", ((2, "cd x"), (3, "pip install a"))),
        ("%%capture\n!pip install a", ((2, "pip install a"),)),
        ("x = 1\n# !pip install a\n#%pip install b", ((2, "pip install a"), (3, "pip install b"))),
        ("%conda install a", ((1, "conda install a"),)),
        ("%timeit x", ()),
    ],
)
def test_the_shell_s_lines(cell: str, commands: tuple[tuple[int, str], ...], tmp_path: Path) -> None:
    assert _read(tmp_path, cell).commands == commands


def test_the_magics(tmp_path: Path) -> None:
    assert _read(tmp_path, "%load_ext sql\nif x:\n    %matplotlib inline").magics == (
        Magic("load_ext", "sql", 1, is_sure=True),
        Magic("matplotlib", "inline", 3, is_sure=False),
    )


def test_what_a_cell_warns_of_is_not_shown(tmp_path: Path) -> None:
    """Warnings are errors here."""
    assert _imports(_read(tmp_path, "x = '\\d'\nimport a")) == [("a", 2)]


def test_format_3(tmp_path: Path) -> None:
    file = tmp_path / "old.ipynb"
    cell = {"cell_type": "code", "input": "import a"}
    file.write_text(json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [cell]}]}))
    assert _imports(read_notebook(file)[0]) == [("a", 1)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is no notebook: it holds no JSON"),
        ("[]", "is no notebook: it is not laid out as one"),
        ("{}", "is no notebook: it is not laid out as one"),
        ('{"cells": [{"cell_type": "code"}]}', "is no notebook: it is not laid out as one"),
        (
            '{"metadata": {"kernelspec": {"language": "R"}}, "cells": []}',
            "is a notebook in R, not in Python",
        ),
    ],
)
def test_what_is_no_python_notebook(content: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "x.ipynb"
    file.write_text(content)
    with pytest.raises(UnreadableSourceError) as caught:
        read_notebook(file)
    assert str(caught.value) == f"{file} {problem}"
