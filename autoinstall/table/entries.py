"""What the table says, as plain values: entries with their claims, witnesses, and rows of advice."""

TYPE_CHECKING = False  # `typing` would cost 4 to 8 ms; mypy takes any variable of this name as true
if TYPE_CHECKING:
    from typing import Literal

    from autoinstall.names import ImportName, ProjectName

    Standing = Literal["trusted", "choice", "rare", "namespace"]

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
