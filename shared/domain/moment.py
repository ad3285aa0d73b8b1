"""When something happened, as far as anybody can prove it."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["OUTLET_ZONE", "ClockGrade", "Moment", "day_at_outlet"]

# China has had one zone without daylight saving since 1991; a fixed offset needs no time-zone
# database, which the browser's Python lacks.
OUTLET_ZONE = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")


class ClockGrade(StrEnum):
    """How far the time of capture can be trusted (PRODUCT §6)."""

    A = "A"  # An anchor of server time and a monotonic clock since.
    B = "B"  # Between the last anchor and the receipt.
    C = "C"  # The phone's clock lies outside that interval; the interval is used.


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The time of an action: as decided now, and the provable interval of its capture.

    All instants are in UTC. On the phone `now` is its own clock and the grade says C: provisional.
    """

    now: dt.datetime
    captured_from: dt.datetime
    captured_to: dt.datetime
    grade: ClockGrade

    @classmethod
    def at(cls, now: dt.datetime, grade: ClockGrade = ClockGrade.A) -> Moment:
        """Return a moment that was captured the instant it is decided."""
        return cls(now=now, captured_from=now, captured_to=now, grade=grade)

    @property
    def today(self) -> dt.date:
        """The outlet's date of `now`."""
        return day_at_outlet(self.now)


@functools.lru_cache(maxsize=1024)  # A batch asks for the day of one instant many times over.
def day_at_outlet(instant: dt.datetime) -> dt.date:
    """Return the date in Asia/Shanghai: at 07:00 there it is still yesterday in UTC."""
    assert instant.tzinfo is not None, "instants carry their zone"
    return instant.astimezone(OUTLET_ZONE).date()
