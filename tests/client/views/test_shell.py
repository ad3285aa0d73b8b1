"""The frame: tabs, the honest indicator, what waits, points apart, records with their state."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt

import flet as ft
import pytest

from client.components.sync_chip import sync_words
from client.design import SUNLIGHT
from client.state import Lighting
from client.status import OutboxState, Phase
from client.strings import Language, Words
from shared.domain.customer import Customer, CustomerContact, contact_id_of
from shared.domain.people import Role
from shared.domain.referral import Referral, ReferralStatus
from tests.client.views.demo_rows import LEAD, ME, POSTMAN, SALE, postman_field, row_id, world
from tests.client.views.fake_field import FakeField
from tests.client.views.harness import DESK, Screen


async def lead(screen: Screen) -> None:
    for text in ("记线索", "存款", "很高", "客户已同意，保存"):
        await screen.tap(text)


def test_phone_has_a_bar_and_a_desk_has_a_rail() -> None:
    async def story() -> None:
        phone = await Screen().open(postman_field())
        (bar,) = phone.all(ft.NavigationBar)
        assert [one.label for one in bar.destinations] == ["今天", "出售", "记录", "积分", "待办"]
        desk = await Screen().open(postman_field(), size=DESK)
        assert not desk.all(ft.NavigationBar)
        await desk.tap("积分")
        assert desk.app.navigation.location == "/postman/points"
        await phone.close()
        await desk.close()

    asyncio.run(story())


def test_window_made_wide_changes_the_bar_into_a_rail() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field())
        await screen.fire(screen.page, "resize", {"width": 1280, "height": 800})
        assert not screen.all(ft.NavigationBar)
        assert screen.shows("陈大顺")
        await screen.close()

    asyncio.run(story())


def test_somebody_of_two_roles_changes_between_them() -> None:
    async def story() -> None:
        both = dataclasses.replace(ME, roles=(Role.POSTMAN, Role.WEALTH_MANAGER))
        screen = await Screen().open(FakeField(both, world()))
        await screen.tap("理财经理")
        assert screen.app.navigation.location.startswith("/wm/")
        await screen.tap("投递员")
        assert screen.shows("今天的村")
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def test_way_back_closes_what_was_opened() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field())
        await screen.tap("记线索")
        await screen.tap("返回")
        assert screen.app.navigation.location == "/"
        await screen.tap("记线索")
        form = screen.app.navigation.location
        await screen.fire(screen.page, "route_change", {"route": "/"})
        assert screen.app.navigation.location == "/"
        await screen.fire(screen.page, "route_change", {"route": form})  # And forward again.
        assert screen.app.navigation.location == form
        await screen.close()

    asyncio.run(story())


def test_reload_in_a_form_comes_back_to_it() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(), route=f"/postman/sale/{SALE}")
        assert screen.app.navigation.stack == ("/", f"/postman/sale/{SALE}")
        await screen.close()

    asyncio.run(story())


def test_location_of_another_role_shows_the_first_tab() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(), route="/branch/approvals")
        assert screen.shows("今天的村")
        await screen.close()

    asyncio.run(story())


def test_indicator_counts_what_is_on_the_phone_only() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await lead(screen)
        await lead(screen)
        assert screen.shows("2 条在本机")
        await screen.tap("2 条在本机 · 未上传")
        assert screen.shows("在本机、还没上传的")
        await screen.tap("现在同步")
        assert screen.shows("都同步好了")
        assert screen.shows("都上传了")
        await screen.close()

    asyncio.run(story())


def test_sync_page_shows_what_needs_the_person_and_deals_with_it_there() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await lead(screen)
        field.settle(1, OutboxState.REJECTED, "stale-object")
        await screen.settle()
        await screen.tap("1 条要您处理")
        assert screen.app.navigation.location == "/sync"
        assert screen.shows("没被接受：记线索 东坑村村民 · 东坑村")
        assert screen.shows(screen.app.words.problem("stale-object"))
        await screen.tap("知道了")
        assert not screen.shows("没被接受")
        assert field.status.needs_me == 0
        await screen.close()

    asyncio.run(story())


def test_screen_is_drawn_anew_for_records_and_the_hour_and_not_for_the_syncs_phase() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        drawn: list[str] = []
        screen.app.keep(lambda _, changed: drawn.append(changed), screen.app.world.subscribe)
        for phase in (Phase.SYNCING, Phase.IDLE, Phase.OFFLINE):
            field.status = dataclasses.replace(field.status, phase=phase)
            screen.app.refresh()
        assert drawn == []
        assert screen.app.sync.status.phase is Phase.OFFLINE
        field.at += dt.timedelta(hours=16)
        screen.app.refresh()
        assert drawn == ["quarter"]
        field.changed()
        assert drawn == ["quarter", "version"]
        await screen.close()

    asyncio.run(story())


def test_sync_page_says_that_there_is_no_network_and_nothing_is_lost() -> None:
    async def story() -> None:
        field = postman_field()
        field.online = False
        screen = await Screen().open(field, route="/sync")
        await screen.tap("现在同步")
        assert screen.shows("连不上服务器")
        assert screen.shows("都存在手机里")
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("device-revoked", "这台手机已被停用"),
        ("unauthenticated", "重新登记这台手机"),
        ("forked", "在另一处也同步过"),
    ],
)
def test_paused_sync_stands_over_every_screen(slug: str, said: str) -> None:
    async def story() -> None:
        field = postman_field()
        field.status = dataclasses.replace(field.status, phase=Phase.PAUSED, pause_slug=slug)
        screen = await Screen().open(field)
        assert screen.shows(said)
        assert screen.shows("记录都上传过了")
        await lead(screen)
        assert screen.shows("没上传的 1 条都还在手机里")
        (message,) = [one for one in screen.texts() if one.startswith("已存在手机里，没有上传。")]
        assert said in message
        assert "自动" not in message
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("change", "said", "tone"),
    [
        ({"pause_slug": "forked"}, "同步暂停", "bad"),
        ({"needs_me": 2}, "2 条要您处理", "bad"),
        ({"waiting": 3}, "3 条在本机 · 未上传", "wait"),
        ({"last_contact_at": None}, "还没联系上", "wait"),
        ({"phase": Phase.OFFLINE}, "没有网络", "plain"),
        ({}, "已同步", "good"),
    ],
)
def test_indicator_says_the_worst_first(change: dict[str, object], said: str, tone: str) -> None:
    status = dataclasses.replace(postman_field().status, **change)  # type: ignore[arg-type]
    text, shown, _ = sync_words(status, Words(Language.CHINESE))
    assert (text, shown) == (said, tone)


def test_record_goes_from_the_phone_to_a_receipt_to_the_wealth_manager() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await lead(screen)
        screen.app.navigation.switch("/postman/records")
        await screen.settle()
        assert "在本机 · 未上传" in screen.texts()
        field.settle(1, OutboxState.OK)
        await screen.settle()
        assert screen.shows("服务器已收到")
        assert screen.shows("回执号 8001")
        (new,) = [one for one in field.world.where(Referral) if one.id != LEAD]
        routed = dataclasses.replace(
            new, status=ReferralStatus.ROUTED, wealth_manager_id=row_id(4), receipt_number=8001
        )
        field.world.put(routed)
        field.changed()
        await screen.settle()
        assert screen.shows("已转给 林晓梅")
        await screen.close()

    asyncio.run(story())


def test_refused_record_is_sent_again_with_all_that_was_typed() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        for text in ("记线索", "存款", "很高"):
            await screen.tap(text)
        await screen.type("称呼或姓名", "王叔")
        await screen.tap("客户已同意，保存")
        (new,) = [one for one in field.world.where(Referral) if one.id != LEAD]
        del field.world.tables[Referral][new.id]  # The server refused it: the row never came.
        field.settle(1, OutboxState.REJECTED, "out-of-scope")
        await screen.settle()
        screen.app.navigation.switch("/postman/inbox")
        await screen.settle()
        assert screen.shows("这条记录不归您管")
        await screen.tap("改一改，重新提交")
        (name,) = screen.all(ft.TextField, label="称呼或姓名")
        assert name.value == "王叔"
        await screen.tap("客户已同意，保存")
        assert len(field.recorded) == 2
        assert field.status.needs_me == 0
        await screen.close()

    asyncio.run(story())


def test_lead_is_corrected_and_taken_back_while_nobody_has_acted_on_it() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await lead(screen)
        (new,) = [one for one in field.world.where(Referral) if one.id != LEAD]
        screen.app.navigation.open(f"/postman/lead/{new.id}")
        await screen.settle()
        await screen.tap("改正")
        await screen.tap("国债")
        await screen.type("称呼或姓名", "黄伯")
        await screen.tap("保存改正")
        assert screen.shows("国债")
        assert screen.shows("黄伯")
        await screen.tap("记错了，撤回")
        taken_back = field.world.get(Referral, new.id)
        assert taken_back is not None
        assert taken_back.status is ReferralStatus.WITHDRAWN
        await screen.close()

    asyncio.run(story())


def test_lead_that_was_acted_on_offers_no_correction() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(), route=f"/postman/lead/{LEAD}")
        assert screen.shows("已经办成，不能再改")
        assert screen.shows("林晓梅")
        await screen.close()

    asyncio.run(story())


def test_points_stand_apart_and_explain_themselves() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await lead(screen)
        screen.app.navigation.switch("/postman/points")
        await screen.settle()
        texts = screen.texts()
        for part, points in (("已确认", "3"), ("审核中", "9"), ("未上传", "2")):
            assert texts[texts.index(part) + 1] == points
        screen.app.navigation.open(f"/points/{row_id(50)}")
        await screen.settle()
        assert screen.shows("12 = 2 + 1 + 2 + 7")
        for rests_on in ("积分办法 2026-1 版", "转介卡", "A 级", "转介人", "何支局"):
            assert screen.shows(rests_on)
        await screen.close()

    asyncio.run(story())


def test_english_is_one_tap_away_and_reaches_the_shell() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(), route="/settings")
        await screen.tap("English")
        assert screen.shows("Whose phone this is")
        screen.app.navigation.switch("/postman/today")
        await screen.settle()
        assert screen.shows("Villages today")
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def test_long_lists_mount_a_page_at_a_time() -> None:
    async def story() -> None:
        field = postman_field()
        first = field.world.get(Referral, LEAD)
        assert first is not None
        for number in range(1000, 1600):
            field.world.put(dataclasses.replace(first, id=row_id(number), referrer_id=POSTMAN))
        screen = await Screen().open(field, route="/postman/records")
        rows = [one for one in screen.all(ft.Semantics) if one.key is not None]
        assert len(rows) <= 100
        for _ in range(4):
            await screen.fire(
                next(
                    one for one in screen.all(ft.TextButton) if str(one.content).startswith("再看")
                ),
                "click",
            )
        rows = [one for one in screen.all(ft.Semantics) if one.key is not None]
        assert len(rows) <= 120
        assert screen.shows("看前面的")
        await screen.close()

    asyncio.run(story())


def test_record_is_found_by_what_one_remembers_of_it() -> None:
    async def story() -> None:
        field = postman_field()
        lead = field.world.get(Referral, LEAD)
        assert lead is not None
        for number, (name, phone) in enumerate(
            (("覃阿妹", "13900005678"), ("莫老四", "13900001234"))
        ):
            put_lead(field, lead, 2000 + number, name, phone)
        screen = await Screen().open(field, route="/postman/records")
        for typed, found, hidden in (
            ("qam", "覃阿妹", "莫老四"),
            ("1234", "莫老四", "覃阿妹"),
            ("阿", "覃阿妹", "莫老四"),
        ):
            await screen.type("找人", typed)
            assert screen.shows(found)
            assert not screen.shows(hidden)
        await screen.type("找人", "无此人")
        assert screen.shows("没找到")
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def put_lead(field: FakeField, like: Referral, number: int, name: str, phone: str) -> None:
    """Put a customer with a number and a lead of the postman's into the records."""
    customer = field.world.get(Customer, like.customer_id)
    assert customer is not None
    field.world.put(dataclasses.replace(customer, id=row_id(number), name=name))
    contact = CustomerContact(
        id=contact_id_of(row_id(number)),
        customer_id=row_id(number),
        phone=phone,
        expires_on=dt.date(2027, 1, 1),
    )
    field.world.put(contact)
    lead = dataclasses.replace(
        like, id=row_id(number + 500), customer_id=row_id(number), referrer_id=POSTMAN
    )
    field.world.put(lead)


def test_sunlight_is_chosen_and_kept() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route="/settings")
        await screen.tap("强光下")
        theme = screen.page.theme
        assert theme is not None
        assert theme.scaffold_bgcolor == SUNLIGHT.surface
        await screen.close()
        again = await Screen().open(field)
        assert again.app.look.lighting is Lighting.SUN
        await again.close()

    asyncio.run(story())


def test_motion_is_turned_off_and_stays_off() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route="/settings")
        await screen.tap("关掉")
        await screen.close()
        again = await Screen().open(field)
        assert again.page.theme is not None
        assert again.page.theme.splash_color == ft.Colors.TRANSPARENT
        (bar,) = again.all(ft.NavigationBar)
        assert bar.animation_duration == 0
        await again.close()

    asyncio.run(story())


def test_large_type_reaches_what_is_typed() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(), route="/postman/lead")
        assert all(one.text_size is None for one in screen.all(ft.TextField))
        await screen.close()

    asyncio.run(story())


def test_way_of_a_months_points_is_drawn_and_said() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(), route="/postman/points")
        assert screen.shows("2026年11月：2 项，已确认 1 项，1 项等审批，最早从11月20日等起")
        await screen.tap("上个月")
        assert not screen.shows("等审批，")
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def test_language_is_kept_for_the_next_start() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route="/settings")
        await screen.tap("English")
        await screen.close()
        again = await Screen().open(field)
        assert again.shows("Villages today")
        await again.close()

    asyncio.run(story())


def test_news_open_what_they_are_about_and_count_as_seen() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route="/postman/inbox")
        assert screen.shows("新")
        news = screen.button("出售日期变了")
        await screen.fire(news, "click")
        assert screen.app.navigation.location == f"/postman/sale/{SALE}"
        assert [name for name, _ in field.recorded] == ["see_notice"]
        await screen.close()

    asyncio.run(story())


def test_phone_that_the_server_no_longer_knows_takes_a_new_code() -> None:
    async def story() -> None:
        field = postman_field()
        field.status = dataclasses.replace(
            field.status, phase=Phase.PAUSED, pause_slug="unauthenticated"
        )
        screen = await Screen().open(field)
        await screen.tap("用新登记码")
        assert screen.all(ft.TextField, label="登记码")
        await screen.close()

    asyncio.run(story())


def test_first_sync_says_that_the_villages_are_on_their_way() -> None:
    async def story() -> None:
        field = FakeField(ME)
        field.status = dataclasses.replace(
            field.status, phase=Phase.SYNCING, pages_done=3, last_contact_at=None
        )
        screen = await Screen().open(field)
        assert screen.shows("正在下载您的村和客户")
        assert screen.shows("第 3 页")
        field.status = dataclasses.replace(field.status, last_contact_at=field.now())
        field.changed()
        await screen.settle()
        assert screen.shows("还没下载完")
        assert not screen.shows("已同步")
        assert not screen.shows("今天没有排给您的村")
        field.status = dataclasses.replace(field.status, phase=Phase.OFFLINE)
        field.changed()
        await screen.settle()
        assert screen.shows("有信号时自动下载")
        # What is promised there can be done, and nothing is said of what nobody knows yet.
        assert not screen.shows("两周内没有听说出售")
        await screen.tap("记线索")
        assert screen.app.navigation.location == "/postman/lead"
        screen.app.navigation.back()
        await screen.settle()
        for row in world():
            field.rows.put(row)
        field.changed()
        await screen.settle()
        assert not screen.shows("下载")
        assert screen.shows("东坑村")
        await screen.close()

    asyncio.run(story())
