"""The lunar calendar and the 24 solar terms, typed, computed once a year and not once a day."""

from __future__ import annotations

import bisect
import datetime as dt
import functools
import math
from dataclasses import dataclass

__all__ = ["SOLAR_TERMS", "LunarDay", "lunar_day", "solar_term_on", "solar_terms"]

SOLAR_TERMS = (
    "小寒", "大寒", "立春", "雨水", "惊蛰", "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至",
    "小暑", "大暑", "立秋", "处暑", "白露", "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "冬至",
)  # fmt: skip
"""The solar terms in the order of the Western year."""

_MONTHS = "正二三四五六七八九十冬腊"
_DIGITS = "一二三四五六七八九十"
_JULIAN_DAY_OF_ORDINAL_0 = 1_721_425
_TERMS_BEFORE_NEW_YEAR = 2  # The library's table begins with 大雪 and 冬至 of the year before.


@dataclass(frozen=True, slots=True, kw_only=True)
class LunarDay:
    """A day of the lunar calendar; a leap month has the number of the month that it repeats."""

    year: int
    month: int
    day: int
    is_leap_month: bool

    @property
    def text(self) -> str:
        """The day as people say it: 十月十五, 闰六月初三."""
        leap = "闰" if self.is_leap_month else ""
        return f"{leap}{_MONTHS[self.month - 1]}月{self.day_text}"

    @property
    def day_text(self) -> str:
        """The day of the month alone: 初一, 十五, 廿三, 三十."""
        tens, ones = divmod(self.day, 10)
        if ones == 0:
            return ("初十", "二十", "三十")[tens - 1]
        return ("初", "十", "廿")[tens] + _DIGITS[ones - 1]


def lunar_day(day: dt.date) -> LunarDay:
    """Return the lunar day of a date."""
    starts, months = _months_of(day.year)
    position = bisect.bisect_right(starts, day.toordinal()) - 1
    year, month, is_leap = months[position]
    return LunarDay(
        year=year, month=month, day=day.toordinal() - starts[position] + 1, is_leap_month=is_leap
    )


@functools.cache
def solar_terms(year: int) -> dict[str, dt.date]:
    """Return the day of each solar term of a Western year, by its Chinese name, in order."""
    from lunar_python import LunarYear  # noqa: PLC0415  # 0.1 s, more in a browser: not at start

    # Julian days begin at noon; the library's are in China's time.
    julian_days = LunarYear.fromYear(year).getJieQiJulianDays()[_TERMS_BEFORE_NEW_YEAR:]
    return {
        name: dt.date.fromordinal(math.floor(julian_day + 0.5) - _JULIAN_DAY_OF_ORDINAL_0)
        for name, julian_day in zip(SOLAR_TERMS, julian_days, strict=False)
    }


def solar_term_on(day: dt.date) -> str | None:
    """Return the solar term that begins on that day, if one does."""
    return next((name for name, on in solar_terms(day.year).items() if on == day), None)


@functools.cache
def _months_of(year: int) -> tuple[list[int], list[tuple[int, int, bool]]]:
    """Return the lunar months that overlap a Western year: their first days, and what they are."""
    from lunar_python import LunarYear  # noqa: PLC0415  # See `solar_terms`.

    months = LunarYear.fromYear(year).getMonths()
    starts = [int(month.getFirstJulianDay()) - _JULIAN_DAY_OF_ORDINAL_0 for month in months]
    names = [(month.getYear(), abs(month.getMonth()), bool(month.isLeap())) for month in months]
    return starts, names
