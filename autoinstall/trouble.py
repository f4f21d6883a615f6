"""Trouble of our own, said in one line and once, while the user's program goes on."""

import sys

_said: set[str] = set()

_LONGEST_CURE = 5_000  # the longest path that systems allow, and a command


def report(trouble: BaseException) -> None:
    """Say on standard error that autoinstall could not do its part; the same trouble is said once.

    A damaged table says what cures it, whole; all else is a defect, which its author should hear of.
    """
    from autoinstall.errors import TableDamagedError  # noqa: PLC0415 - not wanted where all goes well
    from autoinstall.text import printable  # noqa: PLC0415 - not wanted where all goes well

    if isinstance(trouble, TableDamagedError):
        said = f"autoinstall: {printable(str(trouble), _LONGEST_CURE)}"
    else:
        what = printable(f"{type(trouble).__name__}: {trouble}")
        said = f"autoinstall: an error of its own kept it from helping ({what}); please report it"
    if said not in _said:
        _said.add(said)
        tell(said)


def tell(line: str) -> None:
    """Write a line on standard error, where there is one."""
    if sys.stderr is not None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
