"""One kernel of each IPython, with the extension loaded, that many cases share."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import pytest

from tests.conftest import FreshEnvironment
from tests.support.catalogue import Release, stand_in
from tests.support.environments import KERNEL_BASES, Environment, Environments
from tests.support.kernel import Kernel
from tests.support.local_index import LocalIndex
from tests.support.processes import clean_environ
from tests.support.wheels import Wheel

# Import names that are their projects' too, that the table vouches for, and that no base has installed. A case that
# installs one takes it for itself, so that cases can share a kernel.
PLAIN = (
    *("arrow", "cachetools", "deepdiff", "docutils", "emoji", "faker", "folium", "gensim", "geopy", "humanize"),
    *("jmespath", "loguru", "markdown", "mpmath", "msgpack", "networkx", "nltk", "openpyxl", "pandera", "peewee"),
    *(
        "pendulum",
        "plotly",
        "prettytable",
        "pydot",
        "pyfiglet",
        "pygsheets",
        "pyparsing",
        "pytz",
        "regex",
        "schedule",
    ),
    *("scrapy", "seaborn", "simplejson", "sortedcontainers", "spacy", "structlog", "sympy", "tabulate", "termcolor"),
    *(
        "textdistance",
        "toml",
        "tomlkit",
        "toolz",
        "tqdm",
        "unidecode",
        "xlrd",
        "xmltodict",
        "yarl",
        "zarr",
        "tinydb",
        "bokeh",
    ),
    *("bokeh", "flask", "pydash", "pymongo", "redis", "tinydb"),
)

NEEDY = '''\
"""A library that lies in site-packages: what it misses inside is not the user's to install in place."""

import importlib

try:
    import ujson
except ImportError:
    ujson = None


def need(name):
    return importlib.import_module(name)


def optional(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"Missing optional dependency {name!r}.") from error


async def soon(name):
    return importlib.import_module(name)
'''

LOOK = """
import builtins, sys, threading
# What every execution changes.
CHANGING = {
    '_cross_validation_lock', '_indented_expression', '_last_input_line', '_last_traceback', '_logger',
    '_parent_header_global', '_trait_values', 'execution_count', 'last_execution_result',
    'last_execution_succeeded', 'sys_excepthook',
}
def look():
    shell = get_ipython()
    return {
        'meta_path': list(sys.meta_path),
        'excepthooks': (sys.excepthook, threading.excepthook),
        'builtins': dict(vars(builtins)),
        'shell': {name: value for name, value in vars(shell).items() if name not in CHANGING},
        'slot': (shell.CustomTB, shell.custom_exceptions),
        'events': {event: list(functions) for event, functions in shell.events.callbacks.items()},
        'magics': {kind: dict(magics) for kind, magics in shell.magics_manager.magics.items()},
        'completers': dict(shell.strdispatchers['complete_command'].strs),
        'configurables': list(shell.configurables),
        'extensions': {name for name in shell.extension_manager.loaded if 'autoinstall' in name},
    }
def differing(before, after):
    print(*(name for name in before if before[name] != after[name]))
"""
"""What a cell runs to compare all that the extension touches: `look()` and `differing(before, after)`."""


def catalogue() -> tuple[Release, ...]:
    """Return what the shared index serves."""
    return (
        *(Release(stand_in(name, "1.0", name)) for name in PLAIN),
        Release(stand_in("six", "1.17.0", "six.moves")),
        Release(stand_in("google-cloud-storage", "3.4.0", "google.cloud.storage")),
        Release(stand_in("opencv-python", "4.14.0.94", "cv2")),
        Release(Wheel("humanfriendly", "10.0", {"something_else.py": ""})),
    )


MakeRunners: TypeAlias = Callable[[LocalIndex], Environment]
"""Makes an environment with what runs notebooks, whose packages come from this index."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A person's kernel, the environment it runs in, and the index that it sees."""

    kernel: Kernel
    environment: Environment
    index: LocalIndex

    def is_installed(self, name: str) -> bool:
        """Tell whether a project is installed."""
        return name in self.environment.installed()


@pytest.fixture(scope="package", params=KERNEL_BASES)
def shared_desk(
    request: pytest.FixtureRequest, environments: Environments, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """Load the extension, and have `n` count what runs."""
    home = tmp_path_factory.mktemp("home")
    with LocalIndex(catalogue()) as index:
        environment = environments.fresh(request.param, clean_environ(home, index.url), home)
        environment.install(Wheel("needy", "1.0", {"needy.py": NEEDY}))
        with Kernel(environment) as kernel:
            loaded = kernel.execute("%load_ext autoinstall\nimport needy\nn = []")
            assert loaded.status == "ok", loaded.traceback
            yield Desk(kernel, environment, index)


@pytest.fixture
def runners(fresh_environment: FreshEnvironment) -> Iterator[MakeRunners]:
    """Make an environment with what runs notebooks, whose kernels have a short path to their sockets."""
    with tempfile.TemporaryDirectory(prefix="j", ignore_cleanup_errors=True) as runtime:

        def make(index: LocalIndex) -> Environment:
            environment = fresh_environment("runners", index)
            return replace(environment, environ={**environment.environ, "JUPYTER_RUNTIME_DIR": runtime})

        yield make


@pytest.fixture
def desk(shared_desk: Desk) -> Desk:
    """Return the shared kernel, with nothing counted yet."""
    shared_desk.index.forget()
    shared_desk.index.faults = []
    assert shared_desk.kernel.execute("n = []").status == "ok"
    return shared_desk
