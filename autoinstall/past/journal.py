"""What autoinstall has installed into an environment, kept in that environment, one JSON object a line."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from autoinstall.past.transaction import Transaction, as_json, from_json


class Journal:
    """The record of one environment's transactions: lines are only ever added.

    Readable by any version, and by people; what a version does not understand it passes over, and so the last line
    where somebody died while writing it. Writers may be many: each line is written at once, and an environment's lock
    is held while writing in any case.
    """

    def __init__(self, purelib: Path) -> None:
        self._path = purelib / ".autoinstall" / "history.jsonl"

    def add(self, transaction: Transaction) -> None:
        """Keep a transaction; one that is kept already stays as it is. Raises `OSError`."""
        if self.by_id(transaction.id) is None:
            self._append(as_json(transaction))

    def strike(self, transaction: Transaction) -> None:
        """Note that a transaction was taken back, now. Raises `OSError`."""
        found = self.by_id(transaction.id)
        if found is not None and found.undone is None:
            self._append({"undone": transaction.id, "when": datetime.now(UTC).isoformat()})

    def transactions(self) -> tuple[Transaction, ...]:
        """Return all transactions, oldest first, those that were taken back too; none where nothing can be read."""
        found: dict[str, Transaction] = {}
        for raw in self._lines():
            if (transaction := from_json(raw)) is not None:
                found.setdefault(transaction.id, transaction)
            elif isinstance(raw, dict) and (struck := found.get(str(raw.get("undone")))) is not None:
                with suppress(KeyError, TypeError, ValueError):
                    found[struck.id] = replace(struck, undone=datetime.fromisoformat(raw["when"]))
        return tuple(found.values())

    def by_id(self, identity: str) -> Transaction | None:
        """Return the transaction of this id, `None` where there is none."""
        return next((each for each in self.transactions() if each.id == identity), None)

    def last_of(self, session: str) -> Transaction | None:
        """Return what a session installed last and has not taken back, `None` where there is nothing."""
        standing = (each for each in self.transactions() if each.session == session and each.undone is None)
        return max(standing, key=lambda each: each.when, default=None)

    def _lines(self) -> Iterator[object]:
        try:
            content = self._path.read_bytes()
        except OSError:
            return
        for line in content.split(b"\n"):
            with suppress(ValueError):
                yield json.loads(line)

    def _append(self, raw: dict[str, object]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(raw, ensure_ascii=True).encode() + b"\n"
        with self._path.open("ab+", buffering=0) as stream:
            size = stream.seek(0, os.SEEK_END)
            if size:
                stream.seek(size - 1)
                if stream.read(1) != b"\n":
                    line = b"\n" + line  # somebody died while writing: that line is lost, this one is not
            try:
                while line:
                    line = line[stream.write(line) :]
                os.fsync(stream.fileno())
            except OSError:
                stream.truncate(size)
                raise
