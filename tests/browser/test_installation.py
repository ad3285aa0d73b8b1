"""The installed app as files: its policy, its offline copies, how a new version comes in."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from client.web.build import WebBuild
from client.web.fonts import later_characters
from client.web.headers import CONTENT_SECURITY_POLICY
from tests.browser.driver import Phone
from tests.browser.static_server import StaticServer

pytestmark = pytest.mark.browser

Serve = Callable[[Path], StaticServer]
NewPhone = Callable[[], Phone]

KEEP_A_FOREIGN_CACHE = """async () => {
  await (await caches.open("somebody-else")).put("/kept", new Response("theirs"));
}"""
CACHE_NAMES = "async () => (await caches.keys()).sort()"
LOOK_FOR_UPDATE = """async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  await registration.update();
  const fresh = registration.installing ?? registration.waiting;
  if (fresh.state === "installing") {
    await new Promise((resolve) => { fresh.onstatechange = resolve; });
  }
  return fresh.state;
}"""


def test_app_runs_under_its_policy_and_asks_no_other_host(
    serve: Serve, new_phone: NewPhone, device_app: Path
) -> None:
    """The policy is in force (text is not run as code), and nothing of the app is against it."""
    server = serve(device_app)
    phone = new_phone().start(server.url)
    phone.wait_until_installed()
    answer = phone.page.request.get(server.url)
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    phone.reload()
    assert phone.errors == []
    assert phone.failed == []
    assert phone.foreign_requests(server.url) == []
    refused = phone.page.evaluate(
        "() => { const run = document.createElement('script'); run.textContent = 'window.ran = 1';"
        " document.body.append(run); return window.ran === undefined; }"
    )
    assert refused


@pytest.mark.night
def test_new_version_waits_for_a_start_with_no_other_window_open(
    serve: Serve, new_phone: NewPhone, device_app: Path, tmp_path: Path
) -> None:
    """Running windows keep the version that they began with; then one start is enough.

    The second version differs in app.zip, and in the page, which names the interpreter's
    snapshot: that is all that the phone may fetch again.
    """
    server = serve(device_app)
    phone = new_phone().start(server.url)
    phone.wait_until_installed()
    phone.page.evaluate(KEEP_A_FOREIGN_CACHE)
    (first,) = set(phone.page.evaluate(CACHE_NAMES)) - {"somebody-else"}
    other = phone.second_tab().start(server.url)

    server.folder = second_version(tmp_path)
    server.bytes_sent.clear()
    assert phone.page.evaluate(LOOK_FOR_UPDATE) == "installed"
    assert set(server.bytes_sent) == {"/sw.js", "/app.zip", "/"}
    phone.reload()
    phone.see("联动")

    other.close()
    phone.offline()
    phone.reload()
    phone.see("第二版")
    caches = phone.page.evaluate(CACHE_NAMES)
    assert first not in caches
    assert "somebody-else" in caches
    assert len(caches) == 2


def test_first_font_has_every_character_of_the_screens(web_app: Path) -> None:
    """And the one that comes later has the rest of 8,105 and of GBK: no box in a name."""
    first, later = (
        set(TTFont(web_app / "assets/fonts" / f"LiandongSans-{name}.otf").getBestCmap())
        for name in ("First", "Later")
    )
    said = "".join(
        node.value
        for file in Path("client/strings").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    assert {character for character in said if ord(character) not in first | {0x0A}} == set()
    names = "璟昇喆堃㛃𬭎濬" + "".join(map(chr, later_characters()))
    assert [character for character in names if ord(character) not in first | later] == []


def second_version(folder: Path) -> Path:
    """Build the device app with another title into *folder*."""
    code = (Path(__file__).with_name("device_app") / "main.py").read_text("utf-8")
    entry = folder / "main.py"
    entry.write_text(code.replace("联动：", "第二版："), "utf-8")
    build = WebBuild(entry=entry, out=folder / "web")
    build.run()
    return build.out
