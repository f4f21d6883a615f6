"""A defect of our own, said in one line and once, while the user's program goes on."""

import sys

_said: set[str] = set()


def report(defect: BaseException) -> None:
    """Say on standard error that autoinstall could not do its part; the same defect is said once."""
    from autoinstall.text import printable  # noqa: PLC0415 - not wanted where all goes well

    said = printable(f"{type(defect).__name__}: {defect}")
    if said not in _said:
        _said.add(said)
        tell(f"autoinstall: an error of its own kept it from helping ({said}); please report it")


def tell(line: str) -> None:
    """Write a line on standard error, where there is one."""
    if sys.stderr is not None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
