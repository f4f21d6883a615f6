"""A project's page on the index, and the one wheel of it that is worth opening."""

import json
import re
from datetime import UTC
from http import HTTPStatus

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version
from pypi_simple import ACCEPT_JSON_PREFERRED, DistributionPackage, ProjectPage, UnsupportedRepoVersionError

from autoinstall.names import ProjectName, project_name
from data.observer.client import Allowance, Answer, Client
from data.observer.errors import FailedError, RefusedError

LONGEST_PAGE = 64_000_000
"""In bytes, after decompression; the longest real pages have some tens of thousands of files."""

_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = frozenset({"application/vnd.pypi.simple.v1+html", "text/html"})
_PYTHON_3 = re.compile(r"(?:py|cp|pp|graalpy)3\d*", re.ASCII)
_SOME_LINUX = re.compile(r"(?:many)?linux.*x86_64")


def read_page(client: Client, index_url: str, project: ProjectName, allowance: Allowance) -> ProjectPage | None:
    """Return the project's page, JSON where the index has it, or `None` where it knows no such project.

    Raises `FailedError` for anything that is not this project's page: pages change, so a later run asks again.
    """
    url = f"{index_url.rstrip('/')}/{project}/"
    try:
        answer = client.get(url, allowance, most=LONGEST_PAGE, headers={"Accept": ACCEPT_JSON_PREFERRED})
    except RefusedError as error:
        raise FailedError(f"its page: {error.reason}") from error
    if answer.status == HTTPStatus.NOT_FOUND:
        return None
    if answer.status != HTTPStatus.OK:
        raise FailedError(f"its page was answered with {answer.status}")
    try:
        return _parsed(answer, project)
    except (ValueError, RecursionError, UnsupportedRepoVersionError) as error:
        raise FailedError(f"its page is not one of a simple index ({type(error).__name__})") from error


def newest_wheel(page: ProjectPage, project: ProjectName) -> DistributionPackage | None:
    """Return the wheel to open, or `None` where there is none for Python 3.

    Newest version that has a wheel and is not yanked, final releases before pre-releases. Of its wheels: for any
    platform, then for Linux on x86-64, then others; the newest interpreter; the smallest; the last by name.
    """
    suitable = [(key, package) for package in page.packages if (key := _preference(package, project)) is not None]
    return max(suitable, key=lambda pair: pair[0])[1] if suitable else None


def oldest_month(page: ProjectPage) -> str | None:
    """Return the month, as in `2016-07`, in which the oldest file came, or `None` where the index tells no times.

    Yanked files count; removed ones are not on the page, so that a project may be older than that.
    """
    times = [package.upload_time for package in page.packages if package.upload_time is not None]
    return f"{min(times).astimezone(UTC):%Y-%m}" if times else None


def _preference(
    package: DistributionPackage, project: ProjectName
) -> tuple[bool, Version, int, tuple[int, ...], int, str] | None:
    if package.is_yanked:
        return None
    try:
        name, version, _, tags = parse_wheel_filename(package.filename)
    except InvalidWheelFilename:
        return None
    fitting = [tag for tag in tags if _PYTHON_3.fullmatch(tag.interpreter)]
    if project_name(name) != project or not fitting:
        return None
    platform = max(2 if tag.platform == "any" else 1 if _SOME_LINUX.fullmatch(tag.platform) else 0 for tag in fitting)
    interpreter = max(tuple(int(digits) for digits in re.findall(r"3|(?<=3)\d+", tag.interpreter)) for tag in fitting)
    return not version.is_prerelease, version, platform, interpreter, -(package.size or 0), package.filename


def _parsed(answer: Answer, project: ProjectName) -> ProjectPage:
    content_type = answer.headers.get("Content-Type", "text/html").partition(";")[0].strip().lower()
    if content_type == _JSON:
        page = ProjectPage.from_json_data(json.loads(answer.body), answer.url)
        if project_name(page.project) != project:
            raise ValueError(page.project)
        return page
    if content_type not in _HTML:
        raise ValueError(content_type)
    page = ProjectPage.from_html(project, answer.body, answer.url)
    # A page to log in on is HTML too: without a version of the API or one file of the project it is no page of it.
    if page.repository_version is None and not any(
        package.project is not None and project_name(package.project) == project for package in page.packages
    ):
        raise ValueError(answer.url)
    return page
