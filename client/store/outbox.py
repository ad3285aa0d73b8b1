"""The outbox: every mutation recorded here, in order, and what the server said to each.

Only the outbox is irreplaceable. An op is in the journal before anybody says "saved"; its
sequence is never given out again, also when its record can't be read back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from client.device import Journal
from client.store.record import (
    DamagedRecordError,
    Record,
    RecordKind,
    decode_record,
    encode_record,
    wiped,
)
from client.store.sealed import Result, Sealer
from shared.canonical import Json
from shared.wire.envelope import OpState

__all__ = ["LOST_RECORD", "Entry", "Outbox"]

_log = logging.getLogger(__name__)

_DAY_MS = 86_400_000
_FINAL = (OpState.OK, OpState.REJECTED)
LISTED_MS = 14 * _DAY_MS
"""So long can a person look up what was recorded here, whatever backups hold."""
KEPT_MS = 60 * _DAY_MS
"""Longer than that nothing answered is kept, whatever backups lack."""
PRUNED_AT_ONCE = 20
"""Some storages write the whole journal anew for each."""

LOST_RECORD = "report_lost_record"
"""Name of the op that takes the sequence of one whose record was damaged before it was sent.

No server knows it: it is refused as unknown, the queue goes on, and the office learns of the loss.
"""


@dataclass(slots=True, kw_only=True)
class Entry:
    """One op of this device.

    Attributes:
        digest: SHA-256 of the op; empty when its record is damaged.
        op: As on the wire; None while it is sealed, damaged or erased.
        record: The sealed record; None when it is damaged.
        result: The latest answer, or None while it waits.
        promise: What an earlier life of the server answered; it goes with the op when it is
            offered again.
    """

    seq: int
    digest: str = ""
    op: Mapping[str, Json] | None = None
    record: Record | None = None
    result: Result | None = None
    promise: Result | None = None

    @property
    def is_answered(self) -> bool:
        """Tell whether the phone holds a result."""
        return self.result is not None

    @property
    def is_open(self) -> bool:
        """Tell whether the server may still change its answer."""
        return self.result is not None and self.result.state in (OpState.DEFERRED, OpState.PARKED)

    @property
    def is_readable(self) -> bool:
        """Tell whether its op is there, sealed or opened."""
        return self.record is not None and not self.record.is_erased

    @property
    def is_lost(self) -> bool:
        """Tell whether it has no answer, and can't be sent to get one."""
        return not self.is_readable and not self.is_answered

    @property
    def size(self) -> int:
        """About the bytes that the op takes in a request."""
        return 0 if self.record is None else len(self.record.body)


class Outbox:
    """The ops of one device number, kept in the device's journal."""

    def __init__(self, journal: Journal, sealer: Sealer, *, device: int) -> None:
        """Write to *journal*; call `load` first."""
        self._journal = journal
        self._sealer = sealer
        self._device = device
        self._position = 0
        self._writing = asyncio.Lock()
        self._acked = 0
        self._next = 1
        self._positions: dict[int, int] = {}
        self.entries: dict[int, Entry] = {}
        self.damaged = 0
        """Records that could not be read back."""
        self.foreign: dict[int, Record] = {}
        """By position, the records of other numbers: of an earlier enrolment, a second person."""
        self._spent: set[int] = set()

    async def load(self, contents: Sequence[bytes], *, sent: int = 0) -> None:
        """Read what the journal holds, and open what has no answer yet.

        Args:
            contents: All that `Journal.load` returned.
            sent: The highest sequence ever sent: it holds where the journal's end is lost.
        """
        self._position = len(contents)
        ops, outcomes, damaged_at_end = self._sort(contents)
        results, damaged = await self._sealer.open_results(outcomes)
        self.damaged += damaged
        answered = max((result.seq for result in results), default=0)
        # A damaged record at the end may have held a sequence that the server knows by now.
        self._next = max(max(ops, default=0) + damaged_at_end, answered, sent) + 1
        for seq in range(1, self._next):
            record = ops.get(seq)
            self.entries[seq] = Entry(
                seq=seq, digest=record.digest if record else "", record=record
            )
        for result in results:
            self._recall(result)
        await self.open([entry for entry in self.entries.values() if not entry.is_answered])

    def _recall(self, result: Result) -> None:
        """Take up a kept answer; what was promised before it still holds after a restart."""
        entry = self.entries[result.seq]
        if entry.promise is None and entry.result is not None and entry.result.state in _FINAL:
            entry.promise = entry.result
        entry.result = result

    async def open(self, entries: Iterable[Entry]) -> None:
        """Unseal the ops of *entries*; one that can't be is set aside as damaged."""
        sealed = {
            entry.seq: entry.record
            for entry in entries
            if entry.op is None and entry.record is not None and entry.is_readable
        }
        ops = await self._sealer.open_ops(list(sealed.values()))
        for seq in sealed:
            entry = self.entries[seq]
            entry.op = ops.get(seq)
            if entry.op is None:
                self.damaged += 1
                entry.record = None

    @property
    def next_sequence(self) -> int:
        """The sequence of the next op."""
        return self._next

    @property
    def acked(self) -> int:
        """The highest sequence up to which the phone holds every result."""
        while (entry := self.entries.get(self._acked + 1)) is not None and entry.is_answered:
            self._acked += 1
        return self._acked

    def waiting(self) -> list[Entry]:
        """Return the entries without a result, in order."""
        return [
            entry
            for seq in range(self.acked + 1, self._next)
            if not (entry := self.entries[seq]).is_answered
        ]

    def open_sequences(self) -> list[int]:
        """Return the sequences last answered `deferred` or `parked`."""
        return [entry.seq for entry in self.entries.values() if entry.is_open]

    async def batch(self, *, count_max: int, bytes_max: int) -> list[Mapping[str, Json]]:
        """Return the next ops to send: in order, without gaps, at least one if any waits.

        A lost op ends the batch: what the server knows decides what becomes of its sequence.
        """
        chosen: list[Entry] = []
        size = 0
        for seq in range(self.acked + 1, self._next):
            entry = self.entries[seq]
            size += entry.size
            is_full = len(chosen) == count_max or (chosen and size > bytes_max)
            if is_full or not entry.is_readable:
                break
            chosen.append(entry)
        await self.open(chosen)
        ops: list[Mapping[str, Json]] = []
        for entry in chosen:
            if entry.op is None:
                break
            ops.append(entry.op)
        return ops

    def differs(self, known: Mapping[int, str]) -> bool:
        """Tell whether the server knows other content (by digest) under one of the sequences."""
        held = {seq: self.entries[seq].digest for seq in known if seq in self.entries}
        return any(digest and digest != known[seq] for seq, digest in held.items())

    def accepted_of(self, sequences: Iterable[int]) -> list[int]:
        """Return which of *sequences* were accepted, as far as this phone was told."""
        return [
            seq
            for seq in sequences
            if (entry := self.entries.get(seq)) is not None
            and entry.result is not None
            and entry.result.state is OpState.OK
        ]

    def offer_again(self, last: int) -> None:
        """Take back what a restored server no longer knows: all after *last* is sent again."""
        for entry in self.entries.values():
            if entry.seq > last:
                if entry.promise is None or entry.promise.state not in _FINAL:
                    entry.promise = entry.result or entry.promise
                entry.result = None  # What was promised first holds; later answers repeat it.
        self._acked = min(self._acked, last)

    def promises(self, ops: Iterable[Mapping[str, Json]]) -> list[Json]:
        """Return what an earlier life of the server answered to some of *ops*, as on the wire."""
        promises = [self.entries[cast("int", op["seq"])].promise for op in ops]
        return [
            promise.to_json()
            for promise in promises
            if promise is not None and promise.receipt is not None
        ]

    async def prune(self, keep_from: int, now_ms: int) -> int:
        """Destroy bodies that are needed no more, oldest first, some at a time; return how many.

        What a verified backup holds (below *keep_from*) need not be offered again after a restore.
        Sequence, digest and answer stay.
        """
        async with self._writing:
            chosen = [
                entry
                for entry in self.entries.values()
                if entry.is_readable
                and entry.result is not None
                and entry.result.receipt is not None
                and not entry.is_open
                and _is_prunable(entry.seq, entry.result, keep_from, now_ms)
            ][:PRUNED_AT_ONCE]
            for entry in chosen:
                assert entry.record is not None, "readable"
                pruned = replace(entry.record, wrapped_key=b"", body=b"")
                await self._journal.replace(self._positions[entry.seq], encode_record(pruned))
                entry.record, entry.op = pruned, None
            spent = sorted(self._spent)[:PRUNED_AT_ONCE]
            for position in spent:
                record = self.foreign[position]
                pruned = replace(record, wrapped_key=b"", body=b"")
                await self._journal.replace(position, encode_record(pruned))
                self.foreign[position] = pruned
                self._spent.discard(position)
        return len(chosen) + len(spent)

    async def erase(self, ops: Collection[tuple[int, int]]) -> bool:
        """Destroy the bodies of *ops* (device, sequence), as the server ordered; tell if all are.

        What has no answer yet, as after a restore, has to be sent first: the server takes it
        without its text.

        Raises:
            StorageFullError: There is no room for the journal without them; to be tried again.
        """
        async with self._writing:
            asked = [
                entry
                for device, seq in sorted(ops)
                if device == self._device and (entry := self.entries.get(seq)) is not None
            ]
            others = {
                position: record
                for position, record in self.foreign.items()
                if record.kind is RecordKind.OP and (record.device, record.seq) in ops
            }
            ready = [entry for entry in asked if entry.is_readable and entry.is_answered]
            for entry in ready:
                assert entry.record is not None, "readable"
                entry.record, entry.op = entry.record.erased(), None
                position = self._positions[entry.seq]
                await self._journal.replace(position, encode_record(entry.record))
            for position, record in others.items():
                if not record.is_erased:
                    self.foreign[position] = record.erased()
                    await self._journal.replace(position, encode_record(record.erased()))
            digests = {entry.digest for entry in asked if entry.digest}
            digests |= {record.digest for record in others.values()}
            await self._journal.amend_aside(lambda content: _without(content, digests))
        return not any(entry.is_readable for entry in asked)

    def spend(self, positions: Iterable[int]) -> None:
        """Let the bodies of *foreign* records be destroyed when there is time for that.

        Where an order did that already, what goes is the mark that their effects may be missed.
        """
        self._spent.update(pos for pos in positions if self.foreign[pos].wrapped_key)

    async def append(
        self, op: Mapping[str, Json], *, seq: int | None = None, promise: Result | None = None
    ) -> Entry:
        """Keep *op* under the next sequence, or in the place of a lost one; then it is durable.

        *promise* is what the server answered to it under an earlier number.

        Raises:
            StorageFullError: Nothing was kept; the sequence is still free.
            JournalPositionTakenError: Another copy of the app has written.
        """
        # Shielded: a caller that goes away must not leave a record that nobody counts.
        return await asyncio.shield(asyncio.ensure_future(self._append(op, seq, promise)))

    async def keep_results(self, results: Iterable[Result]) -> list[Result]:
        """Keep the answers durably, in one record; return those that were news."""
        news = [result for result in results if self._is_news(result)]
        if news:
            await asyncio.shield(asyncio.ensure_future(self._keep(news)))
        return news

    async def _append(
        self, op: Mapping[str, Json], seq: int | None, promise: Result | None
    ) -> Entry:
        async with self._writing:
            if seq is None:
                seq = self._next
            assert seq == self._next or self.entries[seq].is_lost, seq
            numbered = {**op, "seq": seq}
            record = await self._sealer.seal_op(seq, numbered)
            self._positions[seq] = self._position
            await self._write(record)
            entry = Entry(
                seq=seq, digest=record.digest, op=numbered, record=record, promise=promise
            )
            self.entries[seq] = entry
            self._next = max(self._next, seq + 1)
            return entry

    async def _keep(self, results: Sequence[Result]) -> None:
        async with self._writing:
            await self._write(await self._sealer.seal_results(results))
            for result in results:
                self.entries[result.seq].result = result

    async def _write(self, record: Record) -> None:
        await self._journal.append(self._position, encode_record(record))
        self._position += 1

    def _is_news(self, result: Result) -> bool:
        entry = self.entries.get(result.seq)
        if entry is None:
            return False
        held = entry.result
        if held is None:
            return True
        was, told = (held.state, held.problem), (result.state, result.problem)
        return entry.is_open and was != told

    def _sort(self, contents: Sequence[bytes]) -> tuple[dict[int, Record], list[Record], int]:
        """Return this device's ops by sequence, its outcomes, and the damaged records at the end.

        Records of another device number (an earlier enrolment, a second person) are left alone.
        """
        ops: dict[int, Record] = {}
        outcomes: list[Record] = []
        damaged_at_end = 0
        for position, content in enumerate(contents):
            try:
                record = decode_record(content)
            except DamagedRecordError as error:
                _log.error("journal: record %d is damaged (%s)", position, error)
                self.damaged += 1
                damaged_at_end += 1
                continue
            if record.device != self._device:
                self.foreign[position] = record
                continue
            if record.kind is RecordKind.OP:
                ops[record.seq] = record
                self._positions[record.seq] = position
                damaged_at_end = 0
            else:
                outcomes.append(record)
        return ops, outcomes, damaged_at_end


def _without(content: bytes, digests: Iterable[str]) -> bytes:
    for digest in digests:
        content = wiped(content, digest)
    return content


def _is_prunable(seq: int, result: Result, keep_from: int, now_ms: int) -> bool:
    assert result.receipt is not None, "only what has a final answer"
    age_ms = now_ms - result.receipt.at
    is_held = seq < keep_from and result.state is OpState.OK and age_ms >= LISTED_MS
    return is_held or age_ms >= KEPT_MS
