"""A wealth manager's days: leads, visits, sale and payout dates, markets, and what clashes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.calendar import is_market_day, market_digits
from shared.domain.care_card import CareCard
from shared.domain.harvest import LIVE_STATUSES, HarvestDate, HarvestStatus
from shared.domain.lunar import LunarDay, lunar_day
from shared.domain.people import WealthManagerProfile, is_on_leave
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.round import follow_ups_due
from shared.domain.rows import Rows
from shared.domain.village import Village
from shared.domain.visit import OPEN_VISITS, Visit

__all__ = [
    "CalendarDay",
    "Clash",
    "ClashKind",
    "DayPlan",
    "clashes",
    "covered_villages",
    "day_plan",
    "leads_for",
    "leads_in_hand",
    "sale_calendar",
    "sales_without_visit",
]

_IN_HAND = frozenset(
    {
        ReferralStatus.ACCEPTED,
        ReferralStatus.HANDED_OVER,
        ReferralStatus.VISIT_SET,
        ReferralStatus.MET,
    }
)
_SHOWN = LIVE_STATUSES | {HarvestStatus.SOLD, HarvestStatus.PAID}
_FAR = dt.datetime.max.replace(tzinfo=dt.UTC)


class ClashKind(StrEnum):
    """Why a visit does not fit."""

    FULL_DAY = "full_day"  # More visits than the profile says fit in a day.
    ON_LEAVE = "on_leave"
    HELPER_BUSY = "helper_busy"  # A helper is at another visit that day, or on leave.
    SALE_MOVED = "sale_moved"  # The day lies outside the sale and before its payout.
    SALE_OFF = "sale_off"  # Cancelled or withdrawn.


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """One thing that does not fit; `staff_id` names who cannot, where somebody can't."""

    kind: ClashKind
    visit_id: str
    staff_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """All that a day holds for a wealth manager."""

    on: dt.date
    lunar: LunarDay
    visits: list[Visit]
    sales: list[HarvestDate]
    payouts: list[HarvestDate]
    market_towns: list[str]
    follow_ups: list[CareCard]
    clashes: list[Clash]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One square of the month: how many villages sell, how many are paid."""

    on: dt.date
    lunar: LunarDay
    sales: int
    payouts: int


def leads_for(rows: Rows, wealth_manager_id: str) -> list[Referral]:
    """Return the leads that wait for this wealth manager's word, the most urgent first."""
    routed = rows.where(Referral, wealth_manager_id=wealth_manager_id, status=ReferralStatus.ROUTED)
    return sorted(routed, key=lambda lead: (lead.due_at or _FAR, lead.captured_to, lead.id))


def leads_in_hand(rows: Rows, wealth_manager_id: str) -> list[Referral]:
    """Return the leads that this wealth manager has accepted and not ended, the oldest first."""
    own = rows.where(Referral, wealth_manager_id=wealth_manager_id)
    in_hand = [referral for referral in own if referral.status in _IN_HAND]
    return sorted(in_hand, key=lambda lead: (lead.captured_to, lead.id))


def covered_villages(rows: Rows, wealth_manager_id: str) -> list[Village]:
    """Return the villages that somebody covers as primary or backup wealth manager, by name."""
    covered = {
        village.id: village
        for village in (
            *rows.where(Village, wealth_manager_id=wealth_manager_id),
            *rows.where(Village, backup_wealth_manager_id=wealth_manager_id),
        )
    }
    return sorted(covered.values(), key=lambda village: (village.town, village.name, village.id))


def day_plan(rows: Rows, wealth_manager_id: str, day: dt.date) -> DayPlan:
    """Return what a day holds: the visits, and what happens in the covered villages."""
    villages = covered_villages(rows, wealth_manager_id)
    sales = _sales_in(rows, villages)
    towns = sorted({village.town for village in villages})
    return DayPlan(
        on=day,
        lunar=lunar_day(day),
        visits=_visits_on(rows, wealth_manager_id, day),
        sales=[sale for sale in sales if sale.sale_from_on <= day <= sale.sale_to_on],
        payouts=[sale for sale in sales if sale.payout_on == day],
        market_towns=[town for town in towns if is_market_day(day, market_digits(rows, town))],
        follow_ups=follow_ups_due(rows, wealth_manager_id, day),
        clashes=clashes(rows, wealth_manager_id, day),
    )


def clashes(rows: Rows, wealth_manager_id: str, day: dt.date) -> list[Clash]:
    """Return what does not fit on a day: warnings, for the wealth manager to weigh."""
    visits = _visits_on(rows, wealth_manager_id, day)
    found: list[Clash] = []
    profiles = rows.where(WealthManagerProfile, staff_id=wealth_manager_id)
    if profiles:
        found += [
            Clash(kind=ClashKind.FULL_DAY, visit_id=visit.id)
            for visit in visits[profiles[0].visits_per_day_max :]
        ]
    if visits and is_on_leave(rows, wealth_manager_id, day):
        found += [
            Clash(kind=ClashKind.ON_LEAVE, visit_id=visit.id, staff_id=wealth_manager_id)
            for visit in visits
        ]
    for visit in visits:
        found += _busy_helpers(rows, visit, day)
        found += _sale_clash(rows, visit)
    return found


def sale_calendar(rows: Rows, villages: Iterable[Village], month_on: dt.date) -> list[CalendarDay]:
    """Return every day of the month that *month_on* lies in, with its sales and payouts."""
    sales = _sales_in(rows, villages)
    day = month_on.replace(day=1)
    days = []
    while day.month == month_on.month:
        days.append(
            CalendarDay(
                on=day,
                lunar=lunar_day(day),
                sales=sum(sale.sale_from_on <= day <= sale.sale_to_on for sale in sales),
                payouts=sum(sale.payout_on == day for sale in sales),
            )
        )
        day += dt.timedelta(days=1)
    return days


def sales_without_visit(
    rows: Rows, wealth_manager_id: str, today: dt.date, days: int = 14
) -> list[HarvestDate]:
    """Return the covered villages' next sales that nobody plans to visit (S30), nearest first."""
    until = today + dt.timedelta(days=days)
    return [
        sale
        for sale in _sales_in(rows, covered_villages(rows, wealth_manager_id))
        if sale.status in LIVE_STATUSES
        and sale.sale_to_on >= today
        and sale.sale_from_on <= until
        and not any(
            visit.status in OPEN_VISITS for visit in rows.where(Visit, harvest_date_id=sale.id)
        )
    ]


def _sales_in(rows: Rows, villages: Iterable[Village]) -> list[HarvestDate]:
    sales = [
        sale
        for village in villages
        for sale in rows.where(HarvestDate, village_id=village.id)
        if sale.status in _SHOWN
    ]
    return sorted(sales, key=lambda sale: (sale.sale_from_on, sale.id))


def _visits_on(rows: Rows, wealth_manager_id: str, day: dt.date) -> list[Visit]:
    return [
        visit
        for visit in rows.where(Visit, wealth_manager_id=wealth_manager_id, planned_on=day)
        if visit.status in OPEN_VISITS
    ]


def _busy_helpers(rows: Rows, visit: Visit, day: dt.date) -> list[Clash]:
    others = [
        other
        for other in rows.where(Visit, planned_on=day)
        if other.id != visit.id and other.status in OPEN_VISITS
    ]
    return [
        Clash(kind=ClashKind.HELPER_BUSY, visit_id=visit.id, staff_id=helper_id)
        for helper_id in visit.helper_ids
        if any(helper_id in other.helper_ids for other in others)
        or is_on_leave(rows, helper_id, day)
    ]


def _sale_clash(rows: Rows, visit: Visit) -> list[Clash]:
    sale = None if visit.harvest_date_id is None else rows.get(HarvestDate, visit.harvest_date_id)
    if sale is None:
        return []
    if sale.status not in _SHOWN:
        return [Clash(kind=ClashKind.SALE_OFF, visit_id=visit.id)]
    is_in_time = sale.sale_from_on <= visit.planned_on <= max(sale.sale_to_on, sale.payout_on)
    return [] if is_in_time else [Clash(kind=ClashKind.SALE_MOVED, visit_id=visit.id)]
