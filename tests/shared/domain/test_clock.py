"""Clocks are not trusted: what they prove is an interval and a grade."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.clock import CaptureClock, CaptureEvidence, grade_capture
from shared.domain.moment import ClockGrade

ENROLLED = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
RECEIVED = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
KNOWN = CaptureEvidence(enrolled_at=ENROLLED, received_at=RECEIVED)
ANCHOR = RECEIVED - dt.timedelta(hours=10)
HOUR_MS = 3_600_000

INSTANTS = st.integers(0, 2**41).map(
    lambda ms: dt.datetime(1999, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=ms)
)
MILLISECONDS = st.integers(0, 10**12)
CLOCKS = st.builds(
    CaptureClock,
    wall_at=INSTANTS,
    mono_ms=MILLISECONDS,
    anchor_at=st.none() | INSTANTS,
    anchor_mono_ms=MILLISECONDS,
    same_boot=st.booleans(),
    may_sleep=st.booleans(),
    anchor_wall_at=st.none() | INSTANTS,
)


def test_an_anchor_of_the_same_boot_gives_the_time_to_seconds() -> None:
    clock = CaptureClock(
        wall_at=dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
        mono_ms=4 * HOUR_MS,
        anchor_at=ANCHOR,
        anchor_mono_ms=HOUR_MS,
        same_boot=True,
    )
    moment = grade_capture(clock, KNOWN, RECEIVED)
    captured = ANCHOR + dt.timedelta(hours=3)
    assert moment.grade is ClockGrade.A
    assert moment.captured_from <= captured <= moment.captured_to
    assert moment.captured_to - moment.captured_from < dt.timedelta(seconds=20)


@pytest.mark.parametrize(
    ("wall_at", "grade"),
    [
        (ANCHOR + dt.timedelta(hours=1), ClockGrade.B),
        (ANCHOR - dt.timedelta(minutes=4), ClockGrade.B),
        (ANCHOR - dt.timedelta(hours=1), ClockGrade.C),
        (RECEIVED + dt.timedelta(minutes=4), ClockGrade.B),
        (RECEIVED + dt.timedelta(days=3650), ClockGrade.C),
    ],
)
def test_after_a_restart_the_interval_holds_and_the_phone_agrees_or_not(
    wall_at: dt.datetime, grade: ClockGrade
) -> None:
    clock = CaptureClock(wall_at=wall_at, mono_ms=5, anchor_at=ANCHOR, anchor_mono_ms=9)
    moment = grade_capture(clock, KNOWN, RECEIVED)
    assert (moment.captured_from, moment.captured_to) == (ANCHOR, RECEIVED)
    assert moment.grade is grade


@pytest.mark.parametrize(
    "anchor_at", [None, ENROLLED - dt.timedelta(days=1), RECEIVED + dt.timedelta(days=1)]
)
def test_without_an_anchor_that_we_gave_enrolment_is_the_bound(
    anchor_at: dt.datetime | None,
) -> None:
    clock = CaptureClock(wall_at=ANCHOR, mono_ms=0, anchor_at=anchor_at, same_boot=True)
    moment = grade_capture(clock, KNOWN, RECEIVED)
    assert (moment.captured_from, moment.captured_to) == (ENROLLED, RECEIVED)
    assert moment.grade is ClockGrade.B


def test_a_monotonic_clock_that_ran_past_the_receipt_is_not_believed() -> None:
    clock = CaptureClock(
        wall_at=ANCHOR, mono_ms=20 * HOUR_MS, anchor_at=ANCHOR, anchor_mono_ms=0, same_boot=True
    )
    moment = grade_capture(clock, KNOWN, RECEIVED)
    assert moment.grade is ClockGrade.B
    assert (moment.captured_from, moment.captured_to) == (ANCHOR, RECEIVED)


@given(CLOCKS)
def test_no_clock_gets_a_capture_out_of_what_is_proven(clock: CaptureClock) -> None:
    moment = grade_capture(clock, KNOWN, RECEIVED)
    assert ENROLLED <= moment.captured_from <= moment.captured_to <= RECEIVED
    assert moment.now == RECEIVED


@given(CLOCKS, INSTANTS)
def test_the_wall_clock_never_moves_the_interval(clock: CaptureClock, wall_at: dt.datetime) -> None:
    one = grade_capture(clock, KNOWN, RECEIVED)
    other = grade_capture(replace(clock, wall_at=wall_at), KNOWN, RECEIVED)
    assert (one.captured_from, one.captured_to) == (other.captured_from, other.captured_to)


@given(CLOCKS)
def test_grade_a_needs_an_anchor_and_the_same_boot(clock: CaptureClock) -> None:
    if grade_capture(clock, KNOWN, RECEIVED).grade is ClockGrade.A:
        assert clock.same_boot
        assert clock.anchor_at is not None
        assert clock.mono_ms >= clock.anchor_mono_ms


@pytest.mark.parametrize(
    ("wall_moved", "grade"),
    [
        (dt.timedelta(hours=3), ClockGrade.A),
        (dt.timedelta(hours=3, seconds=25), ClockGrade.A),
        (dt.timedelta(hours=5), ClockGrade.B),
        (dt.timedelta(hours=2), ClockGrade.B),
        (dt.timedelta(days=400), ClockGrade.C),
        (None, ClockGrade.B),
    ],
)
def test_a_page_s_clock_counts_only_while_the_wall_clock_agrees(
    wall_moved: dt.timedelta | None, grade: ClockGrade
) -> None:
    """In a browser the monotonic clock may have stood still while the phone slept."""
    anchor_wall = ANCHOR + dt.timedelta(minutes=2)
    clock = CaptureClock(
        wall_at=anchor_wall + (wall_moved or dt.timedelta(hours=3)),
        mono_ms=4 * HOUR_MS,
        anchor_at=ANCHOR,
        anchor_mono_ms=HOUR_MS,
        same_boot=True,
        may_sleep=True,
        anchor_wall_at=None if wall_moved is None else anchor_wall,
    )
    assert grade_capture(clock, KNOWN, RECEIVED).grade is grade


def test_a_clock_that_runs_in_sleep_needs_no_wall_clock() -> None:
    clock = CaptureClock(
        wall_at=RECEIVED + dt.timedelta(days=400),
        mono_ms=4 * HOUR_MS,
        anchor_at=ANCHOR,
        anchor_mono_ms=HOUR_MS,
        same_boot=True,
        anchor_wall_at=ANCHOR,
    )
    assert grade_capture(clock, KNOWN, RECEIVED).grade is ClockGrade.A
