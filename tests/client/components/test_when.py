"""Days and times as people say them."""

from __future__ import annotations

import datetime as dt

import pytest

from client.components.dates import _local_day
from client.components.when import ago, clock, day, day_short, lunar, lunar_short, month, span
from client.strings import Language, Words

TODAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 1, 30, tzinfo=dt.UTC)
ZH, EN = Words(Language.CHINESE), Words(Language.ENGLISH)


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (dt.date(2026, 11, 22), "昨天 11月22日"),
        (dt.date(2026, 11, 23), "今天 11月23日"),
        (dt.date(2026, 11, 25), "后天 11月25日"),
        (dt.date(2026, 11, 26), "周四 11月26日"),
        (dt.date(2027, 1, 3), "周日 2027年1月3日"),
    ],
)
def test_day_is_said_as_today_would(on: dt.date, said: str) -> None:
    assert day(on, TODAY, ZH) == said


def test_day_short_takes_the_word_or_the_date() -> None:
    assert day_short(TODAY + dt.timedelta(days=1), TODAY, ZH) == "明天"
    assert day_short(dt.date(2026, 12, 9), TODAY, ZH) == "12月9日"


def test_lunar_day_is_that_of_the_farmers_calendar() -> None:
    assert lunar(TODAY, ZH) == "十月十五"
    assert lunar_short(TODAY, ZH) == "十五"
    assert lunar(TODAY, EN) == "lunar 10/15"


def test_time_is_that_of_the_outlet() -> None:
    assert clock(NOW, NOW, ZH) == "09:30"
    assert clock(NOW - dt.timedelta(days=1), NOW, ZH) == "11月22日 09:30"


@pytest.mark.parametrize(
    ("seconds", "said"), [(5, "刚刚"), (-5, "刚刚"), (720, "12 分钟前"), (7200, "07:30")]
)
def test_recent_past_is_said_as_how_long_ago(seconds: int, said: str) -> None:
    assert ago(NOW - dt.timedelta(seconds=seconds), NOW, ZH) == said


def test_month_and_span_are_said_in_words() -> None:
    assert month("2026-11", ZH) == "2026年11月"
    assert span(TODAY, TODAY, TODAY, ZH) == "今天 11月23日"
    later = TODAY + dt.timedelta(days=4)
    assert span(TODAY, later, TODAY, ZH) == "今天 11月23日 至 11月27日"


@pytest.mark.parametrize("hours", [-11, -5, 0, 8, 12])
def test_day_picked_is_the_day_tapped_in_every_zone(hours: int) -> None:
    """The picker tells midnight of the phone's zone, in UTC."""
    zone = dt.timezone(dt.timedelta(hours=hours))
    told = dt.datetime(2026, 11, 28, tzinfo=zone).astimezone(dt.UTC)
    assert _local_day(told) == dt.date(2026, 11, 28)
