"""The bundled table, read: which projects provide an import name, how good that word is, and what else is known.

`data/` holds the facts that people review; `python -m data.builder` compiles them into `autoinstall/table.bin`.

This package is imported on a miss, inside somebody's import statement. It therefore imports next to nothing:
`typing`, `dataclasses`, `re` and `pathlib` each cost more than the look-up itself.
"""

from autoinstall.table.container import MAGIC, TABLE_FILE, Container
from autoinstall.table.entries import (
    BY_HAND,
    CONDA_FORGE,
    CRAWL,
    INSIDE,
    NAMING_RULE,
    OF_ITS_VENDOR,
    AdviceRow,
    Claim,
    Entry,
    Witness,
)

TYPE_CHECKING = False  # as in `entries`
if TYPE_CHECKING:
    from autoinstall.names import ImportName, ProjectName
    from autoinstall.table.entries import Standing

__all__ = [
    "BY_HAND",
    "CONDA_FORGE",
    "CRAWL",
    "INSIDE",
    "MAGIC",
    "NAMING_RULE",
    "OF_ITS_VENDOR",
    "TABLE_FILE",
    "AdviceRow",
    "Claim",
    "Entry",
    "Table",
    "Witness",
    "advice_for",
    "conda_name",
    "denial_for",
    "imports_of",
    "lookup",
    "on_the_index_since",
    "popular_import_names",
    "rank_of",
    "same_name",
    "witnesses",
]

EVIDENCE_KEY = "&evidence"
"""The key of the one line that says what the evidence letters mean."""

_STANDINGS: "dict[str, Standing]" = {"t": "trusted", "c": "choice", "r": "rare", "n": "namespace"}
_ONLY_A_WAY_DOWN = "-"


class Table:
    """A compiled table, opened at the first question; safe to ask from several threads.

    Every method raises `TableDamagedError` where the file is missing, cut or changed. Answers stay within the file:
    no network, nothing written.
    """

    def __init__(self, path: str = TABLE_FILE) -> None:
        self.path = path
        self._file = Container(path)
        self._popular: tuple[ImportName, ...] | None = None

    def lookup(self, name: "ImportName") -> Entry | None:
        """Return what is known about an import name or, where that says nothing, its longest prefix that decides.

        `None`: nobody is known to provide it. About 20 µs, and 1 µs where its neighbours were just asked about.
        """
        parts = name.split(".")
        decided: tuple[str, list[str]] | None = None
        rules: list[tuple[int, str]] = []
        for length in range(1, len(parts) + 1):
            prefix = ".".join(parts[:length])
            row = self._file.row(prefix)
            if row is None:
                break
            head = row[0]
            if head[0] != _ONLY_A_WAY_DOWN:
                decided = prefix, row
            rules.extend((length, column[1:]) for column in row[1:] if column.startswith("*"))
            if len(head) == 1 or head[1] != "+":
                break
        if decided is None:
            return None
        if rules and len(decided[0]) < len(name):
            by_rule = self._by_naming_rule(parts, rules, decided[0].count(".") + 1)
            if by_rule is not None:
                return by_rule
            plain = _without_api_version(name)
            if plain != name and decided[1][0][0] == "n":
                return self.lookup(plain)  # type: ignore[arg-type] # an import name, a suffix shorter
        return _entry(*decided)

    def imports_of(self, project: "ProjectName") -> "tuple[ImportName, ...]":
        """Return what to write after `import` to use a project, the likeliest first; empty where that is not known.

        Known are the 15,000 most downloaded projects, those with better evidence than the crawl's, and every project
        that its import names lead to by the rule `my-project`: `my_project`.
        """
        row = self._file.row(f"={project}")
        if row is not None and len(row) > 2 and row[2]:  # noqa: PLR2004 - the third column holds the names
            return tuple(row[2].split(" "))  # type: ignore[arg-type] # the builder checked them
        guess = project.replace("-", "_")
        entry = self.lookup(guess)  # type: ignore[arg-type] # a guess that is no import name is not in the table
        if entry is not None and any(claim.project == project for claim in entry.claims):
            return (guess,)  # type: ignore[return-value] # found in the table, so it is one
        return ()

    def rank_of(self, project: "ProjectName") -> int | None:
        """Return a project's place among the 15,000 most downloaded, from 1; `None` beyond."""
        row = self._file.row(f"={project}")
        return int(row[0]) if row is not None and row[0] else None

    def conda_name(self, project: "ProjectName") -> str | None:
        """Return what conda-forge calls a project, or `None` where it does not carry it."""
        row = self._file.row(f"={project}")
        if row is None or len(row) == 1 or not row[1]:
            return None
        return project if row[1] == "=" else row[1]

    def on_the_index_since(self, project: "ProjectName") -> str | None:
        """Return the month (`2016-07`) of a project's oldest file, or `None` where nobody has looked."""
        row = self._file.row(f"={project}")
        return row[4] if row is not None and len(row) > 4 else None  # noqa: PLR2004 - the fifth column holds it

    def witnesses(self) -> tuple[Witness, ...]:
        """Return what the evidence letters stand for, the strongest first."""
        columns = (column.split(",", 2) for column in self._file.row(EVIDENCE_KEY) or ())
        return tuple(Witness(letter, since or None, says) for letter, since, says in columns)

    def advice_for(self, name: "ImportName") -> AdviceRow | None:
        """Return the reviewed row about a name or, where it has none, about its longest prefix that has one."""
        parts = name.split(".")
        for length in range(len(parts), 0, -1):
            prefix = ".".join(parts[:length])
            row = self._file.row(f"?{prefix}")
            if row is not None:
                kind, suggestion, project, reason, source = row
                return AdviceRow(
                    prefix,  # type: ignore[arg-type] # part of an import name
                    kind=kind,
                    suggestion=suggestion or None,
                    project=project or None,  # type: ignore[arg-type] # the builder checked it
                    reason=reason,
                    source=source,
                )
        return None

    def denial_for(self, name: str) -> str | None:
        """Return why an import name's root or a project is on the deny list, or `None` where it is not."""
        row = self._file.row(f"!{same_name(name.partition('.')[0])}")
        return None if row is None else row[0]

    def popular_import_names(self) -> "tuple[ImportName, ...]":
        """Return the top-level import names of the most used trusted projects, the most used first."""
        if self._popular is None:
            self._popular = tuple(self._file.popular())  # type: ignore[arg-type] # the builder checked them
        return self._popular

    def _by_naming_rule(self, parts: list[str], rules: list[tuple[int, str]], decided: int) -> Entry | None:
        """Return the known project that a namespace's rule makes of more than `decided` parts of the name.

        `{*}` stands for the parts below the namespace, joined, `{1}` for any one of them, the last first; rules after
        `^` only reach the most downloaded projects. Vouched for are those, what conda-forge carries, and what
        is at home in a namespace: in the repository of its vendor, or with files that were seen there.
        """
        for depth, written in reversed(rules):
            rule = written.lstrip("^")
            for length in range(len(parts), max(depth, decided), -1):
                middle = parts[depth:length] if "{*}" in rule else parts[length - 1 : length]
                for separator in ("-", ""):
                    project = rule.replace("{*}", separator.join(middle)).replace("{1}", middle[-1])
                    project = same_name(project) if separator else project.replace("_", "").lower()
                    row = self._file.row(f"={project}")
                    if row is not None and (row[0] or rule == written):
                        rank = int(row[0]) if row[0] else None
                        is_carried = len(row) > 1 and row[1] != ""
                        home = row[3] if len(row) > 3 else ""  # noqa: PLR2004 - the fourth column holds the letters
                        evidence = "".join(sorted((CONDA_FORGE if is_carried else "") + NAMING_RULE + home))
                        claim = Claim(project, evidence, rank)  # type: ignore[arg-type] # a known project
                        prefix = ".".join(parts[:length])
                        standing: Standing = "trusted" if rank is not None or is_carried or home else "rare"
                        return Entry(prefix, standing, (claim,), 1)  # type: ignore[arg-type] # part of a name
        return None


def same_name(name: str) -> str:
    """Return the project name that equals an import name, as PEP 503 normalises it: `my-module` for `My_Module`."""
    name = name.replace("_", "-").replace(".", "-").lower()
    while "--" in name:
        name = name.replace("--", "-")
    return name.strip("-")


def _without_api_version(name: str) -> str:
    """Return `google.cloud.speech` for `google.cloud.speech_v1p1beta1`: generated clients carry one on a part."""
    parts = []
    for part in name.split("."):
        at = part.rfind("_v")
        parts.append(part[:at] if at > 0 and part[at + 2 : at + 3].isdigit() else part)
    return ".".join(parts)


def _entry(name: str, row: list[str]) -> Entry:
    head = row[0]
    claims = []
    for column in row[1:]:
        if column.startswith("*"):
            continue
        project, _, rest = column.partition(",")
        evidence, _, rest = rest.partition(",")
        rank, _, reason = rest.partition(",")
        claims.append(
            Claim(project or same_name(name), evidence or CRAWL, int(rank) if rank else None, reason)  # type: ignore[arg-type] # the builder checked them
        )
    claimants = head.lstrip("tcrn+")
    return Entry(name, _STANDINGS[head[0]], tuple(claims), int(claimants) if claimants else len(claims))  # type: ignore[arg-type]


_bundled = Table()
lookup = _bundled.lookup
imports_of = _bundled.imports_of
rank_of = _bundled.rank_of
conda_name = _bundled.conda_name
on_the_index_since = _bundled.on_the_index_since
witnesses = _bundled.witnesses
advice_for = _bundled.advice_for
denial_for = _bundled.denial_for
popular_import_names = _bundled.popular_import_names
