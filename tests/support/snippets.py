"""Snippets of user code, each with an import that is missing, and a finder that remembers who asked for it."""

import sys
import textwrap
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Protocol

from autoinstall.callsite import CallSite, call_site


class Recorder:
    """A finder that has nothing and remembers who asked for it."""

    def __init__(self) -> None:
        self.sites: list[tuple[str, CallSite]] = []

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - a finder's
        target: ModuleType | None = None,  # noqa: ARG002 - a finder's
    ) -> ModuleSpec | None:
        """Remember who asks."""
        self.sites.append((fullname, call_site(sys._getframe(1))))
        return None

    def of(self, fullname: str) -> list[CallSite]:
        """Return who asked for a name or one below it."""
        return [site for name, site in self.sites if name.partition(".")[0] == fullname]

    def refusals(self) -> list[str | None]:
        """Return what was answered to those who asked for `absent`."""
        return [site.refusal for site in self.of("absent")]


@contextmanager
def recording() -> Iterator[Recorder]:
    """Have a recorder asked last."""
    recorder = Recorder()
    sys.meta_path.append(recorder)
    try:
        yield recorder
    finally:
        sys.meta_path.remove(recorder)


class Run(Protocol):
    """Runs a snippet as a file of its own, or as a pseudo-file, and returns what escaped from it."""

    def __call__(self, snippet: str, filename: str | None = None, **namespace: object) -> BaseException | None:
        """Run it; `namespace` are its globals."""


@contextmanager
def running(folder: Path) -> Iterator[Run]:
    """Give a function that runs snippets in a thread, where nothing but library code is around them."""
    with ThreadPoolExecutor(1) as pool:

        def run(snippet: str, filename: str | None = None, **namespace: object) -> BaseException | None:
            source = textwrap.dedent(snippet)
            if filename is None:
                file = folder / "snippet.py"
                file.write_text(source, encoding="utf-8")
                filename = str(file)
            code = compile(source, filename, "exec")
            return pool.submit(exec, code, {"__name__": "__main__", **namespace}).exception()

        yield run
