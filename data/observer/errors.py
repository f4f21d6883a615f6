"""What ends the observation of one project, and what ends the whole run."""

from pathlib import Path

from autoinstall.errors import AutoinstallError
from autoinstall.text import printable


class ObserverError(AutoinstallError):
    """The root of what the observer raises."""


class RefusedError(ObserverError):
    """A file is not what it should be, or too big: asking again cannot help, since published files do not change."""

    def __init__(self, reason: str) -> None:
        self.reason = printable(reason)
        super().__init__(self.reason)


class FailedError(ObserverError):
    """No usable answer this time: a later run asks again."""

    def __init__(self, reason: str) -> None:
        self.reason = printable(reason)
        super().__init__(self.reason)


class TransientError(FailedError):
    """A fault that may pass within seconds; `retry_after` is how long the server asks to wait, in seconds."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(reason)


class StoppedError(ObserverError):
    """The whole run ends here; what is written down stays."""

    def __init__(self, reason: str) -> None:
        self.reason = printable(reason)
        super().__init__(self.reason)


class BadListError(ObserverError, ValueError):
    """A line of the list is no project's name."""

    def __init__(self, line: int, text: str) -> None:
        self.line = line
        self.text = text
        super().__init__(line, text)

    def __str__(self) -> str:
        """Show the line, escaped and cut."""
        return f"line {self.line} of the list, {printable(self.text)!r}, is not a project's name"


class StateError(ObserverError):
    """The state file cannot be gone on with."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(path, problem)

    def __str__(self) -> str:
        """Name the file and what to do."""
        return f"the state file {self.path} {self.problem}; go on with another one, or mend it"
