"""The installed app as files: its policy, its offline copies, how a new version comes in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from client.web.build import WebBuild
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


def test_new_version_waits_for_a_start_with_no_other_window_open(
    serve: Serve, new_phone: NewPhone, device_app: Path, tmp_path: Path
) -> None:
    """Running windows keep the version that they began with; then one start is enough.

    The second version differs in app.zip alone, which is all that the phone may fetch again.
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
    assert set(server.bytes_sent) == {"/sw.js", "/app.zip"}
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


def second_version(folder: Path) -> Path:
    """Build the device app with another title into *folder*."""
    code = (Path(__file__).with_name("device_app") / "main.py").read_text("utf-8")
    entry = folder / "main.py"
    entry.write_text(code.replace("联动：", "第二版："), "utf-8")
    build = WebBuild(entry=entry, out=folder / "web")
    build.run()
    return build.out
