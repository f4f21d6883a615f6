"""Which installed distributions would have to change for a wish: as few as can be, found by asking."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from autoinstall.command import Steps
from autoinstall.environment import Installed
from autoinstall.environment.ownership import Changes
from autoinstall.installers.question import Lock, Question, Resolved, Resolver
from autoinstall.installers.relations import goes_with
from autoinstall.names import ProjectName
from autoinstall.plan import Refusal

_MOST_ROUNDS = 4
"""How often more is released: because of what is wanted, then of who needs that, then of what these need."""

_MOST_HELD_AGAIN = 12
"""How many are tried to be kept after all, one by one; each is a resolution."""


def change_as_little(question: Question, resolver: Resolver, changes: Changes) -> Steps[Resolved | Refusal | None]:
    """Release installed distributions until there is an answer, and hold again all that need not have been released.

    What is left of them changes for certain: none of them alone could stay with all others as they are. Each stays
    installed, in a version that goes with what is held. `None` where nothing that may be changed would help.
    """
    fixed = {project: one for project, one in question.installed.items() if changes.why_not(one) is not None}
    free = {project: one for project, one in question.installed.items() if project not in fixed}
    released: dict[ProjectName, Installed] = {}
    for _ in range(_MOST_ROUNDS):
        loose = replace(
            question,
            installed=fixed,
            released=released,
            preferred={project: one for project, one in free.items() if project not in released},
        )
        answer = yield from resolver.ask(loose)
        if not isinstance(answer, Lock):
            return answer if isinstance(answer, Refusal) else None
        more = {project: free[project] for project in _in_the_way(answer, free) if project not in released}
        if not more:
            return None
        released |= more
        found = yield from _asked(question, released, resolver)
        if isinstance(found, Resolved):
            return (yield from _held_again(question, found, resolver))
        if found is not None:
            return found
    return None


def _held_again(question: Question, found: Resolved, resolver: Resolver) -> Steps[Resolved | Refusal]:
    """Hold what need not change: those first that were released last, on others' account."""
    for project in [*found.question.released][::-1][:_MOST_HELD_AGAIN]:
        released = {other: one for other, one in found.question.released.items() if other != project}
        if not released:
            break  # with all held there was no answer
        without = yield from _asked(question, released, resolver)
        if isinstance(without, Refusal):
            return without
        found = without or found
    # Of more than were tried, some may have been answered with the version that they have.
    changed = {each.project for each in found.lock.wheels}
    kept = {project: one for project, one in found.question.released.items() if project not in changed}
    if not kept:
        return found
    released = {project: one for project, one in found.question.released.items() if project in changed}
    return replace(found, question=_with(question, released))


def _asked(
    question: Question, released: Mapping[ProjectName, Installed], resolver: Resolver
) -> Steps[Resolved | Refusal | None]:
    asked = _with(question, released)
    answer = yield from resolver.ask(asked)
    if isinstance(answer, Lock):
        return Resolved(asked, answer)
    return answer if isinstance(answer, Refusal) else None


def _with(question: Question, released: Mapping[ProjectName, Installed]) -> Question:
    held = {project: one for project, one in question.installed.items() if project not in released}
    return replace(question, installed=held, released=dict(released))


def _in_the_way(answer: Lock, free: Mapping[ProjectName, Installed]) -> Iterator[ProjectName]:
    """Yield what an answer wants in another version, then those that do not go with what it wants."""
    versions = {each.project: each.version for each in answer.wheels}
    yield from (project for project in versions if project in free)
    for project, one in free.items():
        if project not in versions and not goes_with(one.requires, versions):
            yield project
