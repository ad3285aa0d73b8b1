"""The server's answer to a sync, read and checked before anything of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from client.device import DeviceKeys
from client.store.enrolment import Enrolment, read_earlier
from client.store.outbox import Outbox
from client.store.replica import HeldRow
from client.store.sealed import Result
from client.sync.exchange import NoAnswerError
from shared.canonical import Json, canonical_bytes
from shared.wire.envelope import OpState, from_base64url, receipt_bytes

__all__ = ["Answer", "EraseOrder", "check_receipts", "read_answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseOrder:
    """What has to be erased on this device, up to which number of such orders.

    Attributes:
        ops: Device and sequence of each operation whose body goes.
        objects: Ids of what was about somebody erased.
    """

    upto: int
    ops: frozenset[tuple[int, int]]
    objects: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A sync's answer, as docs/protocol.md has it.

    Attributes:
        known: By sequence, digests of what the device had answered before, told after a restore.
        refused: Sequences of those that stand as refused, told with them.
    """

    generation: str
    server_time: int
    last: int
    results: tuple[Result, ...]
    rows: tuple[HeldRow, ...]
    gone: tuple[tuple[str, str], ...]
    scopes: tuple[str, ...]
    reset: tuple[str, ...]
    cursors: Mapping[str, int]
    more: bool
    keep_from: int = 1
    earlier: Mapping[str, int] | None = None
    known: Mapping[int, str] = field(default_factory=dict)
    refused: tuple[int, ...] = ()
    sums: Mapping[str, str] | None = None
    erase: EraseOrder | None = None


def read_answer(values: Mapping[str, Json]) -> Answer:
    """Return the answer that *values* are.

    Raises:
        NoAnswerError: They are none; nothing of it may be used.
    """
    try:
        return _read(values)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NoAnswerError(f"no answer of this protocol: {error!r}") from error


class _WithResults(Protocol):
    """An answer of a sync, or of a file."""

    @property
    def results(self) -> tuple[Result, ...]: ...


async def check_receipts(
    answer: _WithResults, enrolment: Enrolment, outbox: Outbox, keys: DeviceKeys
) -> None:
    """Check that the server signed each receipt, for this device and for what it has recorded.

    Raises:
        NoAnswerError: One of them is not the server's word; nothing of the answer may be used.
    """
    for result in answer.results:
        receipt = result.receipt
        if receipt is None:
            if result.state is not OpState.DEFERRED:
                raise NoAnswerError(f"op {result.seq} has no receipt")
            continue
        entry = outbox.entries.get(result.seq)
        stated = (receipt.device, receipt.seq, receipt.state)
        if stated != (enrolment.device, result.seq, result.state) or entry is None:
            raise NoAnswerError(f"the receipt of op {result.seq} is another's")
        if entry.digest and receipt.digest != entry.digest:
            raise NoAnswerError(f"the receipt of op {result.seq} is for other content")
        try:
            signature = from_base64url(receipt.signature)
        except ValueError:
            signature = b""
        if not await keys.verify(enrolment.server_key, receipt_bytes(receipt), signature):
            raise NoAnswerError(f"the receipt of op {result.seq} is not signed by the server")


def _read(values: Mapping[str, Any]) -> Answer:
    return Answer(
        generation=_typed(values["generation"], str),
        server_time=_typed(values["server_time"], int),
        last=_typed(values["last"], int),
        results=tuple(Result.from_json(result) for result in values["results"]),
        rows=tuple(
            HeldRow(table, _typed(row["id"], str), _typed(revision, int), canonical_bytes(row))
            for table, rows in values["rows"].items()
            for revision, row in rows
        ),
        gone=tuple(
            (table, _typed(row_id, str))
            for table, row_ids in values["gone"].items()
            for row_id in row_ids
        ),
        scopes=tuple(_typed(scope, str) for scope in values["scopes"]),
        reset=tuple(_typed(scope, str) for scope in values.get("reset", [])),
        cursors={scope: _typed(version, int) for scope, version in values["cursors"].items()},
        more=_typed(values["more"], bool),
        keep_from=_typed(values.get("keep_from", 1), int),
        earlier=None if "earlier" not in values else read_earlier(values["earlier"]),
        known={int(seq): _typed(digest, str) for seq, digest in values.get("known", {}).items()},
        refused=tuple(_typed(seq, int) for seq in values.get("refused", [])),
        sums=None if "sums" not in values else {**values["sums"]},
        erase=None if "erase" not in values else _read_order(values["erase"]),
    )


def _read_order(values: Mapping[str, Any]) -> EraseOrder:
    return EraseOrder(
        upto=_typed(values["upto"], int),
        ops=frozenset((_typed(device, int), _typed(seq, int)) for device, seq in values["ops"]),
        objects=frozenset(_typed(row_id, str) for row_id in values["objects"]),
    )


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
