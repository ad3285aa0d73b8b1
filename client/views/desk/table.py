"""A table for a desk: heads, and rows of texts or controls under them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import flet as ft

from client.components.guard import guarded
from client.components.text import silent
from client.design import (
    CARD,
    GAP,
    GAP_S,
    INK,
    INK_SOFT,
    LINE_SOFT,
    PRESSED,
    RADIUS,
    TARGET,
    TONES,
)

__all__ = ["Head", "TableRow", "table"]


ROW_HEIGHT = 56


@dataclass(frozen=True, slots=True)
class Head:
    """A column: its name, and its part of the width, or its width if that is fixed."""

    name: str
    part: int = 1
    width: int | None = None
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A row: a cell for each head, and what a click on it opens.

    A screen reader says *name* instead of the cells, if there is one.
    """

    cells: Sequence[str | ft.LayoutControl]
    name: str = ""
    on_open: Callable[[], object] | None = None
    is_chosen: bool = False


def table(heads: Sequence[Head], rows: Sequence[TableRow]) -> ft.Control:
    """Draw the table; a row is one thing to click, named as a whole."""
    return ft.Container(
        ft.Column(
            [_head(heads), *(_row(heads, row) for row in rows)],
            spacing=0,
            tight=True,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        ),
        bgcolor=CARD,
        border=ft.Border.all(1, LINE_SOFT),
        border_radius=RADIUS,
        clip_behavior=ft.ClipBehavior.ANTI_ALIAS,
    )


def _head(heads: Sequence[Head]) -> ft.Control:
    return ft.Container(
        ft.Row([_cell(head, head.name, is_head=True) for head in heads], spacing=GAP),
        bgcolor=PRESSED,
        padding=ft.Padding.symmetric(horizontal=GAP, vertical=GAP_S),
    )


def _row(heads: Sequence[Head], row: TableRow) -> ft.Control:
    cells = ft.Row(
        [_cell(head, cell) for head, cell in zip(heads, row.cells, strict=True)],
        spacing=GAP,
        vertical_alignment=ft.CrossAxisAlignment.CENTER,
    )
    return ft.Semantics(
        label=row.name or None,
        button=True if row.on_open else None,
        selected=row.is_chosen or None,
        content=ft.Container(
            silent(cells) if row.name else cells,
            on_click=guarded(row.on_open),
            ink=row.on_open is not None,
            bgcolor=TONES["good"].ground if row.is_chosen else None,
            border=ft.Border.only(top=ft.BorderSide(1, LINE_SOFT)),
            padding=ft.Padding.symmetric(horizontal=GAP),
            height=ROW_HEIGHT if row.on_open else TARGET,
        ),
    )


def _cell(head: Head, content: str | ft.LayoutControl, *, is_head: bool = False) -> ft.Control:
    """Return a cell; a text is one control alone, for a table has hundreds of them."""
    if isinstance(content, str):
        content = ft.Text(
            content,
            theme_style=ft.TextThemeStyle.LABEL_MEDIUM
            if is_head
            else ft.TextThemeStyle.BODY_MEDIUM,
            color=INK_SOFT if is_head else INK,
            max_lines=1,
            overflow=ft.TextOverflow.ELLIPSIS,
            text_align=ft.TextAlign.RIGHT if head.is_number else ft.TextAlign.START,
        )
    content.width = head.width
    content.expand = head.part if head.width is None else None
    return content
