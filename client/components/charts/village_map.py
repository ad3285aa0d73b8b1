"""Where the villages lie: a plain map without tiles, so that it is there without a network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import flet as ft
import flet.canvas as cv

from client.components.guard import guarded
from client.components.text import note, silent, strong
from client.design import CARD, GAP_L, GAP_S, INK_SOFT, LEAF, LINE_SOFT, RADIUS, TONES

__all__ = ["Place", "Spot", "kilometres_wide", "spots", "village_map"]

HEIGHT = 300
POINT = 34
LABEL_WIDTH = 96
LABELLED_HEIGHT = 62  # A point with its name under it, in large type.
MARGIN = 44
EARTH_RADIUS_KM = 6371.0
LEAST_SPAN_KM = 2.0
"""Nearer than that, two houses would fill the map and look like a journey."""

MICRO = 1_000_000
STEP = 8  # Pixels between the places that are tried for a name.


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A village: where it lies, in millionths of a degree, and what happens there.

    `stop` is its number on the day's way, for villages that are visited.
    """

    label: str
    latitude_e6: int
    longitude_e6: int
    name: str
    tone: str = "plain"
    stop: int | None = None
    on_open: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a place is drawn, from the upper left corner."""

    x: float
    y: float


def spots(places: Sequence[Place], width: float, height: float = HEIGHT) -> list[Spot]:
    """Return where each place is drawn: north is up, and a kilometre is as long either way.

    Neighbours are moved apart just so far that each name can be read and each point be hit.
    """
    if not places:
        return []
    flat = _flat(places)
    span = max(_span(x for x, _ in flat), _span(y for _, y in flat), LEAST_SPAN_KM)
    scale = min(width - 2 * MARGIN, height - 2 * MARGIN) / span
    mid_x = (max(x for x, _ in flat) + min(x for x, _ in flat)) / 2
    mid_y = (max(y for _, y in flat) + min(y for _, y in flat)) / 2
    true = [
        Spot(width / 2 + (x - mid_x) * scale, height / 2 - (y - mid_y) * scale) for x, y in flat
    ]
    return _apart(true, width, height)


def _apart(true: Sequence[Spot], width: float, height: float) -> list[Spot]:
    """Put each spot, from north to south, as near to where it is true as leaves names readable."""
    # Names stay on the map.
    left, right = LABEL_WIDTH / 2, width - LABEL_WIDTH / 2
    top, bottom = POINT / 2, height - LABELLED_HEIGHT + POINT / 2
    free = [
        Spot(left + aside, top + down)
        for aside in range(0, int(right - left) + 1, STEP)
        for down in range(0, int(bottom - top) + 1, STEP)
    ]
    found: dict[int, Spot] = {}
    for at in sorted(range(len(true)), key=lambda at: (true[at].y, true[at].x)):
        wish = Spot(min(max(true[at].x, left), right), min(max(true[at].y, top), bottom))
        open_ = [one for one in (wish, *free) if not _is_crowded(one, found.values())]
        # More villages than the map has room for: then names do cover each other.
        found[at] = min(open_ or [wish], key=partial(_distance, wish))
    return [found[at] for at in range(len(true))]


def _distance(one: Spot, other: Spot) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)


def _is_crowded(spot: Spot, others: Iterable[Spot]) -> bool:
    return any(
        abs(spot.x - one.x) < LABEL_WIDTH and abs(spot.y - one.y) < LABELLED_HEIGHT
        for one in others
    )


def kilometres_wide(places: Sequence[Place]) -> float:
    """Return how far the places lie apart, east to west or north to south."""
    flat = _flat(places)
    return max(_span(x for x, _ in flat), _span(y for _, y in flat)) if flat else 0.0


def village_map(places: Sequence[Place], width: float, *, scale: str) -> ft.Control:
    """Draw the places, the stops joined in their order; *scale* says how far that is."""
    where = spots(places, width)
    way = [
        spot
        for place, spot in sorted(
            zip(places, where, strict=True), key=lambda pair: pair[0].stop or 0
        )
        if place.stop is not None
    ]
    line = ft.Paint(color=LEAF, stroke_width=3, style=ft.PaintingStyle.STROKE)
    legs = [
        cv.Line(x1=start.x, y1=start.y, x2=end.x, y2=end.y, paint=line)
        for start, end in pairwise(way)
    ]
    drawn = ft.Stack(
        [
            cv.Canvas(shapes=list(legs), width=width, height=HEIGHT),
            *[_point(place, spot) for place, spot in zip(places, where, strict=True)],
        ],
        width=width,
        height=HEIGHT,
    )
    # Under the map, not on it: a village may lie in any corner.
    key = ft.Row(
        [ft.Icon(ft.Icons.NORTH, color=INK_SOFT, size=18), note(scale)],
        spacing=GAP_S,
        alignment=ft.MainAxisAlignment.SPACE_BETWEEN,
    )
    return ft.Container(
        ft.Column(
            [drawn, ft.Container(key, padding=ft.Padding.symmetric(horizontal=GAP_L))],
            spacing=0,
            tight=True,
        ),
        bgcolor=CARD,
        border=ft.Border.all(1, LINE_SOFT),
        border_radius=RADIUS,
        width=width,
        padding=ft.Padding.symmetric(vertical=GAP_S),
        clip_behavior=ft.ClipBehavior.ANTI_ALIAS,
    )


def _point(place: Place, spot: Spot) -> ft.Control:
    tone = TONES[place.tone]
    mark: ft.Control = (
        strong(str(place.stop), color=tone.ink)
        if place.stop is not None
        else ft.Icon(ft.Icons.AGRICULTURE_OUTLINED, color=tone.ink, size=18)
    )
    point = ft.Container(
        mark,
        width=POINT,
        height=POINT,
        border_radius=POINT,
        bgcolor=tone.ground,
        border=ft.Border.all(1, tone.ink),
        alignment=ft.Alignment.CENTER,
    )
    content = ft.Container(
        silent(
            ft.Column(
                [point, note(place.label, max_lines=1)],
                spacing=0,
                tight=True,
                horizontal_alignment=ft.CrossAxisAlignment.CENTER,
            )
        ),
        on_click=guarded(place.on_open),
        width=LABEL_WIDTH,
        alignment=ft.Alignment.TOP_CENTER,
    )
    return ft.Container(
        ft.Semantics(label=place.name, button=place.on_open is not None or None, content=content),
        left=spot.x - LABEL_WIDTH / 2,
        top=spot.y - POINT / 2,
    )


def _flat(places: Sequence[Place]) -> list[tuple[float, float]]:
    """Return the places in kilometres east and north: a county is small enough to be flat."""
    if not places:
        return []
    middle = math.radians(sum(one.latitude_e6 for one in places) / len(places) / MICRO)
    return [
        (
            EARTH_RADIUS_KM * math.radians(one.longitude_e6 / MICRO) * math.cos(middle),
            EARTH_RADIUS_KM * math.radians(one.latitude_e6 / MICRO),
        )
        for one in places
    ]


def _span(values: Iterable[float]) -> float:
    found = list(values)
    return max(found) - min(found)
