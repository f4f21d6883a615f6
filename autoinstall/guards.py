"""Whether the code around an instruction would catch a missing import, read from its source."""

import ast
import builtins
import linecache
import os
import sys
import warnings
from collections.abc import Iterator
from itertools import islice
from types import CodeType, FrameType, ModuleType

# Pseudo-files whose lines `linecache` keeps truly: IPython's and Python 3.13's cells, doctest's examples. For
# `<string>` and `<stdin>` it may answer with the lines of some other code; what stands after `-c` is told by Python.
_KEPT_BY_LINECACHE = ("<ipython-input-", "<python-input-", "<doctest ")

# What escapes from a task comes out of a `TaskGroup` in a group.
_CATCHES_US = (*ModuleNotFoundError.__mro__, *ExceptionGroup.__mro__)

NEVER_SWALLOWS = frozenset(
    {
        "_io.open",
        "_thread.RLock",
        "_thread.lock",
        "asyncio.locks.Condition",
        "asyncio.locks.Lock",
        "asyncio.locks.Semaphore",
        "asyncio.taskgroups.TaskGroup",
        "asyncio.timeouts.timeout",
        "asyncio.timeouts.timeout_at",
        "autoinstall.enable",
        "autoinstall.hook.Handle",
        "concurrent.futures.process.ProcessPoolExecutor",
        "concurrent.futures.thread.ThreadPoolExecutor",
        "contextlib.chdir",
        "contextlib.closing",
        "contextlib.nullcontext",
        "contextlib.redirect_stderr",
        "contextlib.redirect_stdout",
        "io.open",
        "tempfile.NamedTemporaryFile",
        "tempfile.TemporaryDirectory",
        "tempfile.TemporaryFile",
        "threading.Condition",
        "threading.Lock",
        "threading.RLock",
        "threading.Semaphore",
        "warnings.catch_warnings",
        "zipfile.ZipFile",
    }
)
"""Context managers that let every exception pass: the standard library's, which people put around much, and ours."""

# `inspect` documents these flags of code objects; importing it would double what the first guarded import costs.
_CO_NEWLOCALS = 0x02
_SUSPENDABLE = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR
_UNKNOWN = object()

# What makes the compiler write entries into the exception table, besides what makes a whole function suspendable.
_COVERING = (
    ast.Try,
    ast.TryStar,
    ast.With,
    ast.AsyncWith,
    ast.AsyncFor,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
)

_Step = tuple[ast.AST, str, int]
"""A node on the way down, the field in which the way goes on, and the place in that field."""


def is_guarded(frame: FrameType) -> bool:
    """Tell whether what is around the frame's current instruction would catch a `ModuleNotFoundError`, or might.

    To be asked for an instruction that the code's exception table covers. In doubt the answer is yes: without
    source, where the source is not that of the code, and for a clause or context manager that is not understood.
    """
    way = _way_to_instruction(frame)
    if way is None:
        return True
    *above, (innermost, _, _) = way
    # Up to Python 3.12 what a `with` statement calls has the whole statement's position.
    if isinstance(innermost, (ast.With, ast.AsyncWith)) and _any_may_swallow(innermost.items[:-1], frame):
        return True
    is_explained = bool(frame.f_code.co_flags & _SUSPENDABLE) or isinstance(innermost, _COVERING)
    for node, field, place in reversed(above):
        if _is_scope_of(node, field, way):
            return not is_explained or getattr(node, "name", frame.f_code.co_name) != frame.f_code.co_name
        is_explained = is_explained or isinstance(node, _COVERING)
        if isinstance(node, (ast.Try, ast.TryStar)):
            if field == "body" and any(_catches(handler, frame) for handler in node.handlers):
                return True
            if field != "finalbody" and _leaves(node.finalbody):
                return True
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            entered = node.items if field == "body" else node.items[:place]
            if _any_may_swallow(entered, frame):
                return True
    return not is_explained or bool(frame.f_code.co_flags & _CO_NEWLOCALS)


def _way_to_instruction(frame: FrameType) -> list[_Step] | None:
    """Return the nodes from the module down to the frame's current instruction; `None` where they cannot be told."""
    code = frame.f_code
    line, end_line, column, end_column = next(islice(code.co_positions(), frame.f_lasti // 2, None))
    if line is None or end_line is None or column is None or end_column is None:  # -X no_debug_ranges
        return None
    source = source_of(code, frame)
    if source is None:
        return None
    tree = parse(source)
    if tree is None:
        return None
    way = _way_down(tree, (line, column), (end_line, end_column))
    innermost = way[-1][0]
    # Where the compiler moves an instruction's position, as for a method call over several lines, it moves its start.
    if (getattr(innermost, "end_lineno", None), getattr(innermost, "end_col_offset", None)) != (end_line, end_column):
        return None
    return way


def parse(source: str | bytes) -> ast.Module | None:
    """Return the tree of a source, `None` for what is no Python; of what Python warns of, nothing is shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Whoever runs the source has seen its warnings, or will.
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def source_of(code: CodeType, frame: FrameType) -> str | None:
    """Return the source that an asking frame's code was compiled from, `None` where it cannot be had."""
    filename = code.co_filename
    if filename == "<string>":
        return _source_of_command(code)
    if filename.startswith("<") and not filename.startswith(_KEPT_BY_LINECACHE):
        return None
    if os.path.isfile(filename):  # noqa: PTH113 - only real files can have changed; a shell's cells would be dropped
        linecache.checkcache(filename)
    return "".join(linecache.getlines(filename, frame.f_globals)) or None


def _source_of_command(code: CodeType) -> str | None:
    """Return what stands after `-c` where the code was compiled from it, and not by some `exec`."""
    if "-c" not in sys.orig_argv[:-1]:
        return None
    source = sys.orig_argv[sys.orig_argv.index("-c") + 1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            command = compile(source, code.co_filename, "exec", dont_inherit=True, optimize=sys.flags.optimize)
    except (SyntaxError, ValueError):
        return None
    return source if code in _codes_within(command) else None


def _codes_within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes_within(constant)


def _way_down(tree: ast.AST, start: tuple[int, int], end: tuple[int, int]) -> list[_Step]:
    way: list[_Step] = []
    node: ast.AST | None = tree
    while node is not None:
        for field, place, child in _children(node):
            if _holds(child, start, end):
                way.append((node, field, place))
                node = child
                break
        else:
            way.append((node, "", 0))
            node = None
    return way


def _children(node: ast.AST) -> Iterator[tuple[str, int, ast.AST]]:
    for field, value in ast.iter_fields(node):
        for place, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.AST):
                yield field, place, child


def _holds(node: ast.AST, start: tuple[int, int], end: tuple[int, int]) -> bool:
    if not isinstance(node, (ast.stmt, ast.expr, ast.ExceptHandler, ast.keyword, ast.arg, ast.alias)):
        return any(_holds(child, start, end) for _, _, child in _children(node))  # such as `withitem`: no position
    # A decorator stands before what Python calls the start of its function.
    first = min((node, *getattr(node, "decorator_list", ())), key=lambda each: (each.lineno, each.col_offset))
    node_end = (node.end_lineno or 0, node.end_col_offset or 0)
    return (first.lineno, first.col_offset) <= start and end <= node_end


def _is_scope_of(node: ast.AST, field: str, way: list[_Step]) -> bool:
    """Tell whether what lies in this field of the node runs as code of its own, later and elsewhere."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return field == "body"
    if isinstance(node, ast.GeneratorExp):
        # Its first source of values is had where it stands; all else runs when it is asked for values.
        first = node.generators[0]
        return not any(step[0] is first and step[1] == "iter" for step in way)
    return False


def _catches(handler: ast.ExceptHandler, frame: FrameType) -> bool:
    if handler.type is None:
        return True
    return any(not isinstance(kind, type) or kind in _CATCHES_US for kind in _kinds_caught(handler.type, frame))


def _kinds_caught(expression: ast.expr, frame: FrameType) -> Iterator[object]:
    if isinstance(expression, ast.Tuple):
        for element in expression.elts:
            yield from _kinds_caught(element, frame)
    else:
        yield from _flattened(_value_of(expression, frame))


def _flattened(value: object) -> Iterator[object]:
    if isinstance(value, tuple):
        for element in value:
            yield from _flattened(element)
    else:
        yield value


def _any_may_swallow(items: list[ast.withitem], frame: FrameType) -> bool:
    return any(_may_swallow(item.context_expr, frame) for item in items)


def _may_swallow(expression: ast.expr, frame: FrameType) -> bool:
    if isinstance(expression, ast.Call):
        maker = _value_of(expression.func, frame)
    else:
        value = _value_of(expression, frame)
        maker = _UNKNOWN if value is _UNKNOWN else type(value)
    name = f"{getattr(maker, '__module__', None)}.{getattr(maker, '__qualname__', None)}"
    return name not in NEVER_SWALLOWS


def _value_of(expression: ast.expr, frame: FrameType) -> object:
    """Return what a dotted name stands for in the frame right now, running nothing to find out."""
    if isinstance(expression, ast.Name):
        code = frame.f_code
        if expression.id not in (*code.co_names, *code.co_varnames, *code.co_cellvars, *code.co_freevars):
            return _UNKNOWN  # the code never speaks of it: this is not its source
        for namespace in (frame.f_locals, frame.f_globals, vars(builtins)):
            if expression.id in namespace:
                found: object = namespace[expression.id]
                return found
    elif isinstance(expression, ast.Attribute):
        base = _value_of(expression.value, frame)
        if isinstance(base, ModuleType):
            return vars(base).get(expression.attr, _UNKNOWN)
    return _UNKNOWN


def _leaves(body: list[ast.stmt], *, is_in_loop: bool = False) -> bool:
    """Tell whether a `finally` may leave by itself, which lets the exception fall."""
    for statement in body:
        if isinstance(statement, ast.Return) or (not is_in_loop and isinstance(statement, (ast.Break, ast.Continue))):
            return True
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        inner = is_in_loop or isinstance(statement, (ast.For, ast.AsyncFor, ast.While))
        for _, _, child in _children(statement):
            if isinstance(child, ast.stmt):
                below = [child]
            elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
                below = child.body
            else:
                continue
            if _leaves(below, is_in_loop=inner):
                return True
    return False
