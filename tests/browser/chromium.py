"""Where a Chromium is on this machine."""

# For Python alone: it is asked before there is an environment to test in.
import shutil


def chromium() -> str | None:
    """Return the browser: the machine's own, since one of Playwright's would have to be downloaded."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), None)
