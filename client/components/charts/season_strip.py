"""The year as a strip: the months in which each crop is sold, this month marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import flet as ft

from client.components.text import body
from client.design import EARTH, INK_SOFT, LEAF, PRESSED

__all__ = ["Season", "season_strip"]

LABEL_WIDTH = 76
CELL_HEIGHT = 18
MONTHS = range(1, 13)


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """One crop: its months, 1 to 12, and what a screen reader says of it."""

    label: str
    months: frozenset[int]
    name: str


def season_strip(seasons: Sequence[Season], this_month: int) -> ft.Control:
    """Draw a strip for each crop under the numbers of the months."""
    head = ft.Row(
        [
            ft.Container(width=LABEL_WIDTH),
            *[
                ft.Container(
                    ft.Text(
                        str(month),
                        theme_style=ft.TextThemeStyle.LABEL_SMALL,
                        color=LEAF if month == this_month else INK_SOFT,
                        no_wrap=True,  # Two digits under one another are two months.
                    ),
                    expand=1,
                    alignment=ft.Alignment.CENTER,
                )
                for month in MONTHS
            ],
        ],
        spacing=2,
    )
    return ft.Column([head, *[_strip(one, this_month) for one in seasons]], spacing=6, tight=True)


def _strip(season: Season, this_month: int) -> ft.Control:
    cells: list[ft.Control] = [
        ft.Container(
            expand=1,
            height=CELL_HEIGHT,
            bgcolor=EARTH if month in season.months else PRESSED,
            border=ft.Border.all(2, LEAF) if month == this_month else None,
            border_radius=4,
        )
        for month in MONTHS
    ]
    label = ft.Container(body(season.label, max_lines=1), width=LABEL_WIDTH)
    return ft.Semantics(
        label=season.name,
        container=True,
        exclude_semantics=True,  # The name says it all.
        content=ft.Row([label, *cells], spacing=2, vertical_alignment=ft.CrossAxisAlignment.CENTER),
    )
