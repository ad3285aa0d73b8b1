"""Three people, three browsers, the real server: from a melon field to a point explained."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from shared.domain.care_card import CareCard, CareFollowUp, CareReason, OpenCareCard
from shared.domain.customer import Customer
from shared.domain.harvest import HarvestDate
from shared.domain.moment import day_at_outlet
from shared.domain.points import PointsEntry, PointsStatus
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.visit import Visit, VisitStatus
from tests.browser.accessibility import controls_of, faults_in
from tests.browser.driver import Phone
from tests.browser.enrolment import SLOW_MS_MAX, enrol, unlock
from tests.browser.live_server import LiveServer
from tests.server.field_county import HEAD, MANAGER, POSTMAN, VILLAGE

pytestmark = pytest.mark.browser

CARED_FOR = "符三婶"
CUSTOMERS = ("陈大文", "林二姐", "何三叔")
VOUCHER = "LM-1123-01"


def test_from_a_melon_field_to_points_explained(
    live: LiveServer, new_phone: Callable[..., Phone]
) -> None:
    """What must be seen first: nothing lost without network, all explained at the end.

    Each role does its main job on a phone with the network cut, in as few taps as PRODUCT asks,
    and its screens are told whole to a screen reader.
    """
    promise_to_come_again(live)
    postman = enrol(new_phone(), live.link_of(POSTMAN), "今天的村")
    record_round_without_network(postman)
    assert live.rows(Referral) == []
    come_home(postman)
    assert_each_lead_once(live)

    manager = enrol(new_phone(), live.link_of(MANAGER), "等我答复（3）")
    manager.offline()
    accept_and_schedule(manager)
    succeed_on_the_spot(manager)
    manager.online()
    sync(manager)

    head = enrol(new_phone(), live.link_of(HEAD), "一起批 5")
    verify_and_approve(head)
    for person in (manager, head):
        assert person.foreign_requests(live.url) == []
        person.close()

    read_points(postman)
    assert_server_agrees(live)
    assert postman.foreign_requests(live.url) == []


def promise_to_come_again(live: LiveServer) -> None:
    """Have the postman's earlier phone open a care card that is due today."""
    earlier = live.running.phone_of(POSTMAN)
    earlier.do(
        "open_care_card",
        OpenCareCard(
            id=earlier.new_id(),
            reason=CareReason.NO_TIME,
            next_contact_on=day_at_outlet(live.running.services.door.clock.now()),
            customer_name=CARED_FOR,
            consent=True,
            village_id=VILLAGE.id,
        ),
    )


def record_round_without_network(postman: Phone) -> None:
    """Record a sale date and three leads with the network cut, and start the app anew."""
    postman.wait_until_installed()
    postman.offline()

    postman.taps = 0
    postman.tap("button", "报出售日")
    postman.tap("button", "今天 ")
    assert_told_whole(postman)
    postman.tap("button", "保存", exact=True)
    postman.see("今天的村")
    assert postman.taps <= 4

    for name in CUSTOMERS:
        postman.taps = 0
        postman.tap("button", "记线索")
        postman.see(re.compile("理财经理 吴芳 接（暂定"))
        postman.tap("button", "存款")
        postman.tap("button", "很高")
        postman.fill("称呼或姓名", name)
        assert_told_whole(postman)
        postman.tap("button", "客户已同意，保存")
        postman.see("今天的村")
        assert postman.taps <= 5
    postman.taps = 0
    postman.tap("button", re.compile(f"^{CARED_FOR}"))
    postman.tap("button", "记下这次回访")
    postman.see("今天的村")
    assert postman.taps <= 4
    postman.see("5 条在本机")

    postman.reload()
    unlock(postman, "今天的村")
    postman.see("5 条在本机")
    postman.tap("tab", "记录")
    for name in CUSTOMERS:
        postman.see(re.compile(f"{name}.*在本机 · 未上传", re.DOTALL))
    assert_told_whole(postman)


def assert_told_whole(phone: Phone) -> None:
    """Have each control a name in Chinese, a role, its size and its place in the order."""
    controls = controls_of(phone.page)
    assert controls
    assert faults_in(controls) == []


def come_home(postman: Phone) -> None:
    """Get the network back; each lead has a receipt number and says who has it."""
    postman.online()
    sync(postman)
    for name in CUSTOMERS:
        postman.see(re.compile(rf"{name}.*已转给 吴芳\s回执号 \d", re.DOTALL))


def sync(phone: Phone) -> None:
    """Ask for a sync now, and come back."""
    phone.tap("button", "看同步情况")
    phone.tap("button", "现在同步")
    phone.see("都同步好了", within_ms=SLOW_MS_MAX)
    phone.tap("button", "返回")


def assert_each_lead_once(live: LiveServer) -> None:
    leads = live.rows(Referral)
    assert {lead.status for lead in leads} == {ReferralStatus.ROUTED}
    assert {lead.wealth_manager_id for lead in leads} == {MANAGER.id}
    assert [lead.receipt_number for lead in leads] == [3, 4, 5]
    assert sorted(one.name for one in live.rows(Customer)) == sorted((*CUSTOMERS, CARED_FOR))
    (card,) = live.rows(CareCard)
    assert [visit.care_card_id for visit in live.rows(CareFollowUp)] == [card.id]
    (sale,) = live.rows(HarvestDate)
    assert {lead.harvest_date_id for lead in leads} == {sale.id}
    assert sale.sale_from_on == day_at_outlet(sale.reported_at)


def accept_and_schedule(manager: Phone) -> None:
    """See why, accept each lead in a tap, and plan one visit for all on the sale day."""
    manager.see(re.compile("为什么是我：东坑村由您负责"))
    assert_told_whole(manager)
    for left in (2, 1, 0):
        manager.taps = 0
        manager.tap("button", "受理", exact=True)
        manager.see(f"等我答复（{left}）")
        assert manager.taps <= 2

    manager.taps = 0
    manager.tap("button", re.compile(f"^{CUSTOMERS[0]}"))
    manager.tap("button", "安排走访")
    manager.see("见哪些客户（3）")
    manager.tap("button", "定在今天")
    manager.see("走访已定在今天")
    assert manager.taps <= 4


def succeed_on_the_spot(manager: Phone) -> None:
    """Arrive, meet the customer with all three parts, bring them along, succeed."""
    manager.tap("button", re.compile("^今天 .*走访"))
    manager.tap("button", "到村了，签到")
    manager.see("已签到")
    manager.tap("button", re.compile(f"^{CUSTOMERS[0]}"))
    assert_told_whole(manager)
    manager.tap("button", "见到客户了")
    manager.tap("button", "记下见面")
    manager.tap("button", "办成了")
    manager.fill("凭证号", VOUCHER)
    manager.tap("button", "1 万–5 万")
    manager.tap("button", "提交成功")
    manager.see("等支局长核实凭证")
    manager.tap("button", re.compile("^今天 .*走访"))
    manager.tap("button", "结束走访")
    manager.tap("button", "装车")
    manager.tap("button", "多一位")
    manager.tap("button", "走访完成")
    manager.see("走访已完成")


def verify_and_approve(head: Phone) -> None:
    """Check the voucher, which its points wait for; then approve all in two taps."""
    head.tap("button", "逐条看 1")
    head.tap("button", re.compile(f"^{POSTMAN.name}.*办成业务", re.DOTALL))
    head.see(VOUCHER)
    assert_told_whole(head)
    head.tap("button", "凭证相符，核实")
    head.tap("button", "返回")
    head.see("一起批 6", within_ms=SLOW_MS_MAX)
    assert_told_whole(head)
    head.offline()
    head.taps = 0
    head.tap("button", "批准勾选的 6 条")
    head.see("共 6 条，16 分，1 人")
    head.tap("button", "确认批准")
    assert head.taps <= 2
    head.see("没有要审批的积分")
    head.online()
    sync(head)


def read_points(postman: Phone) -> None:
    """Find 12 = 2 + 1 + 2 + 7 (PRODUCT §7), each part with its rule, time and approver."""
    sync(postman)
    postman.tap("tab", "积分")
    postman.see(re.compile(rf"{CUSTOMERS[1]}\s\+2\s.*已确认 2 分", re.DOTALL))
    postman.tap("button", re.compile(rf"{CUSTOMERS[0]}\s\+12\s.*已确认 12 分", re.DOTALL))
    postman.see("12 = 2 + 1 + 2 + 7")
    shown = postman.screen()
    parts = [shown.index(f"{kind} 已确认 +{n}") for kind, n in EXPLAINED]
    assert parts == sorted(parts)
    assert shown.count("积分办法 2026-1 版") == len(EXPLAINED)
    assert shown.count("时间可靠，A 级") == len(EXPLAINED)
    assert shown.count(f"审批 {HEAD.name}") == len(EXPLAINED)


EXPLAINED = (("有效线索", 2), ("完整转介卡", 1), ("见到客户", 2), ("办成业务", 7))


def assert_server_agrees(live: LiveServer) -> None:
    """The ledger holds what the phone shows, and nothing is there twice."""
    report = live.ledger()
    assert report.faults == ()
    (county,) = report.counties
    assert county.balances[f"staff:{POSTMAN.id}"] == 16
    assert county.rows == 6
    entries = live.rows(PointsEntry)
    assert {entry.status for entry in entries} == {PointsStatus.APPROVED}
    assert {entry.decided_by_id for entry in entries} == {HEAD.id}
    assert [lead.status for lead in live.rows(Referral)] == [
        ReferralStatus.VERIFIED,
        ReferralStatus.VISIT_SET,
        ReferralStatus.VISIT_SET,
    ]
    (visit,) = live.rows(Visit)
    assert (visit.status, visit.escorted) == (VisitStatus.DONE, 1)
