"""`python -m tests`: make an environment to test in, then check and test all there is. Needs only Python and pip.

Arguments go to pytest; with any, the checks (ruff, mypy, import-linter) are left out.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

from tests.browser.chromium import chromium

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv-tests"
SCRIPTS = ENVIRONMENT / ("Scripts" if sys.platform == "win32" else "bin")

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
)


# Most of the time goes by waiting for child processes; a file's tests share what they have made.
IN_PARALLEL = ("-n", "4", "--dist", "loadfile")


def main(arguments: list[str]) -> int:
    """Return 0 where everything passes, else the first failure's exit status."""
    python = prepare()
    if not arguments:
        for name, *rest in CHECKS:
            status = run(str(SCRIPTS / name), *rest)
            if status:
                return status
    return run(python, "-m", "pytest", *(arguments or IN_PARALLEL))


def prepare() -> str:
    """Return the interpreter of an environment that holds this checkout and all that its tests need."""
    python = str(SCRIPTS / "python")
    if not Path(python).exists() and not Path(python + ".exe").exists():
        venv.create(ENVIRONMENT, with_pip=True)
    required(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "pip", "uv")
    extra = "browser" if chromium() else "test"
    if extra == "test":
        print("There is no Chromium on this machine: what is tried in a browser is skipped.", flush=True)  # noqa: T201 - the same
    required(python, "-m", "uv", "pip", "install", "--quiet", "--python", python, "--editable", f"{ROOT}[{extra}]")
    return python


def required(*command: str) -> None:
    """Run a command that everything after it needs."""
    status = run(*command)
    if status:
        sys.exit(status)


def run(*command: str) -> int:
    """Run a command in the checkout, saying which."""
    print("$", " ".join(Path(part).name if part == command[0] else part for part in command), flush=True)  # noqa: T201 - says what goes on
    # Of an environment that is active in the reader's shell, nothing is meant for this one.
    environ = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
