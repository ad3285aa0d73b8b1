"""What the wealth manager can do, tap by tap, on the real screens over the real rules."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import flet as ft
import pytest

from shared.domain.care_card import CareCard
from shared.domain.notice import Notice
from shared.domain.referral import AmountBand, Referral, ReferralStatus
from shared.domain.refusals import RefusedError
from shared.domain.visit import CallAttempt, CallResult, Visit, VisitStatus
from tests.client.views import desk_rows
from tests.client.views.fake_field import FakeField
from tests.client.views.harness import DESK, PHONE, Screen

S = ReferralStatus


def on_screen(
    work: Callable[[Screen, FakeField], Awaitable[None]],
    *,
    at: str = "/wm/leads",
    size: tuple[int, int] = PHONE,
) -> None:
    """Do *work* on the wealth manager's screen; no handler may end in Flet's error card."""

    async def run() -> None:
        field = desk_rows.manager_field()
        screen = await Screen().open(field, size=size)
        screen.app.navigation.switch("/wm/leads")
        if at != "/wm/leads":
            screen.app.navigation.open(at)
        await screen.settle()
        screen.taps = 0
        await work(screen, field)
        assert screen.conn.crashes == []
        await screen.close()

    asyncio.run(run())


def lead(field: FakeField, lead_id: str) -> Referral:
    found = field.world.get(Referral, lead_id)
    assert found is not None
    return found


def test_leads_show_name_village_need_interest_cash_and_deadline() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        assert screen.shows("符伯")
        assert screen.shows("东坑村 · 存款 · 意向很高 · 5 万–20 万")
        assert screen.shows("周六 11月28日到账")
        assert screen.shows("11:54 前答复")

    on_screen(work)


def test_leads_say_why_me_in_plain_words() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        assert screen.shows("为什么是我：东坑村由您负责")

    on_screen(work)


def test_an_overdue_lead_stands_first() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        texts = screen.texts()
        late = next(at for at, text in enumerate(texts) if "请马上答复" in text)
        in_time = next(at for at, text in enumerate(texts) if "11:54 前答复" in text)
        assert late < in_time

    on_screen(work)


def test_a_lead_is_accepted_in_one_tap_from_the_list() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("受理")
        assert screen.taps <= 2
        assert lead(field, desk_rows.SECOND_LEAD).status is S.ACCEPTED
        assert field.recorded[0][0] == "accept_referral"

    on_screen(work)


def test_a_lead_is_accepted_from_its_page() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("受理")
        assert lead(field, desk_rows.NEW_LEAD).status is S.ACCEPTED
        assert screen.shows("安排走访")

    on_screen(work, at=f"/wm/lead/{desk_rows.NEW_LEAD}")


def test_a_lead_is_declined_with_a_reason_from_a_chip() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("不接")
        await screen.tap("手上客户太多")
        await screen.tap("退回这条")
        name, args = field.recorded[0]
        assert name == "decline_referral"
        assert args.reason == "手上客户太多"
        assert screen.taps == 3

    on_screen(work)


def test_a_lead_is_not_declined_without_a_reason() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("不接")
        with pytest.raises(AssertionError):
            screen.button("退回这条")
        assert field.recorded == []

    on_screen(work)


def test_a_refused_answer_is_said_and_changes_nothing() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        field.failure = RefusedError("storage-full")
        await screen.tap("受理")
        assert screen.shows(screen.app.words.problem("storage-full"))
        assert lead(field, desk_rows.SECOND_LEAD).status is S.ROUTED

    on_screen(work)


def test_a_number_is_masked_and_a_call_is_recorded_with_its_result() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        assert not any(text.isdigit() and len(text) == 11 for text in screen.texts())
        assert any("****" in text for text in screen.texts())
        await screen.tap("打电话")
        await screen.tap("接通了")
        calls = field.world.where(CallAttempt, referral_id=desk_rows.ACCEPTED)
        assert CallResult.REACHED in [call.result for call in calls]

    on_screen(work, at=f"/wm/lead/{desk_rows.ACCEPTED}")


def test_the_prompt_names_the_wealth_manager_before_the_customer() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        prompt = next(text for text in screen.texts() if "先报理财经理" in text)
        assert prompt.index("林晓梅") < prompt.index("蔡叔")
        assert screen.shows("从业11年")

    on_screen(work, at=f"/wm/lead/{desk_rows.ACCEPTED}")


def test_a_visit_is_scheduled_for_the_sale_day_with_the_crops_kit_in_two_taps() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("安排走访")
        await screen.tap("定在11月26日")
        assert screen.taps <= 4
        (visit,) = [
            one
            for one in field.world.where(Visit, harvest_date_id=desk_rows.SALE)
            if desk_rows.ACCEPTED in one.referral_ids
        ]
        assert visit.status is VisitStatus.SCHEDULED
        assert visit.kit == ("毛巾", "手套", "饮用水", "宣传单")
        assert lead(field, desk_rows.ACCEPTED).status is S.VISIT_SET

    on_screen(work, at=f"/wm/lead/{desk_rows.ACCEPTED}")


def test_a_visit_can_be_scheduled_for_the_payout_day() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("到账日")
        await screen.tap("定在11月28日")
        (visit,) = field.world.where(Visit, harvest_date_id=desk_rows.SALE)
        assert visit.planned_on.isoformat() == "2026-11-28"

    on_screen(work, at=f"/wm/schedule?lead={desk_rows.ACCEPTED}")


def test_planning_warns_of_another_visit_that_day() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        await screen.tap("今天")
        assert screen.shows("那天还有 1 个走访")

    on_screen(work, at=f"/wm/schedule?lead={desk_rows.ACCEPTED}")


def test_a_second_lead_of_the_same_sale_joins_the_visit_that_is_planned() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("定在今天")
        visits = field.world.where(Visit, harvest_date_id=desk_rows.NEAR_SALE)
        assert [visit.id for visit in visits] == [desk_rows.VISIT]

    on_screen(work, at=f"/wm/schedule?sale={desk_rows.NEAR_SALE}")


def test_a_visit_is_packed_checked_in_and_finished_with_the_escorted_counted() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("手套")
        await screen.tap("到村了，签到")
        await screen.tap("结束走访")
        await screen.tap("装车")
        (more,) = screen.all(ft.IconButton, tooltip="多一位")
        await screen.fire(more, "click")
        await screen.fire(screen.all(ft.IconButton, tooltip="多一位")[0], "click")
        await screen.tap("走访完成")
        visit = field.world.get(Visit, desk_rows.VISIT)
        assert visit is not None
        assert visit.kit_packed == ("毛巾", "手套")
        assert visit.status is VisitStatus.DONE
        assert (visit.help_done, visit.escorted) == ("装车", 2)

    on_screen(work, at=f"/wm/visit/{desk_rows.VISIT}")


def test_a_visit_that_was_missed_keeps_its_customers() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("没去成")
        await screen.tap("天气")
        await screen.tap("记为没去成")
        assert lead(field, desk_rows.SET).status is S.ACCEPTED

    on_screen(work, at=f"/wm/visit/{desk_rows.VISIT}")


def test_meeting_a_visited_customer_records_the_parts_that_were_done() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("见到客户了")
        await screen.tap("转介信任")
        await screen.tap("记下见面")
        met = lead(field, desk_rows.SET)
        assert met.status is S.MET
        assert (met.customer_part_id, met.trust_part_id) == (desk_rows.LIN, None)

    on_screen(work, at=f"/wm/lead/{desk_rows.SET}")


def test_meeting_a_customer_who_came_to_the_outlet_hands_them_over_first() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("见到客户了")
        await screen.tap("记下见面")
        assert [name for name, _ in field.recorded] == ["hand_over_referral", "meet_referral"]
        assert lead(field, desk_rows.ACCEPTED).is_complete

    on_screen(work, at=f"/wm/lead/{desk_rows.ACCEPTED}")


def test_a_success_is_recorded_with_voucher_number_and_band() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("办成了")
        await screen.type("凭证号", "lm2611-0999")
        await screen.tap("20 万–100 万")
        await screen.tap("提交成功")
        won = lead(field, desk_rows.MET)
        assert won.status is S.SUCCEEDED
        assert (won.voucher_number, won.result_band) == ("LM2611-0999", AmountBand.FROM_200K)

    on_screen(work, at=f"/wm/lead/{desk_rows.MET}")


def test_a_number_as_long_as_an_account_is_not_taken_as_a_voucher() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.type("凭证号", "6217000010001234567")
        assert screen.shows("可能是账号")
        with pytest.raises(AssertionError):
            screen.button("提交成功")
        assert field.recorded == []

    on_screen(work, at=f"/wm/lead/{desk_rows.MET}/succeed")


def test_a_lead_is_lost_with_a_reason() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("没办成")
        await screen.tap("钱已用掉")
        await screen.tap("结束这条")
        assert lead(field, desk_rows.MET).ended_reason == "钱已用掉"

    on_screen(work, at=f"/wm/lead/{desk_rows.MET}")


def test_a_lead_becomes_a_care_card_dated_by_the_payout() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("转关怀卡")
        await screen.tap("建立关怀卡")
        (card,) = field.world.where(CareCard, referral_id=desk_rows.ACCEPTED)
        assert card.next_contact_on.isoformat() == "2026-11-28"
        assert screen.taps == 2

    on_screen(work, at=f"/wm/lead/{desk_rows.ACCEPTED}")


def test_the_calendar_warms_the_days_of_sales_and_plans_a_visit_from_one() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        names = [one.label for one in screen.all(ft.Semantics) if one.label]
        assert any("2 处出售" in name and "农历十月十八" in name for name in names)
        await screen.tap("26")
        await screen.tap("东坑村 尖椒出售")
        assert screen.app.navigation.location == f"/wm/schedule?sale={desk_rows.SALE}"

    on_screen(work, at="/wm/calendar")


def test_the_day_shows_visits_sales_and_whom_to_see_again() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        assert screen.shows("走访西塘村")
        assert screen.shows("西塘村 尖椒出售")
        assert screen.shows("何婆")
        assert screen.shows("还没人去的出售（3）")

    on_screen(work, at="/wm/day")


def test_a_desk_shows_the_lead_beside_the_list() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        await screen.tap("蔡叔")
        assert screen.app.navigation.location == "/wm/leads"
        assert screen.shows("安排走访")
        assert screen.shows("先报理财经理")

    on_screen(work, size=DESK)


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("at", ["/wm/leads", "/wm/calendar", "/wm/day", "/wm/progress"])
def test_every_tab_draws_with_nothing_to_show(at: str, size: tuple[int, int]) -> None:
    async def run() -> None:
        screen = await Screen().open(FakeField(desk_rows.MANAGER), size=size)
        screen.app.navigation.switch(at)
        await screen.settle()
        assert not screen.shows(screen.app.words("error.screen"))
        assert screen.conn.crashes == []
        await screen.close()

    asyncio.run(run())


@pytest.mark.parametrize("at", ["/wm/leads", f"/wm/lead/{desk_rows.NEW_LEAD}", "/wm/calendar"])
def test_no_more_than_two_hundred_rows_are_mounted(at: str) -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        rows: list[Any] = [one for one in screen.all(ft.Semantics) if one.button]
        assert len(rows) <= 200

    on_screen(work, at=at)


def test_news_open_what_they_are_about_and_are_seen_then() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("有线索转给您")
        assert screen.app.navigation.location == f"/wm/lead/{desk_rows.NEW_LEAD}"
        assert field.recorded[0][0] == "see_notice"

    on_screen(work, at="/wm/news")


def test_a_wealth_manager_can_refer_too() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        await screen.tap("记线索")
        assert screen.app.navigation.location == "/postman/lead"
        assert screen.shows("存款")

    on_screen(work, at="/wm/progress")


def test_a_voucher_number_half_typed_survives_a_kill() -> None:
    async def story() -> None:
        field = desk_rows.manager_field()
        for typed in ("LM26", ""):
            screen = await Screen().open(field)
            screen.app.navigation.switch("/wm/leads")
            screen.app.navigation.open(f"/wm/lead/{desk_rows.MET}/succeed")
            await screen.settle()
            if typed:
                await screen.type("凭证号", typed)
            else:
                assert screen.all(ft.TextField, label="凭证号")[0].value == "LM26"
            await screen.close()

    asyncio.run(story())


def test_a_reason_half_typed_survives_a_kill() -> None:
    async def story() -> None:
        field = desk_rows.manager_field()
        at = f"/wm/lead/{desk_rows.MET}/lose"
        first = await Screen().open(field)
        first.app.navigation.switch("/wm/leads")
        first.app.navigation.open(at)
        await first.settle()
        await first.tap("其他原因")
        await first.type("写清原因", "搬去")
        await first.close()
        again = await Screen().open(field)
        again.app.navigation.switch("/wm/leads")
        again.app.navigation.open(at)
        await again.settle()
        assert again.all(ft.TextField, label="写清原因")[0].value == "搬去"
        await again.close()

    asyncio.run(story())


def test_a_visit_that_a_colleague_proposes_is_shown_whatever_its_day() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        visit = field.world.get(Visit, desk_rows.VISIT)
        assert visit is not None
        later = replace(
            visit,
            id=desk_rows.row_id(410),
            status=VisitStatus.PROPOSED,
            planned_on=desk_rows.TODAY + desk_rows.days(9),
        )
        field.world.put(later)
        field.changed()
        await screen.settle()
        assert screen.shows("同事建议的走访（1）")

    on_screen(work, at="/wm/day")


def test_a_day_with_several_villages_shows_where_they_lie() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        assert not screen.shows("在哪里")
        for _step in range(3):
            await screen.fire(screen.all(ft.IconButton, tooltip="后一天")[0], "click")
        assert screen.shows("在哪里")
        assert screen.shows("最远约 6 公里")

    on_screen(work, at="/wm/day")


def test_the_calendar_shows_the_seasons_of_the_crops() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        names = [one.label for one in screen.all(ft.Semantics) if one.label]
        assert "尖椒：1月、2月、11月、12月出售" in names

    on_screen(work, at="/wm/calendar")


def test_all_news_are_seen_in_one_tap() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("全部看过（2）")
        assert all(one.seen_at for one in field.world.where(Notice, for_id=desk_rows.LIN))

    on_screen(work, at="/wm/news")
