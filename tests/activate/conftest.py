"""What these tests share: a bare environment, and installs staged into it."""

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType

import pytest

from autoinstall.activate import Admitted, admit, keep, lock, new_staging
from autoinstall.environment import Environment
from autoinstall.past.journal import Journal
from autoinstall.past.transaction import Transaction
from autoinstall.plan import Refusal
from tests.support.staging import Tool, bare_environment, plan_of, stage
from tests.support.wheels import Wheel


class Ground:
    """A bare environment, and the story from a wheel to an installed distribution as `machine` tells it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: Environment = bare_environment(folder / "env")
        self.journal = Journal(self.environment.purelib)
        self.said: list[str] = []

    def lock(self, *names: str) -> AbstractContextManager[None]:
        """Hold the environment's lock."""
        return lock(self.environment, working_for=names, record=self.journal, say=self.said.append)

    def stage(self, *wheels: Wheel, tool: Tool = "uv") -> Path:
        """Return a staging folder with these wheels in it; under the lock."""
        staging = new_staging(self.environment)
        done = stage(staging, self.environment, wheels, self.folder / "wheels", tool)
        assert done.returncode == 0, done.stderr
        return staging

    def install(
        self,
        *wheels: Wheel,
        tool: Tool = "uv",
        session: str = "",
        replacing: Mapping[str, str] = MappingProxyType({}),
        **wanted: str,
    ) -> Transaction | Refusal:
        """Install wheels; `wanted` maps a project (`-` written `_`) to the import name that asks for it."""
        names = {project.replace("_", "-"): name for project, name in wanted.items()}
        with self.lock(*names.values()):
            staging = self.stage(*wheels, tool=tool)
            plan = plan_of(wheels, names, tool, replacing)
            admitted = admit(staging, plan, self.environment, session=session)
            if not isinstance(admitted, Admitted):
                return admitted
            keep(admitted, self.journal)
            return admitted.transaction

    def files(self) -> dict[str, str]:
        """Return every file of the environment with its hash; autoinstall's own and Python's caches left out."""
        return {
            path.relative_to(self.environment.prefix).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.environment.prefix.rglob("*"))
            if path.is_file() and not {"__pycache__", ".autoinstall"} & set(path.parts)
        }

    def folders(self) -> set[str]:
        """Return every folder of the environment, autoinstall's own and Python's caches left out."""
        return {
            path.relative_to(self.environment.prefix).as_posix()
            for path in self.environment.prefix.rglob("*")
            if path.is_dir() and not {"__pycache__", ".autoinstall"} & set(path.parts)
        }


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """Return a bare environment to install into."""
    return Ground(tmp_path)


SNARK = Wheel(
    "snark",
    "2.0",
    {
        "snark.py": "VALUE = 42\n\n\ndef hunt():\n    print(VALUE)\n",
        "snarkland/__init__.py": "",
        "snarkland/a/b.py": "",
    },
    scripts={"snark-hunt": "snark:hunt"},
    data={
        "data/etc/jupyter/nbconfig/snark.json": "{}",
        "data/share/snark/map.txt": "blank",
        "headers/snark.h": "",
        "scripts/raw": "#!python\nprint('raw')\n",
        "platlib/snarkplat.py": "",
    },
)
OLD_SNARK = Wheel(
    "snark",
    "1.0",
    {
        "snark.py": "VALUE = 1\n\n\ndef hunt():\n    print(VALUE)\n",
        "snarkland/__init__.py": "",
        "snarkland/a.py": "A = 1\n",
        "snarkland/old/deep/__init__.py": "",
    },
    scripts={"snark-hunt": "snark:hunt", "snark-chase": "snark:hunt"},
    data={"data/share/snark/map.txt": "drawn", "data/share/snark/old.txt": ""},
)
BOOJUM = Wheel("boojum-tools", "1.5", {"boojum/__init__.py": "import snark\n"}, ("snark>=1",))
OLD_BOOJUM = Wheel("boojum-tools", "1.0", {"boojum_old.py": "", "boojumland/deep.py": ""})
NEST = Wheel("jub-jub-nest", "1.0", {"jubjub/nest/__init__.py": ""})
EGG = Wheel("jub-jub-egg", "1.0", {"jubjub/egg/__init__.py": ""})
