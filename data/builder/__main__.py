"""`python -m data.builder` from the repository's root: writes `autoinstall/table.bin` and says what is in it."""

import time
from collections import Counter
from pathlib import Path

from autoinstall.table import TABLE_FILE
from data.builder import build


def main() -> None:
    """Compile the table, in the order read, decide, write."""
    start = time.perf_counter()
    lines, packed = build.build()
    Path(TABLE_FILE).write_bytes(packed)
    kinds = Counter(line[0] if line[0] in "=?!&" else "name" for line in lines)
    print(f"{TABLE_FILE}: {len(packed):,} bytes in {time.perf_counter() - start:.0f} s; rows: {dict(kinds)}")


if __name__ == "__main__":
    main()
