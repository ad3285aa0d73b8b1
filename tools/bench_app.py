"""`make bench-app`: how fast the web app opens, beside an empty Flet app built the same way.

Everything is measured inside the browser, on the clock of the page: a start begins with its
navigation, and a screen is there when assistive technology is told of it. The two apps take
turns, so that a busy moment of the machine strikes both; read the ratios before the seconds.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Playwright, sync_playwright

from client.web.build import DEFAULT_OUT, WebBuild
from client.web.flet_client import LATER_FONT_ASSET
from shared.domain.harvest import Confidence, HarvestDate, HarvestStatus
from shared.domain.rows import Row
from tests.browser.driver import START_MS_MAX, Phone, phone
from tests.browser.enrolment import PIN, enrol
from tests.browser.live_server import LiveServer, live_server
from tests.browser.static_server import static_server
from tests.server.field_county import COUNTY, MELON, OUTLET, POSTMAN, VILLAGE, numbered
from tools import chromium

EMPTY_APP = """
import flet as ft

def main(page: ft.Page) -> None:
    page.add(ft.Text("EMPTY"))

ft.run(main)
"""
RECORDS = 2_000
FIRST_RECORD = 100_000  # Far from the numbers of the small county's own objects.
GREETING = "今天的村"
SAVED = "已存进手机"
FIRST_SCREEN = {"app": "开始使用", "empty": "EMPTY"}
NEXT_SCREEN = {"app": "输入 PIN", "empty": "EMPTY"}

# `until(text)` settles with the time at which a screen that says *text* is there; Flutter is made
# to describe its screens as soon as it can.
SPY = """
(() => {
  const says = (text) => [...document.querySelectorAll("flt-semantics")].some((node) =>
    (node.textContent + (node.getAttribute("aria-label") ?? "")).includes(text));
  const watched = new Set();
  const look = () => {
    document.querySelector("flt-semantics-placeholder")?.dispatchEvent(
      new Event("click", { bubbles: true }));
    for (const watch of watched) {
      if (says(watch.text) !== watch.wanted) continue;
      watched.delete(watch);
      watch.resolve(performance.now());
    }
  };
  window.until = (text, wanted = true) => new Promise((resolve) => {
    watched.add({ text, wanted, resolve });
    look();
  });
  window.until(FIRST).then((at) => { window.firstScreenAt = at; });
  addEventListener("pointerdown", () => { window.pressedAt = performance.now(); }, true);
  addEventListener("keydown", () => { window.pressedAt = performance.now(); }, true);
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver(look).observe(document.body, {
      subtree: true, childList: true, characterData: true, attributes: true,
      attributeFilter: ["aria-label"],
    });
  });
})();
"""
WHEN_FIRST = "() => window.firstScreenAt"
MARKS = """() => Object.fromEntries(
  performance.getEntriesByType("mark").map((mark) => [mark.name, mark.startTime]))"""
SNAPSHOT_IS_KEPT = """async () => {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("interpreter", { create: true });
  for await (const file of folder.values()) return (await file.getFile()).size > 1e7;
  return false;
}"""


@dataclass(frozen=True)
class Start:
    """One start: when its screen was there, and when what leads to it was reached."""

    screen_ms: float
    marks: dict[str, float]


@dataclass(frozen=True)
class Line:
    """One row of the table; *empty* where an empty app has no such thing."""

    name: str
    goal: str
    app: float
    empty: float | None = None
    unit: str = "s"

    def __str__(self) -> str:
        ratio = f"{self.app / self.empty:9.2f}" if self.empty else f"{'—':>9}"
        empty = f"{self.empty:9.2f}" if self.empty is not None else f"{'—':>9}"
        return f"{self.name:<44} {self.app:9.2f} {empty} {ratio}  {self.unit:<3} {self.goal}"


class Bench:
    """The browsers and servers of one run."""

    def __init__(self, playwright: Playwright, stack: ExitStack, *, rounds: int) -> None:
        self._playwright = playwright
        self._stack = stack
        self._rounds = rounds
        found = chromium.find()
        if found is None:
            raise SystemExit(chromium.ADVICE)
        self._chromium = found

    def _folder(self) -> Path:
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory()))

    @contextmanager
    def _new_phone(self, first: str) -> Iterator[Phone]:
        """Give a phone with empty storage that notes when its screen first says *first*."""
        with (
            tempfile.TemporaryDirectory() as profile,
            phone(self._playwright, self._chromium, Path(profile)) as made,
        ):
            made.page.add_init_script(SPY.replace("FIRST", f"'{first}'"))
            yield made

    def builds(self) -> dict[str, Path]:
        """Build both apps."""
        WebBuild().run()
        entry = self._folder() / "main.py"
        entry.write_text(EMPTY_APP, "utf-8")
        empty = WebBuild(entry=entry, out=DEFAULT_OUT.with_name("bench-empty"), packages=())
        empty.run()
        return {"app": DEFAULT_OUT, "empty": empty.out}

    def first_loads(self, builds: dict[str, Path]) -> dict[str, tuple[float, float]]:
        """Return seconds and megabytes of each app's first start: medians of three at most."""
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in builds}
        for _ in range(min(self._rounds, 3)):
            for name, build in builds.items():
                with static_server(build) as server, self._new_phone(FIRST_SCREEN[name]) as new:
                    new.page.goto(server.url, wait_until="commit")
                    start = _started(new.page)
                    found[name].append((start.screen_ms / 1000, _megabytes(server.bytes_sent)))
        return {
            name: (_median(s for s, _ in each), _median(mb for _, mb in each))
            for name, each in found.items()
        }

    def enrolled(self, server: LiveServer) -> Phone:
        """Return a phone of the postman's that has everything and no network."""
        phone_of_his = self._stack.enter_context(self._new_phone(NEXT_SCREEN["app"]))
        enrol(phone_of_his, server.link_of(POSTMAN), GREETING)
        phone_of_his.tap("button", "看同步情况")
        phone_of_his.see("都同步好了", within_ms=START_MS_MAX)
        return _cut_off(phone_of_his)

    def empty(self, build: Path) -> Phone:
        """Return a phone that has the empty app and no network."""
        server = self._stack.enter_context(static_server(build))
        with_empty = self._stack.enter_context(self._new_phone(NEXT_SCREEN["empty"]))
        return _cut_off(with_empty.start(server.url))

    def offline_starts(
        self, app: Phone, empty: Phone
    ) -> tuple[list[Start], list[float], list[Start]]:
        """Start both in turns; return the app's starts, its unlocks, the empty one's starts."""
        starts, unlocks, empties = [], [], []
        for _ in range(self._rounds):
            app.page.reload(wait_until="commit")
            starts.append(_started(app.page))
            unlocks.append(_unlocked(app.page))
            empty.page.reload(wait_until="commit")
            empties.append(_started(empty.page))
        return starts, unlocks, empties

    def saves(self, app: Phone, times: int) -> list[float]:
        """Record *times* leads; return the milliseconds from each last tap to "saved"."""
        taken = []
        for number in range(times):
            app.tap("button", "记线索")
            app.tap("button", "存款")
            app.tap("button", "很高")
            app.fill("称呼或姓名", f"第{number}位")
            saved = app.page.evaluate_handle(f"() => ({{ at: window.until('{SAVED}') }})")
            app.tap("button", "客户已同意，保存")
            at = saved.evaluate("(saved) => saved.at")
            taken.append(at - app.page.evaluate("() => window.pressedAt"))
            app.page.evaluate(f"() => window.until('{SAVED}', false)")
        return taken


def _cut_off(ready: Phone) -> Phone:
    ready.wait_until_installed()
    ready.page.wait_for_function(SNAPSHOT_IS_KEPT, timeout=START_MS_MAX, polling=500)
    ready.offline()
    return ready


def _started(page: Page) -> Start:
    page.wait_for_function(WHEN_FIRST, timeout=START_MS_MAX, polling=100)
    return Start(page.evaluate(WHEN_FIRST), page.evaluate(MARKS))


def _unlocked(page: Page) -> float:
    """Type the PIN at once; return the milliseconds from its last digit to today's screen."""
    today = page.evaluate_handle(f"() => ({{ at: window.until('{GREETING}') }})")
    for digit in PIN:
        page.keyboard.press(digit)
    typed_at: float = page.evaluate("() => window.pressedAt")
    at: float = today.evaluate("(today) => today.at")
    return at - typed_at


def _records() -> list[Row]:
    """Return a postman's sale dates, the old ones paid: a year around today."""
    today = dt.datetime.now(dt.UTC)
    rows: list[Row] = []
    for number in range(RECORDS):
        day = today.date() + dt.timedelta(days=number * 365 // RECORDS - 300)
        over = day < today.date()
        rows.append(
            HarvestDate(
                id=numbered(FIRST_RECORD + number),
                outlet_id=OUTLET.id,
                village_id=VILLAGE.id,
                crop_id=MELON.id,
                status=HarvestStatus.PAID if over else HarvestStatus.HEARD,
                sale_from_on=day,
                sale_to_on=day,
                payout_on=day,
                confidence=Confidence.FARMER,
                version=1,
                reported_by_id=POSTMAN.id,
                reported_at=today - dt.timedelta(days=1),
                households=number % 60 + 1,
                note=f"第 {number} 批，{number % 17} 车",
            )
        )
    return rows


def _megabytes(sent: dict[str, int]) -> float:
    """Add up what came before the first use: the app asks for its second font when it stands."""
    later = f"/assets/{LATER_FONT_ASSET}"
    return sum(size for path, size in sent.items() if path != later) / 1e6


def _median(values: Iterator[float] | list[float]) -> float:
    return statistics.median(values)


def _p95(values: list[float]) -> float:
    return sorted(values)[max(0, round(len(values) * 0.95) - 1)]


def _parts(starts: list[Start]) -> Iterator[Line]:
    """Yield what a start is made of, each from its beginning: the milestones in their order."""
    names = [name for name in starts[0].marks if all(name in start.marks for start in starts)]
    reached = {name: _median([start.marks[name] for start in starts]) for name in names}
    for name, at in sorted(reached.items(), key=lambda item: item[1]):
        yield Line(f"  … {name}", "", at / 1000)


def _table(bench: Bench, stack: ExitStack, *, saves: int) -> Iterator[Line]:
    builds = bench.builds()
    loads = bench.first_loads(builds)
    yield Line("first load, until the first screen", "≤ 6", loads["app"][0], loads["empty"][0])
    megabytes = (loads["app"][1], loads["empty"][1])
    yield Line("first load, compressed, before first use", "≤ 10", *megabytes, unit="MB")
    with tempfile.TemporaryDirectory() as folder:
        server = stack.enter_context(live_server(Path(folder), builds["app"]))
        server.running.keep(COUNTY.id, _records())
        app, empty = bench.enrolled(server), bench.empty(builds["empty"])
        starts, unlocks, empties = bench.offline_starts(app, empty)
        yield Line(
            "offline start, until the PIN pad",
            "≤ 1.5",
            _median([start.screen_ms for start in starts]) / 1000,
            _median([start.screen_ms for start in empties]) / 1000,
        )
        yield from _parts(starts)
        yield Line(f"unlock to today, {RECORDS} records", "≤ 1", _median(unlocks) / 1000)
        taken = bench.saves(app, saves)
        yield Line('tap to "saved", p50', "", _median(taken), unit="ms")
        yield Line('tap to "saved", p95', "≤ 100", _p95(taken), unit="ms")


def main(show: Callable[[str], None] = print) -> None:
    """Measure, and print the table line by line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench_app", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="offline starts of each app")
    parser.add_argument("--saves", type=int, default=20, help="leads that are recorded")
    arguments = parser.parse_args()
    show(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start, software GL")
    show(f"{'':<44} {'app':>9} {'empty':>9} {'ratio':>9}       goal")
    with sync_playwright() as playwright, ExitStack() as stack:
        bench = Bench(playwright, stack, rounds=arguments.rounds)
        for line in _table(bench, stack, saves=arguments.saves):
            show(str(line))


if __name__ == "__main__":
    main()
