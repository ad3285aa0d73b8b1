"""Where things stand on a screen: one column that a thumb reaches, no wider than reads well."""

from __future__ import annotations

from collections.abc import Sequence

import flet as ft

from client.design import CARD, GAP, GAP_L, GAP_S, GAP_XS, LINE_SOFT, PAGE_WIDTH_MAX

__all__ = ["bottom_action", "gap", "page_body", "spread", "stack"]


def page_body(
    controls: Sequence[ft.Control | None],
    *,
    footer: ft.Control | None = None,
    width_max: int = PAGE_WIDTH_MAX,
    scroll: bool = True,
    spacing: int = GAP_L + GAP_XS,
) -> ft.Control:
    """Return a screen's content: it scrolls, *footer* stays in reach of the thumb below it.

    With scroll=False, one of *controls* scrolls by itself (a list with `expand`).
    """
    inner = ft.Column(
        [control for control in controls if control is not None],
        spacing=spacing,
        scroll=ft.ScrollMode.AUTO if scroll else None,
        expand=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
    padded = ft.Container(
        inner, padding=ft.Padding.only(left=GAP_L, right=GAP_L, top=GAP), width=width_max
    )
    column: list[ft.Control] = [
        ft.Container(padded, alignment=ft.Alignment.TOP_CENTER, expand=True)
    ]
    if footer is not None:
        column.append(footer)
    return ft.Column(
        column, spacing=0, expand=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH
    )


def bottom_action(*buttons: ft.Control, above: ft.Control | None = None) -> ft.Control:
    """Hold a screen's main action at the bottom, under the thumb."""
    row = ft.Row(list(buttons), spacing=GAP_S)
    content = row if above is None else ft.Column([above, row], spacing=GAP_S, tight=True)
    return ft.Container(
        ft.Container(
            content,
            width=PAGE_WIDTH_MAX,
            padding=ft.Padding.symmetric(horizontal=GAP_L, vertical=GAP),
        ),
        alignment=ft.Alignment.CENTER,
        bgcolor=CARD,
        border=ft.Border.only(top=ft.BorderSide(1, LINE_SOFT)),
    )


def spread(left: ft.Control, right: ft.Control) -> ft.Row:
    """Put *left* and *right* at the two ends of a line; *left* gives way."""
    left.expand = True
    return ft.Row([left, right], vertical_alignment=ft.CrossAxisAlignment.CENTER, spacing=GAP_S)


def stack(*controls: ft.Control | None, spacing: int = GAP_S) -> ft.Column:
    """Put *controls* under one another; None are left out."""
    return ft.Column(
        [control for control in controls if control is not None],
        spacing=spacing,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def gap(height: int = GAP) -> ft.Container:
    """Leave room."""
    return ft.Container(height=height)
