"""A long list, a page at a time: the cost of a screen is the rows that are mounted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flet as ft

from client.components.buttons import quiet_button
from client.components.layout import page_body
from client.components.screen import screen
from client.design import GAP_S, GAP_XS, PAGE_WIDTH_MAX
from client.state import use_words

__all__ = ["PAGE_ROWS", "PagedList"]

PAGE_ROWS = 40
ROWS_MAX = 120


@screen
def PagedList(
    rows: Sequence[Any],
    build: Callable[[Any], ft.Control],
    *,
    head: Sequence[ft.Control] = (),
    foot: Sequence[ft.Control] = (),
    empty: ft.Control | None = None,
    width_max: int = PAGE_WIDTH_MAX,
) -> ft.Control:
    """Show *rows*, built one by one; more of them at the end, up to `ROWS_MAX` mounted.

    Beyond that the list moves on: earlier rows leave it, and a button brings them back. *foot*
    stands under the last one.
    """
    words = use_words()
    start, set_start = ft.use_state(0)
    end, set_end = ft.use_state(PAGE_ROWS)
    first = min(start, max(0, len(rows) - 1))

    def more() -> None:
        set_end(end + PAGE_ROWS)
        set_start(max(0, end + PAGE_ROWS - ROWS_MAX))

    def earlier() -> None:
        back = max(0, start - PAGE_ROWS)
        set_start(back)
        set_end(back + ROWS_MAX)

    controls: list[ft.Control] = list(head)
    if not rows and empty is not None:
        controls.append(empty)
    if first > 0:
        controls.append(quiet_button(words("list.earlier"), earlier, icon=ft.Icons.EXPAND_LESS))
    controls.extend(build(row) for row in rows[first:end])
    if end < len(rows):
        controls.append(
            quiet_button(words("list.more", n=len(rows) - end), more, icon=ft.Icons.EXPAND_MORE)
        )
    controls += [*foot, ft.Container(height=GAP_S)]
    return page_body(controls, width_max=width_max, spacing=GAP_S + GAP_XS)
