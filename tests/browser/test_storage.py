"""Storage that is shared, full or refused: each is said, and nothing that was typed is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser.driver import SEE_MS_MAX, Phone, phone
from tests.browser.enrolment import enrol, unlock
from tests.browser.live_server import LiveServer
from tests.browser.static_server import StaticServer
from tests.server.field_county import POSTMAN

pytestmark = pytest.mark.browser

NewPhone = Callable[..., Phone]
Serve = Callable[[Path], StaticServer]

CUSTOMER = "陈大文"
GREETING = "今天的村"
# The app with its copies takes about 80 MB: enough for it, and soon full.
QUOTA = 120_000_000
# In the app's own place in the browser, as when photos have filled the phone.
FILL_UP = """async () => {
  const db = await new Promise((resolve, reject) => {
    const request = indexedDB.open("filler", 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore("bytes", { autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  for (const size of [4_000_000, 200_000, 10_000, 500]) {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 65_536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    }
    const add = () => new Promise((resolve) => {
      const transaction = db.transaction("bytes", "readwrite");
      transaction.objectStore("bytes").add(bytes);
      transaction.oncomplete = () => resolve(true);
      transaction.onabort = () => resolve(false);
    });
    while (await add());
  }
  db.close();
}"""
MAKE_ROOM = """() => new Promise((resolve) => {
  indexedDB.deleteDatabase("filler").onsuccess = resolve;
})"""


@pytest.mark.night
def test_full_storage_and_a_second_window_lose_nothing(
    live: LiveServer, new_phone: NewPhone
) -> None:
    first = new_phone()
    limit_storage(first.page, live.url)
    enrol(first, live.link_of(POSTMAN), GREETING)
    first.wait_until_installed()
    first.offline()
    first.tap("button", "记线索")
    first.tap("button", "存款")
    first.tap("button", "很高")
    first.fill("称呼或姓名", CUSTOMER)
    first.page.evaluate(FILL_UP)
    first.tap("button", "客户已同意，保存")
    first.see(re.compile("这一条没有存下"))
    first.see(re.compile("手机存满了"))
    kept = first.page.get_by_role("textbox", name="称呼或姓名").first
    expect(kept).to_have_value(CUSTOMER)
    first.page.evaluate(MAKE_ROOM)
    first.tap("button", "客户已同意，保存")
    first.see("1 条在本机")
    first.not_see(re.compile("手机存满了"))

    second = first.second_tab().start(live.url)
    second.see(re.compile("联动已在另一个窗口打开"))
    first.tap("tab", "记录")
    first.see(re.compile(CUSTOMER))
    first.close()
    unlock(second, GREETING)
    second.see("1 条在本机")
    second.tap("tab", "记录")
    second.see(re.compile(f"{CUSTOMER}.*在本机 · 未上传", re.DOTALL))


def limit_storage(page: Page, origin: str) -> None:
    """Give the origin little room, before it has used any: Chromium remembers what was left.

    The limit holds for the process that shows the origin: something of it must be open.
    """
    page.goto(f"{origin}/manifest.json")
    session = page.context.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": QUOTA})


def test_browser_that_stores_nothing_is_told_so(
    playwright: Playwright, chromium: Path, tmp_path: Path, serve: Serve, web_app: Path
) -> None:
    """As a person sets it: block all cookies and site data."""
    profile = tmp_path / "profile"
    (profile / "Default").mkdir(parents=True)
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Default" / "Preferences").write_text(json.dumps(blocked), "utf-8")
    with phone(playwright, chromium, profile) as refusing:
        assert_says(refusing.page, serve(web_app).url, "浏览器不让联动存东西", "请用普通窗口打开")


def test_address_that_is_not_secure_says_what_to_do(
    playwright: Playwright, chromium: Path, tmp_path: Path, serve: Serve, web_app: Path
) -> None:
    """Plain http is fine for this machine itself, and for no other name of it."""
    port = serve(web_app).url.rpartition(":")[2]
    rules = ("--host-resolver-rules=MAP field.test 127.0.0.1",)
    with phone(playwright, chromium, tmp_path / "profile", arguments=rules) as other:
        assert_says(other.page, f"http://field.test:{port}/", "这个网址不安全", "请用 https://")


def assert_says(page: Page, url: str, what: str, remedy: str) -> None:
    page.goto(url, wait_until="commit")
    for part, text in (("message", what), ("detail", remedy)):
        said = page.locator(f"#starting-{part}")
        expect(said).to_contain_text(text, timeout=SEE_MS_MAX)
