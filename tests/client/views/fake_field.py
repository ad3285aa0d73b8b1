"""A field in memory: invented rows, the real rules, no device and no network."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from client.status import (
    Draft,
    FieldState,
    InstallationStatus,
    InstallWay,
    OutboxItem,
    OutboxState,
    Phase,
    PointsSummary,
    Problem,
    Recorded,
    SyncStatus,
)
from shared.canonical import Json
from shared.domain.moment import ClockGrade, Moment, day_at_outlet
from shared.domain.people import Actor, Staff, actor_of
from shared.domain.points import PointsEntry, PointsStatus
from shared.domain.referral import Referral
from shared.domain.refusals import RefusedError
from shared.domain.rows import Row
from shared.ids import make_id
from shared.wire.mutations import mutation_named
from tests.client.views.fake_files import FakeFiles
from tests.client.views.fake_hand_over import FakeHandOver

RowT = TypeVar("RowT", bound=Row)

NOW = dt.datetime(2026, 11, 23, 1, 30, tzinfo=dt.UTC)  # Monday, 09:30 at the outlet.
PIN = "135790"
CODE = "7K3M9QAB2XYZ"


class FakeWorld:
    """Rows in dictionaries."""

    def __init__(self, rows: Sequence[Any] = ()) -> None:
        self.tables: dict[type, dict[str, Any]] = {}
        for row in rows:
            self.put(row)

    def put(self, row: Any) -> None:
        self.tables.setdefault(type(row), {})[row.id] = row

    def get(self, table: type[RowT], row_id: str) -> RowT | None:
        return self.tables.get(table, {}).get(row_id)

    def where(self, table: type[RowT], **equal: object) -> list[RowT]:
        rows = self.tables.get(table, {})
        return [
            rows[row_id]
            for row_id in sorted(rows)
            if all(getattr(rows[row_id], name) == value for name, value in equal.items())
        ]


class FakeDrafts:
    """Drafts in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, Draft] = {}

    def get(self, name: str) -> Draft | None:
        return self.kept.get(name)

    def names(self) -> list[str]:
        return sorted(self.kept)

    def keep(self, name: str, values: Mapping[str, Json]) -> None:
        self.kept[name] = Draft(name=name, values=dict(values), kept_at=NOW)

    async def discard(self, name: str) -> None:
        self.kept.pop(name, None)


class FakeInstallation:
    """A browser that says what the test puts into `status`."""

    def __init__(self) -> None:
        self.status = InstallationStatus()
        self.looked = 0

    async def look(self) -> None:
        self.looked += 1

    async def install(self) -> None:
        self.status = dataclasses.replace(self.status, install_way=InstallWay.INSTALLED)

    async def dismiss_news(self) -> None:
        self.status = dataclasses.replace(self.status, news=())


class FakeField:
    """What the screens know of the engine, for one invented person."""

    def __init__(
        self,
        me: Staff,
        rows: Sequence[Any] = (),
        *,
        state: FieldState = FieldState.OPEN,
        device_number: int = 7,
    ) -> None:
        self.state = state
        self.rows = FakeWorld((me, *rows))
        self._me = me
        self.drafts = FakeDrafts()
        self.files = FakeFiles()
        self.installation = FakeInstallation()
        self.hand_over = FakeHandOver(self.changed)
        self.at = NOW
        self.failure: Exception | None = None  # Raised by whatever is called next.
        self.online = True
        self.has_new_code = False
        self.wait_s = 0
        self.status = SyncStatus(
            phase=Phase.IDLE,
            waiting=0,
            waiting_since=None,
            last_contact_at=NOW - dt.timedelta(minutes=12),
            needs_me=0,
        )
        self.version = 0
        self.recorded: list[tuple[str, Any]] = []
        self._items: list[OutboxItem] = []
        self._device_number = device_number
        self._sequence = 0
        self._salt = 0
        self._callbacks: list[Callable[[], None]] = []
        self._wrong_pins = 0

    @property
    def me(self) -> Staff:
        self._demand_open()
        return self._me

    @property
    def world(self) -> FakeWorld:
        self._demand_open()
        return self.rows

    @property
    def actor(self) -> Actor:
        return actor_of(self.me)

    def now(self) -> dt.datetime:
        return self.at

    def today(self) -> dt.date:
        return day_at_outlet(self.at)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def changed(self) -> None:
        self.version += 1
        waiting = [item for item in self._items if item.state is OutboxState.WAITING]
        needing = [
            item for item in self._items if item.state is OutboxState.REJECTED and not item.is_seen
        ]
        self.status = dataclasses.replace(
            self.status,
            waiting=len(waiting),
            waiting_since=waiting[0].recorded_at if waiting else None,
            needs_me=len(needing),
        )
        for callback in list(self._callbacks):
            callback()

    async def load(self) -> FieldState:
        return self.state

    def start(self) -> None:
        """Nothing runs beside the test."""

    def foreground(self) -> None:
        """Nothing runs beside the test."""

    async def enrol(self, code: str, label: str) -> None:
        assert label
        self._fail()
        if code != CODE:
            raise RefusedError("enrolment-code-wrong", tries_left=4)
        if self.state is FieldState.LOCKED:
            self.has_new_code = True
            self._become(FieldState.LOCKED)
        else:
            self._become(FieldState.PIN_NEEDED)

    async def set_pin(self, pin: str) -> None:
        self._fail()
        assert pin == PIN
        self._become(FieldState.OPEN)

    async def unlock(self, pin: str) -> None:
        self._fail()
        if pin != PIN:
            self._wrong_pins += 1
            raise RefusedError("pin-wrong", tries_left=5 - self._wrong_pins)
        self._become(FieldState.OPEN)

    async def change_pin(self, old: str, new: str) -> None:
        assert old != new
        self._fail()

    @property
    def may_forget_pin(self) -> bool:
        return self.has_new_code

    async def forget_pin(self) -> None:
        self._fail()
        self._become(FieldState.PIN_NEEDED)

    async def lock(self) -> None:
        self._become(FieldState.LOCKED)

    def pin_wait_s(self) -> int:
        return self.wait_s

    def new_id(self) -> str:
        self._salt += 1
        return make_id(self._device_number, self._sequence + 1, self._salt)

    async def record(self, name: str, args: object, *, draft: str | None = None) -> Recorded:
        self._fail()
        mutation = mutation_named(name, 1)
        moment = Moment.at(self.at, ClockGrade.C)
        rows = mutation.run(self.world, args, self.actor, moment)
        for row in rows:
            self.world.put(row)
        self._sequence += 1
        self.recorded.append((name, args))
        ids = tuple(row.id for row in rows)
        self._items.append(
            OutboxItem(
                seq=self._sequence,
                name=name,
                args=dataclasses.asdict(args),  # type: ignore[call-overload]
                recorded_at=self.at,
                state=OutboxState.WAITING,
                row_ids=ids,
            )
        )
        if draft is not None:
            await self.drafts.discard(draft)
        self.changed()
        return Recorded(seq=self._sequence, row_ids=ids)

    def settle(self, seq: int, state: OutboxState, slug: str | None = None) -> None:
        """Let the server have answered: the test's stand-in for a sync."""
        self._items = [
            dataclasses.replace(
                item,
                state=state,
                receipt_number=8000 + seq,
                received_at=self.at,
                problem=Problem(slug) if slug else None,
            )
            if item.seq == seq
            else item
            for item in self._items
        ]
        self.changed()

    def outbox(self) -> Sequence[OutboxItem]:
        return list(reversed(self._items))

    def ops_about(self, row_id: str) -> Sequence[OutboxItem]:
        return [item for item in self._items if row_id in item.row_ids]

    async def acknowledge(self, seq: int) -> None:
        self._items = [
            dataclasses.replace(item, is_seen=True) if item.seq == seq else item
            for item in self._items
        ]
        self.changed()

    def args_of(self, seq: int) -> Mapping[str, Json]:
        return next(item.args for item in self._items if item.seq == seq)

    async def sync_now(self) -> SyncStatus:
        self._fail()
        if not self.online:
            self.status = dataclasses.replace(self.status, phase=Phase.OFFLINE)
            self.changed()
            return self.status
        for item in list(self._items):
            if item.state is OutboxState.WAITING:
                self.settle(item.seq, OutboxState.OK)
        return self.status

    def points(self, period: str | None = None) -> PointsSummary:
        month = period or f"{self.today():%Y-%m}"
        entries = [
            entry
            for entry in self.world.where(PointsEntry, payee_id=self.me.id)
            if entry.period == month
        ]
        approved = (PointsStatus.APPROVED, PointsStatus.SETTLED, PointsStatus.PAID)
        local = [
            item
            for item in self._items
            if item.state is OutboxState.WAITING and item.name == "submit_referral"
        ]
        return PointsSummary(
            period=month,
            approved=sum(entry.points for entry in entries if entry.status in approved),
            pending=sum(entry.points for entry in entries if entry.status is PointsStatus.PENDING),
            local_records=len(local),
            local_points=2 * len(local),
        )

    def referrals(self) -> list[Referral]:
        return self.world.where(Referral)

    def _demand_open(self) -> None:
        assert self.state is FieldState.OPEN, "only when open"

    def _become(self, state: FieldState) -> None:
        self.state = state
        self.changed()

    def _fail(self) -> None:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
