"""Rows answer as the database would, also those that wait to be written, and are asked for once."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from server.models import db
from server.models.customer import CustomerModel
from server.models.people import StaffModel
from server.mutations.own import own_transaction
from server.rows import DatabaseRows
from server.services import services
from shared.domain.customer import Customer, CustomerKind
from shared.domain.people import Leave, Outlet, Role, Staff
from shared.domain.routing import RouteStep, RouteTrace, RouteVerdict
from shared.domain.village import Village
from shared.ids import make_id
from tests.server.conftest import (
    COUNTY,
    HEAD,
    MANAGER,
    OTHER_VILLAGE,
    OUTLET,
    POSTMAN,
    START,
    TELLER,
    VILLAGE,
    put,
    server_id,
    stored,
)

DEVICE = 7


def begin() -> Any:
    return own_transaction(services().door, db.session(), COUNTY)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Give the statements that reach the database meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def customer(number: int, **members: Any) -> Customer:
    made = Customer(
        id=server_id(7000 + number), outlet_id=OUTLET, name=f"客{number}", kind=CustomerKind.FARMER
    )
    return replace(made, **members)


def test_an_answer_follows_what_is_put_after_it(app: Flask) -> None:
    put(customer(1, village_id=VILLAGE))
    with begin() as tx:
        assert tx.rows.where(Customer, village_id=VILLAGE) == [customer(1, village_id=VILLAGE)]
        assert tx.rows.where(Customer, village_id=OTHER_VILLAGE) == []
        tx.put(customer(1, village_id=OTHER_VILLAGE))
        tx.put(customer(2, village_id=VILLAGE))
        assert tx.rows.where(Customer, village_id=VILLAGE) == [customer(2, village_id=VILLAGE)]
        assert tx.rows.where(Customer, village_id=OTHER_VILLAGE) == [
            customer(1, village_id=OTHER_VILLAGE)
        ]
    del app


def test_an_answer_of_a_whole_table_follows_what_is_put_after_it(app: Flask) -> None:
    with begin() as tx:
        before = tx.rows.where(Customer)
        tx.put(customer(1))
        tx.put(customer(1, name="改名"))
        assert tx.rows.where(Customer) == sorted(
            [*before, customer(1, name="改名")], key=lambda one: one.id
        )
    del app


def test_a_question_asked_first_after_a_put_sees_it(app: Flask) -> None:
    put(customer(1, village_id=VILLAGE), customer(3))
    with begin() as tx:
        tx.put(customer(1, village_id=OTHER_VILLAGE))
        tx.put(customer(2, village_id=VILLAGE))
        assert [one.id for one in tx.rows.where(Customer, village_id=VILLAGE)] == [server_id(7002)]
        moved = tx.rows.where_in(Customer, "village_id", [VILLAGE, OTHER_VILLAGE])
        assert moved == [customer(1, village_id=OTHER_VILLAGE), customer(2, village_id=VILLAGE)]
        found = tx.rows.where_in(Customer, "id", [server_id(7002), server_id(7001), "0" * 13])
        assert found == moved
        assert tx.rows.where(Customer, village_id=None) == [customer(3)]
    del app


def test_other_queries_of_the_session_see_what_waits(app: Flask) -> None:
    with begin() as tx:
        tx.put(customer(1))
        names = sa.select(CustomerModel.name)
        assert list(tx.session.scalars(names)) == ["客1"]
        tx.put(customer(1, name="改"))
        tx.put(customer(2))
        assert sorted(tx.session.scalars(names)) == ["客2", "改"]
        tx.put(replace(stored_in(tx, POSTMAN), name="甲"))
        named = sa.select(sa.func.count()).where(StaffModel.name == "甲")
        assert tx.session.scalar(named) == 1
    del app


def test_what_waits_is_gone_after_a_rollback(app: Flask) -> None:
    def fail() -> None:
        with begin() as tx:
            tx.put(customer(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    put(customer(2))
    assert stored(Customer, server_id(7001)) is None
    assert stored(Customer, server_id(7002)) is not None
    del app


def test_rows_of_two_readers_of_one_session_are_all_written(app: Flask) -> None:
    with begin() as tx:
        other = DatabaseRows(tx.session, COUNTY)
        other.put(customer(1), 0, START, is_raised=False)
        tx.put(customer(2))
    assert stored(Customer, server_id(7001)) == customer(1)
    assert stored(Customer, server_id(7002)) == customer(2)
    del app


def test_questions_are_asked_of_the_database_once(app: Flask) -> None:
    with begin() as tx:
        for _ in range(2):
            with statements() as seen:
                tx.rows.get(Staff, POSTMAN)
                tx.rows.get(Staff, "0" * 13)
                tx.rows.where(Village, outlet_id=OUTLET)
                tx.rows.where_in(Staff, "id", [POSTMAN, HEAD, "1" * 13])
                tx.rows.where_in(Staff, "outlet_id", [OUTLET])
                tx.rows.where(Staff, outlet_id=OUTLET)
        assert seen == []
    del app


def test_nothing_is_asked_about_what_only_this_batch_can_have_made(app: Flask) -> None:
    new = make_id(DEVICE, 5, 1)
    with begin() as tx:
        tx.rows.expect_new(DEVICE, 5)
        with statements() as seen:
            assert tx.rows.get(Customer, new) is None
            assert tx.rows.where(RouteTrace, referral_id=new) == []
            tx.rows.prefetch([(Customer, new)])
            tx.put(customer(1, id=new, village_id=VILLAGE))
            assert tx.rows.get(Customer, new) is not None
        assert seen == []
        for known in (make_id(DEVICE, 4, 2**20 - 1), make_id(DEVICE + 1, 5, 0)):
            with statements() as seen:
                assert tx.rows.get(Customer, known) is None
            assert len(seen) == 1
        tx.rows.expect_none_new()
        with statements() as seen:
            tx.rows.get(Customer, make_id(DEVICE, 6, 0))
        assert len(seen) == 1
    del app


def test_a_fact_is_found_again_only_when_its_tables_change(app: Flask) -> None:
    found = []

    def find() -> int:
        found.append(1)
        return len(found)

    with begin() as tx:

        def ask() -> int:
            return int(tx.rows.remembered("fact", [Leave, Outlet], find))

        assert [ask(), ask()] == [1, 1]
        tx.put(customer(1))
        assert ask() == 1
        tx.put(Leave(id=server_id(7100), staff_id=POSTMAN, from_on=START.date(),
                     to_on=START.date()))  # fmt: skip
        assert [ask(), ask()] == [2, 2]
        tx.rows.forget()
        tx.changed.clear()
        assert ask() == 3
    del app


def test_who_watches_a_table_is_told_of_every_change(app: Flask) -> None:
    told: list[Any] = []
    with begin() as tx:
        tx.rows.watch(Customer, lambda before, after: told.append((before, after)))
        tx.put(customer(1))
        tx.put(customer(1))
        tx.put(customer(1, name="改"))
        tx.put(replace(stored_in(tx, POSTMAN), name="甲"))
    assert told == [(None, customer(1)), (customer(1), customer(1, name="改"))]
    del app


@pytest.mark.parametrize("count", [1, 50])
def test_many_rows_come_back_as_they_went_in(app: Flask, count: int) -> None:
    """Few are inserted, many are copied on PostgreSQL; then both are updated."""
    steps = (
        RouteStep(rule=0, verdict=RouteVerdict.NOT_QUALIFIED, candidate_id=MANAGER),
        RouteStep(rule=9, verdict=RouteVerdict.NOBODY_FITS),
    )
    leads = [_lead(number) for number in range(count)]
    traces = [
        RouteTrace(
            id=server_id(8000 + number), referral_id=lead.id, outlet_id=OUTLET, rule=9, steps=steps,
            at=START, due_at=START, backup_due_at=START, escalated_at=START,
            chosen_id=None if number % 2 else MANAGER,
        )
        for number, lead in enumerate(leads)
    ]  # fmt: skip
    odd = "'\t\\N\n\"%s ? 王\\"
    people = [
        Staff(id=server_id(9000 + number), county_id=COUNTY, outlet_id=OUTLET, number=f"9{number}",
              name=odd, roles=(Role.TELLER, Role.POSTMAN), active=bool(number % 2))
        for number in range(count)
    ]  # fmt: skip
    customers = [customer(number, cues=("雷州话",)) for number in range(count)]
    put(*customers, *leads, *traces, *people)
    for row in (*customers, *leads, *traces, *people):
        assert stored(type(row), row.id) == row
    put(*(replace(person, name="改", backup_id=TELLER) for person in people))
    for person in people:
        assert stored(Staff, person.id) == replace(person, name="改", backup_id=TELLER)
    del app


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_puts_and_questions_gives_what_a_plain_filter_gives(
    app: Flask, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same steps for the same seed
    model = {(row := customer(number, village_id=VILLAGE)).id: row for number in range(6)}
    put(*model.values())
    with begin() as tx:
        for _ in range(150):
            step = chance.randrange(6)
            number = chance.randrange(12)
            village_id = chance.choice((None, VILLAGE, OTHER_VILLAGE))
            kind = chance.choice((CustomerKind.FARMER, CustomerKind.BUYER))
            if step <= 1:
                row = customer(number, village_id=village_id, kind=kind)
                model[row.id] = row
                tx.put(row)
            elif step == 2:
                assert tx.rows.get(Customer, server_id(7000 + number)) == model.get(
                    server_id(7000 + number)
                )
            elif step == 3:
                asked = {"village_id": village_id} | ({"kind": kind} if number % 2 else {})
                assert tx.rows.where(Customer, **asked) == _filtered(model, **asked)
            elif step == 4:
                asked_ids = [server_id(7000 + chance.randrange(12)) for _ in range(4)]
                found = tx.rows.where_in(Customer, "id", asked_ids)
                assert found == [model[one] for one in sorted(set(asked_ids)) if one in model]
            elif number == 0:
                tx.rows.write()
            else:
                tx.session.scalar(sa.select(sa.func.count()).select_from(CustomerModel))
    for row in model.values():
        assert stored(Customer, row.id) == row
    del app


def _filtered(model: dict[str, Customer], **equal: Any) -> list[Customer]:
    return [
        row
        for _, row in sorted(model.items())
        if all(getattr(row, name) == value for name, value in equal.items())
    ]


def _lead(number: int) -> Any:
    from tests.server.test_feed import lead  # noqa: PLC0415 - one maker of leads is enough

    clock: Any = dataclasses.make_dataclass("At", ["at"])(START)
    *_, referral = lead(number, clock)
    return replace(referral, customer_id=server_id(7000 + number))


def stored_in(tx: Any, staff_id: str) -> Staff:
    found = tx.rows.get(Staff, staff_id)
    assert isinstance(found, Staff)
    return found
