"""The pictures that a running demo can't show: empty places, no network, refused, stopped, locked.

They are taken from a small county of their own in which nothing has happened yet, for what is seen
then has to be brought about: a lead voided while its author withdraws it, a phone revoked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Error, Playwright, ViewportSize

from shared.domain.people import Staff
from shared.domain.referral import ReasonedReferral, Referral
from tests.browser.driver import Phone, phone
from tests.browser.enrolment import SLOW_MS_MAX, accept
from tests.browser.live_server import LiveServer, live_server
from tests.server.field_county import ADMIN, HEAD, MANAGER, POSTMAN, TELLER

__all__ = ["SETTLED_MS", "go_back", "take_states"]

Take = Callable[[Phone, str], None]
SETTLED_MS = 300
BACK_TRIES = 12
BACK_MS_MAX = 1500
CUSTOMER = "陈大文"
LONG_NAME = "欧阳上官阿芳（住榕树下第三家，她家儿子阿强在外面做工）"
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
EMPTY = (
    (MANAGER, "wm", "等我答复", ("转介", "出售日历", "走访", "进展", "消息")),
    (HEAD, "bh", "没有要审批的积分", ("审批", "待定", "转介", "谁在转介", "手机")),
    (TELLER, "teller", "转介客户", ("转介", "记录", "积分", "待办")),
    (ADMIN, "admin", "县分公司管理员", ()),
    # Last: what happens to them is no longer nothing.
    (POSTMAN, "postman", "今天的村", ("今天", "出售", "记录", "积分", "待办")),
)


def take_states(  # noqa: PLR0913 - what each of them needs
    playwright: Playwright,
    chromium: Path,
    folder: Path,
    web: Path,
    take: Take,
    *,
    only: re.Pattern[str],
) -> list[str]:
    """Bring each state about and hand the screen to *take*, with the picture's name.

    Only those of the people whom *only* finds; the answer says what could not be reached, and why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missed = []
    with live_server(folder, web) as live:
        for staff, role, greeting, tabs in EMPTY:
            if not only.search(role):
                continue
            try:
                with phone(playwright, chromium, folder / role) as user:
                    user.start(live.link_of(staff))
                    accept(user, greeting)
                    _empty_places(user, role, tabs, take)
                    if staff is POSTMAN:
                        _troubles(user, live, take)
            except (Error, AssertionError) as error:
                missed.append(f"{role}: {str(error)[:200]}")
    return missed


def go_back(user: Phone) -> None:
    """Close all that is open over a tab; a page that closes may still be there for a moment."""
    for _ in range(BACK_TRIES):
        back = user.page.get_by_role("button", name="返回", exact=True)
        if not back.count():
            return
        with suppress(Error):
            back.first.click(timeout=BACK_MS_MAX)
        user.page.wait_for_timeout(SETTLED_MS)


def _empty_places(user: Phone, role: str, tabs: tuple[str, ...], take: Take) -> None:
    take(user, f"empty-{role}-0")
    for number, tab in enumerate(tabs[1:], start=1):
        user.tap("tab", re.compile(f"{tab}$"))
        take(user, f"empty-{role}-{number}")
    user.page.set_viewport_size(DESK)
    take(user, f"empty-{role}-desk")
    user.page.set_viewport_size(PHONE)
    if tabs:
        user.tap("tab", re.compile(f"{tabs[0]}$"))


def _troubles(user: Phone, live: LiveServer, take: Take) -> None:
    """Live through a postman's bad day: no network, a refusal, a stopped phone, a forgotten PIN."""
    _record_lead(user, CUSTOMER)
    _sync(user, "都同步好了")
    user.offline()
    _record_lead(user, LONG_NAME)
    take(user, "saved-offline")
    user.tap("button", "报出售日")
    user.tap("button", "今天 ")
    user.tap("button", "保存", exact=True)
    user.see("今天的村")
    user.tap("button", "看同步情况")
    take(user, "sync-waiting")
    user.tap("button", "现在同步")
    user.see(re.compile("连不上服务器"), within_ms=SLOW_MS_MAX)
    take(user, "sync-offline")
    user.tap("button", "返回")
    user.tap("tab", "记录")
    take(user, "records-waiting")
    user.tap("button", re.compile(f"^{CUSTOMER}"))
    user.tap("button", "记错了，撤回")
    _void(live)
    user.online()
    _sync(user, "1 条要您处理")
    take(user, "sync-refused")
    go_back(user)
    user.tap("tab", re.compile("待办$"))
    take(user, "inbox-refused")
    user.tap("button", "知道了")
    live.revoke_device_of(POSTMAN)
    user.tap("tab", "今天")
    _record_lead(user, CUSTOMER)
    user.see(re.compile("这台手机已被停用"), within_ms=SLOW_MS_MAX)
    _record_lead(user, CUSTOMER)
    take(user, "stopped")
    user.reload()
    user.see("输入 PIN")
    take(user, "locked")
    user.page.goto("about:blank")  # Another hash alone would not start the app anew.
    user.start(live.link_of(POSTMAN))
    user.tap("button", "有新的登记码")
    user.tap("button", "开始使用")
    user.see(re.compile("忘了原来的 PIN"), within_ms=SLOW_MS_MAX)
    take(user, "forgot-pin")


def _record_lead(user: Phone, name: str) -> None:
    user.tap("button", "记线索")
    user.tap("button", "存款")
    user.tap("button", "很高")
    user.fill("称呼或姓名", name)
    user.tap("button", "客户已同意，保存")
    user.see("今天的村")


def _sync(user: Phone, said: str) -> None:
    user.tap("button", "看同步情况")
    user.tap("button", "现在同步")
    user.see(re.compile(said), within_ms=SLOW_MS_MAX)
    if said == "都同步好了":
        user.tap("button", "返回")


def _void(live: LiveServer) -> None:
    (lead,) = live.rows(Referral)
    head: Staff = HEAD
    live.running.phone_of(head).do("void_referral", ReasonedReferral(id=lead.id, reason="重复"))
