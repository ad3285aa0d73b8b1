"""Days and times as people say them; lunar dates beside solar ones for market days."""

from __future__ import annotations

import datetime as dt

from client.strings import Language, Words
from shared.domain.lunar import lunar_day
from shared.domain.moment import OUTLET_ZONE

__all__ = ["ago", "clock", "day", "day_short", "lunar", "lunar_short", "month", "span", "weekday"]

MINUTE_S = 60
HOUR_S = 3600


def day(on: dt.date, today: dt.date, words: Words) -> str:
    """Return a day as said today: today, tomorrow, or weekday and date."""
    near = {-1: "when.yesterday", 0: "when.today", 1: "when.tomorrow", 2: "when.overmorrow"}
    away = (on - today).days
    date = words("when.date", month=on.month, day=on.day)
    if on.year != today.year:
        date = words("when.date_year", year=on.year, month=on.month, day=on.day)
    said = words(near[away]) if away in near else weekday(on, words)
    return words("when.day", said=said, date=date)


def day_short(on: dt.date, today: dt.date, words: Words) -> str:
    """Return a day in as few characters as say it."""
    near = {0: "when.today", 1: "when.tomorrow", 2: "when.overmorrow"}
    away = (on - today).days
    if away in near:
        return words(near[away])
    return words("when.date", month=on.month, day=on.day)


def weekday(on: dt.date, words: Words) -> str:
    """Return the name of the day of the week."""
    return words(f"when.weekday{on.isoweekday()}")


def month(period: str, words: Words) -> str:
    """Return a period (YYYY-MM) as a month."""
    year, number = period.split("-")
    return words("when.month", year=int(year), month=int(number))


def clock(at: dt.datetime, now: dt.datetime, words: Words) -> str:
    """Return an instant: the time, and the date if it was not today."""
    local = at.astimezone(OUTLET_ZONE)
    time = f"{local:%H:%M}"
    if local.date() == now.astimezone(OUTLET_ZONE).date():
        return time
    return words("when.date_time", month=local.month, day=local.day, time=time)


def ago(at: dt.datetime, now: dt.datetime, words: Words) -> str:
    """Return how long ago that was, for the recent past, else the time and date."""
    seconds = (now - at).total_seconds()
    if seconds < MINUTE_S:
        return words("when.just_now")
    if seconds < HOUR_S:
        return words("when.minutes_ago", n=int(seconds // MINUTE_S))
    return clock(at, now, words)


def lunar(on: dt.date, words: Words) -> str:
    """Return the lunar day of a date, as farmers think of it."""
    moon = lunar_day(on)
    if words.language is Language.CHINESE:
        return moon.text
    return words("when.lunar", month=moon.month, day=moon.day)


def lunar_short(on: dt.date, words: Words) -> str:
    """Return the lunar day of the month alone."""
    moon = lunar_day(on)
    return moon.day_text if words.language is Language.CHINESE else f"({moon.day})"


def span(from_on: dt.date, to_on: dt.date, today: dt.date, words: Words) -> str:
    """Return a sale's days: one day, or from and to."""
    if to_on <= from_on:
        return day(from_on, today, words)
    return words("when.span", start=day(from_on, today, words), end=day_short(to_on, today, words))
