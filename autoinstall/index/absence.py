"""Why a project cannot be had, read from its pages: no network, no interpreter, facts in and an explanation out."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, sys_tags
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from autoinstall.environment.indexes import asks_for_a_password
from autoinstall.index.answers import NoPage, Page, Problem, Published, Standing
from autoinstall.names import ProjectName
from autoinstall.plan import Obstacle
from autoinstall.text import printable, version_as_text


class Cause(StrEnum):
    """What stands in the way; the first that holds, in this order."""

    UNREACHABLE = "no index could be asked"
    NOT_LET_IN = "an index wants a password"
    NO_INDEX = "what answers is no index"
    NOT_ON_INDEX = "not on this index"
    QUARANTINED = "quarantined"
    WITHDRAWN = "withdrawn"
    NO_SUCH_VERSION = "no such version"
    NO_WHEEL = "no wheel"
    ONLY_YANKED = "only yanked"
    NO_WHEEL_FOR_THIS_PLATFORM = "no wheel for this platform"
    NO_WHEEL_FOR_THIS_PYTHON = "no wheel for this Python"
    TOO_NEW = "too new"
    NOTHING = "nothing about the project itself"


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a project cannot be had, as far as its pages tell.

    `version` is the newest one that was looked at, `python` the newest Python (`3.12`) that a wheel for this platform
    supports, `age_days` how old the oldest release is that would fit where all are too new. `is_archived` goes
    together with every cause: no new release is to be expected. `sentence` is for the user, and safe to show.
    """

    project: ProjectName
    cause: Cause
    sentence: str
    version: str | None = None
    python: str | None = None
    age_days: int | None = None
    is_archived: bool = False

    @property
    def obstacle(self) -> Obstacle:
        """What this is called where there is no plan."""
        return _OBSTACLES[self.cause]


_OBSTACLES = {
    Cause.UNREACHABLE: Obstacle.OFFLINE,
    Cause.NOT_LET_IN: Obstacle.INDEX_FAILED,
    Cause.NO_INDEX: Obstacle.INDEX_FAILED,
    Cause.NOT_ON_INDEX: Obstacle.NOT_FOUND,
    Cause.QUARANTINED: Obstacle.NOT_FOUND,
    Cause.WITHDRAWN: Obstacle.NOT_FOUND,
    Cause.NO_SUCH_VERSION: Obstacle.NOT_FOUND,
    Cause.NO_WHEEL: Obstacle.NO_WHEEL,
    Cause.ONLY_YANKED: Obstacle.NOT_FOUND,
    Cause.NO_WHEEL_FOR_THIS_PLATFORM: Obstacle.NO_WHEEL_FOR_THIS_PYTHON,
    Cause.NO_WHEEL_FOR_THIS_PYTHON: Obstacle.NO_WHEEL_FOR_THIS_PYTHON,
    Cause.TOO_NEW: Obstacle.TOO_NEW,
    Cause.NOTHING: Obstacle.CONFLICT,
}


@dataclass(frozen=True, slots=True)
class Target:
    """The interpreter to install into: its version, such as `3.12.1`, and the wheel tags that it takes (PEP 425)."""

    python: str
    tags: frozenset[Tag]

    @classmethod
    def here(cls, python: str) -> "Target":
        """Return the running interpreter's, whose version the caller knows."""
        return cls(python, frozenset(sys_tags()))

    @property
    def minor(self) -> int:
        """12, of `3.12.1`."""
        return Version(self.python).minor

    @property
    def platforms(self) -> frozenset[str]:
        """The platform tags, `any` not among them."""
        return frozenset(tag.platform for tag in self.tags) - {"any"}


def explain(
    project: ProjectName,
    answers: Sequence[Page | NoPage],
    target: Target,
    *,
    version: str | None = None,
    min_age_days: float = 0,
    now: datetime | None = None,
) -> Absence:
    """Say why a resolver found nothing for `project` (in `version`, where one was asked for).

    `answers` are what the indexes gave, in their order; the first that has the project answers for it. Where an index
    that might have had it could not be asked, that is what is said. `min_age_days` is what the resolver was told;
    releases of which no index says the age are never too new. `Cause.NOTHING` is an answer too: something else than
    the project is to blame.
    """
    page = next((answer for answer in answers if isinstance(answer, Page)), None)
    if page is None:
        return _without_pages(project, [answer for answer in answers if isinstance(answer, NoPage)])
    story = _Story(project, page.index, _is_archived(page))
    files = page.files
    if not files:
        return _without_files(story, page)
    if version is not None:
        fitting = [file for file in files if _is_same(file.version, version)]
        if not fitting:
            newest = _newest(files)
            return story.told(
                Cause.NO_SUCH_VERSION,
                f"has no version {version_as_text(version)}: the newest is {newest}",
                version=newest,
            )
        files = tuple(fitting)
    wheels = [file for file in files if file.is_wheel and _tags(file)]
    if not wheels:
        newest = _newest(files)
        return story.told(Cause.NO_WHEEL, f"{newest} has no wheel and would have to be built", version=newest)
    kept = [file for file in wheels if file.yanked is None]
    if not kept:
        newest = _newest(wheels)
        # Not the reason that they give: what a stranger writes in whole sentences is not shown.
        return story.told(Cause.ONLY_YANKED, "has been withdrawn by its authors (yanked)", version=newest)
    fitting = [file for file in kept if _fits(file, target)]
    if not fitting:
        return _without_fitting(story, kept, target, version)
    return _too_new(story, fitting, min_age_days, now or datetime.now(UTC)) or story.told(
        Cause.NOTHING,
        f"{_newest(fitting)} has a wheel for this Python: something that it needs or that is installed is in the way",
        version=_newest(fitting),
    )


@dataclass(frozen=True, slots=True)
class _Story:
    project: ProjectName
    index: str
    is_archived: bool

    def told(
        self,
        cause: Cause,
        predicate: str,
        *,
        version: str | None = None,
        python: str | None = None,
        age_days: int | None = None,
    ) -> Absence:
        end = "; it is archived, so no new release is to be expected" if self.is_archived else ""
        sentence = f"{self.project} {predicate}{end}"
        return Absence(self.project, cause, sentence, version, python, age_days, self.is_archived)


def _without_pages(project: ProjectName, failures: Sequence[NoPage]) -> Absence:
    unreachable = [failure for failure in failures if failure.problem is not Problem.NOT_FOUND]
    first = unreachable[0] if unreachable else None
    if first is not None and first.problem is Problem.NOT_ALLOWED:
        way_in = asks_for_a_password(urlsplit(first.index).netloc)
        return Absence(project, Cause.NOT_LET_IN, f"{printable(first.index)} {way_in}")
    if first is not None and first.problem is Problem.GARBAGE:
        sentence = (
            f"{printable(first.index)} {first.problem}: either this network wants you to log in first (open any page "
            "in a browser), or that is not an index's address"
        )
        return Absence(project, Cause.NO_INDEX, sentence)
    if unreachable or not failures:
        said = "; ".join(f"{printable(one.index)} {one.problem}" for one in unreachable) or "no index is to be asked"
        return Absence(project, Cause.UNREACHABLE, f"nothing is known about {project}: {said}")
    asked = ", ".join(printable(failure.index) for failure in failures)
    return Absence(project, Cause.NOT_ON_INDEX, f"{project} is not on {asked}")


def _without_files(story: _Story, page: Page) -> Absence:
    if page.standing is Standing.QUARANTINED:
        return story.told(Cause.QUARANTINED, "is quarantined as possibly harmful: its index gives out no file")
    return story.told(
        Cause.WITHDRAWN, f"has been withdrawn: {printable(story.index)} knows it, but has no file of it"
    )


def _without_fitting(story: _Story, wheels: Sequence[Published], target: Target, version: str | None) -> Absence:
    newest = _newest(wheels)
    minors = [minor for wheel in wheels for minor in _minors(wheel, target)]
    if not minors:
        names = sorted({name for wheel in wheels for name in _systems(wheel)})
        return story.told(
            Cause.NO_WHEEL_FOR_THIS_PLATFORM,
            f"{newest} has no wheel for this platform, only for {', '.join(names)}",
            version=newest,
        )
    python = f"3.{max(minors)}"
    word = "newest" if max(minors) < target.minor else "nearest"
    if min(minors) > target.minor:
        python = f"3.{min(minors)}"
    which = "" if version is None else f"{newest} "
    return story.told(
        Cause.NO_WHEEL_FOR_THIS_PYTHON,
        f"{which}has no wheel for Python 3.{target.minor}; the {word} Python that it supports is {python}",
        version=newest,
        python=python,
    )


def _too_new(story: _Story, fitting: Sequence[Published], min_age_days: float, now: datetime) -> Absence | None:
    limit = now - timedelta(days=min_age_days)
    moments = [file.uploaded for file in fitting]
    if any(moment is None or moment <= limit for moment in moments):
        return None
    oldest = min(moment for moment in moments if moment is not None)
    age = max(0, (now - oldest).days)
    days = "1 day" if age == 1 else f"{age} days"
    return story.told(
        Cause.TOO_NEW,
        f"is too new: its first release that fits is {days} old, and {min_age_days:g} are asked for",
        version=_newest(fitting),
        age_days=age,
    )


def _is_archived(page: Page) -> bool:
    return page.standing in {Standing.ARCHIVED, Standing.DEPRECATED}


def _is_same(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except ValueError:  # `InvalidVersion`, or thousands of digits, of which Python makes no number
        return one == other


def _newest(files: Iterable[Published]) -> str:
    """Return the newest version, a pre-release only where there is nothing else."""

    def rank(text: str) -> tuple[bool, Version]:
        try:
            version = Version(text)
        except ValueError:  # as above
            return False, Version("0")
        return not version.is_prerelease, version

    return version_as_text(max((file.version for file in files), key=rank))


def _tags(wheel: Published) -> frozenset[Tag]:
    try:
        return parse_wheel_filename(wheel.name)[3]
    except ValueError:  # as above
        return frozenset()


def _fits(wheel: Published, target: Target) -> bool:
    return not target.tags.isdisjoint(_tags(wheel)) and _takes(wheel, target.python)


def _takes(wheel: Published, python: str) -> bool:
    try:
        return SpecifierSet(wheel.requires_python or "").contains(python, prereleases=True)
    except ValueError:
        return True  # as resolvers have it: what cannot be read does not exclude


def _minors(wheel: Published, target: Target) -> list[int]:
    """Return the minor versions of Python 3, to three beyond the target's, that a wheel supports on its platform."""
    here = [tag for tag in _tags(wheel) if tag.platform == "any" or tag.platform in target.platforms]
    return [
        minor
        for minor in range(target.minor + 4)
        if any(_serves(tag, minor) for tag in here) and _takes(wheel, f"3.{minor}.99")
    ]


def _serves(tag: Tag, minor: int) -> bool:
    name, version = tag.interpreter[:2], tag.interpreter[2:]
    # No more than three digits: of thousands Python makes no number.
    if name not in {"py", "cp"} or re.fullmatch("3[0-9]{0,3}", version) is None:
        return False
    own = int(version[1:] or 0)
    # A wheel for `py3…` or the stable ABI serves what is newer too, one for `cp312-cp312` nothing else.
    return own <= minor if name == "py" or tag.abi in {"abi3", "none"} else own == minor


def _systems(wheel: Published) -> set[str]:
    known = {"win": "Windows", "macosx": "macOS", "manylinux": "Linux", "musllinux": "Linux (musl)", "linux": "Linux"}
    return {
        next((name for prefix, name in known.items() if tag.platform.startswith(prefix)), printable(tag.platform))
        for tag in _tags(wheel)
    }
