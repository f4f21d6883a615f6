"""A JupyterLab of one's own, and a browser that looks at it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.browser.chromium import chromium
from tests.demo import as_notebook
from tests.support.environments import Environment

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PATIENCE = 120_000
"""In milliseconds: how long anything may take before it is given up."""

Theme = Literal["JupyterLab Light", "JupyterLab Dark"]

# Without the networking flags Chromium looks for its maker's hosts at every start.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def what_is_missing() -> str | None:
    """Say what this machine lacks for a browser, `None` where it lacks nothing."""
    for module in ("jupyterlab", "playwright"):
        if find_spec(module) is None:
            return f"{module} is not installed (the extra `browser` brings it)"
    return None if chromium() else "there is no Chromium on this machine"


@contextmanager
def running_lab(environment: Environment, theme: Theme = "JupyterLab Light") -> Iterator[str]:
    """Run JupyterLab over the environment's working folder, with its interpreter for a kernel; yield the address.

    The server is the test runner's own, so that environments need not hold one.
    """
    home = environment.home
    spec = home / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = [str(environment.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
    settings = home / "settings" / "@jupyterlab"
    for extension, values in {
        "apputils-extension/themes": {"theme": theme},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    }.items():
        file = settings / f"{extension}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    runtime = home / "runtime"
    variables = {
        # Before all others, the server's own kernel too.
        "JUPYTER_PATH": str(home / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    options = ("--no-browser", "--allow-root", "--port=0", "--IdentityProvider.token=", "--ServerApp.ip=127.0.0.1")
    with (home / "lab.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={environment.work}"],
            cwd=environment.work,
            env={**environment.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield _address(server, runtime, home / "lab.log")
        finally:
            # Gently at first: it ends its kernels then.
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _address(server: "subprocess.Popen[bytes]", runtime: Path, log: Path) -> str:
    deadline = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                return str(json.loads(file.read_text())["url"])
            except ValueError:  # half written
                pass
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab does not come up: {log.read_text()[-2000:]}")


@contextmanager
def browser_page(width: int = 1000, height: int = 760) -> Iterator["Page"]:
    """Open a browser with one page."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not there on every machine

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(_FLAGS))
        try:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(PATIENCE)
            yield page
        finally:
            browser.close()


class Notebook:
    """A notebook open in JupyterLab, used as a person does."""

    def __init__(self, page: "Page", address: str, environment: Environment, cells: Sequence[str]) -> None:
        """Write the notebook and open it, alone on the page, with a kernel that is ready."""
        self.page = page
        (environment.work / "notebook.ipynb").write_text(json.dumps(as_notebook(tuple(cells))), encoding="utf-8")
        page.goto(f"{address}doc/tree/notebook.ipynb?reset")
        # Earlier than this the notebook has no kernel yet, and running a cell would make JupyterLab ask for one.
        page.get_by_text("Python 3 | Idle").wait_for()

    def run_all(self) -> None:
        """Choose "Run All Cells" from the menu."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_text("Run All Cells", exact=True).click()

    def run(self, cell: int) -> None:
        """Run a code cell, counted from 0, by the keyboard."""
        self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-InputPrompt").first.click()
        self.page.keyboard.press("Control+Enter")

    def answer(self, text: str) -> str:
        """Type an answer into the field below the cell and return the prompt that stands before it."""
        field = self.page.locator("input.jp-Stdin-input")
        field.wait_for()
        prompt = str(self.page.locator(".jp-Stdin-prompt").inner_text())
        field.fill(text)
        field.press("Enter")
        field.wait_for(state="detached")
        return prompt

    def wait_for_question(self) -> None:
        """Wait until a question stands."""
        self.page.locator("input.jp-Stdin-input").wait_for()

    def wait_for_the_end(self) -> None:
        """Wait until nothing runs any more."""
        self.page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()

    def output(self, cell: int) -> "Locator":
        """Return the outputs of a code cell, counted from 0."""
        return self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-Cell-outputArea")

    def number(self, cell: int) -> str:
        """Return what stands before a cell: `[3]:` where it was the third to run, `[ ]:` where it did not run."""
        shown = self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-InputPrompt").inner_text()
        return str(shown).replace("\xa0", " ")

    def picture(self, cell: int, file: Path) -> None:
        """Take a picture of a cell with its outputs."""
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(300)
        self.page.locator(".jp-CodeCell").nth(cell).screenshot(path=file)

    def saved(self, environment: Environment) -> list[list[dict[str, object]]]:
        """Save the notebook, and return the outputs of its cells as they are in the file."""
        self.page.keyboard.press("Control+s")
        self.page.wait_for_timeout(500)
        kept = json.loads((environment.work / "notebook.ipynb").read_text(encoding="utf-8"))
        return [cell["outputs"] for cell in kept["cells"]]
