"""Text fields: each keystroke is passed on at once, so that the draft holds it."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.guard import guarded
from client.design import CARD, GAP_L, LEAF, LINE, RADIUS, WARN
from shared.canonical import without_forbidden

__all__ = ["phone_field", "text_field"]


def text_field(
    label: str,
    value: str,
    on_change: Callable[[str], object],
    *,
    error: str | None = None,
    helper: str | None = None,
    hint: str | None = None,
    lines: int = 1,
    length_max: int | None = None,
    keyboard: ft.KeyboardType = ft.KeyboardType.TEXT,
    autofocus: bool = False,
    on_submit: Callable[[], object] | None = None,
    capitals: bool = False,
) -> ft.TextField:
    """Let text be typed; *on_change* gets all of it at each keystroke.

    Unseen characters of a pasted text are left out: kept, they would have the record refused for
    something that nobody sees.
    """
    return ft.TextField(
        label=label,
        value=value,
        on_change=guarded(lambda event: on_change(without_forbidden(event.control.value or ""))),
        on_submit=guarded((lambda _: on_submit()) if on_submit else None),
        error=error,
        helper=helper,
        hint_text=hint,
        multiline=lines > 1,
        min_lines=lines if lines > 1 else None,
        max_lines=max(1, lines),
        max_length=length_max,
        counter="",
        keyboard_type=keyboard,
        capitalization=ft.TextCapitalization.CHARACTERS if capitals else None,
        autofocus=autofocus,
        filled=True,
        fill_color=CARD,
        border={
            ft.ControlState.ERROR: _edge(WARN, 2),
            ft.ControlState.FOCUSED: _edge(LEAF, 2),
            ft.ControlState.DEFAULT: _edge(LINE, 1),
        },
        content_padding=GAP_L,
        error_max_lines=3,
        helper_max_lines=3,
    )


def phone_field(
    label: str,
    value: str,
    on_change: Callable[[str], object],
    *,
    error: str | None = None,
    helper: str | None = None,
) -> ft.TextField:
    """Let a phone number be typed, on the number pad of the phone."""
    return text_field(
        label,
        value,
        on_change,
        error=error,
        helper=helper,
        length_max=20,
        keyboard=ft.KeyboardType.PHONE,
    )


def _edge(color: ft.ColorValue, width: int) -> ft.OutlineInputBorder:
    return ft.OutlineInputBorder(side=ft.BorderSide(color=color, width=width), border_radius=RADIUS)
