"""A process under a pseudo-terminal, typed at and read as a person does."""

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import pexpect

from tests.support.environments import Environment

PATIENCE = 60.0
"""In seconds: how long anything may take before a test gives up on it."""

IPYTHON = ("-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit", "--colors=NoColor")
"""The arguments of a terminal IPython whose screen can be read: `Terminal(environment, *IPYTHON)`."""


class Terminal:
    """An environment's interpreter in a terminal of 24 lines of 80 columns, ended with the context."""

    def __init__(self, environment: Environment, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
        self._arguments = [str(argument) for argument in arguments]
        self._environment = environment
        self._environ = {**environment.environ, "TERM": "dumb", **(environ or {})}
        self._seen = ""

    def __enter__(self) -> Self:
        """Start it."""
        self._process = pexpect.spawn(
            str(self._environment.python),
            self._arguments,
            cwd=str(self._environment.work),
            env=self._environ,  # type: ignore[arg-type,unused-ignore]  # wants the class of os.environ, takes a dict
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=PATIENCE,
        )
        # Typing waits for nothing: what is typed ahead is the kernel's to keep.
        self._process.delaybeforesend = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it, by force where it does not go."""
        self._process.close(force=True)

    @property
    def pid(self) -> int:
        """The process id."""
        pid: int = self._process.pid
        return pid

    def wait_for(self, text: str, timeout: float = PATIENCE) -> str:
        """Read until `text` is on the screen; return what came before it since the last wait."""
        self._process.expect_exact(text, timeout=timeout)
        before: str = self._process.before
        self._seen += before + text
        return _plain(before)

    def type(self, line: str) -> None:
        """Type a line and press return."""
        self._process.sendline(line)

    def press_interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.sendintr()

    def press_end_of_file(self) -> None:
        """Press Ctrl-D."""
        self._process.sendeof()

    def finish(self, timeout: float = PATIENCE) -> int:
        """Read to the end and return the exit status (minus the signal's number where one ended it)."""
        self._process.expect(pexpect.EOF, timeout=timeout)
        self._seen += self._process.before
        self._process.wait()
        if self._process.signalstatus is not None:
            return -int(self._process.signalstatus)
        status: int = self._process.exitstatus
        return status

    @property
    def screen(self) -> str:
        """All that has been read so far, without colours, lines ending in a line feed."""
        return _plain(self._seen)


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r\n", "\n")
