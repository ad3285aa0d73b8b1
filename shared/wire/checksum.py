"""One number for each table that a device holds: does it hold what the server thinks it does?"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

__all__ = ["table_sums"]

_BYTES = 8


def table_sums(held: Iterable[tuple[str, str, int]]) -> dict[str, str]:
    """Return a checksum for each table of *held*: rows by table, id and revision, in any order."""
    sums: defaultdict[str, int] = defaultdict(int)
    for table, row_id, revision in held:
        digest = hashlib.sha256(f"{table}/{row_id}/{revision}".encode()).digest()
        sums[table] ^= int.from_bytes(digest[:_BYTES])
    return {table: f"{total:0{2 * _BYTES}x}" for table, total in sums.items()}
