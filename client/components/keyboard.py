"""Keys of a hardware keyboard, for screens that are no text field.

Flutter passes keys on only while the page says that it wants them, and Flet tells it so with the
page's next update, which may come after the screen. So the page wants them from its first update
on, for good: no key is lost because it came a moment after the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import flet as ft

from client.components.guard import guarded

__all__ = ["listen_to_keys", "use_keys"]

_STORE_KEY = "liandong.keys"

KeyHandler = Callable[[str], object]


class _Latest(Protocol):
    """What a component wants to hear now: `ft.use_ref` keeps its identity over drawings."""

    current: KeyHandler | None


def listen_to_keys(page: ft.Page) -> None:
    """Have *page* pass its keys on to the component that asked last; before its first update."""
    listeners: list[_Latest] = []
    page.session.store.set(_STORE_KEY, listeners)

    def pressed(event: Any) -> object:
        handler = listeners[-1].current if listeners else None
        return handler(event.key) if handler else None

    page.on_keyboard_event = guarded(pressed)


def use_keys(handler: KeyHandler) -> None:
    """Call *handler* with the name of each key pressed while the component is shown; a hook."""
    latest: _Latest = ft.use_ref(lambda: handler)
    latest.current = handler

    def listen() -> None:
        _listeners().append(latest)

    def stop() -> None:
        _listeners().remove(latest)

    ft.use_effect(listen, [], cleanup=stop)


def _listeners() -> list[_Latest]:
    found: list[_Latest] = ft.context.page.session.store.get(_STORE_KEY)
    return found
