"""What somebody may have meant: the known name nearest to an unknown one, by edit distance and by word parts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

_SHORTEST = 3
_CHARACTERS = {character: 1 << position for position, character in enumerate("abcdefghijklmnopqrstuvwxyz0123456789")}

# How well known a word (by its place among the words, best known first) must be to be what a slip meant: the shorter
# the names and the farther apart, the likelier that both exist. Rows: shorter name's length, distance, place.
_REACH = ((3, 1, 150), (4, 1, 800), (5, 1, 5_000), (6, 1, 10_000), (6, 2, 400), (7, 2, 1_000), (8, 2, 5_000))

# Words among the best known whose parts people build names out of: `scipylib`, `numerapy`, `sklearnify`.
_BEST_KNOWN = 300
_SHORTEST_ROOT_OF_COMPOUND = 5
_SHORTEST_HEAD = 3
_SHORTEST_SHARED_END = 6

# Beyond this place a single slip outweighs no project that is known by the very name.
_KNOWN_TO_MANY = 2_000


@dataclass(frozen=True, slots=True)
class Slip:
    """A known word and how many slips (insert, drop, replace, swap neighbours) lie between it and what was typed."""

    word: str
    distance: int
    place: int


class Words:
    """Known words, best known first, made ready for searches of some milliseconds.

    Upper and lower case and underscores do not count: `Num_Py` is no slip away from `numpy`.
    """

    def __init__(self, known: Iterable[str], place: int | None = None) -> None:
        """Take words best known first, or, where `place` is given, all as known as a word in that place."""
        self._places: dict[str, tuple[int, str]] = {}
        for order, word in enumerate(dict.fromkeys(known)):
            self._places.setdefault(_squashed(word), (order if place is None else place, word))
        self._rows = tuple((plain, _mask(plain), place) for plain, (place, _) in self._places.items())
        self._words = {plain: word for plain, (_, word) in self._places.items()}

    def nearest(self, name: str) -> Slip | None:
        """Return the best known word within the reach that its length and fame allow, or `None`.

        The nearest wins, then the better known. A word is never its own typo.
        """
        plain = _squashed(name)
        if len(plain) < _SHORTEST:
            return None
        if plain in self._places:
            place, word = self._places[plain]
            return None if word == name else Slip(word, 0, place)
        mask = _mask(plain)
        size = len(plain)
        best: Slip | None = None
        for word, word_mask, place in self._rows:
            # Each slip changes at most two of the letters that occur, and the length by at most one.
            if (mask ^ word_mask).bit_count() <= 4 and -2 <= size - len(word) <= 2:  # noqa: PLR2004
                if not _within_reach(min(size, len(word)), 1, place):
                    continue
                # Words come best known first: a later one has to be nearer, not as near.
                distance = _distance(plain, word, 2 if best is None else best.distance - 1)
                if distance is not None and _within_reach(min(size, len(word)), distance, place):
                    best = Slip(self._words[word], distance, place)
        return best

    def one_slip(self, name: str) -> Slip | None:
        """Return the best known word that is at most one slip away, as `nearest` does, or `None`.

        Only the 2,000 best known count. Some microseconds: for names that are known themselves.
        """
        plain = _squashed(name)
        if len(plain) < _SHORTEST or plain in self._places:
            return self.nearest(name)
        near = {word for left in _with_one_left_out(plain) for word in self._by_what_is_left.get(left, ())}
        for word in sorted(near, key=lambda word: self._places[word][0]):
            place = self._places[word][0]
            if _within_reach(min(len(plain), len(word)), 1, place) and _distance(plain, word, 1) is not None:
                return Slip(self._words[word], 1, place)
        return None

    @cached_property
    def _by_what_is_left(self) -> dict[str, list[str]]:
        """The words by what is left of each without one of its letters: a slip apart, two share one of these."""
        words = defaultdict(list)
        for word, _, place in self._rows:
            if place < _KNOWN_TO_MANY:
                for left in _with_one_left_out(word):
                    words[left].append(word)
        return dict(words)

    def part_of(self, name: str) -> str | None:
        """Return the very well known word that `name` is built around, or `None`.

        `requests_extras` begins with one, `numpy_magic` holds one as a part, `numerapy` is `numpy` with something
        put in, and `dataplotlib` shares the long end of one.
        """
        plain = name.lower()
        known, by_head, by_end = self._best_known
        begun = (plain[:size] for size in range(_SHORTEST_ROOT_OF_COMPOUND, len(plain) + 1))
        rules: tuple[Iterable[str], ...] = (
            (part for part in plain.split("_") if len(part) >= _SHORTEST_ROOT_OF_COMPOUND and part in known),
            (head for head in begun if head in known),
            (
                word
                for word in by_head.get(plain[:_SHORTEST_HEAD], ())
                if len(word) >= _SHORTEST_ROOT_OF_COMPOUND and _is_stretched(plain, word)
            ),
            (word for word in by_end.get(plain[-_SHORTEST_SHARED_END:], ()) if _shares_its_end(plain, word)),
        )
        for rule in rules:
            found = min(rule, key=known.__getitem__, default=None)
            if found is not None:
                return None if found == plain else self._words[found]
        return None

    @cached_property
    def _best_known(self) -> tuple[dict[str, int], dict[str, list[str]], dict[str, list[str]]]:
        """The places of the best known words, and the words by their first and by their last letters."""
        places = {word: place for word, _, place in self._rows if place < _BEST_KNOWN}
        by_head, by_end = defaultdict(list), defaultdict(list)
        for word in places:
            by_head[word[:_SHORTEST_HEAD]].append(word)
            by_end[word[-_SHORTEST_SHARED_END:]].append(word)
        return places, dict(by_head), dict(by_end)


def _with_one_left_out(word: str) -> Iterator[str]:
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _squashed(word: str) -> str:
    return word.lower().replace("_", "")


def _mask(word: str) -> int:
    mask = 0
    for character in word:
        mask |= _CHARACTERS.get(character, 0)
    return mask


def _within_reach(size: int, distance: int, place: int) -> bool:
    return any(size >= length and distance <= slips and place < last for length, slips, last in _REACH)


def _is_stretched(name: str, word: str) -> bool:
    """Tell whether `name` is `word` with something put in after its first letters."""
    if len(name) <= len(word):
        return False
    return any(
        name.startswith(word[:head]) and name.endswith(word[head:]) for head in range(_SHORTEST_HEAD, len(word))
    )


def _shares_its_end(name: str, word: str) -> bool:
    shared = 0
    for mine, its in zip(reversed(name), reversed(word), strict=False):
        if mine != its:
            break
        shared += 1
    return shared >= _SHORTEST_SHARED_END and 5 * shared >= 3 * len(word)


def _distance(one: str, other: str, limit: int) -> int | None:
    """Return the optimal string alignment distance (Damerau's four slips), or `None` where it exceeds `limit`."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, mine in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, its in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (mine != its))
            if i > 1 and j > 1 and mine == other[j - 2] and one[i - 2] == its:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return None
    return row[-1] if row[-1] <= limit else None
