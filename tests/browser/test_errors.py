"""What people see when something is refused or breaks: what to do, and nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from shared.domain.referral import ReasonedReferral, Referral
from tests.browser.driver import Phone
from tests.browser.enrolment import SLOW_MS_MAX, enrol
from tests.browser.live_server import LiveServer
from tests.server import phone as http
from tests.server.field_county import HEAD, POSTMAN

pytestmark = pytest.mark.browser

NewPhone = Callable[..., Phone]

CUSTOMER = "陈大文"
WRONG = "AAAA-BBBB-CCCC"

# The journal's writes fail while told so, as on a phone whose storage breaks. Python's worker is
# where IndexedDB is called; a page has no other way to speak to a worker that isn't its own.
BREAKABLE_STORAGE = """
  let broken = false;
  new BroadcastChannel("storage").onmessage = (event) => { broken = event.data === "break"; };
  const original = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    if (broken && mode === "readwrite" && this.name === "liandong-journal") {
      throw new DOMException("made to fail", "UnknownError");
    }
    return original.call(this, stores, mode, options);
  };
"""
TELL_STORAGE = 'message => new BroadcastChannel("storage").postMessage(message)'


def test_enrolment_says_what_is_wrong_and_keeps_the_code(
    live: LiveServer, new_phone: NewPhone
) -> None:
    spent = live.code_of(POSTMAN)
    http.Phone(live.url, spent.replace("-", "")).enrol()
    phone = new_phone().start(live.url)
    for code, said in (
        (WRONG, "登记码不对"),
        (live.expired_code_of(POSTMAN), "登记码已过期"),
        (spent, "登记码已用过"),
    ):
        phone.fill("登记码", code)
        phone.tap("button", "开始使用")
        phone.see(re.compile(said))
        assert_field_holds(phone, "登记码", code)
    assert "{" not in phone.screen()

    good = live.code_of(POSTMAN)
    phone.offline()
    phone.fill("登记码", good)
    phone.tap("button", "开始使用")
    phone.see(re.compile("连不上服务器"), within_ms=SLOW_MS_MAX)
    assert_field_holds(phone, "登记码", good)
    phone.online()
    phone.tap("button", "开始使用")
    phone.see("设一个 6 位 PIN", within_ms=SLOW_MS_MAX)


@pytest.mark.night
def test_refused_record_and_stopped_phone_lose_nothing(
    live: LiveServer, new_phone: NewPhone
) -> None:
    """The branch head voids a lead that the postman, without network, withdraws."""
    postman = enrol(new_phone(), live.link_of(POSTMAN), "今天的村")
    record_lead(postman)
    sync(postman, "都同步好了")

    postman.offline()
    postman.tap("tab", "记录")
    postman.tap("button", re.compile(f"^{CUSTOMER}"))
    postman.tap("button", "记错了，撤回")
    (lead,) = live.rows(Referral)
    head = live.running.phone_of(HEAD)
    head.do("void_referral", ReasonedReferral(id=lead.id, reason="重复"))
    postman.online()
    sync(postman, "1 条要您处理")
    postman.see(re.compile("没被接受：撤回线索"))
    postman.see(re.compile("您填的内容都还在"))
    postman.tap("button", "知道了")
    postman.tap("button", "返回")

    live.revoke_device_of(POSTMAN)
    postman.tap("tab", "今天")
    record_lead(postman)
    postman.see(re.compile("这台手机已被停用"), within_ms=SLOW_MS_MAX)
    postman.see(re.compile("没上传的 1 条都还在手机里"))
    record_lead(postman)
    postman.see(re.compile("已存在手机里，没有上传"))
    postman.see(re.compile("没上传的 2 条都还在手机里"))


def test_broken_storage_says_so_and_what_was_typed_stays(
    live: LiveServer, new_phone: NewPhone
) -> None:
    """A handler that fails never ends in Flet's error card, which takes all that was typed."""
    phone = new_phone()
    phone.page.route(
        "**/device.js",
        lambda route: route.fulfill(
            response=(answer := route.fetch()), body=BREAKABLE_STORAGE + answer.text()
        ),
    )
    enrol(phone, live.link_of(POSTMAN), "今天的村")
    phone.tap("button", "记线索")
    phone.tap("button", "存款")
    phone.tap("button", "很高")
    phone.fill("称呼或姓名", CUSTOMER)
    phone.page.evaluate(TELL_STORAGE, "break")
    phone.tap("button", "客户已同意，保存")
    phone.see(re.compile("出了点问题"))
    assert_field_holds(phone, "称呼或姓名", CUSTOMER)

    phone.page.evaluate(TELL_STORAGE, "mend")
    phone.tap("button", "客户已同意，保存")
    phone.see("今天的村")
    phone.tap("tab", "记录")
    phone.see(re.compile(CUSTOMER))


def record_lead(postman: Phone) -> None:
    """Record a lead of the customer, and be back at the round."""
    postman.tap("button", "记线索")
    postman.tap("button", "存款")
    postman.tap("button", "很高")
    postman.fill("称呼或姓名", CUSTOMER)
    postman.tap("button", "客户已同意，保存")
    postman.see("今天的村")


def sync(phone: Phone, said: str) -> None:
    """Ask for a sync now; wait for what it says."""
    phone.tap("button", "看同步情况")
    phone.tap("button", "现在同步")
    phone.see(re.compile(said), within_ms=SLOW_MS_MAX)
    phone.tap("button", "返回")


def assert_field_holds(phone: Phone, label: str, text: str) -> None:
    expect(phone.page.get_by_role("textbox", name=label).first).to_have_value(text)
