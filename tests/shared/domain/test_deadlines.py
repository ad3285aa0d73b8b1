"""Who got a lead is reminded in working hours, and at once when the cash is coming."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deadlines import deadlines_for
from shared.domain.moment import OUTLET_ZONE
from shared.domain.policy import DEFAULT_POLICY

# Open Monday to Saturday, 8:30 to 17:30. The fourth of May 2026 is a Monday.


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 5, day, hour, minute, tzinfo=OUTLET_ZONE).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("asked_at", "remind_at"),
    [
        (at(4, 10), at(4, 14)),
        (at(4, 7), at(4, 12, 30)),
        (at(4, 13, 30), at(4, 17, 30)),
        (at(4, 16), at(5, 11)),
        (at(4, 22), at(5, 12, 30)),
        (at(9, 16), at(11, 11)),
        (at(10, 12), at(11, 12, 30)),
    ],
    ids=["in the morning", "before opening", "just fits", "over night", "in the evening",
         "over sunday", "on sunday"],
)  # fmt: skip
def test_reminder_comes_after_four_working_hours(
    asked_at: dt.datetime, remind_at: dt.datetime
) -> None:
    assert deadlines_for(asked_at, None, DEFAULT_POLICY).remind_at == remind_at


@pytest.mark.parametrize(
    ("asked_at", "backup_at"),
    [(at(4, 10), at(5, 8, 30)), (at(9, 10), at(11, 8, 30)), (at(10, 12), at(11, 8, 30))],
)
def test_backup_is_asked_when_the_next_working_day_opens(
    asked_at: dt.datetime, backup_at: dt.datetime
) -> None:
    assert deadlines_for(asked_at, None, DEFAULT_POLICY).backup_at == backup_at


def test_branch_head_is_asked_after_a_day() -> None:
    assert deadlines_for(at(4, 10), None, DEFAULT_POLICY).escalate_at == at(5, 10)


@pytest.mark.parametrize("cash_on", [dt.date(2026, 5, 4), dt.date(2026, 5, 5), dt.date(2026, 5, 6)])
def test_hours_are_short_when_the_cash_comes_within_two_days(cash_on: dt.date) -> None:
    deadlines = deadlines_for(at(4, 22), cash_on, DEFAULT_POLICY)
    assert (deadlines.remind_at, deadlines.backup_at, deadlines.escalate_at) == (
        at(4, 23),
        at(5, 0),
        at(5, 2),
    )


@pytest.mark.parametrize(
    ("asked_at", "is_short"),
    [
        (at(4, 0), True),
        (at(4, 0) - dt.timedelta(minutes=1), False),
        (at(6, 23, 59), True),
        (at(7, 0), False),
    ],
    ids=["48 hours before", "earlier", "the last minute of the day", "the day is over"],
)
def test_hours_are_short_from_two_days_before_the_payout_day_to_its_end(
    asked_at: dt.datetime, *, is_short: bool
) -> None:
    deadlines = deadlines_for(asked_at, dt.date(2026, 5, 6), DEFAULT_POLICY)
    assert (deadlines.escalate_at == asked_at + dt.timedelta(hours=4)) is is_short


@pytest.mark.parametrize("cash_on", [dt.date(2026, 5, 3), dt.date(2026, 5, 7)])
def test_hours_are_ordinary_when_the_cash_is_gone_or_far(cash_on: dt.date) -> None:
    assert deadlines_for(at(4, 10), cash_on, DEFAULT_POLICY).remind_at == at(4, 14)


def test_more_hours_than_a_day_has_go_on_for_days() -> None:
    patient = replace(DEFAULT_POLICY, remind_working_hours=20)
    assert deadlines_for(at(4, 10), None, patient).remind_at == at(6, 12)


@given(minutes=st.integers(0, 60 * 24 * 14), cash_in=st.none() | st.integers(-2, 9))
def test_deadlines_are_ahead(minutes: int, cash_in: int | None) -> None:
    asked_at = at(4, 0) + dt.timedelta(minutes=minutes)
    cash_on = None
    if cash_in is not None:
        cash_on = asked_at.astimezone(OUTLET_ZONE).date() + dt.timedelta(days=cash_in)
    deadlines = deadlines_for(asked_at, cash_on, DEFAULT_POLICY)
    assert asked_at < deadlines.remind_at
    assert asked_at < deadlines.backup_at
    assert asked_at < deadlines.escalate_at
