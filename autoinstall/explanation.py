"""All that the table knows of an import name, for people: the advice, how it is known, since when, and what else."""

import textwrap
from collections.abc import Iterable
from typing import Protocol

from autoinstall import answers, table
from autoinstall.advice import Advice, Verdict
from autoinstall.names import ImportName, ProjectName, import_name, is_import_name
from autoinstall.table import Claim, Entry, Witness
from autoinstall.text import popularity_as_text

WIDTH = 100
"""Columns that the evidence is broken at."""

_FROM_THE_TABLE = frozenset({Verdict.TRUSTED, Verdict.CHOICE, Verdict.RARE})
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Known(Protocol):
    """What an explanation asks of the table; `autoinstall.table` tells what the answers mean."""

    def lookup(self, name: ImportName, /) -> Entry | None: ...  # noqa: D102 - as the table says
    def witnesses(self) -> tuple[Witness, ...]: ...  # noqa: D102 - as the table says
    def on_the_index_since(self, project: ProjectName, /) -> str | None: ...  # noqa: D102 - as the table says


def as_text(advice: Advice, known: Known = table) -> str:
    """Return what `answers.as_text` says and, where projects are offered, what speaks for them.

    That is: each one that may be chosen with its reason and how popular it is, the evidence for the first, since when
    it is known, and who else claims the name.
    """
    said = answers.as_text(advice)
    # Settings may have struck out projects: of those nothing is told but that they claim the name.
    entry = known.lookup(import_name(advice.import_name)) if is_import_name(advice.import_name) else None
    if advice.verdict not in _FROM_THE_TABLE or entry is None:
        return said
    offered = [claim for claim in entry.claims if claim.project in advice.candidates]
    if not offered:
        return said
    others = [claim.project for claim in entry.claims if claim.project not in advice.candidates]
    lines = [said]
    if len(offered) > 1:
        lines.extend(_choice(offered))
    lines.extend(_known_from(offered[0], known))
    if others:
        unnamed = entry.claimants - len(offered) - len(others)
        lines.append(f"  Less likely meant, though they have the name too: {_listed(others, unnamed)}.")
    elif (more := entry.claimants - len(offered)) > 0:
        lines.append(f"  {more} more projects have the name too.")
    return "\n".join(lines)


def _choice(offered: list[Claim]) -> Iterable[str]:
    projects = max(len(claim.project) for claim in offered)
    popularity = max(len(popularity_as_text(claim.rank)) for claim in offered)
    for claim in offered:
        row = f"    {claim.project:{projects}}  {popularity_as_text(claim.rank):{popularity}}  {claim.reason}"
        yield row.rstrip()


def _known_from(claim: Claim, known: Known) -> Iterable[str]:
    witnesses = [witness for witness in known.witnesses() if witness.letter in claim.evidence]
    said = "; ".join(witness.says for witness in witnesses)
    months = [witness.since for witness in witnesses if witness.since is not None]
    if months:
        said += f"; since {_month(min(months))} or earlier"
    oldest = known.on_the_index_since(claim.project)
    if oldest is not None:
        said += f"; on the index since {_month(oldest)}"
    return textwrap.wrap(
        f"{claim.project} is known from {said}.", WIDTH, initial_indent="  ", subsequent_indent="    "
    )


def _month(month: str) -> str:
    year, number = month.split("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


def _listed(projects: list[ProjectName], more: int) -> str:
    return ", ".join(projects) + (f" and {more} more" if more > 0 else "")
