"""What an import name leads to, and why: the table's word and the facts around it made one decision."""

from dataclasses import dataclass
from enum import StrEnum

from autoinstall.names import ProjectName


class Verdict(StrEnum):
    """What is to be done about an import name; the values are the public interface's."""

    INSTALLED = "installed"
    TRUSTED = "trusted"
    CHOICE = "choice"
    RARE = "rare"
    UNKNOWN = "unknown"
    ADVICE = "advice"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Advice:
    """What would be done about one import name, and why: the fields of `autoinstall which --json`, in its order.

    `import_name` is the text that was asked about, whole, even where it is no import name at all. `project` is what
    a yes would install, `candidates` all that may be chosen, best first, at most five. `reason` is one sentence for
    the user. `suggestion` is the import name or statement to write instead.
    """

    import_name: str
    verdict: Verdict
    project: ProjectName | None
    candidates: tuple[ProjectName, ...]
    reason: str
    suggestion: str | None = None
