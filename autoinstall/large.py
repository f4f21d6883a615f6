"""What to know before a great deal is downloaded: how much, what is free, and whether a smaller build would do."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from autoinstall.environment import Environment
from autoinstall.environment.destination import UNPACKED
from autoinstall.names import ProjectName, project_name
from autoinstall.plan import Plan
from autoinstall.platforms import quoted
from autoinstall.text import size_as_text
from autoinstall.visible import free_space

LARGE = 500_000_000
"""In bytes, to download. Above it a plan is worth a word of its own."""


@dataclass(frozen=True, slots=True)
class Smaller:
    """A reviewed fact of `smaller.tsv`: with which arguments uv installs a smaller build, and who can do with it."""

    project: ProjectName
    arguments: tuple[str, ...]
    does_for: str
    source: str


def remarks(plan: Plan, into: Environment, running: Environment) -> tuple[str, ...]:
    """Return what a question about a large plan says besides, nothing for one that is not, or of unknown size."""
    if plan.size is None or plan.size <= LARGE:
        return ()
    return (_room(plan.size, into), *_smaller(plan, into, running))


@cache
def smaller_builds() -> tuple[Smaller, ...]:
    """Return the reviewed facts, in the file's order."""
    text = files("autoinstall").joinpath("smaller.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:])
    return tuple(
        Smaller(project_name(project), tuple(arguments.split()), does_for, source)
        for project, arguments, does_for, source in rows
    )


def _room(size: int, into: Environment) -> str:
    said = f"{size_as_text(size)} to download, about {size_as_text(UNPACKED * size)} when unpacked"
    free = free_space(into.purelib)
    return said if free is None else f"{said}; {size_as_text(free)} are free there"


def _smaller(plan: Plan, into: Environment, running: Environment) -> Iterator[str]:
    if plan.is_of_conda or into.purelib != running.purelib:
        return  # what uv would do there by hand is something else
    planned = {item.project for item in plan.items}
    for one in smaller_builds():
        if one.project in planned:
            # As a module uv installs into the Python that runs it; which index has that build, uv knows.
            command = quoted((str(running.executable), "-m", "uv", "pip", "install", *one.arguments, one.project))
            yield f"a smaller {one.project} does {one.does_for}: say no, and type {command}"
