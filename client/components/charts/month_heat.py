"""A month as a calendar: the warmer a day, the more happens on it; lunar days beside solar ones."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import flet as ft

from client.components.guard import guarded
from client.components.text import note, silent
from client.design import CARD, EARTH, GAP_XS, INK, INK_SOFT, LEAF, LINE_SOFT, RADIUS_S, WARN

__all__ = ["HeatDay", "heat_level", "month_heat", "month_weeks"]

CELL_HEIGHT = 58
LEVEL_MAX = 3
_STRENGTH = (0.0, 0.16, 0.34, 1.0)
_DOT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatDay:
    """What a day of the month shows.

    Attributes:
        count: How much happens; it makes the day warm.
        lunar: The lunar day, as farmers say it.
        name: What a screen reader says.
        market: A market day in a town that matters.
        firm: Something of it is certain; else the day is only hearsay.
    """

    count: int
    lunar: str
    name: str
    market: bool = False
    firm: bool = True


def month_weeks(first: dt.date) -> list[list[dt.date]]:
    """Return the weeks of the month of *first*, Monday to Sunday, with the days around it."""
    return calendar.Calendar(firstweekday=0).monthdatescalendar(first.year, first.month)


def heat_level(count: int, most: int = LEVEL_MAX) -> int:
    """Return how warm a day of *count* things is, from 0 to 3, in a month of at most *most*.

    In a quiet month one sale is little and three are much; in a busy one that takes more.
    """
    return min(LEVEL_MAX, -(-count * LEVEL_MAX // max(most, LEVEL_MAX)))


def month_heat(
    first: dt.date,
    days: Mapping[dt.date, HeatDay],
    *,
    weekdays: Sequence[str],
    today: dt.date,
    chosen: dt.date | None,
    on_choose: Callable[[dt.date], object],
) -> ft.Control:
    """Draw the month of *first*; *weekdays* are the seven heads, Monday first."""
    head = ft.Row(
        [ft.Container(note(name), alignment=ft.Alignment.CENTER, expand=1) for name in weekdays],
        spacing=GAP_XS,
    )
    most = max((days[day].count for day in days if day.month == first.month), default=0)
    weeks = [
        ft.Row(
            [
                _cell(day, days[day], most, today=today, chosen=chosen, on_choose=on_choose)
                if day.month == first.month
                else ft.Container(expand=1, height=CELL_HEIGHT)
                for day in week
            ],
            spacing=GAP_XS,
        )
        for week in month_weeks(first)
    ]
    return ft.Column([head, *weeks], spacing=GAP_XS, tight=True)


def _cell(
    day: dt.date,
    shown: HeatDay,
    most: int,
    *,
    today: dt.date,
    chosen: dt.date | None,
    on_choose: Callable[[dt.date], object],
) -> ft.Control:
    level = heat_level(shown.count, most)
    if not shown.firm:
        level = min(level, 1)
    is_solid = level == LEVEL_MAX
    ink = ft.Colors.ON_SECONDARY if is_solid else INK
    soft = ft.Colors.ON_SECONDARY if is_solid else INK_SOFT
    dots = ft.Row(
        [
            ft.Container(width=_DOT, height=_DOT, border_radius=_DOT, bgcolor=color)
            for color, is_there in (
                (ink if is_solid else LEAF, shown.market),
                (ink if is_solid else EARTH, shown.count > 0),
            )
            if is_there
        ],
        spacing=3,
        alignment=ft.MainAxisAlignment.CENTER,
        height=_DOT,
    )
    is_chosen = day == chosen
    edge = LEAF if is_chosen else WARN if day == today else LINE_SOFT
    number = ft.Text(
        str(day.day),
        theme_style=ft.TextThemeStyle.LABEL_LARGE,
        color=ink,
        weight=ft.FontWeight.W_700 if shown.count or day == today else ft.FontWeight.W_400,
    )
    lunar = ft.Text(
        shown.lunar,
        theme_style=ft.TextThemeStyle.LABEL_SMALL,
        color=soft,
        max_lines=1,
        no_wrap=True,
    )
    return ft.Semantics(
        label=shown.name,
        button=True,
        selected=is_chosen,
        expand=1,
        content=ft.Container(
            silent(
                ft.Column(
                    [number, lunar, dots],
                    spacing=1,
                    tight=True,
                    horizontal_alignment=ft.CrossAxisAlignment.CENTER,
                    alignment=ft.MainAxisAlignment.CENTER,
                )
            ),
            on_click=guarded(lambda: on_choose(day)),
            ink=True,
            height=CELL_HEIGHT,
            alignment=ft.Alignment.CENTER,
            bgcolor=ft.Colors.with_opacity(_STRENGTH[level], EARTH) if level else CARD,
            border=ft.Border.all(2 if is_chosen or day == today else 1, edge),
            border_radius=RADIUS_S,
        ),
    )
