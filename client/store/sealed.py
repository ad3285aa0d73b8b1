"""Ops and answers, sealed into records of the journal and opened again."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from client.device import DeviceKeys, SealedItem, UnsealError
from client.store.record import Record, RecordKind
from shared.canonical import Json, MalformedJsonError, canonical_bytes, digest_of, parse_json
from shared.wire.envelope import OpState, Receipt
from shared.wire.rows import decode, encode

__all__ = ["Result", "Sealer"]

_log = logging.getLogger(__name__)
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The server's answer to one op, as on the wire."""

    seq: int
    state: OpState
    receipt: Receipt | None = None
    problem: Mapping[str, Json] | None = None

    def to_json(self) -> dict[str, Json]:
        """Return the result as on the wire."""
        values: dict[str, Json] = {"seq": self.seq, "state": self.state.value}
        if self.receipt is not None:
            values["receipt"] = encode(self.receipt)
        if self.problem is not None:
            values["problem"] = dict(self.problem)
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Result:
        """Read a result.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        receipt = values.get("receipt")
        return cls(
            seq=values["seq"],
            state=OpState(values["state"]),
            receipt=None if receipt is None else decode(Receipt, receipt),
            problem=values.get("problem"),
        )


class Sealer:
    """Seals and opens the records of one device number under one data key."""

    def __init__(self, keys: DeviceKeys, data_key: bytes, *, device: int) -> None:
        """Use *data_key*, as the vault gave it."""
        self._keys = keys
        self._data_key = data_key
        self._device = device

    async def seal_op(self, seq: int, op: Mapping[str, Json]) -> Record:
        """Return the record of *op*, its body under a fresh key."""
        own_key = os.urandom(_KEY_BYTES)
        empty = Record(
            kind=RecordKind.OP,
            device=self._device,
            seq=seq,
            digest=digest_of(op),
            wrapped_key=b"",
            body=b"",
        )
        (body,) = await self._keys.seal(own_key, [SealedItem(empty.context, canonical_bytes(op))])
        (wrapped,) = await self._keys.seal(self._data_key, [SealedItem(empty.context, own_key)])
        return replace(empty, wrapped_key=wrapped, body=body)

    async def seal_results(self, results: Sequence[Result]) -> Record:
        """Return the record of some answers; they hold no personal data that would need erasing."""
        answers: Json = [result.to_json() for result in results]
        empty = Record(
            kind=RecordKind.OUTCOMES,
            device=self._device,
            seq=max(result.seq for result in results),
            digest=digest_of(answers),
            wrapped_key=b"",
            body=b"",
        )
        item = SealedItem(empty.context, canonical_bytes(answers))
        (body,) = await self._keys.seal(self._data_key, [item])
        return replace(empty, body=body)

    async def open_ops(self, records: Sequence[Record]) -> dict[int, Mapping[str, Json]]:
        """Return the ops by sequence; one that can't be opened is missing."""
        opened: dict[int, Mapping[str, Json]] = {}
        wrapped = [SealedItem(record.context, record.wrapped_key) for record in records]
        for record, key in zip(records, await self._open_each(wrapped), strict=True):
            if key is None:
                continue
            try:
                (body,) = await self._keys.unseal(key, [SealedItem(record.context, record.body)])
                opened[record.seq] = cast("Mapping[str, Json]", parse_json(body))
            except (UnsealError, MalformedJsonError):
                _log.exception("journal: op %d can't be opened", record.seq)
        return opened

    async def open_results(self, records: Sequence[Record]) -> tuple[list[Result], int]:
        """Return all answers in the order of their records, and how many records were damaged."""
        results: list[Result] = []
        damaged = 0
        sealed = [SealedItem(record.context, record.body) for record in records]
        for content in await self._open_each(sealed):
            try:
                answers = cast("list[Mapping[str, Any]]", parse_json(content or b""))
                results += [Result.from_json(values) for values in answers]
            except (KeyError, TypeError, ValueError):
                damaged += 1
        return results, damaged

    async def _open_each(self, items: Sequence[SealedItem]) -> list[bytes | None]:
        """Open all in one call; only when one is damaged, one by one."""
        try:
            return list(await self._keys.unseal(self._data_key, items))
        except UnsealError:
            return [await self._open_one(item) for item in items]

    async def _open_one(self, item: SealedItem) -> bytes | None:
        try:
            (content,) = await self._keys.unseal(self._data_key, [item])
        except UnsealError:
            return None
        return content
