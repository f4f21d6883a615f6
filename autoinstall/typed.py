"""What a person wants who types names to be installed: import names, or projects' names with the import of each."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from autoinstall import table
from autoinstall.advice import Verdict
from autoinstall.errors import BadRequestError
from autoinstall.names import is_import_name, project_name
from autoinstall.provide import Session
from autoinstall.roles import Outcome, Request, Status
from autoinstall.text import printable

_IMPORTS = (Verdict.INSTALLED, Verdict.TRUSTED, Verdict.CHOICE, Verdict.RARE)
"""What is taken for an import name; another name may be a project's."""


def requests(
    names: Sequence[str],
    project: str | None,
    session: Session,
    tell: Callable[[str], None],
    *,
    is_cell: bool,
    allows_changes: bool = False,
) -> list[Request]:
    """Return what was asked for, one request a name.

    `project` is `NAME` or `NAME==VERSION`, said outright for exactly one import name. A project's name (`Pillow`) is
    told to be one, and becomes a request for its import. Raises `BadRequestError` for what cannot be asked for, and
    `BadProjectNameError` for a name that no project can have.
    """
    if project is None:
        asked = (_request(name, session, tell) for name in names)
        return [replace(one, is_cell=is_cell, allows_changes=allows_changes) for one in asked]
    if len(names) != 1 or not is_import_name(names[0]):
        raise BadRequestError("--project goes with exactly one import name")
    name, has_version, version = (part.strip() for part in project.partition("=="))
    if has_version and not _is_version(version):
        raise BadRequestError(
            f"{printable(version)!r} is not an exact version: write --project NAME, or --project NAME==VERSION"
        )
    return [
        Request(
            names[0],
            is_cell=is_cell,
            is_explicit=True,
            project=project_name(name),
            version=version or None,
            allows_changes=allows_changes,
        )
    ]


def provide_each(
    wanted: Sequence[Request], provide: Callable[[Request], Outcome]
) -> Iterator[tuple[Request, Outcome]]:
    """Have all that is wanted provided, with as few questions as there can be, and yield what came of each, in order.

    What was settled along with an earlier one has its outcome without the note, which has been given. Where nothing
    can be had, as without a network, that is found out and said once.
    """
    settled: dict[str, Outcome] = {}
    is_hopeless = False
    for place, request in enumerate(wanted):
        if request.project is None and (along := settled.get(request.import_name)) is not None:
            yield request, along
            continue
        if is_hopeless:
            yield request, Outcome(Status.FAILED, is_hopeless=True)
            continue
        also = tuple(later.import_name for later in wanted[place + 1 :] if later.project is None)
        outcome = provide(replace(request, also=also))
        along = replace(outcome, note=None)
        settled |= dict.fromkeys(outcome.installed, along)
        settled |= dict.fromkeys(outcome.declined, replace(along, status=Status.DECLINED))
        is_hopeless = outcome.is_hopeless
        yield request, outcome


def _request(name: str, session: Session, tell: Callable[[str], None]) -> Request:
    if session.advise(name).verdict in _IMPORTS:
        return Request(name, is_explicit=True)
    project = project_name(name)
    imports = table.imports_of(project)
    if not imports or imports[0] == name:
        return Request(name, is_explicit=True)
    tell(f"{name} is a project's name; its import is {imports[0]}")
    usual = session.advise(imports[0]).project
    return Request(imports[0], is_explicit=True, project=None if usual == project else project)


def _is_version(text: str) -> bool:
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 - only where one was named

    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def as_json(request: Request, outcome: Outcome) -> str:
    """Return what came of a request as one JSON object on one line."""
    return json.dumps(
        {
            "import_name": request.import_name,
            "status": outcome.status,
            "installed": outcome.installed,
            "declined": outcome.declined,
            "note": outcome.note,
        }
    )
