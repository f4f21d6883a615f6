"""Which statements may run again, and that nothing else ever does."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from autoinstall.ipython.handler import Handler
from autoinstall.ipython.rerun import Rerun, is_simple
from autoinstall.missing import missing_import
from tests.support.shell import made_shell


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("import a", True),
        ("from a import b", True),
        ("a()", True),
        ("await a()", True),
        ("x = a()", True),
        ("x: int = a()", True),
        ("x += a()", True),
        ("del a.b", True),
        ("assert a()", True),
        ("raise a()", True),
        ("[a(i) for i in range(3)]", True),
        ("x = a() if b else c", True),
        ("%matplotlib inline", True),
        ("%load_ext sql", True),
        ("%time a()", False),
        ("x = %time a()", False),
        ("%timeit a()", False),
        ("%run a.py", False),
        ("%%time\na()", False),
        ("%%capture\na()", False),
        ("get_ipython().run_cell('a()')", False),
        ("ip.run_cell_magic('time', '', 'a()')", False),
        ("get_ipython().run_line_magic(name, 'a()')", False),
        ("if a(): pass", False),
        ("for i in a(): pass", False),
        ("while a(): pass", False),
        ("with a(): pass", False),
        ("try:\n    a()\nfinally:\n    pass", False),
        ("match a():\n    case 1: pass", False),
        ("async with a(): pass", False),
        ("async for i in a(): pass", False),
        ("def f(x=a()): pass", False),
        ("class C(a()): pass", False),
    ],
)
def test_which_statements_are_simple(cell: str, expected: bool) -> None:  # noqa: FBT001
    transformed = TransformerManager().transform_cell(cell)  # type: ignore[no-untyped-call,unused-ignore]  # untyped
    [node] = ast.parse(transformed).body
    assert is_simple(node) is expected


LIBRARY = """
import sys, types

n = []
present = set()

def need(name):
    if name not in present:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return name

async def need_soon(name):
    return need(name)

def count(value):
    n.append(value)
    return value
"""


class Mender:
    """Provides every import but `unknown`, and counts how often it was asked for each."""

    def __init__(self, shell: Any) -> None:  # Any: as `made_shell` gives it
        self.asked: list[str] = []
        self._shell = shell
        self.rerun = Rerun(shell)
        self.handler = Handler(shell, self._mend)

    def end(self) -> None:
        self.handler.end()
        self.rerun.end()

    def _mend(self, exception: BaseException) -> bool:
        name = missing_import(exception)
        assert name is not None
        self.asked.append(name)
        if name == "unknown":
            return False
        self._shell.user_ns["present"].add(name)
        return self.rerun.repeat(name)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Any]:  # Any: as `made_shell` gives it
    with made_shell(tmp_path) as made:
        made.run_cell(LIBRARY)
        yield made


@pytest.fixture
def mender(shell: Any) -> Iterator[Mender]:
    mender = Mender(shell)
    yield mender
    mender.end()


@pytest.mark.parametrize(
    ("cell", "counted", "result"),
    [
        ("count(1)\nneed('a')\ncount(2)", [1, 2], 2),
        ("count(1); need('a'); count(2)", [1, 2], 2),
        ("count(1)\nx = need('a')\ncount(2)\nx", [1, 2], "a"),
        ("count(1)\nawait need_soon('a')", [1], "a"),
        ("count(1)\nx = await need_soon('a')\ncount(2)", [1, 2], 2),
        ("need('a')\nneed('b')\ncount(1)", [1], 1),
        ("need('a') + need('b') + need('a')", [], "aba"),
    ],
)
def test_a_simple_statement_is_completed_and_nothing_else_repeated(
    shell: Any, mender: Mender, cell: str, counted: list[int], result: object
) -> None:
    done = shell.run_cell(cell)
    assert done.success
    assert done.result == result
    assert shell.user_ns["n"] == counted
    assert sorted(mender.asked) == sorted(set(mender.asked))


@pytest.mark.parametrize(
    ("cell", "counted"),
    [
        ("for i in range(3):\n    count(i); need('a')", [0]),
        ("count(1)\nif True:\n    count(2); need('a')\ncount(3)", [1, 2]),
        ("with open('/dev/null') as f:\n    count(1)\n    need('a')".replace("/dev/null", __file__), [1]),
        ("try:\n    count(1); need('a')\nfinally:\n    count(2)", [1, 2]),
        ("%time count(1) and need('a')", [1]),
        ("%%time\ncount(1)\nneed('a')", [1]),
        ("%%capture\nneed(f'a{count(1)}')", [1]),
        ("get_ipython().run_cell('need(str(count(1)) * 2)')", [1]),
    ],
)
def test_a_compound_statement_or_a_magic_s_body_never_runs_twice(
    shell: Any, mender: Mender, cell: str, counted: list[int]
) -> None:
    shell.run_cell(cell)
    assert shell.user_ns["n"] == counted
    assert len(mender.asked) <= 1


def test_a_name_that_stays_missing_is_mended_once(shell: Any, mender: Mender) -> None:
    shell.run_cell("def stubborn():\n    count(1)\n    raise ModuleNotFoundError('', name='a')")
    done = shell.run_cell("stubborn()")
    assert isinstance(done.error_in_exec, ModuleNotFoundError)
    assert shell.user_ns["n"] == [1, 1]
    assert mender.asked == ["a", "a"]


def test_what_cannot_be_mended_is_shown_as_ever(
    shell: Any, mender: Mender, capsys: pytest.CaptureFixture[str]
) -> None:
    done = shell.run_cell("count(1)\nneed('unknown')\ncount(2)")
    assert isinstance(done.error_in_exec, ModuleNotFoundError)
    assert shell.user_ns["n"] == [1]
    assert "No module named 'unknown'" in capsys.readouterr().out
    assert mender.asked == ["unknown"]


def test_a_transformed_statement_is_judged_by_what_was_compiled(shell: Any, mender: Mender) -> None:
    """The cell says `need(…)`, but what runs is a loop around it: its source is not what decides."""

    class Loop(ast.NodeTransformer):
        def visit_Expr(self, node: ast.Expr) -> ast.stmt:
            [loop] = ast.parse("for _ in range(2): pass").body
            assert isinstance(loop, ast.For)
            loop.body = [node]
            return ast.copy_location(loop, node)

    shell.ast_transformers.append(Loop())
    shell.run_cell("need(f'a{count(1)}')")
    shell.ast_transformers.clear()
    assert shell.user_ns["n"] == [1]
    assert mender.asked == ["a1"]


def test_the_statement_of_another_way_to_run_code_is_not_repeated(shell: Any, mender: Mender) -> None:
    """Code that does not come from `run_ast_nodes` has no syntax tree to look at."""
    code = compile("need(f'a{count(1)}')", "<elsewhere>", "exec")
    coroutine = shell.run_code(code)
    with pytest.raises(StopIteration) as end:
        coroutine.send(None)
    assert end.value.value is True
    assert shell.user_ns["n"] == [1]
    assert mender.asked == ["a1"]


def test_code_that_somebody_has_put_in_the_place_of_the_statement_s_is_not_repeated(
    shell: Any, mender: Mender
) -> None:
    """An extension that runs something else instead: the statement's form says nothing about it."""
    ours = shell.run_code
    loop = compile("for i in range(2): need(f'a{count(1)}')", "<theirs>", "exec")
    shell.run_code = lambda _, result=None, *, async_=False: ours(loop, result, async_=async_)
    shell.run_cell("pass")
    shell.run_code = ours
    assert shell.user_ns["n"] == [1]
    assert mender.asked == ["a1"]


def test_a_context_that_a_cell_has_left_behind_makes_no_later_cell_an_inner_one(shell: Any, mender: Mender) -> None:
    """Callbacks run in a copy of the context in which they were made: the kernel's own may come from a cell."""
    shell.run_cell("import contextvars\nleft = contextvars.copy_context()")
    done = shell.user_ns["left"].run(shell.run_cell, "count(1)\nneed('a')")
    assert (done.result, shell.user_ns["n"], mender.asked) == ("a", [1], ["a"])


def test_after_the_end_the_shell_is_as_it_was(shell: Any) -> None:
    before = dict(vars(shell))
    Mender(shell).end()
    assert dict(vars(shell)) == before
