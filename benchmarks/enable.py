"""What `import autoinstall; autoinstall.enable()` adds to `python -c pass`: `python -m benchmarks.enable [RUNS]`."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import uv

ROOT = Path(__file__).parent.parent
BARE = "pass"
ENABLE = "import autoinstall; autoinstall.enable()"
TARGET = 0.5


def main(runs: int = 100) -> None:
    """Print the ratio in a fresh environment with the project's wheel in it, and in this one."""
    with tempfile.TemporaryDirectory() as folder:
        report("wheel in a fresh environment", environment_with_wheel(Path(folder)), runs)
    # An editable install is found by a `.pth` file, which costs every start of Python, with `pass` too.
    report("this environment", Path(sys.executable), runs)


def environment_with_wheel(folder: Path) -> Path:
    """Return the interpreter of a new environment that holds the project as users have it, without dependencies."""
    uv_binary = uv.find_uv_bin()
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)])
    run([uv_binary, "venv", "--python", sys.executable, str(folder / "venv")])
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    [wheel] = folder.glob("*.whl")
    options = ["--offline", "--no-deps", "--compile-bytecode"]
    run([uv_binary, "pip", "install", *options, "--python", str(python), str(wheel)])
    return python


def run(command: list[str]) -> None:
    """Run a step of the set-up."""
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)


def report(where: str, python: Path, runs: int) -> None:
    """Print the medians of alternating runs, and their ratio."""
    seconds: dict[str, list[float]] = {BARE: [], ENABLE: []}
    for _ in range(runs + 3):
        for code, taken in seconds.items():
            taken.append(start(python, code))
    bare, enabled = (median(seconds[code][3:]) for code in (BARE, ENABLE))
    print(
        f"{where}: python -c pass {bare * 1000:.1f} ms, with enable() {enabled * 1000:.1f} ms: "
        f"adds {(enabled - bare) / bare:.2f} x (to reach: {TARGET} x)"
    )


def start(python: Path, code: str) -> float:
    """Return the seconds that one start of Python takes."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    began = time.perf_counter()
    subprocess.run([python, "-c", code], check=True, env=environ, cwd=tempfile.gettempdir())
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
