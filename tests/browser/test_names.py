"""Names that few fonts can write are drawn, network or not: no box, no gap."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from tests.browser.driver import Phone
from tests.browser.static_server import StaticServer

pytestmark = [pytest.mark.browser, pytest.mark.night]

FIELD = "登记码"
DRAWN_MS_MAX = 5000
KEPT_S_MAX = 60
# Of GB2312 and GBK, of extensions A to E; those of the last line only HanaMinB has.
COMMON = "林昇喆堃璟"
RARE = "㛃㵾𠮷𫖯"
RAREST = "𠀍𪛖𮯠"
NAMES = COMMON + RARE + RAREST
NO_GLYPH = "\U0002ebf0"  # Extension I, which the standard of 2022 did not know.
BLANK = "　"

KEPT_RARE_FONTS = """async () => {
  const paths = (await Promise.all((await caches.keys()).map(async (name) =>
    (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname),
  ))).flat();
  return paths.filter((path) => path.startsWith("/assets/fonts/rare/")).length;
}"""
KEEP_RARE_FONTS = """async () => {
  (await navigator.serviceWorker.ready).active.postMessage({ kind: "keep rare fonts" });
}"""


def test_rare_names_are_drawn_without_network(
    serve: Callable[[Path], StaticServer], new_phone: Callable[[], Phone], web_app: Path
) -> None:
    """Each character looks like no other one, and unlike what a missing one looks like.

    The fonts are kept after the first start; with the network cut, each comes when it is typed.
    """
    server = serve(web_app)
    phone = new_phone().start(server.url)
    assert not [path for path in server.bytes_sent if path.startswith("/assets/fonts/rare/")]
    phone.wait_until_installed()
    phone.page.evaluate(KEEP_RARE_FONTS)
    fonts = len(list((web_app / "assets/fonts/rare").glob("*.otf")))
    assert fonts == 16
    for _ in range(KEPT_S_MAX):
        if phone.page.evaluate(KEPT_RARE_FONTS) == fonts:
            break
        phone.page.wait_for_timeout(1000)
    else:
        pytest.fail("the fonts of rare names were not kept")
    phone.offline()

    nothing = {drawn(phone, BLANK), drawn(phone, NO_GLYPH)}
    seen = {character: drawn(phone, character, but=nothing) for character in NAMES}
    assert [character for character, picture in seen.items() if picture in nothing] == []
    alike = [pair for pair in itertools.combinations(seen, 2) if seen[pair[0]] == seen[pair[1]]]
    assert alike == []


def drawn(phone: Phone, character: str, *, but: Collection[bytes] = ()) -> bytes:
    """Type a character; return its picture when it stands still, and is none of *but*."""
    phone.fill(FIELD, character)
    phone.page.keyboard.press("Tab")  # A cursor blinks.
    area = phone.page.get_by_role("textbox", name=FIELD).first.bounding_box()
    assert area is not None
    before = b""
    for _ in range(DRAWN_MS_MAX // 100):
        picture = phone.page.screenshot(clip=area)
        if picture == before and picture not in but:
            break
        before = picture
        phone.page.wait_for_timeout(100)
    return before
