"""What libraries lack and say only in words, told by the function that raised."""

import sys
from collections.abc import Mapping
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from autoinstall import optional, table
from autoinstall.advice.presence import Presence, look_for
from autoinstall.missing import missing_import
from autoinstall.names import import_name, is_import_name, project_name
from autoinstall.optional import Lack, lack, project_for

ROWS = [row for found in optional.rows().values() for row in found]


def _raised(module: str, source: str, call: str) -> BaseException:
    """Return what a call of a made-up library's code raises."""
    namespace: dict[str, object] = {"__name__": module}
    exec(source, namespace)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each case has its own
        exec(call, {"__name__": "__main__", **namespace})
    return caught.value


@pytest.fixture(autouse=True)
def _nothing_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the libraries that are spoken of nor any program; a Debian."""

    def find_nothing(name: str) -> Presence:
        return look_for(import_name(f"surely_absent_{name}"))

    monkeypatch.setattr("autoinstall.optional.look_for", find_nothing)
    monkeypatch.setattr("autoinstall.optional.this_system", lambda: "debian")
    monkeypatch.setenv("PATH", "/surely/absent")
    monkeypatch.delenv("JAVA_HOME", raising=False)


@pytest.mark.parametrize(
    ("module", "source", "call", "name"),
    [
        (
            "matplotlib",
            "class RcParams:\n  def __setitem__(self, key, val): raise ValueError('x')",
            "RcParams()['backend'] = 'module://ipympl.backend_nbagg'",
            "ipympl",
        ),
        ("pandas.io.parquet", "def get_engine(): raise ImportError('x')", "get_engine()", "pyarrow"),
        (
            "pandas.core.frame",
            "class DataFrame:\n  @property\n  def style(self): raise AttributeError('x')",
            "DataFrame().style",
            "jinja2",
        ),
        (
            "IPython.core.extensions",
            "class ExtensionManager:\n  def _load_extension(self, module_str): raise ModuleNotFoundError(name='sql')",
            "ExtensionManager()._load_extension('sql')",
            "sql",
        ),
        (
            "sqlalchemy.util.langhelpers",
            "class PluginLoader:\n  def load(self, name): raise ValueError(name)",
            "PluginLoader().load('snowflake.some')",
            "snowflake.sqlalchemy",
        ),
    ],
)
def test_an_import_that_a_function_is_known_to_need(module: str, source: str, call: str, name: str) -> None:
    known = lack(_raised(module, source, call))
    assert known is not None
    assert known.import_name == name


def test_only_an_import_error_is_a_missing_import() -> None:
    bare = _raised("pandas.io.parquet", "def get_engine(): raise ImportError('x')", "get_engine()")
    other = _raised("pandas.io.parquet", "def get_engine(): raise ValueError('x')", "get_engine()")
    assert (missing_import(bare), missing_import(other)) == ("pyarrow", None)


def test_what_is_there_is_not_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    error = _raised("pandas.io.parquet", "def get_engine(): raise ImportError('x')", "get_engine()")
    monkeypatch.setattr("autoinstall.optional.look_for", lambda _: look_for(import_name("json")))
    assert (lack(error), missing_import(error)) == (None, None)


@pytest.mark.parametrize(
    ("module", "source", "call"),
    [
        ("mine", "def get_engine(): raise ImportError('pandas.io.parquet.get_engine')", "get_engine()"),
        ("pandas.io.parquet", "def get_engine(f): f()", "get_engine(lambda: 1/0)"),
        (
            "sqlalchemy.util.langhelpers",
            "class PluginLoader:\n  def load(self, name): raise ValueError(name)",
            "PluginLoader().load('nobody')",
        ),
        ("nltk.data", "def find(resource_zipname): raise LookupError", "find('a b; import os')"),
        ("nltk.data", "def find(resource_zipname): raise LookupError", "find(5)"),
    ],
    ids=["another module", "another function", "another variable", "no plain word", "no text"],
)
def test_whoever_is_not_known_lacks_nothing(module: str, source: str, call: str) -> None:
    assert lack(_raised(module, source, call)) is None
    assert lack(KeyError()) is None


def test_the_standard_library_between_is_passed_over() -> None:
    error = _raised(
        "pydub.utils",
        "import subprocess\ndef mediainfo_json(): subprocess.Popen(['surely-absent-program'])",
        "mediainfo_json()",
    )
    known = lack(error)
    assert isinstance(error, FileNotFoundError)
    assert known is not None
    assert known.said == (
        "pydub reads sound files with the programs of ffmpeg, which are not on this machine: sudo apt install ffmpeg"
    )


def test_a_variable_in_the_sentence() -> None:
    error = _raised("nltk.data", "def find(resource_zipname): raise LookupError", "find('punkt_tab')")
    assert lack(error) == Lack(None, None, "NLTK's data are downloaded apart from it: nltk.download('punkt_tab')")


def _with_java(tmp_path: Path) -> Mapping[str, str]:
    program = tmp_path / "bin" / ("java.exe" if sys.platform == "win32" else "java")
    program.parent.mkdir()
    program.write_text("")
    program.chmod(0o755)
    return {"PATH": str(program.parent), "JAVA_HOME": str(tmp_path)}


@pytest.mark.parametrize(("variable", "is_lacking"), [(None, True), ("PATH", False), ("JAVA_HOME", False)])
def test_a_program_is_looked_for(
    variable: str | None, *, is_lacking: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _with_java(tmp_path)
    if variable is not None:
        monkeypatch.setenv(variable, found[variable])
    error = _raised("pyspark.java_gateway", "def launch_gateway(): raise RuntimeError", "launch_gateway()")
    assert (lack(error) is not None) is is_lacking


@pytest.mark.parametrize("is_there", [True, False])
def test_a_library_of_the_system_s(*, is_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        assert name == "libGL.so.1"
        if not is_there:
            raise OSError(name)

    monkeypatch.setattr("ctypes.CDLL", load)
    error = ImportError("in whatever words", name="cv2", path=f"/x/cv2/cv2{EXTENSION_SUFFIXES[0]}")
    known = lack(error)
    assert missing_import(error) is None
    if is_there:
        assert known is None
    else:
        assert known is not None
        assert known.said is not None
        assert known.said.endswith("or add the library: sudo apt install libgl1")
    assert lack(ImportError("x", name="cv2", path="/x/cv2/__init__.py")) is None


def test_the_extension_s_project_holds_for_the_extension_only() -> None:
    source = "class ExtensionManager:\n  def _load_extension(self, module_str): raise ModuleNotFoundError(name='sql')"
    error = _raised("IPython.core.extensions", source, "ExtensionManager()._load_extension('sql')")
    assert project_for("sql", error) == "jupysql"
    assert project_for("other", error) is None
    assert project_for("sql", ModuleNotFoundError(name="sql")) is None


# The data itself.


def test_rows_are_sorted_and_tell_where_they_come_from() -> None:
    keys = [(row.raised_in, row.where) for row in ROWS]
    assert keys == sorted(set(keys))
    assert all(row.source and bool(row.import_name) is not bool(row.said) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.raised_in} {row.where}")
def test_what_a_row_names_is_vouched_for(row: optional.Row) -> None:
    if row.import_name:
        assert is_import_name(row.import_name)
        assert (row.said, row.lacks) == ("", "")
        entry = table.lookup(import_name(row.import_name))
        if row.project:
            assert table.rank_of(project_name(row.project)) is not None
        else:
            assert entry is not None
            assert entry.standing in ("trusted", "choice")
    else:
        assert row.lacks.partition(":")[0] in ("", "program", "library")
