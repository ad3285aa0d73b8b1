"""A record, a notice, an ended lead: each says whom or what it is about, and what is true of it."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest

from client.strings import Language, Words
from client.views.about import record_about, row_about, said_notice
from shared.domain.notice import Notice, NoticeKind
from shared.domain.points import PointsEntry
from shared.domain.referral import Referral, ReferralStatus
from tests.client.views import desk_rows
from tests.client.views.demo_rows import CARD, LEAD, ME, SALE, postman_field, row_id
from tests.client.views.fake_field import NOW, FakeField
from tests.client.views.harness import Screen

WORDS = Words(Language.CHINESE)
CHINESE_ENDS = {
    ReferralStatus.VOID: "支局长已作废这条线索",
    ReferralStatus.WITHDRAWN: "您已撤回这条线索",
    ReferralStatus.LOST: "这次没办成",
    ReferralStatus.JOINED: "已并入先记的那一条",
    ReferralStatus.CARED_FOR: "已转成关怀卡",
    ReferralStatus.VERIFIED: "已经办成",
    ReferralStatus.ACCEPTED: "已有同事接着办",
}


def ended(field: FakeField, status: ReferralStatus) -> None:
    lead = field.world.get(Referral, LEAD)
    assert lead is not None
    field.world.put(replace(lead, status=status, ended_reason="重复"))


def notice(field: FakeField, object_table: str, object_id: str) -> None:
    field.world.put(
        Notice(
            id=row_id(900),
            for_id=field.me.id,
            kind=NoticeKind.POINTS_APPROVED,
            object_table=object_table,
            object_id=object_id,
            at=NOW - dt.timedelta(hours=1),
        )
    )


@pytest.mark.parametrize("status", CHINESE_ENDS, ids=str)
def test_lead_that_can_not_be_changed_says_the_true_reason(status: ReferralStatus) -> None:
    async def story() -> None:
        field = postman_field()
        ended(field, status)
        screen = await Screen().open(field, route=f"/postman/lead/{LEAD}")
        shown = [one for one in CHINESE_ENDS.values() if screen.shows(one)]
        assert shown == [CHINESE_ENDS[status]]
        with pytest.raises(AssertionError):
            screen.button("改正")
        await screen.close()

    asyncio.run(story())


def test_sync_page_names_what_waits_and_whom_it_is_about() -> None:
    async def story() -> None:
        field = postman_field()
        field.online = False
        screen = await Screen().open(field)
        for text in ("记线索", "存款", "很高"):
            await screen.tap(text)
        await screen.type("称呼或姓名", "王叔")
        await screen.tap("客户已同意，保存")
        for text in ("报出售日", "西瓜", "明天", "保存"):
            await screen.tap(text)
        screen.app.navigation.open(f"/postman/care/{CARD}")
        await screen.settle()
        await screen.tap("记下这次回访")
        screen.app.navigation.open("/sync")
        await screen.settle()
        texts = screen.texts()
        for what, whom in (
            ("记线索", "王叔 · 东坑村"),
            ("报出售日", "东坑村 · 西瓜"),
            ("回访", "吴婶 · 西塘村"),
        ):
            assert texts[texts.index(what) + 1] == whom
        await screen.tap("王叔 · 东坑村")
        assert screen.app.navigation.location == "/record/1"
        assert screen.shows("王叔 · 东坑村")
        await screen.close()

    asyncio.run(story())


def test_record_names_what_was_typed_also_when_the_server_refused_it() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        for text in ("记线索", "存款", "很高"):
            await screen.tap(text)
        await screen.type("称呼或姓名", "王叔")
        await screen.tap("客户已同意，保存")
        (new,) = [one.id for one in field.world.where(Referral) if one.id != LEAD]
        del field.world.tables[Referral][new]
        (item,) = field.outbox()
        assert record_about(field.world, item, WORDS) == "王叔 · 东坑村"
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("table", "object_id", "about"),
    [
        (PointsEntry.TABLE, row_id(50), "符伯 · 东坑村"),
        (Referral.TABLE, LEAD, "符伯 · 东坑村"),
        ("harvest_date", SALE, "东坑村 · 尖椒"),
        ("care_card", CARD, "吴婶 · 西塘村"),
    ],
)
def test_notice_names_what_it_is_about(table: str, object_id: str, about: str) -> None:
    async def story() -> None:
        field = postman_field()
        notice(field, table, object_id)
        screen = await Screen().open(field, route="/postman/inbox")
        texts = screen.texts()
        assert texts[texts.index("积分已确认") + 1] == about
        await screen.close()

    asyncio.run(story())


def test_desk_notice_of_points_names_the_lead() -> None:
    async def story() -> None:
        field = desk_rows.manager_field()
        entry = field.world.where(PointsEntry)[0]
        notice(field, PointsEntry.TABLE, entry.id)
        screen = await Screen().open(field, route="/wm/news")
        texts = screen.texts()
        about = texts[texts.index("积分已确认") + 1]
        assert about == row_about(field.world, entry.evidence_id, WORDS)
        assert about
        await screen.close()

    asyncio.run(story())


def test_notice_of_a_voided_lead_does_not_say_that_it_was_lost() -> None:
    field = postman_field()
    told = Notice(
        id=row_id(901),
        for_id=field.me.id,
        kind=NoticeKind.REFERRAL_LOST,
        object_table=Referral.TABLE,
        object_id=LEAD,
        at=NOW,
    )
    assert said_notice(field.world, told, WORDS) == "线索没办成"
    ended(field, ReferralStatus.VOID)
    assert said_notice(field.world, told, WORDS) == "线索被支局长作废"


def test_row_that_the_phone_does_not_hold_is_about_nothing() -> None:
    assert row_about(postman_field().world, row_id(999), WORDS) == ""
    assert row_about(postman_field().world, ME.id, WORDS) == "陈大顺"
