"""A conda channel made by hand, and environments whose `conda-meta` and command are real enough to install with."""

import hashlib
import http.server
import io
import json
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Literal, Self

from tests.support.environments import Environment

_COMMAND = Path(__file__).with_name("conda_command.py")
_PACKAGED = 1_600_000_000


@dataclass(frozen=True)
class CondaPackage:
    """One package of a channel. `files` are paths and texts; below `site-packages/` they go where Python looks.

    `age_days` is how long ago it was built.
    """

    name: str
    version: str = "1.0"
    files: Mapping[str, str] = field(default_factory=dict)
    depends: tuple[str, ...] = ()
    build: str = "py_0"
    age_days: int = 100
    is_python: bool = True

    @property
    def file_name(self) -> str:
        """What it is called in the channel."""
        return f"{self.name}-{self.version}-{self.build}.tar.bz2"

    @property
    def index(self) -> dict[str, object]:
        """What repodata tells of it, but for its file."""
        number = int(self.build.rpartition("_")[2])
        built = datetime.now(UTC) - timedelta(days=self.age_days)
        return {
            "name": self.name,
            "version": self.version,
            "build": self.build,
            "build_number": number,
            "depends": list(self.depends),
            "subdir": "noarch",
            "noarch": "python" if self.is_python else "generic",
            "timestamp": int(built.timestamp() * 1000),
            "license": "MIT",
        }

    @cached_property
    def content(self) -> bytes:
        """The package itself."""
        paths = [
            {
                "_path": path,
                "path_type": "hardlink",
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "size_in_bytes": len(text.encode()),
            }
            for path, text in self.files.items()
        ]
        info: dict[str, object] = {
            "info/index.json": self.index,
            "info/paths.json": {"paths": paths, "paths_version": 1},
        }
        if self.is_python:
            info["info/link.json"] = {"noarch": {"type": "python"}, "package_metadata_version": 1}
        members = {name: json.dumps(raw) for name, raw in info.items()} | dict(self.files)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:bz2") as archive:
            for name, text in members.items():
                member = tarfile.TarInfo(name)
                member.size, member.mtime = len(text.encode()), _PACKAGED
                archive.addfile(member, io.BytesIO(text.encode()))
        return buffer.getvalue()


def module(name: str, import_name: str, version: str = "1.0", **more: object) -> CondaPackage:
    """Return a package with one module that says whose it is, and the metadata that Python's tools look for."""
    info = f"site-packages/{name.replace('-', '_')}-{version}.dist-info"
    files = {
        f"site-packages/{import_name}.py": "FROM = 'conda'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/INSTALLER": "conda\n",
        f"{info}/RECORD": f"{import_name}.py,,\n{info.partition('/')[2]}/METADATA,,\n",
    }
    plain = CondaPackage(name, version, files, depends=("python",))
    return replace(plain, **more)  # type: ignore[arg-type]  # the fields of a dataclass by name


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class CondaChannel:
    """Packages served on the loopback until the block is left."""

    def __init__(self, folder: Path, packages: Iterable[CondaPackage] = ()) -> None:
        self._folder = folder / "channel"
        (self._folder / "noarch").mkdir(parents=True)
        self._listed: dict[str, dict[str, object]] = {}
        self.publish(*packages)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """What stands in a `.condarc`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/channel"

    def publish(self, *packages: CondaPackage) -> None:
        """Add packages; one of the same name, version and build takes the place of the one before."""
        for one in packages:
            (self._folder / "noarch" / one.file_name).write_bytes(one.content)
            told = {"sha256": hashlib.sha256(one.content).hexdigest(), "size": len(one.content)}
            self._listed[one.file_name] = {**one.index, **told}
        raw = {"info": {"subdir": "noarch"}, "packages": self._listed, "packages.conda": {}, "repodata_version": 1}
        (self._folder / "noarch" / "repodata.json").write_text(json.dumps(raw), encoding="utf-8")

    def swap(self, package: CondaPackage) -> None:
        """Put another file in a package's place, without a word in the repodata."""
        (self._folder / "noarch" / package.file_name).write_bytes(package.content)

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop: what asks now finds nobody."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def python_package(version: str) -> CondaPackage:
    """Return the package that stands for the interpreter, which is there already."""
    files = {"share/python-stand-in.txt": version}
    return CondaPackage("python", version, files, build="h0_0_cpython_0", is_python=False)


@dataclass(frozen=True, slots=True)
class CondaEnvironment:
    """An environment with conda's records in it, and the command that keeps them, in the base beside it."""

    environment: Environment
    command: Path
    log: Path

    @classmethod
    def of(
        cls,
        environment: Environment,
        channel: str,
        installed: Iterable[str] = (),
        dialect: Literal["conda", "mamba", "micromamba"] = "conda",
    ) -> Self:
        """Make an environment into one of conda's, and have these specs installed."""
        home = environment.home
        (home / ".condarc").write_text(f"channels:\n  - {channel}\n", encoding="utf-8")
        command = home / "base" / "bin" / dialect
        command.parent.mkdir(parents=True)
        # A script with the path of this Python: the environment has no py-rattler, as it has no conda.
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{_COMMAND}" {dialect} "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        log = home / "commands.jsonl"
        variables = {
            "CONDARC": str(home / ".condarc"),
            "CONDA_PKGS_DIRS": str(home / "pkgs"),
            "STAND_IN_LOG": str(log),
            "CONDA_EXE" if dialect == "conda" else "MAMBA_EXE": str(command),
        }
        made = replace(environment, environ={**environment.environ, **variables})
        (environment.prefix / "conda-meta").mkdir()
        (environment.prefix / "conda-meta" / "history").touch()
        one = cls(made, command, log)
        one.run("install", "--prefix", str(environment.prefix), "--yes", "--json", *installed)
        log.unlink()
        return one

    def run(self, *arguments: str) -> dict[str, object]:
        """Run the command and return its answer; raises where it fails."""
        done = subprocess.run(
            [self.command, *arguments],
            env=dict(self.environment.environ),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    @property
    def linked(self) -> set[str]:
        """What is in it by conda's records: `name-version-build`."""
        return {path.stem for path in (self.environment.prefix / "conda-meta").glob("*.json")}

    @property
    def commands(self) -> list[list[str]]:
        """What the command was asked, since the environment was made."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [json.loads(line)[1:] for line in lines]
