"""What the finder costs imports that it does not help with: `python -m benchmarks.imports [RUNS]`."""

import sys
import textwrap
import time
from collections.abc import Callable
from statistics import median

import autoinstall

TARGET = 60
"""Microseconds that a guarded missing import may cost more, warm."""

_LOOPS = 20

GUARDED = """
    def act():
        try:
            import absent
        except ImportError:
            pass
    """
GUARDED_BY_CALLER = """
    def load():
        import absent
    def act():
        try:
            load()
        except ImportError:
            pass
    """
LIBRARY = GUARDED
PROBE = """
    from importlib.util import find_spec
    def act():
        find_spec("absent")
    """
SUCCESSFUL = """
    import sys
    def act():
        sys.modules.pop("colorsys", None)
        import colorsys
    """


def main(runs: int = 300) -> None:
    """Print what each kind of import takes with the finder and without, in alternating runs."""
    user, library = f"{__file__}.snippet", "/x/site-packages/made_up.py"
    for name, source, file in (
        ("guarded missing import", GUARDED, user),
        ("missing import guarded by its caller", GUARDED_BY_CALLER, user),
        ("a library's guarded missing import", LIBRARY, library),
        ("probe", PROBE, user),
        ("successful import", SUCCESSFUL, user),
    ):
        report(name, make(source, file), runs)


def make(source: str, file: str) -> Callable[[], None]:
    """Return the function `act` of a snippet that pretends to stand in a file."""
    import linecache  # noqa: PLC0415 - set-up

    text = textwrap.dedent(source)
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Callable[[], None]] = {}
    exec(compile(text, file, "exec"), namespace)  # noqa: S102 - our own
    return namespace["act"]


def report(name: str, act: Callable[[], None], runs: int) -> None:
    """Print the medians, in microseconds; the first batch with the finder reads the source, and does not count."""
    without, with_finder = [], []
    for _ in range(runs + 1):
        without.append(microseconds(act))
        with autoinstall.enable("off"):
            with_finder.append(microseconds(act))
    bare, ours = median(without[1:]), median(with_finder[1:])
    print(f"{name}: {bare:.1f} us without, {ours:.1f} us with: {ours / bare:.2f} x, {ours - bare:+.1f} us")


def microseconds(act: Callable[[], None]) -> float:
    """Return what one call takes, of many."""
    act()
    began = time.perf_counter()
    for _ in range(_LOOPS):
        act()
    return (time.perf_counter() - began) / _LOOPS * 1e6


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
