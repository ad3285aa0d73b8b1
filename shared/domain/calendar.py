"""Days as the country counts them: market days (墟日) by the moon, and days to choose from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.lunar import LunarDay, lunar_day
from shared.domain.rows import Rows
from shared.domain.village import MarketDay

__all__ = [
    "DayOffer",
    "OfferKind",
    "day_offers",
    "is_market_day",
    "market_digits",
    "next_market_days",
]

TENTH = 10
"""As a market digit: the 10th, 20th and 30th; never the days that end on 1."""

DAYS_WITHOUT_MARKET_MAX = 20
"""Any digit comes again within ten days, but for the end of a month of 29."""

SUNDAY = 7


class OfferKind(StrEnum):
    """How a day is named when it is offered."""

    TODAY = "today"
    TOMORROW = "tomorrow"
    DAY_AFTER = "day_after"
    THIS_WEEK = "this_week"  # 周四
    NEXT_WEEK = "next_week"  # 下周四
    LATER = "later"  # By its date.


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOffer:
    """A day to choose with one tap; `weekday` is 1 for Monday to 7 for Sunday."""

    on: dt.date
    kind: OfferKind
    weekday: int
    lunar: LunarDay
    is_market_day: bool


def market_digits(rows: Rows, town: str) -> tuple[int, ...]:
    """Return the lunar digits of a town's market days; none when it has no market."""
    digits = {digit for market in rows.where(MarketDay, town=town) for digit in market.lunar_digits}
    return tuple(sorted(digits))


def is_market_day(day: dt.date, digits: Sequence[int]) -> bool:
    """Tell whether a town with these lunar digits holds its market on that day."""
    return (lunar_day(day).day % 10 or TENTH) in digits


def next_market_days(digits: Sequence[int], from_on: dt.date, count: int = 3) -> list[dt.date]:
    """Return the next market days, *from_on* included; none for a town without a market."""
    found: list[dt.date] = []
    day = from_on
    while len(found) < count and (day - (found or [from_on])[-1]).days < DAYS_WITHOUT_MARKET_MAX:
        if is_market_day(day, digits):
            found.append(day)
        day += dt.timedelta(days=1)
    return found


def day_offers(
    today: dt.date, digits: Sequence[int] = (), days: int = 7, markets: int = 1
) -> list[DayOffer]:
    """Return the days that a picker offers first: today, the week ahead, the next market days."""
    week = [today + dt.timedelta(days=ahead) for ahead in range(days)]
    later = [day for day in next_market_days(digits, today, markets) if day not in week]
    return [_offer(day, today, digits) for day in week + later]


def _offer(day: dt.date, today: dt.date, digits: Sequence[int]) -> DayOffer:
    return DayOffer(
        on=day,
        kind=_kind_of(day, today),
        weekday=day.isoweekday(),
        lunar=lunar_day(day),
        is_market_day=is_market_day(day, digits),
    )


def _kind_of(day: dt.date, today: dt.date) -> OfferKind:
    ahead = (day - today).days
    if 0 <= ahead <= 2:  # noqa: PLR2004  # today, tomorrow and the day after have names
        return (OfferKind.TODAY, OfferKind.TOMORROW, OfferKind.DAY_AFTER)[ahead]
    sunday = today + dt.timedelta(days=SUNDAY - today.isoweekday())
    if today < day <= sunday:
        return OfferKind.THIS_WEEK
    if sunday < day <= sunday + dt.timedelta(days=SUNDAY):
        return OfferKind.NEXT_WEEK
    return OfferKind.LATER
