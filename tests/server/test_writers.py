"""Several phones at once, and a server that is cut off half-way: no number twice, nothing lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError

from server.database import is_lost
from server.models import db
from server.models.sync import OpModel, ScopeCounterModel
from tests.server.conftest import COLLEAGUE, HEAD, MANAGER, POSTMAN, TELLER, Phone

WRITERS = (POSTMAN, COLLEAGUE, MANAGER, HEAD, TELLER)
ROUNDS = 6


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
