"""Pages read from what an index sent, and whatever is no page refused.

Imports pypi-simple, and so is itself imported only when something has been asked.
"""

import json
import re
import warnings
from datetime import UTC, datetime

from pypi_simple import DistributionPackage, ProjectPage, UnsupportedRepoVersionError

from autoinstall.errors import BadProjectNameError
from autoinstall.index.answers import NoPage, Page, Problem, Published, Standing
from autoinstall.index.transport import Body
from autoinstall.names import ProjectName, project_name

_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_page(project: ProjectName, index: str, body: Body) -> Page | NoPage:
    """Read a page, JSON (PEP 691) or HTML (PEP 503).

    Refused as garbage: what cannot be read, another project's page, and HTML that neither says that it is an index's
    nor links to a file of the project (a network's page to log in on). Files of other projects are left out.
    """
    try:
        with warnings.catch_warnings():
            # Of a newer minor version of the format and of odd HTML: the result is looked at all the same.
            warnings.simplefilter("ignore")
            page = _parsed(project, body)
    except (ValueError, UnsupportedRepoVersionError, RecursionError) as error:
        return NoPage(project, index, Problem.GARBAGE, type(error).__name__)
    files = tuple(file for package in page.packages if (file := _published(project, package)) is not None)
    if not files and page.repository_version is None:
        return NoPage(project, index, Problem.GARBAGE, "no file of the project is on it")
    return Page(
        project=project,
        index=index,
        standing=Standing.ACTIVE if page.status is None else Standing(page.status.value),
        files=files,
    )


def _parsed(project: ProjectName, body: Body) -> ProjectPage:
    media_type, _, parameters = body.content_type.partition(";")
    if media_type.strip().lower() == "application/vnd.pypi.simple.v1+json":
        said = json.loads(body.content)
        if isinstance(said, dict):
            _drop_unknown_status(said)
        page = ProjectPage.from_json_data(said, body.url)
        if _normalised(page.project) != project:
            raise ValueError(page.project)
        return page
    if media_type.strip().lower() not in {"application/vnd.pypi.simple.v1+html", "text/html"}:
        raise ValueError(media_type)
    charset = re.search(r"charset=\"?([\w.:-]+)", parameters)
    return ProjectPage.from_html(project, body.content, body.url, charset and charset[1])


def _drop_unknown_status(said: dict[str, object]) -> None:
    """Let a status that PEP 792 gains one day not spoil the rest of the page."""
    marker = said.get("project-status")
    if isinstance(marker, dict) and marker.get("status") not in set(Standing):
        del said["project-status"]


def _published(project: ProjectName, package: DistributionPackage) -> Published | None:
    if package.project is None or package.version is None or _normalised(package.project) != project:
        return None
    if package.package_type not in {"wheel", "sdist"}:
        return None
    sha256 = package.digests.get("sha256", "").lower()
    return Published(
        name=package.filename,
        url=package.url,
        version=package.version,
        is_wheel=package.package_type == "wheel",
        sha256=sha256 if _SHA256.fullmatch(sha256) else None,
        size=package.size if package.size is not None and package.size >= 0 else None,
        uploaded=_aware(package.upload_time),
        requires_python=package.requires_python,
        yanked=(package.yanked_reason or "") if package.is_yanked else None,
    )


def _aware(moment: datetime | None) -> datetime | None:
    # PEP 700: in UTC, `Z` at the end; some indexes leave that out.
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _normalised(name: str) -> str:
    try:
        return project_name(name)
    except BadProjectNameError:
        return ""
