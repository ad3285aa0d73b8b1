"""`make bench-app`: how fast the web app opens, beside an empty Flet app built the same way.

Everything is measured inside the browser, on the clock of the page: a start begins with its
navigation, and a screen is there when assistive technology is told of it. The two apps take
turns, and the one that waits is closed, so that a busy moment of the machine strikes both; read
the ratios before the seconds. The browser is not slowed down: Chromium's switch for that reaches
the window and not Python's worker.
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
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
REST_S = 2
REPLICA_KEPT_MS = 4000  # The app keeps its copy of the county when that was quiet for two seconds.
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
# The first paint's own pad takes digits from when it is drawn; the app goes on with them.
WHEN_INPUT = """() => {
  const [pad] = performance.getEntriesByName("app:early-pad");
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return pad && paint ? Math.max(pad.startTime, paint.startTime) : window.firstScreenAt;
}"""
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
    """One start: when it took input, when its screen was there, when what leads there was."""

    input_ms: float
    screen_ms: float
    marks: dict[str, float]


@dataclass(frozen=True)
class Sizes:
    """How often each thing is done, and where the app is built."""

    loads: int
    starts: int
    saves: int
    out: Path


@dataclass(frozen=True)
class Line:
    """One row of the table; no *empty* where an empty app has no such thing."""

    name: str
    app: Sequence[float]
    empty: Sequence[float] = ()
    unit: str = "s"
    goal: str = ""
    of: Callable[[Sequence[float]], float] = statistics.median

    def __str__(self) -> str:
        app = self.of(self.app)
        best = f"{min(self.app):8.2f}"
        empty = ratio = "—"
        if self.empty:
            empty = f"{self.of(self.empty):.2f}"
            ratio = f"{app / self.of(self.empty):.2f}"
        return (
            f"{self.name:<42} {len(self.app):3} {best} {app:8.2f} {empty:>8} {ratio:>6}"
            f"  {self.unit:<3} {self.goal}"
        )


class Bench:
    """The browsers and servers of one run."""

    def __init__(self, playwright: Playwright, stack: ExitStack) -> None:
        self._playwright = playwright
        self._stack = stack
        found = chromium.find()
        if found is None:
            raise SystemExit(chromium.ADVICE)
        self._chromium = found

    @contextmanager
    def _new_phone(self) -> Iterator[Phone]:
        """Give a phone with empty storage."""
        with (
            tempfile.TemporaryDirectory() as profile,
            phone(self._playwright, self._chromium, Path(profile)) as made,
        ):
            yield made

    def builds(self, out: Path) -> dict[str, Path]:
        """Build both apps."""
        WebBuild(out=out).run()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        entry = Path(folder) / "main.py"
        entry.write_text(EMPTY_APP, "utf-8")
        empty = WebBuild(entry=entry, out=out.with_name("bench-empty"), packages=())
        empty.run()
        return {"app": out, "empty": empty.out}

    def first_load(self, name: str, build: Path) -> tuple[float, float]:
        """Return the seconds and megabytes of a first start."""
        with static_server(build) as server, self._new_phone() as new:
            _watch_for(new, FIRST_SCREEN[name])
            start = _opened(new, server.url)
            return start.screen_ms / 1000, _megabytes(server.bytes_sent)

    def enrolled(self, server: LiveServer) -> Phone:
        """Return a phone of the postman's that has everything and no network."""
        his = self._stack.enter_context(self._new_phone())
        enrol(his, server.link_of(POSTMAN), GREETING)
        his.tap("button", "看同步情况")
        his.tap("button", "现在同步")
        his.see("都同步好了", within_ms=START_MS_MAX)
        return _cut_off(his, NEXT_SCREEN["app"])

    def empty(self, url: str) -> Phone:
        """Return a phone that has the empty app and no network."""
        made = self._stack.enter_context(self._new_phone())
        return _cut_off(made.start(url), NEXT_SCREEN["empty"])

    def serve(self, build: Path) -> str:
        """Serve *build* until the end; return where."""
        return self._stack.enter_context(static_server(build)).url


def _watch_for(phone_: Phone, screen: str) -> None:
    """Have each page from now on note when it first shows *screen*."""
    phone_.page.add_init_script(SPY.replace("FIRST", f"'{screen}'"))


def _cut_off(ready: Phone, screen: str) -> Phone:
    """Let *ready* finish what makes its next start fast; close the app, and cut its network."""
    ready.wait_until_installed()
    ready.page.wait_for_function(SNAPSHOT_IS_KEPT, timeout=START_MS_MAX, polling=500)
    ready.page.wait_for_timeout(REPLICA_KEPT_MS)
    ready.offline()
    # Only now: the driver itself turns the semantics on where it opens an app.
    _watch_for(ready, screen)
    return _closed(ready)


def _closed(opened: Phone) -> Phone:
    """Leave the app, so that nothing of it runs."""
    opened.page.goto("about:blank")
    return opened


def _opened(closed: Phone, url: str) -> Start:
    """Open the app and wait for its first screen."""
    page = closed.page
    page.goto(url, wait_until="commit")
    page.wait_for_function(WHEN_FIRST, timeout=START_MS_MAX, polling=100)
    return Start(page.evaluate(WHEN_INPUT), page.evaluate(WHEN_FIRST), page.evaluate(MARKS))


def _opened_and_unlocked(closed: Phone, url: str) -> float:
    """Open the app and type the PIN on the first paint; return when today's screen was there."""
    page = closed.page
    page.goto(url, wait_until="commit")
    page.locator("#pin-door").wait_for(state="visible", timeout=START_MS_MAX)
    today = page.evaluate_handle(f"() => ({{ at: window.until('{GREETING}') }})")
    for digit in PIN:
        page.keyboard.press(digit)
    at: float = today.evaluate("(today) => today.at")
    return at


def _unlocked(page: Page) -> float:
    """Type the PIN at once; return the milliseconds from its last digit to today's screen."""
    today = page.evaluate_handle(f"() => ({{ at: window.until('{GREETING}') }})")
    for digit in PIN:
        page.keyboard.press(digit)
    typed_at: float = page.evaluate("() => window.pressedAt")
    at: float = today.evaluate("(today) => today.at")
    return at - typed_at


def _saved(app: Phone, number: int) -> float:
    """Record a lead; return the milliseconds from the last tap to "saved"."""
    app.tap("button", "记线索")
    app.tap("button", "存款")
    app.tap("button", "很高")
    app.fill("称呼或姓名", f"第{number}位")
    app.page.evaluate(f"() => window.until('{SAVED}', false)")
    saved = app.page.evaluate_handle(f"() => ({{ at: window.until('{SAVED}') }})")
    app.tap("button", "客户已同意，保存")
    at: float = saved.evaluate("(saved) => saved.at")
    pressed_at: float = app.page.evaluate("() => window.pressedAt")
    return at - pressed_at


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


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[max(0, round(len(values) * 0.95) - 1)]


def _seconds(starts: Sequence[Start]) -> list[float]:
    return [start.screen_ms / 1000 for start in starts]


def _parts(app: Sequence[Start], empty: Sequence[Start]) -> Iterator[Line]:
    """Yield what a start is made of, each from its beginning: the milestones in their order."""
    reached = _reached(app)
    beside = _reached(empty)
    for name, times in sorted(reached.items(), key=lambda item: statistics.median(item[1])):
        yield Line(f"  … {name}", times, beside.get(name, ()))


def _reached(starts: Sequence[Start]) -> dict[str, list[float]]:
    """Return when each milestone was reached that every one of *starts* has."""
    names = [name for name in starts[0].marks if all(name in start.marks for start in starts)]
    return {name: [start.marks[name] / 1000 for start in starts] for name in names}


def _first_loads(bench: Bench, builds: dict[str, Path], rounds: int) -> Iterator[Line]:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in builds}
    for _ in range(rounds):
        for name, build in builds.items():
            found[name].append(bench.first_load(name, build))
    app, empty = found["app"], found["empty"]
    yield Line(
        "first load, until the first screen", [s for s, _ in app], [s for s, _ in empty], goal="≤ 6"
    )
    yield Line(
        "first load, compressed, before first use",
        [mb for _, mb in app],
        [mb for _, mb in empty],
        unit="MB",
        goal="≤ 10",
    )


def _next_starts(
    bench: Bench, builds: dict[str, Path], server: LiveServer, sizes: Sizes
) -> Iterator[Line]:
    app = bench.enrolled(server)
    empty_url = bench.serve(builds["empty"])
    empty = bench.empty(empty_url)
    for each, url in ((app, server.url), (empty, empty_url)):
        _opened(each, url)  # Not counted: the first one that comes to the PIN has no pad yet.
        _closed(each)
    starts, unlocks, wholes, empties = [], [], [], []
    for _ in range(sizes.starts):
        starts.append(_opened(app, server.url))
        unlocks.append(_unlocked(app.page) / 1000)
        _closed(app)
        empties.append(_opened(empty, empty_url))
        _closed(empty)
        wholes.append(_opened_and_unlocked(app, server.url) / 1000)
        _closed(app)
    inputs = [start.input_ms / 1000 for start in starts]
    yield Line("offline start, until a pad takes the PIN", inputs, _seconds(empties), goal="≤ 1.5")
    yield Line("  … until the app's own pad", _seconds(starts), _seconds(empties))
    yield Line("  … until today, the PIN typed at once", wholes)
    yield from _parts(starts, empties)
    yield Line(f"unlock to today, {RECORDS} records", unlocks, goal="≤ 1")
    _opened(app, server.url)
    _unlocked(app.page)
    taken = [_saved(app, number) for number in range(sizes.saves)]
    yield Line('tap to "saved", median', taken, unit="ms")
    yield Line('tap to "saved", p95', taken, unit="ms", goal="≤ 100", of=_p95)


class Company:
    """How much of the machine others used, looked at while the bench itself rested."""

    def __init__(self) -> None:
        self._shares: list[float] = []

    def look(self) -> None:
        """Rest a moment, and note how busy the processors are all the same."""
        before = _processor_times()
        if before is None:
            return
        time.sleep(REST_S)
        after = _processor_times()
        assert after is not None, "it was there before"
        idle, total = (late - early for early, late in zip(before, after, strict=True))
        self._shares.append(1 - idle / total)

    def __str__(self) -> str:
        if not self._shares:
            return "what others did is not told by this system"
        shares = ", ".join(f"{share:.0%}" for share in self._shares)
        return f"processors busy while the bench rested: {shares}"


def _processor_times() -> tuple[int, int] | None:
    """Return the idle time and all time of all processors since the start; Linux tells."""
    try:
        line = Path("/proc/stat").read_text("ascii").partition("\n")[0]
    except OSError:
        return None
    times = [int(word) for word in line.split()[1:9]]
    return times[3] + times[4], sum(times)


def _table(bench: Bench, stack: ExitStack, sizes: Sizes, company: Company) -> Iterator[Line]:
    builds = bench.builds(sizes.out)
    company.look()
    yield from _first_loads(bench, builds, sizes.loads)
    company.look()
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    server = stack.enter_context(live_server(Path(folder), builds["app"]))
    server.running.keep(COUNTY.id, _records())
    yield from _next_starts(bench, builds, server, sizes)
    company.look()


def main(show: Callable[[str], None] = print) -> None:
    """Measure, and print the table line by line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench_app", description=__doc__)
    parser.add_argument("--loads", type=int, default=3, help="first loads of each app")
    parser.add_argument("--starts", type=int, default=9, help="offline starts of each app")
    parser.add_argument("--saves", type=int, default=20, help="leads that are recorded")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="where the app is built")
    arguments = parser.parse_args()
    sizes = Sizes(arguments.loads, arguments.starts, arguments.saves, arguments.out.resolve())
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    company = Company()
    began = time.monotonic()
    show(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start, software GL")
    show(f"{'':<42} {'n':>3} {'best':>8} {'app':>8} {'empty':>8} {'ratio':>6}       goal")
    with sync_playwright() as playwright, ExitStack() as stack:
        for line in _table(Bench(playwright, stack), stack, sizes, company):
            show(str(line))
    show(f"medians where no other word stands; {company}; {time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main()
