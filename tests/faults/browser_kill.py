"""The web app's browser killed at random moments: all that the screen called saved is there."""

from __future__ import annotations

import contextlib
import logging
import random
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import structlog
from playwright.sync_api import Error, sync_playwright

from client.store.replica import QUIET_S
from client.web import build as web_build
from client.web.build import DEFAULT_OUT, WebBuild
from shared.domain.customer import Customer
from shared.domain.referral import Referral
from tests.browser.driver import Phone
from tests.browser.enrolment import SLOW_MS_MAX, accept, unlock
from tests.browser.live_server import LiveServer, live_server
from tests.faults.browser_process import KilledBrowser
from tests.faults.luck import luck
from tests.faults.report import Report, scratch_folder
from tests.faults.whole import faults_of
from tests.server.field_county import POSTMAN
from tools import chromium as chromium_tool

__all__ = ["kill_browser"]

GREETING = "今天的村"
ON_PHONE = re.compile(r"(\d+) 条在本机")
SYNCED = re.compile("已同步")
DIGITS = "零一二三四五六七八九"
RECORDS_MAX = 3
"""Of a life that is not to end at once."""
QUEUE_MAX = 15
"""Waiting records before the network comes back for a while."""
SAVING_S = (0.0, 0.4)
SAID_S = (0.0, 0.03)
STARTING_S = (0.0, 3.0)
SYNCING_S = (0.0, 1.0)

_TOLD_TOO_EARLY = {
    'await write(JOURNAL, "records", (store) => store.add(record, position));':
    'setTimeout(() => write(JOURNAL, "records", (store) => store.add(record, position)), 2000);',
}  # fmt: skip


@dataclass
class _Person:
    """Somebody who records leads, and believes the screen.

    Attributes:
        saving: Whoever's lead was about to be saved.
        saved: Whoever's lead the screen has called saved.
        on_phone: How many records the screen says wait on this phone.
    """

    rng: random.Random
    saving: list[str] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    synced: int = 0
    on_phone: int = 0

    def next_name(self) -> str:
        number = len(self.saving)
        name = "陈" + "".join(DIGITS[int(digit)] for digit in f"{number:03d}")
        self.saving.append(name)
        return name


def kill_browser(*, kills: int, seed: int = 1, defect: str | None = None) -> Report:
    """Kill Chromium *kills* times while a postman records leads without a network, or syncs."""
    report = Report("kill browser", {"kills": kills, "seed": seed})
    chromium = chromium_tool.find()
    assert chromium is not None, chromium_tool.ADVICE
    with (
        _only_the_table(),
        scratch_folder() as folder,
        sync_playwright() as playwright,
        live_server(folder, _web_app(folder, defect)) as live,
    ):
        browser = KilledBrowser(playwright, chromium, folder / "profile")
        person = _Person(luck(seed))
        with report.trying("the first start"):
            _enrol(browser, live)
        for number in range(kills):
            if report.is_hopeless:
                break
            with report.trying(f"life {number + 1}"):
                _live_and_die(browser, live, person, report)
            browser.kill()
            report.counts["kills"] += 1
        with report.trying("the last start"):
            phone = _open(browser, live, person, report)
            _sync(phone, person)
        browser.close()
        _count(live, person, report)
    return report


@contextlib.contextmanager
def _only_the_table() -> Iterator[None]:
    """Keep the server's line for each request out of what is printed."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        yield
    finally:
        structlog.configure(**before)


def _web_app(folder: Path, defect: str | None) -> Path:
    """Return the built app; with a *defect*, another build that has it."""
    if defect is None:
        WebBuild().run()
        return DEFAULT_OUT
    assert defect == "told-before-kept"
    site = shutil.copytree(web_build.HANDWRITTEN, folder / "site")
    code = (site / "device.js").read_text("utf-8")
    for right, wrong in _TOLD_TOO_EARLY.items():
        assert right in code
        code = code.replace(right, wrong)
    (site / "device.js").write_text(code, "utf-8")
    build = WebBuild(out=folder / "web")
    with mock.patch.object(web_build, "HANDWRITTEN", site):
        build.run()
    return build.out


def _enrol(browser: KilledBrowser, live: LiveServer) -> None:
    phone = browser.start().start(live.link_of(POSTMAN))
    accept(phone, GREETING)
    phone.see(SYNCED, within_ms=SLOW_MS_MAX)
    phone.wait_until_installed()
    # The villages are a cache, kept once the sync has been quiet; they can't be fetched later.
    phone.page.wait_for_timeout((QUIET_S + 1) * 1000)
    browser.kill()


def _live_and_die(
    browser: KilledBrowser, live: LiveServer, person: _Person, report: Report
) -> None:
    """Start the browser, look whether all is there, and let it die in one of five ways."""
    ways: dict[Callable[..., None], int] = {
        _die_after_it_was_said: 4,
        _die_while_saving: 4,
        _close_the_tab_while_saving: 2,
        _die_while_starting: 1,
        _die_while_syncing: 1,
    }
    (way,) = person.rng.choices(list(ways), list(ways.values()))
    if person.on_phone > QUEUE_MAX:
        way = _die_while_syncing
    report.counts[way.__name__.removeprefix("_").replace("_", " ")] += 1
    if way is _die_while_starting:
        phone = browser.start()
        phone.offline()
        with _dying(browser, person.rng.uniform(*STARTING_S)) as begin:
            begin()
            phone.start(live.url)
        return
    phone = _open(browser, live, person, report)
    for _ in range(person.rng.randrange(RECORDS_MAX)):
        _record(phone, person)
    way(browser, phone, live, person, report)


def _die_after_it_was_said(
    browser: KilledBrowser, phone: Phone, live: LiveServer, person: _Person, report: Report
) -> None:
    del live, report
    _record(phone, person)
    time.sleep(person.rng.uniform(*SAID_S))
    browser.kill()


def _die_while_saving(
    browser: KilledBrowser, phone: Phone, live: LiveServer, person: _Person, report: Report
) -> None:
    del live, report
    with _dying(browser, person.rng.uniform(*SAVING_S)) as begin:
        _record(phone, person, on_tap=begin)


def _close_the_tab_while_saving(
    browser: KilledBrowser, phone: Phone, live: LiveServer, person: _Person, report: Report
) -> None:
    """Close the tab, not the browser; what comes next is another tab of it."""
    _fill(phone, person)
    phone.page.wait_for_timeout(person.rng.uniform(*SAVING_S) * 1000)
    phone.close()
    phone = browser.tab()
    phone.offline()
    _look(phone.start(live.url), person, report)
    _die_after_it_was_said(browser, phone, live, person, report)


def _die_while_starting() -> None:
    """Named here for the count; it opens nothing first."""


def _die_while_syncing(
    browser: KilledBrowser, phone: Phone, live: LiveServer, person: _Person, report: Report
) -> None:
    """Let the network come back, and die before or after the answer."""
    del live, report
    if person.on_phone > QUEUE_MAX:
        _sync(phone, person)
    _record(phone, person)
    with _dying(browser, person.rng.uniform(*SYNCING_S)) as begin:
        begin()
        phone.online()
        phone.see(SYNCED, within_ms=SLOW_MS_MAX)
        person.synced = len(person.saved)
        person.on_phone = 0
        browser.kill()


@contextlib.contextmanager
def _dying(browser: KilledBrowser, after_s: float) -> Iterator[Callable[[], None]]:
    """Kill the browser so many seconds after the call of what is yielded."""
    is_dying = threading.Event()

    def die() -> None:
        is_dying.set()
        browser.kill()

    timer = threading.Timer(after_s, die)
    try:
        yield timer.start
    except (AssertionError, Error):
        # What was waited for did not come: that is right only of a browser that was killed.
        if not is_dying.is_set():
            timer.cancel()
            raise
    timer.join()


def _open(browser: KilledBrowser, live: LiveServer, person: _Person, report: Report) -> Phone:
    """Start the browser with the network cut, unlock, and hold it to what its screen has said."""
    phone = browser.start()
    phone.offline()
    _look(phone.start(live.url), person, report)
    return phone


def _look(phone: Phone, person: _Person, report: Report) -> None:
    unlock(phone, GREETING)
    person.on_phone = _waiting(phone)
    # Of those that were on their way, the answer may or may not have been kept.
    at_least = len(person.saved) - person.synced
    if person.on_phone < at_least:
        report.violate(f"LOST: {at_least} were called saved, {person.on_phone} are on the phone")
    if person.saved:
        newest = person.saved[-1]
        phone.tap("tab", "记录")
        phone.see(re.compile(f"{newest}.*{'在本机 · 未上传' if at_least else ''}", re.DOTALL))
        phone.tap("tab", "今天")
        report.counts["found by name after a start"] += 1


def _waiting(phone: Phone) -> int:
    """Return how many records the screen says wait on this phone."""
    found = ON_PHONE.search(phone.screen())
    return int(found.group(1)) if found else 0


def _record(phone: Phone, person: _Person, on_tap: Callable[[], None] = lambda: None) -> None:
    """Record a lead, and take the screen by its word."""
    name = _fill(phone, person, on_tap)
    phone.see(re.compile(rf"\b{person.on_phone + 1} 条在本机"))
    person.on_phone += 1
    person.saved.append(name)


def _fill(phone: Phone, person: _Person, on_tap: Callable[[], None] = lambda: None) -> str:
    """Fill the form of a lead in, and tap the button that saves it."""
    phone.tap("button", "记线索")
    phone.tap("button", "存款")
    phone.tap("button", "很高")
    name = person.next_name()
    phone.fill("称呼或姓名", name)
    on_tap()
    phone.tap("button", "客户已同意，保存")
    return name


def _sync(phone: Phone, person: _Person) -> None:
    """Let the network come back, and wait until everything is sent."""
    phone.online()
    phone.see(SYNCED, within_ms=SLOW_MS_MAX)
    phone.offline()
    person.synced = len(person.saved)
    person.on_phone = 0


def _count(live: LiveServer, person: _Person, report: Report) -> None:
    names = Counter(customer.name for customer in live.rows(Customer))
    report.counts["said to be saved"] = len(person.saved)
    report.counts["on the server"] = names.total()
    report.counts["killed while saving, kept"] = len(set(names) - set(person.saved))
    for name in person.saved:
        if names[name] != 1:
            report.violate(f"LOST or TWICE: {name} was called saved, is there {names[name]} times")
    for name in set(names) - set(person.saving):
        report.violate(f"{name} is on the server, and nobody recorded it")
    for name, times in names.items():
        if times > 1:
            report.violate(f"TWICE: {name} is there {times} times")
    if len(live.rows(Referral)) != names.total():
        report.violate(f"HALF: {names.total()} customers, {len(live.rows(Referral))} leads")
    with live.running.session() as session:
        for fault in faults_of(session):
            report.violate(fault)
