"""The environment variables of every process that a test starts: nothing of this machine's own settings."""

import atexit
import os
import shutil
import tempfile
import venv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

NOBODY = "http://127.0.0.1:9/simple/"
"""An index at which nobody listens: what a test that gives no index gets."""

# Without these no process starts properly; all else would carry the machine's settings into the tests.
_KEPT = (
    "COMSPEC",
    "LD_LIBRARY_PATH",
    "NUMBER_OF_PROCESSORS",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "TMPDIR",
    "WINDIR",
)

_INSTALLERS = ("PIP_", "UV_")


def clean_environ(home: Path, index: str = NOBODY) -> dict[str, str]:
    """Return environment variables for a child: a home of its own, no installer settings but the index.

    pip skips every configuration file where `PIP_CONFIG_FILE` is the null device, and uv where `UV_NO_CONFIG` is set.
    The shell's Python is a bare one: what this machine's have installed would be told of in notes.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    path = os.pathsep.join((str(_bare_python()), *os.get_exec_path()))
    installers = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_INDEX_URL": index,
        "UV_DEFAULT_INDEX": index,
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    return kept | {"PATH": path} | home_variables(home) | installers | {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


@cache
def _bare_python() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="bare-python"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    venv.create(folder, symlinks=os.name != "nt")
    return folder / ("Scripts" if os.name == "nt" else "bin")


def online_environ(home: Path) -> dict[str, str]:
    """Return this machine's own variables, registry settings and all, with a home of the test's own."""
    return {**without_python(os.environ), **home_variables(home)}


def without_installer_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables but those that pip and uv read."""
    return {name: value for name, value in variables.items() if not name.upper().startswith(_INSTALLERS)}


def without_python(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables but those that steer an interpreter or name an environment."""
    steering = ("PYTHON", "VIRTUAL_ENV", "CONDA_", "AUTOINSTALL_", "PYTEST_", "JPY_", "JUPYTER", "IPYTHON")
    return {name: value for name, value in variables.items() if not name.upper().startswith(steering)}


def home_variables(home: Path) -> dict[str, str]:
    """Return the variables that say where home is, and every folder that programs keep things in, on each system."""
    folders = {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home / "AppData" / "Roaming",
        "LOCALAPPDATA": home / "AppData" / "Local",
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_CONFIG_DIRS": home / "etc" / "xdg",
        "XDG_DATA_HOME": home / ".local" / "share",
        "XDG_STATE_HOME": home / ".local" / "state",
    }
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    return {name: str(folder) for name, folder in folders.items()}
