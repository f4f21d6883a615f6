"""One file or folder brought from here to there, so that whoever dies in between leaves only whole ones."""

import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from autoinstall.activate.places import names_in
from autoinstall.activate.staged import digest
from autoinstall.platforms import here

Step = Callable[[str], None]
"""Is told each step right after it was taken: what it does to this process happens between two steps."""

_PATIENCE = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds. On Windows a virus scanner may hold a file that has just been written."""


def silent(_step: str) -> None:
    """Take no notice of a step."""


class BlockedError(Exception):
    """A move cannot be made, since something else stands where it leads or what it starts from is gone.

    Never leaves this package: it becomes a refusal, or is what makes recovery turn back.
    """


def move(source: Path, target: Path, *, is_needed: bool) -> None:
    """Bring a file or folder to a free place, or take it for done where only the target is there.

    Raises `OSError`; `BlockedError` where something else stands there, or neither is there though `is_needed`.
    """
    if not os.path.lexists(source):
        if is_needed and not os.path.lexists(target):
            raise BlockedError(str(source))
        return
    if os.path.lexists(target):
        if not is_copy(source, target):
            raise BlockedError(str(target))
        source.unlink()  # it was copied across file systems, and then somebody died
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        rename(source, target)
    except OSError as problem:
        if problem.errno != errno.EXDEV or source.is_dir():
            raise
        # Another file system: only a whole copy may ever bear the name.
        fresh = target.with_name(f".autoinstall-{target.name}")
        shutil.copy2(source, fresh)
        fresh.replace(target)
        source.unlink()


def rename(source: Path, target: Path) -> None:
    """Rename within one file system, with patience where the platform needs it. Raises `OSError`."""
    for pause in () if here().can_remove_loaded_files else _PATIENCE:
        try:
            source.rename(target)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    source.rename(target)


def is_copy(source: Path, target: Path) -> bool:
    """Tell whether both are regular files of the same content. Raises `OSError`."""
    are_files = all(path.is_file() and not path.is_symlink() for path in (source, target))
    return are_files and digest(source) == digest(target)


def caches_of(path: Path) -> list[Path]:
    """Return the compiled caches that Python has made of a source file, for whichever version."""
    folder = path.parent / "__pycache__"
    names = (name for name in names_in(folder) if name.startswith(f"{path.stem}.") and name.endswith(".pyc"))
    return [folder / name for name in names]
