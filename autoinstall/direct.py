"""Installs by a tool that keeps an environment's records itself, as conda does: carried out, verified, taken back."""

import importlib
import os
import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from autoinstall import activate, run
from autoinstall.environment import Environment, Installed, conda_meta, installed
from autoinstall.environment.conda_meta import Linked
from autoinstall.installers import DirectInstaller
from autoinstall.names import CondaName
from autoinstall.past.transaction import Added, Distribution, Record, TakenBack, Transaction, new_id
from autoinstall.plan import Obstacle, Plan, Refusal


def install(
    plan: Plan,
    tool: DirectInstaller,
    environment: Environment,
    record: Record,
    *,
    session: str,
    show: Callable[[run.Progress], None],
) -> Transaction | Refusal:
    """Have the tool install exactly the plan, and make it importable in this process.

    What came in is told by the environment's own records, before and after. Where it is not what was planned, or does
    not provide what was asked for, it is taken out again. Call it under `activate.lock`.
    """
    before = conda_meta.linked(environment.prefix)
    if any(item.project in before for item in plan.items):
        return Refusal(Obstacle.CHANGED, "The environment has changed meanwhile.")
    refusal = run.carry_out(tool.install(plan, environment), show)
    after = conda_meta.linked(environment.prefix)
    added = [one for name, one in after.items() if name not in before]
    if refusal is None:
        refusal = _not_as_planned(plan, before, after)
    transaction = _transaction(plan, added, environment, session)
    if refusal is None:
        activate.refresh(transaction, environment)
        problems = (activate.verify(name, transaction, environment) for item in plan.items for name in item.wanted_as)
        refusal = next((problem for problem in problems if problem is not None), None)
    if refusal is not None:
        return _withdrawn(refusal, added, tool, environment)
    try:
        # conda's records tell of the files: thousands of them need not be told twice.
        record.add(replace(transaction, files=()))
    except OSError as problem:
        sentence = f"not installed, since it cannot be noted down for an undo: {problem.strerror or problem}"
        return _withdrawn(Refusal(Obstacle.NOT_WRITABLE, sentence), added, tool, environment)
    return transaction


def take_back(
    transaction: Transaction,
    tool: DirectInstaller,
    environment: Environment,
    record: Record,
    *,
    show: Callable[[run.Progress], None],
) -> TakenBack | Refusal:
    """Have the tool remove exactly what a transaction added, and strike it from the record.

    Refuses where something else has come to need it: a package that conda knows, or a distribution that it does not.
    Call it under `activate.lock`.
    """
    there = conda_meta.linked(environment.prefix)
    added = (Linked(CondaName(each.project), each.version, each.build) for each in transaction.distributions)
    going = [one for one in added if one.name in there]
    if not going:
        return Refusal(Obstacle.NOT_FOUND, f"{transaction.names} is not installed any more: there is nothing to undo")
    files = _files(going, environment)
    seen = installed()
    brought = {one.project for one in seen.values() if _is_among(one, files, environment)}
    if (refusal := activate.needed_by_others(brought, seen)) is not None:
        return refusal
    refusal = run.carry_out(tool.remove(going, environment), show)
    if refusal is not None:
        return refusal
    record.strike(transaction)
    importlib.invalidate_caches()
    return TakenBack(transaction, (), activate.loaded(file.path for file in files))


def _not_as_planned(
    plan: Plan, before: Mapping[CondaName, Linked], after: Mapping[CondaName, Linked]
) -> Refusal | None:
    planned = {conda_meta.from_file_name(item.file.name) for item in plan.items}
    differing = {*before.values(), *planned} ^ {*after.values()}
    if not differing:
        return None
    other = ", ".join(sorted(one.stem for one in differing if one is not None))
    return Refusal(Obstacle.TOOL_FAILED, f"{plan.installer} did something else than was shown: {other}")


def _withdrawn(refusal: Refusal, added: Sequence[Linked], tool: DirectInstaller, environment: Environment) -> Refusal:
    if not added:
        return refusal
    problem = run.carry_out(tool.remove(added, environment))
    importlib.invalidate_caches()
    if problem is None:
        return refusal
    left = ", ".join(f"{one.name} {one.version}" for one in added)
    return replace(refusal, sentence=f"{refusal.sentence.rstrip('.')}; {left} could not be taken out again")


def _transaction(plan: Plan, added: Sequence[Linked], environment: Environment, session: str) -> Transaction:
    return Transaction(
        id=new_id(),
        when=datetime.now(UTC),
        prefix=str(environment.prefix),
        python=environment.python_version,
        installer=plan.installer,
        process=os.getpid(),
        session=session,
        wanted=tuple(name for item in plan.items for name in item.wanted_as),
        wanted_from={name: item.project for item in plan.items for name in item.wanted_as},
        distributions=tuple(Distribution(one.name, one.version, one.build) for one in added),
        files=_files(added, environment),
    )


def _files(these: Sequence[Linked], environment: Environment) -> tuple[Added, ...]:
    """Return their files as a transaction has them: from purelib."""
    start = _from_purelib(environment.prefix, environment)
    return tuple(
        Added(posixpath.normpath(f"{start}/{file.path}"), file.sha256, file.size)
        for one in these
        for file in conda_meta.files_of(environment.prefix, one)
    )


def _is_among(one: Installed, files: Sequence[Added], environment: Environment) -> bool:
    """Tell whether a distribution's metadata is among the files."""
    if one.metadata_folder is None:
        return False
    folder = _from_purelib(one.metadata_folder, environment)
    return any(file.path.startswith(f"{folder}/") for file in files)


def _from_purelib(path: Path, environment: Environment) -> str:
    return os.path.relpath(os.path.realpath(path), os.path.realpath(environment.purelib)).replace(os.sep, "/")
