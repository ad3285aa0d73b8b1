"""What client.device.browser promises, asked of a real Chromium with the real build."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from tests.browser.driver import Phone
from tests.browser.static_server import StaticServer

pytestmark = pytest.mark.browser

Serve = Callable[[Path], StaticServer]
NewPhone = Callable[[], Phone]


@pytest.fixture(scope="module")
def server(serve: Serve, device_app: Path) -> StaticServer:
    return serve(device_app)


@pytest.fixture(scope="module")
def used_phone(server: StaticServer, new_phone: NewPhone) -> Phone:
    """Start one phone for the tests that don't mind what others have left on it."""
    return new_phone().start(server.url)


def ask(phone: Phone, trial: str, typed: str | None = None) -> str:
    """Tap the button *trial* with *typed* in the field; return what it says."""
    if typed is not None:
        phone.fill("输入", typed)
    last = int(phone.see(re.compile(r"^\d+\. ")).inner_text().partition(".")[0])
    phone.tap("button", trial, exact=True)
    prefix = f"{last + 1}. {trial}: "
    return phone.see(re.compile(f"^{re.escape(prefix)}")).inner_text().removeprefix(prefix)


def test_journal_survives_a_reload_with_the_network_cut(
    server: StaticServer, new_phone: NewPhone
) -> None:
    phone = new_phone().start(server.url)
    phone.wait_until_installed()
    phone.offline()
    assert ask(phone, "append", "0:第一条") == "kept"
    assert ask(phone, "append", "1:第二条") == "kept"
    phone.reload()
    assert ask(phone, "load") == "第一条|第二条"
    assert ask(phone, "replace", "0:擦除") == "replaced"
    phone.reload()
    assert ask(phone, "load") == "擦除|第二条"


def test_second_tab_follows_and_cannot_take_a_written_position(
    server: StaticServer, new_phone: NewPhone
) -> None:
    """The lock says who leads; the journal itself refuses even a tab that doesn't listen."""
    phone = new_phone().start(server.url)
    phone.see("leads")
    other = phone.second_tab().start(server.url)
    other.see("follows")
    assert ask(phone, "append", "0:mine") == "kept"
    assert ask(other, "append", "0:yours") == "position taken"
    assert ask(other, "load") == "mine"
    phone.close()
    other.see("leads")


def test_writes_ask_for_strict_durability(server: StaticServer, new_phone: NewPhone) -> None:
    """Chrome's default acknowledges a write that a power cut then undoes."""
    phone = new_phone()
    # Python's worker is where IndexedDB is called, and init scripts don't reach workers: the
    # spy goes in front of the module that does the calling.
    spy = """
      const original = IDBDatabase.prototype.transaction;
      IDBDatabase.prototype.transaction = function (stores, mode, options) {
        console.info(`transaction ${this.name} ${mode} ${options?.durability}`);
        return original.call(this, stores, mode, options);
      };
    """
    phone.page.route(
        "**/device.js",
        lambda route: route.fulfill(response=(answer := route.fetch()), body=spy + answer.text()),
    )
    seen: list[str] = []
    phone.page.on("console", lambda message: seen.append(message.text))
    phone.start(server.url)
    assert ask(phone, "append", "0:x") == "kept"
    assert ask(phone, "settings")
    assert ask(phone, "sign", "x")
    writes = [line for line in seen if " readwrite " in line]
    assert {line.split()[1] for line in writes} == {"liandong-journal", "liandong-device"}
    assert {line.split()[3] for line in writes} == {"strict"}


def test_settings_are_put_and_deleted(used_phone: Phone) -> None:
    assert ask(used_phone, "settings") == r"[None, b'\x00\xff', None]"


def test_signature_is_good_for_others_and_the_key_is_kept(used_phone: Phone) -> None:
    point, signature, verified, refused = ask(used_phone, "sign", "消息").split()
    assert (verified, refused) == ("True", "False")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(point))
    raw = bytes.fromhex(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.verify(der, "消息".encode(), ec.ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(der, b"another", ec.ECDSA(SHA256()))

    used_phone.reload()
    assert ask(used_phone, "sign", "消息").split()[0] == point
    assert ask(used_phone, "forget") == "forgotten"
    assert ask(used_phone, "sign", "消息").split()[0] != point


def test_unlock_key_depends_on_pin_and_device(
    used_phone: Phone, server: StaticServer, new_phone: NewPhone
) -> None:
    key = ask(used_phone, "unlock", "2468").split()[0]
    assert len(bytes.fromhex(key)) == 32
    assert ask(used_phone, "unlock", "2469").split()[0] != key
    used_phone.reload()
    assert ask(used_phone, "unlock", "2468").split()[0] == key
    other_device = new_phone().start(server.url)
    assert ask(other_device, "unlock", "2468").split()[0] != key


def test_seal_is_aes_gcm_bound_to_its_context(used_phone: Phone) -> None:
    opened, refused, sealed = ask(used_phone, "seal").split()
    assert (opened, refused) == ("王小丽", "refused=3")
    blob = bytes.fromhex(sealed)
    plain = AESGCM(bytes(range(32))).decrypt(blob[:12], blob[12:], b"customer/1")
    assert plain.decode() == "王小丽"


def test_ten_thousand_rows_are_sealed_in_one_call(used_phone: Phone) -> None:
    """Twice under the second that a person waits for without wondering, on a shared machine."""
    said = ask(used_phone, "seal_many")
    assert said.startswith("True nonces=10000 ")
    assert all(int(milliseconds) < 2_000 for milliseconds in re.findall(r"=(\d+) ms", said))


def test_http_carries_bytes_both_ways_and_tells_when_nobody_answers(used_phone: Phone) -> None:
    assert ask(used_phone, "post", "/api/echo") == r"201 yes b'ydob\x00'"
    assert ask(used_phone, "post", "/api/slow") == "unreachable"
    used_phone.offline()
    assert ask(used_phone, "post", "/api/echo") == "unreachable"
    used_phone.online()


def test_http_gives_up_on_silence_and_not_on_slowness(used_phone: Phone) -> None:
    """The device app waits for a second; the whole answer takes longer than two."""
    assert ask(used_phone, "post", "/api/trickle") == r"201 yes b'ydob\x00'"
    assert ask(used_phone, "post", "/api/stall") == "unreachable"


def test_window_asks_the_browser_for_what_python_may_not(
    server: StaticServer, new_phone: NewPhone
) -> None:
    """Lasting storage and the installation: asked for when Python says so, and told truly.

    The browser decides when it offers to install; here the test does, by an event of its own.
    """
    phone = new_phone()
    phone.page.add_init_script(
        """
        window.asked = 0;
        navigator.storage.persist = async () => { window.asked += 1; return true; };
        window.addEventListener("beforeinstallprompt", (event) => {
          if (event.isTrusted) event.stopImmediatePropagation();
        });
        """
    )
    phone.start(server.url)
    assert ask(phone, "page").endswith("persistent=False")
    assert phone.page.evaluate("() => window.asked") == 0
    assert ask(phone, "persist") == "True"
    assert phone.page.evaluate("() => window.asked") == 1

    assert ask(phone, "install") == "none False none"
    offer = """() => {
      const offer = new Event("beforeinstallprompt", { cancelable: true });
      offer.prompt = async () => { window.prompted = true; };
      offer.userChoice = Promise.resolve({ outcome: "accepted" });
      window.dispatchEvent(offer);
      return offer.defaultPrevented;
    }"""
    assert phone.page.evaluate(offer)
    assert ask(phone, "install") == "offered True none"
    assert phone.page.evaluate("() => window.prompted")
    phone.page.evaluate("() => window.dispatchEvent(new Event('appinstalled'))")
    assert ask(phone, "install") == "installed False installed"


def test_page_knows_its_origin_and_the_enrolment_code(
    server: StaticServer, new_phone: NewPhone
) -> None:
    phone = new_phone().start(f"{server.url}/#enrol=ABC-123")
    said = ask(phone, "page")
    assert said.startswith(f"{server.url} fragment=enrol=ABC-123 used=")
    assert re.search(r"quota=\d+ persistent=(True|False)$", said)


def test_clock_names_the_page_session(used_phone: Phone) -> None:
    wall, monotonic, boot = ask(used_phone, "clock").split()
    assert int(wall) > 1_700_000_000_000
    assert int(monotonic) > 0
    used_phone.reload()
    assert ask(used_phone, "clock").split()[2] != boot


def test_download_is_offered_as_a_file(used_phone: Phone) -> None:
    with used_phone.page.expect_download() as download:
        assert ask(used_phone, "download") == "offered"
    assert download.value.suggested_filename == "待发.json"
    assert download.value.path().read_bytes() == b'{"a": 1}'
