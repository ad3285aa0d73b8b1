from __future__ import annotations

from client.status import OutboxState
from shared.domain.referral import Referral
from tests.client.fake_server import POSTMAN, FakeServer
from tests.client.phone import Phone, lead


async def test_item_says_why_the_phones_own_rules_refuse_it_now(
    phone: Phone, server: FakeServer
) -> None:
    """Withdrawn on another device meanwhile; this phone's correction waits behind it."""
    field = await phone.enrolled()
    args = lead(field)
    await field.record("submit_referral", args)
    await field.sync_now()
    server.defer.add("correct_referral")
    await field.record("correct_referral", {"id": args.id, "note": "更正"})
    row = server.get(Referral, args.id)
    assert row is not None
    server.remove(row)
    await field.sync_now()
    item = field.outbox()[0]
    assert item.state is OutboxState.DEFERRED
    assert item.problem is not None
    assert (item.problem.slug, item.problem.facts) == ("missing-object", {"table": "referral"})


async def test_list_is_newest_first_and_follows_every_change(phone: Phone) -> None:
    field = await phone.enrolled()
    one, two = lead(field), lead(field, "李老板")
    await field.record("submit_referral", one)
    assert [item.seq for item in field.outbox()] == [1]
    await field.record("submit_referral", two)
    await field.record("correct_referral", {"id": one.id, "note": "更正"})
    assert [item.seq for item in field.outbox()] == [3, 2, 1]
    assert [item.seq for item in field.ops_about(one.id)] == [1, 3]
    assert list(field.ops_about("0000000000000")) == []
    await field.sync_now()
    assert {item.state for item in field.outbox()} == {OutboxState.OK}
    assert [item.receipt_number for item in field.ops_about(one.id)] == [1001, 1003]


async def test_list_of_what_was_looked_at_may_be_lost(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    server.park.add("submit_referral")
    await field.record("submit_referral", lead(field))
    await field.sync_now()
    assert [item.is_seen for item in field.outbox()] == [False]
    await field.acknowledge(1)
    assert field.status.needs_me == 0
    assert [item.is_seen for item in field.outbox()] == [True]
    for content in (b"{", b"5"):
        await phone.device.settings.put(f"seen/{POSTMAN.id}", content)
        assert (await phone.reopened()).status.needs_me == 1
