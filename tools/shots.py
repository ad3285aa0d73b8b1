"""`make shots`: every screen of the three roles as a picture, from the running demo.

With names of roles (`postman`, `wm`, `bh`, `states`) only theirs are taken anew.

The demo runs on a free port with data of its own in build/shots-data; each role enrols with the
code that the demo prints. Pictures go to build/shots/<width>/<role>-<nn>-<screen>.png, and the
README's to docs/images/today.png.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from playwright.sync_api import Error, Playwright, sync_playwright

from tests.browser.driver import Phone, phone
from tests.browser.enrolment import accept
from tools import chromium
from tools.shots_states import SETTLED_MS, go_back, take_states

OUT = Path("build/shots")
DATA = Path("build/shots-data")
WEB = Path("build/web")
STATES = "states"
STATES_DATA = DATA / STATES
README_SOURCE = "390/postman-01-today.png"
README_PICTURE = Path("docs/images/today.png")
SIZES = ((390, 844), (1280, 800))
NARROW = SIZES[0][0]
SETTLED_TRIES = 20


@dataclass(frozen=True)
class Screen:
    """A screen, and what is tapped to come to it: a tab's title first, then names of buttons.

    A name that begins with ^ is a pattern; `narrow` screens are part of another one on a desk.
    """

    name: str
    tab: str
    taps: tuple[str, ...] = ()
    narrow: bool = False


@dataclass(frozen=True)
class Person:
    """One role's person in the demo: staff number, and what the first screen says."""

    role: str
    number: str
    greeting: str
    screens: tuple[Screen, ...]


COMMON = (
    ("sync", ("看同步情况",)),
    ("hand-over", ("看同步情况", "^(去导出|没有网络)")),
    ("settings", ("我的",)),
    ("new-pin", ("我的", "改 PIN")),
)

POSTMAN = Person(
    "postman",
    "08010021",
    "今天的村",
    (
        Screen("today", "今天"),
        Screen("lead-form", "今天", ("记线索",)),
        Screen("lead-form-filled", "今天", ("记线索", "存款", "很高", "补充：身份")),
        Screen("sale-form", "今天", ("报出售日",)),
        Screen("sales", "出售"),
        Screen("sale", "出售", (r"^.*(农户说|听说|收购商定|亲眼看见)",)),
        Screen("records", "记录"),
        Screen("lead", "记录", (r"^\S+\s.*· 意向",)),
        Screen("cards", "记录", ("关怀卡",)),
        Screen("card", "记录", ("关怀卡", r"^\S+\s.*联系")),
        Screen("everything", "记录", ("本机全部",)),
        Screen("points", "积分"),
        Screen("why", "积分", ("有效线索",)),
        Screen("inbox", "待办"),
        *(Screen(name, "今天", taps) for name, taps in COMMON),
    ),
)
MANAGER = Person(
    "wm",
    "08010011",
    "等我答复",
    (
        Screen("leads", "转介"),
        Screen("offered", "转介", (r"^.*为什么是我",), narrow=True),
        # Before the list is scrolled to what lies further down.
        Screen("decline", "转介", ("不接",)),
        Screen("lead", "转介", (r"^.*已受理",)),
        Screen("schedule", "转介", (r"^.*已受理", "安排走访")),
        Screen("met", "转介", (r"^.*已受理", "见到客户了")),
        Screen("care", "转介", (r"^.*已受理", "转关怀卡")),
        Screen("lose", "转介", (r"^.*已受理", "没办成")),
        Screen("succeed", "转介", (r"^.*已见面", "办成了")),
        Screen("calendar", "出售日历"),
        Screen("list", "出售日历", ("列表",), narrow=True),
        Screen("day", "走访"),
        Screen("visit", "走访", (r"^走访",)),
        Screen("progress", "进展"),
        Screen("news", "消息"),
        *(Screen(name, "转介", taps) for name, taps in COMMON),
    ),
)
HEAD = Person(
    "bh",
    "08010001",
    "待审批",
    (
        Screen("approvals", "审批"),
        Screen("entry", "审批", ("逐条看", r"^\S+\s\S+\s办成业务")),
        Screen("reject", "审批", ("逐条看", r"^\S+\s\S+\s办成业务", "驳回")),
        Screen("bulk", "审批", ("一起批", "批准勾选的")),
        Screen("singly", "审批", ("逐条看",)),
        Screen("not-mine", "审批", ("不归您",)),
        Screen("decisions", "待定"),
        Screen("decision", "待定", (r"^\S+\s.*· 意向",)),
        Screen("referrals", "转介"),
        Screen("referral", "转介", (r"^\S+\s.*· 意向",)),
        Screen("referrers", "谁在转介"),
        Screen("villages", "谁在转介", ("按村",)),
        Screen("phones", "手机"),
        *(Screen(name, "审批", taps) for name, taps in COMMON),
    ),
)
PEOPLE = (POSTMAN, MANAGER, HEAD)


def main() -> int:
    """Take the pictures of all roles, or of those named; 1 when a screen could not be reached."""
    asked = sys.argv[1:]
    chosen = [one for one in PEOPLE if not asked or one.role in asked]
    found = chromium.find()
    if found is None:
        print(chromium.ADVICE)
        return 1
    missed: list[str] = []
    with ExitStack() as stack:
        links = stack.enter_context(running_demo()) if chosen else {}
        playwright = stack.enter_context(sync_playwright())
        for person in chosen:
            forget(person.role)
            missed += pictures_of(playwright, found, person, links[person.number])
        if not asked or STATES in asked:
            forget(STATES)
            shutil.rmtree(STATES_DATA, ignore_errors=True)
            try:
                take_states(
                    playwright, found, STATES_DATA.absolute(), WEB, partial(take, role=STATES)
                )
            except (Error, AssertionError) as error:
                missed.append(f"{STATES}: {str(error)[:80]}")
    for name in missed:
        print(f"没拍到 / not reached: {name}")
    return 1 if missed else 0


@contextmanager
def running_demo() -> Iterator[dict[str, str]]:
    """Run `liandong demo`; give each person's enrolment link, by staff number."""
    # Anew each time: what sells today must sell today in the pictures too.
    port = str(free_port())
    command = (Path(sys.executable).with_name("liandong"), "demo", "--fresh", "--port", port)
    environment = {**os.environ, "LIANDONG_DATA_DIR": str(DATA)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        links = {}
        for line in demo.stdout:
            print(line, end="")
            if found := re.search(r"\b(\d{8})\b.*(http\S+#enrol=\S+)", line):
                links[found[1]] = found[2]
            if line.startswith("Each code works once"):
                break
        try:
            yield links
        finally:
            demo.terminate()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def pictures_of(playwright: Playwright, found: Path, person: Person, link: str) -> list[str]:
    """Take all screens of one person at each size; return the names of those not reached."""
    profile = DATA / "profiles" / person.role
    shutil.rmtree(profile, ignore_errors=True)
    missed = []
    with phone(playwright, found, profile) as user:
        user.start(link)
        take(user, "00-enrol", person.role)
        accept(user, person.greeting)
        for width, height in SIZES:
            user.page.set_viewport_size({"width": width, "height": height})
            for number, screen in enumerate(person.screens, start=1):
                if screen.narrow and width != NARROW:
                    continue
                try:
                    reach(user, screen, is_narrow=width == NARROW)
                except Error as error:
                    missed.append(f"{width} {person.role} {screen.name}: {error.message[:80]}")
                    continue
                take(user, f"{number:02}-{screen.name}", person.role)
        lock(user, person)
    return missed


def reach(user: Phone, screen: Screen, *, is_narrow: bool) -> None:
    """Go to a tab, then tap what leads to the screen."""
    if is_narrow:
        go_back(user)
        # A badge's number comes before the title.
        user.tap("tab", re.compile(f"{screen.tab}$"))
    else:  # The rail stands beside every screen.
        user.tap("button", re.compile(rf"^{screen.tab}( \d+\+?)?$"))
    for name in screen.taps:
        # A page slides in; what is tapped on its way may be the page below.
        user.page.wait_for_timeout(SETTLED_MS)
        user.tap("button", re.compile(name, re.DOTALL) if name.startswith("^") else name)


def lock(user: Phone, person: Person) -> None:
    """Take what is seen at every later start."""
    user.page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    user.reload()
    user.see("输入 PIN")
    take(user, "99-locked", person.role)


def forget(role: str) -> None:
    """Remove the pictures of an earlier run."""
    for picture in OUT.glob(f"*/{role}-*.png"):
        picture.unlink()


def take(user: Phone, name: str, role: str) -> None:
    """Save the picture under its size."""
    # The pointer would leave what it rests on highlighted, and its name over it.
    user.page.mouse.move(0, 0)
    size = user.page.viewport_size
    assert size is not None
    path = OUT / str(size["width"]) / f"{role}-{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(settle(user))
    print(f"  {path}", flush=True)
    if path == OUT / README_SOURCE:
        README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
        user.page.screenshot(path=README_PICTURE, scale="css")


def settle(user: Phone) -> bytes:
    """Wait until two pictures in a row are the same; return the last."""
    before = user.page.screenshot()
    for _ in range(SETTLED_TRIES):
        user.page.wait_for_timeout(SETTLED_MS)
        picture = user.page.screenshot()
        if picture == before:
            break
        before = picture
    return before


if __name__ == "__main__":
    sys.exit(main())
