"""Trouble of our own: one line that says what cures it, and Python's own error as ever."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = "import autoinstall\nautoinstall.enable()\nimport emoji\n"


@pytest.mark.parametrize("name", ["packaging", "platformdirs", "filelock", "subprocess"])
@pytest.mark.parametrize("shape", ["{}.py", "{}/__init__.py"])
def test_a_file_with_the_name_of_what_we_need_is_to_be_renamed(name: str, shape: str, tmp_path: Path) -> None:
    in_the_way = tmp_path / shape.format(name)
    in_the_way.parent.mkdir(exist_ok=True)
    in_the_way.write_text("")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "script.py"]
    done = subprocess.run(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 1
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'emoji'\n")
    said = [line for line in done.stderr.splitlines() if line.startswith("autoinstall: ")]
    assert said == [f"autoinstall: {in_the_way} stands before the {name} that autoinstall needs: rename the file"]
