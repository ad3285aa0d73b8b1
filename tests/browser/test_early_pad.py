"""A PIN typed before the app is there: the first paint takes it, the app goes on with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.driver import START_MS_MAX, Phone
from tests.browser.enrolment import PIN, SLOW_MS_MAX, enrol, type_pin
from tests.browser.live_server import LiveServer
from tests.server.field_county import POSTMAN

pytestmark = [pytest.mark.browser, pytest.mark.night]

TODAY, HOME = "今天的村", "记线索"
NEAR_PX = 8
WORKER_THAT_FAILS = """
window.Worker = class {
  postMessage() {
    setTimeout(() => this.onerror(new ErrorEvent("error", { message: "broken" })), 300);
  }
  terminate() {}
};
"""


def centres(phone: Phone, of: str) -> dict[str, tuple[float, float]]:
    """Return where the middle of each digit's key is, among the elements *of*."""
    found: dict[str, tuple[float, float]] = phone.page.evaluate(
        """(of) => Object.fromEntries([...document.querySelectorAll(of)]
          .filter((key) => /^[0-9]$/.test(key.textContent.trim()))
          .map((key) => {
            const { x, y, width, height } = key.getBoundingClientRect();
            return [key.textContent.trim(), [x + width / 2, y + height / 2]];
          }))""",
        of,
    )
    return found


def open_early(phone: Phone) -> None:
    """Start the app anew, and stop where the pad of the first paint stands."""
    phone.page.reload(wait_until="commit")
    expect(phone.page.locator("#pin-door")).to_be_visible(timeout=START_MS_MAX)


def test_pin_typed_on_the_first_paint_opens_the_app(
    live: LiveServer, new_phone: Callable[..., Phone]
) -> None:
    phone = enrol(new_phone(), live.link_of(POSTMAN), TODAY)
    phone.wait_until_installed()
    # Nobody was asked for a PIN yet: the first paint is the plain one.
    phone.reload()
    phone.see("输入 PIN")
    shown = centres(phone, "flt-semantics[role=button]")
    phone.offline()

    open_early(phone)
    early = centres(phone, "#pin-pad button")
    assert early.keys() == shown.keys() == set("0123456789")
    for key, (x, y) in early.items():
        assert (abs(x - shown[key][0]), abs(y - shown[key][1])) <= (NEAR_PX, NEAR_PX), key
    for digit in PIN[:3]:
        phone.page.get_by_role("button", name=digit).click()
    for digit in PIN[3:]:
        phone.page.keyboard.press(digit)
    expect(phone.page.locator("#pin-said")).to_have_text("正在打开…")
    phone._wait_for_app()
    phone.see(HOME, within_ms=SLOW_MS_MAX)

    open_early(phone)
    for digit in "111111":
        phone.page.keyboard.press(digit)
    phone._wait_for_app()
    phone.see("PIN 不对", within_ms=SLOW_MS_MAX)
    type_pin(phone)
    phone.see(HOME, within_ms=SLOW_MS_MAX)
    assert phone.errors == []


def test_start_that_comes_to_nothing_says_so_over_the_pad(
    live: LiveServer, new_phone: Callable[..., Phone]
) -> None:
    phone = enrol(new_phone(), live.link_of(POSTMAN), TODAY)
    phone.page.evaluate("() => localStorage.setItem('liandong.asks-pin', '1')")
    phone.page.add_init_script(WORKER_THAT_FAILS)
    phone.page.reload(wait_until="commit")
    starting = phone.page.locator("#starting")
    expect(starting.get_by_text("启动失败")).to_be_visible(timeout=START_MS_MAX)
    expect(phone.page.locator("#pin-door")).to_be_hidden()
