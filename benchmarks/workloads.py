"""The workloads: an evening of reconnecting phones, a first sync, idle polls, growth, approval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import cycle, islice

from benchmarks.county import Field, Person
from benchmarks.phone import Cost, Phone

__all__ = ["approval", "evening", "first_sync", "idle_polls", "push_cost", "stock_up"]

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
