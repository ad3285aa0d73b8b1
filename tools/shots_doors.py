"""What is seen before the app opens, or instead of it: each brought about as it happens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import BrowserContext, Error, Page, Playwright, Route, expect

from server.demo.phone import serve_guide
from tests.browser.driver import SEE_MS_MAX, Phone, phone
from tests.browser.enrolment import SLOW_MS_MAX, type_pin
from tests.browser.live_server import LiveServer, live_server
from tests.server.field_county import COLLEAGUE, MANAGER, POSTMAN
from tools.shots_states import DESK, PHONE

__all__ = ["take_doors"]

Take = Callable[[Phone, str], None]


@dataclass(frozen=True)
class Door:
    """What brings it about, and the browser that it takes."""

    bring_about: Callable[[Phone, LiveServer, Take], None]
    arguments: tuple[str, ...] = ()
    keeps_nothing: bool = False


WRONG_CODE = "AAAA-BBBB-CCCC"
WRONG_PIN = "135791"
PINS_UNTIL_WAIT = 6
FAILED_MS_MAX = 60_000
PLAIN_HOST = "field.test"
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


def take_doors(  # noqa: PLR0913 - what each of them needs
    playwright: Playwright,
    chromium: Path,
    folder: Path,
    web: Path,
    take: Take,
    *,
    only: re.Pattern[str],
) -> list[str]:
    """Bring each about and hand the screen to *take*, with the picture's name.

    Only the doors whose names *only* finds; the answer says which could not be opened, and why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missed = []
    with live_server(folder, web) as live:
        for name, door in DOORS.items():
            if not only.search(name):
                continue
            profile = folder / name
            if door.keeps_nothing:
                _keep_nothing(profile)
            try:
                with phone(playwright, chromium, profile, arguments=door.arguments) as user:
                    door.bring_about(user, live, take)
            except (Error, AssertionError) as error:
                missed.append(f"{name}: {str(error)[:200]}")
    return missed


def _both(user: Phone, name: str, take: Take) -> None:
    take(user, name)
    user.page.set_viewport_size(DESK)
    take(user, name)
    user.page.set_viewport_size(PHONE)


def _first_minutes(user: Phone, live: LiveServer, take: Take) -> None:
    """Enrol by hand, with what goes wrong on the way; then lock, and open a second window."""
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
    # What is tapped while the page still comes in is the page below.
    take(user, "first-sync-page")
    user.tap("button", "返回")
    take(user, "first-sync-running")
    _let_go(user.page.context, held)
    user.see("今天的村", within_ms=SLOW_MS_MAX)
    _at_the_lock(user, take)
    second = user.second_tab()
    second.page.set_viewport_size(PHONE)
    second.start(live.url)
    second.see(re.compile("另一个窗口"))
    _both(second, "second-window", take)


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
    user.page.add_init_script(AN_IPHONE)
    _in_worker(user.page, LITTLE_ROOM)
    user.start(live.link_of(MANAGER))
    _through_the_door(user, "等我答复")
    user.page.wait_for_timeout(2000)
    _both(user, "little-room", take)
    user.tap("button", "我的")
    _scroll(user)
    take(user, "install-by-hand")


def _refused(user: Phone, live: LiveServer, take: Take) -> None:
    _in_worker(user.page, NO_DATABASE)
    user.start(live.url)
    user.see(re.compile("联动"))
    _both(user, "refused", take)


def _broken(user: Phone, live: LiveServer, take: Take) -> None:
    _in_worker(user.page, BROKEN_DATABASE)
    user.start(live.url)
    user.see(re.compile("联动"))
    _both(user, "broken", take)


def _no_storage(user: Phone, live: LiveServer, take: Take) -> None:
    user.page.goto(live.url)
    _says(user.page, "浏览器不让")
    _both(user, "no-storage", take)


def _not_secure(user: Phone, live: LiveServer, take: Take) -> None:
    """Open the app by a name that no certificate vouches for, then read how to come by one."""
    port = live.url.rpartition(":")[2]
    user.page.goto(f"http://{PLAIN_HOST}:{port}/")
    _says(user.page, "不安全")
    _both(user, "not-secure", take)
    user.page.emulate_media(color_scheme="dark")
    take(user, "not-secure-dark")
    user.page.emulate_media(color_scheme="light")
    with TemporaryDirectory() as folder:
        authority = Path(folder) / "authority.crt"
        authority.write_text("of no use to anybody")
        address = int(port) + 1
        with serve_guide("127.0.0.1", address, authority=authority, app_url=live.url) as guide:
            user.page.goto(guide)
            _both(user, "phone-guide", take)


def _old_browser(user: Phone, live: LiveServer, take: Take) -> None:
    user.page.add_init_script(OLD_BROWSER)
    user.page.goto(live.url)
    _says(user.page, "太旧")
    _both(user, "old-browser", take)


def _failing(user: Phone, live: LiveServer, take: Take) -> None:
    user.page.route("**/stdlib.zip", lambda route: route.abort())
    user.page.goto(live.url)
    _says(user.page, "启动失败")
    _both(user, "start-failed", take)


DOORS = {
    "first": Door(_first_minutes),
    "offered": Door(_installed_by_button),
    "iphone": Door(_installed_by_hand),
    "refused": Door(_refused),
    "broken": Door(_broken),
    "no-storage": Door(_no_storage, keeps_nothing=True),
    "not-secure": Door(_not_secure, (f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",)),
    "old": Door(_old_browser),
    "failing": Door(_failing),
}


def _says(page: Page, words: str) -> None:
    message = page.locator("#starting-message")
    expect(message).to_contain_text(words, timeout=FAILED_MS_MAX)


def _keep_nothing(profile: Path) -> None:
    """Have the browser refuse all storage, as its own settings can."""
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(json.dumps(settings), "utf-8")


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
