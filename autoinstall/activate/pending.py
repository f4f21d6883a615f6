"""A transaction under way: what is to be moved where, written down before the first move, carried forward or back."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from autoinstall.activate.aside import Aside
from autoinstall.activate.moving import BlockedError, Step, caches_of, is_copy, move, rename, silent
from autoinstall.activate.owners import owned
from autoinstall.activate.places import OURS, WORK, names_in, ours, real, relative, resolved
from autoinstall.activate.staged import digest
from autoinstall.environment import Environment, installed
from autoinstall.past.transaction import Added, Transaction, as_json, from_json

Action = Literal["add", "withdraw", "remove"]

Move = tuple[str, str]
"""From where and to where, both from purelib: a file, or a whole folder whose place is free."""

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What a system says where no space, or no quota, is left."""

_JOURNAL = "pending.json"
_DONE = "done.json"


@dataclass(frozen=True, slots=True)
class Pending:
    """What a transaction does to the environment.

    `add` moves in what is staged; `withdraw` is an `add` that is to be undone, however far it has come; `remove`
    moves out what is there. What the transaction replaces is put aside before an `add`, and put back after a
    `remove` or when an `add` is undone: at a place that is shared by the old and the new lies the new if, and only
    if, the old is kept aside.
    """

    action: Action
    transaction: Transaction
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Work:
    """The folder of one transaction that is under way, with all of its files that are not in their place."""

    folder: Path
    environment: Environment

    @cached_property
    def base(self) -> Path:
        """What the paths of transactions and moves start from."""
        return real(self.environment.purelib)

    @property
    def aside(self) -> Path:
        """Where things go that leave their place. Short: some of them have long paths already (Windows)."""
        return self.folder / "a"

    def write(self, pending: Pending) -> None:
        """Put the journal down, so that it outlives a power cut; until then nothing may have moved.

        Raises `OSError`.
        """
        text = json.dumps(
            {"action": pending.action, "moves": pending.moves, "transaction": as_json(pending.transaction)}
        )
        fresh = self.folder / f"{_JOURNAL}.new"
        with fresh.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self.folder / _JOURNAL)
        _flush_folder(self.folder)

    def read(self) -> Pending | None:
        """Return the journal, `None` where nothing has been moved yet."""
        try:
            raw = json.loads((self.folder / _JOURNAL).read_text(encoding="utf-8"))
            moves = tuple((str(source), str(target)) for source, target in raw["moves"])
            transaction = from_json(raw["transaction"])
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, KeyError, TypeError):
            # It was flushed before it was given its name: only a hand, or a newer version, can have made it so.
            return None
        if transaction is None or raw["action"] not in get_args(Action):
            return None
        return Pending(raw["action"], transaction, moves)

    def forward(self, pending: Pending, step: Step = silent) -> None:
        """Make all moves that have not been made. Raises `OSError` or `BlockedError`; then carry it back."""
        aside = Aside(self.environment, pending.transaction)
        if pending.action == "add":
            aside.put(step)
        old = aside.places_of_old() if pending.action == "remove" else ()
        for source, target in pending.moves:
            if resolved(source, self.base) not in old:
                move(resolved(source, self.base), resolved(target, self.base), is_needed=pending.action == "add")
                step(f"moved {target}")
        if pending.action == "remove":
            self._drop_folders(pending.transaction)
            self._put_back(pending.transaction, aside, step)
        # The folders, not what is in the files: to flush 300 files of 50 MB together took 1.1 s (ext4), eight small
        # ones 5 ms. After a power cut RECORD's hashes tell which are not whole.
        for folder in {resolved(target, self.base).parent for _, target in pending.moves}:
            _flush_folder(folder)

    def turn_back(self, pending: Pending, step: Step = silent) -> tuple[Path, ...]:
        """Undo an `add` for good: whoever takes it up after this process will not finish it but undo it too.

        Returns what `back` returns; raises `OSError` where that has to be left to them.
        """
        with suppress(OSError):  # on a full disk: then it may be finished, which is whole as well
            self.write(replace(pending, action="withdraw"))
            step("turned back")
        kept = self.back(pending, step)
        self.close()
        return kept

    def check(self, pending: Pending) -> None:
        """Raise `BlockedError` unless each file that was added is in its place, with its content."""
        for file in pending.transaction.files:
            path = resolved(file.path, self.base)
            try:
                is_whole = digest(path).hex() == file.sha256
            except OSError:
                is_whole = False
            if not is_whole:
                raise BlockedError(file.path)

    def back(self, pending: Pending, step: Step = silent) -> tuple[Path, ...]:
        """Undo all moves that have been made; return files that somebody changed meanwhile, where they are kept now.

        What was added goes, unless another installed distribution claims it by now; what a move has not reached is
        not touched. Raises `OSError`; to be called again then.
        """
        aside = Aside(self.environment, pending.transaction)
        if pending.action == "remove":
            aside.put(step, is_needed=False)
            for source, target in reversed(pending.moves):
                if os.path.lexists(resolved(target, self.base)):
                    move(resolved(target, self.base), resolved(source, self.base), is_needed=False)
                    step(f"put back {source}")
            return ()
        old = aside.places_of_old()
        moved = {resolved(target, self.base) for source, target in pending.moves if self._is_made(source, target)}
        # The metadata goes first: nobody may take this for installed from now on, not even the search for owners.
        for source, target in reversed(pending.moves):
            if target.endswith(".dist-info") and self._is_made(source, target):
                move(resolved(target, self.base), resolved(source, self.base), is_needed=False)
                step(f"withdrew {target}")
        claimed, kept = owned(tuple({self.base, real(self.environment.platlib)}), self.environment.prefix), []
        for number, file in enumerate(pending.transaction.files):
            path = resolved(file.path, self.base)
            is_ours = path not in old and (path in moved or not moved.isdisjoint(path.parents))
            if not is_ours or not os.path.lexists(path) or os.path.normcase(path) in claimed:
                continue
            if path.is_file() and digest(path).hex() == file.sha256:
                self._discard(path, number)
            else:
                kept.append(self.place_to_keep(pending.transaction, file, number))
                move(path, kept[-1], is_needed=False)
            step(f"removed {file.path}")
        self._drop_folders(pending.transaction)
        self._put_back(pending.transaction, aside, step)
        return tuple(kept)

    def _put_back(self, transaction: Transaction, aside: Aside, step: Step) -> None:
        """Put back what was replaced, unless somebody has installed that project anew since."""
        if transaction.replaced:
            sites = (self.base, real(self.environment.platlib))
            there = installed([str(site) for site in sites])
            aside.put_back(there.keys(), owned(tuple({*sites}), self.environment.prefix), step)

    def place_to_keep(self, transaction: Transaction, file: Added, number: int) -> Path:
        """Return where a file goes that is in the way of an undo, but holds what somebody has written since."""
        return self.base / OURS / "kept" / transaction.id / str(number) / PurePosixPath(file.path).name

    def close(self) -> None:
        """Forget the transaction, which is whole or gone; what is in use (Windows) goes at a later start.

        Raises `OSError` where the journal itself cannot be put aside.
        """
        with suppress(FileNotFoundError):
            (self.folder / _JOURNAL).replace(self.folder / _DONE)
        self.clear()

    @property
    def is_closed(self) -> bool:
        """Tell whether only rubbish is left."""
        return (self.folder / _DONE).exists()

    def clear(self) -> None:
        """Remove the folder and all in it; what is in use stays for another time. Raises nothing."""
        # The mark goes last, and only once nothing is left for it to explain.
        for path in (self.folder / name for name in names_in(self.folder) if name != _DONE):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()
        with suppress(OSError):
            if names_in(self.folder) == [_DONE]:
                (self.folder / _DONE).unlink()
        for folder in (self.folder, self.folder.parent):
            with suppress(OSError):
                folder.rmdir()

    def relative(self, path: str | Path) -> str:
        """Return a path as transactions and moves write it."""
        return relative(path, self.base)

    def _is_made(self, source: str, target: str) -> bool:
        start, end = resolved(source, self.base), resolved(target, self.base)
        return os.path.lexists(end) and (not os.path.lexists(start) or is_copy(start, end))

    def _discard(self, path: Path, number: int) -> None:
        try:
            path.unlink()
        except PermissionError:
            # Windows: a loaded extension module cannot be removed, but renamed.
            self.aside.mkdir(exist_ok=True)
            rename(path, self.aside / f"{number}")
        if path.suffix == ".py":
            for compiled in caches_of(path):
                compiled.unlink(missing_ok=True)

    def _drop_folders(self, transaction: Transaction) -> None:
        sources = {resolved(file.path, self.base) for file in transaction.files if file.path.endswith(".py")}
        folders = [
            *{path.parent / "__pycache__" for path in sources},
            *(resolved(folder, self.base) for folder in reversed(transaction.folders)),
        ]
        for folder in folders:
            with suppress(OSError):  # not empty: it holds what others have put there
                folder.rmdir()


def works(environment: Environment) -> Iterator[Work]:
    """Yield all transactions that are under way in an environment, by whomever."""
    folder = ours(environment) / WORK
    for name in names_in(folder):
        yield Work(folder / name, environment)


def _flush_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows cannot open a folder, and needs not
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
