"""Tab completion of module names that knows what has just been installed."""

import contextlib
import os
import sys
import warnings

from autoinstall.ipython.shell import Shell

_CACHE = "rootmodules_cache"
"""Where IPython keeps the module names of each entry of the path, for good."""


class ModuleNames:
    """Drops IPython's list of module names when a folder of installed distributions has changed."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._seen = _changes()

    def refresh(self) -> None:
        """Look whether anything was installed since the last look, by whomever (`%pip install` too)."""
        seen = _changes()
        if seen != self._seen:
            self._seen = seen
            # Nothing may have been completed yet. IPython 8 without pickleshare keeps nothing, and warns each time.
            with contextlib.suppress(KeyError), warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                del self._shell.db[_CACHE]


def _changes() -> dict[str, int]:
    """Return when each folder of installed distributions on the path last gained or lost an entry, in nanoseconds."""
    changes = {}
    for entry in sys.path:
        if isinstance(entry, str) and os.path.basename(entry) in ("site-packages", "dist-packages"):  # noqa: PTH119 - runs after every cell
            try:
                changes[entry] = os.stat(entry).st_mtime_ns  # noqa: PTH116 - the same
            except OSError:  # a folder that is not there yet
                changes[entry] = 0
    return changes
