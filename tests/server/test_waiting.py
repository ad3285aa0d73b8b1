"""A phone that waits for news hears of them soon, holds nothing open, and starves nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from server.models import db
from server.services import EXTENSION, Services
from server.waiting import WAIT_S_MAX, WaitingRoom
from shared.domain.village import Village
from tests.server.conftest import MANAGER, POSTMAN, VILLAGE, put, stored


class Room:
    """Takes the place of the clock in the waiting room; *happens* at each second."""

    def __init__(self, app: Flask, seats: int = 4) -> None:
        self.seconds = 0
        self.happens: Any = lambda: None
        shared: Services = app.extensions[EXTENSION]
        room = WaitingRoom(seats=seats, sleep=self.sleep)
        app.extensions[EXTENSION] = replace(shared, waiting=room)

    def sleep(self, seconds: float) -> None:
        self.seconds += round(seconds)
        self.happens()


@pytest.fixture
def room(app: Flask) -> Room:
    return Room(app)


def test_news_end_the_wait(phone_of: Any, room: Room) -> None:
    phone = phone_of(MANAGER)
    phone.sync()

    def rename() -> None:
        if room.seconds == 3:
            put(replace(stored(Village, VILLAGE), name="新坑村"))

    room.happens = rename
    answer = phone.sync(wait=25)
    assert room.seconds == 3
    assert [row["name"] for _, row in answer["rows"]["village"]] == ["新坑村"]


def test_without_news_the_answer_comes_in_the_end(phone_of: Any, room: Room) -> None:
    phone = phone_of(MANAGER)
    phone.sync()
    assert phone.sync(wait=3000)["rows"] == {}
    assert room.seconds == WAIT_S_MAX


def test_who_has_something_to_say_does_not_wait(phone_of: Any, room: Room) -> None:
    phone = phone_of(POSTMAN)
    phone.sync()
    phone.referral()
    phone.sync(wait=25)
    assert room.seconds == 0


def test_nothing_is_held_open_meanwhile(phone_of: Any, room: Room, app: Flask) -> None:
    phone = phone_of(MANAGER)
    phone.sync()
    open_ones: list[int] = []
    room.happens = lambda: open_ones.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
    db.session.remove()
    phone.sync(wait=5)
    assert open_ones == [0] * 5
    del app


def test_no_more_wait_than_there_are_seats(phone_of: Any, app: Flask) -> None:
    room = Room(app, seats=0)
    phone = phone_of(MANAGER)
    phone.sync()
    phone.sync(wait=25)
    assert room.seconds == 0


def test_a_seat_is_free_again_whatever_happened() -> None:
    room = WaitingRoom(seats=1, sleep=lambda _: None)
    with pytest.raises(ZeroDivisionError):
        room.wait(5, lambda: 1 // 0 > 0)
    asked: list[bool] = []

    def is_over() -> bool:
        asked.append(True)
        return len(asked) == 2

    room.wait(5, is_over)
    assert len(asked) == 2


def test_an_idle_poll_writes_nothing(phone_of: Any, app: Flask) -> None:
    phone = phone_of(MANAGER)
    phone.sync()
    begun: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        begun.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    phone.sync()
    sa.event.remove(db.engine, "before_cursor_execute", note)
    written = ("INSERT", "UPDATE", "DELETE", "BEGIN IMMEDIATE", "SELECT pg_advisory")
    assert begun
    assert not [text for text in begun if text.startswith(written)]
    # Who it is, twice; its person, villages, counters; erasures. What it costs is their number.
    assert len(begun) <= 10, begun
    del app
