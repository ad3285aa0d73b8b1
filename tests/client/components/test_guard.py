"""Whatever a handler does, the person is told in their words, and Flet's error card never comes."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import flet as ft
import pytest

from client.components.guard import guarded, spawn
from client.status import FieldState
from shared.domain.refusals import RefusedError
from tests.client.views.demo_rows import CARD, LEAD, SALE, postman_field, row_id
from tests.client.views.harness import Screen

SCREENS = (
    "/",
    "/postman/sales",
    "/postman/records",
    "/postman/points",
    "/postman/inbox",
    "/postman/lead",
    f"/postman/lead/{LEAD}",
    f"/postman/lead/{LEAD}/correct",
    "/postman/sale",
    f"/postman/sale/{SALE}",
    "/postman/care",
    f"/postman/care/{CARD}",
    f"/postman/care/{CARD}/correct",
    f"/points/{row_id(50)}",
    "/sync",
    "/hand-over",
    "/settings",
)
DOORS = (FieldState.NOT_ENROLLED, FieldState.PIN_NEEDED, FieldState.LOCKED)


class SomeBugError(Exception):
    """What no handler foresees."""


def test_error_nobody_foresaw_is_told_with_a_code_and_what_was_kept() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        for text in ("记线索", "存款", "很高"):
            await screen.tap(text)
        field.failure = SomeBugError("王叔 13800001234")
        await screen.tap("客户已同意，保存")
        assert screen.shows("您填的内容还在")
        assert screen.shows("编号")
        assert not screen.shows("13800001234")
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def test_guard_logs_the_place_without_the_message(caplog: pytest.LogCaptureFixture) -> None:
    async def handler() -> None:
        raise SomeBugError("王叔 13800001234")

    run = guarded(handler)
    assert run is not None
    with caplog.at_level(logging.ERROR):
        asyncio.run(run(None))
    assert "SomeBugError" in caplog.text
    assert "13800001234" not in caplog.text


def test_work_beside_the_app_is_told_when_it_fails() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field())

        async def work() -> None:
            raise RefusedError("unreachable")

        spawn(screen.page, work)
        await asyncio.sleep(0.05)
        assert screen.shows("连不上服务器")
        await screen.close()

    asyncio.run(story())


def test_screen_that_cannot_be_drawn_says_so_and_leaves_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)

        def fail(*_: object) -> None:
            raise SomeBugError

        monkeypatch.setattr(field, "points", fail)
        screen.app.navigation.switch("/postman/points")
        await screen.settle()
        assert screen.shows("这一页显示不出来")
        assert screen.all(ft.NavigationBar)
        screen.app.navigation.switch("/postman/today")
        await screen.settle()
        assert screen.shows("今天的村")
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def test_next_tap_draws_again_after_a_fault_ended_the_drawing() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field())
        session: Any = screen.session
        session._Session__updates_task.cancel()
        await screen.settle()
        await screen.tap("记线索")
        await screen.settle()
        assert screen.shows("想了解什么")
        await screen.close()

    asyncio.run(story())
