"""Who asks: an import or a probe, the user's code or a library's, and what the statement says."""

import builtins
import dis
import importlib.util
import json
import os
import pkgutil
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoinstall import callsite
from tests.support.snippets import Recorder, Run, recording, running


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path) as run:
        yield run


PROBES = [
    pytest.param("import importlib.util\nimportlib.util.find_spec('absent')", id="find_spec"),
    pytest.param("import importlib.util\nimportlib.util.find_spec('absent.part')", id="find_spec, dotted"),
    pytest.param("import sys\n[f.find_spec('absent', None) for f in sys.meta_path]", id="a finder by hand"),
    pytest.param("import sys, pkgutil\npkgutil.find_loader('absent')", id="find_loader"),
    pytest.param("import runpy\nrunpy.run_module('absent')", id="runpy"),
]


@pytest.mark.filterwarnings("ignore:'pkgutil.find_loader' is deprecated:DeprecationWarning")
@pytest.mark.parametrize("snippet", PROBES)
def test_a_probe_is_not_ours(snippet: str, run: Run, recorder: Recorder) -> None:
    run(snippet)
    assert recorder.refusals() == ["probe"]


LIBRARY = [
    pytest.param("import pkgutil\npkgutil.resolve_name('absent.part')", id="pkgutil.resolve_name"),
    pytest.param("import pydoc\npydoc.locate('absent')", id="pydoc.locate"),
    pytest.param("import pytest\npytest.importorskip('absent')", id="pytest.importorskip"),
    pytest.param("import timeit\ntimeit.timeit('import absent', number=1)", id="timeit"),
    pytest.param(
        "import unittest\nunittest.TestCase().assertRaises(ImportError, __import__, 'absent')",
        id="handed to a library",
    ),
]


@pytest.mark.parametrize("snippet", LIBRARY)
def test_an_import_by_the_standard_library_or_an_installed_one_is_not_ours(
    snippet: str, run: Run, recorder: Recorder
) -> None:
    run(snippet)
    assert recorder.refusals() == ["library"]


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages", "lib/python3/dist-packages"])
@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import absent", id="import"),
        pytest.param("exec('import absent')", id="exec in its namespace"),
        pytest.param("exec('import absent', {})", id="exec in a fresh namespace"),
        pytest.param("exec('def f(): import absent', ns := {})\nns['f']()", id="a function that it made"),
    ],
)
def test_a_made_up_library(folder: str, source: str, tmp_path: Path, run: Run, recorder: Recorder) -> None:
    place = tmp_path / folder
    place.mkdir(parents=True)
    (place / "made_up.py").write_text(source)
    run(f"import sys\nsys.path.insert(0, {str(place)!r})\ntry:\n    import made_up\nfinally:\n    sys.path.pop(0)")
    assert recorder.refusals() == ["library"]


@pytest.mark.parametrize("key", ["stdlib", "platstdlib", "purelib", "platlib"])
def test_library_folders_are_those_of_sysconfig(key: str) -> None:
    assert callsite._kind_of_file(str(Path(sysconfig.get_path(key), "x", "y.py"))) == callsite._LIBRARY


@pytest.mark.parametrize(
    "path",
    ["/home/ann/notes.py", "notes.py", "/tmp/ipykernel_12/345.py", str(Path(sys.base_prefix, "notes.py"))],
)
def test_all_else_is_the_users(path: str) -> None:
    assert callsite._kind_of_file(path) == callsite._USER


def test_our_own_code_is_a_library() -> None:
    assert callsite._kind_of_file(callsite.__file__) == callsite._LIBRARY


@pytest.mark.parametrize(
    "filename",
    ["<string>", "<stdin>", "<timed exec>", "<magic-timeit>", "<ipython-input-1-abc>", "/tmp/ipykernel_1/2.py"],
)
def test_code_without_a_file(filename: str, run: Run, recorder: Recorder) -> None:
    run("import absent", filename)
    run("try:\n    import absent\nexcept ImportError:\n    pass", filename)
    assert recorder.refusals() == [None, "guarded"]


def test_what_is_kept_is_bounded(run: Run, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callsite, "_guarded", {})
    monkeypatch.setattr(callsite, "_kinds", {})
    monkeypatch.setattr(callsite, "_MOST_CODE_KEPT", 3)
    monkeypatch.setattr(callsite, "_MOST_FILES_KEPT", 3)
    alive: list[object] = []
    for number in range(10):
        source = (
            "import sys\nalive.append(sys._getframe().f_code)\ntry:\n    import absent\nexcept ImportError:\n    pass"
        )
        run(source, f"/tmp/ipykernel_1/{number}.py", alive=alive)
        assert len(callsite._guarded) <= 3
        assert len(callsite._kinds) <= 3
    assert recorder.refusals() == ["guarded"] * 10


@pytest.mark.parametrize(
    ("statement", "wanted", "from_names"),
    [
        pytest.param("import absent", "absent", (), id="plain"),
        pytest.param("import absent.one.two as x", "absent.one.two", (), id="dotted"),
        pytest.param("from absent import one, two as x", "absent", ("one", "two"), id="from"),
        pytest.param("from absent.one import two", "absent.one", ("two",), id="from dotted"),
        pytest.param("from absent import *", "absent", ("*",), id="star"),
        pytest.param("import importlib; importlib.import_module('absent.one')", "absent.one", (), id="import_module"),
        pytest.param("__import__('absent.one', fromlist=['two'])", "absent.one", (), id="the function"),
        pytest.param(
            f"x = [{','.join(f'({n}.5, a{n})' for n in range(300))}] if 0 else 0\nfrom absent import one",
            "absent",
            ("one",),
            id="arguments of two bytes",
        ),
    ],
)
def test_the_statements_whole_name(
    statement: str, wanted: str, from_names: tuple[str, ...], run: Run, recorder: Recorder
) -> None:
    run(statement)
    [site] = recorder.of("absent")
    assert (site.wanted, site.from_names) == (wanted, from_names)


def test_where(run: Run, recorder: Recorder, tmp_path: Path) -> None:
    run("def f():\n    import absent\n\n\nf()")
    [site] = recorder.of("absent")
    assert (site.filename, site.lineno) == (str(tmp_path / "snippet.py"), 2)
    assert not site.is_within_library_import


def test_within_a_librarys_import(
    tmp_path: Path, run: Run, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "site-packages"
    library.mkdir()
    (library / "made_up.py").write_text("import plugin_of_mine")
    (tmp_path / "plugin_of_mine.py").write_text("import absent")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(library)
    run("import made_up")
    [site] = recorder.of("absent")
    assert site.refusal is None
    assert site.is_within_library_import


def test_a_replaced_import_function_is_the_asker(
    run: Run, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that replaces `__import__` asks in its own name: in doubt, nothing is asked."""
    namespace: dict[str, object] = {"__name__": "made_up", "original": builtins.__import__}
    exec(compile("def replaced(*a, **k): return original(*a, **k)", "/x/site-packages/made_up.py", "exec"), namespace)
    monkeypatch.setattr(builtins, "__import__", namespace["replaced"])
    run("import absent")
    assert recorder.refusals() == ["library"]


def test_what_importlib_itself_probes_for_is_a_probe(recorder: Recorder) -> None:
    assert importlib.util.find_spec("absent") is None
    assert list(pkgutil.iter_importers("json.absent"))
    assert recorder.refusals() == ["probe"]


_IN_A_FRESH_PYTHON = """
import sys, json
sys.path.insert(0, {folder!r})
from autoinstall.callsite import call_site
class Recorder:
    def find_spec(self, fullname, path=None, target=None):
        if fullname == "absent":
            print(json.dumps(call_site(sys._getframe(1)).refusal), file=sys.__stdout__)
sys.meta_path.append(Recorder())
"""


@pytest.mark.parametrize(
    ("how", "statement", "expected"),
    [
        ("-c", "import absent", None),
        ("-c", "try:\n    import absent\nexcept ImportError:\n    pass", "guarded"),
        ("-c", "try:\n    import absent\nfinally:\n    pass", None),
        ("stdin", "import absent", None),
        ("stdin", "try:\n    import absent\nexcept ImportError:\n    pass", "guarded"),
        ("stdin", "try:\n    import absent\nfinally:\n    pass", "guarded"),
    ],
)
def test_what_stands_after_c_is_source_and_of_standard_input_there_is_none(
    how: str, statement: str, expected: str | None
) -> None:
    """Without source, a `try` that guards cannot be told from one that does not: in doubt nothing is asked."""
    text = _IN_A_FRESH_PYTHON.format(folder=str(Path(callsite.__file__).parent.parent)) + statement + "\n"
    arguments, given = (["-c", text], None) if how == "-c" else (["-"], text)
    done = subprocess.run(
        [sys.executable, *arguments], input=given, capture_output=True, text=True, check=False, timeout=60
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == [expected]


@pytest.mark.parametrize("how", ["script", "module", "run_path"])
def test_around_a_script_nothing_guards(how: str, tmp_path: Path) -> None:
    """`python -m` and `runpy` run a script within `try` statements of their own, and so may whoever calls runpy."""
    text = _IN_A_FRESH_PYTHON.format(folder=str(Path(callsite.__file__).parent.parent))
    (tmp_path / "script.py").write_text(text + "import absent\n")
    (tmp_path / "starter.py").write_text(
        "import runpy\ntry:\n    runpy.run_path('script.py')\nexcept ImportError:\n    pass\n"
    )
    arguments = {"script": ["script.py"], "module": ["-m", "script"], "run_path": ["starter.py"]}[how]
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == [None]


_IN_A_SHELL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.showtraceback = lambda *_, **__: None
try:
    shell.run_cell(CELL)
except ImportError:
    pass
"""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        pytest.param("import absent", [None], id="cell"),
        pytest.param("import asyncio\nawait asyncio.sleep(0)\nimport absent", [None], id="awaiting cell"),
        pytest.param("try:\n    import absent\nfinally:\n    pass", [None], id="finally"),
        pytest.param("try:\n    import absent\nexcept ImportError:\n    pass", ["guarded"], id="guarded"),
        pytest.param(
            "def f():\n    import absent\ntry:\n    f()\nexcept ImportError:\n    pass", ["guarded"], id="caller"
        ),
        pytest.param("%%time\nimport absent", [None], id="%%time"),
        pytest.param(
            "%%time\ntry:\n    import absent\nexcept ImportError:\n    pass", ["guarded"], id="%%time, guarded"
        ),
        pytest.param("%timeit -n1 -r1 import absent", [None], id="%timeit"),
        pytest.param("%%capture\nimport absent", [None], id="%%capture"),
        pytest.param("%run script.py", [None], id="%run"),
    ],
)
def test_around_a_cell_nothing_guards(cell: str, expected: list[str | None], tmp_path: Path) -> None:
    """Not even IPython, which runs all of it within `try` statements of its own."""
    text = _IN_A_FRESH_PYTHON.format(folder=str(Path(callsite.__file__).parent.parent))
    (tmp_path / "shell.py").write_text(text + _IN_A_SHELL.replace("CELL", repr(cell)))
    (tmp_path / "script.py").write_text("import absent\n")
    done = subprocess.run(
        [sys.executable, "shell.py"],
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line in {"null", '"guarded"', '"library"'}]
    assert answers == expected, done.stderr


@pytest.mark.parametrize(
    ("table", "instruction", "expected"),
    [
        pytest.param(b"", 0, False, id="empty"),
        pytest.param(bytes([0x80 | 4, 3, 30, 0]), 3, False, id="before"),
        pytest.param(bytes([0x80 | 4, 3, 30, 0]), 4, True, id="first"),
        pytest.param(bytes([0x80 | 4, 3, 30, 0]), 6, True, id="last"),
        pytest.param(bytes([0x80 | 4, 3, 30, 0]), 7, False, id="behind"),
        pytest.param(bytes([0x80 | 4, 3, 30, 0, 0x80 | 8, 2, 30, 0]), 7, False, id="between"),
        pytest.param(bytes([0x80 | 4, 3, 30, 0, 0x80 | 8, 2, 30, 0]), 9, True, id="second entry"),
        pytest.param(bytes([0x80 | 0x40 | 2, 5, 0x40 | 1, 0, 30, 0]), 132, False, id="wide numbers: before"),
        pytest.param(bytes([0x80 | 0x40 | 2, 5, 0x40 | 1, 0, 30, 0]), 133, True, id="wide numbers: first"),
        pytest.param(bytes([0x80 | 0x40 | 2, 5, 0x40 | 1, 0, 30, 0]), 196, True, id="wide numbers: last"),
        pytest.param(bytes([0x80 | 0x40 | 2, 5, 0x40 | 1, 0, 30, 0]), 197, False, id="wide numbers: behind"),
    ],
)
def test_the_exception_table(table: bytes, instruction: int, expected: bool) -> None:  # noqa: FBT001 - a table's row
    assert callsite._is_covered(table, instruction) is expected


def test_the_exception_table_is_read_as_dis_reads_it() -> None:
    source = Path(textwrap.__file__).read_text() + "try:\n    x = 1\nexcept ValueError:\n    pass\n" * 40
    code = compile(source, "x", "exec")
    covered = {
        unit
        for entry in dis._parse_exception_table(code)  # type: ignore[attr-defined] # what dis itself shows
        for unit in range(entry.start // 2, entry.end // 2)
    }
    assert covered
    for unit in range(len(code.co_code) // 2):
        assert callsite._is_covered(code.co_exceptiontable, unit) is (unit in covered)
