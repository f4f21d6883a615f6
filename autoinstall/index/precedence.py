"""Which index answers for a project that several have: pip does not ask, so its plans are looked at afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autoinstall.index.answers import NoPage, Page, Problem
from autoinstall.names import ProjectName
from autoinstall.plan import File, Item, Obstacle, Plan, Refusal
from autoinstall.text import printable


def settle(
    plan: Plan,
    answers: Mapping[ProjectName, Sequence[Page | NoPage]],
    *,
    is_last_the_least: bool,
    has_folders: bool,
) -> Plan | Refusal:
    """Return the plan with the index that lists each file, or why one of them comes from where it should not.

    The first index that has a project answers for it, in the order of `answers`: a higher version on a later one is
    how strangers slip a file of theirs under a company's name. Unless `is_last_the_least` it is not known where in
    this order the last index belongs; then it and the others must not differ. With `has_folders` a file that no index
    lists may come from a folder of files, which is beside all of them.
    """
    items = []
    for item in plan.items:
        settled = _settled(item, answers[item.project], is_last_the_least=is_last_the_least, has_folders=has_folders)
        if isinstance(settled, Refusal):
            return settled
        items.append(settled)
    return replace(plan, items=tuple(items))


def _settled(
    item: Item, answers: Sequence[Page | NoPage], *, is_last_the_least: bool, has_folders: bool
) -> Item | Refusal:
    found = next((page for page in answers if isinstance(page, Page) and _lists(page, item.file)), None)
    before = answers if found is None else answers[: answers.index(found)]
    # In the order of the indexes: whatever goes before the file's own has to be known not to have the project.
    for answer in before:
        if isinstance(answer, Page):
            return _contested(item, found, answer, "goes before it and ")
        if answer.problem is not Problem.NOT_FOUND:
            sentence = (
                f"It is not known which index answers for {item.project}: {printable(answer.index)} {answer.problem}."
            )
            return Refusal(Obstacle.INDEX_FAILED, sentence, printable(answer.details))
    if found is None:
        return item if has_folders else _contested(item, None, None, "")
    last = answers[-1]
    if not is_last_the_least and isinstance(last, Page) and not _lists(last, item.file):
        return _contested(item, found, last, "")
    return replace(item, file=replace(item.file, index=found.index))


def _contested(item: Item, found: Page | None, other: Page | None, goes_before: str) -> Refusal:
    what = f"{item.project} {printable(item.version)}"
    if other is None:
        return Refusal(Obstacle.UNSAFE, f"{what} would come from none of the indexes that are configured.")
    origin = "a folder of files" if found is None else printable(found.index)
    sentence = (
        f"{what} would come from {origin}, but {printable(other.index)} {goes_before}has {item.project} as well, in "
        "other files, and pip takes the highest version from wherever it is: keep one of the two for pip, or let uv "
        "install (the setting installer), which takes the first that has it."
    )
    return Refusal(Obstacle.UNSAFE, sentence)


def _lists(page: Page, file: File) -> bool:
    return any(one.name == file.name and one.sha256 in (None, file.sha256) for one in page.files)
