"""`python -m benchmarks.accuracy [--misses] [FOLDER]`: our answers and two rivals' on every case file, in one run.

The cases (origins in `cases/README.md`) never feed the table. A rival answers every name it can with a plain yes:
`same name` installs what the import is called, if the index has it; `most downloaded` the best ranked claimant.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from autoinstall.advice import Advice, Verdict, advise
from autoinstall.advice.facts import Facts, current_facts
from autoinstall.table import same_name
from data.builder.sources import Sources, read, rows

CASES = Path(__file__).parent / "cases"

ON_A_PLAIN_YES = frozenset({Verdict.TRUSTED, Verdict.CHOICE})
REFUSALS = frozenset({Verdict.ADVICE, Verdict.DENIED, Verdict.UNKNOWN})


class Case(NamedTuple):
    """One name with the projects that are right for it; `weight` is in notebooks where those were counted."""

    import_name: str
    accepted: frozenset[str]
    weight: int
    is_ranked: bool


class Trap(NamedTuple):
    """One name that must not lead to an install on a plain yes, and what should be said about it."""

    import_name: str
    kind: str
    expected: str


Rival = Callable[[str], str | None]


def main(arguments: list[str]) -> None:
    """Print the figures; with `--misses` every name that a target counts against us."""
    shows_misses = "--misses" in arguments
    folder = Path(next((argument for argument in arguments if not argument.startswith("-")), CASES))
    sources = read()
    rivals = {"same name": _same_name(sources), "most downloaded": _most_downloaded(sources)}
    with tempfile.TemporaryDirectory() as empty:
        facts = current_facts(path=[], nearby=Path(empty))
        for title, cases in _groups(folder):
            _report(title, cases, facts, rivals, shows_misses=shows_misses)
        _report_traps(_traps(folder), facts, rivals, shows_misses=shows_misses)


def _groups(folder: Path) -> Iterator[tuple[str, list[Case]]]:
    notebooks, debian, pyodide = (_cases(folder / f"{name}.tsv") for name in ("notebooks", "debian", "pyodide"))
    yield "notebooks, weighted by use", notebooks
    yield "Debian, projects in the top 15,000", [case for case in debian if case.is_ranked]
    yield "Debian, all", debian
    yield (
        "dotted names of all files",
        [case._replace(weight=1) for case in (*notebooks, *debian, *pyodide) if "." in case.import_name],
    )
    yield "pyodide", pyodide


def _cases(path: Path) -> list[Case]:
    return [
        Case(
            row["import_name"],
            frozenset(row["accepted"].split()),
            int(row.get("notebooks") or 1),
            bool(row.get("rank")),
        )
        for row in rows(path)
    ]


def _traps(folder: Path) -> list[Trap]:
    return [Trap(row["import_name"], row["kind"], row["expected"]) for row in rows(folder / "traps.tsv")]


def _report(title: str, cases: list[Case], facts: Facts, rivals: dict[str, Rival], *, shows_misses: bool) -> None:
    total = sum(case.weight for case in cases)
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    among = 0
    misses = []
    for case in cases:
        advice = advise(case.import_name, facts)
        is_right = advice.project in case.accepted
        (right if is_right else wrong)[advice.verdict] += case.weight
        among += case.weight * bool(case.accepted & {*advice.candidates})
        if not is_right or advice.verdict not in ON_A_PLAIN_YES:
            misses.append((case, advice))
    yes = sum(right[verdict] for verdict in ON_A_PLAIN_YES)
    no = sum(wrong[verdict] for verdict in ON_A_PLAIN_YES)
    print(f"\n{title}: {len(cases)} names" + (f", weight {total}" if total != len(cases) else ""))
    print(
        f"  {'autoinstall':16} plain yes {_share(yes, total)} right {_share(no, total)} wrong;"
        f" right among the answers {_share(among, total)}"
    )
    for name, rival in rivals.items():
        answers = [(case, rival(case.import_name)) for case in cases]
        good = sum(case.weight for case, answer in answers if answer in case.accepted)
        bad = sum(case.weight for case, answer in answers if answer is not None and answer not in case.accepted)
        print(f"  {name:16} plain yes {_share(good, total)} right {_share(bad, total)} wrong")
    print(
        "  by verdict: "
        + ", ".join(
            f"{verdict} {_share(right[verdict], total).strip()} right {_share(wrong[verdict], total).strip()} wrong"
            for verdict in Verdict
            if right[verdict] or wrong[verdict]
        )
    )
    if shows_misses:
        for case, advice in sorted(misses, key=lambda miss: -miss[0].weight):
            ranked = "ranked" if case.is_ranked else ""
            print(
                f"    {case.import_name:40} {advice.verdict:8} {' '.join(advice.candidates[:3]) or '-':50}"
                f" not {' '.join(sorted(case.accepted))} {case.weight if case.weight > 1 else ''}{ranked}"
            )


def _report_traps(traps: list[Trap], facts: Facts, rivals: dict[str, Rival], *, shows_misses: bool) -> None:
    answers = [(trap, advise(trap.import_name, facts)) for trap in traps]
    installed = sum(advice.verdict in ON_A_PLAIN_YES for _, advice in answers)
    as_expected = sum(is_as_expected(trap, advice) for trap, advice in answers)
    print(f"\ntraps: {len(traps)} names")
    print(
        f"  {'autoinstall':16} {installed} would be installed on a plain yes; "
        f"{_share(as_expected, len(traps)).strip()} get the advice expected"
    )
    for name, rival in rivals.items():
        print(f"  {name:16} {sum(rival(trap.import_name) is not None for trap in traps)} would be installed")
    for kind, count in sorted(Counter(trap.kind for trap in traps).items()):
        good = sum(is_as_expected(trap, advice) for trap, advice in answers if trap.kind == kind)
        print(f"    {kind:22} {good:3} of {count:3} as expected")
    if shows_misses:
        for trap, advice in answers:
            if not is_as_expected(trap, advice):
                print(
                    f"    {trap.import_name:24} {trap.expected:40} {advice.verdict:8} {advice.suggestion or '-'};"
                    f" {advice.reason[:90]}"
                )


def is_as_expected(trap: Trap, advice: Advice) -> bool:
    """Tell whether the advice is what a trap's `expected` asks for.

    `ask`: no install on a plain yes. `refuse`: no offer at all, a rare one included. `did you mean X`, `use X`,
    `comes with X`: X, or one of those joined with `or` and `and`, also stands in the suggestion, project or reason.
    """
    if advice.verdict in ON_A_PLAIN_YES:
        return False
    what = trap.expected.removeprefix("removed from the standard library: ")
    if what.startswith("refuse") and advice.verdict not in REFUSALS:
        return False
    for words in ("ask: did you mean ", "use ", "refuse: comes with "):
        wanted = what.removeprefix(words)
        if wanted not in {what, "nothing in the standard library"}:
            said = f"{advice.suggestion} {advice.project} {advice.reason}".casefold()
            alternatives = wanted.removesuffix(" (ask)").casefold().replace(" and ", " or ").split(" or ")
            return any(alternative in said for alternative in alternatives)
    return True


def _same_name(sources: Sources) -> Rival:
    projects = {project for seen in sources.claims.values() for project in seen} | sources.downloads.keys()

    def answer(name: str) -> str | None:
        return same_name(name) if same_name(name) in projects else None

    return answer


def _most_downloaded(sources: Sources) -> Rival:
    def answer(name: str) -> str | None:
        seen = sources.claims.get(name) or sources.claims.get(name.partition(".")[0]) or {}
        return min(seen, key=lambda project: (-sources.downloads.get(project, 0), project), default=None)

    return answer


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:6.2f} %"


if __name__ == "__main__":
    main(sys.argv[1:])
