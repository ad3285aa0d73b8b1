"""Components that can't take the app down: what fails while it is drawn is said in its place.

An exception in a plain `ft.component` ends Flet's task that draws: the app would stand still.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import flet as ft

from client.components.cards import banner
from client.components.guard import log_failure
from client.components.layout import page_body
from client.components.support import copy_report_button
from client.design import TONES
from client.state import App, use_app, use_words
from client.status import FieldState
from client.strings import Words

__all__ = ["part", "screen"]

P = ParamSpec("P")


def screen(draw: Callable[P, ft.Control]) -> Callable[..., ft.Control]:
    """Make a component of *draw* that says so when it can't be drawn, and takes nothing along.

    Like every component it takes a `key` too: another key is another component, with fresh state.
    """
    return _component(draw, _apology)


def part(draw: Callable[P, ft.Control]) -> Callable[..., ft.Control]:
    """Make a component of a small *draw*: one that can't be drawn leaves its place empty."""
    return _component(draw, lambda *_: ft.Container())


def _component(
    draw: Callable[P, ft.Control], instead: Callable[[App, Words, Exception], ft.Control]
) -> Callable[..., ft.Control]:
    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> ft.Control:
        app, words = use_app(), use_words()
        was_open = app.field.state is FieldState.OPEN
        try:
            return draw(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - one broken screen must not take the app down.
            if not was_open and app.gate.state is FieldState.OPEN:
                return ft.Container()  # Just locked: the door comes in its place.
            log_failure(error)
            return instead(app, words, error)

    component: Callable[..., ft.Control] = ft.component(drawn)
    return component


def _apology(app: App, words: Words, error: Exception) -> ft.Control:
    return page_body(
        [
            banner(
                words("error.screen"),
                detail=words("error.screen_detail"),
                tone="bad",
                actions=[copy_report_button(app, error, words, color=TONES["bad"].ink)],
            )
        ]
    )
