"""The fast start and each of its fallbacks: the interpreter's snapshot, whole, damaged, useless."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.driver import START_MS_MAX, Phone
from tests.browser.static_server import StaticServer

pytestmark = pytest.mark.browser

Serve = Callable[[Path], StaticServer]
NewPhone = Callable[[], Phone]

MARKS = "() => performance.getEntriesByType('mark').map((mark) => mark.name)"
SNAPSHOT = """
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("interpreter", { create: true });
  // Chromium writes to a file beside it first, and puts that in place when it is closed.
  const kept = await Array.fromAsync(folder.values());
  const [handle] = kept.filter((one) => !one.name.endsWith(".crswap"));
"""
IS_GONE = f"async () => {{ {SNAPSHOT} return handle === undefined; }}"
IS_WHOLE = f"""async () => {{ {SNAPSHOT}
  if (!handle) return false;
  let bytes;
  try {{
    bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
  }} catch (error) {{
    // The page put the new file in the old one's place while this one was read.
    if (["NotReadableError", "NotFoundError"].includes(error.name)) return false;
    throw error;
  }}
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(32)));
  return bytes.length > 1e7 && digest.every((byte, i) => byte === bytes[i]);
}}"""
CHANGE_A_BYTE = f"""async () => {{ {SNAPSHOT}
  const {"{ size }"} = await handle.getFile();
  const file = await handle.createWritable({"{ keepExistingData: true }"});
  await file.write({"{ type: 'write', position: size / 2, data: new Uint8Array([1, 2, 3]) }"});
  await file.close();
}}"""
KEEP_NONSENSE_WITH_A_GOOD_DIGEST = f"""async () => {{ {SNAPSHOT}
  const nonsense = new Uint8Array(65536);
  const digest = await crypto.subtle.digest("SHA-256", nonsense);
  const file = await handle.createWritable();
  await file.write(digest);
  await file.write(nonsense);
  await file.close();
}}"""


@pytest.fixture
def phone(serve: Serve, new_phone: NewPhone, device_app: Path) -> Phone:
    """A phone that has been started once, and has kept all that makes the next start fast."""
    phone = new_phone().start(serve(device_app).url)
    phone.wait_until_installed()
    wait_for_snapshot(phone)
    phone.offline()
    return phone


def wait_for_snapshot(phone: Phone) -> None:
    phone.page.wait_for_function(IS_WHOLE, timeout=START_MS_MAX, polling=500)


def came_from_snapshot(phone: Phone) -> bool:
    marks = set(phone.page.evaluate(MARKS))
    assert "python:waiting" in marks
    took_the_plain_way = "python:imported" in marks
    assert took_the_plain_way != ("python:snapshot-read" in marks)
    return not took_the_plain_way


def test_second_start_takes_the_snapshot_of_the_first(phone: Phone) -> None:
    assert not came_from_snapshot(phone)
    phone.reload()
    assert came_from_snapshot(phone)
    phone.see("联动：浏览器里的设备")
    assert phone.errors == []


def test_damaged_snapshot_is_not_used_and_replaced(phone: Phone) -> None:
    phone.page.evaluate(CHANGE_A_BYTE)
    phone.reload()
    assert not came_from_snapshot(phone)
    phone.see("联动：浏览器里的设备")
    wait_for_snapshot(phone)
    phone.reload()
    assert came_from_snapshot(phone)


def test_snapshot_that_does_not_start_is_forgotten(phone: Phone) -> None:
    phone.page.evaluate(KEEP_NONSENSE_WITH_A_GOOD_DIGEST)
    phone.reload()
    assert not came_from_snapshot(phone)
    phone.see("联动：浏览器里的设备")
    phone.page.wait_for_function(IS_GONE)
    phone.reload()
    wait_for_snapshot(phone)


def test_third_start_is_plain_after_two_that_showed_nothing(phone: Phone) -> None:
    """A snapshot that hangs, or kills the page, must not do so for ever."""
    for unshown in (0, 1):
        phone.page.evaluate(f"() => localStorage.setItem('liandong.unshown-starts', {unshown})")
        phone.reload()
        assert came_from_snapshot(phone)
    phone.page.evaluate("() => localStorage.setItem('liandong.unshown-starts', 2)")
    phone.reload()
    assert not came_from_snapshot(phone)
    assert phone.page.evaluate("() => localStorage.getItem('liandong.unshown-starts')") is None
    phone.page.wait_for_function(IS_GONE)
