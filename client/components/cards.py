"""Cards, rows, badges, banners, and the words for when there is nothing to show."""

from __future__ import annotations

from collections.abc import Sequence

import flet as ft

from client.components.guard import Handler, guarded
from client.components.text import body, heading, note, strong
from client.design import (
    CARD,
    GAP,
    GAP_L,
    GAP_S,
    GAP_XL,
    GAP_XS,
    INK_SOFT,
    LEAF,
    LINE_SOFT,
    RADIUS,
    RADIUS_S,
    TARGET,
    TONES,
)

__all__ = ["badge", "banner", "banner_room", "card", "empty_state", "fact", "section", "tap_card"]
_BANNER_ICON = 24


def card(*controls: ft.Control | None, tone: str | None = None, spacing: int = GAP_S) -> ft.Control:
    """Hold what belongs together; *tone* gives it a ground of meaning."""
    return ft.Container(
        _column(controls, spacing),
        bgcolor=TONES[tone].ground if tone else CARD,
        border=ft.Border.all(1, LINE_SOFT),
        border_radius=RADIUS,
        padding=GAP_L,
    )


def tap_card(
    *controls: ft.Control | None,
    on_click: Handler,
    leading: ft.Control | None = None,
    key: str | None = None,
    is_chosen: bool = False,
) -> ft.Control:
    """Hold what belongs together and opens as a whole; a screen reader says its texts, once.

    *is_chosen* marks the one that is open beside the list, on a desk.
    """
    content: ft.Control = _column(controls, GAP_XS)
    content.expand = True
    parts = [content, ft.Icon(ft.Icons.CHEVRON_RIGHT, color=INK_SOFT, size=22)]
    if leading is not None:
        parts.insert(0, leading)
    return ft.Semantics(
        button=True,
        selected=is_chosen or None,
        key=key,
        content=ft.Container(
            ft.Row(parts, spacing=GAP, vertical_alignment=ft.CrossAxisAlignment.CENTER),
            on_click=guarded(on_click),
            ink=True,
            bgcolor=TONES["good"].ground if is_chosen else CARD,
            border=ft.Border.all(1, LEAF if is_chosen else LINE_SOFT),
            border_radius=RADIUS,
            padding=ft.Padding.symmetric(horizontal=GAP_L, vertical=GAP),
        ),
    )


def section(
    title: str, *controls: ft.Control | None, trailing: ft.Control | None = None
) -> ft.Control:
    """Head a group of cards."""
    head = ft.Semantics(header=True, content=heading(title), expand=True)
    line = ft.Row(
        [head, *([trailing] if trailing else [])],
        vertical_alignment=ft.CrossAxisAlignment.CENTER,
        height=TARGET if trailing else None,
    )
    return _column((line, *controls), GAP_S)


def badge(text: str, tone: str = "plain", *, icon: ft.IconData | None = None) -> ft.Control:
    """Say a state in a word or two; the icon helps whoever can't tell the colours."""
    ink = TONES[tone].ink
    said: ft.Control = note(text, color=ink, max_lines=1)
    if icon is not None:
        said = ft.Row([ft.Icon(icon, size=15, color=ink), said], spacing=4, tight=True)
    # Without an icon there is no row: a row would cut a long text off without a mark.
    return ft.Container(
        said,
        bgcolor=TONES[tone].ground,
        border_radius=RADIUS_S,
        padding=ft.Padding.symmetric(horizontal=GAP_S, vertical=3),
    )


def banner(
    text: str,
    *,
    tone: str = "wait",
    icon: ft.IconData = ft.Icons.INFO_OUTLINE,
    detail: str = "",
    actions: Sequence[ft.Control] = (),
) -> ft.Control:
    """Say what the person must know before all else; announced to screen readers."""
    ink = TONES[tone].ink
    words: list[ft.Control] = [strong(text, color=ink)]
    if detail:
        words.append(body(detail, color=ink))
    if actions:
        words.append(ft.Row(list(actions), wrap=True, spacing=GAP_S, run_spacing=GAP_S))
    return ft.Semantics(
        live_region=True,
        container=True,
        content=ft.Container(
            ft.Row(
                [
                    ft.Icon(icon, color=ink, size=_BANNER_ICON),
                    ft.Column(words, spacing=4, expand=True),
                ],
                spacing=GAP,
                vertical_alignment=ft.CrossAxisAlignment.START,
            ),
            bgcolor=TONES[tone].ground,
            border_radius=RADIUS,
            padding=GAP_L,
        ),
    )


def banner_room() -> ft.Control:
    """Return the empty room of a banner of one line, for what must not move when one comes."""
    return ft.Container(height=_BANNER_ICON + 2 * GAP_L)


def empty_state(
    text: str,
    *,
    detail: str = "",
    icon: ft.IconData = ft.Icons.SPA_OUTLINED,
    action: ft.Control | None = None,
) -> ft.Control:
    """Say that there is nothing, and what to do about it."""
    words = [strong(text), *([note(detail)] if detail else [])]
    for one in words:
        one.text_align = ft.TextAlign.CENTER
    return ft.Container(
        ft.Column(
            [ft.Icon(icon, size=44, color=INK_SOFT), *words, *([action] if action else [])],
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
            spacing=GAP_S,
        ),
        padding=GAP_XL,
        alignment=ft.Alignment.CENTER,
    )


def fact(name: str, value: str, *, tone: str | None = None) -> ft.Control:
    """Show one named fact on a line."""
    return ft.Row(
        [
            ft.Container(note(name), width=96, padding=ft.Padding.only(top=1)),
            body(value, expand=True) if tone is None else badge(value, tone),
        ],
        spacing=GAP_S,
        vertical_alignment=ft.CrossAxisAlignment.START,
    )


def _column(controls: Sequence[ft.Control | None], spacing: int) -> ft.Column:
    return ft.Column(
        [control for control in controls if control is not None],
        spacing=spacing,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
