"""A message that stays for a while at the bottom, with what undoes it."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.buttons import quiet_button
from client.components.text import body
from client.design import GAP_L, GAP_S, RADIUS, TONES

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
        content: ft.Control = body(text, color=ink)
        if action is not None and on_action is not None:
            content = ft.Row(
                [body(text, color=ink, expand=True), self._button(action, on_action, ink)],
                spacing=GAP_S,
            )
        seconds = SHOWN_WITH_ACTION_S if action or tone == "bad" else SHOWN_S
        self._page.show_dialog(
            ft.SnackBar(
                content,
                behavior=ft.SnackBarBehavior.FLOATING,
                bgcolor=ground,
                shape=ft.RoundedRectangleBorder(radius=RADIUS),
                margin=ft.Margin.only(left=left, right=GAP_L, bottom=ABOVE_BOTTOM),
                duration=ft.Duration(seconds=seconds),
                persist=False,
            )
        )

    def _button(
        self, action: str, on_action: Callable[[], object], ink: ft.ColorValue
    ) -> ft.Control:
        """Return the message's button: Flutter's own for messages is too low for a glove."""

        def act() -> object:
            self._page.pop_dialog()
            return on_action()

        return quiet_button(action, act, color=ink)
