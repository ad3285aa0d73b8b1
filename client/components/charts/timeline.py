"""What happens one after the other: a line with a point for each, and what it is beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import flet as ft

from client.components.text import note
from client.design import CARD, GAP, GAP_S, LINE_SOFT, TONES

__all__ = ["Moment", "timeline"]

RAIL_WIDTH = 44
POINT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One point of the line: its picture, its time if it has one, and what stands beside it."""

    icon: ft.IconData
    content: ft.Control
    when: str = ""
    tone: str = "plain"


def timeline(moments: Sequence[Moment]) -> ft.Control:
    """Draw the moments under one another, joined by a line."""
    last = len(moments) - 1
    return ft.Column(
        [_row(moment, is_last=place == last) for place, moment in enumerate(moments)],
        spacing=0,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _row(moment: Moment, *, is_last: bool) -> ft.Control:
    tone = TONES[moment.tone]
    point = ft.Container(
        ft.Icon(moment.icon, size=17, color=tone.ink),
        width=POINT,
        height=POINT,
        border_radius=POINT,
        bgcolor=tone.ground,
        border=ft.Border.all(1, tone.ink),
        alignment=ft.Alignment.CENTER,
    )
    line = ft.Container(
        bgcolor=LINE_SOFT, width=2, left=POINT / 2 + 2, top=0, bottom=0, visible=not is_last
    )
    content: list[ft.Control] = [moment.content]
    if moment.when:
        content.insert(0, note(moment.when))
    beside = ft.Container(
        ft.Column(
            content, spacing=4, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH
        ),
        padding=ft.Padding.only(left=RAIL_WIDTH, bottom=0 if is_last else GAP, top=2),
        bgcolor=None,
    )
    return ft.Stack(
        [
            line,
            beside,
            ft.Container(point, left=3, top=GAP_S - 6, bgcolor=CARD, border_radius=POINT),
        ]
    )
