"""What a resolver is asked, and what it answers: plain data, whichever tool it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from packaging.utils import canonicalize_version

from autoinstall.command import Steps
from autoinstall.environment import Installed
from autoinstall.installers.relations import applicable
from autoinstall.names import ProjectName, project_name
from autoinstall.plan import File, Refusal, Wanted


@dataclass(frozen=True, slots=True)
class Question:
    """One resolution. Wheels only, from indexes only, for the environment's own interpreter unless said otherwise.

    `installed` are held as they are. Files uploaded after `since` do not count, except those of projects in
    `of_any_age`; about those in `undated` the index is silent. `alone`: nothing that the projects require counts, and
    an sdist is an answer too (it is not built). `any_platform` and `python` (such as `3.12`) ask for wheels that do
    not fit here, alone. `released` are installed too and may change, but have to stay, in whatever version goes with
    what is held; `preferred` are not asked for, but the version that is there comes first where one of them is
    needed, as far as a resolver knows how.
    """

    wanted: tuple[Wanted, ...]
    installed: Mapping[ProjectName, Installed] = field(default_factory=dict)
    since: datetime | None = None
    undated: frozenset[ProjectName] = frozenset()
    alone: bool = False
    any_platform: bool = False
    python: str | None = None
    released: Mapping[ProjectName, Installed] = field(default_factory=dict)
    preferred: Mapping[ProjectName, Installed] = field(default_factory=dict)

    @property
    def built(self) -> Mapping[ProjectName, tuple[str, ...]]:
        """What is to be had as source code, and what each is known to require."""
        return {one.project: one.requires for one in self.wanted if one.may_be_built}

    @property
    def of_any_age(self) -> frozenset[ProjectName]:
        """The projects of which files count however young they are, or may be."""
        return self.undated | {one.project for one in self.wanted if one.may_be_young}

    @property
    def requirements(self) -> tuple[str, ...]:
        """The wanted projects, and those that have to stay, as requirements (PEP 508)."""
        exact = {one.project: one.version for one in self.wanted if one.version is not None}
        return tuple(
            f"{project}=={exact[project]}" if project in exact else project
            for project in dict.fromkeys([*(one.project for one in self.wanted), *self.released])
        )

    @property
    def limits(self) -> tuple[str, ...]:
        """What the distributions that are held require of those that are not, as constraints (no extras, no markers).

        Without them a resolver would look only at what it was asked for, and not at who else needs it.
        """
        free = {**self.released, **self.preferred}
        if not free:  # as nearly always; reading a kernel's thousand requirements takes as long as a resolution
            return ()
        return tuple(
            dict.fromkeys(
                f"{project_name(requirement.name)}{requirement.specifier}"
                for one in self.installed.values()
                for requirement in applicable(one.requires)
                if requirement.specifier and project_name(requirement.name) in free
            )
        )

    def changed(self, lock: "Lock") -> "Lock":
        """Return an answer without what is installed in that very version already, though it might have changed."""
        known = {**self.preferred, **self.released}
        wheels = (each for each in lock.wheels if not _is_version_of(each, known.get(each.project)))
        return replace(lock, wheels=tuple(wheels))


@dataclass(frozen=True, slots=True)
class Locked:
    """One wheel of an answer. `requires` are its requirements, where the resolver tells them."""

    project: ProjectName
    version: str
    file: File
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """An answer: `wheels` are to be installed; `sourced` are projects that only something else than a wheel provides.

    What is installed already is in neither, unless the resolver means to change it. `tells_ages`: a file without an
    upload time is one about which the index is silent, and not only the resolver.
    """

    wheels: tuple[Locked, ...]
    sourced: tuple[ProjectName, ...] = ()
    tells_ages: bool = True


@dataclass(frozen=True, slots=True)
class Unsolvable:
    """There is no such set. `said` is what the resolver wrote, `blamed` the projects that it put it down to.

    `is_undated`: the resolver says itself that it is because the index tells no upload times.
    """

    said: str
    blamed: tuple[ProjectName, ...] = ()
    is_undated: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an answer holds a project, and which index lists it (empty where it is not said)."""

    needed_by: tuple[ProjectName, ...] = ()
    index: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The question that had an answer, and the answer."""

    question: Question
    lock: Lock


class Resolver(Protocol):
    """A tool that can be asked."""

    def ask(self, question: Question) -> Steps[Lock | Unsolvable | Refusal]:
        """Answer, or refuse where something else than the question stands in the way."""

    def reasons(self, resolved: Resolved) -> Steps[Mapping[ProjectName, Reason]]:
        """Return why each project is in an answer; those about which nothing is known may be left out."""


def _is_version_of(wheel: Locked, one: Installed | None) -> bool:
    return one is not None and canonicalize_version(wheel.version) == canonicalize_version(one.version)
