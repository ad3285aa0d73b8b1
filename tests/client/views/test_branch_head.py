"""What the branch head can decide, tap by tap, on the real screens over the real rules."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import flet as ft
import pytest

from client.views.branch_head import WORKPLACE
from client.views.branch_head.leave import stand_ins
from shared.domain.customer import ContactReveal
from shared.domain.people import Device, Leave
from shared.domain.points import PointsEntry, PointsStatus
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.refusals import RefusedError
from shared.domain.village import RoundCover
from tests.client.views import desk_rows
from tests.client.views.desk_rows import ENTRIES, row_id
from tests.client.views.fake_field import FakeField
from tests.client.views.harness import DESK, PHONE, Screen

S = ReferralStatus
CLOCK, CAPPED, SHARED, ESCORTED, UNVERIFIED, OWN = (row_id(ENTRIES + at) for at in range(101, 107))


def on_screen(
    work: Callable[[Screen, FakeField], Awaitable[None]],
    *,
    at: str = "/bh/approvals",
    size: tuple[int, int] = PHONE,
    field: FakeField | None = None,
) -> None:
    """Do *work* on the branch head's screen; no handler may end in Flet's error card."""

    async def run() -> None:
        held = field or desk_rows.head_field()
        screen = await Screen().open(held, size=size)
        screen.app.navigation.switch("/bh/approvals")
        if at != "/bh/approvals":
            screen.app.navigation.open(at)
        await screen.settle()
        screen.taps = 0
        await work(screen, held)
        assert screen.conn.crashes == []
        await screen.close()

    asyncio.run(run())


def entry(field: FakeField, entry_id: str) -> PointsEntry:
    found = field.world.get(PointsEntry, entry_id)
    assert found is not None
    return found


def lead(field: FakeField, lead_id: str) -> Referral:
    found = field.world.get(Referral, lead_id)
    assert found is not None
    return found


def approved(field: FakeField) -> int:
    return len(field.world.where(PointsEntry, status=PointsStatus.APPROVED))


def test_the_bulk_button_stands_under_nothing_but_what_it_approves() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        assert screen.shows("没有异常，可以一起批")
        assert len(screen.all(ft.Checkbox)) == 38
        assert not screen.shows("要逐条看的")
        await screen.tap("逐条看 5")
        assert screen.shows("要逐条看的")
        assert not screen.all(ft.Checkbox)
        with pytest.raises(AssertionError):
            screen.button("批准勾选的 38 条")
        await screen.tap("一起批 38")
        assert screen.button("批准勾选的 38 条")

    on_screen(work)


def test_an_outlet_without_referrals_is_not_told_that_nothing_was_found() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        field.world.tables[Referral].clear()
        screen.app.navigation.switch("/bh/referrals")
        await screen.settle()
        assert screen.shows("网点还没有转介")
        await screen.tap("办成")
        assert screen.shows("没有找到")

    on_screen(work)


def test_number_on_the_tab_counts_what_this_head_may_approve() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        (tab,) = [one for one in WORKPLACE.tabs if one.path == "/bh/approvals"]
        assert tab.count is not None
        assert tab.count(screen.app) == 38 + 5
        assert screen.shows("共 43 条待审批")

    on_screen(work)


def test_exceptions_say_what_they_are() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        await screen.tap("逐条看 5")
        texts = screen.texts()
        for flag in ("手机时钟不准", "可能跨月", "超出当天上限", "几个人分", "凭证待核实"):
            assert flag in texts

    on_screen(work)


def test_a_page_of_points_is_approved_in_two_taps() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("批准勾选的 38 条")
        assert screen.shows("共 38 条，63 分，2 人")
        assert approved(field) == 0
        await screen.tap("确认批准")
        assert screen.taps == 2
        assert approved(field) == 38
        assert len(field.recorded) == 1

    on_screen(work)


def test_an_entry_that_was_unticked_is_not_approved_with_the_page() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        box: Any = screen.all(ft.Checkbox)[0]
        await screen.fire(box, "change", False)
        await screen.tap("批准勾选的 37 条")
        await screen.tap("确认批准")
        assert approved(field) == 37

    on_screen(work)


def test_the_second_tap_can_be_thought_better_of() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("批准勾选的 38 条")
        await screen.tap("不改了")
        assert screen.shows("批准勾选的 38 条")
        assert field.recorded == []

    on_screen(work)


def test_a_page_holds_at_most_forty_entries() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("批准勾选的 40 条")
        await screen.tap("确认批准")
        assert approved(field) == 40
        assert len(screen.all(ft.Checkbox)) == 40

    on_screen(work, field=desk_rows.crowded_field(150))


def test_own_points_are_not_offered_for_approval_and_it_is_said_why() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("不归您 1")
        assert screen.shows("县分公司管理员审批")
        screen.app.navigation.open(f"/bh/entry/{OWN}")
        await screen.settle()
        assert screen.shows(screen.app.words.problem("own-points"))
        with pytest.raises(AssertionError):
            screen.button("驳回")
        assert entry(field, OWN).status is PointsStatus.PENDING

    on_screen(work)


def test_an_entry_says_what_it_rests_on() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        for said in (
            "转介人，70%，+1 分",
            "赖秀云 30%，+1 分",
            "2026-1",
            "A 级：时间可靠",
            "林晓梅受理",
            "办成，凭证号 LM2611-0457，5 万–20 万",
            "东坑村由林晓梅负责",
        ):
            assert screen.shows(said), said

    on_screen(work, at=f"/bh/entry/{SHARED}")


def test_a_wrong_clock_shows_the_interval_that_is_used() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        assert screen.shows("10月30日 08:00 到 11月2日 08:00 之间")
        assert screen.shows("C 级：手机时钟不准")

    on_screen(work, at=f"/bh/entry/{CLOCK}")


def test_an_entry_is_approved_from_its_evidence() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("批准 +1 分")
        assert entry(field, SHARED).status is PointsStatus.APPROVED
        assert screen.app.navigation.location == "/bh/approvals"

    on_screen(work, at=f"/bh/entry/{SHARED}")


def test_an_entry_is_rejected_with_a_reason() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("驳回")
        await screen.tap("重复转介")
        await screen.tap("驳回这条")
        assert entry(field, CLOCK).status is PointsStatus.REJECTED
        assert entry(field, CLOCK).reason == "重复转介"

    on_screen(work, at=f"/bh/entry/{CLOCK}")


def test_a_reason_can_be_given_in_words() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("驳回")
        await screen.tap("其他原因")
        await screen.type("写清原因", "客户说没见过人")
        await screen.tap("驳回这条")
        assert entry(field, CLOCK).reason == "客户说没见过人"

    on_screen(work, at=f"/bh/entry/{CLOCK}")


def test_a_success_is_checked_against_its_voucher_before_its_points() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        assert screen.shows("LM2611-0457")
        with pytest.raises(AssertionError):
            screen.button("批准 +7 分")
        await screen.tap("凭证相符，核实")
        assert lead(field, desk_rows.SUCCEEDED).status is S.VERIFIED

    on_screen(work, at=f"/bh/entry/{UNVERIFIED}")


def test_a_refused_approval_is_said_and_changes_nothing() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("批准勾选的 38 条")
        field.failure = RefusedError("stale-object")
        await screen.tap("确认批准")
        assert screen.shows(screen.app.words.problem("stale-object"))
        assert approved(field) == 0

    on_screen(work)


def test_decisions_show_all_that_waits() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        for heap in ("没有人接（1）", "可能重复，等您定（1）", "凭证待核实（1）"):
            assert screen.shows(heap), heap

    on_screen(work, at="/bh/decisions")


def test_a_held_lead_stands_beside_the_earlier_one_and_is_released() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        assert screen.shows("黄伯")
        assert screen.shows("黄老伯")
        await screen.tap("不是重复，放行")
        assert lead(field, desk_rows.HELD).status is S.RECEIVED

    on_screen(work, at=f"/bh/duplicate/{desk_rows.HELD}")


@pytest.mark.parametrize(
    ("answer", "assist"),
    [("是重复，并入先前的一条", None), ("是重复，但补充了关键信息", desk_rows.WU)],
)
def test_a_held_lead_is_joined_with_or_without_an_assist(answer: str, assist: str | None) -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap(answer)
        assert lead(field, desk_rows.HELD).status is S.JOINED
        assert lead(field, desk_rows.EARLIER).assist_id == assist

    on_screen(work, at=f"/bh/duplicate/{desk_rows.HELD}", size=DESK)


def test_a_lead_without_an_owner_is_assigned_to_the_one_who_covers_the_village() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("指派理财经理")
        assert screen.shows("负责西塘村")
        await screen.tap("确定指派")
        assigned = lead(field, desk_rows.UNASSIGNED)
        assert assigned.status is S.ROUTED
        assert assigned.wealth_manager_id in {desk_rows.LIN, desk_rows.ZHUO}

    on_screen(work, at=f"/bh/referral/{desk_rows.UNASSIGNED}")


def test_a_lead_is_given_to_another_wealth_manager() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("改派")
        await screen.tap("卓志远")
        await screen.tap("确定指派")
        assert lead(field, desk_rows.MET).wealth_manager_id == desk_rows.ZHUO

    on_screen(work, at=f"/bh/referral/{desk_rows.MET}")


def test_a_number_is_revealed_only_with_a_reason_which_is_logged() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        assert not any(text.isdigit() and len(text) == 11 for text in screen.texts())
        await screen.tap("查看号码")
        await screen.tap("处理客户投诉")
        await screen.tap("查看并留记录")
        (look,) = field.world.where(ContactReveal)
        assert (look.by_id, look.reason) == (desk_rows.HEAD, "处理客户投诉")
        assert any(text.isdigit() and len(text) == 11 for text in screen.texts())

    on_screen(work, at=f"/bh/referral/{desk_rows.MET}")


def test_a_lead_is_declared_void_with_a_reason() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("作废这条线索")
        await screen.tap("录错了")
        await screen.tap("作废")
        assert lead(field, desk_rows.UNASSIGNED).status is S.VOID

    on_screen(work, at=f"/bh/referral/{desk_rows.UNASSIGNED}")


def test_referrals_are_found_by_the_name_of_the_customer() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        await screen.type("搜索", "莫大")
        assert screen.shows("共 1 条")
        assert screen.shows("莫大哥")

    on_screen(work, at="/bh/referrals")


def test_who_refers_how_much_shows_counts_and_success_rates_by_person() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        assert screen.shows("每个人转介多少")
        assert screen.shows("陈大顺")
        assert any(text.startswith("成功率 ") and text.endswith("%") for text in screen.texts())
        await screen.tap("按岗位")
        assert screen.shows("投递员")
        assert screen.shows("近六个月")

    on_screen(work, at="/bh/referrers")


def test_phones_that_have_not_synced_lately_stand_first() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        texts = screen.texts()
        assert texts.index("超过一天没同步（2）") < texts.index("一天内同步过（2）")
        assert "4 天没同步" in texts

    on_screen(work, at="/bh/phones")


def test_a_phone_is_reported_lost_in_two_steps() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("报失")
        assert field.recorded == []
        await screen.tap("确认报失")
        device = field.world.get(Device, row_id(104))
        assert device is not None
        assert device.reported_lost_at is not None

    on_screen(work, at="/bh/phones")


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("tab", ["approvals", "decisions", "referrals", "referrers", "phones"])
def test_every_tab_draws_with_nothing_to_show(tab: str, size: tuple[int, int]) -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        assert not screen.shows(screen.app.words("error.screen"))

    on_screen(work, at=f"/bh/{tab}", size=size, field=FakeField(desk_rows.BRANCH_HEAD))


@pytest.mark.parametrize("tab", ["approvals", "decisions", "referrals", "referrers", "phones"])
def test_no_more_than_two_hundred_rows_are_mounted(tab: str) -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        assert len([one for one in screen.all(ft.Semantics) if one.button]) <= 200

    on_screen(work, at=f"/bh/{tab}", size=DESK, field=desk_rows.crowded_field(250))


def test_a_desk_turns_the_pages_of_the_referrals() -> None:
    async def work(screen: Screen, _: FakeField) -> None:
        assert screen.shows("第 1–25 条，共 56 条")
        await screen.fire(screen.all(ft.IconButton, tooltip="下一页")[0], "click")
        assert screen.shows("第 26–50 条，共 56 条")

    on_screen(work, at="/bh/referrals", size=DESK)


def test_a_reversal_of_approved_points_is_proposed_with_a_reason() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("批准 +1 分")
        screen.app.navigation.open(f"/bh/entry/{SHARED}")
        await screen.settle()
        await screen.tap("提请冲正")
        await screen.tap("批错了")
        await screen.tap("提请冲正")
        (reversal,) = field.world.where(PointsEntry, reverses_id=SHARED)
        assert (reversal.points, reversal.status) == (-1, PointsStatus.PENDING)
        assert entry(field, SHARED).status is PointsStatus.APPROVED

    on_screen(work, at=f"/bh/entry/{SHARED}")


def test_what_a_sync_brings_between_the_two_taps_is_not_approved_unseen() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("批准勾选的 38 条")
        field.world.put(desk_rows.entry(90, award="late"))
        field.changed()
        await screen.settle()
        await screen.tap("确认批准")
        assert approved(field) == 38
        assert entry(field, row_id(ENTRIES + 90)).status is PointsStatus.PENDING

    on_screen(work)


def test_an_entry_that_left_the_page_between_the_two_taps_is_asked_for_again() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("批准勾选的 38 条")
        gone = entry(field, row_id(ENTRIES))
        field.world.put(replace(gone, status=PointsStatus.CANCELLED))
        field.changed()
        await screen.settle()
        assert screen.shows("批准勾选的 37 条")
        assert field.recorded == []

    on_screen(work)


def test_a_desk_goes_on_to_the_next_entry_once_one_is_decided() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("逐条看 5")
        assert screen.shows("C 级：手机时钟不准，按联网时间算")
        await screen.tap("批准 +2 分")
        assert entry(field, CLOCK).status is PointsStatus.APPROVED
        assert not screen.shows("C 级：手机时钟不准，按联网时间算")

    on_screen(work, size=DESK)


def test_a_postmans_leave_is_noted_with_who_covers_the_round() -> None:
    async def work(screen: Screen, field: FakeField) -> None:
        await screen.tap("陈大顺")
        await screen.tap("吴小波")
        await screen.tap("登记陈大顺请假")
        (leave,) = field.world.where(Leave)
        (cover,) = field.world.where(RoundCover)
        assert (leave.staff_id, leave.backup_id) == (desk_rows.CHEN, desk_rows.WU)
        assert (cover.staff_id, cover.from_on) == (desk_rows.WU, desk_rows.TODAY)
        await screen.tap("取消请假")
        assert field.world.where(RoundCover, cancelled=False) == []
        assert screen.shows("没有人请假")

    on_screen(work, at="/bh/leave")


def test_only_a_wealth_manager_stands_in_for_another() -> None:
    field = desk_rows.head_field()
    able = stand_ins(field.world, desk_rows.MANAGER)
    assert [one.id for one in able] == [desk_rows.ZHUO]
