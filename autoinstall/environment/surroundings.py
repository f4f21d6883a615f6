"""Where a Python runs and who made it, recognised by the variables and files that each kind of place has."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autoinstall.environment import Environment


@dataclass(frozen=True, slots=True)
class Sign:
    """A kind of surroundings and what gives it away: any one of its marks does.

    `variables` are names (`NAME`: set and not empty) or names with a value (`NAME=value`). `files` exist, `in_prefix`
    are files below `sys.prefix`. `prefix` is a pattern found in the path of the prefix or of the base that it was
    made from, written with `/`. `remark` is what follows from it for installs.
    """

    name: str
    variables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    in_prefix: tuple[str, ...] = ()
    prefix: str | None = None
    platform: str | None = None
    remark: str = ""


_GOES = "what is installed goes when this machine does"

SIGNS = (
    # Who made the Python or the environment.
    Sign("pixi", in_prefix=("conda-meta/pixi",), prefix=r"/\.pixi/envs/", remark="`pixi add` keeps its own list"),
    Sign("pyenv", prefix=r"/\.?pyenv/(pyenv-win/)?versions/"),
    Sign("uv's own Python", prefix=r"/uv/(data/)?python/cpython-"),
    Sign("Homebrew", prefix=r"/(Cellar|homebrew/opt)/python(@3\.\d+)?/|^/usr/local/opt/python@"),
    Sign("Python of the Microsoft Store", prefix=r"/WindowsApps/PythonSoftwareFoundation\."),
    Sign("Python framework of python.org", prefix=r"^/Library/Frameworks/Python\.framework/"),
    Sign("Nix", prefix=r"^/nix/store/", remark="its store is never written to"),
    # Where it runs.
    Sign(
        "container", variables=("container", "KUBERNETES_SERVICE_HOST"), files=("/.dockerenv", "/run/.containerenv")
    ),
    Sign("Windows Subsystem for Linux", variables=("WSL_DISTRO_NAME",)),
    Sign("Google Colab", variables=("COLAB_RELEASE_TAG", "COLAB_BACKEND_VERSION"), remark=_GOES),
    Sign("Kaggle", variables=("KAGGLE_KERNEL_RUN_TYPE", "KAGGLE_URL_BASE"), remark=_GOES),
    Sign(
        "SageMaker Studio",
        variables=("SAGEMAKER_APP_TYPE", "SAGEMAKER_INTERNAL_IMAGE_URI"),
        files=("/opt/ml/metadata/resource-metadata.json",),
        remark=_GOES,
    ),
    Sign("Databricks", variables=("DATABRICKS_RUNTIME_VERSION",), remark="what is installed goes when it detaches"),
    Sign("Binder", variables=("BINDER_SERVICE_HOST", "BINDER_LAUNCH_HOST"), remark=_GOES),
    Sign("JupyterHub", variables=("JUPYTERHUB_API_URL",)),
    Sign("GitHub Codespaces", variables=("CODESPACES=true",)),
    Sign("VS Code", variables=("VSCODE_PID", "VSCODE_CWD", "VSCODE_IPC_HOOK_CLI", "TERM_PROGRAM=vscode")),
    Sign("Pyodide", platform="emscripten", remark="there are no processes: `%pip install` is micropip's there"),
)
"""All that is recognised besides what `Environment` says itself."""


def recognised(
    environment: Environment,
    variables: Mapping[str, str],
    *,
    sys_platform: str = sys.platform,
    exists: Callable[[str], bool] = os.path.exists,
) -> tuple[Sign, ...]:
    """Return the signs that hold. `sys_platform` is as in `sys.platform`; `exists` looks for files."""
    prefixes = [_plain(environment.prefix), _plain(environment.base_prefix)]

    def holds(sign: Sign) -> bool:
        return (
            sign.platform == sys_platform
            or any(_is_set(variable, variables) for variable in sign.variables)
            or any(exists(path) for path in sign.files)
            or any((environment.prefix / path).exists() for path in sign.in_prefix)
            or (sign.prefix is not None and any(re.search(sign.prefix, each) for each in prefixes))
        )

    return tuple(sign for sign in SIGNS if holds(sign))


def made_with(environment: Environment) -> str:
    """Return in a few words what kind of environment it is, as far as it says itself."""
    if environment.is_conda:
        return "conda environment"
    if environment.is_virtual:
        return "virtual environment made with uv" if environment.is_uv_made else "virtual environment"
    if environment.is_externally_managed:
        return "the operating system's Python (PEP 668)"
    return "a Python of its own, no virtual environment"


def _is_set(variable: str, variables: Mapping[str, str]) -> bool:
    name, equals, value = variable.partition("=")
    said = variables.get(name, "")
    return said == value if equals else bool(said)


def _plain(path: Path) -> str:
    # So that one pattern tells of all platforms; the end is closed for patterns of whole names.
    return str(path).replace("\\", "/") + "/"
