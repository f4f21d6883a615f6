"""Installs staged by the real tools for an environment of the test's own, and the plans that they belong to."""

import hashlib
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from uv import find_uv_bin

from autoinstall.environment import Environment, current
from autoinstall.names import import_name, project_name
from autoinstall.plan import File, Item, Plan
from tests.support.processes import clean_environ
from tests.support.wheels import Wheel

Tool = Literal["uv", "pip"]


def environment_at(prefix: Path) -> Environment:
    """Return what `current()` says within a virtual environment of this interpreter, which need not exist."""
    here = current()

    def moved(path: Path) -> Path:
        return prefix / path.relative_to(here.prefix)

    return replace(
        here,
        prefix=prefix,
        executable=moved(here.scripts) / Path(sys.executable).name,
        purelib=moved(here.purelib),
        platlib=moved(here.platlib),
        scripts=moved(here.scripts),
        data=prefix,
        is_virtual=True,
    )


def bare_environment(prefix: Path) -> Environment:
    """Return a new virtual environment of this interpreter with nothing in it.

    Made by hand: `python -m venv` takes a second, and few of these tests start more than its interpreter.
    """
    made = environment_at(prefix)
    made.purelib.mkdir(parents=True)
    made.scripts.mkdir(exist_ok=True)
    base = Path(sys._base_executable)  # type: ignore[attr-defined]  # what venv itself links to
    (prefix / "pyvenv.cfg").write_text(
        f"home = {base.parent}\ninclude-system-site-packages = false\nversion = {made.python_version}\n"
    )
    made.executable.symlink_to(base)
    return made


def plan_of(
    wheels: Iterable[Wheel],
    wanted: dict[str, str] | None = None,
    installer: str = "uv",
    replacing: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """Return the plan whose wheels these are.

    `wanted` tells which project is wanted as which import name, `replacing` which takes the place of which version.
    """
    wanted = wanted or {}
    names = {project_name(project): import_name(name) for project, name in wanted.items()}
    items = []
    for wheel in wheels:
        project, content = project_name(wheel.project), wheel.build()
        file = File(wheel.filename, "", hashlib.sha256(content).hexdigest(), len(content), None)
        wanted_as = (names[project],) if project in names else ()
        items.append(Item(project, wheel.version, file, wanted_as, replaces=replacing.get(project)))
    return Plan(tuple(items), installer)


def stage(
    staging: Path, environment: Environment, wheels: Iterable[Wheel], folder: Path, tool: Tool = "uv"
) -> subprocess.CompletedProcess[str]:
    """Have a tool install wheels into the staging folder, exactly these; `folder` holds them and the tool's cache."""
    folder.mkdir(exist_ok=True)
    paths = [wheel.write(folder) for wheel in wheels]
    lines = (
        f"{wheel.project}=={wheel.version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        for wheel, path in zip(wheels, paths, strict=True)
    )
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n")
    source = ["--no-index", "--find-links", str(folder), "--prefix", str(staging)]
    exact = ["--no-deps", "--require-hashes", "-r", str(folder / "requirements.txt")]
    if tool == "uv":
        cache = ["--cache-dir", str(folder / "cache"), "--link-mode", "copy"]
        argv = [find_uv_bin(), "pip", "install", "--python", str(environment.executable), *cache, *source, *exact]
    else:
        running = [sys.executable, "-m", "pip", "--python", str(environment.executable)]
        argv = [*running, "install", "--ignore-installed", "--no-warn-script-location", *source, *exact]
    return subprocess.run(
        argv, env=clean_environ(folder / "home"), cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
