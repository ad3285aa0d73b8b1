"""A day in one tap: tomorrow, Thursday, the next market day; or any day from the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import flet as ft

from client.components.chips import Option, chip
from client.components.guard import guarded
from client.components.when import day_short, lunar_short, weekday
from client.design import GAP_S
from client.strings import Language, Words

__all__ = ["DAYS_SHOWN", "day_chips", "pick_day"]

DAYS_SHOWN = 7
PICKER_DAYS = 400
NOON = dt.time(12)  # The same date on the other side, whatever zone Python believes to be in.
CHIP_WIDTH = 112  # Three beside one another on the narrowest phone.


def day_chips(
    words: Words,
    today: dt.date,
    chosen: dt.date | None,
    on_choose: Callable[[dt.date], object],
    *,
    days: Collection[dt.date] | None = None,
    market_days: Collection[dt.date] = (),
    name: str = "",
) -> ft.Control:
    """Offer the next days, or *days*; market days are marked, a calendar offers all others."""
    offered = sorted(
        set(days if days is not None else _next_days(today))
        | set(market_days)
        | ({chosen} if chosen else set())
    )
    width = CHIP_WIDTH if words.language is Language.CHINESE else None  # No room for "tomorrow".
    chips = [
        chip(
            Option(
                on,
                _said(on, today, words),
                hint=_hint(on, today, words, is_market=on in market_days),
            ),
            on == chosen,
            partial(on_choose, on),
            width=width,
        )
        for on in offered
    ]
    chips.append(
        chip(
            Option(None, words("dates.other"), hint=words("dates.calendar")),
            False,
            lambda: pick_day(words, chosen or today, today, on_choose),
            width=width,
        )
    )
    row = ft.Row(chips, wrap=True, spacing=GAP_S, run_spacing=GAP_S)
    return ft.Semantics(label=name, container=True, content=row) if name else row


def pick_day(
    words: Words,
    shown: dt.date,
    first: dt.date,
    on_choose: Callable[[dt.date], object],
) -> None:
    """Open the calendar; the day chosen in it goes to *on_choose*."""

    def take(event: Any) -> object:
        value = event.control.value
        if value is None:
            return None
        return on_choose(_local_day(value))

    ft.context.page.show_dialog(
        ft.DatePicker(
            value=dt.datetime.combine(shown, NOON),
            first_date=dt.datetime.combine(first, NOON),
            last_date=dt.datetime.combine(first + dt.timedelta(days=PICKER_DAYS), NOON),
            help_text=words("dates.pick"),
            cancel_text=words("dates.cancel"),
            confirm_text=words("dates.confirm"),
            on_change=guarded(take),
        )
    )


def _local_day(value: dt.datetime | dt.date) -> dt.date:
    """Return the day that was tapped: Flet hands midnight of the phone's zone over, in UTC."""
    if not isinstance(value, dt.datetime):
        return value
    if value.tzinfo is None:
        return value.date()
    # Half a day later it is the same date in every zone that a phone can be set to.
    return (value + dt.timedelta(hours=12)).date()


def _next_days(today: dt.date) -> list[dt.date]:
    return [today + dt.timedelta(days=away) for away in range(DAYS_SHOWN)]


def _said(on: dt.date, today: dt.date, words: Words) -> str:
    away = (on - today).days
    if 2 < away < DAYS_SHOWN:  # noqa: PLR2004 - today, tomorrow and the day after have words.
        return weekday(on, words)
    # Short, for in large type a longer one leaves no room for the check mark.
    return f"{on.month}/{on.day}" if away >= DAYS_SHOWN else day_short(on, today, words)


def _hint(on: dt.date, today: dt.date, words: Words, *, is_market: bool) -> str:
    away = (on - today).days
    # A day further off is named by its date; then the weekday explains it.
    date = f"{on.month}/{on.day}" if 0 <= away < DAYS_SHOWN else weekday(on, words)
    return words("dates.market", date=date) if is_market else f"{date} {lunar_short(on, words)}"
