"""The bundled file as a mapping from keys to rows: an index, then sorted lines in small compressed blocks.

`data/builder/container.py` writes what is read here. Nothing is loaded before the first look-up, which reads the
file's index and then one block; `benchmarks/lookup.py` has the figures and the formats not taken. The file is not
kept open, so that another process may replace it (Windows forbids that to open files), and not mapped: Linux then
counts two megabytes as ours for each block touched.
"""

import os
import zlib
from bisect import bisect_right

TYPE_CHECKING = False  # as in `entries`
if TYPE_CHECKING:
    from typing import NoReturn

TABLE_FILE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "table.bin")  # noqa: PTH118, PTH120 - pathlib costs 8 ms
"""The compiled table inside the package."""

MAGIC = b"aitable2"
"""The first bytes of a table in this format."""

_MOST_BLOCKS_KEPT = 4096
"""More than the file has: all of them take 15 MB, in a process that asks for thousands of names, and save half of its
time. A notebook's few names take a few kilobytes each."""

_LONGEST_INDEX = 1 << 20
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)  # Windows would translate line ends without the second


class Container:
    """A compiled table's file, opened at the first question; safe to ask from several threads.

    Every method raises `TableDamagedError` where the file is missing, cut or changed.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._first_keys: list[bytes] = []
        self._ends = b""
        self._start = 0
        self._blocks: dict[int, bytes] = {}

    def row(self, key: str) -> list[str] | None:
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
                return self.row(key)
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

    def popular(self) -> list[str]:
        """Return the popular names, the most used first."""
        self._index()
        return self._unpacked(0).decode().split("\n")

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
