"""A child process described as plain data, and what came of it: written by back-ends, carried out by `run`."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Command:
    """One child process to run, without a shell.

    `environment` is the child's whole environment, nothing is inherited. `files` are written into the empty folder
    that the child is started in before it starts, by name. `stall` is how many seconds it may go without a sign of
    progress before it is ended; `shows_progress` tells whether its standard error is meant for people.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)
    stall: float = 60.0
    shows_progress: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a `Command`.

    `status` is its exit status, or `None` where it did not come to one: `ending` then says why.
    """

    status: int | None
    output: str
    errors: str
    ending: str = ""
    """Empty, or one of `stalled`, `interrupted`, `not found`."""


_Result = TypeVar("_Result")

Steps = Generator[Command, Finished, _Result]
"""A back-end's way through several commands: it yields each, is sent what came of it, and returns its result.

It runs nothing itself; `run.carry_out` drives it, and tests drive it with what a tool would have answered.
"""
