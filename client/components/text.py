"""Texts by their part in a screen; sizes come from the theme, so that large type reaches all."""

from __future__ import annotations

import flet as ft

from client.design import INK, INK_SOFT

__all__ = ["body", "figure", "heading", "note", "silent", "strong", "title"]


def silent(content: ft.Control) -> ft.Semantics:
    """Hold what the name of a control around it says already: it is seen, and not read twice."""
    return ft.Semantics(exclude_semantics=True, content=content)


def figure(value: str, *, color: ft.ColorValue = INK) -> ft.Text:
    """Show a number that the screen is about."""
    return ft.Text(value, theme_style=ft.TextThemeStyle.DISPLAY_SMALL, color=color)


def title(value: str, *, color: ft.ColorValue = INK) -> ft.Text:
    """Show the name of a screen; one line."""
    return ft.Text(
        value,
        theme_style=ft.TextThemeStyle.TITLE_LARGE,
        color=color,
        max_lines=1,
        overflow=ft.TextOverflow.ELLIPSIS,
    )


def heading(value: str, *, color: ft.ColorValue = INK) -> ft.Text:
    """Head a part of a screen."""
    return ft.Text(value, theme_style=ft.TextThemeStyle.TITLE_MEDIUM, color=color)


def strong(
    value: str, *, color: ft.ColorValue = INK, max_lines: int | None = None, expand: bool = False
) -> ft.Text:
    """Show what a row or a card is about."""
    return ft.Text(
        value,
        theme_style=ft.TextThemeStyle.LABEL_LARGE,
        color=color,
        max_lines=max_lines,
        overflow=ft.TextOverflow.ELLIPSIS if max_lines else ft.TextOverflow.CLIP,
        expand=expand or None,  # False would be a flex of nought, which a wrapped row can't hold.
    )


def body(
    value: str, *, color: ft.ColorValue = INK, max_lines: int | None = None, expand: bool = False
) -> ft.Text:
    """Show running text."""
    return ft.Text(
        value,
        theme_style=ft.TextThemeStyle.BODY_MEDIUM,
        color=color,
        max_lines=max_lines,
        overflow=ft.TextOverflow.ELLIPSIS if max_lines else ft.TextOverflow.CLIP,
        expand=expand or None,
    )


def note(
    value: str,
    *,
    color: ft.ColorValue = INK_SOFT,
    max_lines: int | None = None,
    expand: bool = False,
) -> ft.Text:
    """Show what explains something else."""
    return ft.Text(
        value,
        theme_style=ft.TextThemeStyle.LABEL_MEDIUM,
        color=color,
        max_lines=max_lines,
        overflow=ft.TextOverflow.ELLIPSIS if max_lines else ft.TextOverflow.CLIP,
        expand=expand or None,
    )
