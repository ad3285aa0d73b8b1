"""A whole job at a desk with the keyboard alone: nobody who can't use a mouse is kept out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from shared.domain.points import PointsEntry, PointsStatus
from shared.domain.referral import NamedReferral, Referral
from tests.browser.driver import FOCUS_SETTLE_MS, Phone
from tests.browser.enrolment import SLOW_MS_MAX, type_pin
from tests.browser.live_server import LiveServer
from tests.server.field_county import HEAD, MANAGER, POSTMAN

pytestmark = [pytest.mark.browser, pytest.mark.night]

DESK = {"width": 1280, "height": 800}
CUSTOMER = "陈大文"
TABS_MAX = 40
# Flutter moves the focus in its next frame; the page is told of it in the one after.
FOCUS_MS = 250
FOCUSED = """() => {
  const one = document.activeElement;
  return { name: (one.getAttribute("aria-label") || one.innerText || "").trim(),
           isScreen: !one.closest("flt-semantics-host") };
}"""


def test_lead_is_recorded_and_its_points_approved_by_keys_alone(
    live: LiveServer, new_phone: Callable[..., Phone]
) -> None:
    """Tab goes everywhere, Enter and the space bar press, Escape closes what opened."""
    postman = enrol_by_keys(new_phone(**DESK), live.link_of(POSTMAN), "今天的村")
    escape_closes_the_calendar(postman)
    record_lead_by_keys(postman)
    (lead,) = wait_for_lead(live, postman)
    manager = live.running.phone_of(MANAGER)
    manager.sync()
    manager.do("accept_referral", NamedReferral(id=lead.id))
    postman.close()

    head = enrol_by_keys(new_phone(**DESK), live.link_of(HEAD), "一起批 1")
    go_to(head, "批准勾选的 1 条")
    assert_focus_is_seen(head, "批准勾选的 1 条")
    head.page.keyboard.press("Enter")
    head.see("共 1 条，2 分，1 人")
    go_to(head, "确认批准")
    head.page.keyboard.press("Space")
    head.see("没有要审批的积分")
    sync_by_keys(head)
    (entry,) = live.rows(PointsEntry)
    assert (entry.status, entry.decided_by_id) == (PointsStatus.APPROVED, HEAD.id)


def enrol_by_keys(phone: Phone, link: str, greeting: str) -> Phone:
    phone.start(link)
    go_to(phone, "开始使用")
    phone.page.keyboard.press("Enter")
    phone.see("设一个 6 位 PIN", within_ms=SLOW_MS_MAX)
    type_pin(phone)
    phone.see("再输一次 PIN")
    type_pin(phone)
    phone.see(greeting, within_ms=SLOW_MS_MAX)
    return phone


def escape_closes_the_calendar(postman: Phone) -> None:
    """Open a day's calendar over the form and close it again; the form is as it was."""
    go_to(postman, "报出售日")
    postman.page.keyboard.press("Enter")
    postman.see("哪天卖")
    go_to(postman, "选日期")
    postman.page.keyboard.press("Enter")
    postman.see("选一天")
    postman.page.keyboard.press("Escape")
    postman.not_see("选一天")
    postman.see("哪天卖")
    go_to(postman, "返回")
    postman.page.keyboard.press("Enter")
    postman.see("今天的村")


def record_lead_by_keys(postman: Phone) -> None:
    go_to(postman, "记线索")
    postman.page.keyboard.press("Enter")
    postman.see("想了解什么")
    for chip in ("存款", "很高"):
        go_to(postman, chip)
        postman.page.keyboard.press("Space")
    go_to(postman, "称呼或姓名")
    postman.page.wait_for_timeout(FOCUS_SETTLE_MS[0])
    postman.page.keyboard.insert_text(CUSTOMER)
    field = postman.page.get_by_role("textbox", name="称呼或姓名")
    expect(field).to_have_value(CUSTOMER)
    go_to(postman, "客户已同意，保存")
    postman.page.keyboard.press("Enter")
    postman.see("今天的村")


def wait_for_lead(live: LiveServer, postman: Phone) -> list[Referral]:
    sync_by_keys(postman)
    return live.rows(Referral)


def sync_by_keys(phone: Phone) -> None:
    go_to(phone, "看同步情况")
    phone.page.keyboard.press("Enter")
    phone.see("现在同步")
    go_to(phone, "现在同步")
    phone.page.keyboard.press("Enter")
    phone.see("都同步好了", within_ms=SLOW_MS_MAX)


def go_to(phone: Phone, name: str) -> None:
    """Press Tab until the control of that name has the focus; each on the way has a name."""
    passed: list[str] = []
    for _ in range(TABS_MAX):
        phone.page.keyboard.press("Tab")
        phone.page.wait_for_timeout(FOCUS_MS)
        focused = phone.page.evaluate(FOCUSED)
        if focused["isScreen"]:
            continue
        assert focused["name"], f"the focus is on something without a name, after {passed}"
        if focused["name"].startswith(name):
            return
        passed.append(focused["name"])
    raise AssertionError(f"{name!r} is out of reach; passed {passed}")


def assert_focus_is_seen(phone: Phone, name: str) -> None:
    """Have the control look otherwise than without the focus."""
    control = phone.page.get_by_role("button", name=name).first
    with_focus = control.screenshot()
    phone.page.keyboard.press("Tab")
    phone.page.wait_for_timeout(FOCUS_MS * 2)
    assert control.screenshot() != with_focus
    phone.page.keyboard.press("Shift+Tab")
    phone.page.wait_for_timeout(FOCUS_MS)
    assert phone.page.evaluate(FOCUSED)["name"].startswith(name)
