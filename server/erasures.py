"""The list of erasures: kept apart from the backups, so that a restored one is emptied again.

A file of one JSON object a line, appended before an erasure is committed: it may hold an erasure
that then failed, and never lacks one that did not. It names nobody: ids of what there was about a
customer, and the operations that told of them, without their texts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.canonical import Json, canonical_bytes
from shared.domain.erasure import Erasure
from shared.wire.rows import decode, encode

__all__ = ["ListedErasure", "ListedOp", "append_erasure", "read_erasures"]


@dataclass(frozen=True, slots=True, order=True)
class ListedOp:
    """An operation whose text was destroyed, by its number, and what is left of its body."""

    device: int
    seq: int
    digest: str
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedErasure:
    """An erasure, and by what it is known to be about the customer.

    Attributes:
        own: Ids of what was about the customer alone.
        ops: The operations whose text was destroyed.
    """

    county_id: str
    erasure: Erasure
    own: Sequence[str]
    ops: Sequence[ListedOp]


def append_erasure(path: Path, listed: ListedErasure) -> None:
    """Put *listed* at the end of the list, durably."""
    values: dict[str, Json] = {
        "county": listed.county_id,
        "erasure": encode(listed.erasure),
        "own": [*listed.own],
        "ops": [[op.device, op.seq, op.digest, op.body] for op in listed.ops],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # Behind a line that a power cut has torn, this one begins anew.
        torn = b"\n" if _ends_within_a_line(descriptor) else b""
        line = torn + canonical_bytes(values) + b"\n"
        if os.write(descriptor, line) != len(line):
            raise OSError(f"{path}: no room for the list of erasures")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_erasures(path: Path | None) -> list[ListedErasure]:
    """Return all that is listed, each erasure once, in the order of their times."""
    found: dict[str, ListedErasure] = {}
    if path is None or not path.exists():
        return []
    for line in path.read_bytes().splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue  # Torn by a power cut: what it told of was not committed.
        listed = ListedErasure(
            county_id=values["county"],
            erasure=decode(Erasure, values["erasure"]),
            own=values["own"],
            ops=[ListedOp(*op) for op in values["ops"]],
        )
        found[listed.erasure.id] = listed
    return sorted(found.values(), key=lambda listed: listed.erasure.at)


def _ends_within_a_line(descriptor: int) -> bool:
    end = os.fstat(descriptor).st_size
    return end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"
