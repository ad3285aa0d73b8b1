"""Where the demo's people act: a clock set by hand, and phones that send real operations."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.orm import Session

from server.clock import Clock
from server.config import Config
from server.demo.names import People
from server.enrolment import Application, enrol, issue_code
from server.mutations.batch import WriteDoor, run_batches
from server.mutations.receiving import ReceivedOp
from server.rows import DatabaseRows
from shared.canonical import Json
from shared.domain.moment import OUTLET_ZONE
from shared.domain.people import Role, Staff
from shared.domain.rows import Row
from shared.ids import make_id
from shared.wire.envelope import APP_VERSION, Anchor, ClockReading, OpState, to_base64url
from shared.wire.mutations import MUTATIONS
from shared.wire.rows import encode
from shared.wire.schemas import instant_ms

__all__ = ["FULL", "SMALL", "DemoClock", "Phone", "Scale", "Stage", "at_outlet"]

PHONE_LABEL = "演示手机"
_WRONG_CLOCKS = 0.03
_REBOOTED = 0.08
_ID_SALT_BITS = 20
_EPOCH = dt.datetime(1970, 1, 1, 0, 7, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much happened: days of daily work, leads and cards a day, customers, earlier years."""

    days: int
    leads_per_day: float
    cards_per_day: float
    customers: int
    years: int


FULL = Scale(days=46, leads_per_day=7.8, cards_per_day=1.8, customers=400, years=3)
SMALL = Scale(days=14, leads_per_day=2.2, cards_per_day=0.5, customers=20, years=1)


class DemoClock:
    """Tells the time that it was last set to; while the story is told it goes forward only."""

    def __init__(self, real: Clock, now: dt.datetime) -> None:
        self._real = real
        self._now = now

    def now(self) -> dt.datetime:
        """Return the time set last."""
        return self._now

    def elapsed_s(self) -> float:
        """Return seconds since some instant, of the real clock."""
        return self._real.elapsed_s()

    def begin(self, now: dt.datetime) -> None:
        """Go back to where the story begins."""
        self._now = now

    def reach(self, now: dt.datetime) -> None:
        """Go on to *now*, if that is later."""
        self._now = max(self._now, now)


def at_outlet(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """Return that time of day at the outlet, as an instant."""
    return dt.datetime.combine(day, dt.time(hour, minute, tzinfo=OUTLET_ZONE)).astimezone(dt.UTC)


@dataclass(slots=True)
class Stage:
    """Everything that the demo's people share."""

    door: WriteDoor
    clock: DemoClock
    config: Config
    session: Session
    county_id: str
    scale: Scale
    random: random.Random
    people: People
    now: dt.datetime
    phones: dict[str, Phone] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)
    _seen: DatabaseRows | None = None

    @property
    def today(self) -> dt.date:
        """The day on which the demo is looked at."""
        return self.now.astimezone(OUTLET_ZONE).date()

    def rows(self) -> DatabaseRows:
        """Return the county as it is now, as every screen shows it until the next look."""
        self.session.rollback()
        self._seen = DatabaseRows(self.session, self.county_id)
        return self._seen

    def revision(self, row: Row) -> int:
        """Return the revision that the last look has shown."""
        assert self._seen is not None, "nobody has looked yet"
        record = self._seen.record(type(row), row.id)
        assert record is not None, row
        return record.revision

    def holding(self, role: Role, outlet_id: str | None = None) -> list[Phone]:
        """Return the phones of those who hold a post."""
        return [
            phone
            for phone in self.phones.values()
            if role in phone.staff.roles and outlet_id in {None, phone.staff.outlet_id}
        ]

    def sync(self, at: dt.datetime, phones: Iterable[Phone]) -> None:
        """Let phones send what waits on them, in one transaction: a county's evening is long."""
        sending = [phone for phone in phones if phone.has_waiting]
        if not sending:
            return
        self.clock.reach(min(at, self.now))
        sent = {phone.number: phone.take_waiting() for phone in sending}
        kept = run_batches(self.door, self.session, self.county_id, sent)
        self.refused += [
            (op.name, op.problem or op.state) for op in kept if op.state is not OpState.OK
        ]
        for phone in sending:
            phone.note_answer()

    def enrol(self, staff: Staff, label: str = PHONE_LABEL) -> None:
        """Give somebody a phone, with a code and a key as everybody gets one."""
        issued = issue_code(self.door, self.config, self.session, staff)
        point = (
            ec.generate_private_key(ec.SECP256R1())
            .public_key()
            .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        )
        enrolled = enrol(
            self.door,
            self.config,
            self.session,
            Application(
                code=issued.code,
                public_key=to_base64url(point),
                label=label,
                app_version=APP_VERSION,
            ),
        )
        self.phones[staff.number] = Phone(self, staff, enrolled.device_number)


class Phone:
    """One person's phone: records with its own clocks, sends when it has network."""

    def __init__(self, stage: Stage, staff: Staff, number: int) -> None:
        self._stage = stage
        self.staff = staff
        self.number = number
        self._seq = 0
        self._waiting: list[ReceivedOp] = []
        self._booted_at = self._anchored_at = stage.clock.now()
        self._boots = 0
        self._answered_boot = 0

    @property
    def has_waiting(self) -> bool:
        """Whether there is anything to send."""
        return bool(self._waiting)

    def new_id(self) -> str:
        """Return an id for what the next operation makes."""
        salt = self._stage.random.getrandbits(_ID_SALT_BITS)
        return make_id(self.number, self._seq + 1, salt)

    def record(self, name: str, args: object, at: dt.datetime, *about: Row) -> None:
        """Record an operation at that time; *about* is what its author sees and decides on."""
        self._seq += 1
        # Nothing is recorded before the answer that its author has seen.
        at = max(at, self._anchored_at)
        base: dict[str, Json] = {row.id: self._stage.revision(row) for row in about}
        members: Mapping[str, Json] = {
            "seq": self._seq,
            "name": name,
            "v": MUTATIONS[name].version,
            "args": encode(args),
            "base": base,
            "by": self.staff.id,
            "clock": encode(self._read_clocks(at)),
        }
        self._waiting.append(ReceivedOp(self._seq, members))

    def take_waiting(self) -> list[ReceivedOp]:
        """Return what waits, which is sent now; the answer will leave an anchor."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def note_answer(self) -> None:
        """Keep the server's time that came with the answer."""
        self._anchored_at = self._stage.clock.now()
        self._answered_boot = self._boots

    def _read_clocks(self, at: dt.datetime) -> ClockReading:
        """Return what the clocks say: mostly right, sometimes after a restart, rarely wrong."""
        luck = self._stage.random.random()
        wall = at
        if luck < _WRONG_CLOCKS + _REBOOTED and at > self._anchored_at:
            # The battery was empty: the monotonic clock began anew, and proves nothing.
            self._boots += 1
            self._booted_at = at - dt.timedelta(minutes=20)
            if luck < _WRONG_CLOCKS:
                wall = self._stage.random.choice((_EPOCH, at + dt.timedelta(days=2)))
        anchor = Anchor(
            server=instant_ms(self._anchored_at),
            mono=self._mono(self._anchored_at) if self._is_same_boot() else 0,
            boot=f"boot-{self._answered_boot}",
        )
        return ClockReading(
            wall=instant_ms(wall), mono=self._mono(at), boot=f"boot-{self._boots}", anchor=anchor
        )

    def _is_same_boot(self) -> bool:
        return self._boots == self._answered_boot

    def _mono(self, at: dt.datetime) -> int:
        return max(0, round((at - self._booted_at).total_seconds() * 1000))
