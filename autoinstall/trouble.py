"""Trouble of our own, said in one line and once, while the user's program goes on."""

import os.path
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_said: set[str] = set()

_LONGEST_CURE = 5_000  # the longest path that systems allow, and a command


def report(trouble: BaseException) -> None:
    """Say on standard error that autoinstall could not do its part; the same trouble is said once."""
    said = as_text(trouble)
    if said not in _said:
        _said.add(said)
        tell(said)


def as_text(trouble: BaseException) -> str:
    """Return what to say of it, in one line.

    A damaged table says what cures it, whole; a file of the user's that has the name of something that autoinstall
    needs is to be renamed; what cannot be imported is to be installed again; all else is a defect, which its author
    should hear of.
    """
    from autoinstall.errors import TableDamagedError  # noqa: PLC0415 - not wanted where all goes well
    from autoinstall.text import printable  # noqa: PLC0415 - not wanted where all goes well

    if isinstance(trouble, TableDamagedError):
        return f"autoinstall: {printable(str(trouble), _LONGEST_CURE)}"
    if (module := _in_the_way(trouble)) is not None:
        file = printable(str(module.__file__), _LONGEST_CURE)
        name = printable(module.__name__)
        return f"autoinstall: {file} stands before the {name} that autoinstall needs: rename the file"
    what = printable(f"{type(trouble).__name__}: {trouble}")
    if isinstance(trouble, ImportError):
        cure = "python -m pip install --force-reinstall ipython-autoinstall"
        return f"autoinstall: something that autoinstall needs cannot be imported ({what}); to have it again: {cure}"
    return f"autoinstall: an error of its own kept it from helping ({what}); please report it"


def _in_the_way(trouble: BaseException) -> "ModuleType | None":
    """Return the module beside the program, or in the working folder, that lacks what was looked for in it."""
    looked_in = trouble.obj if isinstance(trouble, AttributeError) else None
    if isinstance(trouble, ImportError) and trouble.name:
        looked_in = sys.modules.get(trouble.name.partition(".")[0])
    if not isinstance(looked_in, type(sys)) or not (file := getattr(looked_in, "__file__", None)):
        return None
    folder = os.path.dirname(file)  # noqa: PTH120 - pathlib is not wanted where all goes well
    if hasattr(looked_in, "__path__"):
        folder = os.path.dirname(folder)  # noqa: PTH120
    return looked_in if os.path.abspath(folder) in map(os.path.abspath, (*sys.path[:1], "")) else None  # noqa: PTH100


def tell(line: str) -> None:
    """Write a line on standard error, where there is one."""
    if sys.stderr is not None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
