"""What a verified backup holds leaves the phone after a while; nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

from client.engine import Field
from client.status import OutboxState
from client.store.outbox import KEPT_MS, LISTED_MS, PRUNED_AT_ONCE
from shared.domain.referral import Referral
from shared.wire.rows import encode
from tests.client.fake_server import FakeServer
from tests.client.phone import Phone, eventually, lead, stored

SUBMIT = "submit_referral"


async def with_answered(phone: Phone, count: int = 2) -> Field:
    field = await phone.enrolled()
    for number in range(count):
        await field.record(SUBMIT, lead(field, f"客户{number}", phone=None))
    await field.sync_now()
    return field


async def test_what_a_backup_holds_is_forgotten_after_a_while(
    phone: Phone, server: FakeServer
) -> None:
    field = await with_answered(phone)
    server.keep_from = 2
    server.now_ms += LISTED_MS
    before = len(b"".join(stored(phone.folder, "journal")))
    await field.sync_now()
    assert [item.seq for item in field.outbox()] == [2]
    assert len(b"".join(stored(phone.folder, "journal"))) < before - 300
    field = await phone.reopened()
    await eventually(field.outbox)
    assert [item.seq for item in field.outbox()] == [2]
    assert field.status.damaged == 0
    await field.record(SUBMIT, lead(field, "客户3", phone=None))
    await field.sync_now()
    assert [item.seq for item in field.outbox()] == [3, 2]
    assert len(server.where(Referral)) == 3


@pytest.mark.parametrize(("held_up_to", "age_ms"), [(2, LISTED_MS - 60_000), (0, KEPT_MS - 60_000)])
async def test_the_young_and_what_no_backup_holds_stay(
    phone: Phone, server: FakeServer, held_up_to: int, age_ms: int
) -> None:
    field = await with_answered(phone)
    server.keep_from = held_up_to + 1
    server.now_ms += age_ms
    await field.sync_now()
    assert [item.seq for item in field.outbox()] == [2, 1]


async def test_nothing_answered_is_kept_for_longer_than_sixty_days(
    phone: Phone, server: FakeServer
) -> None:
    field = await with_answered(phone)
    server.now_ms += KEPT_MS
    await field.sync_now()
    assert list(field.outbox()) == []


async def test_what_has_no_final_answer_is_never_forgotten(
    phone: Phone, server: FakeServer
) -> None:
    server.park.add(SUBMIT)
    field = await with_answered(phone, 1)
    server.keep_from = 2
    server.now_ms += KEPT_MS
    await field.record(SUBMIT, lead(field, "客户9", phone=None))
    await field.sync_now()
    assert [item.state for item in field.outbox()] == [OutboxState.PARKED] * 2


async def test_a_long_journal_is_pruned_some_at_a_time(phone: Phone, server: FakeServer) -> None:
    field = await with_answered(phone, PRUNED_AT_ONCE + 5)
    server.keep_from = 100
    server.now_ms += LISTED_MS
    await field.sync_now()
    assert len(field.outbox()) == 5
    await field.sync_now()
    assert len(field.outbox()) == 0


async def test_a_restored_server_is_given_the_receipts_with_what_it_lost(
    phone: Phone, server: FakeServer
) -> None:
    field = await with_answered(phone)
    promised: list[Any] = [
        encode(entry.result.receipt)
        for entry in field._open.holdings.outbox.entries.values()
        if entry.result is not None
    ]
    server.restore(ops_up_to=1)
    field = await phone.reopened()
    await field.sync_now()
    (again,) = [request for request in server.requests if "answered" in request]
    assert [op["seq"] for op in again["ops"]] == [2]
    assert [result["receipt"] for result in again["answered"]] == promised[1:]
    assert field.status.waiting == 0
