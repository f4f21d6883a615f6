"""What differs between Linux, macOS and Windows, decided here once as data that takes the platform as a parameter."""

import functools
import ntpath
import posixpath
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class System(StrEnum):
    """The families of platforms that behave differently; every other Unix goes with Linux."""

    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"


_TO_PROTECT = re.compile(r"[\s'\"\\]")


@dataclass(frozen=True, slots=True)
class Platform:
    """The facts of one family.

    `scripts_folder` is the name below a prefix; `interpreters` are names of the interpreter there, best first.
    `new_group` are the arguments of `subprocess.Popen` that put a child out of reach of this terminal's Ctrl-C and
    into a group that can be ended as a whole. `can_remove_loaded_files`: a file that a process has mapped can be
    unlinked. `links_freely`: symbolic links need no right of their own. `has_reliable_access`: `os.access` tells
    whether a folder can be written to.
    """

    system: System
    scripts_folder: str
    executable_suffix: str
    interpreters: tuple[str, ...]
    new_group: Mapping[str, int | bool]
    can_remove_loaded_files: bool
    links_freely: bool
    has_reliable_access: bool
    pip_configuration_name: str


# `subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW`: a kernel without a console shows no window.
_WINDOWS_NEW_GROUP = 0x00000200 | 0x08000000

PLATFORMS: Mapping[System, Platform] = {
    System.LINUX: Platform(
        system=System.LINUX,
        scripts_folder="bin",
        executable_suffix="",
        interpreters=("python", "python3"),
        new_group={"start_new_session": True},
        can_remove_loaded_files=True,
        links_freely=True,
        has_reliable_access=True,
        pip_configuration_name="pip.conf",
    ),
    System.MACOS: Platform(
        system=System.MACOS,
        scripts_folder="bin",
        executable_suffix="",
        interpreters=("python", "python3"),
        new_group={"start_new_session": True},
        can_remove_loaded_files=True,
        links_freely=True,
        has_reliable_access=True,
        pip_configuration_name="pip.conf",
    ),
    System.WINDOWS: Platform(
        system=System.WINDOWS,
        scripts_folder="Scripts",
        executable_suffix=".exe",
        interpreters=("python.exe",),
        new_group={"creationflags": _WINDOWS_NEW_GROUP},
        can_remove_loaded_files=False,
        links_freely=False,
        has_reliable_access=False,
        pip_configuration_name="pip.ini",
    ),
}


def system_of(sys_platform: str) -> System:
    """Return the family of a value of `sys.platform`."""
    return {"win32": System.WINDOWS, "darwin": System.MACOS}.get(sys_platform, System.LINUX)


@functools.cache
def here() -> Platform:
    """Return the platform that this process runs on."""
    return PLATFORMS[system_of(sys.platform)]


def quoted(argv: Sequence[str], platform: Platform | None = None) -> str:
    """Return a command as people can paste it into a terminal of the platform; never used to start anything."""
    if (platform or here()).system is System.WINDOWS:
        import subprocess  # noqa: PLC0415 - costs 11 ms, and only sentences on Windows need it

        return subprocess.list2cmdline(argv)
    return shlex.join(argv)


def words(line: str, platform: Platform | None = None) -> list[str]:
    """Return the words of a line that a person has typed, quoted where they hold spaces.

    Backslashes protect what follows, as in a shell, except on Windows, where they stand between folders. Raises
    `ValueError` for a quotation that does not end.
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if (platform or here()).system is System.WINDOWS:
        lexer.escape = ""
    return list(lexer)


def typed(word: str, platform: Platform | None = None) -> str:
    """Return a word as a person types it, so that `words` reads it back."""
    if (platform or here()).system is System.WINDOWS:
        return f'"{word}"' if _TO_PROTECT.search(word.replace("\\", "")) else word
    return _TO_PROTECT.sub(r"\\\g<0>", word)


def pip_configuration_files(
    prefix: str, variables: Mapping[str, str], home: str, platform: Platform | None = None
) -> tuple[str, ...]:
    """Return where pip looks for its global, user and environment-level files, weakest first; they may not exist.

    The places are those of pip 26's `pip config debug`. `PIP_CONFIG_FILE` is the caller's to look at. On macOS the
    user's file counts in both places, of which pip reads the first that has a folder.
    """
    platform = platform or here()
    name = platform.pip_configuration_name
    match platform.system:
        case System.WINDOWS:
            join = ntpath.join
            shared = variables.get("PROGRAMDATA") or r"C:\ProgramData"
            roaming = variables.get("APPDATA") or join(home, "AppData", "Roaming")
            return (
                join(shared, "pip", name),
                join(home, "pip", name),
                join(roaming, "pip", name),
                join(prefix, name),
            )
        case System.MACOS:
            shared_folders = ["/Library/Application Support"]
            own = [
                posixpath.join(home, ".config", "pip", name),
                posixpath.join(home, "Library", "Application Support", "pip", name),
            ]
        case System.LINUX:
            shared_folders = [
                folder for folder in (variables.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":") if folder
            ]
            own = [posixpath.join(_xdg_home(variables, home), "pip", name)]
    legacy = posixpath.join(home, ".pip", name)
    shared_files = [posixpath.join(folder, "pip", name) for folder in shared_folders]
    etc = [posixpath.join("/etc", name)] if platform.system is System.LINUX else []
    return (*shared_files, *etc, legacy, *own, posixpath.join(prefix, name))


def uv_configuration_files(
    variables: Mapping[str, str], home: str, platform: Platform | None = None
) -> tuple[str, ...]:
    """Return where uv looks for its system and user files, weakest first; they may not exist.

    On Unix uv reads the first system file that exists; the weakest of them stands first here.
    """
    platform = platform or here()
    if platform.system is System.WINDOWS:
        drive = variables.get("SYSTEMDRIVE") or "C:"
        roaming = variables.get("APPDATA") or ntpath.join(home, "AppData", "Roaming")
        return (drive + r"\ProgramData\uv\uv.toml", ntpath.join(roaming, "uv", "uv.toml"))
    folders = [folder for folder in (variables.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":") if folder]
    return (
        "/etc/uv/uv.toml",
        *(posixpath.join(folder, "uv", "uv.toml") for folder in reversed(folders)),
        posixpath.join(_xdg_home(variables, home), "uv", "uv.toml"),
    )


def uv_cache_folder(variables: Mapping[str, str], home: str, platform: Platform | None = None) -> str:
    """Return where uv keeps its cache when nothing tells it otherwise."""
    if (platform or here()).system is System.WINDOWS:
        local = variables.get("LOCALAPPDATA") or ntpath.join(home, "AppData", "Local")
        return ntpath.join(local, "uv", "cache")
    caches = variables.get("XDG_CACHE_HOME") or posixpath.join(home, ".cache")
    return posixpath.join(caches, "uv")


def jupyter_data_folders(
    prefix: str, variables: Mapping[str, str], home: str, platform: Platform | None = None
) -> tuple[str, ...]:
    """Return where Jupyter looks for kernels (in `kernels` below), first served first; they may not exist.

    The places are those of jupyter_core 5's `jupyter --paths`, which costs 60 ms to import, where it is there at all.
    """
    platform = platform or here()
    match platform.system:
        case System.WINDOWS:
            join = ntpath.join
            own = join(variables.get("APPDATA") or join(home, "AppData", "Roaming"), "jupyter")
            shared = [join(variables.get("PROGRAMDATA") or r"C:\ProgramData", "jupyter")]
        case System.MACOS:
            join = posixpath.join
            own = join(home, "Library", "Jupyter")
            shared = ["/usr/local/share/jupyter", "/usr/share/jupyter"]
        case System.LINUX:
            join = posixpath.join
            own = join(variables.get("XDG_DATA_HOME") or join(home, ".local", "share"), "jupyter")
            shared = ["/usr/local/share/jupyter", "/usr/share/jupyter"]
    separator = ";" if platform.system is System.WINDOWS else ":"
    said = [folder for folder in variables.get("JUPYTER_PATH", "").split(separator) if folder]
    in_prefix = join(prefix, "share", "jupyter")
    return tuple(dict.fromkeys((*said, variables.get("JUPYTER_DATA_DIR") or own, in_prefix, *shared)))


def user_site_patterns(variables: Mapping[str, str], home: str, platform: Platform | None = None) -> tuple[str, ...]:
    """Return glob patterns for the user sites of every Python 3 (PEP 370): what `pip install --user` fills."""
    platform = platform or here()
    base = variables.get("PYTHONUSERBASE")
    match platform.system:
        case System.WINDOWS:
            join = ntpath.join
            base = base or join(variables.get("APPDATA") or join(home, "AppData", "Roaming"), "Python")
            return (join(base, "Python3*", "site-packages"),)
        case System.MACOS:
            framework = posixpath.join(home, "Library", "Python", "3.*", "lib", "python", "site-packages")
            own = posixpath.join(base or posixpath.join(home, ".local"), "lib", "python3.*", "site-packages")
            return (framework, own)
        case System.LINUX:
            return (posixpath.join(base or posixpath.join(home, ".local"), "lib", "python3.*", "site-packages"),)


def library_patterns(prefix: str, version: str | None = None, platform: Platform | None = None) -> tuple[str, ...]:
    """Return glob patterns for the folders that a Python with this prefix installs into.

    `version` is as in `3.12`; `None` stands for any. Debian's own Python has `dist-packages`, and those of what its
    user installed in /usr/local.
    """
    if (platform or here()).system is System.WINDOWS:
        return (ntpath.join(prefix, "Lib", "site-packages"),)
    name = f"python{version or '3.*'}"
    join = posixpath.join
    patterns = [join(prefix, lib, name, "site-packages") for lib in ("lib", "lib64")]
    if prefix == "/usr":
        patterns += [join("/usr/local/lib", name, "dist-packages"), join("/usr/lib/python3/dist-packages")]
    return tuple(patterns)


def _xdg_home(variables: Mapping[str, str], home: str) -> str:
    return variables.get("XDG_CONFIG_HOME") or posixpath.join(home, ".config")
