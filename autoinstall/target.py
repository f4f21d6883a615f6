"""A folder of the user's own beside an environment that is not theirs to change: found again at every `enable()`."""

# Loaded by `enable()`: nothing may be imported here that a bare Python has not loaded already; see `callsite`.
# ruff: noqa: PTH103, PTH105, PTH108, PTH111, PTH112, PTH117, PTH118, PTH119, PTH123
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "AUTOINSTALL_TARGET"
"""The environment variable that says in which folder the targets lie, instead of the usual one."""

SITE = "site-packages"
"""The folder within a target that goes onto the path. By this name everybody takes what is in it for library code."""


def restore() -> tuple[str, ...]:
    """Put this environment's targets, if it has any, at the end of `sys.path`; return them.

    Their `.pth` files take effect. What the environment itself has comes first, always. Where nobody ever used a
    target it takes one look into the file system. They stay when autoinstall is disabled: what is imported may come
    to need the rest.
    """
    found = existing()
    for folder in found:
        put_on_path(folder)
    return found


def put_on_path(folder: str) -> None:
    """Put a folder at the end of `sys.path`, `.pth` files included, unless it is there."""
    if folder not in sys.path:
        import site  # noqa: PLC0415 - loaded already, but with `python -S`

        site.addsitedir(folder)


def folder_in(root: str | None = None) -> str:
    """Return this environment's target in a folder of targets (`None`: the usual one); nothing need exist.

    There is one for each environment, Python version and kind of machine: a home may be shared by several.
    """
    return os.path.join(root or usual_root(), _key())


def remember(folder: str) -> None:
    """Have every later `enable()` find a target that does not lie in the usual place. Raises `OSError`."""
    usual = usual_root()
    if os.path.normcase(folder) != os.path.normcase(folder_in()):
        import tempfile  # noqa: PLC0415 - wanted only after an install beside an environment

        os.makedirs(usual, exist_ok=True)
        # Put in place whole: another process may read it meanwhile, and this one may die.
        descriptor, fresh = tempfile.mkstemp(dir=usual)
        try:
            with open(descriptor, "wb") as stream:
                stream.write(os.fsencode(folder))
            os.replace(fresh, _pointer())
        except OSError:
            os.unlink(fresh)
            raise


def usual_root() -> str:
    """Return where targets lie where nothing else is said."""
    return os.path.join(data_folder(os.environ, os.path.expanduser("~"), sys.platform), "autoinstall", "targets")


def data_folder(variables: "Mapping[str, str]", home: str, sys_platform: str) -> str:
    """Return where programs keep a user's data: what `platformdirs.user_data_dir` says, without its import."""
    if sys_platform == "win32":
        return variables.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    if sys_platform == "darwin":
        return os.path.join(home, "Library", "Application Support")
    said = variables.get("XDG_DATA_HOME", "").strip()
    return said or os.path.join(home, ".local", "share")


def existing() -> tuple[str, ...]:
    """Return the folders of this environment's targets that exist."""
    candidates = []
    said = os.path.expanduser(os.environ.get(VARIABLE, ""))
    if os.path.isabs(said):
        candidates.append(folder_in(said))
    if os.path.isdir(usual_root()):
        candidates.append(folder_in())
        try:
            with open(_pointer(), "rb") as stream:
                candidates.append(os.fsdecode(stream.read()).strip())
        except (OSError, UnicodeDecodeError):
            pass
    folders = [os.path.join(folder, SITE) for folder in dict.fromkeys(candidates)]
    return tuple(folder for folder in folders if os.path.isdir(folder))


def _pointer() -> str:
    return f"{folder_in()}.txt"


def _key() -> str:
    from binascii import crc32  # noqa: PLC0415 - wanted only by those who have a target

    prefix = os.path.normcase(os.path.realpath(sys.prefix))
    machine = getattr(sys.implementation, "_multiarch", sys.platform)
    number = crc32(f"{machine}{os.pathsep}{prefix}".encode("utf-8", "surrogateescape"))
    return f"{os.path.basename(prefix) or 'root'}-{sys.implementation.cache_tag}-{number:08x}"
