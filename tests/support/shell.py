"""A real IPython shell inside the test's own process, gone without a trace afterwards."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import IPython
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@contextmanager
def made_shell(
    folder: Path, config: dict[str, dict[str, object]] | None = None
) -> Iterator[Any]:  # Any: untyped in 7
    """Yield a shell with its own namespace, without history and colours; what it shows it prints."""
    everything = Config(config or {})
    everything.HistoryManager.enabled = False
    everything.InteractiveShell.colors = "nocolor" if IPython.version_info >= (9,) else "NoColor"
    everything.ProfileDir.location = str(folder / "profile")
    make: Any = InteractiveShell  # Any: half typed in 9, not at all in 7
    shell = make(user_module=ModuleType("cells"), ipython_dir=str(folder), config=everything)
    try:
        yield shell
    finally:
        shell.restore_sys_module_state()
        shell.cleanup()
        sys.modules.pop("cells", None)
