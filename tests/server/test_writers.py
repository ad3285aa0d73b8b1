"""Several phones at once, and a server that is cut off half-way: no number twice, nothing lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server import database
from server.clock import SystemClock
from server.database import is_busy, is_lost, write_transaction
from server.models import db
from server.models.sync import OpModel, ScopeCounterModel
from server.turns import TurnMissedError, Turns
from tests.server.conftest import COLLEAGUE, COUNTY, HEAD, MANAGER, POSTMAN, TELLER, Phone

WRITERS = (POSTMAN, COLLEAGUE, MANAGER, HEAD, TELLER)
ROUNDS = 6
elapsed_s = SystemClock().elapsed_s


def test_phones_that_sync_at_once_get_one_number_each_and_see_everything(
    app: Flask, phone_of: Any
) -> None:
    phones: list[Phone] = [phone_of(person) for person in WRITERS]
    watcher: Phone = phone_of(HEAD)

    def work(phone: Phone) -> list[int]:
        numbers = []
        with app.app_context():
            for number in range(ROUNDS):
                phone.referral(customer_name=f"客{number}", phone=None, village_id=None)
                numbers += [one["receipt"]["number"] for one in phone.sync()["results"]]
        return numbers

    def watch() -> None:
        with app.app_context():
            for _ in range(ROUNDS):
                watcher.sync()

    with ThreadPoolExecutor(len(phones) + 1) as pool:
        watching = pool.submit(watch)
        numbers = [number for some in pool.map(work, phones) for number in some]
        watching.result()
    assert sorted(numbers) == list(range(1, len(WRITERS) * ROUNDS + 1))
    watcher.sync()
    fresh: Phone = phone_of(HEAD)
    fresh.sync()
    assert len(fresh.rows["referral"]) == len(WRITERS) * ROUNDS
    # Who read between the writes missed nothing of what a newcomer is told.
    assert watcher.rows["referral"] == fresh.rows["referral"]


def test_versions_of_a_scope_are_given_once(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    for number in range(3):
        phone.referral(customer_name=f"客{number}", phone=None)
        phone.sync()
    db.session.rollback()
    for counter in db.session.scalars(sa.select(ScopeCounterModel)):
        query = sa.text("SELECT version FROM feed WHERE scope = :scope")
        versions = db.session.scalars(query, {"scope": counter.scope}).all()
        assert len(set(versions)) == len(versions)
        assert max(versions) == counter.version


def test_a_cut_before_the_commit_leaves_nothing_and_the_next_try_all(
    phone_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()

    def cut(*_: Any) -> None:
        raise OperationalError("COMMIT", None, Exception("disk I/O error"))

    with monkeypatch.context() as patched:
        patched.setattr("server.mutations.batch.Feed.publish", cut)
        assert phone.send(*phone.journal).status_code == 500
    db.session.rollback()
    assert db.session.scalars(sa.select(OpModel)).all() == []
    assert phone.sync()["results"][0]["state"] == "ok"


@pytest.mark.parametrize(
    ("message", "lost"),
    [
        ("disk I/O error", True),
        ("database or disk is full", True),
        ("no such column: nonsense", False),
    ],
)
def test_only_a_failing_database_is_no_ops_fault(message: str, *, lost: bool) -> None:
    error = OperationalError("SELECT", None, Exception(message))
    assert is_lost(error) is lost


def test_whoever_waits_longest_writes_next() -> None:
    turns, order = Turns(), []
    lined_up = [threading.Event() for _ in range(5)]

    def write(place: int) -> None:
        lined_up[place].set()
        with turns.turn(10):
            order.append(place)

    def is_line_of(length: int) -> bool:
        return len(turns) == length

    with ThreadPoolExecutor(len(lined_up)) as pool, turns.turn(0):
        for place, event in enumerate(lined_up):
            pool.submit(write, place)
            event.wait()
            _until(partial(is_line_of, place + 1))
    assert order == [0, 1, 2, 3, 4]


def test_a_turn_that_does_not_come_is_given_up_and_harms_nobody_behind() -> None:
    turns, came = Turns(), threading.Event()

    def wait_behind() -> None:
        with turns.turn(10):
            came.set()

    with ThreadPoolExecutor(2) as pool, turns.turn(0):
        impatient = pool.submit(lambda: turns.turn(0.01).__enter__())
        _until(lambda: len(turns) == 1 or impatient.done())
        pool.submit(wait_behind)
        with pytest.raises(TurnMissedError) as missed:
            impatient.result()
        assert is_busy(missed.value)  # It is answered 503, and comes again.
        assert is_lost(missed.value)  # No op is to blame.
        assert not came.is_set()
    assert came.is_set()
    with turns.turn(0):  # Nobody has it any more.
        pass


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_many_writers_wait_their_turn_and_nobody_is_sent_away(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Fifteen threads that write one after another: twice what the file's own lock would wait for.
    writers, rounds, work_s = 15, 4, 0.02
    patient = [one for one in database._SQLITE_PRAGMAS if "busy" not in one]
    pragmas = [*patient, f"PRAGMA busy_timeout = {round(writers * work_s * 1000 / 2)}"]
    monkeypatch.setattr("server.database._SQLITE_PRAGMAS", pragmas)
    db.session.remove()
    db.engine.dispose()

    def write(_: int) -> float:
        longest_s = 0.0
        with app.app_context(), Session(db.engine) as session:
            for _ in range(rounds):
                started_s = elapsed_s()
                with write_transaction(session, COUNTY):
                    longest_s = max(longest_s, elapsed_s() - started_s)
                    time.sleep(work_s)
        return longest_s

    with app.app_context(), ThreadPoolExecutor(writers) as pool:
        waits_s = list(pool.map(write, range(writers)))
    # Nobody waits for more than the others' one turn each, on however slow a machine.
    assert max(waits_s) < 3 * sorted(waits_s)[writers // 2], waits_s


def _until(is_so: Callable[[], bool]) -> None:
    deadline_s = elapsed_s() + 10
    while not is_so():
        assert elapsed_s() < deadline_s
        time.sleep(0.001)
