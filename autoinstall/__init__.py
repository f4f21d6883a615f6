"""A missing import asks once, installs the right project into the running kernel, and the program goes on."""

# Importing this module loads nothing else: what a function needs, it loads when it is called.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import os

    from autoinstall.advice import Advice
    from autoinstall.hook import Handle
    from autoinstall.ipython.shell import Shell
    from autoinstall.source.scanned import Scan

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "disable",
    "enable",
    "explain",
    "load_ipython_extension",
    "scan",
    "unload_ipython_extension",
]


def enable(mode: str | None = None, installer: str | None = None) -> "Handle":
    """Have missing imports of the user's own code provided from now on, and return the handle that ends it.

    `mode` is `ask`, `auto` or `off`, `installer` is `uv`, `pip` or `auto`; `None` means: as configured. Twice on is
    once on: a further call changes what it gives and returns the same handle. In a `with` statement, leaving restores
    what was before. In a running IPython this does what `%load_ext autoinstall` does. Raises `BadSettingError`, or in
    IPython `traitlets.TraitError` for what a profile says, and has then changed nothing.
    """
    from autoinstall import hook  # noqa: PLC0415 - see above

    return hook.enable(mode, installer)


def disable() -> None:
    """Take back what `enable` or `%load_ext autoinstall` did: all is as it was found, a running IPython too."""
    from autoinstall import hook  # noqa: PLC0415 - see above

    hook.disable()


def explain(name: str) -> "Advice":
    """Return what would be done about an import name, and why: what `autoinstall which --json` shows.

    No network, no side effect; any text is answered. Raises `BadSettingError` where a setting cannot be read.
    """
    from autoinstall import hook  # noqa: PLC0415 - see above

    return hook.current().session.advise(name)


def scan(path: "str | os.PathLike[str]") -> "Scan":
    """Return what a script, a notebook or a folder of these imports, and what of it is missing here.

    Nothing is run, imported, installed or asked of any network. Raises `UnreadableSourceError` where there is no such
    file or folder, and `BadSettingError` where a setting cannot be read.
    """
    from autoinstall import hook  # noqa: PLC0415 - see above
    from autoinstall.source import scanning  # noqa: PLC0415 - see above

    return scanning.scan(path, hook.current().session.settings())


def load_ipython_extension(ipython: "Shell") -> None:
    """Carry out `%load_ext autoinstall`."""
    from autoinstall import ipython as face  # noqa: PLC0415 - see above

    face.load_ipython_extension(ipython)


def unload_ipython_extension(ipython: "Shell") -> None:
    """Carry out `%unload_ext autoinstall`."""
    from autoinstall import ipython as face  # noqa: PLC0415 - see above

    face.unload_ipython_extension(ipython)
