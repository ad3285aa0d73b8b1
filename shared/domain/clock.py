"""When an op was captured, as far as it can be proven (PRODUCT §6): clocks are not trusted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from shared.domain.moment import ClockGrade, Moment

__all__ = ["CaptureClock", "CaptureEvidence", "grade_capture"]

# What quartz drifts in the cheapest phones, and the travel time of the answer that left the anchor.
DRIFT_PER_MILLION = 200
ANCHOR_SLACK = dt.timedelta(seconds=5)
# A phone set by hand or by the network is within minutes; a wrong one is off by hours or years.
WALL_SLACK = dt.timedelta(minutes=5)
# What the network or a hand corrects while an app is open; a sleep lasts longer.
WALL_AGREES = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureClock:
    """What the phone's clocks said, raw, when the op was recorded.

    The anchor is the server's time in the last answer and the monotonic clock at its arrival.
    `same_boot` tells whether that monotonic clock has run on since; one that `may_sleep` proves
    nothing unless the wall clock, too, has gone on as far as it did.
    """

    wall_at: dt.datetime
    mono_ms: int
    anchor_at: dt.datetime | None = None
    anchor_mono_ms: int = 0
    same_boot: bool = False
    may_sleep: bool = False
    anchor_wall_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureEvidence:
    """What the server itself knows: the device can't have recorded before, nor after."""

    enrolled_at: dt.datetime
    received_at: dt.datetime


def grade_capture(clock: CaptureClock, known: CaptureEvidence, now: dt.datetime) -> Moment:
    """Return the moment of an op, decided *now*: its provable interval, and how far to trust it.

    Grade A: an anchor of the same boot plus the monotonic clock since. Grade B: between the last
    anchor and the receipt, and the phone's clock agrees. Grade C: it doesn't; the interval is used.
    The interval never leaves [enrolment, receipt].
    """
    assert known.enrolled_at <= known.received_at, "a device is enrolled before it sends"
    anchor_at = clock.anchor_at
    if anchor_at is not None and not known.enrolled_at <= anchor_at <= known.received_at:
        anchor_at = None  # No answer of ours bore that time.
    elapsed = dt.timedelta(milliseconds=clock.mono_ms - clock.anchor_mono_ms)
    if anchor_at is not None and clock.same_boot and _has_run_on(clock, elapsed):
        slack = ANCHOR_SLACK + elapsed * DRIFT_PER_MILLION / 1_000_000
        earliest = max(anchor_at, _whole_ms(anchor_at + elapsed - slack))
        latest = min(known.received_at, _whole_ms(anchor_at + elapsed + slack))
        # A monotonic clock that has run past the receipt is none.
        if earliest <= latest:
            return Moment(now=now, captured_from=earliest, captured_to=latest, grade=ClockGrade.A)
    since = anchor_at or known.enrolled_at
    agrees = since - WALL_SLACK <= clock.wall_at <= known.received_at + WALL_SLACK
    return Moment(
        now=now,
        captured_from=since,
        captured_to=known.received_at,
        grade=ClockGrade.B if agrees else ClockGrade.C,
    )


def _has_run_on(clock: CaptureClock, elapsed: dt.timedelta) -> bool:
    """Tell whether the monotonic clock can be believed to have run all the time since the anchor.

    In a browser it restarts with each page, and may stand still while the phone sleeps.
    """
    if elapsed < dt.timedelta():
        return False
    if not clock.may_sleep:
        return True
    if clock.anchor_wall_at is None:
        return False
    slack = WALL_AGREES + elapsed * DRIFT_PER_MILLION / 1_000_000
    return abs(clock.wall_at - clock.anchor_wall_at - elapsed) <= slack


def _whole_ms(instant: dt.datetime) -> dt.datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
