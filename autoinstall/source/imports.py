"""Imports read from source: which names it imports, in which line, and whether that is sure to happen."""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from autoinstall.guards import NEVER_SWALLOWS

_LEAVING = frozenset({"exit", "quit", "sys.exit", "os._exit", "os.abort"})
"""Calls after which nothing more of a program runs."""

_IMPORTING = frozenset({"importlib.import_module", "__import__"})

Position = tuple[int, int]
"""A line, counted from 1, and a column in bytes, as the syntax tree counts them."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a statement imports.

    `from_names` are what stands behind `from … import`, without `*`: each may be a module below `name` or not.
    `line` counts from 1. `is_sure`: whoever runs the source imports it, as long as nothing fails on the way.
    `is_guarded`: the source manages without it, or it stands in for another.
    """

    name: str
    from_names: tuple[str, ...]
    line: int
    is_sure: bool
    is_guarded: bool = False


def imports_in(tree: ast.Module) -> Iterator[Import]:
    """Yield all that a module, script or cell imports, in the order of its lines.

    Sure is what stands at the top, or in a `with` whose context managers let exceptions pass, or in a `try` that
    would not catch it. Whatever stands in a function, a class, a loop, an `if` or a guarded `try` may happen or not.
    Relative imports, `__future__` and what only a type checker reads are left out. `import_module("name")` counts.
    """
    return _read(tree.body, _Around(_Names(tree)))


def following(tree: ast.Module, position: Position) -> Iterator[tuple[ast.stmt, Iterable[Import]]]:
    """Yield the statement that holds `position` and those that follow it for sure, with what each imports for sure.

    Of a compound statement that holds the position, the rest of the block that holds it is sure to follow, and then
    what stands behind the whole. Ends where a statement leaves the program.
    """
    names = _Names(tree)
    for statement in _rest(tree.body, position):
        yield statement, [found for found in _read([statement], _Around(names)) if found.is_sure]
        if _leaves(statement, names):
            return


def _rest(block: Sequence[ast.stmt], position: Position) -> Iterator[ast.stmt]:
    for place, statement in enumerate(block):
        if not _holds(statement, position):
            continue
        inner = next((below for below in _blocks(statement) if any(_holds(one, position) for one in below)), None)
        if inner is None:
            yield statement
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _rest(inner, position)
        yield from block[place + 1 :]
        return


def _holds(statement: ast.stmt, position: Position) -> bool:
    line, _ = position
    return statement.lineno <= line and position < (statement.end_lineno or 0, statement.end_col_offset or 0)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the statement lists directly inside a compound statement."""
    for _, value in ast.iter_fields(statement):
        if not isinstance(value, list) or not value:
            continue
        if isinstance(value[0], ast.stmt):
            yield value
        else:
            yield from (part.body for part in value if isinstance(part, (ast.ExceptHandler, ast.match_case)))


class _Names:
    """What the names of a source stand for, as far as its own import statements tell: `np.array` is `numpy.array`."""

    def __init__(self, tree: ast.Module) -> None:
        self._stands_for: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self._stands_for |= {alias.asname: alias.name for alias in node.names if alias.asname}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                self._stands_for |= {
                    alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
                }

    def spelled_out(self, expression: ast.expr) -> str:
        """Return a dotted name in full, and an empty text for any other expression."""
        return dotted_name(expression, self._stands_for)


def dotted_name(expression: ast.expr, stands_for: Mapping[str, str] | None = None) -> str:
    """Return `a.b.c` for an expression of that form, its first part replaced, and an empty text for any other."""
    parts: list[str] = []
    while isinstance(expression, ast.Attribute):
        parts.append(expression.attr)
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return ""
    parts.append((stands_for or {}).get(expression.id, expression.id))
    return ".".join(reversed(parts))


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a statement."""

    names: _Names
    is_sure: bool = True
    is_guarded: bool = False

    def maybe(self) -> "_Around":
        return replace(self, is_sure=False)

    def sure_if(self, is_sure: bool) -> "_Around":  # noqa: FBT001 - reads as the condition that it is
        return replace(self, is_sure=self.is_sure and is_sure)

    def guarded_if(self, is_guarded: bool) -> "_Around":  # noqa: FBT001 - the same
        return replace(self, is_sure=False, is_guarded=True) if is_guarded else self


def _read(block: Iterable[ast.stmt], around: _Around) -> Iterator[Import]:
    for statement in block:
        yield from _read_one(statement, around)
        around = around.sure_if(not _leaves(statement, around.names))


def _read_one(statement: ast.stmt, around: _Around) -> Iterator[Import]:
    match statement:
        case ast.Import():
            for alias in statement.names:
                yield Import(alias.name, (), statement.lineno, around.is_sure, around.is_guarded)
        case ast.ImportFrom(module=str(module), level=0) if module != "__future__":
            below = tuple(alias.name for alias in statement.names if alias.name != "*")
            yield Import(module, below, statement.lineno, around.is_sure, around.is_guarded)
        case ast.If():
            for block, is_taken in _branches(statement, around.names):
                yield from _read(block, around.sure_if(is_taken))
        case ast.With() | ast.AsyncWith():
            makers = [_maker(item.context_expr, around.names) for item in statement.items]
            lets_pass = all(maker in NEVER_SWALLOWS or maker == "open" for maker in makers)
            yield from _read(statement.body, around.sure_if(lets_pass).guarded_if("contextlib.suppress" in makers))
        case ast.Try() | ast.TryStar():
            is_guarded = any(_may_catch(handler) for handler in statement.handlers)
            yield from _read(statement.body, around.guarded_if(is_guarded))
            for handler in statement.handlers:
                yield from _read(handler.body, around.maybe().guarded_if(_may_catch(handler)))
            yield from _read(statement.orelse, around.guarded_if(is_guarded))
            yield from _read(statement.finalbody, around)
        case _:
            for below_it in _blocks(statement):
                yield from _read(below_it, around.maybe())
            yield from _called(statement, around)


def _called(statement: ast.stmt, around: _Around) -> Iterator[Import]:
    """Yield what a statement imports by a call that names a module outright: sure where the call is all there is."""
    all_there_is = getattr(statement, "value", None)
    for expression in ast.iter_child_nodes(statement):
        if isinstance(expression, (ast.stmt, ast.match_case)):
            continue
        for node in ast.walk(expression):
            if isinstance(node, ast.Call) and around.names.spelled_out(node.func) in _IMPORTING:
                match node.args:
                    case [ast.Constant(value=str(name))] if name and not name.startswith("."):
                        is_sure = around.is_sure and node is all_there_is
                        yield Import(name, (), node.lineno, is_sure, around.is_guarded)


def _branches(statement: ast.If, names: _Names) -> Iterator[tuple[list[ast.stmt], bool]]:
    """Yield the branches that may be taken, each with whether it surely is."""
    outcome = _known_outcome(statement.test, names)
    if outcome is not False:
        yield statement.body, outcome is True
    if outcome is not True:
        yield statement.orelse, outcome is False


def _known_outcome(test: ast.expr, names: _Names) -> bool | None:
    """Return what a condition comes to where its form tells."""
    match test:
        case ast.Constant():
            return bool(test.value)
        case ast.UnaryOp(op=ast.Not()):
            outcome = _known_outcome(test.operand, names)
            return None if outcome is None else not outcome
    return False if names.spelled_out(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING") else None


def _maker(context_manager: ast.expr, names: _Names) -> str:
    return names.spelled_out(context_manager.func if isinstance(context_manager, ast.Call) else context_manager)


def _may_catch(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler would catch a missing import, going by the names of its classes; in doubt it would."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    for kind in kinds:
        known = getattr(builtins, kind.id, None) if isinstance(kind, ast.Name) else None
        if not isinstance(known, type) or issubclass(ModuleNotFoundError, known):
            return True
    return False


def _leaves(statement: ast.stmt, names: _Names) -> bool:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return names.spelled_out(statement.value.func) in _LEAVING
    return isinstance(statement, (ast.Raise, ast.Return, ast.Break, ast.Continue))
