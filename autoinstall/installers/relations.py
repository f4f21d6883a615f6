"""What installed distributions require of each other, read only when something stands in a plan's way."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from packaging.requirements import Requirement
from packaging.version import Version

from autoinstall.environment import Installed
from autoinstall.names import ProjectName, project_name


def without_contradictions(installed: Mapping[ProjectName, Installed]) -> Mapping[ProjectName, Installed]:
    """Return the same distributions without the requirements that already do not hold, or that no standard allows.

    What has no valid version (PEP 440) is left out: no resolver can hold on to it.
    """
    versions = {}
    for project, one in installed.items():
        try:
            versions[project] = Version(one.version)
        except ValueError:  # `InvalidVersion`, or thousands of digits, of which Python makes no number
            continue
    return {
        project: replace(one, requires=tuple(text for text in one.requires if _can_hold(text, versions)))
        for project, one in installed.items()
        if project in versions
    }


def needed_only_by(project: ProjectName, installed: Mapping[ProjectName, Installed]) -> frozenset[ProjectName]:
    """Return the distributions that are there on one distribution's account alone, as far as metadata can tell."""
    needs = {one: frozenset(_needs(installed[one])) & installed.keys() for one in installed}
    found: set[ProjectName] = set()
    pending = list(needs.get(project, ()))
    while pending:
        one = pending.pop()
        if one not in found:
            found.add(one)
            pending += needs[one]
    found.discard(project)
    while shared := {one for one in found for who in installed if one in needs[who] and who not in {*found, project}}:
        found -= shared
    return frozenset(found)


def applicable(requires: Iterable[str]) -> Iterator[Requirement]:
    """Yield the requirements that apply here without any extra; what no standard allows is passed over."""
    for text in requires:
        try:
            requirement = Requirement(text)
            project_name(requirement.name)
            applies = _applies(requirement)
        except ValueError:  # of whatever kind: a stranger has written it
            continue
        if applies:
            yield requirement


def is_satisfied(requires: Iterable[str], there: Mapping[ProjectName, Installed]) -> bool:
    """Tell whether what is there fulfils all requirements that apply here without any extra."""
    return all(
        (found := there.get(project_name(requirement.name))) is not None
        and requirement.specifier.contains(found.version, prereleases=True)
        for requirement in applicable(requires)
    )


def goes_with(requires: Iterable[str], versions: Mapping[ProjectName, str]) -> bool:
    """Tell whether requirements that apply here without any extra leave these versions be, of projects they name."""
    return all(
        (version := versions.get(project_name(requirement.name))) is None
        or requirement.specifier.contains(version, prereleases=True)
        for requirement in applicable(requires)
    )


def _needs(one: Installed) -> Iterator[ProjectName]:
    return (project_name(requirement.name) for requirement in applicable(one.requires))


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _can_hold(text: str, versions: Mapping[ProjectName, Version]) -> bool:
    try:
        requirement = Requirement(text)
        if requirement.url is not None:
            return False  # where it came from says nothing about what it needs now that it is there
        found = versions.get(project_name(requirement.name))
        return found is None or not _applies(requirement) or requirement.specifier.contains(found, prereleases=True)
    except ValueError:  # of whatever kind, as above
        return False
