"""`python3 -m tests.demo`: meet a missing import in a new environment, which is gone afterwards.

Opens IPython in the terminal, or with `--lab` JupyterLab in the browser. Needs only Python and pip.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

TERMINAL_GREETING = """
autoinstall is loaded in a new environment with nothing in it. Type, for example:

    import cv2
    cv2.__version__

and answer the question. `exit` ends this and takes the environment away.
"""

LAB_GREETING = """
JupyterLab opens with a notebook that imports what is not there. Run its cells and answer the question.
Ctrl-C here ends it and takes the environment away.
"""

CELLS = ("%load_ext autoinstall", "import cv2\ncv2.__version__")


def main() -> int:
    """Make the environment, open IPython or JupyterLab in it, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description="Meet a missing import.")
    parser.add_argument("--lab", action="store_true", help="in JupyterLab instead of the terminal")
    parsed, rest = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="autoinstall-demo-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        environment = home / "environment"
        tell(f"Making an environment in {environment} …")
        venv.create(environment, with_pip=True)
        python = str(environment / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        lab = ["jupyterlab"] if parsed.lab else []
        pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        if status := run(*pip, str(ROOT), *lab, cwd=home):
            tell("That did not work: pip says why above.")
            return status
        if parsed.lab:
            notebook = home / "demo.ipynb"
            notebook.write_text(json.dumps(as_notebook(CELLS)), encoding="utf-8")
            tell(LAB_GREETING)
            return run(python, "-m", "jupyter", "lab", str(notebook), *rest, cwd=home)
        settings = home / "ipython"
        settings.mkdir()
        tell(TERMINAL_GREETING)
        options = ("--no-banner", "--InteractiveShellApp.extensions=autoinstall")
        return run(python, "-m", "IPython", *options, *rest, cwd=home, IPYTHONDIR=str(settings))


def as_notebook(cells: tuple[str, ...]) -> dict[str, object]:
    """Return code cells as a notebook of format 4.5."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel},
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells)
        ],
    }


def run(*command: str, cwd: Path, **variables: str) -> int:
    """Run a command and return its exit status; an interrupt is its business."""
    try:
        return subprocess.run(command, cwd=cwd, env={**os.environ, **variables}, check=False).returncode
    except KeyboardInterrupt:
        return 0


def tell(text: str) -> None:
    """Write to standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
