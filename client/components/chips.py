"""Chips: a choice in one tap instead of a keyboard; big enough for gloves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import flet as ft

from client.components.guard import guarded
from client.components.text import note, strong
from client.design import CARD, GAP_L, GAP_S, INK, LEAF, LINE, ON_LEAF, RADIUS, TARGET

__all__ = ["Option", "chip", "choice_chips", "toggle_chips"]

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Option(Generic[ValueT]):
    """One of several values, what it is called, and what explains it."""

    value: ValueT
    label: str
    hint: str = ""
    icon: ft.IconData | None = None


def choice_chips(
    options: Sequence[Option[ValueT]],
    chosen: ValueT | None,
    on_choose: Callable[[ValueT], object],
    *,
    name: str = "",
) -> ft.Control:
    """Let one of *options* be chosen; *name* tells a screen reader what for, if no heading does."""
    return _wrapped(
        [
            chip(option, option.value == chosen, partial(on_choose, option.value))
            for option in options
        ],
        name,
    )


def toggle_chips(
    options: Sequence[Option[ValueT]],
    chosen: Collection[ValueT],
    on_toggle: Callable[[ValueT], object],
    *,
    name: str = "",
) -> ft.Control:
    """Let any of *options* be chosen."""
    return _wrapped(
        [
            chip(option, option.value in chosen, partial(on_toggle, option.value))
            for option in options
        ],
        name,
    )


def chip(
    option: Option[ValueT],
    chosen: bool,  # noqa: FBT001 - a chip is chosen or not.
    on_tap: Callable[[], object],
    *,
    width: int | None = None,
) -> ft.Control:
    """Show one choice; a chosen one is dark and has a check mark, never colour alone."""
    ink = ON_LEAF if chosen else INK
    icon = ft.Icons.CHECK if chosen else option.icon
    label: ft.Control = strong(option.label, color=ink, max_lines=1)
    if icon is not None:
        # Beside the first line only: a narrow chip's second one needs all of its width.
        mark = ft.Icon(icon, size=18, color=ink)
        label = ft.Row([mark, _fitting([label])], spacing=6, tight=True)
    lines = [label]
    if option.hint:
        lines.append(note(option.hint, color=ink, max_lines=1))
    return ft.Semantics(
        button=True,
        selected=chosen,
        content=ft.Container(
            ft.Row([_fitting(lines)], tight=True),
            on_click=guarded(on_tap),
            ink=True,
            bgcolor=LEAF if chosen else CARD,
            border=ft.Border.all(1, LEAF if chosen else LINE),
            border_radius=RADIUS,
            padding=ft.Padding.symmetric(
                horizontal=GAP_L if width is None else GAP_S, vertical=GAP_S
            ),
            height=TARGET if not option.hint else TARGET + GAP_L,
            width=width,
        ),
    )


def _fitting(lines: list[ft.Control]) -> ft.Control:
    """Stack *lines*, no wider than their words, and never wider than the screen."""
    return ft.Column(
        lines,
        spacing=0,
        tight=True,
        alignment=ft.MainAxisAlignment.CENTER,
        expand=True,
        expand_loose=True,
    )


def _wrapped(chips: list[ft.Control], name: str) -> ft.Control:
    row = ft.Row(chips, wrap=True, spacing=GAP_S, run_spacing=GAP_S)
    return ft.Semantics(label=name, container=True, content=row) if name else row
