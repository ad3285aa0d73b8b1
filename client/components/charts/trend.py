"""A row of columns, one a month, each with the part of it that came to something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import flet as ft

from client.components.text import note, strong
from client.design import EARTH, GAP_S, INK, INK_SOFT, LEAF, LINE_SOFT

__all__ = ["Column", "trend"]

HEIGHT = 112
COLUMN_WIDTH_MAX = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; *now* marks the month that still runs."""

    label: str
    whole: int
    part: int
    name: str
    now: bool = False


def trend(columns: Sequence[Column]) -> ft.Control:
    """Draw the columns side by side, the highest of them as high as there is room."""
    highest = max((column.whole for column in columns), default=0)
    return ft.Row(
        [_column(column, highest) for column in columns],
        spacing=GAP_S,
        vertical_alignment=ft.CrossAxisAlignment.END,
    )


def _column(column: Column, highest: int) -> ft.Control:
    unit = HEIGHT / max(highest, 1)
    rest = column.whole - column.part
    pieces: list[ft.Control] = []
    if rest:
        pieces.append(_piece(rest * unit, ft.Colors.with_opacity(0.45, EARTH)))
    if column.part:
        pieces.append(_piece(column.part * unit, LEAF))
    if not pieces:
        pieces.append(ft.Container(height=2, bgcolor=LINE_SOFT))
    return ft.Semantics(
        label=column.name,
        expand=1,
        exclude_semantics=True,  # The name says it all.
        content=ft.Column(
            [
                strong(str(column.whole)),
                ft.Container(
                    ft.Column(pieces, spacing=0, tight=True),
                    width=COLUMN_WIDTH_MAX,
                    border_radius=ft.BorderRadius.only(top_left=6, top_right=6),
                    clip_behavior=ft.ClipBehavior.ANTI_ALIAS,
                ),
                note(column.label, color=INK if column.now else INK_SOFT, max_lines=1),
            ],
            spacing=4,
            tight=True,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        ),
    )


def _piece(height: float, color: ft.ColorValue) -> ft.Control:
    return ft.Container(height=max(2, height), width=COLUMN_WIDTH_MAX, bgcolor=color)
