"""The root of the screens: what is shown depends on how far the person may see in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flet as ft

from client.components.buttons import secondary_button
from client.components.door import door
from client.components.guard import log_failure
from client.components.support import copy_report_button
from client.design import GAP_L, GAP_XL, LEAF, PAPER
from client.state import App, AppContext, use_app
from client.status import FieldState
from client.strings import Words
from client.views.enrol import EnrolScreen
from client.views.pin import ChoosePinScreen, UnlockScreen
from client.views.shell import shell_views

__all__ = ["Root"]


@ft.component
def Root(app: App) -> Any:
    """Provide *app* to all screens."""
    return AppContext(app, Gateway)


@ft.component
def Gateway() -> Any:
    """Show the screens of the state that the field is in."""
    app = use_app()
    look, _ = ft.use_state(app.look)
    ft.use_state(app.gate)
    ft.use_state(app.navigation)
    attempt, set_attempt = ft.use_state(0)
    words = Words(look.language)
    try:
        return _views(app, words)
    except Exception as error:  # noqa: BLE001 - beyond this there is only Flet's error card.
        log_failure(error)
        return [_door_view(_failed(app, words, error, lambda: set_attempt(attempt + 1)))]


def _views(app: App, words: Words) -> list[ft.View]:
    state = app.field.state  # Asked anew: the gate tells of it a moment later.
    if state is FieldState.OPEN:
        return shell_views(app, words)
    doors = {
        FieldState.NOT_ENROLLED: EnrolScreen,
        FieldState.PIN_NEEDED: ChoosePinScreen,
        FieldState.LOCKED: UnlockScreen,
    }
    enter = doors.get(state)
    return [_door_view(enter() if enter else _starting(app, words, state))]


def _door_view(content: ft.Control) -> ft.View:
    return ft.View(
        route="/",
        can_pop=False,
        padding=0,
        bgcolor=PAPER,
        controls=[ft.SafeArea(content, expand=True)],
    )


def _failed(
    app: App, words: Words, error: Exception, draw_again: Callable[[], object]
) -> ft.Control:
    def start_again() -> None:
        app.navigation.switch("/")
        app.refresh()
        draw_again()  # Although nothing of what is watched may be another.

    return door(
        words,
        words("error.screen"),
        secondary_button(words("error.again"), start_again),
        copy_report_button(app, error, words),
        explanation=words("error.screen_detail"),
    )


def _starting(app: App, words: Words, state: FieldState) -> ft.Control:
    elsewhere = state is FieldState.ELSEWHERE

    async def try_again() -> None:
        # Two windows that write would overwrite each other: this one never takes over by force.
        if await app.field.load() is FieldState.ELSEWHERE:
            app.tell(words("start.still_elsewhere"), tone="wait")
        app.refresh()

    return ft.Container(
        ft.Column(
            [
                ft.Icon(ft.Icons.TAB_UNSELECTED, size=44, color=LEAF)
                if elsewhere
                else ft.ProgressRing(color=LEAF, semantics_label=words("start.opening")),
                ft.Text(
                    words("start.elsewhere" if elsewhere else "start.opening"),
                    theme_style=ft.TextThemeStyle.BODY_LARGE,
                    text_align=ft.TextAlign.CENTER,
                ),
                *([secondary_button(words("start.again"), try_again)] if elsewhere else []),
            ],
            alignment=ft.MainAxisAlignment.CENTER,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
            spacing=GAP_L,
        ),
        alignment=ft.Alignment.CENTER,
        padding=GAP_XL,
        expand=True,
    )
