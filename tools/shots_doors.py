"""What is seen before the app opens, or instead of it: each brought about as it happens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Page, Playwright, Route, expect

from server.demo.phone import serve_guide
from tests.browser.driver import SEE_MS_MAX, Phone, phone
from tests.browser.enrolment import SLOW_MS_MAX, type_pin
from tests.browser.live_server import LiveServer, live_server
from tests.server.field_county import COLLEAGUE, MANAGER, POSTMAN
from tools.shots_states import DESK, PHONE

__all__ = ["take_doors"]

Take = Callable[[Phone, str], None]

WRONG_CODE = "AAAA-BBBB-CCCC"
WRONG_PIN = "135791"
PINS_UNTIL_WAIT = 6
OLD_BROWSER = "delete window.WebAssembly"
AN_IPHONE = """
  Object.defineProperty(navigator, "platform", { get: () => "MacIntel" });
  Object.defineProperty(navigator, "maxTouchPoints", { get: () => 5 });
"""
AN_OFFER = """() => {
  const offer = new Event("beforeinstallprompt", { cancelable: true });
  offer.prompt = async () => {};
  offer.userChoice = Promise.resolve({ outcome: "dismissed" });
  window.dispatchEvent(offer);
}"""
# In Python's worker, where the storage is used; a page has no other way into it.
NO_DATABASE = """
  IDBFactory.prototype.open = () => { throw new DOMException("refused", "SecurityError"); };
"""
BROKEN_DATABASE = """
  IDBDatabase.prototype.transaction = () => { throw new TypeError("made to fail"); };
"""
LITTLE_ROOM = """
  navigator.storage.estimate = async () => ({ usage: 81000000, quota: 112000000 });
"""


def take_doors(playwright: Playwright, chromium: Path, folder: Path, web: Path, take: Take) -> None:
    """Bring each about and hand the screen to *take*, with the picture's name."""
    folder.mkdir(parents=True, exist_ok=True)
    with live_server(folder, web) as live:
        with phone(playwright, chromium, folder / "first") as user:
            _first_minutes(user, live, take)
            _at_the_lock(user, take)
            second = user.second_tab()
            second.page.set_viewport_size(PHONE)
            second.start(live.url)
            second.see(re.compile("另一个窗口"))
            _both(second, "second-window", take)
        with phone(playwright, chromium, folder / "offered") as user:
            _installed_by_button(user, live, take)
        with phone(playwright, chromium, folder / "iphone") as user:
            user.page.add_init_script(AN_IPHONE)
            _installed_by_hand(user, live, take)
        for name, fault in (("refused", NO_DATABASE), ("broken", BROKEN_DATABASE)):
            with phone(playwright, chromium, folder / name) as user:
                _in_worker(user.page, fault)
                user.start(live.url)
                user.see(re.compile("联动"))
                _both(user, name, take)
        _without_the_app(playwright, chromium, folder, live, take)


def _both(user: Phone, name: str, take: Take) -> None:
    take(user, name)
    user.page.set_viewport_size(DESK)
    take(user, name)
    user.page.set_viewport_size(PHONE)


def _first_minutes(user: Phone, live: LiveServer, take: Take) -> None:
    """Enrol by hand, with what goes wrong on the way."""
    user.start(live.url)
    _both(user, "enrol", take)
    user.fill("登记码", WRONG_CODE)
    user.tap("button", "开始使用")
    user.see(re.compile("登记码不对"))
    take(user, "enrol-wrong")
    user.offline()
    user.fill("登记码", live.code_of(POSTMAN))
    user.tap("button", "开始使用")
    user.see(re.compile("连不上服务器"), within_ms=SLOW_MS_MAX)
    take(user, "enrol-offline")
    user.online()
    user.tap("button", "开始使用")
    user.see("设一个 6 位 PIN", within_ms=SLOW_MS_MAX)
    _both(user, "choose-pin", take)
    type_pin(user)
    user.see("再输一次 PIN")
    _type(user, WRONG_PIN)
    user.see(re.compile("不一样"))
    take(user, "pin-differs")
    type_pin(user)
    user.see("再输一次 PIN")
    user.offline()
    type_pin(user)
    user.see(re.compile("还没下载到"), within_ms=SLOW_MS_MAX)
    _both(user, "first-sync-waiting", take)
    held = _hold_answers(user.page.context)
    user.online()
    user.tap("button", "看同步情况")
    with suppress(AssertionError):
        user.see(re.compile("正在"), within_ms=SEE_MS_MAX)
    user.tap("button", "返回")
    take(user, "first-sync-running")
    _let_go(user.page.context, held)
    user.see("今天的村", within_ms=SLOW_MS_MAX)


def _at_the_lock(user: Phone, take: Take) -> None:
    user.reload()
    user.see("输入 PIN")
    _both(user, "locked", take)
    for number in range(PINS_UNTIL_WAIT):
        _type(user, WRONG_PIN)
        user.page.wait_for_timeout(2500)
        if number == 0:
            take(user, "wrong-pin")
        if user.page.get_by_text(re.compile("秒")).count():
            break
    take(user, "pin-wait")


def _installed_by_button(user: Phone, live: LiveServer, take: Take) -> None:
    user.page.goto(f"{live.url}/manifest.json")
    user.start(live.link_of(COLLEAGUE))
    user.page.evaluate(AN_OFFER)
    _through_the_door(user, "今天的村")
    user.tap("button", "我的")
    user.see(re.compile("装到桌面"), within_ms=SEE_MS_MAX)
    _scroll(user)
    _both(user, "install-offered", take)


def _installed_by_hand(user: Phone, live: LiveServer, take: Take) -> None:
    _in_worker(user.page, LITTLE_ROOM)
    user.start(live.link_of(MANAGER))
    _through_the_door(user, "等我答复")
    user.page.wait_for_timeout(2000)
    _both(user, "little-room", take)
    user.tap("button", "我的")
    _scroll(user)
    take(user, "install-by-hand")


def _without_the_app(
    playwright: Playwright, chromium: Path, folder: Path, live: LiveServer, take: Take
) -> None:
    """Take the plain pages: what a browser or an address lacks, and how to come to another."""
    blocking = folder / "blocking"
    (blocking / "Default").mkdir(parents=True)
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (blocking / "Default" / "Preferences").write_text(json.dumps(settings), "utf-8")
    with phone(playwright, chromium, blocking) as user:
        user.page.goto(live.url)
        expect(user.page.locator("#starting-message")).to_contain_text("浏览器不让")
        _both(user, "no-storage", take)
    port = live.url.rpartition(":")[2]
    rules = ("--host-resolver-rules=MAP field.test 127.0.0.1",)
    with phone(playwright, chromium, folder / "plain", arguments=rules) as user:
        user.page.goto(f"http://field.test:{port}/")
        expect(user.page.locator("#starting-message")).to_contain_text("不安全")
        _both(user, "not-secure", take)
        user.page.emulate_media(color_scheme="dark")
        take(user, "not-secure-dark")
        user.page.emulate_media(color_scheme="light")
        authority = folder / "authority.crt"
        authority.write_text("of no use to anybody")
        address = int(port) + 1
        with serve_guide("127.0.0.1", address, authority=authority, app_url=live.url) as guide:
            user.page.goto(guide)
            _both(user, "phone-guide", take)
    with phone(playwright, chromium, folder / "old") as user:
        user.page.add_init_script(OLD_BROWSER)
        user.page.goto(live.url)
        expect(user.page.locator("#starting-message")).to_contain_text("太旧")
        take(user, "old-browser")
    with phone(playwright, chromium, folder / "failing") as user:
        user.page.route("**/stdlib.zip", lambda route: route.abort())
        user.page.goto(live.url)
        expect(user.page.locator("#starting-message")).to_contain_text("启动失败", timeout=60_000)
        take(user, "start-failed")


def _in_worker(page: Page, code: str) -> None:
    page.route(
        "**/device.js",
        lambda route: route.fulfill(response=(answer := route.fetch()), body=code + answer.text()),
    )


def _hold_answers(context: BrowserContext) -> list[Route]:
    held: list[Route] = []
    context.route("**/api/**", lambda route: held.append(route))  # noqa: PLW0108 - not a builtin
    return held


def _let_go(context: BrowserContext, held: list[Route]) -> None:
    context.unroute("**/api/**")  # Lets go of most by itself.
    for route in held:
        with suppress(Error):
            route.continue_()


def _through_the_door(user: Phone, greeting: str) -> None:
    user.tap("button", "开始使用")
    user.see("设一个 6 位 PIN", within_ms=SLOW_MS_MAX)
    type_pin(user)
    user.see("再输一次 PIN")
    type_pin(user)
    user.see(greeting, within_ms=SLOW_MS_MAX)


def _type(user: Phone, digits: str) -> None:
    for digit in digits:
        user.page.keyboard.press(digit)


def _scroll(user: Phone) -> None:
    user.page.mouse.move(200, 500)
    user.page.mouse.wheel(0, 3000)
    user.page.wait_for_timeout(300)
