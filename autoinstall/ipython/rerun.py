"""Exactly once: the statement whose missing import was mended runs again, alone, and only if it is a simple one."""

import ast
import sys
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import CodeType

from autoinstall.ipython.shell import Override, Result, Shell
from autoinstall.names import ImportName

# The simple statements of the language reference, chapter 7. `return`, `break` and `continue` cannot stand at the
# top of a cell; whatever is not listed, statements of Pythons to come included, is never run twice.
_SIMPLE = (
    ast.AnnAssign,
    ast.Assert,
    ast.Assign,
    ast.AugAssign,
    ast.Delete,
    ast.Expr,
    ast.Global,
    ast.Import,
    ast.ImportFrom,
    ast.Nonlocal,
    ast.Pass,
    ast.Raise,
)

# What IPython turns magics into. Their arguments can be whole programs (`%time for …`, cell magics), so that
# statements made of them are not simple, whatever their form; the magics named below run nothing that the cell says.
_CARRIERS = ("run_cell_magic", "run_line_magic", "magic", "run_cell", "run_cell_async")
_MAGICS_THAT_CARRY_NO_CODE = ("load_ext", "matplotlib", "pylab", "reload_ext")


@dataclass(slots=True)
class Statement:
    """A top-level statement while it runs.

    `is_inner`: it belongs to a cell that another statement runs, as `%%capture` runs its body. `mended` are the
    missing imports that were installed on its account.
    """

    code: CodeType
    is_inner: bool
    is_over: bool = False
    mended: list[ImportName] = field(default_factory=list)
    is_to_run_again: bool = False


class Rerun:
    """Stands around the shell's `run_code`, and has it run a mended statement again.

    `run_code` runs the code object of one top-level statement. Run a second time in its place, the same object goes
    on where the statement failed: what ran before it is not repeated, what follows runs as if nothing had happened,
    an `await` is awaited, a last expression displayed, and the kernel replies `ok`.
    """

    def __init__(self, shell: Shell) -> None:
        self._run = shell.run_code
        self._running: ContextVar[Statement | None] = ContextVar("autoinstall_statement", default=None)
        self._override = Override(shell, "run_code", self._run_code)

    def end(self) -> None:
        """Leave the shell as it was found. Where somebody still calls us, nothing is repeated: nobody asks for it."""
        self._override.undo()

    def repeat(self, *names: ImportName) -> bool:
        """Tell whether the statement that has just failed will be run again, now that `names` have been installed.

        To be called while its exception is being handled. The answer is no for compound statements, for magics that
        carry code and the code that they carry, where this shell's way of running statements is not recognised, and
        for names that have been mended on the same statement before: it would go on for ever.
        """
        statement = self._running.get()
        if statement is None or statement.is_over or statement.is_inner or set(names) & set(statement.mended):
            return False
        node = _node_of(statement.code)
        if node is None or not is_simple(node):
            return False
        statement.mended += names
        statement.is_to_run_again = True
        return True

    async def _run_code(self, code_obj: CodeType, result: Result | None = None, *, async_: bool = False) -> bool:
        outer = self._running.get()
        # A context outlives its cell where a task or callback has copied it: such a statement is no longer around us.
        statement = Statement(code_obj, is_inner=outer is not None and not outer.is_over)
        self._running.set(statement)
        try:
            has_failed = await self._run(code_obj, result, async_=async_)
            while has_failed and statement.is_to_run_again:
                statement.is_to_run_again = False
                if result is not None:
                    result.error_in_exec = None
                has_failed = await self._run(code_obj, result, async_=async_)
        finally:
            # Not by token: a cell that is cancelled may be closed in another context than it ran in.
            self._running.set(outer)
            statement.is_over = True
        return has_failed


def is_simple(node: ast.stmt) -> bool:
    """Tell whether a top-level statement may be run again: a simple statement that hands no code to IPython."""
    if not isinstance(node, _SIMPLE):
        return False
    return all(_carries_no_code(part) for part in ast.walk(node) if isinstance(part, ast.Call))


def _carries_no_code(call: ast.Call) -> bool:
    if not (isinstance(call.func, ast.Attribute) and call.func.attr in _CARRIERS):
        return True
    if call.func.attr != "run_line_magic" or not call.args:
        return False
    magic = call.args[0]
    return isinstance(magic, ast.Constant) and magic.value in _MAGICS_THAT_CARRY_NO_CODE


def _node_of(code: CodeType) -> ast.stmt | None:
    """Return the syntax tree from which the shell has compiled `code`, read from the frame that compiled it.

    The code object alone does not say what kind of statement it is, and its source need not be what was compiled
    (`ast_transformers`). The frame of `run_ast_nodes`, which waits for us, holds both; that its `code` is this very
    object is the proof that its `node` belongs to it. Alike in IPython 7.34, 8 and 9; elsewhere nothing is repeated.
    """
    frame = sys._getframe()  # noqa: SLF001 - the documented way to it is a synonym that takes longer
    while frame is not None and frame.f_code.co_name != "run_ast_nodes":
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None:
        return None
    found = frame.f_locals
    node = found.get("node")
    return node if found.get("code") is code and isinstance(node, ast.stmt) else None
