"""What a cell or script will import later on, so that one question covers it all."""

import ast
from collections.abc import Callable, Iterable, Iterator
from itertools import dropwhile, islice
from types import FrameType, TracebackType

from autoinstall.advice import Advice, Verdict
from autoinstall.callsite import user_frames
from autoinstall.guards import parse, source_of
from autoinstall.source.imports import Import, Position, dotted_name, following
from autoinstall.source.magics import imported_by

_KNOWN = (Verdict.TRUSTED, Verdict.CHOICE)

# What may make modules appear, or change where they are looked for: nothing behind it can be told to be missing.
_CHANGED_ATTRIBUTES = frozenset({"sys.path", "sys.modules", "sys.meta_path", "sys.path_hooks"})
_CHANGING_CALLS = frozenset({"chdir", "addsitedir", "exec", "run_path", "run_module", "system", "popen", "getoutput"})
_CHANGING_MODULES = frozenset({"subprocess", "pip", "piplite", "micropip"})
_CHANGING_MAGICS = frozenset(
    {"cd", "conda", "mamba", "micromamba", "pip", "popd", "pushd", "run", "sc", "sx", "system", "uv"}
)

_NO_FUNCTION_OF_ITS_OWN = 0x2  # CO_NEWLOCALS, which `inspect` names; a function's code has it

Advise = Callable[[str], Advice]


def telling_names(name: str, from_names: Iterable[str], advise: Advise) -> tuple[str, ...]:
    """Return the names in an import statement that tell best what is missing: one for each project, at least one.

    Many projects put their modules under `google`: of `from google.cloud import storage` only the whole leads to the
    one that is wanted. But what stands behind `from … import` may be no module at all: it counts only where it leads
    elsewhere than the name before it.
    """
    project = advise(name).project
    wholes: dict[object, str] = {}
    for below in from_names:
        whole = f"{name}.{below}"
        leads_to = advise(whole).project
        if leads_to not in (None, project):
            wholes.setdefault(leads_to, whole)
    return tuple(wholes.values()) or (name,)


def frames_of_stack(frame: FrameType | None) -> Iterator[tuple[FrameType, int]]:
    """Yield a frame and its callers, innermost first, each with the instruction that it is at."""
    while frame is not None:
        yield frame, frame.f_lasti
        frame = frame.f_back


def frames_of_error(exception: BaseException) -> Iterator[tuple[FrameType, int]]:
    """Yield the frames that an exception has passed, from the innermost of the user's own code outward.

    Each goes with the instruction that it was at. What lies further in, as IPython's own code for `%matplotlib` does,
    tells nothing of what will be imported.
    """
    passed: list[tuple[FrameType, int]] = []
    traceback: TracebackType | None = exception.__traceback__
    while traceback is not None:
        passed.append((traceback.tb_frame, traceback.tb_lasti))
        traceback = traceback.tb_next
    yield from dropwhile(lambda one: not any(user_frames([one])), reversed(passed))


def companions(asked: str, frames: Iterable[tuple[FrameType, int]], advise: Advise) -> tuple[str, ...]:
    """Return what will surely be imported after `asked`, is missing, and is known: one name for each project.

    `frames` are where the import stands and who has called that, innermost first. Read are the user's own frames
    that run a cell's, script's or module's top level, from where each stands now. Reading ends at a line that may
    bring modules by itself or change where they are looked for: nothing is said of what may be there by then.
    """
    leads_to = advise(asked)
    if leads_to.verdict not in _KNOWN:
        return ()
    projects = {leads_to.project}
    found = []
    for later in _surely_imported(frames):
        for name in telling_names(later.name, later.from_names, advise):
            advice = advise(name)
            if advice.verdict in _KNOWN and advice.project not in projects:
                projects.add(advice.project)
                found.append(name)
    return tuple(found)


def _surely_imported(frames: Iterable[tuple[FrameType, int]]) -> Iterator[Import]:
    for frame, instruction in user_frames(frames):
        if not _is_top_level(frame):
            continue
        source, position = source_of(frame.f_code, frame), _position(frame, instruction)
        if source is None or position is None:
            return
        tree = parse(source)
        if tree is None:
            return
        changing = _functions_that_change(tree)
        for place, (statement, imported) in enumerate(following(tree, position)):
            # What the first one changes, it has changed already: it stands at the import that is missing.
            if place and _may_change_what_is_there(statement, changing):
                return
            yield from imported
            yield from _by_plotting_magic(statement)


def _by_plotting_magic(statement: ast.stmt) -> Iterator[Import]:
    """Yield what `%matplotlib widget` imports; an extension's import name may stand for another project elsewhere."""
    match statement:
        case ast.Expr(
            ast.Call(
                func=ast.Attribute(attr="run_line_magic"),
                args=[ast.Constant(value="matplotlib" | "pylab" as magic), ast.Constant(value=str(argument)), *_],
            )
        ):
            for name in imported_by(magic, argument.strip()):
                yield Import(name, (), statement.lineno, is_sure=True)


def _is_top_level(frame: FrameType) -> bool:
    return not frame.f_code.co_flags & _NO_FUNCTION_OF_ITS_OWN and frame.f_locals is frame.f_globals


def _position(frame: FrameType, instruction: int) -> Position | None:
    line, _, column, _ = next(islice(frame.f_code.co_positions(), instruction // 2, None), (None,) * 4)
    return None if line is None else (line, column or 0)


def _functions_that_change(tree: ast.Module) -> frozenset[str]:
    """Return the names of the source's own functions that may bring modules, as `def install(name): …` does."""
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and any(_changes(part, frozenset()) for below in node.body for part in ast.walk(below))
    )


def _may_change_what_is_there(node: ast.AST, changing: frozenset[str]) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return False
    return _changes(node, changing) or any(
        _may_change_what_is_there(child, changing) for child in ast.iter_child_nodes(node)
    )


def _changes(node: ast.AST, changing: frozenset[str]) -> bool:
    if isinstance(node, ast.Attribute):
        return dotted_name(node) in _CHANGED_ATTRIBUTES
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr == "run_line_magic":
        magic = node.args[0] if node.args else None
        return not isinstance(magic, ast.Constant) or magic.value in _CHANGING_MAGICS
    if isinstance(node.func, ast.Attribute) and node.func.attr == "run_cell_magic":
        return True
    name = dotted_name(node.func)
    last = node.func.attr if isinstance(node.func, ast.Attribute) else name
    return last in _CHANGING_CALLS or name in changing or name.partition(".")[0] in _CHANGING_MODULES
