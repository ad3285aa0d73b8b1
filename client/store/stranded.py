"""Work recorded under an earlier enrolment of this device that no server has answered."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from client.store.outbox import Outbox
from client.store.record import DamagedRecordError, Record, RecordKind, decode_record
from client.store.sealed import Sealer
from shared.canonical import Json

__all__ = ["stranded_ops"]

_SAME = ("name", "v", "args", "by", "clock")
"""What two copies of one op have in common; the clock's monotonic reading makes it unique."""


async def stranded_ops(
    contents: Sequence[bytes], sealer: Sealer, outbox: Outbox, *, device: int
) -> list[Mapping[str, Json]]:
    """Return the unanswered ops of other device numbers, in order, without those moved already.

    A server may know some of them, its answer lost: run again, they are refused by their ids and
    states. What *sealer* can't open belongs to another person on this phone, and stays theirs.
    """
    found: list[Mapping[str, Json]] = []
    for records in _by_device(contents, device).values():
        outcomes = [record for record in records if record.kind is RecordKind.OUTCOMES]
        results, _ = await sealer.open_results(outcomes)
        answered = {result.seq for result in results}
        ops = await sealer.open_ops(
            [
                record
                for record in records
                if record.kind is RecordKind.OP
                and record.seq not in answered
                and not record.is_erased
            ]
        )
        found += [op for _, op in sorted(ops.items())]
    if not found:
        return []
    await outbox.open(outbox.entries.values())
    moved = [entry.op for entry in outbox.entries.values() if entry.op is not None]
    return [op for op in found if not any(_is_same(op, other) for other in moved)]


def _by_device(contents: Sequence[bytes], device: int) -> dict[int, list[Record]]:
    """Return the readable records of every device number but *device*, earliest first."""
    records: dict[int, list[Record]] = {}
    for content in contents:
        with contextlib.suppress(DamagedRecordError):  # `Outbox.load` has counted it.
            record = decode_record(content)
            if record.device != device:
                records.setdefault(record.device, []).append(record)
    return records


def _is_same(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    return all(one.get(name) == other.get(name) for name in _SAME)
