"""Imports read from source, as tables."""

import ast

import pytest

from autoinstall.source.imports import Import, following, imports_in


def _told(source: str) -> list[str]:
    """Return what is imported, `?` behind what may be, `!` behind what is guarded, names from it in parentheses."""
    told = []
    for found in imports_in(ast.parse(source)):
        below = f"({' '.join(found.from_names)})" if found.from_names else ""
        told.append(f"{found.name}{below}{'' if found.is_sure else '!' if found.is_guarded else '?'}")
    return told


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import a", ["a"]),
        ("import a.b as c, d", ["a.b", "d"]),
        ("from a import b as c, d", ["a(b d)"]),
        ("from a.b import *", ["a.b"]),
        ("from . import a\nfrom .b import c\nfrom ..d import e", []),
        ("from __future__ import annotations", []),
        ("import a; import b", ["a", "b"]),
        ("if x:\n import a\nelif y:\n import b\nelse:\n import c", ["a?", "b?", "c?"]),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n import a\nelse:\n import b",
            ["typing(TYPE_CHECKING)", "b"],
        ),
        ("import typing as t\nif not t.TYPE_CHECKING:\n import a", ["typing", "a"]),
        ("if False:\n import a\nif 1:\n import b", ["b"]),
        ("for x in y:\n import a\nelse:\n import b\nwhile z:\n import c", ["a?", "b?", "c?"]),
        (
            "try:\n import a\nexcept ImportError:\n import b\nelse:\n import c\nfinally:\n import d",
            ["a!", "b!", "c!", "d"],
        ),
        ("try:\n import a\nfinally:\n pass", ["a"]),
        ("try:\n import a\nexcept* ValueError:\n pass", ["a"]),
        ("try:\n import a\nexcept (KeyError, ValueError):\n import b\nelse:\n import c", ["a", "b?", "c"]),
        ("try:\n import a\nexcept KeyError:\n pass\nexcept (OSError, mine.Error):\n import b", ["a!", "b!"]),
        ("try:\n import a\nexcept Exception:\n pass", ["a!"]),
        ("try:\n import a\nexcept:\n pass\nimport b", ["a!", "b"]),
        ("import contextlib\nwith contextlib.suppress(ImportError):\n import a", ["contextlib", "a!"]),
        ("import warnings as w\nwith w.catch_warnings():\n import a", ["warnings", "a"]),
        (
            "from warnings import catch_warnings as quiet\nwith quiet(), open(x):\n import a",
            ["warnings(catch_warnings)", "a"],
        ),
        ("with quiet():\n import a", ["a?"]),
        ("async def f():\n async with x:\n  import a", ["a?"]),
        ("def f():\n import a\nclass C:\n import b", ["a?", "b?"]),
        ("match x:\n case 1:\n  import a", ["a?"]),
        ("import importlib as i\nm = i.import_module('a.b')", ["importlib", "a.b"]),
        (
            "from importlib import import_module\nimport_module('a')\nf(import_module('b'))",
            ["importlib(import_module)", "a", "b?"],
        ),
        ("__import__('a').b()\nm = __import__('c')", ["a?", "c"]),
        ("import importlib\nimportlib.import_module(name)\nimportlib.import_module('.a', 'b')", ["importlib"]),
        ("if x:\n import_module('a')\n y = __import__('b')", ["b?"]),
        ("import a\nimport sys\nsys.exit()\nimport b", ["a", "sys", "b?"]),
        ("raise SystemExit\nimport a", ["a?"]),
        ("await f()\nimport a", ["a"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_a_source_imports(source: str, told: list[str]) -> None:
    assert _told(source) == told


def test_where_it_stands() -> None:
    assert list(imports_in(ast.parse("\nfrom a import (\n  b,\n)\nif x:\n    import c\n"))) == [
        Import("a", ("b",), 2, is_sure=True),
        Import("c", (), 6, is_sure=False),
    ]


def _after(source: str) -> list[str]:
    """Return what surely follows the position marked by `^`."""
    before, _, after = source.partition("^")
    position = (before.count("\n") + 1, len(before.rpartition("\n")[2]))
    return [found.name for _, imported in following(ast.parse(before + after), position) for found in imported]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import z\n^import a\nimport b", ["a", "b"]),
        ("import z; ^import a; import b", ["a", "b"]),
        ("^import a, b", ["a", "b"]),
        ("^import a\nif x:\n import b\nimport c", ["a", "c"]),
        ("if x:\n import z\n ^import a\n import b\nelse:\n import y\nimport c", ["a", "b", "c"]),
        ("if x:\n import z\nelif w:\n ^import a\n import b\nelse:\n import y\nimport c", ["a", "b", "c"]),
        ("for x in y:\n ^import a\n import b\n break\nimport c", ["a", "b"]),
        ("try:\n ^import a\n import b\nexcept KeyError:\n import y\nimport c", ["a", "b", "c"]),
        ("try:\n pass\nexcept KeyError:\n ^import a\nfinally:\n import f\nimport c", ["a", "c"]),
        ("match x:\n case 1:\n  ^import a\n  import b\nimport c", ["a", "b", "c"]),
        ("def f():\n ^import a\n import b\nimport c", ["c"]),
        ("^f()\nimport a", ["a"]),
        ("^import a\nraise x\nimport b", ["a"]),
        ("import a\n^", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_surely_follows(source: str, names: list[str]) -> None:
    assert _after(source) == names
