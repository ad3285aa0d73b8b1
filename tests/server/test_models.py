"""A table holds its row, whole and as it was."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any, cast

import pytest
import sqlalchemy as sa
from flask import Flask

from server.database import write_transaction
from server.models import MODELS, db
from server.models.sync import ScopeCounterModel
from server.rows import field_names
from shared.domain.moment import OUTLET_ZONE
from shared.domain.notice import Notice, NoticeKind
from shared.domain.people import Staff
from shared.domain.routing import RouteStep, RouteTrace, RouteVerdict
from shared.domain.rows import Row
from shared.domain.village import MarketDay
from tests.server.conftest import COUNTY, HEAD, OUTLET, POSTMAN, START, put, server_id, stored

ROWS = sorted(MODELS, key=lambda row: row.TABLE)
NOTED = {"county_id", "revision", "changed_by_device", "foreign_revision", "changed_at"}
"""What the server notes about each row."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.TABLE)
def test_a_table_has_the_columns_of_its_row(row: type[Row]) -> None:
    fields = set(field_names(cast("Any", row)))
    columns = {column.name for column in MODELS[row].__table__.columns}
    assert columns == fields | NOTED
    assert MODELS[row].__tablename__ == row.TABLE


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.TABLE)
def test_a_column_may_be_empty_where_its_field_may(row: type[Row]) -> None:
    for field in dataclasses.fields(cast("Any", row)):
        if field.name in NOTED:
            continue
        column = MODELS[row].__table__.columns[field.name]
        assert column.nullable == ("None" in str(field.type)), field.name


@pytest.mark.parametrize(
    "row",
    [
        Notice(
            id=server_id(900), for_id=HEAD, kind=NoticeKind.REFERRAL_HELD, object_table="referral",
            object_id=server_id(901),
            at=dt.datetime(2026, 11, 23, 9, 30, 0, 123000, tzinfo=OUTLET_ZONE),
        ),
        MarketDay(id=server_id(902), county_id=COUNTY, town="龙门", lunar_digits=(1, 4, 7)),
    ],
    ids=lambda row: row.TABLE,
)  # fmt: skip
def test_a_row_comes_back_as_it_went_in(app: Flask, row: Any) -> None:
    put(row)
    db.session.expire_all()
    assert stored(type(row), row.id) == row
    del app


def test_steps_of_a_route_come_back_as_dataclasses(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    lead = phone.referral()["args"]["id"]
    phone.sync()
    at = phone.clock.at
    trace = RouteTrace(
        id=server_id(903), referral_id=lead, outlet_id=OUTLET, chosen_id=None, acting_for_id=None,
        rule=9, steps=(RouteStep(rule=9, verdict=RouteVerdict.NOBODY_FITS),), at=at, due_at=at,
        backup_due_at=at, escalated_at=at,
    )  # fmt: skip
    put(trace)
    db.session.expire_all()
    assert stored(RouteTrace, trace.id) == trace


def test_a_reference_to_nothing_is_refused_by_the_database(app: Flask) -> None:
    notice = Notice(
        id=server_id(904), for_id=server_id(999), kind=NoticeKind.REFERRAL_HELD,
        object_table="referral", object_id=server_id(901), at=START,
    )  # fmt: skip
    with pytest.raises(sa.exc.IntegrityError):
        put(notice)
    assert stored(Notice, notice.id) is None
    del app


def test_a_staff_number_names_one_person(app: Flask) -> None:
    twin = dataclasses.replace(stored(Staff, POSTMAN), id=server_id(905))
    with pytest.raises(sa.exc.IntegrityError):
        put(twin)
    del app


def test_a_write_that_fails_leaves_nothing(app: Flask) -> None:
    def fail_half_way() -> None:
        with write_transaction(db.session(), COUNTY):
            db.session.add(ScopeCounterModel(scope="staff:x", county_id=COUNTY, version=1))
            db.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert db.session.get(ScopeCounterModel, "staff:x") is None
    del app


def test_sqlite_keeps_what_it_acknowledged(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL is durable by its own settings")
    with db.engine.connect() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys")
        found = [connection.execute(sa.text(f"PRAGMA {name}")).scalar() for name in asked]
    assert found == ["wal", 2, 1]
    del app
