"""The shipped file's form: sorted lines in small compressed blocks behind an index, for `autoinstall.table`."""

import zlib
from collections.abc import Iterable

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
    packed = [zlib.compress(b"\n" + b"\n".join(lines) + b"\n", 9) for lines in blocks]
    index = zlib.compress(
        len(packed).to_bytes(4, "little")
        + b"".join(len(block).to_bytes(4, "little") for block in packed)
        + b"\n".join(_key(lines[0]) for lines in blocks),
        9,
    )
    names = zlib.compress("\n".join(popular).encode(), 9)
    lengths = len(index).to_bytes(4, "little") + len(names).to_bytes(4, "little")
    return MAGIC + lengths + index + names + b"".join(packed)


def _key(line: bytes) -> bytes:
    return line.partition(b"\t")[0]
