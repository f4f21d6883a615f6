"""The shipped file's form: sorted lines in small compressed blocks behind an index, for `autoinstall.table`."""

import zlib
from collections.abc import Iterable
from itertools import accumulate

from autoinstall.table import MAGIC

BLOCK = 4096
"""In bytes before compression: half of it saves no look-up time and costs 3 % of the file; double it, the reverse."""


def pack(lines: Iterable[str], popular: Iterable[str], block: int = BLOCK) -> bytes:
    """Return the file's bytes for `lines`, each a key with its columns behind tabs, and the popular names."""
    ordered = sorted((line.encode() for line in lines), key=_key)
    blocks: list[list[bytes]] = [[]]
    size = 0
    for line in ordered:
        if size >= block:
            blocks.append([])
            size = 0
        blocks[-1].append(line)
        size += len(line) + 1
    parts = ["\n".join(popular).encode(), *(b"\n" + b"\n".join(lines) + b"\n" for lines in blocks)]
    packed = [zlib.compress(part, 9) for part in parts]
    ends = accumulate((len(part) for part in packed), initial=0)
    index = zlib.compress(
        len(packed).to_bytes(4, "little")
        + b"".join(end.to_bytes(4, "little") for end in ends)
        + b"\n".join(_key(lines[0]) for lines in blocks),
        9,
    )
    return MAGIC + len(index).to_bytes(4, "little") + index + b"".join(packed)


def _key(line: bytes) -> bytes:
    return line.partition(b"\t")[0]
