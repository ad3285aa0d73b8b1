"""A phone in the hands of a test: taps, types, reads the screen, goes offline.

Flutter draws on a canvas; what assistive technology is told (its semantics tree) is the screen
that a test can read. `Phone` turns it on after each start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, Self

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Playwright,
    Request,
    Response,
    expect,
)

__all__ = ["Phone", "Role", "phone"]

Role = Literal["button", "tab", "textbox", "checkbox", "radio", "switch", "link", "menuitem"]

# A start loads 30 MB and boots an interpreter; on a busy machine that takes its time.
START_MS_MAX = 120_000
SEE_MS_MAX = 20_000

# Flutter attaches its text input to a focused field in its next frame; keys typed before that
# are lost, and nothing in the page tells when it has happened: the second time is for machines
# that are busy.
FOCUS_SETTLE_MS = (150, 1500)
TYPED_MS_MAX = 3000

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Software rendering: the machines that run tests have no GPU.
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)


@contextmanager
def phone(  # noqa: PLR0913 - all that a browser can be told
    playwright: Playwright,
    chromium: Path,
    profile: Path,
    *,
    width: int = 390,
    height: int = 844,
    arguments: Sequence[str] = (),
) -> Iterator[Phone]:
    """Open a Chromium with the size of a phone and *profile* as its storage."""
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=chromium,
        headless=True,
        args=[*CHROMIUM_ARGUMENTS, *arguments],
        viewport={"width": width, "height": height},
        device_scale_factor=2,
        has_touch=True,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        accept_downloads=True,
    )
    try:
        yield Phone(context, context.pages[0])
    finally:
        context.close()


class Phone:
    """One tab of the app.

    Attributes:
        page: Playwright's page, for what this class has no word for.
        taps: How many taps the user has made (typing is not counted, focusing a field is).
        errors: Console errors and uncaught exceptions, in order.
        requests: The URL of every request that was answered, in order.
        failed: The URLs of requests that failed or were answered with an error status.
    """

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self._context = context
        self.page = page
        self.taps = 0
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.failed: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", self._on_page_error)
        page.on("response", self._on_response)
        page.on("requestfailed", self._on_request_failed)

    def start(self, url: str) -> Self:
        """Open *url* and wait for the app's first screen."""
        self.page.goto(url, wait_until="commit")
        return self._wait_for_app()

    def reload(self) -> Self:
        """Start the app anew, as after closing and opening it."""
        self.page.reload(wait_until="commit")
        return self._wait_for_app()

    def second_tab(self) -> Phone:
        """Open another tab of the same browser; it shares all storage with this one."""
        return Phone(self._context, self._context.new_page())

    def close(self) -> None:
        """Close this tab."""
        self.page.close()

    def wait_until_installed(self) -> None:
        """Wait until the service worker holds the whole app."""
        self.page.evaluate(
            """async (limit) => {
              const late = new Promise((_, reject) => setTimeout(reject, limit, "not installed"));
              const { active } = await Promise.race([navigator.serviceWorker.ready, late]);
              if (active.state !== "activated") {
                await new Promise((resolve) => { active.onstatechange = resolve; });
              }
            }""",
            START_MS_MAX,
        )

    def enable_semantics(self) -> None:
        """Have Flutter describe its screen; without this no other method finds anything."""
        placeholder = self.page.locator("flt-semantics-placeholder")
        placeholder.wait_for(state="attached", timeout=START_MS_MAX)
        placeholder.dispatch_event("click")
        described = self.page.locator("flt-semantics-host flt-semantics").first
        described.wait_for(state="attached", timeout=START_MS_MAX)

    def tap(self, role: Role, name: str | re.Pattern[str], *, exact: bool = False) -> None:
        """Tap the first control with this role and name; a list row is a button."""
        self.taps += 1
        self.page.get_by_role(role, name=name, exact=exact).first.click(timeout=SEE_MS_MAX)

    def fill(self, label: str, text: str) -> None:
        """Replace what the field called *label* holds by *text*."""
        self.taps += 1
        field = self.page.get_by_role("textbox", name=label).first
        field.click(timeout=SEE_MS_MAX)
        expect(field).to_be_focused(timeout=SEE_MS_MAX)
        for settle_ms in FOCUS_SETTLE_MS:
            self.page.wait_for_timeout(settle_ms)
            self.page.keyboard.press("ControlOrMeta+A")
            self.page.keyboard.insert_text(text)
            with suppress(AssertionError):
                expect(field).to_have_value(text, timeout=TYPED_MS_MAX)
                return
        expect(field).to_have_value(text, timeout=SEE_MS_MAX)

    def see(self, text: str | re.Pattern[str], *, within_ms: int = SEE_MS_MAX) -> Locator:
        """Wait until *text* is on the screen; return what shows it."""
        shown = self.page.get_by_text(text).or_(self.page.get_by_label(text)).first
        expect(shown).to_be_visible(timeout=within_ms)
        return shown

    def not_see(self, text: str | re.Pattern[str]) -> None:
        """Wait until *text* is nowhere on the screen."""
        expect(self.page.get_by_text(text)).to_have_count(0, timeout=SEE_MS_MAX)

    def screen(self) -> str:
        """Return the whole screen as assistive technology is told; the best aid in debugging."""
        return self.page.locator("body").aria_snapshot()

    def offline(self) -> None:
        """Cut the network of the whole browser, service worker included."""
        self._context.set_offline(True)

    def online(self) -> None:
        """Restore the network."""
        self._context.set_offline(False)

    def screenshot(self, path: Path) -> None:
        """Save what is on the screen as an image."""
        self.page.screenshot(path=path)

    def foreign_requests(self, origin: str) -> list[str]:
        """Return the requests, answered or not, that went elsewhere than to *origin*."""
        everywhere = self.requests + self.failed
        return [url for url in everywhere if not url.startswith((origin, "blob:", "data:"))]

    def _wait_for_app(self) -> Self:
        """Wait until the first paint has gone, or says that the app can't start."""
        starting = self.page.locator("#starting")
        failed = starting.get_by_text("启动失败")
        try:
            expect(failed.or_(self.page.locator("html:not(:has(#starting))"))).to_be_attached(
                timeout=START_MS_MAX
            )
            expect(starting).to_have_count(0, timeout=1)
        except AssertionError as error:
            shown = starting.inner_text()
            raise AssertionError(f"did not start: {shown!r}, console: {self.errors}") from error
        self.enable_semantics()
        return self

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _on_page_error(self, error: Error) -> None:
        self.errors.append(str(error))

    def _on_response(self, response: Response) -> None:
        known = self.requests if response.ok or response.status == 304 else self.failed
        known.append(response.url)

    def _on_request_failed(self, request: Request) -> None:
        self.failed.append(request.url)
