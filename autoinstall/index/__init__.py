"""What indexes say about projects: details, dates that a resolver cannot give, and why a resolve has failed.

Nothing here is ever asked by itself, and nothing may be asked about a name that the table does not know or that the
user has not written out: that duty is the callers', who alone know where a name comes from. requests and pypi-simple
take half a second to import, and so are imported when the first question is asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from autoinstall.index.answers import DEFAULT_INDEX, Access, Limits, NoPage, Page, Problem, Published, Standing
from autoinstall.names import ProjectName
from autoinstall.plan import Item, Plan, Refusal
from autoinstall.text import redacted

if TYPE_CHECKING:
    from autoinstall.index.absence import Absence, Target

__all__ = [
    "DEFAULT_INDEX",
    "Access",
    "Limits",
    "NoPage",
    "Page",
    "Problem",
    "Published",
    "Standing",
    "date",
    "pages",
    "settle",
    "why_not",
]


def pages(
    projects: Iterable[ProjectName], access: Access | None = None, limits: Limits | None = None
) -> Mapping[ProjectName, tuple[Page | NoPage, ...]]:
    """Ask every index for every project's page, and return the answers in the order of the indexes.

    Takes at most `limits.total` seconds together, whatever the indexes do (by default 9: who is offline is told so
    within 10). What is not a page, or is too large for one, is a `NoPage` and never raised. Callers see to it that no
    unknown name is among `projects`.
    """
    # Here and not above: see the module's docstring.
    from pypi_simple import PYPI_SIMPLE_ENDPOINT  # noqa: PLC0415

    from autoinstall.index.reading import read_page  # noqa: PLC0415
    from autoinstall.index.transport import Failed, fetch  # noqa: PLC0415

    access, limits, projects = access or Access(), limits or Limits(), tuple(dict.fromkeys(projects))
    indexes = tuple(url if url != DEFAULT_INDEX else PYPI_SIMPLE_ENDPOINT for url in access.urls)
    # PEP 503: the project's normalised name, and a slash at the end.
    addresses = {(project, index): f"{index.rstrip('/')}/{project}/" for project in projects for index in indexes}
    bodies = fetch(addresses.values(), access, limits)

    def answer(project: ProjectName, index: str) -> Page | NoPage:
        body = bodies[addresses[project, index]]
        if isinstance(body, Failed):
            return NoPage(project, redacted(index), body.problem, body.details)
        return read_page(project, redacted(index), body)

    return {project: tuple(answer(project, index) for index in indexes) for project in projects}


def date(plan: Plan, access: Access | None = None, limits: Limits | None = None) -> Plan:
    """Return the plan with the upload times and sizes that its resolver did not know and an index does.

    Only a file of the same name and the same sha256 is the same file. What no index says in time stays unknown. Asks
    nothing where nothing is missing.
    """
    undated = [item.project for item in plan.items if item.file.uploaded is None or item.file.size is None]
    return _dated(plan, pages(undated, access, limits)) if undated else plan


def settle(
    plan: Plan,
    access: Access | None = None,
    limits: Limits | None = None,
    *,
    is_last_the_least: bool = True,
    has_folders: bool = False,
) -> Plan | Refusal:
    """Return pip's plan, dated and with the index of each file, or why a file must not come from where it would.

    Asks every index for every project of the plan; see `precedence.settle` for what is refused.
    """
    from autoinstall.index import precedence  # noqa: PLC0415 - only for those who have several indexes

    answers = pages((item.project for item in plan.items), access, limits)
    settled = precedence.settle(plan, answers, is_last_the_least=is_last_the_least, has_folders=has_folders)
    return settled if isinstance(settled, Refusal) else _dated(settled, answers)


def _dated(plan: Plan, answers: Mapping[ProjectName, tuple[Page | NoPage, ...]]) -> Plan:
    published = {
        (file.name, file.sha256): file
        for each in answers.values()
        for answer in each
        if isinstance(answer, Page)
        for file in answer.files
        if file.sha256 is not None
    }

    def dated(item: Item) -> Item:
        found = published.get((item.file.name, item.file.sha256))
        if found is None:
            return item
        uploaded = found.uploaded if item.file.uploaded is None else item.file.uploaded
        size = found.size if item.file.size is None else item.file.size
        return replace(item, file=replace(item.file, uploaded=uploaded, size=size))

    return replace(plan, items=tuple(dated(item) for item in plan.items))


def why_not(
    project: ProjectName,
    python: "str | Target",
    access: Access | None = None,
    limits: Limits | None = None,
    *,
    version: str | None = None,
    min_age_days: float = 0,
) -> "Absence":
    """Ask the indexes why a resolver found nothing for `project`; see `absence.explain` for what can be the answer.

    `python` is the running interpreter's version (`environment.current().python_version`), or another's `Target`.
    """
    from autoinstall.index.absence import Target, explain  # noqa: PLC0415 - packaging is only for those who ask

    target = Target.here(python) if isinstance(python, str) else python
    answers = pages([project], access, limits)[project]
    return explain(project, answers, target, version=version, min_age_days=min_age_days)
