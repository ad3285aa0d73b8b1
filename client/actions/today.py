"""What the day and the round already say, so that nobody has to type it: pure questions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.calendar import market_digits, next_market_days
from shared.domain.harvest import LIVE_STATUSES, HarvestDate
from shared.domain.moment import day_at_outlet
from shared.domain.referral import Referral
from shared.domain.rows import Rows
from shared.domain.village import Crop, Village, VillageCrop

__all__ = [
    "MarketTown",
    "at_hand",
    "crops_in_season",
    "market_towns",
    "next_market_day",
    "sale_of_village",
    "visited_on",
]

AHEAD_DAYS = 14
PAST_DAYS = 3
MONTHS = 12


@dataclass(frozen=True, slots=True)
class MarketTown:
    """A town and its next market day, today included."""

    town: str
    on: dt.date


def sale_of_village(rows: Rows, village_id: str, today: dt.date) -> HarvestDate | None:
    """Return the sale to which a lead in that village most likely belongs."""
    earliest = today - dt.timedelta(days=PAST_DAYS)
    latest = today + dt.timedelta(days=AHEAD_DAYS)
    near = [
        sale
        for sale in rows.where(HarvestDate, village_id=village_id)
        if sale.status in LIVE_STATUSES
        and earliest <= sale.sale_to_on
        and sale.sale_from_on <= latest
    ]
    return min(near, key=lambda sale: (sale.sale_from_on, sale.id), default=None)


def crops_in_season(rows: Rows, village_id: str, on: dt.date) -> list[Crop]:
    """Return the crops of a village, those sold in that month or the next first."""
    about = {on.month, on.month % MONTHS + 1}
    grown = sorted(
        rows.where(VillageCrop, village_id=village_id),
        key=lambda one: (about.isdisjoint(one.months), -one.households, one.id),
    )
    crops = (rows.get(Crop, one.crop_id) for one in grown)
    return [crop for crop in crops if crop is not None]


def next_market_day(rows: Rows, town: str, from_on: dt.date) -> dt.date | None:
    """Return the first market day of a town, *from_on* included, or None if it has none."""
    days = next_market_days(market_digits(rows, town), from_on, count=1)
    return days[0] if days else None


def market_towns(rows: Rows, villages: Sequence[Village], today: dt.date) -> list[MarketTown]:
    """Return the towns of *villages* that have market days, the nearest first."""
    found = []
    for town in dict.fromkeys(village.town for village in villages):
        on = next_market_day(rows, town, today)
        if on is not None:
            found.append(MarketTown(town, on))
    return sorted(found, key=lambda market: (market.on, market.town))


def visited_on(rows: Rows, staff_id: str, day: dt.date) -> list[str]:
    """Return the villages where somebody recorded something on a day, the last one first."""
    found = [
        (lead.captured_to, lead.village_id)
        for lead in rows.where(Referral, referrer_id=staff_id)
        if lead.village_id is not None and day_at_outlet(lead.captured_to) == day
    ]
    found += [
        (sale.reported_at, sale.village_id)
        for sale in rows.where(HarvestDate, reported_by_id=staff_id)
        if day_at_outlet(sale.reported_at) == day
    ]
    return list(dict.fromkeys(village_id for _, village_id in sorted(found, reverse=True)))


def at_hand(villages: Sequence[Village], visited: Sequence[str]) -> list[Village]:
    """Order *villages* as somebody on the way needs them: those just visited, then what is near.

    Who has not begun the round finds them in the order in which they came.
    """
    here = next((one for last in visited for one in villages if one.id == last), None)
    if here is None:
        return list(villages)

    def how_far(village: Village) -> tuple[bool, int, bool, bool, int]:
        is_new = village.id not in visited
        since = 0 if is_new else visited.index(village.id)
        away = _squared_distance(village, here)
        return is_new, since, away is None, village.town != here.town and away is None, away or 0

    return sorted(villages, key=how_far)


def _squared_distance(one: Village, other: Village) -> int | None:
    """Return what orders villages by their distance, None where one of them lies nowhere known.

    This far south a degree of longitude is about as long as one of latitude: enough to tell near
    from far.
    """
    north = _between(one.latitude_e6, other.latitude_e6)
    east = _between(one.longitude_e6, other.longitude_e6)
    return None if north is None or east is None else north**2 + east**2


def _between(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other
