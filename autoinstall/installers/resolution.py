"""From a wish to a plan: what is asked again to learn why a resolver found nothing, by facts, not its words."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from autoinstall.command import Steps
from autoinstall.environment import Installed
from autoinstall.environment.indexes import Indexes
from autoinstall.environment.ownership import OURSELVES, Changes
from autoinstall.installers import refusals
from autoinstall.installers.changing import change_as_little
from autoinstall.installers.question import Lock, Question, Reason, Resolved, Resolver, Unsolvable
from autoinstall.installers.relations import goes_with, needed_only_by, without_contradictions
from autoinstall.names import ProjectName
from autoinstall.plan import Change, Item, Plan, Refusal, Wanted
from autoinstall.text import version_as_text

_MOST_CULPRITS = 8
_OLDEST_PYTHON = 6
_PYTHONS_AHEAD = 2


def resolve(
    question: Question, resolver: Resolver, python_version: str, changes: Changes
) -> Steps[Resolved | Refusal]:
    """Ask once where all is well; else ask with less and less in the way until it is plain what stood there.

    Where that is what is installed, and changes are allowed, the answer is the one that changes the least of it.
    """
    answer = yield from resolver.ask(question)
    if isinstance(answer, Unsolvable):
        # An environment can contradict itself already, and that is not the plan's affair.
        consistent = without_contradictions(question.installed)
        if consistent != question.installed:
            question = replace(question, installed=consistent)
            answer = yield from resolver.ask(question)
    if isinstance(answer, Unsolvable):
        return (yield from _with_less_in_the_way(question, resolver, python_version, changes, answer))
    return _checked(question, answer)


def plan_of(resolved: Resolved, reasons: Mapping[ProjectName, Reason], indexes: Indexes, installer: str) -> Plan:
    """Return an answer as a plan. What nothing is known to need is put down to all that was wanted."""
    wanted = resolved.question.wanted
    listed = {each.project for each in resolved.lock.wheels}
    roots = tuple(dict.fromkeys(one.project for one in wanted))
    items = []
    for each in resolved.lock.wheels:
        reason = reasons.get(each.project, Reason())
        names = (one.import_name for one in wanted if one.project == each.project)
        wanted_as = tuple(name for name in names if name is not None)
        needed_by = tuple(who for who in reason.needed_by if who in listed or who in resolved.question.installed)
        if each.project not in roots and not needed_by:
            needed_by = roots
        file = replace(each.file, index=reason.index or each.file.index)
        there = resolved.question.released.get(each.project)
        replaces = None if there is None else there.version
        items.append(Item(each.project, each.version, file, wanted_as, needed_by, replaces))
    return Plan(tuple(items), installer, indexes.described(item.file.index for item in items))


def _with_less_in_the_way(
    question: Question, resolver: Resolver, python_version: str, changes: Changes, first: Unsolvable
) -> Steps[Resolved | Refusal]:
    ageless = replace(question, since=None)
    if question.since is not None:
        answer = yield from resolver.ask(ageless)
        if isinstance(answer, Lock):
            return (yield from _too_new_or_undated(question, answer, resolver, first))
        if isinstance(answer, Refusal):
            return answer
    if question.installed:
        answer = yield from resolver.ask(replace(ageless, installed={}))
        if isinstance(answer, Lock):
            changing = yield from change_as_little(ageless, resolver, changes)
            if changing is None:
                return (yield from _conflict(ageless, answer, resolver, changes, first))
            if isinstance(changing, Resolved):
                changing = yield from _old_enough(changing, question.since, resolver)
            if isinstance(changing, Refusal) or changes.are_allowed:
                return changing
            return (yield from _would_do(changing, resolver, first))
        if isinstance(answer, Refusal):
            return answer
    return (yield from _not_to_be_had(question, resolver, python_version, first))


def _checked(question: Question, answer: Lock | Refusal) -> Resolved | Refusal:
    """Trust no resolver to have kept to the question."""
    if isinstance(answer, Refusal):
        return answer
    changed = [each.project for each in answer.wheels if each.project in question.installed]
    if changed or answer.sourced:
        return refusals.not_as_asked((*changed, *answer.sourced))
    return Resolved(question, answer)


def _too_new_or_undated(
    question: Question, ageless: Lock, resolver: Resolver, first: Unsolvable
) -> Steps[Resolved | Refusal]:
    """Tell files that are too new from those about whose age the index is silent: these pass, the others never."""
    if first.is_undated:
        return _checked(replace(question, since=None), ageless)
    if not ageless.tells_ages:
        return refusals.too_new(question.wanted, [(each.project, each.version) for each in ageless.wheels])
    since = question.since
    undated = frozenset(each.project for each in ageless.wheels if each.file.uploaded is None)
    if undated:
        exempting = replace(question, undated=undated)
        answer = yield from resolver.ask(exempting)
        if not isinstance(answer, Unsolvable):
            return _checked(exempting, answer)
    dated = [each for each in ageless.wheels if each.project not in question.of_any_age]
    young = [each for each in dated if since and each.file.uploaded is not None and each.file.uploaded > since]
    if not young:
        return _checked(replace(question, since=None), ageless)
    return refusals.too_new(question.wanted, [(each.project, each.version) for each in young])


def _old_enough(found: Resolved, since: datetime | None, resolver: Resolver) -> Steps[Resolved | Refusal]:
    """Have what was found without regard to age found again with it."""
    if since is None:
        return _checked(found.question, found.lock)
    dated = replace(found.question, since=since)
    answer = yield from resolver.ask(dated)
    if isinstance(answer, Unsolvable):
        return (yield from _too_new_or_undated(dated, found.lock, resolver, answer))
    return _checked(dated, answer)


def _would_do(found: Resolved, resolver: Resolver, first: Unsolvable) -> Steps[Refusal]:
    """Refuse since installed distributions would have to change; say who needs that."""
    question, held = found.question, {**found.question.installed, **found.question.released}
    would_change = tuple(
        Change(each.project, held[each.project].version, each.version)
        for each in found.lock.wheels
        if each.project in question.released
    )
    if len(would_change) != 1:
        refusal = refusals.conflicts(question.wanted, would_change, details=first.said)
        return replace(refusal, would_change=would_change)
    reasons = yield from resolver.reasons(found)
    (change,) = would_change
    needed_by = reasons.get(change.project, Reason()).needed_by
    refusal = refusals.conflict(
        question.wanted,
        held[change.project],
        would_do=change.after,
        needed_by=[_with_version(who, found.lock, held) for who in needed_by if who != change.project],
        remark=_only_ours(change.project, held),
        details=first.said,
    )
    return replace(refusal, would_change=would_change)


def _conflict(
    question: Question, free: Lock, resolver: Resolver, changes: Changes, first: Unsolvable
) -> Steps[Refusal]:
    """Find the one installed distribution that stands in the way for good, by leaving out one after the other."""
    held = question.installed
    differing = [each for each in free.wheels if each.project in held and each.version != held[each.project].version]
    for each in differing[:_MOST_CULPRITS]:
        without = replace(
            question, installed={project: one for project, one in held.items() if project != each.project}
        )
        answer = yield from resolver.ask(without)
        if isinstance(answer, Lock):
            reasons = yield from resolver.reasons(Resolved(without, answer))
            would_do = next((one.version for one in answer.wheels if one.project == each.project), each.version)
            needed_by = reasons.get(each.project, Reason()).needed_by
            why_not = changes.why_not(held[each.project])
            who_else = [
                f"{one.project} {version_as_text(one.version)}"
                for one in held.values()
                if not goes_with(one.requires, {each.project: would_do})
            ]
            return refusals.conflict(
                question.wanted,
                held[each.project],
                would_do=would_do,
                needed_by=[_with_version(who, answer, held) for who in needed_by if who != each.project],
                remark=_only_ours(each.project, held)
                + (f" It cannot be replaced from here, since {why_not}." if why_not else "")
                + (
                    f" {' and '.join(who_else)} need{'s' if len(who_else) == 1 else ''} it as it is."
                    if who_else
                    else ""
                ),
                details=first.said,
            )
    together = [Change(each.project, held[each.project].version, each.version) for each in differing]
    refusal = refusals.conflicts(question.wanted, together, details=first.said)
    return replace(refusal, sentence=f"{refusal.sentence.rstrip('.')}: install it into an environment of its own.")


def _only_ours(project: ProjectName, held: Mapping[ProjectName, Installed]) -> str:
    is_only_ours = project in needed_only_by(OURSELVES, held)
    return f" Only autoinstall itself uses {project} here." if is_only_ours else ""


def _with_version(project: ProjectName, lock: Lock, held: Mapping[ProjectName, Installed]) -> str:
    if project in held:
        return f"{project} {held[project].version}"
    version = next((each.version for each in lock.wheels if each.project == project), "")
    return f"{project} {version}".rstrip()


def _not_to_be_had(question: Question, resolver: Resolver, python_version: str, first: Unsolvable) -> Steps[Refusal]:
    """Ask for each project by itself, those that were wanted first: in whatever form, for whatever machine."""
    for one in question.wanted:
        refusal = yield from _on_its_own(one, one, resolver, python_version, first)
        if refusal is not None:
            return refusal
    for project in first.blamed:
        if project not in {one.project for one in question.wanted}:
            one = question.wanted[0]
            refusal = yield from _on_its_own(one, Wanted(one.import_name, project), resolver, python_version, first)
            if refusal is not None:
                return refusal
    return refusals.unexplained(question.wanted, first.said)


def _on_its_own(
    asked: Wanted, one: Wanted, resolver: Resolver, python_version: str, first: Unsolvable
) -> Steps[Refusal | None]:
    """Return why one project cannot be had at all, or `None` where by itself it can."""
    alone = Question((one,), alone=True)
    answer = yield from resolver.ask(alone)
    if isinstance(answer, Refusal):
        return answer
    if isinstance(answer, Lock):
        return None if answer.wheels else refusals.no_wheel(asked, one, first.said)
    answer = yield from resolver.ask(replace(alone, any_platform=True))
    if isinstance(answer, Refusal):
        return answer
    if isinstance(answer, Lock) and answer.wheels:
        return refusals.not_for_this_platform(asked, one, answer.wheels[0].file.name, first.said)
    for python in _other_pythons(python_version):
        answer = yield from resolver.ask(replace(alone, python=python))
        if isinstance(answer, Refusal):
            return answer
        if isinstance(answer, Lock) and answer.wheels:
            return refusals.not_for_this_python(asked, one, python_version, python, first.said)
    return refusals.not_found(asked, one, first.said)


def _other_pythons(python_version: str) -> Iterator[str]:
    """Yield the minor versions around this one, nearest first."""
    minor = int(python_version.split(".")[1])
    for distance in range(1, minor - _OLDEST_PYTHON + 1):
        yield f"3.{minor - distance}"
        if distance <= _PYTHONS_AHEAD:
            yield f"3.{minor + distance}"
