"""Stories of the product (PRODUCT §12) that run through everything: real phones, the real server.

Told elsewhere: 2, the phone that dies, in tests/client/test_power_cut.py and tests/faults; 10, the
server restored from a backup, in test_restore.py and test_moved_operations.py.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine
from typing import Any, cast

import sqlalchemy as sa

from client.status import FieldState, OutboxState, Phase
from server.models.sync import OpModel, SetAsideModel
from server.mutations.own import own_transaction
from shared.domain.customer import Customer
from shared.domain.moment import ClockGrade
from shared.domain.people import Device
from shared.domain.referral import Referral, ReferralStatus
from shared.wire import mutations, upcasters
from tests.client.phone import PIN
from tests.server.field_county import COLLEAGUE, COUNTY, HEAD, MANAGER, POSTMAN
from tests.server.test_restore import Box, Person, lead
from tests.server.test_restore import box as box  # noqa: PLC0414 - the fixture

DAY_S = 86_400


def told(story: Callable[[Box], Coroutine[Any, Any, None]]) -> Callable[[Box], None]:
    """Make a test of a story that is told asynchronously."""

    def test(box: Box) -> None:
        asyncio.run(story(box))

    test.__doc__ = story.__doc__
    return test


async def _end(*people: Person) -> None:
    for person in people:
        await person.field.stop()


async def _lost_phone(box: Box) -> None:
    """3: what the lost phone's key sends is set aside; the new one has what was acknowledged."""
    lost = await box.phone_of(POSTMAN)
    await lost.do("submit_referral", lead(lost.field, "陈大文", "13800000001"))
    await lost.field.record("submit_referral", lead(lost.field, "林二姐", "13800000002"))
    with (
        box.session() as session,
        own_transaction(box.services.door, session, COUNTY.id) as tx,
    ):
        (device,) = tx.rows.where(Device, staff_id=POSTMAN.id)
        tx.put(dataclasses.replace(device, revoked_at=tx.moment.now))
    status = await lost.field.sync_now()
    assert (status.phase, status.pause_slug) == (Phase.PAUSED, "device-revoked")
    assert status.waiting == 1
    await _end(lost)
    with box.session() as session:
        (aside,) = session.scalars(sa.select(SetAsideModel))
        assert aside.reason == "device-revoked"
        assert "林二姐" in aside.body
    lost.folder.rename(lost.folder.with_name("lost"))
    new = await box.phone_of(POSTMAN)
    assert [row.customer_name for row in _leads(new)] == ["陈大文"]
    await _end(new)


async def _wrong_clock(box: Box) -> None:
    """4: the order is that of the records, the grade says what is known, no month is jumped."""
    postman = await box.phone_of(POSTMAN)
    for wall_ms, boot in ((0, "boot-1970"), (None, "boot-ahead")):
        postman.clock.wall = (
            wall_ms if wall_ms is not None else postman.clock.wall + 60 * DAY_S * 1000
        )
        postman.clock.reboot(boot)
        await postman.restart()
        await postman.field.record("submit_referral", lead(postman.field, f"客户{boot}", None))
    box.clock.move(days=2)
    await postman.sync()
    kept = sorted(_referrals(box), key=lambda row: row.id)
    assert [row.clock_grade for row in kept] == [ClockGrade.C] * 2
    assert {(row.captured_from.month, row.captured_to.month) for row in kept} == {(5, 5)}
    assert [seq for _, seq, *_ in box.op_log()] == [1, 2]
    await _end(postman)


async def _one_farmer(box: Box) -> None:
    """5: two phones take the same farmer; one lead goes on, the other's author sees why."""
    people = [await box.phone_of(one) for one in (POSTMAN, COLLEAGUE, HEAD)]
    first, second, head = people
    await first.field.record("submit_referral", lead(first.field, "陈大文", "13800000001"))
    box.move(people, days=1)
    await second.do("submit_referral", lead(second.field, "陈大文", "13800000001"))
    await first.sync()
    await head.sync()
    by_status = {row.status: row for row in _referrals(box)}
    assert by_status.keys() == {ReferralStatus.ROUTED, ReferralStatus.HELD}
    held = by_status[ReferralStatus.HELD]
    assert held.held_for_id == by_status[ReferralStatus.ROUTED].id
    await head.do("join_referral", {"id": held.id, "assisted": True})
    for person in people:
        await person.sync()
        assert person.states() == {OutboxState.OK}
    author = first if held.referrer_id == POSTMAN.id else second
    (shown,) = author.field.world.where(Referral)
    assert shown == next(row for row in _referrals(box) if row.id == held.id)
    assert shown.status is ReferralStatus.JOINED
    await _end(*people)


async def _old_app(box: Box) -> None:
    """11: work of an app of half a year ago is shown rightly, and understood."""
    postman = await box.phone_of(POSTMAN)
    await postman.field.record("submit_referral", lead(postman.field, "陈大文", "13800000001"))
    await postman.field.stop()
    name = "submit_referral"
    now = dataclasses.replace(mutations.MUTATIONS[name], version=2)
    mutations.MUTATIONS[name], former = now, mutations.MUTATIONS[name]
    upcasters.UPCASTERS[name, 1] = lambda args: {**args, "note": "旧版"}
    try:
        box.move([postman], days=180)
        await postman.restart()
        (shown,) = _leads(postman)
        assert shown.note == "旧版"
        await postman.sync()
    finally:
        mutations.MUTATIONS[name] = former
        del upcasters.UPCASTERS[name, 1]
    assert postman.states() == {OutboxState.OK}
    with box.session() as session:
        assert session.scalars(sa.select(OpModel.v)).all() == [1]
    assert [row.note for row in _referrals(box)] == ["旧版"]
    await _end(postman)


async def _ten_days_out(box: Box) -> None:
    """12: ten days without network; the PIN opens, records are kept, and all of it arrives."""
    postman, manager = await box.phone_of(POSTMAN), await box.phone_of(MANAGER)
    postman.adapter.is_cut = True
    for day in range(10):
        box.move([postman], days=1)
        await postman.field.stop()
        postman.field._device.journal.close()  # type: ignore[attr-defined]
        postman.field = type(postman.field)(postman.device())
        assert await postman.field.load() is FieldState.LOCKED
        await postman.field.unlock(PIN)
        await postman.field.record("submit_referral", lead(postman.field, f"客户{day}", None))
        assert (await postman.field.sync_now()).phase is Phase.OFFLINE
    assert postman.field.status.waiting == 10
    postman.adapter.is_cut = False
    await postman.sync()
    await manager.sync()
    assert postman.states() == {OutboxState.OK}
    assert len(_referrals(box)) == 10
    await _end(postman, manager)


def _referrals(box: Box) -> list[Referral]:
    return cast("list[Referral]", box.rows()[Referral])


def _leads(person: Person) -> list[Any]:
    world = person.field.world
    return [
        _Shown(row.status, row.note, customer.name)
        for row in world.where(Referral)
        if (customer := world.get(Customer, row.customer_id)) is not None
    ]


@dataclasses.dataclass(frozen=True)
class _Shown:
    status: ReferralStatus
    note: str
    customer_name: str


test_story_3_a_lost_phone = told(_lost_phone)
test_story_4_a_wrong_clock = told(_wrong_clock)
test_story_5_two_postmen_one_farmer = told(_one_farmer)
test_story_11_an_old_app = told(_old_app)
test_story_12_ten_days_without_network = told(_ten_days_out)
