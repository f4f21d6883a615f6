"""Where an install goes: into the environment, or beside it where it is not ours to change."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from autoinstall import target
from autoinstall.environment import Environment, is_writable
from autoinstall.plan import Obstacle, Plan, Refusal
from autoinstall.platforms import Platform, here, quoted
from autoinstall.settings import Mode, Settings
from autoinstall.text import printable, size_as_text
from autoinstall.visible import free_space

UNPACKED = 3
"""How many times a wheel's size its files take, about."""

_OWN_NAME = "my-env"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an install goes. `reason` says why that is not the environment itself; empty where it is."""

    environment: Environment
    reason: str = ""

    @property
    def target(self) -> Path | None:
        """The folder of one's own that goes onto the path, `None` where the environment itself is installed into."""
        return self.environment.purelib if self.reason else None


def why_not_ours(environment: Environment) -> str | None:
    """Say why nothing may be put into an environment; `None` where it is the user's to change."""
    if environment.is_externally_managed:
        return f"{printable(str(environment.prefix))} belongs to the operating system"
    if not environment.is_writable:
        return f"{printable(str(environment.prefix))} cannot be changed by you"
    return None


def settle(environment: Environment, settings: Settings) -> Destination | Refusal:
    """Return where an install into this environment goes, before anything is planned.

    A folder of their own is for those who are asked, and see it in the question, and for those who have set `target`.
    Nothing is forced, and nothing made.
    """
    reason = why_not_ours(environment)
    if reason is None:
        return Destination(environment)
    return _beside(environment, settings, reason, Obstacle.NOT_WRITABLE)


def with_room(
    destination: Destination, environment: Environment, plan: Plan, settings: Settings
) -> Destination | Refusal:
    """Return the destination, or another one where its file system has no room for the plan."""
    if _has_room(destination.environment, plan):
        return destination
    folder, needed = destination.environment.prefix, size_as_text(UNPACKED * (plan.size or 0))
    reason = f"no space is left at {printable(str(folder))}, where about {needed} are needed"
    if destination.target is not None:
        return Refusal(Obstacle.DISK_FULL, f"Not installed, since {reason}.")
    beside = _beside(environment, settings, reason, Obstacle.DISK_FULL)
    if isinstance(beside, Destination) and not _has_room(beside.environment, plan):
        return Refusal(Obstacle.DISK_FULL, f"Not installed, since {reason}, nor in {beside.environment.prefix}.")
    return beside


def make_your_own(
    environment: Environment, *, is_cell: bool, home: Path | None = None, platform: Platform | None = None
) -> tuple[str, ...]:
    """Return the commands that make an environment of one's own and, for a notebook, a kernel for it."""
    platform = platform or here()
    folder = (home or Path.home()) / _OWN_NAME
    own = str(folder / platform.scripts_folder / platform.interpreters[0])
    base = str(environment.executable)
    projects = ("ipykernel", "ipython-autoinstall") if is_cell else ("ipython-autoinstall",)
    commands = [
        # Debian splits `venv` off: then the uv that came with autoinstall makes the environment.
        (base, "-m", "venv", str(folder)) if _has_venv() else (base, "-m", "uv", "venv", "--seed", str(folder)),
        (own, "-m", "pip", "install", *projects),
    ]
    if is_cell:
        commands.append((own, "-m", "ipykernel", "install", "--user", "--name", _OWN_NAME))
    return tuple(quoted(command, platform) for command in commands)


def all_of(environment: Environment) -> tuple[Environment, ...]:
    """Return an environment and its targets that exist: each has a lock, a record and recoveries of its own."""
    return (environment, *(in_target(environment, Path(folder).parent) for folder in target.existing()))


def in_target(environment: Environment, folder: Path) -> Environment:
    """Return what an environment is to those who install beside it: its Python, the folders within a target."""
    library = folder / target.SITE
    return replace(
        environment,
        prefix=folder,
        purelib=library,
        platlib=library,
        scripts=folder / here().scripts_folder,
        data=folder,
        is_conda=False,
        is_externally_managed=False,
        is_writable=is_writable(library),
    )


def _beside(environment: Environment, settings: Settings, reason: str, obstacle: Obstacle) -> Destination | Refusal:
    if settings.mode is Mode.AUTO and settings.target is None:
        # Nobody sees a question that would say where it goes.
        return Refusal(obstacle, f"{reason[0].upper()}{reason[1:]}, and autoinstall leaves it as it is.")
    root = None if settings.target is None else str(settings.target)
    beside = in_target(environment, Path(target.folder_in(root)))
    if not beside.is_writable:
        sentence = f"{reason[0].upper()}{reason[1:]}, nor can {printable(str(beside.prefix))} be written to."
        return Refusal(obstacle, sentence)
    return Destination(beside, reason)


def _has_room(environment: Environment, plan: Plan) -> bool:
    free = free_space(environment.purelib)
    # What cannot be told is tried: a full disk leaves no halves.
    return plan.size is None or free is None or free >= UNPACKED * plan.size


def _has_venv() -> bool:
    from importlib.util import find_spec  # noqa: PLC0415 - only where an environment has to be made

    return sys.platform != "emscripten" and find_spec("ensurepip") is not None
