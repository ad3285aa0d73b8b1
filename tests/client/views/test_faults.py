"""Every handler of every screen fails on purpose once: no error card, nothing typed is lost."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import flet as ft
import pytest

from tests.client.components.test_guard import SCREENS as FIELD_SCREENS
from tests.client.views.demo_rows import postman_field
from tests.client.views.fake_field import FakeField
from tests.client.views.harness import Screen
from tests.client.views.test_desk_controls import SCREENS as DESK_SCREENS
from tests.client.views.test_desk_controls import field_for

TYPED = "欧阳𠮷 1990001234"
PRIVATE = ("欧阳𠮷", "1990001234", "disk on fire")
# What a screen may ask for, each of which may fail: storage, keys, the network.
FALLIBLE = ("record", "sync_now", "acknowledge", "lock", "change_pin", "reveal", "attach")
FALLIBLE_DRAFTS = ("keep", "discard")


def broken_field(where: str, monkeypatch: pytest.MonkeyPatch) -> FakeField:
    field = postman_field() if where in FIELD_SCREENS else field_for(where)

    def fail(*_: object, **__: object) -> Any:
        raise OSError("disk on fire")

    for name in FALLIBLE:
        monkeypatch.setattr(field, name, fail, raising=False)
    for name in FALLIBLE_DRAFTS:
        monkeypatch.setattr(field.drafts, name, fail)
    return field


def handlers_of(screen: Screen) -> list[tuple[Any, str]]:
    """Return every control that is touched with each event that it listens to, in their order."""
    return [
        (control, entry.name.removeprefix("on_"))
        for control in screen.top()
        if control is not screen.page and not getattr(control, "disabled", False)
        for entry in dataclasses.fields(control)
        if entry.name.startswith("on_") and callable(getattr(control, entry.name, None))
    ]


@pytest.mark.parametrize("where", [*FIELD_SCREENS, *DESK_SCREENS])
def test_every_handler_of_every_screen_may_fail(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Goal: whatever breaks under a screen, the person reads it and goes on where they were.

    Method: fill in every text field, then fire each handler of the screen as it was opened, while
    all that it can ask of the phone raises what nobody foresaw.
    """

    async def story() -> None:
        field = broken_field(where, monkeypatch)
        screen = await Screen().open(field)
        screen.app.navigation.open(where)
        await screen.settle()
        assert not screen.shows(screen.app.words("error.screen")), where
        for number in range(len(handlers_of(screen))):
            if screen.app.navigation.location != where:
                screen.app.navigation.open(where)
                await screen.settle()
            handlers = handlers_of(screen)
            if number >= len(handlers):
                break
            control, event = handlers[number]
            if isinstance(control, ft.TextField) and event == "change":
                screen.session.apply_patch(control._i, {"value": TYPED})
            await screen.fire(control, event, TYPED if event == "change" else None)
            assert screen.conn.crashes == [], (type(control), event)
            assert not screen.shows(screen.app.words("error.screen")), (type(control), event)
            if isinstance(control, ft.TextField) and event == "change":
                kept = [one.value for one in screen.all(ft.TextField) if one.value]
                # A field for numbers keeps the digits of it.
                assert any(value in TYPED for value in kept), control.label
            messages = [str(one.value) for one in screen.walk(screen.page._dialogs)
                        if isinstance(one, ft.Text)]  # fmt: skip
            assert not any(word in text for text in messages for word in PRIVATE), messages
        await screen.close()

    asyncio.run(story())
