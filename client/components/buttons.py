"""Buttons: at least 48 high, named by their text, every click through the guard."""

from __future__ import annotations

import flet as ft

from client.components.guard import Handler, guarded
from client.design import CARD, GAP, GAP_L, INK, LEAF, LINE, ON_LEAF, RADIUS, TARGET, TONES, WARN

__all__ = ["danger_button", "icon_button", "primary_button", "quiet_button", "secondary_button"]

HEIGHT = 52
_SHAPE = ft.RoundedRectangleBorder(radius=RADIUS)


def primary_button(
    text: str,
    on_click: Handler | None,
    *,
    icon: ft.IconData | None = None,
    disabled: bool = False,
    expand: bool = False,
    autofocus: bool = False,
) -> ft.FilledButton:
    """Offer the one thing to do on a screen."""
    return ft.FilledButton(
        text,
        icon=icon,
        on_click=guarded(on_click),
        disabled=disabled,
        expand=expand or None,
        height=HEIGHT,
        autofocus=autofocus,
        style=ft.ButtonStyle(
            shape=_SHAPE,
            bgcolor={
                ft.ControlState.DISABLED: ft.Colors.SURFACE_CONTAINER_HIGHEST,
                ft.ControlState.DEFAULT: LEAF,
            },
            color={
                ft.ControlState.DISABLED: ft.Colors.ON_SURFACE_VARIANT,
                ft.ControlState.DEFAULT: ON_LEAF,
            },
            padding=ft.Padding.symmetric(horizontal=GAP_L + GAP),
            icon_size=22,
        ),
    )


def secondary_button(
    text: str,
    on_click: Handler | None,
    *,
    icon: ft.IconData | None = None,
    disabled: bool = False,
    expand: bool = False,
) -> ft.OutlinedButton:
    """Offer something else that can be done."""
    return ft.OutlinedButton(
        text,
        icon=icon,
        on_click=guarded(on_click),
        disabled=disabled,
        expand=expand or None,
        height=HEIGHT,
        style=ft.ButtonStyle(
            shape=_SHAPE,
            bgcolor=CARD,
            color=LEAF,
            side=ft.BorderSide(1, LINE),
            padding=ft.Padding.symmetric(horizontal=GAP_L),
            icon_size=22,
        ),
    )


def quiet_button(
    text: str,
    on_click: Handler | None,
    *,
    icon: ft.IconData | None = None,
    color: ft.ColorValue = LEAF,
    disabled: bool = False,
) -> ft.TextButton:
    """Offer something small beside the text that it belongs to."""
    return ft.TextButton(
        text,
        icon=icon,
        on_click=guarded(on_click),
        disabled=disabled,
        height=TARGET,
        style=ft.ButtonStyle(
            shape=_SHAPE, color=color, padding=ft.Padding.symmetric(horizontal=GAP), icon_size=20
        ),
    )


def danger_button(
    text: str, on_click: Handler | None, *, icon: ft.IconData | None = None, expand: bool = False
) -> ft.OutlinedButton:
    """Offer what takes something back."""
    return ft.OutlinedButton(
        text,
        icon=icon,
        on_click=guarded(on_click),
        expand=expand or None,
        height=HEIGHT,
        style=ft.ButtonStyle(
            shape=_SHAPE,
            color=WARN,
            bgcolor=CARD,
            side=ft.BorderSide(1, WARN),
            padding=ft.Padding.symmetric(horizontal=GAP_L),
            icon_size=22,
        ),
    )


def icon_button(
    icon: ft.IconData,
    name: str,
    on_click: Handler | None,
    *,
    color: ft.ColorValue = INK,
    filled: bool = False,
    disabled: bool = False,
) -> ft.IconButton:
    """Offer something by a picture; *name* is what a screen reader says and a long press shows."""
    ink = LINE if disabled else TONES["good"].ink if filled else color
    return ft.IconButton(
        # The name stands on the icon: Flutter tells a tooltip to nobody who can't see.
        ft.Icon(icon, color=ink, size=24, semantics_label=name),
        tooltip=name,
        on_click=guarded(on_click),
        disabled=disabled,
        bgcolor=TONES["good"].ground if filled else None,
        width=TARGET,
        height=TARGET,
    )
