"""What a screen reader says: every text once, by one voice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import flet as ft
import pytest
from flet.components.public_utils import unwrap_component

from tests.client.components.test_guard import SCREENS
from tests.client.views import desk_rows
from tests.client.views.demo_rows import postman_field
from tests.client.views.fake_field import FakeField
from tests.client.views.harness import DESK, PHONE, Screen

HEAD = ("/bh/approvals", "/bh/decisions", "/bh/referrals", "/bh/referrers", "/bh/phones")
MANAGER = ("/wm/leads", "/wm/calendar", "/wm/day", "/wm/progress", "/wm/news")


def heard(screen: Screen, control: Any) -> Iterator[str]:
    """Yield the texts in *control* that a screen reader is not kept from."""
    one = unwrap_component(control)
    if isinstance(one, ft.Semantics) and one.exclude_semantics:
        return
    if isinstance(one, ft.Text):
        yield str(one.value)
    for name in ("content", "controls"):
        inner = getattr(one, name, None)
        for each in inner if isinstance(inner, list) else [inner]:
            if isinstance(each, ft.Control):
                yield from heard(screen, each)


def said_twice(screen: Screen) -> list[tuple[str, str]]:
    """Return each name of a control that its own texts say again."""
    return [
        (label, text)
        for control in screen.all(ft.Semantics)
        if (label := control.label or "")
        for text in heard(screen, control.content)
        if not control.exclude_semantics and text in label
    ]


def on_screen(field: FakeField, at: str, size: tuple[int, int]) -> list[tuple[str, str]]:
    async def story() -> list[tuple[str, str]]:
        screen = await Screen().open(field, size=size, route=at)
        assert screen.all(ft.Semantics)
        found = said_twice(screen)
        await screen.close()
        return found

    return asyncio.run(story())


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize(
    ("field", "at"),
    [
        *((postman_field, at) for at in SCREENS),
        *((desk_rows.head_field, at) for at in HEAD),
        *((desk_rows.manager_field, at) for at in MANAGER),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_text_is_read_twice(
    field: Callable[[], FakeField], at: str, size: tuple[int, int]
) -> None:
    assert on_screen(field(), at, size) == []


def test_a_row_says_all_that_it_shows() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(), route="/")
        row = screen.button("吴婶")
        (frame,) = [one for one in screen.all(ft.Semantics) if one.content is row]
        assert frame.button
        assert frame.label is None
        assert any("联系" in text for text in heard(screen, frame))
        await screen.close()

    asyncio.run(story())
