"""The workloads: an evening of reconnecting phones, a first sync, idle polls, growth, approval."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import cast

import sqlalchemy as sa

from benchmarks.county import Field, Person
from benchmarks.phone import Cost, Phone
from server.database import write_transaction
from server.models.sync import CountyCounterModel, EnrolledDeviceModel, OpModel
from server.mutations.own import own_transaction
from server.mutations.receiving import ReceivedOp
from shared.domain.erasure import EraseCustomer, ErasureReason, erase_customer
from shared.domain.moment import ClockGrade
from shared.domain.people import Role, actor_of
from shared.ids import derived_id
from shared.wire.envelope import OpState

__all__ = ["approval", "erasures", "evening", "first_sync", "idle_polls", "push_cost", "stock_up"]

ERASING_PHONES = 51

ROWS_PER_LEAD = 7
"""Customer, number, consent, referral, route, notice, and the operation itself."""
OPS_PER_PUSH = 200


def evening(county: Field, phones: int, records: int, down: int) -> Cost:
    """W1: every phone comes back with *records*, and *down* rows of others wait for it."""
    county.add_outlets(phones)
    fleet = [Phone(county, person) for person in county.postmen[:phones]]
    for phone in fleet:
        phone.sync()
    for phone in fleet:
        county.put_sales(phone.person, down)
        phone.record_leads(records)
    total = Cost()
    for phone in fleet:
        total.add(phone.sync())
    assert total.ops == phones * records, total
    assert total.rows >= phones * down, total
    return total


def first_sync(county: Field, rows: int) -> Cost:
    """W2: a new phone of somebody whose outlet has *rows*."""
    county.add_outlets(len(county.postmen) + 1)
    head = county.heads[-1]
    county.put_customers(head.staff.outlet_id, rows)
    cost = Phone(county, head).sync()
    assert cost.rows >= rows, cost
    return cost


def idle_polls(county: Field, polls: int) -> Cost:
    """W4: a phone asks, and there is nothing to say."""
    county.add_outlets(1)
    phone = Phone(county, county.postmen[0])
    phone.sync()
    total = Cost()
    for _ in range(polls):
        total.add(phone.sync())
    assert total.rows == 0, total
    return total


def approval(county: Field, entries: int) -> Cost:
    """W9: a branch head approves so many entries with one tap."""
    county.add_outlets(1)
    head = Phone(county, county.heads[0])
    head.sync()
    head.approve(county.put_claims(0, entries))
    return head.sync()


def erasures(county: Field, logged: int, count: int) -> list[Cost]:
    """Erase customers one by one, with about *logged* operations in the op log; what each cost.

    The first one meets operations of which nothing was noted, as a server of before took them.
    """
    phones = min(ERASING_PHONES, 2 + logged // 1_000)
    county.add_outlets(phones)
    phone = Phone(county, county.postmen[0])
    phone.sync()
    phone.record_leads(count)
    customers = [derived_id(op["args"]["id"], "customer") for op in phone.journal]  # type: ignore[index, call-overload, arg-type]
    phone.sync()
    for postman in county.postmen[1:]:
        _log_leads(county, postman, logged // (phones - 1))
    return [_erased(county, customer_id) for customer_id in customers]


def _log_leads(county: Field, person: Person, count: int) -> None:
    """Put leads into the op log alone: their rows are not what is looked through."""
    phone = Phone(county, person)
    phone.record_leads(count)
    ops = [ReceivedOp(int(cast("int", op["seq"])), op) for op in phone.journal]
    now = county.services.door.clock.now()
    with write_transaction(county.session, county.county_id):
        counter = county.session.get_one(CountyCounterModel, county.county_id)
        columns = [
            {
                "device": person.device, "seq": op.seq, "county_id": county.county_id,
                "digest": op.digest, "name": op.name, "v": 1, "body": op.body,
                "state": OpState.OK, "number": counter.ops + place, "signature": "A" * 86,
                "generation": county.generation, "received_at": now, "captured_from": now,
                "captured_to": now, "clock_grade": ClockGrade.A,
            }
            for place, op in enumerate(ops, start=1)
        ]  # fmt: skip
        county.session.execute(sa.insert(OpModel), columns)
        counter.ops += count
        county.session.get_one(EnrolledDeviceModel, person.device).last_seq = count


def _erased(county: Field, customer_id: str) -> Cost:
    """Erase a customer as `liandong erase` does; nobody else can write meanwhile."""
    door, by = county.services.door, county.heads[0].staff
    actor = replace(actor_of(by), roles=frozenset({Role.ADMINISTRATOR}))
    began = time.perf_counter(), time.process_time()
    with own_transaction(door, county.session, county.county_id, actor=actor) as tx:
        args = EraseCustomer(
            id=tx.new_id("erasure"), customer_id=customer_id, reason=ErasureReason.ASKED
        )
        for row in erase_customer(tx.rows, args, tx.actor, tx.moment):
            tx.put(row)
        door.reactions["erase_customer"](tx, args)
    ended = time.perf_counter(), time.process_time()
    return Cost(wall_s=ended[0] - began[0], cpu_s=ended[1] - began[1])


def stock_up(county: Field, rows: int) -> None:
    """Let leads be recorded, by everybody in turn, until there are about *rows* rows of them."""
    pushes = math.ceil(rows / ROWS_PER_LEAD / OPS_PER_PUSH)
    _push(county, list(islice(cycle(county.postmen), pushes)), OPS_PER_PUSH)


def push_cost(county: Field, phones: int, records: int) -> Cost:
    """W7: what some phones' pushes cost, spread over everybody there is."""
    step = max(1, len(county.postmen) // phones)
    return _push(county, county.postmen[::step][:phones], records)


def _push(county: Field, people: Sequence[Person], records: int) -> Cost:
    fleet = {person.device: Phone(county, person) for person in people}
    for phone in fleet.values():
        phone.resume()
    total = Cost()
    for person in people:
        fleet[person.device].record_leads(records)
        total.add(fleet[person.device].sync())
    return total
