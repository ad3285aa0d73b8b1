"""Charts: what is drawn follows the numbers, and each mark is named for a screen reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import flet as ft
import flet.canvas as cv
import pytest
from flet.controls.base_control import BaseControl

from client.components.charts.bars import Bar, bars
from client.components.charts.month_flow import Flow, FlowEnd, flow_days, month_flow
from client.components.charts.month_heat import HeatDay, heat_level, month_heat, month_weeks
from client.components.charts.season_strip import Season, season_strip
from client.components.charts.trend import HEIGHT, Column, trend
from client.components.charts.village_map import (
    LABEL_WIDTH,
    LABELLED_HEIGHT,
    Place,
    kilometres_wide,
    spots,
    village_map,
)

NOVEMBER = dt.date(2026, 11, 1)


def walk(node: Any) -> Iterator[BaseControl]:
    """Yield *node* and every control in it."""
    if isinstance(node, list):
        for one in node:
            yield from walk(one)
    elif isinstance(node, BaseControl):
        yield node
        for name in ("content", "controls"):
            yield from walk(getattr(node, name, None))


def labels(node: Any) -> list[str]:
    return [one.label for one in walk(node) if isinstance(one, ft.Semantics) and one.label]


def drawn_month(chosen: dt.date | None = None, **busy: HeatDay) -> ft.Control:
    days = {
        day: busy.get(f"d{day.day}", HeatDay(count=0, lunar="初一", name=f"day {day.day}"))
        for week in month_weeks(NOVEMBER)
        for day in week
    }
    return month_heat(
        NOVEMBER,
        days,
        weekdays=list("一二三四五六日"),
        today=dt.date(2026, 11, 23),
        chosen=chosen,
        on_choose=lambda _: None,
    )


def test_weeks_begin_on_monday_and_hold_the_whole_month() -> None:
    weeks = month_weeks(NOVEMBER)
    assert all(week[0].isoweekday() == 1 for week in weeks)
    days = {day for week in weeks for day in week if day.month == 11}
    assert len(days) == 30


@pytest.mark.parametrize(("count", "level"), [(0, 0), (1, 1), (2, 2), (3, 3), (40, 3)])
def test_a_day_is_warmer_the_more_happens_up_to_a_limit(count: int, level: int) -> None:
    assert heat_level(count) == level


@pytest.mark.parametrize(("count", "level"), [(0, 0), (1, 1), (3, 1), (4, 2), (6, 2), (9, 3)])
def test_in_a_busy_month_more_must_happen_for_the_same_warmth(count: int, level: int) -> None:
    assert heat_level(count, most=9) == level


def test_every_day_of_the_month_is_named_once() -> None:
    assert labels(drawn_month()) == [f"day {number}" for number in range(1, 31)]


def test_hearsay_alone_never_makes_a_day_warm() -> None:
    firm = HeatDay(count=3, lunar="十八", name="firm")
    heard = HeatDay(count=3, lunar="十九", name="heard", firm=False)
    grounds = {
        one.label: one.content.bgcolor
        for one in walk(drawn_month(d26=firm, d27=heard))
        if isinstance(one, ft.Semantics) and isinstance(one.content, ft.Container)
    }
    assert grounds["firm"] != grounds["heard"]


def test_every_cell_of_the_month_is_big_enough_for_a_glove() -> None:
    cells = [
        one.content
        for one in walk(drawn_month())
        if isinstance(one, ft.Semantics) and isinstance(one.content, ft.Container)
    ]
    assert all(cell.height is not None and cell.height >= 48 for cell in cells)


def test_bars_are_as_long_as_their_numbers() -> None:
    drawn = bars(
        [
            Bar(label="甲", whole=10, part=5, value="5/10"),
            Bar(label="乙", whole=5, part=0, value="0/5"),
        ]
    )
    widths = [
        [int(one.expand or 0) for one in row.controls if isinstance(one.expand, int)]
        for row in walk(drawn)
        if isinstance(row, ft.Row) and row.height is not None
    ]
    assert widths == [[500, 500], [500, 500]]
    assert labels(drawn) == ["甲 5/10", "乙 0/5"]


def test_bars_of_nothing_are_drawn() -> None:
    assert labels(bars([Bar(label="甲", whole=0, part=0, value="0")])) == ["甲 0"]


def test_the_highest_month_fills_the_height() -> None:
    drawn = trend(
        [
            Column(label="10月", whole=4, part=1, name="October"),
            Column(label="11月", whole=8, part=2, name="November", now=True),
        ]
    )
    heights = [
        sum(
            float(piece.height or 0)
            for piece in walk(one)
            if isinstance(piece, ft.Container) and piece.bgcolor is not None
        )
        for one in walk(drawn)
        if isinstance(one, ft.Semantics)
    ]
    assert heights == [HEIGHT / 2, HEIGHT]
    assert labels(drawn) == ["October", "November"]


def test_months_without_anything_are_drawn_flat() -> None:
    assert labels(trend([Column(label="9月", whole=0, part=0, name="September")])) == ["September"]


def test_the_strip_fills_the_months_of_the_season_and_is_named() -> None:
    drawn = season_strip([Season(label="尖椒", months=frozenset({11, 12}), name="pepper")], 11)
    assert labels(drawn) == ["pepper"]
    strip = next(one for one in walk(drawn) if isinstance(one, ft.Semantics))
    cells = [one for one in walk(strip) if isinstance(one, ft.Container) and one.height]
    assert len(cells) == 12
    assert len({str(cell.bgcolor) for cell in cells[:10]}) == 1
    assert cells[10].bgcolor == cells[11].bgcolor != cells[0].bgcolor


def place(label: str, north_e6: int, east_e6: int, stop: int | None = None) -> Place:
    return Place(
        label=label,
        latitude_e6=20_700_000 + north_e6,
        longitude_e6=110_080_000 + east_e6,
        name=label,
        stop=stop,
    )


def test_north_is_up_and_east_is_right() -> None:
    middle, north, east = spots(
        [place("中", 0, 0), place("北", 50_000, 0), place("东", 0, 50_000)], 358
    )
    assert (north.y < middle.y, east.x > middle.x) == (True, True)
    assert north.x == pytest.approx(middle.x)


def test_every_place_lies_within_the_map() -> None:
    places = [place("甲", 0, 0), place("乙", 900_000, -20_000), place("丙", -100_000, 700_000)]
    for spot in spots(places, 358):
        assert 0 < spot.x < 358
        assert 0 < spot.y < 300


@pytest.mark.parametrize(
    "where",
    [
        [(0, 0), (2_000, 1_000)],
        [(0, 0), (0, 0), (0, 0)],
        [(0, 0), (400_000, 0), (401_000, 2_000), (399_000, -3_000), (398_000, 1_000)],
        [(n * 700, -n * 300) for n in range(9)],
    ],
    ids=["two", "one spot", "four far from the fifth", "nine in a row"],
)
def test_names_of_neighbours_do_not_cover_each_other(where: list[tuple[int, int]]) -> None:
    """A hand's breadth between two villages on the ground is nothing on a map of a county."""
    drawn = spots([place(str(n), north, east) for n, (north, east) in enumerate(where)], 358)
    for one, other in combinations(drawn, 2):
        apart = (abs(one.x - other.x) >= LABEL_WIDTH, abs(one.y - other.y) >= LABELLED_HEIGHT)
        assert any(apart), (one, other)
    for spot in drawn:
        assert LABEL_WIDTH / 2 <= spot.x <= 358 - LABEL_WIDTH / 2
        assert 0 < spot.y <= 300 - 40


def test_the_scale_is_in_kilometres() -> None:
    assert kilometres_wide([place("甲", 0, 0), place("乙", 90_000, 0)]) == pytest.approx(
        10, abs=0.1
    )


def test_a_single_place_stands_in_the_middle() -> None:
    (spot,) = spots([place("甲", 0, 0)], 358)
    assert (spot.x, spot.y) == (179, 150)


def test_nothing_else_is_written_on_the_map() -> None:
    """A village may lie in any corner; the scale covered the name of one."""
    drawn = village_map([place("甲", 0, 0), place("乙", 9_000, 9_000)], 358, scale="1 km")
    (stack,) = [one for one in walk(drawn) if isinstance(one, ft.Stack)]
    assert {one.value for one in walk(stack) if isinstance(one, ft.Text)} == {"甲", "乙"}


@pytest.mark.parametrize(
    ("earned", "decided", "drawn"),
    [
        (dt.date(2026, 11, 3), dt.date(2026, 11, 9), (3, 9)),
        (dt.date(2026, 11, 3), None, (3, 23)),
        (dt.date(2026, 11, 28), dt.date(2026, 12, 2), (28, 30)),
        (dt.date(2026, 10, 30), dt.date(2026, 11, 2), (1, 2)),
    ],
    ids=["decided", "waits until today", "decided after the month", "earned before it"],
)
def test_points_run_from_the_event_to_the_decision(
    earned: dt.date, decided: dt.date | None, drawn: tuple[int, int]
) -> None:
    end = FlowEnd.CONFIRMED if decided else FlowEnd.WAITS
    flow = Flow(earned_on=earned, decided_on=decided, points=2, end=end)
    assert flow_days(flow, NOVEMBER, dt.date(2026, 11, 23)) == drawn


@pytest.mark.parametrize("end", FlowEnd)
def test_what_is_not_confirmed_ends_in_a_ring(end: FlowEnd) -> None:
    flow = Flow(earned_on=NOVEMBER, decided_on=NOVEMBER, points=2, end=end)
    drawn = month_flow(
        NOVEMBER, [flow], today=NOVEMBER, width=320, earned="挣", decided="确认", name="一项"
    )
    (canvas,) = [one for one in walk(drawn) if isinstance(one, cv.Canvas)]
    circles = [one for one in canvas.shapes if isinstance(one, cv.Circle)]
    assert len(circles) == (2 if end is FlowEnd.CONFIRMED else 3)
    assert labels(drawn) == ["一项"]


def test_the_stops_are_joined_in_their_order() -> None:
    drawn = village_map(
        [place("乙", 9_000, 0, stop=2), place("甲", 0, 0, stop=1), place("丙", 0, 9_000)],
        358,
        scale="1 km",
    )
    (canvas,) = [one for one in walk(drawn) if type(one).__name__ == "Canvas"]
    assert len(canvas.shapes) == 1  # type: ignore[attr-defined]
    assert labels(drawn) == ["乙", "甲", "丙"]
