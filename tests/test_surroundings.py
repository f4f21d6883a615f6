"""Each kind of surroundings is recognised by its own marks, and by nobody else's."""

from dataclasses import replace
from pathlib import Path, PureWindowsPath

import pytest

from autoinstall.environment import Environment, current
from autoinstall.environment.surroundings import SIGNS, made_with, recognised


def _environment(prefix: str = "/opt/nowhere", base: str | None = None) -> Environment:
    made = replace(current(), prefix=Path(prefix), base_prefix=Path(base or prefix))
    if "\\" in prefix:  # a Windows path stays one on every platform
        made = replace(made, prefix=PureWindowsPath(prefix), base_prefix=PureWindowsPath(base or prefix))  # type: ignore[arg-type]
    return made


def _names(
    environment: Environment | None = None,
    variables: dict[str, str] | None = None,
    files: tuple[str, ...] = (),
    sys_platform: str = "linux",
) -> list[str]:
    found = recognised(
        environment or _environment(), variables or {}, sys_platform=sys_platform, exists=lambda path: path in files
    )
    return [sign.name for sign in found]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, []),
        ({"COLAB_RELEASE_TAG": "release-colab_20261101"}, ["Google Colab"]),
        ({"COLAB_RELEASE_TAG": ""}, []),
        ({"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}, ["Kaggle"]),
        ({"SAGEMAKER_APP_TYPE": "JupyterLab"}, ["SageMaker Studio"]),
        ({"DATABRICKS_RUNTIME_VERSION": "15.4"}, ["Databricks"]),
        ({"BINDER_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_HOST": "10.0.0.2"}, ["container", "Binder"]),
        ({"JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub/api"}, ["JupyterHub"]),
        ({"CODESPACES": "true"}, ["GitHub Codespaces"]),
        ({"CODESPACES": "false"}, []),
        ({"TERM_PROGRAM": "vscode"}, ["VS Code"]),
        ({"TERM_PROGRAM": "iTerm.app"}, []),
        ({"VSCODE_PID": "4711"}, ["VS Code"]),
        ({"WSL_DISTRO_NAME": "Ubuntu"}, ["Windows Subsystem for Linux"]),
        ({"container": "podman"}, ["container"]),
    ],
)
def test_by_variables(variables: dict[str, str], expected: list[str]) -> None:
    assert _names(variables=variables) == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/.dockerenv", ["container"]),
        ("/run/.containerenv", ["container"]),
        ("/opt/ml/metadata/resource-metadata.json", ["SageMaker Studio"]),
        ("/etc/passwd", []),
    ],
)
def test_by_files(file: str, expected: list[str]) -> None:
    assert _names(files=(file,)) == expected


@pytest.mark.parametrize(
    ("prefix", "base", "expected"),
    [
        ("/home/ann/env", "/home/ann/.pyenv/versions/3.12.1", ["pyenv"]),
        (r"C:\Users\Ann\.pyenv\pyenv-win\versions\3.12.1", None, ["pyenv"]),
        ("/home/ann/env", "/home/ann/.local/share/uv/python/cpython-3.12.1-linux-x86_64-gnu", ["uv's own Python"]),
        (
            r"C:\env",
            r"C:\Users\Ann\AppData\Roaming\uv\python\cpython-3.12.1-windows-x86_64-none",
            ["uv's own Python"],
        ),
        ("/opt/homebrew/opt/python@3.12/Frameworks/Python.framework/Versions/3.12", None, ["Homebrew"]),
        ("/usr/local/Cellar/python@3.12/3.12.1/Frameworks/Python.framework/Versions/3.12", None, ["Homebrew"]),
        ("/Library/Frameworks/Python.framework/Versions/3.12", None, ["Python framework of python.org"]),
        (
            r"C:\Program Files\WindowsApps\PythonSoftwareFoundation.Python.3.12_3.12.496.0_x64__qbz5n2kfra8p0",
            None,
            ["Python of the Microsoft Store"],
        ),
        ("/nix/store/abc-python3-3.12.1", None, ["Nix"]),
        ("/work/project/.pixi/envs/default", None, ["pixi"]),
        ("/opt/python/3.12", None, []),
        ("/home/pyenv-fan/env", None, []),
    ],
)
def test_by_where_it_lies(prefix: str, base: str | None, expected: list[str]) -> None:
    environment = _environment(prefix, base)
    # Files below a Windows prefix cannot be looked for from here.
    if isinstance(environment.prefix, Path):
        assert _names(environment) == expected
    else:
        environment = replace(environment, prefix=Path("/opt/nowhere"))
        assert _names(environment) == expected


def test_pixi_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    assert _names(_environment(str(tmp_path))) == []
    (tmp_path / "conda-meta" / "pixi").touch()
    assert _names(_environment(str(tmp_path))) == ["pixi"]


@pytest.mark.parametrize(
    ("sys_platform", "expected"), [("emscripten", ["Pyodide"]), ("darwin", []), ("win32", []), ("linux", [])]
)
def test_by_platform(sys_platform: str, expected: list[str]) -> None:
    assert _names(sys_platform=sys_platform) == expected


def test_each_sign_has_a_mark() -> None:
    for sign in SIGNS:
        assert sign.variables or sign.files or sign.in_prefix or sign.prefix or sign.platform, sign.name


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"is_conda": True, "is_virtual": False}, "conda environment"),
        ({"is_uv_made": True}, "virtual environment made with uv"),
        ({}, "virtual environment"),
        ({"is_virtual": False, "is_externally_managed": True}, "the operating system's Python (PEP 668)"),
        ({"is_virtual": False}, "a Python of its own, no virtual environment"),
    ],
)
def test_made_with(facts: dict[str, bool], expected: str) -> None:
    base = {"is_conda": False, "is_virtual": True, "is_uv_made": False, "is_externally_managed": False}
    assert made_with(replace(_environment(), **{**base, **facts})) == expected  # type: ignore[arg-type]
