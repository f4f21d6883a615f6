"""The bundled table, read: which projects provide an import name, how good that word is, and what else is known.

`data/` holds the facts that people review; `python -m data.builder` compiles them into `table.bin` beside this file,
and `data/builder/container.py` writes what is read here. Nothing is loaded before the first look-up, which reads the
file's index and then one block; `benchmarks/lookup.py` has the figures and the formats not taken. The file is not
kept open, so that another process may replace it (Windows forbids that to open files), and not mapped: Linux then
counts two megabytes as ours for each block touched.

This module is imported on a miss, inside somebody's import statement. It therefore imports next to nothing: `typing`,
`dataclasses`, `re` and `pathlib` each cost more than the look-up itself.
"""

import os
import zlib
from bisect import bisect_right

TYPE_CHECKING = False  # `typing` would cost 4 to 8 ms; mypy takes any variable of this name as true
if TYPE_CHECKING:
    from typing import Literal, NoReturn

    from autoinstall.names import ImportName, ProjectName

    Standing = Literal["trusted", "choice", "rare", "namespace"]

TABLE_FILE = os.path.join(os.path.dirname(__file__), "table.bin")  # noqa: PTH118, PTH120 - pathlib costs 8 ms
"""The compiled table inside the package."""

MAGIC = b"aitable2"
"""The first bytes of a table in this format."""

CRAWL = "c"
"""The evidence letter of the crawl of the whole index; what the letters mean stands in `data/facts/evidence.tsv`."""

BY_HAND = "h"
"""The evidence letter of an entry that people settled, with their reason."""

CONDA_FORGE = "f"
"""The evidence letter of a project that conda-forge carries: people there have read and built it."""

NAMING_RULE = "n"
"""The evidence letter of a namespace's naming rule, checked against the known projects."""

OF_ITS_VENDOR = "v"
"""The evidence letter of a project that the public repository of its namespace's vendor holds."""

INSIDE = "i"
"""The evidence letter of a project whose files were seen inside the namespace that its name says it belongs to."""

EVIDENCE_KEY = "&evidence"
"""The key of the one line that says what the evidence letters mean."""

_STANDINGS: "dict[str, Standing]" = {"t": "trusted", "c": "choice", "r": "rare", "n": "namespace"}
_ONLY_A_WAY_DOWN = "-"
_MOST_BLOCKS_KEPT = 4096
"""More than the file has: all of them take 15 MB, in a process that asks for thousands of names, and save half of its
time. A notebook's few names take a few kilobytes each."""

_LONGEST_INDEX = 1 << 20
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)  # Windows would translate line ends without the second


class _Facts:
    """A value of named fields, compared and shown whole: what a frozen dataclass would be, without its import."""

    __slots__: tuple[str, ...] = ()

    def _fields(self) -> tuple[object, ...]:
        return tuple(getattr(self, field) for field in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, _Facts) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(self._fields())

    def __repr__(self) -> str:
        fields = ", ".join(f"{field}={getattr(self, field)!r}" for field in self.__slots__)
        return f"{type(self).__name__}({fields})"


class Claim(_Facts):
    """One project that is known to provide an import name.

    `evidence` holds one letter for each source that saw it (`witnesses` tells what they stand for). `rank` counts
    from 1, the most downloaded project of all, and is `None` outside the 15,000 that are listed. `reason` is a
    person's, in a few words; empty where nobody wrote one.
    """

    __slots__ = ("evidence", "project", "rank", "reason")

    def __init__(self, project: "ProjectName", evidence: str, rank: int | None, reason: str = "") -> None:
        self.project = project
        self.evidence = evidence
        self.rank = rank
        self.reason = reason


class Witness(_Facts):
    """What an evidence letter stands for: `says` is what people read after "known from": `a list of 2019`.

    `since` is the month (`2019-12`) by which it was said at the latest; `None` where it has no date of its own.
    """

    __slots__ = ("letter", "says", "since")

    def __init__(self, letter: str, since: str | None, says: str) -> None:
        self.letter = letter
        self.since = since
        self.says = says


class Entry(_Facts):
    """What the table says about an import name.

    `decided_by` is the longest prefix of the name that the table knows: `google.cloud.storage` for
    `google.cloud.storage.blob`, and for `google.cloud.storage_v2` where nothing longer is known. `standing` is

    - `trusted`: the table vouches for the first claim;
    - `choice`: the claims all legitimately provide it, the first is the default;
    - `rare`: projects claim it, and the table vouches for none;
    - `namespace`: many projects share it and none owns it, so that only a longer name decides; the claims are the
      best known of those that live in it.

    `claims` come best first, five at most, of `claimants` in all.
    """

    __slots__ = ("claimants", "claims", "decided_by", "standing")

    def __init__(
        self, decided_by: "ImportName", standing: "Standing", claims: "tuple[Claim, ...]", claimants: int
    ) -> None:
        self.decided_by = decided_by
        self.standing = standing
        self.claims = claims
        self.claimants = claimants

    @property
    def is_known_to_the_crawl_only(self) -> bool:
        """Tell whether nothing but the crawl of the index speaks for these claims."""
        return all(claim.evidence == CRAWL for claim in self.claims)


class AdviceRow(_Facts):
    """A reviewed row about a name that is not simply to be installed, as it stands in `data/advice/`.

    `import_name` is the name or prefix that the row is about, `project` what to install where that is right.
    """

    __slots__ = ("import_name", "kind", "project", "reason", "source", "suggestion")

    def __init__(
        self,
        import_name: "ImportName",
        *,
        kind: str,
        suggestion: str | None,
        project: "ProjectName | None",
        reason: str,
        source: str,
    ) -> None:
        self.import_name = import_name
        self.kind = kind
        self.suggestion = suggestion
        self.project = project
        self.reason = reason
        self.source = source


class Table:
    """A compiled table, opened at the first question; safe to ask from several threads.

    Every method raises `TableDamagedError` where the file is missing, cut or changed. Answers stay within the file:
    no network, nothing written.
    """

    def __init__(self, path: str = TABLE_FILE) -> None:
        self.path = path
        self._first_keys: list[bytes] = []
        self._ends = b""
        self._start = 0
        self._popular: tuple[ImportName, ...] | None = None
        self._blocks: dict[int, bytes] = {}

    def lookup(self, name: "ImportName") -> Entry | None:
        """Return what is known about an import name or, where that says nothing, its longest prefix that decides.

        `None`: nobody is known to provide it. About 20 µs, and 1 µs where its neighbours were just asked about.
        """
        parts = name.split(".")
        decided: tuple[str, list[str]] | None = None
        rules: list[tuple[int, str]] = []
        for length in range(1, len(parts) + 1):
            prefix = ".".join(parts[:length])
            row = self._row(prefix)
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
        row = self._row(f"={project}")
        if row is not None and len(row) > 2 and row[2]:  # noqa: PLR2004 - the third column holds the names
            return tuple(row[2].split(" "))  # type: ignore[arg-type] # the builder checked them
        guess = project.replace("-", "_")
        entry = self.lookup(guess)  # type: ignore[arg-type] # a guess that is no import name is not in the table
        if entry is not None and any(claim.project == project for claim in entry.claims):
            return (guess,)  # type: ignore[return-value] # found in the table, so it is one
        return ()

    def rank_of(self, project: "ProjectName") -> int | None:
        """Return a project's place among the 15,000 most downloaded, from 1; `None` beyond."""
        row = self._row(f"={project}")
        return int(row[0]) if row is not None and row[0] else None

    def conda_name(self, project: "ProjectName") -> str | None:
        """Return what conda-forge calls a project, or `None` where it does not carry it."""
        row = self._row(f"={project}")
        if row is None or len(row) == 1 or not row[1]:
            return None
        return project if row[1] == "=" else row[1]

    def on_the_index_since(self, project: "ProjectName") -> str | None:
        """Return the month (`2016-07`) of a project's oldest file, or `None` where nobody has looked."""
        row = self._row(f"={project}")
        return row[4] if row is not None and len(row) > 4 else None  # noqa: PLR2004 - the fifth column holds it

    def witnesses(self) -> tuple[Witness, ...]:
        """Return what the evidence letters stand for, the strongest first."""
        columns = (column.split(",", 2) for column in self._row(EVIDENCE_KEY) or ())
        return tuple(Witness(letter, since or None, says) for letter, since, says in columns)

    def advice_for(self, name: "ImportName") -> AdviceRow | None:
        """Return the reviewed row about a name or, where it has none, about its longest prefix that has one."""
        parts = name.split(".")
        for length in range(len(parts), 0, -1):
            prefix = ".".join(parts[:length])
            row = self._row(f"?{prefix}")
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
        row = self._row(f"!{same_name(name.partition('.')[0])}")
        return None if row is None else row[0]

    def popular_import_names(self) -> "tuple[ImportName, ...]":
        """Return the top-level import names of the most used trusted projects, the most used first."""
        if self._popular is None:
            self._index()
            text = self._unpacked(0).decode()
            self._popular = tuple(text.split("\n"))  # type: ignore[arg-type] # the builder checked them
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
                    row = self._row(f"={project}")
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

    def _row(self, key: str) -> list[str] | None:
        """Return the columns behind a key; one that stands alone means a sole claimant of the same name."""
        wanted = key.encode()
        first_keys = self._index()
        number = bisect_right(first_keys, wanted) - 1
        block = self._blocks.get(number)
        if block is None:
            if number < 0:
                return None
            block = self._read_block(number)
            if first_keys is not self._first_keys:
                return self._row(key)
        # Of the lines that begin so its own is the first: they are in order, a shorter key before a longer.
        start = block.find(b"\n" + wanted)
        if start < 0:
            return None
        start += len(wanted) + 1
        match block[start : start + 1]:
            case b"\n":
                return ["r", ""]
            case b"\t":
                return block[start + 1 : block.index(b"\n", start)].decode().split("\t")
            case _:
                return None

    def _read_block(self, number: int) -> bytes:
        block = self._unpacked(number + 1)
        if len(self._blocks) >= _MOST_BLOCKS_KEPT:
            self._blocks = {}
        self._blocks[number] = block
        return block

    def _index(self) -> list[bytes]:
        return self._first_keys or self._open()

    def _unpacked(self, number: int) -> bytes:
        """Return a part of the file: 0 is the popular names, the blocks follow. Each carries its own checksum."""
        try:
            return self._part(number)
        except (zlib.error, UnicodeDecodeError, OSError):
            # A newer autoinstall may have been installed over this one since: its index tells.
            self._open()
        try:
            return self._part(number)
        except (zlib.error, UnicodeDecodeError) as problem:
            self._fail(f"is damaged ({problem})")
        except OSError as problem:
            self._fail(f"cannot be read ({problem})")

    def _part(self, number: int) -> bytes:
        start, end = (int.from_bytes(self._ends[at : at + 4], "little") for at in (4 * number, 4 * number + 4))
        part = zlib.decompress(self._read(self._start + start, end - start))
        part.decode()  # what is then taken out of it needs no check of its own
        return part

    def _read(self, start: int, length: int) -> bytes:
        # Opened anew each time, 3 µs: nothing is shared then with other threads and forked processes.
        file = os.open(self.path, _READ)
        try:
            os.lseek(file, start, os.SEEK_SET)
            return os.read(file, length)
        finally:
            os.close(file)

    def _open(self) -> list[bytes]:
        """Read the index.

        After the magic come the length of the compressed index and the index, then the parts. The index holds how
        many parts there are, where each ends (beginning with 0, counted from the end of the index), all in 4 bytes,
        little-endian, and the blocks' first keys, one a line.
        """
        try:
            head = self._read(0, 12)
            if head[:8] != MAGIC:
                self._fail("is not a table of this version")
            length = int.from_bytes(head[8:], "little")
            index = zlib.decompress(self._read(12, min(length, _LONGEST_INDEX)))
            size = os.stat(self.path).st_size  # noqa: PTH116 - pathlib costs 8 ms
        except FileNotFoundError:
            self._fail("is missing")
        except OSError as problem:
            self._fail(f"cannot be read ({problem})")
        except zlib.error as problem:
            self._fail(f"is damaged ({problem})")
        keys_at = 8 + 4 * int.from_bytes(index[:4], "little")
        ends = index[4:keys_at]
        if 12 + length + int.from_bytes(ends[-4:], "little") != size:
            self._fail("has the wrong length")
        self._start, self._ends, self._blocks = 12 + length, ends, {}
        # Last: another thread that sees the keys may use all the rest.
        self._first_keys = index[keys_at:].split(b"\n")
        return self._first_keys

    def _fail(self, problem: str) -> "NoReturn":
        from pathlib import Path  # noqa: PLC0415 - only where the table is damaged

        from autoinstall.errors import TableDamagedError  # noqa: PLC0415 - only where the table is damaged

        raise TableDamagedError(Path(self.path), problem)


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
