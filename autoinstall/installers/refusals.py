"""The sentences for "it cannot be had": what stands in the way, and what to do about it."""

import re
from collections.abc import Sequence
from dataclasses import replace

from autoinstall.command import Finished
from autoinstall.environment import Installed
from autoinstall.environment.indexes import asks_for_a_password
from autoinstall.names import ProjectName
from autoinstall.plan import Change, Obstacle, Refusal, Wanted
from autoinstall.text import printable, redacted, version_as_text

LONGEST_DETAILS = 4000
"""In characters: what a tool said is kept for those who ask for details, not a novel."""

LONGEST_WORDS = 120
"""In characters: what is shown of a tool's own words."""

_QUOTED = re.compile(r"""([`'"]).*\1""")

_FULL = ("No space left on device", "There is not enough space on the disk", "Disk quota exceeded")


def of_ending(finished: Finished, tool: str) -> Refusal | None:
    """Return why a tool did not come to an end of its own, `None` where it did."""
    match finished.ending:
        case "":
            return None
        case "interrupted":
            return Refusal(Obstacle.INTERRUPTED, "Interrupted: nothing was installed.", details(finished))
        case "stalled":
            sentence = f"{tool} was ended because nothing moved any more: check the network, then try again."
            return Refusal(Obstacle.STALLED, sentence, details(finished))
        case "not found":
            sentence = f"{tool} could not be started: reinstall it, or set another installer."
            return Refusal(Obstacle.INSTALLER_MISSING, sentence, details(finished))


def of_disk(finished: Finished) -> Refusal | None:
    """Return that no space was left for a tool to work in, `None` where that was not its trouble."""
    if not any(words in finished.errors for words in _FULL):
        return None
    return Refusal(Obstacle.DISK_FULL, "Not installed, since no space is left on the disk.", details(finished))


def tool_failed(finished: Finished, tool: str) -> Refusal:
    """Return that a tool gave up for a reason of its own, in its own first words.

    What it quotes is left out: that may be anything that an index or a wheel says. So is a traceback's message.
    """
    lines = [line.strip() for line in finished.errors.splitlines() if line.strip()]
    said = next((line for line in lines if line.casefold().startswith("error")), lines[-1] if lines else "")
    if said == "ERROR: Exception:":
        said = f"an error of its own ({lines[-1].partition(':')[0]})"
    # From the first quote to the last: what is quoted may hold quotes too.
    said = _QUOTED.sub(r"\1…\1", said)
    shown = printable(redacted(said), LONGEST_WORDS) or "it said nothing"
    sentence = f"{tool} gave up (exit status {finished.status}): {shown}."
    return Refusal(Obstacle.TOOL_FAILED, sentence, details(finished))


def offline(index: str, finished: Finished) -> Refusal:
    """Return that no index could be reached."""
    where = f" {printable(index)}" if index else ""
    sentence = f"The index{where} cannot be reached: check the network (or proxy), then try again."
    return Refusal(Obstacle.OFFLINE, sentence, details(finished))


def index_failed(index: str, problem: str, finished: Finished) -> Refusal:
    """Return that an index answered, but not with anything to install from."""
    where = f" {printable(index)}" if index else ""
    return Refusal(Obstacle.INDEX_FAILED, f"The index{where} {problem}.", details(finished))


def swapped(index: str, finished: Finished) -> Refusal:
    """Return that an index has another file now than the one that was agreed to."""
    return _bad_file(index, "gave another file than the one that was shown", finished)


def damaged(index: str, finished: Finished) -> Refusal:
    """Return that a file of an index cannot be unpacked, or not safely."""
    return _bad_file(index, "gave a file that is damaged or unsafe", finished)


def _bad_file(index: str, problem: str, finished: Finished) -> Refusal:
    return replace(index_failed(index, f"{problem}: nothing was installed", finished), obstacle=Obstacle.UNSAFE)


def wants_credentials(index: str, finished: Finished) -> Refusal:
    """Return that an index lets in only those who are known to it."""
    return index_failed(index, asks_for_a_password(index), finished)


def no_wheel(asked: Wanted, one: Wanted, said: str) -> Refusal:
    """Return that a project is published as source code only."""
    sentence = f"{_who_needs(asked, one)} has no wheel, only source code that would have to be built."
    return Refusal(Obstacle.NO_WHEEL, sentence, _details(said))


def not_for_this_platform(asked: Wanted, one: Wanted, file: str, said: str) -> Refusal:
    """Return that wheels exist for other platforms only, with an example's tag."""
    tag = printable(file.removesuffix(".whl").rpartition("-")[2])
    sentence = f"{_who_needs(asked, one)} has no wheel for this platform, only for others such as {tag}."
    return Refusal(Obstacle.NO_WHEEL_FOR_THIS_PYTHON, sentence, _details(said))


def not_for_this_python(asked: Wanted, one: Wanted, python_version: str, other: str, said: str) -> Refusal:
    """Return that wheels exist for other versions of Python only, and for which."""
    here = ".".join(python_version.split(".")[:2])
    sentence = (
        f"{_who_needs(asked, one)} has no wheel for Python {here}, but one for Python {other}: "
        f"use an environment with Python {other}."
    )
    return Refusal(Obstacle.NO_WHEEL_FOR_THIS_PYTHON, sentence, _details(said))


def not_found(asked: Wanted, one: Wanted, said: str) -> Refusal:
    """Return that the index has nothing under that name that anybody could install."""
    version = f" {version_as_text(one.version)}" if one.version else ""
    sentence = f"{_who_needs(asked, one)}{version} is not to be had from the index: withdrawn, or never there."
    return Refusal(Obstacle.NOT_FOUND, sentence, _details(said))


def too_new(wanted: Sequence[Wanted], young: Sequence[tuple[ProjectName, str]]) -> Refusal:
    """Return that only releases younger than the user accepts would do."""
    which = ", ".join(f"{project} {version_as_text(version)}" for project, version in young)
    sentence = (
        f"{_names(wanted)} would need a release that is too new to be trusted yet ({which}): "
        "wait a few days, or lower the setting min_age_days."
    )
    return Refusal(Obstacle.TOO_NEW, sentence)


def conflict(
    wanted: Sequence[Wanted],
    held: Installed,
    *,
    would_do: str,
    needed_by: Sequence[str],
    remark: str,
    details: str,
) -> Refusal:
    """Return that one installed distribution stands in the way: who needs it otherwise, and what would do."""
    who = " and ".join(printable(each) for each in needed_by) or _names(wanted)
    here = f"{held.project} {version_as_text(held.version)}"
    verb = "needs" if len(needed_by) <= 1 else "need"
    if held.project in {one.project for one in wanted}:
        what = f"{here} is installed here, not {version_as_text(would_do)}"
    else:
        what = (
            f"{who} {verb} another version of {held.project} than the {here} installed here "
            f"({version_as_text(would_do)} would do)"
        )
    sentence = f"{what}, and what is installed is left as it is.{remark}"
    return Refusal(Obstacle.CONFLICT, sentence, _details(details))


def conflicts(wanted: Sequence[Wanted], differing: Sequence[Change], *, details: str) -> Refusal:
    """Return that several installed distributions stand in the way together."""
    which = ", ".join(f"{each.project} {version_as_text(each.before)}" for each in differing)
    sentence = (
        f"{_names(wanted)} does not go together with {which or 'what is installed here'}, "
        "and what is installed is left as it is."
    )
    return Refusal(Obstacle.CONFLICT, sentence, _details(details))


def not_as_asked(projects: Sequence[ProjectName]) -> Refusal:
    """Return that a resolver's answer would change what is installed, or would build something."""
    which = ", ".join(dict.fromkeys(projects))
    sentence = f"The plan would replace or build {which}, which autoinstall does not do by itself."
    return Refusal(Obstacle.CONFLICT, sentence)


def without_hash(projects: Sequence[ProjectName]) -> Refusal:
    """Return that nothing tells what the files of some projects have to be, so that nobody could agree to them."""
    which = ", ".join(dict.fromkeys(projects))
    sentence = f"The index tells no hashes of the files of {which}, and this pip works none out; uv does"
    return Refusal(Obstacle.CONFLICT, f"{sentence} (AUTOINSTALL_INSTALLER=uv).")


def unexplained(wanted: Sequence[Wanted], said: str) -> Refusal:
    """Return that no set of wheels satisfies the wish, where asking again did not show why."""
    sentence = f"{_names(wanted)} needs something that cannot be installed from wheels of the index."
    return Refusal(Obstacle.NO_WHEEL, sentence, _details(said))


def unsafe(objections: Sequence[str]) -> Refusal:
    """Return that wheels are not in order, as a tool found while it unpacked them: the first in a sentence."""
    more = f" (and {len(objections) - 1} more)" if len(objections) > 1 else ""
    sentence = f"not installed, since {objections[0]}{more}; nothing was changed"
    return Refusal(Obstacle.UNSAFE, sentence, "\n".join(objections))


def details(finished: Finished) -> str:
    """Return what a tool said, made harmless, line by line."""
    return _details(finished.errors or finished.output)


def _details(said: str) -> str:
    return "\n".join(printable(line, limit=500) for line in redacted(said)[:LONGEST_DETAILS].splitlines())


def _names(wanted: Sequence[Wanted]) -> str:
    return " with ".join(dict.fromkeys(one.project for one in wanted))


def _who_needs(asked: Wanted, one: Wanted) -> str:
    return one.project if one.project == asked.project else f"{asked.project} needs {one.project}, which"
