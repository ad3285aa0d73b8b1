"""A desk's two panes: what there is on the left, what was chosen of it on the right."""

from __future__ import annotations

from collections.abc import Sequence

import flet as ft

from client.components.cards import empty_state
from client.components.layout import gap, page_body
from client.design import GAP, GAP_L, GAP_S, LINE_SOFT

__all__ = ["MASTER_WIDTH", "detail_page", "panes", "wide_page"]

MASTER_WIDTH = 420
WIDE_MAX = 1120


def panes(
    master: Sequence[ft.Control],
    detail: ft.Control | None,
    *,
    nothing_chosen: str,
    width: int = MASTER_WIDTH,
    footer: ft.Control | None = None,
) -> ft.Control:
    """Show both side by side, each scrolling by itself; *footer* stays under *master*."""
    shown = detail or empty_state(nothing_chosen, icon=ft.Icons.TOUCH_APP_OUTLINED)
    return ft.Row(
        [
            ft.Container(
                ft.Column(
                    [_scrolling(master), *([footer] if footer is not None else [])],
                    spacing=0,
                    horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
                ),
                width=width,
                border=ft.Border.only(right=ft.BorderSide(1, LINE_SOFT)),
            ),
            ft.Container(shown, expand=True),
        ],
        spacing=0,
        expand=True,
        vertical_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def detail_page(
    controls: Sequence[ft.Control | None], *, footer: ft.Control | None = None
) -> ft.Control:
    """Show an object's page: alone on a phone, or as the right pane of a desk."""
    shown = [control for control in controls if control is not None]
    return page_body([*shown, gap()], footer=footer)


def wide_page(controls: Sequence[ft.Control], *, footer: ft.Control | None = None) -> ft.Control:
    """Show a page that uses a desk's width: tables and charts."""
    return page_body([*controls, gap()], footer=footer, width_max=WIDE_MAX)


def _scrolling(controls: Sequence[ft.Control]) -> ft.Control:
    return ft.Column(
        [
            ft.Container(
                ft.Column(
                    list(controls),
                    spacing=GAP,
                    tight=True,
                    horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
                ),
                padding=ft.Padding.only(left=GAP_L, right=GAP_L, top=GAP, bottom=GAP_S),
            )
        ],
        scroll=ft.ScrollMode.AUTO,
        expand=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
