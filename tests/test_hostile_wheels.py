"""Hostile wheels through the whole story, in mode auto: nothing installed, one clear line, Python's own error."""

import io
import os
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.catalogue import Release
from tests.support.environments import Environment, Environments
from tests.support.local_index import LocalIndex
from tests.support.processes import clean_environ
from tests.support.wheels import Member, RecordFault, Wheel

MODULES = {"yaml/__init__.py": "VALUE = 1\n", "yaml/nodes.py": ""}
SCRIPT = """\
import autoinstall
autoinstall.enable(mode="auto")
import yaml
"""


def pyyaml(*members: Member, data: dict[str, str] | None = None, fault: RecordFault | None = None) -> Wheel:
    return Wheel("PyYAML", "6.0.3", MODULES, data=data or {}, members=members, record_fault=fault)


HOSTILE = {
    "leaves upwards": (pyyaml(Member("../evil.py", "x")), "evil.py"),
    "leaves far upwards": (pyyaml(Member("../../../../../evil.py", "x")), "evil.py"),
    "leaves, not in RECORD": (pyyaml(Member("../evil.py", "x", recorded=False)), "evil.py"),
    "leaves by root": (pyyaml(Member("/tmp/autoinstall-evil.py", "x")), "autoinstall-evil.py"),
    "leaves by data": (pyyaml(data={"purelib/../../evil.py": "x"}), "evil.py"),
    "backslashes": (pyyaml(Member("..\\evil.py", "x")), "evil.py"),
    "twice": (pyyaml(Member("yaml/nodes.py", "other")), ""),
    "RECORD has more": (pyyaml(fault=RecordFault.EXTRA_LINE), "not_in_the_wheel.py"),
    "RECORD has less": (pyyaml(fault=RecordFault.MISSING_LINE), "yaml/__init__.py"),
    "RECORD has another hash": (pyyaml(fault=RecordFault.WRONG_HASH), "yaml/__init__.py"),
    "RECORD has another size": (pyyaml(fault=RecordFault.WRONG_SIZE), "yaml/__init__.py"),
    "no RECORD": (pyyaml(fault=RecordFault.NO_RECORD), ""),
}


class Borrow(Protocol):
    """What the fixture `borrow` gives."""

    def __call__(self, release: Release, installer: str) -> Environment:
        """Return an environment that sees an index of this one release; a refused wheel leaves it as it was."""


@pytest.fixture
def borrow(environments: Environments, tmp_path: Path) -> Iterator[Borrow]:
    with ExitStack() as stack:

        def borrow(release: Release, installer: str) -> Environment:
            index = stack.enter_context(LocalIndex([release]))
            environ = clean_environ(tmp_path, index.url) | {"AUTOINSTALL_INSTALLER": installer}
            return stack.enter_context(environments.lent("plain-pip", environ, tmp_path))

        yield borrow


def with_sorted_record(wheel: bytes) -> bytes:
    """Return the same wheel with its RECORD's lines in order, as only uv writes them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel)) as before, zipfile.ZipFile(packed, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, b"".join(sorted(content.splitlines(True))) if name.endswith("RECORD") else content)
    return packed.getvalue()


def assert_refused(environment: Environment, path: str, before: dict[str, tuple[int, ...]]) -> None:
    result = environment.run(environment.script(SCRIPT))
    assert result.returncode == 1
    assert "ModuleNotFoundError: No module named 'yaml'" in result.stderr
    notes = [line for line in result.stderr.splitlines() if line.startswith("autoinstall: ")]
    assert len(notes) == 1, result.stderr
    assert path in notes[0]
    assert environment.marks() == before
    ours = environment.site_packages / ".autoinstall"
    assert not [*environment.prefix.parent.glob("*evil.py"), *ours.rglob("*evil.py")]


@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize(("wheel", "path"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_wheel_is_refused(borrow: Borrow, wheel: Wheel, path: str, installer: str) -> None:
    environment = borrow(Release(wheel), installer)
    before = environment.marks()
    assert_refused(environment, path, before)
    assert_refused(environment, path, before)  # nor does the tool's cache make it acceptable


@pytest.mark.skipif(os.name == "nt", reason="uv cannot be relied on to make links there")
@pytest.mark.parametrize("case", ["leaves upwards", "RECORD has more", "RECORD has less"])
def test_what_uv_has_mended_in_its_cache_long_ago_is_refused_too(borrow: Borrow, case: str) -> None:
    wheel, path = HOSTILE[case]
    environment = borrow(Release(wheel), "uv")
    uv = environment.scripts / "uv"
    into = environment.home / "elsewhere"
    command = [str(uv), "pip", "install", "--python", str(environment.python), "--prefix", str(into), "pyyaml"]
    subprocess.run(command, env=environment.environ, cwd=environment.work, check=True, capture_output=True)
    assert list(into.rglob("yaml"))
    assert_refused(environment, path, environment.marks())


def test_a_record_that_happens_to_look_as_if_uv_had_written_it_is_no_reason(borrow: Borrow) -> None:
    environment = borrow(Release(pyyaml(), body=with_sorted_record(pyyaml().build())), "uv")
    assert environment.run(environment.script(SCRIPT), check=True).returncode == 0
    assert environment.installed()["pyyaml"] == "6.0.3"
