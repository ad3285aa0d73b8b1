"""Which sales there were and will be: by each village's season, with the jitter of real years."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.rows import Rows
from shared.domain.village import Crop, Village, VillageCrop

__all__ = ["PlannedSale", "earlier_sales", "present_sales"]

JITTER_DAYS = 5
SALE_DAYS_MAX = 4
PRESENT_DAYS = 45
AHEAD_DAYS = 13
TYPHOON_MONTHS = (7, 8, 9, 10)
_CANCELLED = 0.15
_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSale:
    """A sale as it will be reported and, once its days have passed, take place."""

    village: Village
    crop: Crop
    reported_on: dt.date
    from_on: dt.date
    to_on: dt.date
    households: int
    amount_fen: int
    is_cancelled: bool = False


def earlier_sales(
    rows: Rows, chance: random.Random, today: dt.date, years: int
) -> list[PlannedSale]:
    """Return the first sale of each season of earlier years, in the order of their days."""
    sales = []
    for grown in rows.where(VillageCrop):
        first_month = _season_start(grown.months)
        usual_day = chance.randint(3, 22)
        for year in range(today.year - years - 1, today.year + 1):
            from_on = dt.date(year, first_month, usual_day) + dt.timedelta(
                days=chance.randint(-JITTER_DAYS, JITTER_DAYS)
            )
            oldest = dt.date(today.year - years, 1, 15)
            if not oldest <= from_on <= today - dt.timedelta(days=PRESENT_DAYS + 60):
                continue
            typhoon = from_on.month in TYPHOON_MONTHS and chance.random() < _CANCELLED
            sales.append(_sale(rows, chance, grown, from_on, is_cancelled=typhoon))
    return sorted(sales, key=lambda sale: (sale.from_on, sale.village.id, sale.crop.id))


def present_sales(rows: Rows, chance: random.Random, today: dt.date) -> list[PlannedSale]:
    """Return the sales of these weeks: past ones, today's, and always some of the next two weeks.

    A village whose season it is sells every fortnight or so.
    """
    in_season = [grown for grown in rows.where(VillageCrop) if today.month in grown.months]
    sales = []
    for place, grown in enumerate(in_season):
        # Spread over the days ahead, so that none of them crowds, and one sale is today.
        ahead = place * AHEAD_DAYS // max(1, len(in_season) - 1)
        for offset in (ahead - 42, ahead - 28, ahead - 14, ahead):
            from_on = today + dt.timedelta(days=offset)
            if from_on.month in grown.months and offset >= -PRESENT_DAYS:
                sales.append(_sale(rows, chance, grown, from_on))
    return sorted(sales, key=lambda sale: (sale.from_on, sale.village.id, sale.crop.id))


def _sale(
    rows: Rows,
    chance: random.Random,
    grown: VillageCrop,
    from_on: dt.date,
    *,
    is_cancelled: bool = False,
) -> PlannedSale:
    village = rows.get(Village, grown.village_id)
    crop = rows.get(Crop, grown.crop_id)
    assert village is not None, grown
    assert crop is not None, grown
    households = max(1, grown.households * chance.randint(20, 60) // 100)
    return PlannedSale(
        village=village,
        crop=crop,
        reported_on=from_on - dt.timedelta(days=chance.randint(6, 14)),
        from_on=from_on,
        to_on=from_on + dt.timedelta(days=chance.randint(0, SALE_DAYS_MAX)),
        households=households,
        amount_fen=households * grown.fen_per_household * chance.randint(25, 45) // 100,
        is_cancelled=is_cancelled,
    )


def _season_start(months: Sequence[int]) -> int:
    """Return the month after the longest pause: from November to April it is November."""
    if len(months) == _MONTHS:
        return 1
    return max(months, key=lambda month: _pause_before(month, months))


def _pause_before(month: int, months: Sequence[int]) -> int:
    return next(
        pause for pause in range(1, _MONTHS + 1) if (month - pause - 1) % _MONTHS + 1 in months
    )
