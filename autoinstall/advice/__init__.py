"""What an import name leads to, and why: the table's word and the facts around it made one decision."""

import keyword
import re
from dataclasses import dataclass, replace
from enum import StrEnum

from autoinstall.advice.facts import Facts, said_for
from autoinstall.advice.nearby import Neighbour, Where
from autoinstall.advice.presence import Kind, Presence
from autoinstall.advice.typos import Slip, Words
from autoinstall.names import (
    LONGEST_IMPORT_NAME,
    ImportName,
    ProjectName,
    import_name,
    is_import_name,
    prefixes,
    project_name,
    root,
)
from autoinstall.table import BY_HAND, AdviceRow, Claim, Entry
from autoinstall.text import popularity_as_text, printable

MOST_CANDIDATES = 5
"""No advice offers more projects to choose from."""


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
    candidates: list[ProjectName]
    reason: str
    suggestion: str | None = None


def advise(name: str, facts: Facts) -> Advice:
    """Return what to do about `name`; decided in the order of DESIGN.md, the first rule that speaks ends it.

    Touches nothing: what it needs to know it asks of `facts`. Any text is answered, however malformed.
    Raises `TableDamagedError` where the table cannot be read.
    """
    if not is_import_name(name):
        return _instead(name, _what_is_wrong_with(name))
    asked = import_name(name)
    presence = facts.presence(asked)
    if presence.is_whole:
        return Advice(name, Verdict.INSTALLED, None, [], f"{name} can be imported here already.")
    row = facts.table.advice_for(asked)
    decided = (
        _denied(asked, facts)
        or _lies_close(asked, facts)
        or _reviewed(asked, row, presence, facts)
        or _part_of_what_is_there(asked, presence, facts)
        or _standard_library(asked, facts)
        or _from_the_table(asked, row, facts)
    )
    return _within_settings(asked, decided, facts)


def _from_the_table(name: ImportName, row: AdviceRow | None, facts: Facts) -> Advice:
    entry = facts.table.lookup(name)
    generic = row if row is not None and row.kind == _GENERIC else None
    if entry is not None and generic is None and not _is_private(name):
        if entry.standing == "trusted":
            claim = entry.claims[0]
            vouched = Advice(name, Verdict.TRUSTED, claim.project, [claim.project], _why_trusted(claim))
            may_be_a_slip = _is_little_used(claim) and BY_HAND not in claim.evidence
            return (may_be_a_slip and _slip(name, entry, facts)) or vouched
        if entry.standing == "choice":
            reason = "Several projects provide it; the first is the usual one."
            if entry.claims[0].reason:
                reason = f"Several projects provide it; {entry.claims[0].project}: {entry.claims[0].reason}."
            return _offer(name, Verdict.CHOICE, entry, reason)
    return (
        _lies_around(name, facts)
        or _generic(name, entry, generic)
        or _shared(name, entry)
        or _project_name(name, entry, facts)
        or _own_file(name, entry)
        or _slip(name, entry, facts)
        or _rare(name, entry, facts)
        or _unknown(name, facts)
    )


# What the name itself says.


def _what_is_wrong_with(name: str) -> str:
    if not name.strip():
        return "There is no name here: write what follows import, such as cv2 or yaml."
    shown = printable(name, 40)
    if len(name) > LONGEST_IMPORT_NAME:
        return f"{shown} is too long for an import name: nothing real has more than {LONGEST_IMPORT_NAME} characters."
    if not name.isascii():
        return f"{shown} has characters outside a-z, which can pass for others: no known import name has them."
    if keyword.iskeyword(name):
        return f"{shown} is a word that Python keeps for itself: no module can have this name."
    if all(part.isidentifier() for part in name.split(".")):
        return f"{shown} has a part that is a word Python keeps for itself: no module can have this name."
    return f"{shown} is no import name: those have letters, digits, _ and dots between them, no digit first."


def _is_private(name: ImportName) -> bool:
    return name.startswith("_")


# What the lists say.


def _denied(name: ImportName, facts: Facts) -> Advice | None:
    if facts.deny and any(_listed(prefix) in facts.deny for prefix in prefixes(name)):
        return Advice(name, Verdict.DENIED, None, [], f"The settings here forbid {name}.")
    reason = facts.table.denial_for(name)
    return None if reason is None else Advice(name, Verdict.DENIED, None, [], reason)


def _listed(name: ImportName) -> ProjectName:
    # Normalised as settings normalise; a name of underscores alone is no project's and so on nobody's list.
    return project_name(name.strip("_.") or "0")


def _within_settings(name: ImportName, advice: Advice, facts: Facts) -> Advice:
    """Strike out the projects that the settings or the deny list forbid; where none is left, that has decided."""
    allow = facts.allow
    if allow is not None and any(_listed(prefix) in allow for prefix in prefixes(name)):
        allow = None
    left = [
        project
        for project in advice.candidates
        if project not in facts.deny
        and (allow is None or project in allow)
        and facts.table.denial_for(project) is None
    ]
    if left == advice.candidates:
        return advice
    if not left and advice.project is not None:
        forbidden = ", ".join(advice.candidates)
        reason = facts.table.denial_for(advice.project) or f"The settings here do not allow {forbidden}."
        return Advice(name, Verdict.DENIED, None, [], reason)
    return replace(advice, project=left[0] if advice.project else None, candidates=left)


def _reviewed(name: ImportName, row: AdviceRow | None, presence: Presence, facts: Facts) -> Advice | None:
    """Speak as `data/advice` does; its generic names wait until the table and the files around have been asked."""
    if row is None or row.kind == _GENERIC:
        return None
    entry = facts.table.lookup(name)
    if entry is not None and entry.standing in ("trusted", "choice") and len(entry.decided_by) > len(row.import_name):
        return None  # `dbutils.pooled_db`: people have settled this part, whatever is said of the whole
    if row.kind == _MADE_ON_IMPORT:
        # A package makes these while it is imported itself: no file of theirs will ever be found.
        found = presence.found is not None
        return Advice(name, Verdict.INSTALLED, None, [], row.reason) if found else None
    suggestion = row.suggestion
    if suggestion is not None and is_import_name(suggestion) and row.kind in _SAME_PARTS_BELOW:
        suggestion += name[len(row.import_name) :]
    advice = _instead(name, said_for(row.reason, facts.system), suggestion)
    if row.project is not None:
        return replace(advice, project=row.project, candidates=[row.project])
    if row.kind == _HOST and entry is not None:
        alike = [claim.project for claim in entry.claims if claim.project == _listed(root(name)) and claim.rank]
        return replace(advice, candidates=alike)
    return advice


_GENERIC = "generic"
_HOST = "host"
"""What only a host program provides; a well-known project that shares the name remains to be chosen outright."""

_MADE_ON_IMPORT = "made-on-import"
_SAME_PARTS_BELOW = frozenset({"project-name", "python2", "moved"})
"""Kinds of which the suggestion has the same modules below it: `BeautifulSoup.element` is `bs4.element`."""


# What is there already.


def _part_of_what_is_there(name: ImportName, presence: Presence, facts: Facts) -> Advice | None:
    """Speak where the root is there but not the rest, unless another project is known to add exactly such a part."""
    found = presence.found
    if found is None or presence.kind is Kind.NAMESPACE:
        return None
    owner = facts.owner(name)
    entry = facts.table.lookup(name)
    is_known_below = entry is not None and entry.decided_by.startswith(f"{found}.")
    if is_known_below and (owner is None or owner.project not in _projects(entry)):
        return None
    missing = name[len(found) + 1 :].partition(".")[0]
    slip = Words(presence.submodules).nearest(missing)
    meant = None if slip is None else f"{found}.{slip.word}"
    if root(name) in facts.standard_library:
        what = f"Python {facts.python}'s own {root(name)}"
    elif owner is None:
        what = f"The {root(name)} that is found here" + (
            f" ({printable(presence.origin)})" if presence.origin else ""
        )
    else:
        what = f"{owner.project} {printable(owner.version)}, which is installed here,"
    hint = f"; did you mean {meant}?" if meant else "; its documentation tells what became of it or who adds it."
    return _instead(name, f"{what} has no {found}.{missing}{hint}", meant)


def _standard_library(name: ImportName, facts: Facts) -> Advice | None:
    top = root(name)
    if top not in facts.standard_library:
        return None
    return _instead(name, f"{top} is a part of Python that this one was built without: no index has it.")


def _lies_close(name: ImportName, facts: Facts) -> Advice | None:
    """Speak where a file lies in the same folder or above it: that was meant, whatever an index may hold."""
    neighbour = facts.neighbour(name)
    if neighbour is None or neighbour.where not in (Where.HERE, Where.ABOVE):
        return None
    return _neighbour(name, neighbour)


def _lies_around(name: ImportName, facts: Facts) -> Advice | None:
    """Speak where a file lies in a folder below or beside: that was meant if the table vouches for nothing."""
    neighbour = facts.neighbour(name)
    return None if neighbour is None else _neighbour(name, neighbour)


def _neighbour(name: ImportName, neighbour: Neighbour) -> Advice:
    file = printable(str(neighbour.file))
    if neighbour.where is Where.HERE:
        reason = f"{file} lies right here: a program in its folder finds it, the path searched now does not hold it."
    else:
        reason = f"{file} is there, but its folder is not among those that Python looks in."
    return _instead(name, reason, f"import sys; sys.path.append({str(neighbour.folder)!r})")


# What somebody may have meant.

# Names that courses and novices give the files they write themselves, as far as a rule can tell them: a numbered or
# lettered piece of course work, something of one's own, and the drawers into which functions are put.
_COURSE_WORK = re.compile(
    r"(lab|hw|homework|week|day|unit|lesson|lecture|session|chapter|ch|part|step|section|tutorial|quiz|exam|test|task"
    r"|problem|question|q|exercises?|ex|assignment|module|mod|project|solutions?|answers?|notebook|nb|script|file"
    r"|program|demo|example|sample|practice|challenge|puzzle)(_?[0-9]{1,3}[a-z]?|_[a-z])(_\w+)?"
    r"|(my|our|the|your|student|teacher|course|class|custom)_\w+"
    r"|my(module|package|class|functions?|code|file|script|lib|library|utils?|tools?|app|project|model|test|data)",
    re.ASCII | re.IGNORECASE,
)
_DRAWER = re.compile(
    r"\w+_(utils?|helpers?|functions?|funcs?|tools?|local|settings|configs?|module|script|homework|solutions?)"
    r"|(utils?|helpers?|functions?|tools?|config|settings)_\w+",
    re.ASCII | re.IGNORECASE,
)


def _generic(name: ImportName, entry: Entry | None, generic: AdviceRow | None) -> Advice | None:
    return None if generic is None else replace(_instead(name, generic.reason), candidates=_projects(entry))


def _own_file(name: ImportName, entry: Entry | None) -> Advice | None:
    top = root(name)
    if not _COURSE_WORK.fullmatch(top) and (entry is not None or not _DRAWER.fullmatch(top)):
        return None
    reason = f"{top} sounds like a file of your own or of your course: put {top}.py into the folder you work in."
    return replace(_instead(name, reason), candidates=_projects(entry))


def _shared(name: ImportName, entry: Entry | None) -> Advice | None:
    """Speak about a name that many projects share and none owns."""
    if entry is None or entry.standing != "namespace":
        return None
    shared = entry.decided_by
    if shared == name:
        reason = f"Many projects put their modules under {shared}: say which one, as in import {shared}.something."
    else:
        reason = f"Many projects put their modules under {shared}, and none is known to provide {name}."
    return replace(_instead(name, reason), candidates=_projects(entry))


def _project_name(name: ImportName, entry: Entry | None, facts: Facts) -> Advice | None:
    """Speak where the root is what an index calls a well-known project whose import name is another."""
    top = root(name)
    project = _listed(top)
    imports = [known for known in facts.table.imports_of(project) if not _is_private(known)]
    if facts.table.rank_of(project) is None or not imports or top in imports:
        return None
    if entry is not None and (entry.claims[0].project == project or entry.decided_by != top):
        return None
    meant = imports[0] + name[len(top) :]
    return _instead(name, f"{project} is what the project is called, its import is {imports[0]}.", meant)


def _slip(name: ImportName, entry: Entry | None, facts: Facts) -> Advice | None:
    """Speak where the root is a slip or two from a name that is here or well known."""
    top = root(name)
    if _is_private(top):
        return None
    found = [
        (slip.distance, where, slip)
        for where, words in enumerate((facts.words_here(), facts.words()))
        if (slip := words.nearest(top) if entry is None else words.one_slip(top)) is not None
        and (entry is None or _outweighs(slip, entry, top))
    ]
    if not found:
        return None
    _, where, slip = min(found, key=lambda row: row[:2])
    meant = slip.word + name[len(top) :]
    known = "which is well known" if where else "which is here"
    who = "Nothing" if entry is None else f"Only the little-used {entry.claims[0].project}"
    reason = f"{who} is known to provide {top}; did you mean {meant}, {known}?"
    return replace(_instead(name, reason, meant), candidates=_projects(entry))


def _outweighs(slip: Slip, entry: Entry, name: str) -> bool:
    """Tell whether a slip is likelier than the little-used project that claims the name.

    Against one that nothing vouches for: the same letters in another case, or a single slip from a name that is as
    well known as its length asks for. Against a vouched one: a single slip from one of the hundred best known.
    """
    if not _is_little_used(entry.claims[0]):
        return False
    if entry.standing == "trusted":
        return slip.distance == 1 and slip.place < 100  # noqa: PLR2004
    if slip.distance == 1:
        return slip.place < (2_000 if len(name) >= 5 else 150)  # noqa: PLR2004
    return slip.distance == 0


def _is_little_used(claim: Claim) -> bool:
    # `panda` beside `pandas` is, `grequests` beside `requests` (6,251st) is not.
    return claim.rank is None or claim.rank > 10_000  # noqa: PLR2004


# What the table knows of but cannot vouch for, and what it does not know.


def _rare(name: ImportName, entry: Entry | None, facts: Facts) -> Advice | None:
    if entry is None or not name.strip("_"):
        return None
    if _is_private(name):
        reason = f"{name} is an inner module, known to come with {entry.claims[0].project}."
        return _offer(name, Verdict.RARE, entry, reason)
    how_many = "One project claims" if entry.claimants == 1 else f"{entry.claimants} projects claim"
    reason = f"{how_many} this name, and nothing vouches for any: make sure that {entry.claims[0].project} is meant."
    return replace(_offer(name, Verdict.RARE, entry, reason), suggestion=facts.words().part_of(root(name)))


def _unknown(name: ImportName, facts: Facts) -> Advice:
    if _is_private(name):
        return _instead(
            name, f"{name} begins with _, as inner modules do: it comes with something else or not at all."
        )
    meant = facts.words().part_of(root(name))
    if meant is not None:
        return _instead(name, f"Nothing is known by the name {name}; did you mean {meant}?", meant)
    reason = f"Nothing is known by the name {name}: is it a file of yours, or is there a slip in it?"
    return Advice(name, Verdict.UNKNOWN, None, [], reason)


def _why_trusted(claim: Claim) -> str:
    known = f"{claim.project} provides it and is {popularity_as_text(claim.rank)}"
    if claim.rank is not None:
        known += " projects"
    return f"{known} ({claim.reason})." if claim.reason else f"{known}."


def _projects(entry: Entry | None) -> list[ProjectName]:
    return [] if entry is None else [claim.project for claim in entry.claims[:MOST_CANDIDATES]]


def _offer(name: str, verdict: Verdict, entry: Entry, reason: str) -> Advice:
    return Advice(name, verdict, entry.claims[0].project, _projects(entry), reason)


def _instead(name: str, reason: str, suggestion: str | None = None) -> Advice:
    return Advice(name, Verdict.ADVICE, None, [], reason, suggestion)
