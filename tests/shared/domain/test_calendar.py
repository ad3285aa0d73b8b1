from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lunar_python import Solar

from shared.domain.calendar import (
    OfferKind,
    day_offers,
    is_market_day,
    market_digits,
    next_market_days,
)
from shared.domain.lunar import SOLAR_TERMS, LunarDay, lunar_day, solar_term_on, solar_terms
from shared.domain.village import MarketDay
from tests.shared.domain.county import COUNTY_ID, MARKET, county, id_of

days = st.dates(dt.date(1950, 1, 1), dt.date(2098, 12, 31))
digit_lists = st.lists(st.integers(1, 10), min_size=1, max_size=4, unique=True)


@given(days)
def test_lunar_day_is_the_library_s_day_for_day(day: dt.date) -> None:
    lunar = Solar.fromYmd(day.year, day.month, day.day).getLunar()
    text = f"{lunar.getMonthInChinese()}月{lunar.getDayInChinese()}"
    assert lunar_day(day) == LunarDay(
        year=lunar.getYear(),
        month=abs(lunar.getMonth()),
        day=lunar.getDay(),
        is_leap_month=lunar.getMonth() < 0,
    )
    assert lunar_day(day).text == text
    assert (solar_term_on(day) or "") == lunar.getJieQi()


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (dt.date(2026, 11, 23), "十月十五"),
        (dt.date(2026, 2, 17), "正月初一"),
        (dt.date(2025, 7, 25), "闰六月初一"),
        (dt.date(2026, 1, 19), "腊月初一"),
        (dt.date(2026, 11, 18), "十月初十"),
        (dt.date(2026, 11, 28), "十月二十"),
        (dt.date(2026, 12, 1), "十月廿三"),
        (dt.date(2026, 12, 8), "十月三十"),
    ],
)
def test_lunar_day_reads_as_people_say_it(day: dt.date, text: str) -> None:
    assert lunar_day(day).text == text


@given(st.integers(1950, 2098))
def test_a_year_has_its_24_solar_terms_in_order_and_all_in_that_year(year: int) -> None:
    terms = solar_terms(year)
    assert tuple(terms) == SOLAR_TERMS
    assert list(terms.values()) == sorted(terms.values())
    assert {on.year for on in terms.values()} == {year}


def test_qingming_falls_on_the_days_that_the_calendar_prints() -> None:
    assert solar_terms(2026)["清明"] == dt.date(2026, 4, 5)
    assert solar_terms(2024)["清明"] == dt.date(2024, 4, 4)
    assert solar_term_on(dt.date(2026, 4, 5)) == "清明"
    assert solar_term_on(dt.date(2026, 4, 6)) is None


@given(days, digit_lists)
def test_a_market_day_ends_on_one_of_the_town_s_digits(day: dt.date, digits: list[int]) -> None:
    lunar = Solar.fromYmd(day.year, day.month, day.day).getLunar().getDay()
    assert is_market_day(day, digits) == (
        lunar % 10 in digits or (lunar in (10, 20, 30) and 10 in digits)
    )


def test_ten_means_the_tenth_and_never_the_first() -> None:
    first, tenth = dt.date(2026, 11, 9), dt.date(2026, 11, 18)
    assert [lunar_day(day).day for day in (first, tenth)] == [1, 10]
    assert [is_market_day(day, (10,)) for day in (first, tenth)] == [False, True]
    assert [is_market_day(day, (1,)) for day in (first, tenth)] == [True, False]


@given(days, digit_lists, st.integers(1, 5))
def test_next_market_days_leaves_none_out(day: dt.date, digits: list[int], count: int) -> None:
    found = next_market_days(digits, day, count)
    assert len(found) == count
    assert found == sorted(set(found))
    between = [day + dt.timedelta(n) for n in range((found[-1] - day).days + 1)]
    assert [each for each in between if is_market_day(each, digits)] == found


def test_next_market_days_of_a_town_without_a_market_are_none() -> None:
    assert next_market_days((), dt.date(2026, 5, 4)) == []
    assert next_market_days((99,), dt.date(2026, 5, 4)) == []


def test_longmen_s_next_market_days() -> None:
    assert next_market_days((1, 4, 7), dt.date(2026, 11, 23)) == [
        dt.date(2026, 11, 25),  # 十七
        dt.date(2026, 11, 29),  # 廿一
        dt.date(2026, 12, 2),  # 廿四
    ]


def test_market_digits_of_a_town() -> None:
    more = MarketDay(id=id_of("more"), county_id=COUNTY_ID, town=MARKET.town, lunar_digits=(10, 4))
    assert market_digits(county(more), "龙门") == (1, 4, 7, 10)
    assert market_digits(county(), "曲界") == ()


def test_day_offers_name_the_days_as_a_picker_does() -> None:
    thursday = dt.date(2026, 11, 26)
    offers = day_offers(thursday, (1, 4, 7))
    assert [(offer.on.day, offer.kind, offer.weekday) for offer in offers] == [
        (26, OfferKind.TODAY, 4),
        (27, OfferKind.TOMORROW, 5),
        (28, OfferKind.DAY_AFTER, 6),
        (29, OfferKind.THIS_WEEK, 7),
        (30, OfferKind.NEXT_WEEK, 1),
        (1, OfferKind.NEXT_WEEK, 2),
        (2, OfferKind.NEXT_WEEK, 3),
    ]
    assert [offer.on.day for offer in offers if offer.is_market_day] == [29, 2]
    assert offers[0].lunar.text == "十月十八"


def test_day_offers_add_market_days_beyond_the_week() -> None:
    today = dt.date(2026, 11, 26)
    offers = day_offers(today, (1, 4, 7), days=2, markets=3)
    assert [offer.on for offer in offers[2:]] == [
        dt.date(2026, 11, 29),
        dt.date(2026, 12, 2),
        dt.date(2026, 12, 5),
    ]
    late = day_offers(today, (8,), days=1, markets=3)[-1]
    assert (late.kind, late.on) == (OfferKind.LATER, dt.date(2026, 12, 16))


@given(days, digit_lists)
def test_day_offers_are_in_order_and_none_twice(day: dt.date, digits: list[int]) -> None:
    offered = [offer.on for offer in day_offers(day, digits)]
    assert offered == sorted(set(offered))
    assert offered[0] == day
