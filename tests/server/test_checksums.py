"""A phone that lost a row without noticing is told, and fetches its rows anew."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from server.models.sync import FeedEntryModel
from shared.domain.referral import NamedReferral, Referral
from shared.domain.village import Village
from shared.wire.checksum import table_sums
from tests.server.field_county import MANAGER, POSTMAN, VILLAGE
from tests.server.test_restore import Box, box, lead

__all__ = ["box"]

HOUR_MS = 3_600_000


def test_sums_differ_by_any_row_or_revision() -> None:
    rows = [("referral", "A", 1), ("referral", "B", 2), ("visit", "C", 1)]
    sums = table_sums(rows)
    assert table_sums(reversed(rows)) == sums
    assert table_sums(rows[1:]) != sums
    assert table_sums([("referral", "A", 2), *rows[1:]])["visit"] == sums["visit"]
    assert table_sums([("referral", "A", 2), *rows[1:]])["referral"] != sums["referral"]
    assert table_sums([]) == {}


def test_phones_that_hold_all_are_left_in_peace(box: Box) -> None:
    async def tell() -> None:
        postman, manager = [await box.phone_of(one) for one in (POSTMAN, MANAGER)]
        args = lead(postman.field, "陈大文", "13800000001")
        await postman.do("submit_referral", args)
        await manager.sync()
        await manager.do("accept_referral", NamedReferral(id=args.id))
        for hours in (1, 25, 26, 52):
            box.move([postman, manager], days=0)
            for person in (postman, manager):
                person.clock.pass_s(hours * 3600)
                before = person.adapter.requests
                await person.sync()
                assert person.adapter.requests == before + 1
                assert not person.field.status.replica_rebuilt

    asyncio.run(tell())


@pytest.mark.parametrize("kind", ["lost here", "taken away unheard"])
def test_what_differs_is_right_again_within_a_day(box: Box, kind: str) -> None:
    async def tell() -> None:
        postman = await box.phone_of(POSTMAN)
        args = lead(postman.field, "陈大文", "13800000001")
        await postman.do("submit_referral", args)
        replica = postman.field._open.holdings.replica
        if kind == "lost here":
            key = (Referral.TABLE, args.id)
            with replica._transaction():
                replica._delete([key])
                replica._set_mark("sum", replica._sum_after({key: None}))
            replica._take({key: None})
            await postman.restart()
            assert postman.field.world.get(Referral, args.id) is None
        else:
            with box.session() as session, session.begin():
                entry = FeedEntryModel
                session.execute(sa.delete(entry).where(entry.row_id == VILLAGE.id))
        await postman.sync()
        postman.clock.pass_s(25 * 3600)
        box.move([], days=1)
        await postman.sync()
        assert postman.field.world.get(Referral, args.id) is not None
        village = postman.field.world.get(Village, VILLAGE.id)
        assert (village is None) == (kind == "taken away unheard")
        before = postman.adapter.requests
        await postman.sync()
        assert postman.adapter.requests == before + 1

    asyncio.run(tell())
