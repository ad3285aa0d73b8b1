"""Until when somebody must have answered a lead (PRODUCT §5, rule 8)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from shared.domain.moment import OUTLET_ZONE, day_at_outlet
from shared.domain.policy import Policy

__all__ = ["Deadlines", "deadlines_for"]

_MIDNIGHT = dt.time(tzinfo=OUTLET_ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """When the wealth manager is reminded, when the backup is asked, when the branch head."""

    remind_at: dt.datetime
    backup_at: dt.datetime
    escalate_at: dt.datetime


def deadlines_for(asked_at: dt.datetime, cash_on: dt.date | None, policy: Policy) -> Deadlines:
    """Return the deadlines of a lead that was routed at *asked_at* (UTC), in UTC.

    When the village's cash comes within the policy's hours the clock runs through the night: the
    money is spent or banked elsewhere by the next working day.
    """
    if cash_on is not None and _comes_soon(asked_at, cash_on, policy):
        return Deadlines(
            remind_at=asked_at + dt.timedelta(hours=policy.cash_remind_hours),
            backup_at=asked_at + dt.timedelta(hours=policy.cash_backup_hours),
            escalate_at=asked_at + dt.timedelta(hours=policy.cash_escalate_hours),
        )
    return Deadlines(
        remind_at=_after_working_hours(asked_at, policy),
        backup_at=_opening(_next_working_day(day_at_outlet(asked_at), policy), policy),
        escalate_at=asked_at + dt.timedelta(hours=policy.escalate_hours),
    )


def _comes_soon(asked_at: dt.datetime, cash_on: dt.date, policy: Policy) -> bool:
    first = dt.datetime.combine(cash_on, _MIDNIGHT)
    last = first + dt.timedelta(days=1)
    return asked_at < last and first - asked_at <= dt.timedelta(hours=policy.cash_within_hours)


def _after_working_hours(asked_at: dt.datetime, policy: Policy) -> dt.datetime:
    left = dt.timedelta(hours=policy.remind_working_hours)
    day = day_at_outlet(asked_at)
    if not _is_working(day, policy):
        day = _next_working_day(day, policy)
    while True:
        begins = max(asked_at.astimezone(dt.UTC), _opening(day, policy))
        room = _closing(day, policy) - begins
        if left <= room:
            return begins + left
        left -= max(room, dt.timedelta())
        day = _next_working_day(day, policy)


def _next_working_day(day: dt.date, policy: Policy) -> dt.date:
    assert policy.working_weekdays, "a policy has working days"
    day += dt.timedelta(days=1)
    while not _is_working(day, policy):
        day += dt.timedelta(days=1)
    return day


def _is_working(day: dt.date, policy: Policy) -> bool:
    return day.isoweekday() in policy.working_weekdays


def _opening(day: dt.date, policy: Policy) -> dt.datetime:
    return _at_minute(day, policy.opens_at_minute)


def _closing(day: dt.date, policy: Policy) -> dt.datetime:
    return _at_minute(day, policy.closes_at_minute)


def _at_minute(day: dt.date, minute: int) -> dt.datetime:
    local = dt.datetime.combine(day, _MIDNIGHT) + dt.timedelta(minutes=minute)
    return local.astimezone(dt.UTC)
