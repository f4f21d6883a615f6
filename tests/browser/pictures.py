"""`python -m tests.browser.pictures`: take the README's pictures, in a light theme and in a dark one.

Needs the extra `browser` and a Chromium. What the pictures show is real but for the index: small stand-ins are served
under real names.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.lab import Notebook, Theme, browser_page, running_lab, what_is_missing
from tests.support.catalogue import FAKE, Release
from tests.support.environments import Environments, build_project
from tests.support.local_index import LocalIndex
from tests.support.processes import clean_environ
from tests.support.wheels import Wheel

FOLDER = Path(__file__).parent / "pictures"

LESSON = """\
import numpy as np
import skimage
import pandsa
from course import show
!pip install scikit-image==0.26.0
try:
    import tqdm
except ImportError:
    tqdm = None
"""

CELLS = (
    "%load_ext autoinstall",
    "import cv2\nimport sklearn\n\ncv2.__version__",
    "%autoinstall scan",
    LESSON,
)


def catalogue() -> tuple[Release, ...]:
    """Return stand-ins for what the cells import, large enough for a download to be seen."""
    return (
        Release(_wheel("opencv-python", "4.14.0.94", "cv2", 4_600_000, "numpy"), age_days=80),
        Release(_wheel("numpy", "2.4.1", "numpy", 1_700_000), age_days=120),
        Release(_wheel("scikit-learn", "1.8.0", "sklearn", 900_000, "numpy"), age_days=400),
        Release(_wheel("scikit-image", "0.26.0", "skimage", 1_200_000, "numpy"), age_days=330),
    )


def _wheel(project: str, version: str, name: str, size: int, *requires: str) -> Wheel:
    module = {f"{name}/__init__.py": f'__version__ = "{version}"\n'}
    return Wheel(project, version, module, requires, headers=(FAKE,), padding=size)


@contextmanager
def opened(theme: Theme) -> Iterator[Notebook]:
    """Open a notebook of these cells over an environment of its own."""
    with tempfile.TemporaryDirectory(prefix="notebook-") as temporary, LocalIndex(catalogue()) as index:
        folder = Path(temporary)
        with Environments(build_project(folder)) as environments:
            home = folder / "home"
            environment = environments.fresh("ipython9", clean_environ(home, index.url), home, folder / ".venv")
            (environment.work / "course.py").write_text("def show(): ...\n", encoding="utf-8")
            with running_lab(environment, theme) as address, browser_page(900, 720) as page:
                yield Notebook(page, address, environment, CELLS)


def take(theme: Theme, suffix: str) -> None:
    """Take the pictures of one theme: of a cell that misses something, before and after the answer, and of a scan."""
    with opened(theme) as notebook:
        notebook.run(0)
        notebook.wait_for_the_end()
        notebook.run(1)
        notebook.wait_for_question()
        notebook.picture(1, FOLDER / f"question-{suffix}.png")
        notebook.answer("y")
        notebook.output(1).get_by_text("By hand").first.wait_for()
        notebook.wait_for_the_end()
        notebook.picture(1, FOLDER / f"installed-{suffix}.png")
        notebook.run(2)
        notebook.wait_for_question()
        notebook.picture(2, FOLDER / f"scan-{suffix}.png")


def main() -> int:
    """Take all pictures, or say what is missing."""
    if (lacking := what_is_missing()) is not None:
        sys.stderr.write(f"{lacking}\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    take("JupyterLab Light", "light")
    take("JupyterLab Dark", "dark")
    return 0


if __name__ == "__main__":
    sys.exit(main())
