"""`make shots`: every screen as a picture, from the running demo, in every look.

All of them take an hour and more; what somebody works on is named:

    python -m tools.shots postman wm --look dark --size 390 --only 'sale|points'

The demo runs on a free port with data of its own; each role enrols with the code that the demo
prints. Pictures go to build/shots/<look>/<width>/<role>-<nn>-<screen>.png, and the README's to
docs/images/today.png. `states` are those that a demo can't show, `doors` those before the app.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from playwright.sync_api import Error, Playwright, sync_playwright

from tests.browser.driver import Phone, phone
from tests.browser.enrolment import accept
from tools import chromium
from tools.shots_doors import take_doors
from tools.shots_people import LOOKS, PEOPLE, Look, Person, Screen
from tools.shots_states import SETTLED_MS, go_back, take_states

SIZES = {390: 844, 1280: 800}
NARROW = 390
STATES = "states"
DOORS = "doors"
README_SOURCE = ("light", "postman-01-today")
README_PICTURE = Path("docs/images/today.png")
SETTLED_TRIES = 20
FIRST_MS = 700
REACHED_MS_MAX = 8000


@dataclass
class Taking:
    """One run: what is asked for, where it goes, what was not reached."""

    out: Path
    web: Path
    looks: Sequence[Look]
    widths: Sequence[int]
    only: re.Pattern[str]
    whole: bool
    missed: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """Return where the demo and the browsers keep their things."""
        return self.out.with_name(f"{self.out.name}-data")

    def forget(self, role: str) -> None:
        """Remove a role's pictures of an earlier run, when all of them are taken anew."""
        if self.whole:
            for picture in self.out.glob(f"*/*/{role}-*.png"):
                picture.unlink()

    def take(self, user: Phone, name: str, role: str, look: str = "light") -> None:
        """Save the picture under its look and size."""
        # The pointer would leave what it rests on highlighted, and its name over it.
        user.page.mouse.move(0, 0)
        size = user.page.viewport_size
        assert size is not None
        path = self.out / look / str(size["width"]) / f"{role}-{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(settle(user))
        print(f"  {path}", flush=True)
        if (look, f"{role}-{name}", size["width"]) == (*README_SOURCE, NARROW) and self.whole:
            README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
            user.page.screenshot(path=README_PICTURE, scale="css")


def main() -> int:
    """Take the pictures that are asked for; 1 when a screen could not be reached."""
    asked = arguments()
    found = chromium.find()
    if found is None:
        print(chromium.ADVICE)
        return 1
    taking = Taking(
        out=asked.out,
        web=asked.web.absolute(),
        looks=[one for one in LOOKS if not asked.look or one.name in asked.look],
        widths=asked.size or list(SIZES),
        only=re.compile(asked.only),
        whole=not asked.look and not asked.size and not asked.only,
    )
    chosen = [one for one in PEOPLE if not asked.what or one.role in asked.what]
    with ExitStack() as stack:
        links = stack.enter_context(running_demo(taking.data, taking.web)) if chosen else {}
        playwright = stack.enter_context(sync_playwright())
        for person in chosen:
            taking.forget(person.role)
            pictures_of(playwright, found, taking, person, links[person.number])
        for name, take_them in ((STATES, take_states), (DOORS, take_doors)):
            if asked.what and name not in asked.what:
                continue
            taking.forget(name)
            folder = (taking.data / name).absolute()
            shutil.rmtree(folder, ignore_errors=True)
            picture = partial(taking.take, role=name)
            missed = take_them(playwright, found, folder, taking.web, picture, only=taking.only)
            taking.missed += [f"{name} {one}" for one in missed]
    for name in taking.missed:
        print(f"没拍到 / not reached: {name}")
    return 1 if taking.missed else 0


def arguments() -> argparse.Namespace:
    """Read what is asked for; without anything it is all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    roles = [*(one.role for one in PEOPLE), STATES, DOORS]
    parser.add_argument("what", nargs="*", metavar="what", help=", ".join(roles))
    parser.add_argument("--look", action="append", choices=[one.name for one in LOOKS])
    parser.add_argument("--size", action="append", type=int, choices=list(SIZES))
    parser.add_argument("--only", default="", help="a pattern of screens, people or doors")
    parser.add_argument("--web", type=Path, default=Path("build/web"), help="the built app")
    parser.add_argument("--out", type=Path, default=Path("build/shots"))
    asked = parser.parse_args()
    if unknown := set(asked.what) - set(roles):
        parser.error(f"{', '.join(sorted(unknown))}: not one of {', '.join(roles)}")
    return asked


@contextmanager
def running_demo(data: Path, web: Path) -> Iterator[dict[str, str]]:
    """Run `liandong demo`; give each person's enrolment link, by staff number."""
    # Anew each time: what sells today must sell today in the pictures too.
    port = str(free_port())
    command = (Path(sys.executable).with_name("liandong"), "demo", "--fresh", "--port", port)
    environment = {
        **os.environ,
        "LIANDONG_DATA_DIR": str(data),
        "LIANDONG_WEB_DIR": str(web),
    }
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


def pictures_of(
    playwright: Playwright, found: Path, taking: Taking, person: Person, link: str
) -> None:
    """Take one person's screens in each look at each size; note those not reached."""
    profile = taking.data / "profiles" / person.role
    shutil.rmtree(profile, ignore_errors=True)
    with phone(playwright, found, profile) as user:
        user.start(link)
        accept(user, person.greeting)
        addresses = learn(user, person, taking) if any(one.routed for one in taking.looks) else {}
        for look in taking.looks:
            choose(user, look)
            for width in taking.widths:
                user.page.set_viewport_size({"width": width, "height": SIZES[width]})
                for number, screen in enumerate(person.screens, start=1):
                    if not taking.only.search(screen.name) or (screen.narrow and width != NARROW):
                        continue
                    try:
                        go_to(user, screen, look, addresses, is_narrow=width == NARROW)
                    except Error as error:
                        where = f"{look.name} {width} {person.role} {screen.name}"
                        taking.missed.append(f"{where}: {error.message[:80]}")
                        continue
                    taking.take(user, f"{number:02}-{screen.name}", person.role, look.name)


def learn(user: Phone, person: Person, taking: Taking) -> dict[str, str]:
    """Walk once through the screens that are asked for, in Chinese; give their addresses."""
    addresses = {}
    for screen in person.screens:
        if taking.only.search(screen.name):
            with suppress(Error):  # Whoever takes its picture says that it was not reached.
                reach(user, screen, is_narrow=True)
                user.page.wait_for_timeout(SETTLED_MS)
                addresses[screen.name] = user.page.url
    return addresses


def choose(user: Phone, look: Look) -> None:
    """Choose how the app looks, as one does: under 我的."""
    user.page.set_viewport_size({"width": NARROW, "height": SIZES[NARROW]})
    go_back(user)
    user.tap("button", "我的")
    for chip in look.chips:
        user.tap("button", chip)
        user.page.wait_for_timeout(SETTLED_MS)
    if not look.routed:
        user.tap("button", "返回")


def go_to(
    user: Phone, screen: Screen, look: Look, addresses: dict[str, str], *, is_narrow: bool
) -> None:
    """Come to a screen, and down on it."""
    if look.routed:
        if screen.name not in addresses:
            raise Error(f"no address is known for {screen.name}")
        before = user.page.screenshot()
        is_elsewhere = user.page.url != addresses[screen.name]
        user.page.evaluate(
            "(url) => { history.pushState(null, '', url); dispatchEvent(new PopStateEvent("
            "'popstate', { state: history.state })); }",
            addresses[screen.name],
        )
        # No text can be waited for: it is called otherwise. A busy machine takes its time.
        for _ in range(SETTLED_TRIES if is_elsewhere else 0):
            user.page.wait_for_timeout(SETTLED_MS)
            if user.page.screenshot() != before:
                break
    else:
        reach(user, screen, is_narrow=is_narrow)
    if screen.scrolled:
        size = user.page.viewport_size
        assert size is not None
        user.page.wait_for_timeout(FIRST_MS)
        user.page.mouse.move(size["width"] * 0.6, size["height"] / 2)
        user.page.mouse.wheel(0, screen.scrolled)
        user.page.wait_for_timeout(SETTLED_MS)


def reach(user: Phone, screen: Screen, *, is_narrow: bool) -> None:
    """Go to a tab, then tap what leads to the screen."""
    if is_narrow:
        go_back(user)
        # A badge's number comes before the title.
        user.tap("tab", re.compile(f"{screen.tab}$"))
    else:  # The rail stands beside every screen.
        user.tap("button", re.compile(rf"^{screen.tab}( \d+\+?)?$"))
    for name in screen.taps:
        # What is tapped on its way may be the page below.
        user.page.wait_for_timeout(SETTLED_MS)
        called = re.compile(name, re.DOTALL) if name.startswith("^") else name
        user.page.get_by_role("button", name=called).first.click(timeout=REACHED_MS_MAX)


def settle(user: Phone) -> bytes:
    """Wait until two pictures in a row are the same; return the last."""
    user.page.wait_for_timeout(FIRST_MS)  # A busy machine has not begun to draw yet.
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
