"""How rows get their revisions, and what follows from an op its ids."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from flask import Flask

from server.models import db
from server.models.people import StaffModel
from server.mutations.own import own_transaction
from server.services import services
from shared.domain.notice import Notice, NoticeKind
from shared.domain.people import Staff
from shared.domain.referral import Referral
from tests.server.conftest import COUNTY, HEAD, POSTMAN, stored


def begin() -> Any:
    return own_transaction(services().door, db.session(), COUNTY)


def revision_of(staff_id: str) -> int:
    db.session.rollback()
    return db.session.get_one(StaffModel, staff_id).revision


def test_put_raises_the_revision_once_for_each_transaction(app: Flask) -> None:
    staff = stored(Staff, POSTMAN)
    before = revision_of(POSTMAN)
    with begin() as tx:
        for name in ("甲", "乙", "丙"):
            tx.put(dataclasses.replace(staff, name=name))
    assert revision_of(POSTMAN) == before + 1
    assert stored(Staff, POSTMAN).name == "丙"
    del app


def test_put_leaves_an_equal_row_as_it_is(app: Flask) -> None:
    before = revision_of(POSTMAN)
    with begin() as tx:
        tx.put(stored_in(tx, POSTMAN))
        assert tx.changed == {}
    assert revision_of(POSTMAN) == before
    del app


def test_before_is_the_row_as_it_was(app: Flask) -> None:
    with begin() as tx:
        staff = stored_in(tx, POSTMAN)
        tx.put(dataclasses.replace(staff, name="甲"))
        tx.put(dataclasses.replace(staff, name="乙"))
        assert tx.before(Staff, POSTMAN) == staff
        assert tx.before(Staff, HEAD) == stored_in(tx, HEAD)
        assert tx.before(Referral, HEAD) is None
    del app


def test_new_ids_are_the_same_for_the_same_question_and_never_shared(app: Flask) -> None:
    with begin() as tx:
        assert tx.new_id("notice", 1) == tx.new_id("notice", 1)
        # 20 bits of salt: of 5,000 derived ids, some dozen pairs would be equal.
        ids = {tx.new_id("entry", number) for number in range(5_000)}
    assert len(ids) == 5_000
    del app


def test_notify_tells_others_and_not_oneself(app: Flask) -> None:
    with begin() as tx:
        staff = stored_in(tx, POSTMAN)
        tx.actor = dataclasses.replace(tx.actor, staff_id=HEAD)
        tx.notify(POSTMAN, NoticeKind.REFERRAL_HELD, staff)
        tx.notify(HEAD, NoticeKind.REFERRAL_HELD, staff)
        notices = [row for row in tx.changed.values() if isinstance(row, Notice)]
    assert [notice.for_id for notice in notices] == [POSTMAN]
    assert (notices[0].object_table, notices[0].object_id) == ("staff", POSTMAN)
    del app


def test_rows_of_another_county_do_not_exist(app: Flask) -> None:
    with own_transaction(services().door, db.session(), "0" * 13) as tx:
        assert tx.rows.get(Staff, POSTMAN) is None
        assert tx.rows.where(Staff) == []
    del app


@pytest.mark.parametrize("fails", [ZeroDivisionError, KeyboardInterrupt])
def test_an_interrupted_transaction_leaves_nothing(app: Flask, fails: type[BaseException]) -> None:
    def write_and_fail() -> None:
        with begin() as tx:
            tx.put(dataclasses.replace(stored_in(tx, POSTMAN), name="甲"))
            raise fails

    with pytest.raises(fails):
        write_and_fail()
    assert stored(Staff, POSTMAN).name == "示例101"
    del app


def stored_in(tx: Any, staff_id: str) -> Staff:
    found = tx.rows.get(Staff, staff_id)
    assert isinstance(found, Staff)
    return found
