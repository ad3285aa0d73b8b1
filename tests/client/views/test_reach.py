"""Every control has a name for whoever can't see it, and is big enough for a glove."""

from __future__ import annotations

import asyncio
from typing import Any

import flet as ft
import pytest

from client.design import TARGET
from client.status import FieldState
from tests.client.components.test_guard import DOORS, SCREENS
from tests.client.views.demo_rows import postman_field
from tests.client.views.harness import DESK, PHONE, Screen

BUTTONS = (ft.FilledButton, ft.OutlinedButton, ft.TextButton, ft.IconButton)


def named(screen: Screen, control: Any) -> bool:
    """Tell whether a screen reader has something to say for a control."""
    for one in screen.walk(control):
        if isinstance(one, ft.Text) and one.value:
            return True
        if isinstance(one, ft.Icon) and one.semantics_label:
            return True
        if isinstance(getattr(one, "content", None), str) and getattr(one, "content", None):
            return True
        if isinstance(one, ft.SnackBarAction) and one.label:
            return True
    return False


def check(screen: Screen) -> None:
    tappable = [one for one in screen.top() if getattr(one, "on_click", None) is not None]
    assert [one for one in tappable if not named(screen, one)] == []
    assert [one for one in screen.all(ft.TextField) if not one.label] == []
    low = [one for one in screen.top() if isinstance(one, BUTTONS) and (one.height or 0) < TARGET]
    assert low == []
    cramped = [
        one
        for one in tappable
        if isinstance(one, ft.Container) and one.height is not None and one.height < TARGET
    ]
    assert cramped == []


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("route", SCREENS)
def test_every_control_of_a_screen_has_a_name_and_room(route: str, size: tuple[int, int]) -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(), route=route, size=size)
        check(screen)
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize("state", DOORS)
def test_every_control_before_the_unlock_has_a_name_and_room(state: FieldState) -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(state=state))
        check(screen)
        await screen.close()

    asyncio.run(story())
