"""The frame of the screens before the unlock: the mark, one question, one thing to do."""

from __future__ import annotations

import flet as ft

from client.components.text import body, title
from client.design import GAP, GAP_S, GAP_XL, LEAF, RADIUS
from client.strings import Words

__all__ = ["door"]

DOOR_WIDTH = 400


def door(
    words: Words, heading: str, *controls: ft.Control | None, explanation: str = ""
) -> ft.Control:
    """Return a narrow column in the middle of the screen."""
    mark = ft.Container(
        ft.Icon(ft.Icons.SPA, color=ft.Colors.ON_PRIMARY, size=34),
        bgcolor=LEAF,
        border_radius=RADIUS + 4,
        width=64,
        height=64,
        alignment=ft.Alignment.CENTER,
    )
    name = ft.Text(words("app.name"), theme_style=ft.TextThemeStyle.HEADLINE_SMALL, color=LEAF)
    head: list[ft.Control] = [
        ft.Row([mark, name], alignment=ft.MainAxisAlignment.CENTER, spacing=GAP),
        ft.Container(height=GAP_S),
        ft.Semantics(
            header=True,
            content=ft.Container(title(heading), alignment=ft.Alignment.CENTER),
        ),
    ]
    if explanation:
        text = body(explanation)
        text.text_align = ft.TextAlign.CENTER
        head.append(text)
    return ft.Container(
        ft.Container(
            ft.Column(
                [*head, *(control for control in controls if control is not None)],
                spacing=GAP,
                scroll=ft.ScrollMode.AUTO,
                alignment=ft.MainAxisAlignment.CENTER,
                horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
            ),
            width=DOOR_WIDTH,
            padding=GAP_XL,
        ),
        alignment=ft.Alignment.CENTER,
        expand=True,
    )
