"""What of the file system this person can see: what cannot be looked at is taken as not there.

`pathlib` says so from Python 3.14 on. Up to 3.13 its questions raise where a folder is somebody else's, or a drive
has gone: `PermissionError`, a stale file handle.
"""

import os
import shutil
from pathlib import Path


def exists(path: str | Path) -> bool:
    """Tell whether there is anything at `path`."""
    return os.path.exists(path)  # noqa: PTH110 - see above


def is_file(path: str | Path) -> bool:
    """Tell whether there is a file at `path`, or a link to one."""
    return os.path.isfile(path)  # noqa: PTH113 - see above


def is_folder(path: str | Path) -> bool:
    """Tell whether there is a folder at `path`, or a link to one."""
    return os.path.isdir(path)  # noqa: PTH112 - see above


def nearest(folder: Path) -> Path:
    """Return `folder` or, where it is not there yet, the nearest above it that is."""
    while not exists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def free_space(folder: Path) -> int | None:
    """Return how many bytes are free where `folder` is or will be, `None` where that cannot be told."""
    try:
        return shutil.disk_usage(nearest(folder)).free
    except OSError:
        return None
