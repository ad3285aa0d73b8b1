"""One bar for each person or thing, with its number: who refers how much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import flet as ft

from client.components.guard import guarded
from client.components.text import body, note, silent, strong
from client.design import EARTH, GAP, GAP_S, LEAF, PRESSED, RADIUS_S

__all__ = ["Bar", "bar_key", "bars"]

BAR_HEIGHT = 14
UNITS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: a whole, the part of it that came to something, and what is said beside it."""

    label: str
    whole: int
    part: int
    value: str
    hint: str = ""
    on_open: Callable[[], object] | None = None


def bars(rows: Sequence[Bar]) -> ft.Control:
    """Draw the bars under one another, the longest of them as wide as there is room."""
    longest = max((row.whole for row in rows), default=0)
    return ft.Column([_bar(row, longest) for row in rows], spacing=GAP_S, tight=True)


def bar_key(part: str, whole: str) -> ft.Control:
    """Say what the two colours of a bar mean."""
    return ft.Row(
        [_swatch(LEAF, part), _swatch(ft.Colors.with_opacity(0.45, EARTH), whole)],
        spacing=GAP,
        wrap=True,
    )


def _bar(row: Bar, longest: int) -> ft.Control:
    shares = (
        (row.part, LEAF),
        (row.whole - row.part, ft.Colors.with_opacity(0.45, EARTH)),
        (longest - row.whole, None),
    )
    line = ft.Row(
        [
            ft.Container(expand=max(1, value * UNITS // max(longest, 1)), bgcolor=color)
            for value, color in shares
            if value > 0
        ]
        or [ft.Container(expand=1)],
        spacing=0,
        height=BAR_HEIGHT,
    )
    head = ft.Row(
        [
            strong(row.label, max_lines=1, expand=True),
            *([note(row.hint)] if row.hint else []),
            body(row.value),
        ],
        spacing=GAP_S,
        vertical_alignment=ft.CrossAxisAlignment.END,
    )
    track = ft.Container(
        line,
        bgcolor=PRESSED,
        border_radius=BAR_HEIGHT // 2,
        clip_behavior=ft.ClipBehavior.ANTI_ALIAS,
    )
    opens = row.on_open is not None
    return ft.Semantics(
        label=f"{row.label} {row.value} {row.hint}".strip(),
        button=opens or None,
        content=ft.Container(
            silent(ft.Column([head, track], spacing=4, tight=True)),
            on_click=guarded(row.on_open),
            ink=opens,
            border_radius=RADIUS_S,
            padding=ft.Padding.symmetric(vertical=4),
        ),
    )


def _swatch(color: ft.ColorValue, text: str) -> ft.Control:
    square = ft.Container(width=14, height=14, border_radius=4, bgcolor=color)
    return ft.Row([square, note(text)], spacing=6, tight=True)
