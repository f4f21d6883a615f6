"""The unrelated project that has our import name: told of where it is installed too, while ours still runs.

Where its files have come over ours nothing here is run: that is what `ipython_autoinstall` is for.
"""

from pathlib import Path


def who_shares_the_name(folder: Path) -> str | None:
    """Say that the project is installed too, by the names in `folder` alone; `None` where it is not."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:  # in a zip file
        return None
    if not any(name.startswith("autoinstall-") and name.endswith((".dist-info", ".egg-info")) for name in names):
        return None
    return (
        "The unrelated project autoinstall is installed here too, and has the same import name. To be rid of it:\n"
        "  %pip uninstall -y autoinstall\n"
        "  %pip install --force-reinstall --no-deps ipython-autoinstall"
    )
