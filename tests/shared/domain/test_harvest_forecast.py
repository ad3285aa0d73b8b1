from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.care_card import CareStatus
from shared.domain.harvest import HarvestDate, HarvestStatus
from shared.domain.harvest_forecast import (
    ForecastBasis,
    HarvestForecast,
    care_proposals,
    harvest_forecast,
)
from shared.domain.lunar import solar_terms
from shared.domain.referral import ReferralStatus
from shared.domain.village import VillageCrop
from tests.shared.domain.county import (
    CANE,
    CARD,
    CUSTOMER,
    MELON,
    MELONS,
    NOW,
    OTHER_CUSTOMER,
    SALE,
    TODAY,
    VILLAGE,
    Memory,
    county,
    day,
    id_of,
    referral,
)


def sold(on: dt.date, days: int = 2, **fields: object) -> HarvestDate:
    values = {
        "id": id_of(f"sale of {on}"),
        "status": HarvestStatus.SOLD,
        "sale_from_on": on,
        "sale_to_on": on + dt.timedelta(days=days),
        "payout_on": on,
        **fields,
    }
    return replace(SALE, **values)  # type: ignore[arg-type]


def after_term(year: int, term: str, days: int) -> dt.date:
    return solar_terms(year)[term] + dt.timedelta(days=days)


def forecast_of(rows: Memory, year: int, crop_id: str = MELON.id) -> HarvestForecast:
    forecast = harvest_forecast(rows, VILLAGE.id, crop_id, year)
    assert forecast is not None
    return forecast


def grown_in(*months: int, crop_id: str = MELON.id) -> VillageCrop:
    return replace(MELONS, id=id_of(f"grown {months}"), crop_id=crop_id, months=months)


def test_three_years_give_the_middle_offset_from_the_solar_term_and_the_spread() -> None:
    rows = county(
        sold(after_term(2023, "谷雨", 3)),
        sold(after_term(2024, "谷雨", 5), days=4),
        sold(after_term(2025, "谷雨", 9)),
    )
    forecast = forecast_of(rows, 2026)
    assert forecast == HarvestForecast(
        sale_from_on=after_term(2026, "谷雨", 5),
        sale_to_on=after_term(2026, "谷雨", 7),
        spread_days=4,
        basis=ForecastBasis.HISTORY,
        years=(2023, 2024, 2025),
        solar_term="谷雨",
        offset_days=5,
    )


def test_only_the_first_sale_of_a_season_counts_and_only_earlier_seasons() -> None:
    rows = county(
        *(sold(after_term(year, "谷雨", 5)) for year in (2023, 2024, 2025, 2026, 2027)),
        *(sold(after_term(year, "芒种", 2)) for year in (2023, 2024, 2025)),
    )
    forecast = forecast_of(rows, 2026)
    assert forecast.years == (2023, 2024, 2025)
    assert (forecast.offset_days, forecast.spread_days) == (5, 2)


@pytest.mark.parametrize(
    "status", [HarvestStatus.CANCELLED, HarvestStatus.JOINED, HarvestStatus.WITHDRAWN]
)
def test_what_did_not_take_place_is_no_history(status: HarvestStatus) -> None:
    rows = county(
        sold(after_term(2023, "谷雨", 5), status=status),
        sold(after_term(2024, "谷雨", 5)),
        sold(after_term(2025, "谷雨", 5)),
    )
    assert forecast_of(rows, 2026).basis is ForecastBasis.SEASON


def test_fewer_than_three_years_give_the_months_of_the_village() -> None:
    rows = county(sold(after_term(2025, "谷雨", 5)))
    forecast = forecast_of(rows, 2026)
    assert (forecast.sale_from_on, forecast.sale_to_on) == (
        dt.date(2026, 4, 1),
        dt.date(2026, 6, 30),
    )
    assert (forecast.basis, forecast.spread_days) == (ForecastBasis.SEASON, 15)


@pytest.mark.parametrize(
    ("months", "first", "last"),
    [
        ((1, 2, 3, 4, 11, 12), dt.date(2026, 11, 1), dt.date(2027, 4, 30)),
        ((1, 2, 9, 10, 11, 12), dt.date(2026, 9, 1), dt.date(2027, 2, 28)),
        ((6, 7, 10, 11), dt.date(2026, 6, 1), dt.date(2026, 7, 31)),
        ((8,), dt.date(2026, 8, 1), dt.date(2026, 8, 31)),
        ((12,), dt.date(2026, 12, 1), dt.date(2026, 12, 31)),
        (tuple(range(1, 13)), dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
    ],
)
def test_a_season_begins_after_the_longest_pause(
    months: tuple[int, ...], first: dt.date, last: dt.date
) -> None:
    rows = county(grown_in(*months, crop_id=CANE.id))
    forecast = forecast_of(rows, 2026, CANE.id)
    assert (forecast.sale_from_on, forecast.sale_to_on) == (first, last)


def test_a_season_over_the_turn_of_the_year_is_one_season() -> None:
    rows = county(
        grown_in(11, 12, 1, 2, crop_id=CANE.id),
        *(
            sold(after_term(year, "冬至", 14), crop_id=CANE.id)  # The January of year + 1.
            for year in (2022, 2023, 2024)
        ),
    )
    forecast = forecast_of(rows, 2025, CANE.id)
    assert forecast.years == (2022, 2023, 2024)
    assert forecast.sale_from_on.year == 2026
    assert abs((forecast.sale_from_on - after_term(2025, "冬至", 14)).days) <= 1


def test_a_sale_before_the_turn_of_the_year_is_measured_from_the_term_after_it() -> None:
    rows = county(
        grown_in(11, 12, 1, 2, crop_id=CANE.id),
        sold(dt.date(2022, 12, 30), crop_id=CANE.id),
        sold(dt.date(2023, 12, 31), crop_id=CANE.id),
        sold(dt.date(2025, 1, 6), crop_id=CANE.id),
    )
    forecast = forecast_of(rows, 2025, CANE.id)
    assert (forecast.solar_term, forecast.offset_days) == ("小寒", -6)
    assert forecast.sale_from_on == dt.date(2025, 12, 30)
    assert forecast.spread_days == 7


def test_nothing_known_forecasts_nothing() -> None:
    assert harvest_forecast(county(), VILLAGE.id, CANE.id, 2026) is None


def test_history_without_known_months_is_enough() -> None:
    sales = (sold(after_term(year, "谷雨", 5), crop_id=CANE.id) for year in (2023, 2024, 2025))
    assert forecast_of(county(*sales), 2026, CANE.id).basis is ForecastBasis.HISTORY


@given(
    st.lists(st.integers(0, 14), min_size=3, max_size=6),
    st.sampled_from(["清明", "谷雨", "立夏", "小满", "芒种"]),
)
def test_every_earlier_season_lies_within_the_spread_of_its_forecast(
    offsets: list[int], term: str
) -> None:
    years = range(2026 - len(offsets), 2026)
    sales = [
        sold(after_term(year, term, offset)) for year, offset in zip(years, offsets, strict=True)
    ]
    forecast = forecast_of(county(*sales), 2026)
    assert forecast.solar_term is not None
    expected = solar_terms(2026)[forecast.solar_term] + dt.timedelta(forecast.offset_days)
    assert forecast.sale_from_on == expected
    for sale in sales:
        again = after_term(sale.sale_from_on.year, forecast.solar_term, forecast.offset_days)
        assert abs((sale.sale_from_on - again).days) <= forecast.spread_days


def test_leads_of_a_sale_that_is_off_are_proposed_for_care_cards_next_season() -> None:
    cancelled = replace(SALE, status=HarvestStatus.CANCELLED)
    opted_out = replace(
        CARD, customer_id=OTHER_CUSTOMER.id, status=CareStatus.OPTED_OUT, ended_at=NOW
    )
    rows = county(
        cancelled,
        opted_out,
        referral(ReferralStatus.ACCEPTED, harvest_date_id=SALE.id),
        referral(ReferralStatus.LOST, id=id_of("lost"), harvest_date_id=SALE.id),
        referral(ReferralStatus.ROUTED, id=id_of("elsewhere")),
        referral(
            ReferralStatus.ROUTED,
            id=id_of("opted out"),
            harvest_date_id=SALE.id,
            customer_id=OTHER_CUSTOMER.id,
        ),
    )
    (proposal,) = care_proposals(rows, cancelled, TODAY)
    assert proposal.referral.customer_id == CUSTOMER.id
    assert proposal.next_contact_on == dt.date(2027, 4, 1)


def test_leads_of_a_sale_without_a_forecast_are_proposed_for_next_month() -> None:
    cancelled = replace(SALE, crop_id=CANE.id, status=HarvestStatus.CANCELLED)
    rows = county(cancelled, referral(ReferralStatus.ACCEPTED, harvest_date_id=SALE.id))
    (proposal,) = care_proposals(rows, cancelled, TODAY)
    assert proposal.next_contact_on == day(30)
