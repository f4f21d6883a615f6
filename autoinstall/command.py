"""A child process described as plain data, and what came of it: written by back-ends, carried out by `run`."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar


@dataclass(frozen=True, slots=True)
class Command:
    """One child process to run, without a shell.

    `environment` is the child's whole environment, nothing is inherited. `files` are written into the empty folder
    that the child is started in before it starts, by name. `stall` is how many seconds it may go without a sign of
    progress before it is ended, and `limit` how many it may take at all (`None`: as long as it moves). Signs of
    progress are what it writes to its outputs, and growth of the folders in `downloads` and `watched`: without a
    terminal tools download in silence. In `downloads`, where growth counts as bytes received, the last part may be a
    pattern such as `.tmp*`, which stands for folders that are made from now on. None of them needs to exist. `phase`
    says in a word or two what the child does, for people; `shows_progress` tells whether its standard error is meant
    for them too.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)  # both may hold passwords, and tracebacks show arguments
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    stall: float = 60.0
    shows_progress: bool = False
    limit: float | None = None
    downloads: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    phase: str = ""


Ending = Literal["", "stalled", "interrupted", "not found"]


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a `Command`.

    `status` is its exit status, or `None` where it did not come to one: `ending` then says why.
    """

    status: int | None
    output: str
    errors: str
    ending: Ending = ""
    """Why it did not come to an end of its own; empty where it did."""


_Result = TypeVar("_Result")

Steps = Generator[Command, Finished, _Result]
"""A back-end's way through several commands: it yields each, is sent what came of it, and returns its result.

It runs nothing itself; `run.carry_out` drives it, and tests drive it with what a tool would have answered.
"""
