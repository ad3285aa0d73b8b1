"""Truths about every screen of the desks: named and guarded."""

from __future__ import annotations

import asyncio
from typing import Any

import flet as ft
import pytest

from client.components.guard import is_guarded
from tests.client.views import desk_rows
from tests.client.views.desk_rows import ENTRIES, row_id
from tests.client.views.fake_field import FakeField
from tests.client.views.harness import DESK, PHONE, Screen

MANAGER_SCREENS = (
    "/wm/leads",
    "/wm/calendar",
    "/wm/day",
    "/wm/progress",
    "/wm/news",
    f"/wm/lead/{desk_rows.NEW_LEAD}",
    f"/wm/lead/{desk_rows.ACCEPTED}",
    f"/wm/lead/{desk_rows.MET}",
    f"/wm/lead/{desk_rows.MET}/succeed",
    f"/wm/lead/{desk_rows.MET}/lose",
    f"/wm/lead/{desk_rows.ACCEPTED}/care",
    f"/wm/schedule?lead={desk_rows.ACCEPTED}",
    f"/wm/visit/{desk_rows.VISIT}",
)
HEAD_SCREENS = (
    "/bh/approvals",
    "/bh/decisions",
    "/bh/referrals",
    "/bh/referrers",
    "/bh/phones",
    "/bh/leave",
    f"/bh/entry/{row_id(ENTRIES + 103)}",
    f"/bh/entry/{row_id(ENTRIES + 105)}",
    f"/bh/duplicate/{desk_rows.HELD}",
    f"/bh/referral/{desk_rows.UNASSIGNED}",
    f"/bh/referral/{desk_rows.SUCCEEDED}",
)
SCREENS = MANAGER_SCREENS + HEAD_SCREENS
TOUCHED = ("on_click", "on_change", "on_select", "on_submit")


def field_for(where: str) -> FakeField:
    return desk_rows.manager_field() if where.startswith("/wm") else desk_rows.head_field()


async def opened(where: str, field: FakeField, size: tuple[int, int]) -> Screen:
    screen = await Screen().open(field, size=size)
    screen.app.navigation.switch("/wm/leads" if where.startswith("/wm") else "/bh/approvals")
    screen.app.navigation.open(where)
    await screen.settle()
    assert not screen.shows(screen.app.words("error.screen")), where
    return screen


def named(screen: Screen, control: Any) -> bool:
    """Tell whether a screen reader has something to say for *control*."""
    own = [getattr(control, name, None) for name in ("tooltip", "label", "semantics_label")]
    inner = [one.value for one in screen.walk(control) if isinstance(one, ft.Text)]
    content = getattr(control, "content", None)
    return any(isinstance(text, str) and text.strip() for text in (*own, *inner, content))


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("where", SCREENS)
def test_every_control_that_is_touched_has_a_name_and_a_guard(
    where: str, size: tuple[int, int]
) -> None:
    async def story() -> None:
        screen = await opened(where, field_for(where), size)
        for control in screen.top():
            handlers = [getattr(control, name, None) for name in TOUCHED]
            if control is screen.page or not any(handlers):
                continue
            assert all(is_guarded(one) for one in handlers if one is not None), control
            if getattr(control, "on_click", None) is not None:
                assert named(screen, control), control
        await screen.close()

    asyncio.run(story())
