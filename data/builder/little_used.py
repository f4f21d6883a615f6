"""What vouches for projects beyond the most downloaded: people who carry them, and looks that agree on them.

Each rule asks what somebody gains who puts up a project to be installed by mistake. Nobody gets into conda-forge or
into a vendor's own repository by taking a name; nobody gets into a list of 2019 today; and who takes the name of
a file that others write themselves, or one slip away from a known name, is left out here and in `decide.py`.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from autoinstall.names import import_name, is_import_name, prefixes
from autoinstall.table import CONDA_FORGE, CRAWL, INSIDE, OF_ITS_VENDOR, same_name
from data.builder.slips import with_one_letter_less
from data.builder.sources import Namespace

LATER_MAP, OLDER_MAP = "m", "l"

FOR_YEARS = frozenset({LATER_MAP, OLDER_MAP})
"""Letters of the two editions of one map: what both have has been there for years, and was looked at twice."""

SHORTEST = 5
"""Shorter names are abbreviations that many think of independently."""

EVERYDAY = 5
"""As many longer names have an everyday word as a part. Names of such words alone are people's own files'."""

SHORTEST_JOINED = 4
"""In letters, of everyday words that are written as one; shorter ones are found in any word."""

_WORD = re.compile(r"[^\W\d_]+")


class Claims(NamedTuple):
    """What is claimed about one name: by the likeliest project, and by all others.

    `evidence` are the letters of what saw `project` ship the name, `above` of what saw it ship a name above, which
    `is_owned_above` says is a well-known other project's; `home` are those of `at_home`. `rivals` are the `others`
    that count; `is_only_carried` tells that of all these conda-forge carries `project` alone, called after the name.
    """

    name: str
    project: str
    evidence: str
    others: Collection[str]
    rivals: Collection[str]
    above: str = ""
    is_owned_above: bool = False
    is_only_carried: bool = False
    home: str = ""


def is_vouched_for(claims: Claims, everyday: Collection[str]) -> bool:
    """Tell whether the likeliest project may be installed on a plain yes although few download it.

    - conda-forge carries it, and the name is its own or nobody else's, or it is called after the name and conda-forge
      carries none of the others. This not for names of everyday words alone;
    - the name is its own, both editions of the installed map and the crawl saw it, and there are no rivals;
    - nobody else was ever seen to ship the name, and
      - it lies in a namespace in which the project is at home; or
      - the crawl agrees with a look of years ago: with either edition of the map where the name is the project's,
        with the later one, made of the more downloaded, where it is not. Not so for names of everyday words alone,
        inner modules, and what lies below another project's name.
    """
    letters = {*claims.evidence}
    same = same_name(claims.name) == claims.project
    is_dotted = "." in claims.name
    is_everyday = not is_dotted and _is_of(everyday, claims.name)
    if CONDA_FORGE in letters and (same or not claims.others or (claims.is_only_carried and not is_everyday)):
        return True
    if same and letters >= FOR_YEARS and not claims.rivals:
        return True
    if claims.others or len(claims.name) < SHORTEST or is_everyday:
        return False
    if is_dotted and claims.home:
        return True
    if claims.is_owned_above or "._" in claims.name:
        return False
    return CRAWL in letters | {*claims.above} and (LATER_MAP in letters or (same and OLDER_MAP in letters))


def _is_of(everyday: Collection[str], name: str) -> bool:
    """Tell whether a name is made of everyday words alone, two of which may be written as one: `pricecalc`."""
    return all(
        word in everyday
        or any(
            word[:end] in everyday and word[end:] in everyday
            for end in range(SHORTEST_JOINED, len(word) - SHORTEST_JOINED + 1)
        )
        for word in _words(name)
    )


def everyday_words(names: Iterable[str]) -> frozenset[str]:
    """Return the words that many of the longer top-level names have as a part."""
    counts = Counter(
        word for name in names if "." not in name and len(words := {*_words(name)}) > 1 for word in words
    )
    return frozenset(word for word, count in counts.items() if count >= EVERYDAY)


def _words(name: str) -> list[str]:
    return _WORD.findall(name.lower())


def at_home(
    namespaces: Mapping[str, Namespace],
    imports: Mapping[str, Collection[str]],
    of_vendors: Collection[str],
    ranks: Mapping[str, int],
) -> dict[str, str]:
    """Return the evidence letters of projects that are at home in a reviewed namespace.

    `OF_ITS_VENDOR`: the vendor's own repository has it. `INSIDE`: it is called as the namespace's rules ask, and its
    files were seen there; not where its name is one slip away from a most downloaded project's, whatever that is.
    """
    letters = dict.fromkeys(of_vendors, OF_ITS_VENDOR)
    rules = {name: _as_expression(namespace.rules) for name, namespace in namespaces.items()}
    below: dict[str, list[str]] = {}
    for name in rules:
        for prefix in prefixes(import_name(name)):
            below.setdefault(prefix, []).append(name)
    roots = {name.partition(".")[0] for name in rules}
    slips = {slip for project in ranks for slip in with_one_letter_less(project)}
    for project, names in imports.items():
        inside = {
            namespace
            for name in names
            if name.partition(".")[0] in roots and is_import_name(name)
            for namespace in _around(name, rules, below)
        }
        if any(rules[namespace].fullmatch(project) for namespace in inside) and (
            project in ranks or not slips & with_one_letter_less(project)
        ):
            letters[project] = letters.get(project, "") + INSIDE
    return letters


def _around(name: str, rules: Mapping[str, object], below: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield the namespaces that a name lies in, and those in it: the crawl often says no more than `google`."""
    yield from below.get(name, ())
    yield from (prefix for prefix in prefixes(import_name(name)) if prefix in rules)


def _as_expression(rules: Iterable[str]) -> re.Pattern[str]:
    open_to_all = [re.escape(rule) for rule in rules if not rule.startswith("^")]
    one = "|".join(rule.replace(re.escape("{*}"), ".+").replace(re.escape("{1}"), ".+") for rule in open_to_all)
    return re.compile(one or "(?!)")
