"""What can go wrong, each with its facts as attributes and a sentence that says what to do."""

from pathlib import Path

from autoinstall.text import printable


class AutoinstallError(Exception):
    """The root of everything that autoinstall raises."""


class BadImportNameError(AutoinstallError, ValueError):
    """A text that cannot stand after `import`."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)

    def __str__(self) -> str:
        """Show the text escaped and cut: it may come from anywhere."""
        return f"{printable(self.text)!r} is not an import name: write what follows `import`, such as cv2 or yaml"


class BadProjectNameError(AutoinstallError, ValueError):
    """A text that cannot be a project's name."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)

    def __str__(self) -> str:
        """Show the text escaped and cut: it may come from anywhere."""
        return f"{printable(self.text)!r} is not a project's name: write it as the index does, such as opencv-python"


class BadCondaNameError(AutoinstallError, ValueError):
    """A text that cannot be what a conda channel calls a package."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)

    def __str__(self) -> str:
        """Show the text escaped and cut: it may come from anywhere."""
        return f"{printable(self.text)!r} is not what a conda channel calls a package"


class TableDamagedError(AutoinstallError):
    """The bundled table is missing or cannot be read."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(path, problem)

    def __str__(self) -> str:
        """Name the file and the command that brings it back."""
        return (
            f"autoinstall's table {self.path} {self.problem}; "
            "reinstall it: python -m pip install --force-reinstall --no-deps ipython-autoinstall"
        )


class BadSettingError(AutoinstallError, ValueError):
    """A setting has a value that it cannot have."""

    def __init__(self, setting: str, value: object, allowed: str, origin: str) -> None:
        self.setting = setting
        self.value = value
        self.allowed = allowed
        self.origin = origin
        super().__init__(setting, value, allowed, origin)

    def __str__(self) -> str:
        """Say which setting, where it was said, and what it may be."""
        return f"{self.setting} = {printable(repr(self.value))} ({self.origin}): it must be {self.allowed}"


class BadRequestError(AutoinstallError, ValueError):
    """What was typed to be installed cannot be asked for; the message says how to."""


class BadPinError(BadRequestError):
    """A file of pins holds something that is no exact pin; `line` counts from 1, `None` where it is the whole."""

    def __init__(self, file: str, line: int | None, problem: str) -> None:
        self.file = file
        self.line = line
        self.problem = problem
        super().__init__(file, line, problem)

    def __str__(self) -> str:
        """Name the file and the line, and say that nothing came of it."""
        where = self.file if self.line is None else f"{self.file}, line {self.line}:"
        return f"{where} {self.problem}; nothing was installed"


class UnreadableSourceError(AutoinstallError, ValueError):
    """A script, notebook or folder whose imports cannot be read."""

    def __init__(self, file: Path, problem: str) -> None:
        self.file = file
        self.problem = problem
        super().__init__(file, problem)

    def __str__(self) -> str:
        """Name the file and what is wrong with it."""
        return f"{printable(str(self.file))} {self.problem}"


class UnwritableOutputError(AutoinstallError):
    """An answer that could not be written to standard output."""

    def __init__(self, problem: OSError) -> None:
        self.problem = problem
        super().__init__(problem)

    def __str__(self) -> str:
        """Say what the system says."""
        return f"the answer cannot be written: {self.problem.strerror or self.problem}"


class EnvironmentNotWritableError(AutoinstallError):
    """Nothing can be put into this environment."""

    def __init__(self, folder: Path, problem: OSError) -> None:
        self.folder = folder
        self.problem = problem
        super().__init__(folder, problem)

    def __str__(self) -> str:
        """Name the folder and what the system says."""
        return f"nothing can be installed into {self.folder}: {self.problem.strerror or self.problem}"
