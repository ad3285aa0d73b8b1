"""A message that stays for a while at the bottom, with what undoes it."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.guard import guarded
from client.components.text import body
from client.design import GAP_L, RADIUS, TONES

__all__ = ["Toaster"]

SHOWN_S = 4
ABOVE_THE_BAR = 88  # A message must not cover the way on.
SHOWN_WITH_ACTION_S = 7  # Time to read it, and to undo with a glove on.

# It must not lie on what is tapped next: the tab bar, or the button at the bottom of a page.
ABOVE_BOTTOM = 88
WIDTH_MAX = 520


class Toaster:
    """Shows messages on a page, one at a time; screen readers say them."""

    def __init__(self, page: ft.Page) -> None:
        """Show them on *page*."""
        self._page = page

    def __call__(
        self,
        text: str,
        *,
        tone: str = "plain",
        action: str | None = None,
        on_action: Callable[[], object] | None = None,
    ) -> None:
        """Say *text*; *action* names what `on_action` does."""
        ink, ground = TONES[tone].ink, TONES[tone].ground
        left = max(GAP_L, (self._page.width or 0) - WIDTH_MAX - GAP_L)
        seconds = SHOWN_WITH_ACTION_S if action or tone == "bad" else SHOWN_S
        self._page.show_dialog(
            ft.SnackBar(
                body(text, color=ink),
                behavior=ft.SnackBarBehavior.FLOATING,
                bgcolor=ground,
                shape=ft.RoundedRectangleBorder(radius=RADIUS),
                margin=ft.Margin.only(left=left, right=GAP_L, bottom=ABOVE_BOTTOM),
                duration=ft.Duration(seconds=seconds),
                persist=False,
                action=ft.SnackBarAction(label=action, text_color=ink, on_click=guarded(on_action))
                if action
                else None,
            )
        )
