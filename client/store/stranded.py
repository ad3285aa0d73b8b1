"""Work recorded under earlier numbers of this device that the server may not have.

A phone gets another number when it is enrolled anew: its install was cloned, it was revoked, or a
restored server does not know it. What its old numbers still owe is sent under the new one; that it
is the same operation, the server sees by `was` (docs/protocol.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from client.store.outbox import KEPT_MS, Outbox
from client.store.record import Record, RecordKind
from client.store.sealed import Result, Sealer
from shared.canonical import Json
from shared.wire.envelope import OpState, moved_op

__all__ = ["ServerLife", "bring_over"]

_FINAL = (OpState.OK, OpState.REJECTED)


@dataclass(frozen=True, slots=True)
class ServerLife:
    """The server's present life, and by number the highest sequence that it knows."""

    generation: str
    earlier: Mapping[str, int]


@dataclass(slots=True)
class _Past:
    """What the journal holds of one earlier number: records, their positions, what is in them."""

    ops: dict[int, tuple[int, Record]] = field(default_factory=dict)
    outcomes: list[Record] = field(default_factory=list)
    results: dict[int, Result] = field(default_factory=dict)
    promises: dict[int, Result] = field(default_factory=dict)
    opened: dict[int, Mapping[str, Json]] = field(default_factory=dict)

    def ordered_away(self) -> Iterator[int]:
        """Yield the ops that were accepted, and whose text was destroyed by order since."""
        for seq, (_, record) in self.ops.items():
            promise = self.promises.get(seq)
            if record.is_ordered_away and promise is not None and promise.state is OpState.OK:
                yield seq

    def owes(self, seq: int, last: int, generation: str) -> bool:
        """Tell whether the server, which knows *last* sequences, must get this op once more.

        One that waits there is asked after under the number that this device has now. What an
        earlier life answered may be lost although its sequence is known: a clone that came back
        first has taken that.
        """
        result = self.results.get(seq)
        if result is None or result.state not in _FINAL or seq > last:
            return True
        return result.receipt is not None and result.receipt.generation != generation


async def bring_over(
    outbox: Outbox,
    sealer: Sealer,
    server: ServerLife,
    now_ms: int,
    lost: Callable[[bool], Mapping[str, Json]],
) -> None:
    """Keep in *outbox* what earlier numbers still owe, in order, each op once.

    What *sealer* can't open belongs to another person on this phone, and stays theirs.

    Args:
        outbox: That of the present number, loaded.
        sealer: Of the present number; any number's records open by the same key.
        server: What it says of itself.
        now_ms: The best guess of the time.
        lost: Returns what stands for an op whose record is damaged, for somebody may wait for it;
            or whose text was destroyed by order (True), for the server may lack what it did.

    Raises:
        StorageFullError: The rest is kept when there is room.
    """
    past = await _past(outbox, sealer)
    moved = await _moved(outbox, past)
    for device, numbers in sorted(past.items()):
        last = server.earlier.get(str(device), 0)
        # Where nothing can be opened, they are a second person's.
        missing = _gaps(numbers, last) if numbers.opened else []
        gaps = {seq: {**lost(False), "seq": seq} for seq in missing}
        gone = {seq: {**lost(True), "seq": seq} for seq in numbers.ordered_away()}
        for seq, op in sorted((numbers.opened | gaps | gone).items()):
            if numbers.owes(seq, last, server.generation) and (device, seq) not in moved:
                promise = _promise([*_was(op), (device, seq)], past)
                await outbox.append(moved_op(op, device), promise=promise)
                moved.add((device, seq))
        outbox.spend(_spent(device, numbers, moved, now_ms))


async def _past(outbox: Outbox, sealer: Sealer) -> dict[int, _Past]:
    found: defaultdict[int, _Past] = defaultdict(_Past)
    for position, record in outbox.foreign.items():
        one = found[record.device]
        if record.kind is RecordKind.OP:
            one.ops[record.seq] = (position, record)
        else:
            one.outcomes.append(record)
    for one in found.values():
        results, _ = await sealer.open_results(one.outcomes)
        one.results = {result.seq: result for result in results}
        for result in results:
            if result.state in _FINAL:
                one.promises.setdefault(result.seq, result)
        one.opened = await sealer.open_ops(
            [record for _, record in one.ops.values() if not record.is_erased]
        )
    return dict(found)


async def _moved(outbox: Outbox, past: Mapping[int, _Past]) -> set[tuple[int, int]]:
    """Return which ops of earlier numbers stand in the journal under a later one, too.

    Those in *outbox* get the promises back that were made under their earlier numbers.
    """
    moved = {form for one in past.values() for op in one.opened.values() for form in _was(op)}
    if past:
        await outbox.open(outbox.entries.values())
    for entry in outbox.entries.values():
        forms = _was(entry.op or {})
        moved.update(forms)
        if entry.promise is None:
            entry.promise = _promise(forms, past)
    return moved


def _promise(forms: Sequence[tuple[int, int]], past: Mapping[int, _Past]) -> Result | None:
    """Return the first final answer to an op that had *forms*: later ones only repeat it."""
    answers = (past[device].promises.get(seq) for device, seq in forms if device in past)
    return next((answer for answer in answers if answer is not None), None)


def _was(op: Mapping[str, Json]) -> list[tuple[int, int]]:
    return [(device, seq) for device, seq in cast("list[list[int]]", op.get("was", []))]


def _gaps(numbers: _Past, last: int) -> list[int]:
    """Return the sequences of which nothing is left but that there are later ones."""
    highest = max([0, *numbers.ops, *numbers.results])
    known = numbers.ops.keys() | numbers.results.keys()
    return [seq for seq in range(last + 1, highest) if seq not in known]


def _spent(device: int, numbers: _Past, moved: set[tuple[int, int]], now_ms: int) -> Iterator[int]:
    """Yield the positions of ops whose bodies need not be kept any longer."""
    for seq, (position, _) in numbers.ops.items():
        receipt = numbers.results[seq].receipt if seq in numbers.results else None
        if (device, seq) in moved or (receipt and now_ms - receipt.at >= KEPT_MS):
            yield position
