"""A month from event to approval: what was earned on which day, and on which it was confirmed.

A line for each thing: it begins where it happened and ends, slanting, where it was decided. What
still waits hangs in the middle, at today; so one look says how much waits and how long it takes.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import flet as ft
import flet.canvas as cv

from client.components.text import note
from client.design import CARD, GAP, INK, INK_SOFT, LEAF, LINE, LINE_SOFT, TONES

__all__ = ["Flow", "FlowEnd", "flow_days", "month_flow"]

HEIGHT = 104
TOP, BOTTOM = 12, HEIGHT - 12
EDGE = 12
LEAST_RADIUS, MOST_RADIUS = 3.5, 9.0
POINTS_OF_MOST = 15
WIDE_STEP = 5  # Days between two numbers of the axis.


class FlowEnd(StrEnum):
    """How a line ends."""

    WAITS = "waits"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One thing: when it happened, how much it is, and when and how it was decided."""

    earned_on: dt.date
    points: int
    end: FlowEnd
    decided_on: dt.date | None = None


def flow_days(flow: Flow, first: dt.date, today: dt.date) -> tuple[int, int]:
    """Return the days of the month of *first* between which a line runs.

    What was decided after the month, or waits since, ends at the month's last day.
    """
    last = calendar.monthrange(first.year, first.month)[1]

    def within(on: dt.date) -> int:
        return min(max((on - first).days + 1, 1), last)

    return within(flow.earned_on), within(flow.decided_on or today)


def month_flow(
    first: dt.date,
    flows: Sequence[Flow],
    *,
    today: dt.date,
    width: float,
    earned: str,
    decided: str,
    name: str,
) -> ft.Control:
    """Draw the month of *first*; *earned* and *decided* name the two lines, *name* says it all."""
    days = calendar.monthrange(first.year, first.month)[1]
    step = (width - 2 * EDGE) / (days - 1)

    def across(day: int) -> float:
        return EDGE + (day - 1) * step

    shapes: list[cv.Shape] = [_level(TOP, width), _level(BOTTOM, width)]
    if (today.year, today.month) == (first.year, first.month):
        at = across(today.day)
        dashed = ft.Paint(color=LINE, stroke_width=1, stroke_dash_pattern=[4, 4])
        shapes.append(cv.Line(x1=at, y1=0, x2=at, y2=HEIGHT, paint=dashed))
    marks: list[cv.Shape] = []
    for flow in flows:
        begin, end = flow_days(flow, first, today)
        foot = HEIGHT / 2 if flow.end is FlowEnd.WAITS else BOTTOM
        color = _COLORS[flow.end]
        shapes.append(
            cv.Line(
                x1=across(begin),
                y1=TOP,
                x2=across(end),
                y2=foot,
                paint=ft.Paint(color=color, stroke_width=2),
            )
        )
        radius = _radius(flow.points)
        marks.append(_dot(across(begin), TOP, radius, color))
        if flow.end is FlowEnd.CONFIRMED:
            marks.append(_dot(across(end), BOTTOM, radius, color))
        else:  # A ring: nothing has come of it yet, or nothing will.
            marks += [
                _dot(across(end), foot, radius, color),
                _dot(across(end), foot, radius - 2, CARD),
            ]
    numbers = [1, *range(WIDE_STEP, days + 1, WIDE_STEP)]
    axis = ft.Stack(
        [
            ft.Container(
                note(str(day), color=INK if day == today.day else INK_SOFT),
                left=across(day) - GAP,
                width=2 * GAP,
                alignment=ft.Alignment.CENTER,
            )
            for day in numbers
        ],
        width=width,
        height=24,
    )
    return ft.Semantics(
        label=name,
        container=True,
        exclude_semantics=True,  # The name says it all.
        content=ft.Column(
            [
                note(earned),
                cv.Canvas(shapes=[*shapes, *marks], width=width, height=HEIGHT),
                axis,
                note(decided),
            ],
            spacing=2,
            tight=True,
        ),
    )


_COLORS = {
    FlowEnd.WAITS: TONES["wait"].ink,
    FlowEnd.CONFIRMED: LEAF,
    FlowEnd.REFUSED: INK_SOFT,
}


def _level(y: float, width: float) -> cv.Line:
    return cv.Line(x1=0, y1=y, x2=width, y2=y, paint=ft.Paint(color=LINE_SOFT, stroke_width=1))


def _dot(x: float, y: float, radius: float, color: ft.ColorValue) -> cv.Circle:
    paint = ft.Paint(color=color, style=ft.PaintingStyle.FILL)
    return cv.Circle(x=x, y=y, radius=radius, paint=paint)


def _radius(points: int) -> float:
    share = min(max(points, 0), POINTS_OF_MOST) / POINTS_OF_MOST
    return LEAST_RADIUS + (MOST_RADIUS - LEAST_RADIUS) * share
