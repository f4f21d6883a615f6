"""A Python run as somebody to whom permissions apply, whoever runs the tests."""

import os
import shutil
import subprocess

import pytest

from tests.support.environments import Environment


def as_anybody(environment: Environment, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the environment's Python as somebody to whom permissions apply, which they do not to root."""
    if os.name == "nt":
        pytest.skip("a folder cannot be made read-only by its mode on Windows")
    start: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("permissions do not apply to root, and there is no setpriv to give that up")
        start = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    return subprocess.run(
        [*start, str(environment.python), *arguments],
        cwd=environment.work,
        env={**environment.environ, **environ},
        input="",
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
