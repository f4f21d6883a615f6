"""`%load_ext ipython_autoinstall`: loads the extension, or says why `%load_ext autoinstall` no longer reaches it.

An unrelated project on the index has our import name for its project name. Whichever of two such projects is
installed last writes over the other, and if that was theirs, `%load_ext autoinstall` runs nothing of ours. So this
file is installed beside the package, as the module `ipython_autoinstall`, a name that is ours alone. It needs nothing
of the package, which may be gone.
"""

import base64
import hashlib
import importlib
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoinstall.ipython.shell import Shell

_PROJECT = "ipython-autoinstall"
_PACKAGE = "autoinstall"
_INIT = f"{_PACKAGE}/__init__.py"

_REINSTALL = f"%pip install --force-reinstall --no-deps {_PROJECT}"


def load_ipython_extension(ipython: "Shell") -> None:
    """Load autoinstall; raises `UsageError`, of which IPython shows the words alone, where that cannot be."""
    wrong = what_is_wrong()
    if wrong is not None:
        from IPython.core.error import UsageError  # noqa: PLC0415 - whoever has a shell has it

        raise UsageError(wrong)
    importlib.import_module(_PACKAGE).load_ipython_extension(ipython)


def unload_ipython_extension(ipython: "Shell") -> None:
    """Unload autoinstall."""
    importlib.import_module(_PACKAGE).unload_ipython_extension(ipython)


def what_is_wrong() -> str | None:
    """Say what stands in the way of our package and how to mend it; `None` where it is whole.

    Imports nothing of the package.
    """
    try:
        ours = distribution(_PROJECT)
    except PackageNotFoundError:
        return f"{_PROJECT} is not installed here any more. To mend it: %pip install {_PROJECT}"
    if _init_of(ours) is None:  # an editable install: its files are elsewhere, and nobody's but the developer's
        return None
    found = find_spec(_PACKAGE)
    expected = Path(str(ours.locate_file(_INIT)))
    if found is not None and found.origin is not None and not _is_same(Path(found.origin), expected):
        return f"`import {_PACKAGE}` finds {found.origin}, which is not {_PROJECT}'s. Rename that file, and restart."
    if not _is_changed(ours):
        return None
    others = sorted(other.metadata["Name"] for other in distributions() if _init_of(other) and not _is_ours(other))
    if not others:
        return f"Files of {_PROJECT} are missing or changed. To mend it:\n  {_REINSTALL}\nand restart the kernel."
    return (
        f"The unrelated project {', '.join(others)} has put its files in the place of {_PROJECT}'s. To mend it:\n"
        f"  %pip uninstall -y {' '.join(others)}\n  {_REINSTALL}\nand restart the kernel."
    )


def _init_of(project: Distribution) -> str | None:
    return next((file.as_posix() for file in project.files or () if file.as_posix() == _INIT), None)


def _is_ours(project: Distribution) -> bool:
    return str(project.metadata["Name"]).lower().replace("_", "-") == _PROJECT


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _is_changed(ours: Distribution) -> bool:
    """Tell whether a file of the package is not what our RECORD says."""
    for file in ours.files or ():
        if file.hash is None or file.parts[0] != _PACKAGE:
            continue
        try:
            digest = hashlib.new(file.hash.mode, Path(str(file.locate())).read_bytes()).digest()
        except OSError:
            return True
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii") != file.hash.value:
            return True
    return False
