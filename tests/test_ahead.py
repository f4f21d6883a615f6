"""What a cell or script will import later on, seen from the import that is missing first."""

import linecache
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from autoinstall.advice import Advice, Verdict
from autoinstall.source import ahead
from tests.support.snippets import Run, running
from tests.support.story import advice

MISSING = {
    "matplotlib": "matplotlib",
    "ipympl": "ipympl",
    "first": "first",
    "second": "second",
    "third.part": "third-party",
    "cloud": None,
    "cloud.storage": "cloud-storage",
    "cloud.query": "cloud-query",
    "many": "many",
    "many.below": "many",
}


def advise(name: str) -> Advice:
    """Say what MISSING says; what is not in it is installed, but for `odd` and `unknown`."""
    if name == "odd":
        return advice(name, Verdict.RARE, "odd-thing")
    if name == "unknown":
        return advice(name, Verdict.UNKNOWN)
    if name not in MISSING:
        return advice(name, Verdict.INSTALLED)
    project = MISSING[name]
    return advice(name, Verdict.TRUSTED, project) if project else advice(name, Verdict.ADVICE)


class Listener:
    """A finder that has nothing, and notes what would be asked about together with what is missing."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - a finder's
        target: ModuleType | None = None,  # noqa: ARG002 - a finder's
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in ("first", "unknown"):
            self.heard.append(ahead.companions(fullname, ahead.frames_of_stack(sys._getframe(1)), advise))
        return None


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    sys.meta_path.append(listener)
    yield listener
    sys.meta_path.remove(listener)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path) as run:
        yield run


@pytest.mark.parametrize(
    ("snippet", "names"),
    [
        ("import first, second", ("second",)),
        ("import first; import second", ("second",)),
        ("import first\nimport json\nimport second as s", ("second",)),
        ("import first\nimport second\nimport second.below\nimport second", ("second",)),
        ("import first\nfrom many.below import x\nimport many", ("many.below",)),
        ("import first\nfrom cloud import storage, query, other", ("cloud.storage", "cloud.query")),
        ("import first\nimport odd\nimport unknown\nimport second", ("second",)),
        ("import unknown\nimport second", ()),
        ("import second_there\nimport first\nif x:\n    import many\nimport second", ("second",)),
        ("if True:\n    import first\n    import many\nimport second", ("many", "second")),
        ("import first\ntry:\n    import many\nexcept ImportError:\n    pass\nimport second", ("second",)),
        ("def f():\n    import first\n    import many\nf()\nimport second", ("second",)),
        ("class C:\n    import first\n    import many\nimport second", ("second",)),
        ("import first\nimport sys\nsys.path.append('there')\nimport second", ()),
        ("import sys; sys.path.append('there'); import first; import second", ("second",)),
        ("import first\nimport many\nimport os\nos.chdir('there')\nimport second", ("many",)),
        ("import first\nimport subprocess\nsubprocess.run(['pip'])\nimport second", ()),
        ("def install(x):\n    import os\n    os.system(x)\nimport first\ninstall('a')\nimport second", ()),
        ("import first\ndef install(x):\n    import os\n    os.system(x)\nimport second", ("second",)),
        ("import first\nget_ipython().run_line_magic('pip', 'install second')\nimport second", ()),
        ("import first\nif x:\n    get_ipython().system('pip install second')\nimport second", ()),
        ("import first\nget_ipython().run_line_magic('pylab', '')\nimport second", ("matplotlib", "second")),
        ("import first\nget_ipython().run_line_magic('matplotlib', 'widget')", ("matplotlib", "ipympl")),
        ("import first\nif x:\n    get_ipython().run_line_magic('matplotlib', 'widget')", ()),
        ("import first\nget_ipython().run_line_magic('load_ext', 'second')", ()),
        ("import first\nraise KeyError\nimport second", ()),
        ("exec('import first')\nimport second", ()),
    ],
)  # fmt: skip
def test_what_is_asked_together(snippet: str, names: tuple[str, ...], run: Run, listener: Listener) -> None:
    """All the snippets fail at their first missing import, as a real cell does after a no."""
    source = snippet.replace("import second_there\n", "")
    assert isinstance(run(source), ModuleNotFoundError)
    assert listener.heard == [names]


def test_a_module_of_one_s_own_and_those_who_import_it(run: Run, listener: Listener, tmp_path: Path) -> None:
    tmp_path.joinpath("beside_it.py").write_text("import first\nimport many\n")
    run(f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport beside_it\nimport second")
    sys.path.remove(str(tmp_path))
    assert listener.heard == [("many", "second")]


def test_a_cell_is_read_from_where_ipython_keeps_it(run: Run, listener: Listener) -> None:
    name = "<ipython-input-1-abc>"
    source = "import first\nimport second\n"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        run(source, name)
    finally:
        del linecache.cache[name]
    assert listener.heard == [("second",)]


def test_a_source_that_has_changed_since_says_nothing_that_cannot_be_read(
    run: Run, listener: Listener, tmp_path: Path
) -> None:
    file = tmp_path / "changed.py"
    file.write_text("import second (\n")
    assert isinstance(run("import first", str(file)), ModuleNotFoundError)
    assert listener.heard == [()]


def test_an_error_that_has_escaped_is_followed_from_where_it_passed(run: Run) -> None:
    error = run("def f():\n    raise ImportError('x')\nimport json\nf()\nimport second")
    assert error is not None
    assert ahead.companions("first", ahead.frames_of_error(error), advise) == ("second",)


@pytest.mark.parametrize(
    ("name", "from_names", "names"),
    [
        ("many", ("below",), ("many",)),
        ("cloud", ("storage", "query", "storage", "x"), ("cloud.storage", "cloud.query")),
        ("cloud", (), ("cloud",)),
        ("first", ("x",), ("first",)),
    ],
)
def test_the_most_telling_names(name: str, from_names: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert ahead.telling_names(name, from_names, advise) == names
