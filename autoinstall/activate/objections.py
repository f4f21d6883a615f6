"""What can speak against a staged install."""

from dataclasses import dataclass
from enum import StrEnum

from autoinstall.names import ProjectName
from autoinstall.text import printable_name


class Hazard(StrEnum):
    """What is wrong with a staged install."""

    LEAVES = "leaves its place"
    RECORD = "does not match its RECORD"
    METADATA = "is not what was planned"
    NOT_A_FILE = "is no regular file"
    OVERWRITES = "overwrites"
    STARTUP = "runs at every start"
    COMMAND = "replaces a command"
    PLACE = "configures the tools"
    MODULE = "stands in for a module"
    CACHE = "is run instead of another's source"


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason against a staged install: which project's, about which path (escaped), and a sentence."""

    hazard: Hazard
    project: ProjectName | None
    path: str
    sentence: str


def object_to(hazard: Hazard, project: ProjectName | None, path: str, what: str) -> Objection:
    """Return an objection whose sentence reads "snark: PATH WHAT"; the path may hold anything."""
    shown = printable_name(path)
    return Objection(hazard, project, shown, f"{project or 'a wheel'}: {shown} {what}")
