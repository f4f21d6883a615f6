"""What was installed here before: told, taken back, and written down for another environment."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from autoinstall.errors import BadRequestError
from autoinstall.past import pins
from autoinstall.past.pins import Pin
from autoinstall.past.transaction import TakenBack, Transaction
from autoinstall.plan import Obstacle, Refusal
from autoinstall.provide import Session
from autoinstall.text import printable, version_as_text

_LONGEST = 1000


def as_json(transaction: Transaction) -> str:
    """Return one JSON object on one line; times are UTC, `undone` is null while the transaction stands.

    `replaced` is the version that a distribution took the place of, null where there was none.
    """
    return json.dumps(
        {
            "id": transaction.id,
            "when": transaction.when.isoformat(),
            "prefix": transaction.prefix,
            "python": transaction.python,
            "installer": transaction.installer,
            "import_names": transaction.wanted,
            "distributions": [
                {
                    "project": each.project,
                    "version": each.version,
                    "replaced": transaction.before.get(each.project),
                }
                for each in transaction.distributions
            ],
            "undone": None if transaction.undone is None else transaction.undone.isoformat(),
        }
    )


def as_text(transaction: Transaction) -> str:
    """Return what people read: when by their own clock and the id, then what, for which import, and where."""
    asked = f" (for import {', '.join(transaction.wanted)})" if transaction.wanted else ""
    where = f"{transaction.prefix} (Python {transaction.python}) with {transaction.installer}"
    lines = [
        f"{_local(transaction.when)}  id {printable(transaction.id)}",
        f"  {printable(transaction.told, _LONGEST)}{asked}",
        f"  into {printable(where, _LONGEST)}",
    ]
    if transaction.undone is not None:
        lines.append(f"  taken back {_local(transaction.undone)}")
    return "\n".join(lines)


def undo(session: Session, identity: str | None = None, *, is_cell: bool) -> TakenBack | Refusal:
    """Take back a transaction: this process's last that stands, or the one of an id (or the beginning of one).

    Afterwards its import names may be asked for again. Raises `BadRequestError` where several ids begin so.
    """
    machine = session.machine
    ours = f"{'%' if is_cell else ''}autoinstall"
    if identity is None:
        transaction = machine.last_of_this_session()
        if transaction is None:
            sentence = f"this {'kernel' if is_cell else 'process'} has installed nothing that could be taken back"
            standing = [each for each in machine.transactions() if each.undone is None]
            if standing:
                last = standing[-1]
                sentence += (
                    f"; what another has installed is taken back by its id, as the last here ({last.names}): "
                    f"{ours} undo {printable(last.id)}"
                )
            return Refusal(Obstacle.NOT_FOUND, sentence)
    else:
        found = _of_id(identity, machine.transactions())
        if not found:
            sentence = f"no install has the id {printable(identity, 60)!r}; {ours} history lists those that there are"
            return Refusal(Obstacle.NOT_FOUND, sentence)
        if len(found) > 1:
            raise BadRequestError(f"{len(found)} ids begin with {printable(identity, 60)!r}: write more of the one")
        transaction = found[0]
    if transaction.undone is not None:
        sentence = f"{transaction.names} was taken back already, {_local(transaction.undone)}"
        return Refusal(Obstacle.NOT_FOUND, sentence)
    try:
        done = machine.take_back(transaction, session.screen)
    finally:
        session.screen.clear()
    if isinstance(done, TakenBack):
        session.forget(transaction.wanted)
    return done


def undone_as_json(done: TakenBack | Refusal, identity: str | None) -> str:
    """Return what came of an undo as one JSON object on one line.

    `status` is `undone`, `declined` or `failed`; `note` says why it was not, and is null where it was. `id` is the
    transaction's, or what was asked for; `put_back` are the versions that it had replaced, `kept` the files that were
    changed since and where they are, `loaded` import names that this process still has.
    """
    answer: dict[str, object] = {"id": identity, "removed": [], "put_back": [], "kept": [], "loaded": []}
    if isinstance(done, Refusal):
        answer |= {"status": "declined" if is_declined(done) else "failed", "note": f"{done.sentence}."}
    else:
        answer |= {
            "id": done.transaction.id,
            "status": "undone",
            "removed": [{"project": one.project, "version": one.version} for one in done.transaction.distributions],
            "put_back": [{"project": one.project, "version": one.version} for one in done.transaction.replaced],
            "kept": [str(path) for path in done.kept],
            "loaded": list(done.loaded),
            "note": None,
        }
    return json.dumps(answer)


def is_declined(refusal: Refusal) -> bool:
    """Tell whether an undo was not to be, such as for want of anything to take back; else it failed."""
    return refusal.obstacle in (Obstacle.NOT_FOUND, Obstacle.NEEDED, Obstacle.CHANGED)


def undone_as_text(done: TakenBack, *, is_cell: bool) -> str:
    """Return what people read after an undo: what went, what was kept and where, what this process still has."""
    lines = [f"Removed {printable(done.transaction.names, _LONGEST)}."]
    if done.transaction.replaced:
        before = ", ".join(f"{each.project} {version_as_text(each.version)}" for each in done.transaction.replaced)
        lines.append(f"Put back {printable(before, _LONGEST)}.")
    lines += [
        f"  Changed since it was installed, and so kept: {printable(str(path), _LONGEST)}" for path in done.kept
    ]
    if done.loaded and done.transaction.replaced:
        # Of these some may have loaded parts of both by now.
        what = "the kernel" if is_cell else "the program"
        lines.append(f"  Imported already: {printable(', '.join(done.loaded), _LONGEST)}. Restart {what}.")
    elif done.loaded:
        until = "the kernel is restarted" if is_cell else "the program ends"
        lines.append(f"  Imported already, and usable until {until}: {printable(', '.join(done.loaded), _LONGEST)}")
    return "\n".join(lines)


def freeze(session: Session) -> tuple[Pin, ...]:
    """Return as exact pins what was installed here by way of us, was not taken back and is installed still."""
    return pins.standing(session.machine.transactions(), session.machine.versions())


def frozen_as_json(frozen: Sequence[Pin]) -> str:
    """Return one JSON object a line."""
    return "".join(f"{pins.as_json(pin)}\n" for pin in frozen)


def frozen_as_text(frozen: Sequence[Pin], session: Session) -> str:
    """Return the text of the file that `restore` reads."""
    return pins.as_text(frozen, session.machine.python, date.today())  # noqa: DTZ011 - the person's own calendar


def write(text: str, file: Path) -> None:
    """Write a new file; raises `BadRequestError` where one is there already, or none can be written."""
    try:
        with file.open("x", encoding="ascii", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        raise BadRequestError(f"{printable(str(file))} is there already: name another file, or remove it") from None
    except OSError as problem:
        raise BadRequestError(f"{printable(str(file))} cannot be written: {problem.strerror or problem}") from problem


def _of_id(identity: str, transactions: Sequence[Transaction]) -> list[Transaction]:
    exact = [each for each in transactions if each.id == identity]
    return exact or [each for each in transactions if identity and each.id.startswith(identity)]


def _local(when: datetime) -> str:
    return f"{when.astimezone():%Y-%m-%d %H:%M:%S}"
