"""What is missing without an import statement of the user's: extensions, plotting, what libraries report in words."""

from collections.abc import Iterator

import pytest

from tests.kernel.conftest import Desk
from tests.support.catalogue import Release, stand_in
from tests.support.environments import KERNEL_BASES, Environments
from tests.support.kernel import Kernel
from tests.support.local_index import LocalIndex
from tests.support.processes import clean_environ
from tests.support.wheels import Wheel

pytestmark = pytest.mark.kernel

# The functions of these names that raise what the real ones raise where something is missing.
PANDAS = {
    "pandas/__init__.py": "from pandas.io.parquet import get_engine as read_parquet\n",
    "pandas/io/__init__.py": "",
    "pandas/io/parquet.py": (
        "def get_engine(path):\n"
        "    try:\n        import pyarrow\n        return pyarrow.STAND_IN\n"
        "    except ImportError:\n        pass\n"
        "    raise ImportError('Unable to find a usable engine')\n"
    ),
}
SEABORN = {
    "seaborn/__init__.py": "",
    "seaborn/matrix.py": "def clustermap(data):\n    raise RuntimeError('clustermap requires something')\n",
}
GRAPHVIZ = {
    "graphviz/__init__.py": "",
    "graphviz/backend/__init__.py": "",
    "graphviz/backend/execute.py": "def run_check(cmd):\n    raise OSError('failed to execute')\n",
}


def _extension(project: str, name: str) -> Release:
    source = "def load_ipython_extension(shell):\n    shell.user_ns['loaded'] = __name__\n"
    return Release(Wheel(project, "1.0", {f"{name}.py": source}))


def catalogue() -> tuple[Release, ...]:
    inline = "def configure_inline_support(shell, backend):\n    pass\n"
    return (
        _extension("jupysql", "sql"),
        _extension("ipython-sql", "sql"),
        _extension("memory-profiler", "memory_profiler"),
        _extension("ipython-autotime", "autotime"),
        Release(stand_in("pyarrow", "1.0", "pyarrow")),
        Release(stand_in("scipy", "1.0", "scipy")),
        Release(stand_in("arrow", "1.0", "arrow")),
        Release(stand_in("ipympl", "1.0", "ipympl")),
        Release(stand_in("toolz", "1.0", "toolz")),
        Release(Wheel("matplotlib", "1.0", {"matplotlib/__init__.py": inline})),
    )


@pytest.fixture(scope="module", params=KERNEL_BASES)
def one_desk(
    request: pytest.FixtureRequest, environments: Environments, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("home")
    with LocalIndex(catalogue()) as index:
        environment = environments.fresh(request.param, clean_environ(home, index.url), home)
        for name, modules in (("pandas", PANDAS), ("seaborn", SEABORN), ("graphviz", GRAPHVIZ)):
            environment.install(Wheel(name, "1.0", modules))
        with Kernel(environment) as kernel:
            loaded = kernel.execute("%load_ext autoinstall\nn = []\nimport os; os.environ['PATH'] = ''")
            assert loaded.status == "ok", loaded.traceback
            yield Desk(kernel, environment, index)


@pytest.mark.parametrize(
    ("cell", "loaded", "project"),
    [
        ("n.append(1)\n%load_ext memory_profiler\nn.append(2)\nloaded, n", "memory_profiler", "memory-profiler"),
        ("n.append(1)\n%load_ext sql\nn.append(2)\nloaded, n", "sql", "jupysql"),
        ("n.append(1)\n%reload_ext autotime\nn.append(2)\nloaded, n", "autotime", "ipython-autotime"),
    ],
)
def test_an_extension(one_desk: Desk, cell: str, loaded: str, project: str) -> None:
    one_desk.kernel.execute("n = []")
    result = one_desk.kernel.execute(cell, answers=["y"])
    assert result.text == f"({loaded!r}, [1, 2])", result.traceback
    assert project in result.prompts[0]
    assert one_desk.is_installed(project)
    assert not one_desk.is_installed("ipython-sql")


def test_an_extension_that_nobody_knows(one_desk: Desk) -> None:
    result = one_desk.kernel.execute("%load_ext surely_nobody_knows_this")
    assert (result.error, result.prompts) == ("ModuleNotFoundError", ())
    assert result.traceback.count("autoinstall:") == 1


def test_plotting(one_desk: Desk) -> None:
    """The stand-in is no Matplotlib: that IPython gets as far as it is what counts."""
    result = one_desk.kernel.execute("%matplotlib widget\nimport toolz", answers=["y"])
    assert {"matplotlib", "ipympl", "toolz"} <= one_desk.environment.installed().keys()
    assert len(result.prompts) == 1


def test_a_library_s_bare_import_error_is_told_by_its_function(one_desk: Desk) -> None:
    one_desk.kernel.execute("n = []")
    cell = "import pandas\nn.append(1)\nx = pandas.read_parquet('x')\nn.append(2)\nx, n"
    result = one_desk.kernel.execute(cell, answers=["y"])
    assert result.text == "(True, [1, 2])", result.traceback
    assert len(result.prompts) == 1


def test_another_error_has_a_note_and_nothing_is_asked(one_desk: Desk) -> None:
    result = one_desk.kernel.execute("from seaborn.matrix import clustermap\nclustermap(1)")
    assert (result.error, result.message, result.prompts) == ("RuntimeError", "clustermap requires something", ())
    assert "scipy is not installed." in result.traceback
    assert result.traceback.count("autoinstall:") == 1


def test_a_program_that_is_no_project(one_desk: Desk) -> None:
    result = one_desk.kernel.execute("from graphviz.backend.execute import run_check\nrun_check('dot')")
    assert (result.error, result.prompts) == ("OSError", ())
    assert "draws with the program dot of Graphviz, which is not on this machine" in result.traceback
    assert one_desk.kernel.execute("1/0").traceback.count("autoinstall") == 0


def test_a_script_that_is_run(one_desk: Desk) -> None:
    one_desk.environment.script("n = [1]\nimport arrow\nn.append(arrow.STAND_IN)\n", "one.py")
    result = one_desk.kernel.execute("%run one.py\nn", answers=["y"])
    assert (result.text, len(result.prompts)) == ("[1, True]", 1), result.traceback


def test_what_is_loaded_and_has_changed_on_disk_needs_a_restart(one_desk: Desk) -> None:
    one_desk.environment.script("def old():\n    return 1\n", "changing.py")
    one_desk.kernel.execute("import changing")
    one_desk.environment.script("def old(x):\n    return x + 1\n\ndef new():\n    return 2\n", "changing.py")
    result = one_desk.kernel.execute("from changing import new")
    assert (result.error, result.prompts) == ("ImportError", ())
    assert "autoinstall: The changing that is loaded here is not what its files hold by now" in result.traceback
    assert "restart the kernel" in result.traceback
