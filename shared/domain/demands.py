"""What several rules demand of their arguments, refused alike everywhere."""

from __future__ import annotations

import datetime as dt

from shared.domain.moment import Moment, day_at_outlet
from shared.domain.people import Actor, Staff
from shared.domain.refusals import (
    COLLEAGUE_UNAVAILABLE,
    INVALID_ARGUMENT,
    OUT_OF_SCOPE,
    RefusedError,
)
from shared.domain.rows import Row, Rows, demand

__all__ = [
    "DAYS_AHEAD_MAX",
    "demand_colleague",
    "demand_day_ahead",
    "demand_in_order",
    "demand_new",
    "demand_outlet",
    "demand_reason",
]

DAYS_AHEAD_MAX = 400
"""No plan of this trade reaches further than the next season; beyond it is a typo."""


def demand_new(rows: Rows, table: type[Row], row_id: str) -> None:
    """Refuse an id that is taken: a new record must never overwrite another.

    Raises:
        RefusedError: `invalid-argument`.
    """
    if rows.get(table, row_id) is not None:
        raise RefusedError(INVALID_ARGUMENT, field="id")


def demand_reason(reason: str) -> None:
    """Refuse a reason without a word in it.

    Raises:
        RefusedError: `reason-missing`.
    """
    if not reason.strip():
        raise RefusedError("reason-missing")


def demand_outlet(outlet_id: str, actor: Actor, what: str) -> None:
    """Refuse what belongs to another outlet.

    Raises:
        RefusedError: `out-of-scope`.
    """
    if outlet_id != actor.outlet_id:
        raise RefusedError(OUT_OF_SCOPE, object=what)


def demand_colleague(rows: Rows, staff_id: str, actor: Actor, field: str) -> Staff:
    """Return an active member of staff of the actor's own outlet.

    Raises:
        RefusedError: `missing-object`, or `colleague-unavailable` for anybody else.
    """
    staff = demand(rows, Staff, staff_id)
    if not staff.active or staff.outlet_id != actor.outlet_id:
        raise RefusedError(COLLEAGUE_UNAVAILABLE, field=field)
    return staff


def demand_in_order(from_on: dt.date, to_on: dt.date) -> None:
    """Refuse an interval that ends before it begins.

    Raises:
        RefusedError: `dates-reversed`.
    """
    if to_on < from_on:
        raise RefusedError("dates-reversed", from_on=from_on.isoformat(), to_on=to_on.isoformat())


def demand_day_ahead(day: dt.date, moment: Moment, field: str) -> None:
    """Refuse a planned day that was past when it was planned, or beyond the next season.

    The earliest provable time of the capture counts: what waited on a phone for three days may
    well have been planned for the day before it arrived.

    Raises:
        RefusedError: `day-past` or `day-too-far`.
    """
    if day < day_at_outlet(moment.captured_from):
        raise RefusedError("day-past", field=field, day=day.isoformat())
    if day > moment.today + dt.timedelta(days=DAYS_AHEAD_MAX):
        raise RefusedError("day-too-far", field=field, day=day.isoformat(), days_max=DAYS_AHEAD_MAX)
