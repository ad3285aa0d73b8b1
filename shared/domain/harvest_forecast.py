"""When a village will probably sell next: from earlier years, by the solar terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median_low

from shared.domain.care_card import has_opted_out
from shared.domain.harvest import HarvestDate, HarvestStatus
from shared.domain.lunar import solar_terms
from shared.domain.referral import OPEN_STATUSES, Referral
from shared.domain.rows import Rows
from shared.domain.village import VillageCrop

__all__ = [
    "CareProposal",
    "ForecastBasis",
    "HarvestForecast",
    "care_proposals",
    "harvest_forecast",
]

YEARS_MIN = 3
SPREAD_DAYS_MIN = 2
SEASON_SPREAD_DAYS = 15
CONTACT_AGAIN_DAYS = 30

_HAPPENED = frozenset(HarvestStatus) - {
    HarvestStatus.CANCELLED,
    HarvestStatus.JOINED,
    HarvestStatus.WITHDRAWN,
}


class ForecastBasis(StrEnum):
    """What a forecast rests on."""

    HISTORY = "history"  # Three earlier years or more.
    SEASON = "season"  # The months in which the village sells that crop.


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestForecast:
    """The first sale of a season, give or take `spread_days`; *years* are those it rests on.

    `solar_term` and `offset_days` say it as farmers do: 谷雨后五天.
    """

    sale_from_on: dt.date
    sale_to_on: dt.date
    spread_days: int
    basis: ForecastBasis
    years: tuple[int, ...] = ()
    solar_term: str | None = None
    offset_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CareProposal:
    """An open lead of a sale that is off, and when to ask its customer again."""

    referral: Referral
    next_contact_on: dt.date


def harvest_forecast(
    rows: Rows, village_id: str, crop_id: str, year: int
) -> HarvestForecast | None:
    """Return the forecast of the season that begins in *year*; None when nothing is known.

    Each earlier season's first sale is measured from the solar term before it; the middle
    offset is laid on that term of *year*.

    Source: PRODUCT §8.
    """
    months = sorted(
        {
            month
            for grown in rows.where(VillageCrop, village_id=village_id, crop_id=crop_id)
            for month in grown.months
        }
    )
    first_month = _first_month(months)
    firsts = _first_sales(rows, village_id, crop_id, first_month, year)
    if len(firsts) >= YEARS_MIN:
        return _from_history(firsts, first_month, year)
    if months:
        return _from_season(months, first_month, year)
    return None


def care_proposals(rows: Rows, harvest_date: HarvestDate, today: dt.date) -> list[CareProposal]:
    """Return the open leads of a sale that is off, each with a day for its care card.

    The day is the beginning of the next forecast season, or a month from today if that is
    unknown or sooner.

    Source: PRODUCT §12, story 8.
    """
    soonest = today + dt.timedelta(days=CONTACT_AGAIN_DAYS)
    forecasts = (
        harvest_forecast(rows, harvest_date.village_id, harvest_date.crop_id, year)
        for year in (today.year, today.year + 1)
    )
    ahead = [
        forecast.sale_from_on
        for forecast in forecasts
        if forecast is not None and forecast.sale_from_on > soonest
    ]
    return [
        CareProposal(referral=referral, next_contact_on=min(ahead, default=soonest))
        for referral in rows.where(Referral, harvest_date_id=harvest_date.id)
        if referral.status in OPEN_STATUSES and not has_opted_out(rows, referral.customer_id)
    ]


def _first_month(months: Sequence[int]) -> int:
    """Return the month in which the season begins: the one after the longest pause.

    A season of November to April begins in November, not in January.
    """
    if not months:
        return 1
    # Each month's distance from the one before it, around the year.
    before = [*months[-1:], *months[:-1]]
    pauses = [(month - last) % 12 or 12 for last, month in zip(before, months, strict=True)]
    return months[pauses.index(max(pauses))]


def _season_year(day: dt.date, first_month: int) -> int:
    return day.year if day.month >= first_month else day.year - 1


def _first_sales(
    rows: Rows, village_id: str, crop_id: str, first_month: int, year: int
) -> dict[int, HarvestDate]:
    """Return the first sale of each season before that of *year*."""
    firsts: dict[int, HarvestDate] = {}
    for sale in rows.where(HarvestDate, village_id=village_id, crop_id=crop_id):
        season = _season_year(sale.sale_from_on, first_month)
        if sale.status not in _HAPPENED or season >= year:
            continue
        if season not in firsts or sale.sale_from_on < firsts[season].sale_from_on:
            firsts[season] = sale
    return firsts


def _from_history(firsts: dict[int, HarvestDate], first_month: int, year: int) -> HarvestForecast:
    latest = firsts[max(firsts)].sale_from_on
    term = _term_before(latest)
    offsets = [
        (sale.sale_from_on - _term_near(term, sale.sale_from_on)).days for sale in firsts.values()
    ]
    offset = median_low(offsets)
    spread = max(abs(each - offset) for each in offsets)
    length = median_low((sale.sale_to_on - sale.sale_from_on).days for sale in firsts.values())
    # The latest season's day, as many years on: names the year that the term falls in.
    years_on = year - _season_year(latest, first_month)
    sale_from_on = solar_terms(_term_near(term, latest).year + years_on)[term] + dt.timedelta(
        days=offset
    )
    return HarvestForecast(
        sale_from_on=sale_from_on,
        sale_to_on=sale_from_on + dt.timedelta(days=length),
        spread_days=max(spread, SPREAD_DAYS_MIN),
        basis=ForecastBasis.HISTORY,
        years=tuple(sorted(firsts)),
        solar_term=term,
        offset_days=offset,
    )


def _from_season(months: Sequence[int], first_month: int, year: int) -> HarvestForecast:
    """Return the village's months: from the first day of the first to the last of the run."""
    last = first_month
    while last % 12 + 1 in months and last % 12 + 1 != first_month:
        last = last % 12 + 1
    ends_in = year if last >= first_month else year + 1
    after = dt.date(ends_in + last // 12, last % 12 + 1, 1)
    return HarvestForecast(
        sale_from_on=dt.date(year, first_month, 1),
        sale_to_on=after - dt.timedelta(days=1),
        spread_days=SEASON_SPREAD_DAYS,
        basis=ForecastBasis.SEASON,
    )


def _term_before(day: dt.date) -> str:
    """Return the solar term in which a day lies."""
    begun = [
        (on, name)
        for year in (day.year - 1, day.year)
        for name, on in solar_terms(year).items()
        if on <= day
    ]
    return max(begun)[1]


def _term_near(term: str, day: dt.date) -> dt.date:
    """Return that term's day nearest to *day*: in its year, the one before or the one after."""
    around = [solar_terms(year)[term] for year in (day.year - 1, day.year, day.year + 1)]
    return min(around, key=lambda on: abs((on - day).days))
