"""The outbox as a person reads it: what was recorded here, and what became of each."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, cast

from client.device import Settings, SettingsError
from client.status import OutboxItem, OutboxState, Problem
from client.store.holdings import Holdings
from client.store.outbox import LOST_RECORD, Entry
from client.store.timekeeping import estimate
from client.sync.enrolling import facts_of
from shared.canonical import Json
from shared.wire.envelope import ERASED_RECORD, ClockReading
from shared.wire.rows import decode
from shared.wire.schemas import instant_from_ms

__all__ = ["Tray"]

_TROUBLED = frozenset({OutboxState.REJECTED, OutboxState.PARKED, OutboxState.DAMAGED})


class Tray:
    """Reads the outbox of open holdings, and remembers which troubles were looked at."""

    def __init__(self, holdings: Holdings, settings: Settings, *, staff_id: str) -> None:
        """Read *holdings*; call `load` first."""
        self._holdings = holdings
        self._settings = settings
        self._name = f"seen/{staff_id}"
        self._seen: set[int] = set()
        self._items: list[OutboxItem] | None = None
        self._about: dict[str, list[OutboxItem]] = {}

    def read_anew(self) -> None:
        """Forget what was read: something has changed."""
        self._items = None

    async def load(self) -> None:
        """Read which troubles were looked at; when that is lost, all are shown again."""
        try:
            self._seen = set(json.loads(await self._settings.get(self._name) or b"[]"))
        except (SettingsError, ValueError, TypeError):
            self._seen = set()

    async def acknowledge(self, seq: int) -> None:
        """Remember that the person has seen what became of *seq*."""
        self._seen.add(seq)
        await self._settings.put(self._name, json.dumps(sorted(self._seen)).encode())

    def items(self) -> list[OutboxItem]:
        """Return all that can be read, newest first."""
        if self._items is None:
            entries = sorted(self._holdings.outbox.entries.values(), key=lambda entry: -entry.seq)
            self._items = [item for entry in entries if (item := self.item(entry)) is not None]
            self._about = {}
            for item in reversed(self._items):
                for row_id in item.row_ids:
                    self._about.setdefault(row_id, []).append(item)
        return list(self._items)

    def waiting(self) -> list[OutboxItem]:
        """Return what no server has answered, oldest first."""
        entries = self._holdings.outbox.waiting()
        return [item for entry in entries if (item := self.item(entry)) is not None]

    def needs_me(self) -> int:
        """Count the refused, parked and damaged records that nobody has looked at."""
        return sum(
            _state(entry) in _TROUBLED and entry.seq not in self._seen and not _is_erased(entry)
            for entry in self._holdings.outbox.entries.values()
        )

    def about(self, row_id: str) -> list[OutboxItem]:
        """Return what was recorded here about a row, oldest first."""
        self.items()
        return list(self._about.get(row_id, ()))

    def item(self, entry: Entry) -> OutboxItem | None:
        """Return one entry as a person reads it; None while it is still sealed."""
        state = _state(entry)
        if _is_erased(entry) or (entry.op is None and state is not OutboxState.DAMAGED):
            return None
        op: Mapping[str, Any] = entry.op or {}
        receipt = None if entry.result is None else entry.result.receipt
        local = self._holdings.world.local_ops.get(entry.seq)
        args = cast("Mapping[str, Json]", op.get("args", {}))
        return OutboxItem(
            seq=entry.seq,
            name=op.get("name", LOST_RECORD),
            args=args,
            recorded_at=_recorded_at(op),
            state=state,
            receipt_number=None if receipt is None else receipt.number,
            received_at=None if receipt is None else instant_from_ms(receipt.at),
            problem=self._problem(entry),
            row_ids=tuple(sorted({*_row_ids(args), *(local.row_ids if local else ())})),
            is_seen=entry.seq in self._seen,
        )

    def _problem(self, entry: Entry) -> Problem | None:
        """Say why the server refused it; while it waits, why the rules of this phone do."""
        if entry.result is not None and entry.result.problem is not None:
            members = entry.result.problem
            slug = str(members.get("type", "")).removeprefix("/problems/")
            return Problem(slug, facts_of(members))
        local = self._holdings.world.local_ops.get(entry.seq)
        if local is None or local.refusal is None:
            return None
        return Problem(local.refusal.slug, dict(local.refusal.facts))


def _is_erased(entry: Entry) -> bool:
    """Tell whether there is nothing left to look at: for its age, or by order."""
    if entry.op is not None and entry.op["name"] == ERASED_RECORD:
        return True
    return entry.record is not None and entry.record.is_erased


def _state(entry: Entry) -> OutboxState:
    if entry.op is not None and entry.op["name"] == LOST_RECORD:
        return OutboxState.DAMAGED
    if entry.result is None:
        return OutboxState.DAMAGED if entry.is_lost else OutboxState.WAITING
    return OutboxState(entry.result.state.value)


def _recorded_at(op: Mapping[str, Any]) -> dt.datetime:
    if "clock" not in op:
        return instant_from_ms(0)
    return estimate(decode(ClockReading, op["clock"]))


def _row_ids(args: Mapping[str, Any]) -> set[str]:
    """Return the ids that the arguments name as their own objects."""
    own = args.get("id")
    return ({own} if isinstance(own, str) else set()) | set(args.get("ids", ()))
