"""What IPython's own line magics import on account of their argument."""

from autoinstall.advice.presence import look_for
from autoinstall.names import import_name, is_import_name

# Whoever reads what a scan says has these.
_OURS = ("autoinstall", "ipython_autoinstall")


def imported_by(magic: str, argument: str) -> tuple[str, ...]:
    """Return the import names that `%magic argument` needs, `()` where it needs none or is not known."""
    match magic:
        case "load_ext" | "reload_ext":
            return (argument,) if _is_extension(argument) else ()
        case "matplotlib" | "pylab":
            return ("matplotlib", "ipympl") if argument in ("widget", "ipympl") else ("matplotlib",)
    return ()


def _is_extension(argument: str) -> bool:
    """Tell whether it names an extension that is neither IPython's nor this one."""
    if argument in _OURS or not is_import_name(argument):
        return False
    return not look_for(import_name(f"IPython.extensions.{argument}")).is_whole
