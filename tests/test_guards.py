"""Whether an import is guarded: snippets of user code, each with one missing import, run for real."""

import inspect
import linecache
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoinstall import guards
from tests.support.snippets import Recorder, Run, recording, running


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path) as run:
        yield run


UNGUARDED = [
    pytest.param("import absent", id="alone"),
    pytest.param("import absent.part", id="dotted"),
    pytest.param("from absent import part", id="from"),
    pytest.param("from absent import *", id="star"),
    pytest.param("__import__('absent')", id="the function behind the statement"),
    pytest.param("import importlib\nimportlib.import_module('absent')", id="import_module"),
    pytest.param(
        "from importlib import import_module as load\nload('absent.part')", id="import_module, renamed, dotted"
    ),
    pytest.param("import importlib\nimportlib.__import__('absent')", id="importlib's function"),
    pytest.param(
        """
        import importlib
        try:
            (importlib
                 .import_module(
                     "absent"))
        finally:
            pass
        """,
        id="import_module over several lines, covered",
    ),
    pytest.param("if True:\n    for _ in [1]:\n        import absent", id="in blocks"),
    pytest.param("def f():\n    import absent\nf()", id="function"),
    pytest.param("class C:\n    import absent", id="class"),
    pytest.param("class C:\n    def m(self):\n        import absent\nC().m()", id="method"),
    pytest.param("(lambda: __import__('absent'))()", id="lambda"),
    pytest.param("exec('import absent')", id="exec"),
    pytest.param("exec('import absent', {})", id="exec in a namespace of its own"),
    pytest.param("eval('__import__(\"absent\")')", id="eval"),
    pytest.param("list(map(__import__, ['absent']))", id="map"),
    pytest.param("[__import__(name) for name in ['absent']]", id="list comprehension"),
    pytest.param(
        "def f():\n    return [__import__(name) for name in ['absent']]\nf()", id="list comprehension, function"
    ),
    pytest.param("{__import__(name): 1 for name in ['absent']}", id="dict comprehension"),
    pytest.param("list(__import__(name) for name in ['absent'])", id="generator expression"),
    pytest.param("def g():\n    yield 1\n    import absent\nlist(g())", id="generator"),
    pytest.param(
        "def g():\n    yield 1\n    import absent\ndef h():\n    yield from g()\nlist(h())", id="yield from"
    ),
    pytest.param(
        """
        import asyncio
        async def inner():
            await asyncio.sleep(0)
            import absent
        async def outer():
            await inner()
        asyncio.run(outer())
        """,
        id="coroutine",
    ),
    pytest.param(
        """
        import asyncio
        async def g():
            yield 1
            import absent
        async def outer():
            async for each in g():
                pass
        asyncio.run(outer())
        """,
        id="asynchronous generator",
    ),
    pytest.param("try:\n    import absent\nfinally:\n    done = True", id="finally"),
    pytest.param("try:\n    pass\nfinally:\n    import absent", id="within finally"),
    pytest.param(
        """
        try:
            try:
                raise ValueError
            finally:
                import absent
        except ValueError:
            pass
        """,
        id="within finally, on the way out of an error",
    ),
    pytest.param(
        """
        def f():
            try:
                import absent
            finally:
                for _ in [1]:
                    if _:
                        break
                def g():
                    return 1
        f()
        """,
        id="finally that leaves a loop of its own",
    ),
    pytest.param("try:\n    import absent\nexcept ValueError:\n    pass", id="except ValueError"),
    pytest.param("try:\n    import absent\nexcept (ValueError, OSError, KeyError):\n    pass", id="except a tuple"),
    pytest.param("try:\n    import absent\nexcept ():\n    pass", id="except nothing"),
    pytest.param("try:\n    import absent\nexcept* ValueError:\n    pass", id="except* ValueError"),
    pytest.param(
        "import builtins\ntry:\n    import absent\nexcept builtins.OSError:\n    pass", id="except builtins.OSError"
    ),
    pytest.param(
        "import json\ntry:\n    import absent\nexcept json.JSONDecodeError:\n    pass", id="except a library's error"
    ),
    pytest.param(
        "class MyError(Exception): pass\ntry:\n    import absent\nexcept MyError:\n    pass", id="except an own error"
    ),
    pytest.param(
        "class MissingError(ImportError): pass\ntry:\n    import absent\nexcept MissingError:\n    pass",
        id="except an own kind of ImportError",
    ),
    pytest.param("try:\n    pass\nexcept ImportError:\n    pass\nimport absent", id="after a guard"),
    pytest.param("try:\n    pass\nexcept ImportError:\n    pass\nelse:\n    import absent", id="else of a guard"),
    pytest.param("try:\n    raise ImportError\nexcept ImportError:\n    import absent", id="handler of a guard"),
    pytest.param(
        "try:\n    raise ImportError\nexcept ImportError as error:\n    import absent", id="handler with a name"
    ),
    pytest.param(
        "try:\n    pass\nexcept ImportError:\n    pass\nfinally:\n    import absent", id="finally of a guard"
    ),
    pytest.param(
        "try:\n    (n for n in __import__('absent'))\nfinally:\n    pass", id="a generator's source, finally"
    ),
    pytest.param("try:\n    @__import__('absent')\n    def f(): pass\nfinally:\n    pass", id="decorator, finally"),
    pytest.param(
        """
        try:
            def f():
                import absent
        except ImportError:
            pass
        f()
        """,
        id="defined within a guard, called outside",
    ),
    pytest.param(
        """
        try:
            g = (__import__(name) for name in ["absent"])
        except ImportError:
            pass
        list(g)
        """,
        id="generator expression made within a guard, used outside",
    ),
    pytest.param("with open(__file__):\n    import absent", id="with open"),
    pytest.param(
        "import contextlib\ntry:\n    with __import__('absent'), contextlib.suppress(ImportError):\n        pass\n"
        "finally:\n    pass",
        id="the import, then suppress in the same statement",
    ),
    pytest.param("import warnings\nwith warnings.catch_warnings():\n    import absent", id="with catch_warnings"),
    pytest.param("import threading\nlock = threading.Lock()\nwith lock:\n    import absent", id="with a lock"),
    pytest.param(
        """
        def f():
            from contextlib import redirect_stdout, closing
            import io
            with redirect_stdout(io.StringIO()), closing(io.StringIO()):
                import absent
        f()
        """,
        id="with two, known in a function",
    ),
    pytest.param(
        "import contextlib\nwith contextlib.suppress(ImportError):\n    pass\nimport absent", id="after suppress"
    ),
    pytest.param(
        """
        class Manager:
            def __enter__(self): import absent
            def __exit__(self, *_): return True
        with Manager():
            pass
        """,
        id="entering a context manager",
    ),
    pytest.param(
        """
        def helper():
            import absent
        def caller():
            try:
                helper()
            except ValueError:
                raise
        caller()
        """,
        id="a caller that catches something else",
    ),
    pytest.param(
        """
        import functools
        functools.reduce(lambda a, b: __import__("absent"), [1, 2])
        """,
        id="called back by a library",
    ),
]

GUARDED = [
    pytest.param("try:\n    import absent\nexcept ImportError:\n    pass", id="ImportError"),
    pytest.param("try:\n    import absent\nexcept ModuleNotFoundError as e:\n    pass", id="ModuleNotFoundError"),
    pytest.param("try:\n    import absent\nexcept Exception:\n    pass", id="Exception"),
    pytest.param("try:\n    import absent\nexcept BaseException:\n    pass", id="BaseException"),
    pytest.param("try:\n    import absent\nexcept:\n    pass", id="bare"),
    pytest.param("try:\n    import absent\nexcept ImportError:\n    raise", id="raised again"),
    pytest.param(
        "try:\n    import absent\nexcept (ValueError, (OSError, ImportError)):\n    pass", id="tuple of tuples"
    ),
    pytest.param(
        "try:\n    import absent\nexcept ValueError:\n    pass\nexcept ImportError:\n    pass", id="second clause"
    ),
    pytest.param("try:\n    import absent\nexcept* ImportError:\n    pass", id="except*"),
    pytest.param(
        "import builtins\ntry:\n    import absent\nexcept builtins.ImportError:\n    pass", id="builtins.ImportError"
    ),
    pytest.param("Missing = ImportError\ntry:\n    import absent\nexcept Missing:\n    pass", id="renamed"),
    pytest.param(
        "ERRORS = (OSError, ImportError)\ntry:\n    import absent\nexcept ERRORS:\n    pass", id="named tuple"
    ),
    pytest.param("try:\n    import absent\nexcept (ValueError, *[ImportError]):\n    pass", id="starred"),
    pytest.param(
        "ValueError = ImportError\ntry:\n    import absent\nexcept ValueError:\n    pass",
        id="a built-in's name taken",
    ),
    pytest.param(
        "def errors(): return ImportError\ntry:\n    import absent\nexcept errors():\n    pass", id="called"
    ),
    pytest.param(
        "class C:\n    errors = ImportError\ntry:\n    import absent\nexcept C.errors:\n    pass", id="of a class"
    ),
    pytest.param(
        """
        def load(name, errors=ImportError):
            try:
                return __import__(name)
            except errors:
                return None
        load("absent")
        """,
        id="an argument",
    ),
    pytest.param(
        """
        class odd(Exception): pass
        try:
            try:
                import absent
            except odd:
                pass
        except ImportError:
            pass
        """,
        id="the outer of two",
    ),
    pytest.param(
        "try:\n    try:\n        import absent\n    finally:\n        pass\nexcept ImportError:\n    pass",
        id="finally within",
    ),
    pytest.param(
        """
        try:
            try:
                raise ValueError
            except ValueError:
                import absent
        except ImportError:
            pass
        """,
        id="in a handler within a guard",
    ),
    pytest.param(
        "try:\n    [__import__(n) for n in ['absent']]\nexcept ImportError:\n    pass", id="list comprehension"
    ),
    pytest.param(
        "try:\n    list(__import__(n) for n in ['absent'])\nexcept ImportError:\n    pass", id="generator expression"
    ),
    pytest.param(
        "try:\n    (n for n in __import__('absent'))\nexcept ImportError:\n    pass", id="a generator's source"
    ),
    pytest.param("try:\n    class C:\n        import absent\nexcept ImportError:\n    pass", id="class body"),
    pytest.param(
        "try:\n    def f(x=__import__('absent')): pass\nexcept ImportError:\n    pass", id="default argument"
    ),
    pytest.param("try:\n    @__import__('absent')\n    def f(): pass\nexcept ImportError:\n    pass", id="decorator"),
    pytest.param(
        "try:\n    x = [\n        1,\n        {2: __import__(\n 'absent')}]\nexcept ImportError:\n    pass",
        id="over several lines",
    ),
    pytest.param(
        "try:\n    x = 'äöü€'; import absent\nexcept ImportError:\n    pass", id="behind letters of several bytes"
    ),
    pytest.param(
        """
        import importlib
        try:
            importlib.import_module("absent")
        except ImportError:
            pass
        """,
        id="import_module",
    ),
    pytest.param(
        """
        def f():
            try:
                import absent
            finally:
                return None
        f()
        """,
        id="finally that returns",
    ),
    pytest.param(
        "for _ in [1]:\n    try:\n        import absent\n    finally:\n        break", id="finally that breaks"
    ),
    pytest.param(
        "for _ in [1]:\n    try:\n        import absent\n    finally:\n        if _:\n            continue",
        id="finally that continues",
    ),
    pytest.param("import contextlib\nwith contextlib.suppress(ImportError):\n    import absent", id="suppress"),
    pytest.param(
        "from contextlib import suppress as s\nwith s(ImportError):\n    import absent", id="suppress, renamed"
    ),
    pytest.param(
        "import contextlib\nwith contextlib.suppress(ImportError), open(__file__):\n    import absent",
        id="suppress and open",
    ),
    pytest.param(
        "import contextlib\nwith open(__file__), contextlib.suppress(ImportError):\n    import absent",
        id="open and suppress",
    ),
    pytest.param(
        "import contextlib\nwith contextlib.suppress(ImportError), __import__('absent') as x:\n    pass",
        id="suppress, then the import in the same statement",
    ),
    pytest.param(
        """
        import contextlib
        class Manager:
            def __enter__(self): import absent
            def __exit__(self, *_): pass
        with contextlib.suppress(ImportError), Manager():
            pass
        """,
        id="suppress, then entering a manager in the same statement",
    ),
    pytest.param("import pytest\nwith pytest.raises(ImportError):\n    import absent", id="pytest.raises"),
    pytest.param("import pytest\nwith pytest.raises(ImportError) as e:\n    import absent", id="pytest.raises as"),
    pytest.param(
        """
        import unittest
        with unittest.TestCase().assertRaises(ImportError):
            import absent
        """,
        id="assertRaises",
    ),
    pytest.param(
        """
        class Manager:
            def __enter__(self): pass
            def __exit__(self, *_): return True
        with Manager():
            import absent
        """,
        id="a manager of one's own",
    ),
    pytest.param("from contextlib import ExitStack\nwith ExitStack() as stack:\n    import absent", id="exit stack"),
    pytest.param(
        "open = __import__('contextlib').suppress\nwith open(ImportError):\n    import absent", id="open is not open"
    ),
    pytest.param(
        """
        import asyncio, contextlib
        @contextlib.asynccontextmanager
        async def manager():
            try:
                yield
            except ImportError:
                pass
        async def main():
            async with manager():
                import absent
        asyncio.run(main())
        """,
        id="async with",
    ),
    pytest.param(
        """
        import asyncio
        async def load():
            await asyncio.sleep(0)
            import absent
        async def main():
            try:
                await load()
            except ImportError:
                pass
        asyncio.run(main())
        """,
        id="around await",
    ),
    pytest.param(
        """
        def g():
            yield 1
            import absent
        try:
            list(g())
        except ImportError:
            pass
        """,
        id="around a generator's use",
    ),
    pytest.param(
        """
        def helper():
            import absent
        def caller():
            helper()
        try:
            caller()
        except ImportError:
            pass
        """,
        id="a caller's caller",
    ),
    pytest.param(
        """
        import functools
        try:
            functools.reduce(lambda a, b: __import__("absent"), [1, 2])
        except ImportError:
            pass
        """,
        id="a caller beyond library code",
    ),
    pytest.param("try:\n    exec('import absent')\nexcept ImportError:\n    pass", id="around exec"),
    pytest.param("exec('try:\\n import absent\\nexcept ImportError: pass')", id="within exec"),
    pytest.param("exec('try:\\n import absent\\nfinally: pass')", id="covered and without source: in doubt"),
]


@pytest.mark.parametrize("snippet", UNGUARDED)
def test_an_import_that_nothing_would_catch_is_ours(snippet: str, run: Run, recorder: Recorder) -> None:
    escaped = run(snippet, __file__=__file__)
    assert set(recorder.refusals()) == {None}
    # The other side of the promise: Python itself agrees that nothing catches it.
    assert isinstance(escaped, ModuleNotFoundError)


@pytest.mark.parametrize("snippet", GUARDED)
def test_an_import_that_something_may_catch_is_not_ours(snippet: str, run: Run, recorder: Recorder) -> None:
    run(snippet, __file__=__file__)
    assert recorder.refusals() == ["guarded"]


def test_a_caller_in_another_file_guards(
    tmp_path: Path, run: Run, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "neighbour.py").write_text("import absent\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert run("try:\n    import neighbour\nexcept ImportError:\n    pass") is None
    assert isinstance(run("import neighbour"), ModuleNotFoundError)
    assert recorder.refusals() == ["guarded", None]


@pytest.mark.parametrize("filename", ["<ipython-input-1-abc>", "/tmp/ipykernel_1/2.py"])
def test_a_cells_source_is_read_from_linecache(
    filename: str, run: Run, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "try:\n    import absent\nfinally:\n    pass\n"
    monkeypatch.setitem(linecache.cache, filename, (len(source), 1.0, source.splitlines(keepends=True), filename))
    run(source, filename)
    assert recorder.refusals() == [None]


def test_lines_of_other_code_are_not_taken_for_those_of_a_string(
    run: Run, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.13 keeps the text behind `-c` as the lines of `<string>`, which every `exec` is called too."""
    other = "try:\n    import absent\nexcept ValueError:\n    pass\n"
    monkeypatch.setitem(linecache.cache, "<string>", (len(other), None, other.splitlines(keepends=True), "<string>"))
    run("try:\n    import absent\nexcept ImportError:\n    raise ValueError\n", "<string>")
    assert recorder.refusals() == ["guarded"]


_LOADED = "def f():\n    try:\n        import absent\n    except ImportError:\n        pass\nf()\n"


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(
            "def f():\n    try:\n        import absent\n    except ValueError:\n        pass\n", id="another clause"
        ),
        pytest.param("def f():\n    if 1:\n        import absent\n", id="no guard any more"),
        pytest.param(
            "def g():\n    try:\n        import absent\n    finally:\n        pass\n", id="another function"
        ),
        pytest.param("if 1:\n    try:\n        import absent\n    finally:\n        pass\n", id="no function"),
        pytest.param(
            "def f():\n    try:\n        import absent_minded\n    finally:\n        pass\n", id="another import"
        ),
        pytest.param("def f():\n    try:\n        import absent\n    finally\n        pass\n", id="not Python"),
        pytest.param("def f():\n    pass\n", id="shorter"),
        pytest.param("", id="empty"),
    ],
)
def test_a_file_that_was_changed_after_it_was_loaded_is_not_believed(
    now: str, tmp_path: Path, run: Run, recorder: Recorder
) -> None:
    file = tmp_path / "helper.py"
    file.write_text(now)
    assert run(_LOADED, str(file)) is None
    assert recorder.refusals() == ["guarded"]


def test_a_file_that_was_changed_before_it_was_loaded_again_is_read_again(
    tmp_path: Path, run: Run, recorder: Recorder
) -> None:
    file = tmp_path / "helper.py"
    for clause, expected in (("ImportError", "guarded"), ("OSError", None), ("ImportError", "guarded")):
        source = f"def f():\n    try:\n        import absent\n    except {clause}:\n        raise\nf()\n"
        file.write_text(source)
        run(source, str(file))
        assert recorder.refusals()[-1] == expected


def test_a_file_that_is_gone_is_no_source(run: Run, recorder: Recorder) -> None:
    run("try:\n    import absent\nfinally:\n    pass\n", "/nowhere/at/all.py")
    assert recorder.refusals() == ["guarded"]


def test_doctest(tmp_path: Path, run: Run, recorder: Recorder) -> None:
    (tmp_path / "document.txt").write_text(
        ">>> try:\n...     import absent\n... finally:\n...     pass\nTraceback (most recent call last):\n"
        "ModuleNotFoundError: No module named 'absent'\n"
    )
    failures = run(
        "import doctest\nassert doctest.testfile(path, module_relative=False).failed == 0",
        path=str(tmp_path / "document.txt"),
    )
    assert failures is None
    assert recorder.refusals() == [None]


def test_a_place_is_judged_anew_while_nothing_guards_it(tmp_path: Path, run: Run, recorder: Recorder) -> None:
    """What an `except` clause's name stands for may change: the answer that would lead to a question is not kept."""
    source = (
        "def load(errors):\n    try:\n        import absent\n    except errors:\n        pass\nbox.append(load)\n"
    )
    (tmp_path / "loader.py").write_text(source)
    box: list[object] = []
    run(source, str(tmp_path / "loader.py"), box=box)
    for errors in ("ValueError", "ValueError", "ImportError", "ImportError"):
        run(f"box[0]({errors})", box=box)
    assert recorder.refusals() == [None, None, "guarded", "guarded"]


def test_a_guard_is_read_once(run: Run, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    original = linecache.getlines

    def getlines(filename: str, namespace: dict[str, object]) -> list[str]:
        reads.append(filename)
        return original(filename, namespace)

    monkeypatch.setattr(linecache, "getlines", getlines)
    run("for _ in range(5):\n    try:\n        import absent\n    except ImportError:\n        pass")
    assert recorder.refusals() == ["guarded"] * 5
    assert len(reads) == 1


def test_the_flags_are_those_that_inspect_documents() -> None:
    assert guards._CO_NEWLOCALS == inspect.CO_NEWLOCALS
    assert guards._SUSPENDABLE == inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@pytest.mark.parametrize(
    ("code", "is_guarded"),
    [
        ("try:\n    import absent\nfinally:\n    pass", False),
        ("with autoinstall.enable('off'):\n    import absent", False),
        ("with autoinstall.enable('off') as handle:\n    with handle:\n        import absent", False),
        ("def f():\n    try:\n        import absent\n    except ValueError:\n        pass\nf()", False),
        ("import contextlib\nwith contextlib.suppress(ImportError):\n    import absent", True),
        ("exec('try:\\n    import absent\\nfinally:\\n    pass')", True),
    ],
)
def test_what_stands_after_c_is_source(code: str, is_guarded: bool) -> None:  # noqa: FBT001 - a case of the table
    asked = "import autoinstall\nfrom autoinstall.hook import Handle\nHandle.provide = lambda *_: exit('asked')\n"
    command = [sys.executable, "-c", f"{asked}autoinstall.enable('ask')\n{code}"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, stdin=subprocess.DEVNULL)
    assert ("asked" in done.stderr) is not is_guarded, done.stderr
