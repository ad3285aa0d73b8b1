from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from requests.adapters import BaseAdapter

from client.device import (
    NetworkUnreachableError,
    SealedItem,
    SettingsError,
    UnsealError,
)
from client.device.native import (
    FileSettings,
    NativeClock,
    NativeHttp,
    NativeKeys,
    native_device,
    open_device,
)
from tests.simulation.wsgi_adapter import WsgiAdapter

URL = "http://server.test"


@pytest.fixture
def keys(tmp_path: Path) -> NativeKeys:
    return NativeKeys(tmp_path / "keys.json", iterations=1)


async def test_signing_key_stays_the_same_until_it_is_forgotten(
    keys: NativeKeys, tmp_path: Path
) -> None:
    point = await keys.create_signing_key()
    assert len(point) == 65
    assert await keys.create_signing_key() == point
    assert await NativeKeys(tmp_path / "keys.json").create_signing_key() == point
    await keys.forget()
    await keys.forget()
    assert await keys.create_signing_key() != point


async def test_signature_is_good_for_its_message_and_key_alone(
    keys: NativeKeys, tmp_path: Path
) -> None:
    point = await keys.create_signing_key()
    other = await NativeKeys(tmp_path / "other.json").create_signing_key()
    signature = await keys.sign(b"message")
    assert len(signature) == 64
    assert await keys.verify(point, b"message", signature)
    assert not await keys.verify(point, b"massage", signature)
    assert not await keys.verify(other, b"message", signature)
    assert not await keys.verify(b"no point", b"message", signature)
    assert not await keys.verify(point, b"message", signature[:-1])
    assert not await keys.verify(point, b"message", bytes(64))


async def test_secrets_are_the_owners_alone(keys: NativeKeys, tmp_path: Path) -> None:
    await keys.create_signing_key()
    mode = (tmp_path / "keys.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


async def test_damaged_secrets_are_made_whole_from_their_copy(
    keys: NativeKeys, tmp_path: Path
) -> None:
    point = await keys.create_signing_key()
    paths = (tmp_path / "keys.json", tmp_path / "keys-copy.json")
    whole = paths[0].read_bytes()
    digit = b"1" if whole[40:41] == b"0" else b"0"
    for path in paths:
        for spoilt in (None, b"", b"[]", whole[:40] + digit + whole[41:]):
            path.unlink()
            if spoilt is not None:
                path.write_bytes(spoilt)
            assert await keys.create_signing_key() == point
            assert path.read_bytes() == whole


async def test_secrets_damaged_twice_are_never_taken_for_others(
    keys: NativeKeys, tmp_path: Path
) -> None:
    point = await keys.create_signing_key()
    for path in (tmp_path / "keys.json", tmp_path / "keys-copy.json"):
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(SettingsError):
        await keys.sign(b"message")
    with pytest.raises(SettingsError):
        await keys.unlock_key("135791", b"salt")
    assert await keys.create_signing_key() != point, "a new enrolment begins with new ones"
    assert (tmp_path / "keys.json.damaged-1").exists()
    assert len(await keys.sign(b"message")) == 64


async def test_unlock_key_depends_on_pin_salt_and_device(keys: NativeKeys, tmp_path: Path) -> None:
    key = await keys.unlock_key("135791", b"salt")
    assert len(key) == 32
    assert await keys.unlock_key("135791", b"salt") == key
    other = NativeKeys(tmp_path / "other.json", iterations=1)
    others = [
        await keys.unlock_key("135792", b"salt"),
        await keys.unlock_key("135791", b"pepper"),
        await other.unlock_key("135791", b"salt"),
    ]
    assert key not in others


async def test_sealed_items_open_with_their_key_and_context(keys: NativeKeys) -> None:
    key = bytes(range(32))
    items = [SealedItem(b"a", b"one"), SealedItem(b"b", b""), SealedItem(b"a", b"one")]
    sealed = await keys.seal(key, items)
    assert len(set(sealed)) == 3, "every seal has its own nonce"
    again = [SealedItem(item.context, blob) for item, blob in zip(items, sealed, strict=True)]
    assert await keys.unseal(key, again) == [b"one", b"", b"one"]
    for spoilt in (
        SealedItem(b"b", sealed[0]),
        SealedItem(b"a", sealed[0][:-1]),
        SealedItem(b"a", b""),
    ):
        with pytest.raises(UnsealError):
            await keys.unseal(key, [spoilt])
    with pytest.raises(UnsealError):
        await keys.unseal(bytes(32), again)


async def test_setting_is_what_was_last_put(tmp_path: Path) -> None:
    settings = FileSettings(tmp_path / "settings")
    assert await settings.get("a/b 联动") is None
    await settings.put("a/b 联动", b"one")
    await settings.put("a/b 联动", b"two")
    await settings.put("a", b"")
    assert await FileSettings(tmp_path / "settings").get("a/b 联动") == b"two"
    assert await settings.get("a") == b""
    await settings.delete("a/b 联动")
    await settings.delete("a/b 联动")
    assert await settings.get("a/b 联动") is None


async def test_setting_that_can_not_be_read_is_an_error(tmp_path: Path) -> None:
    settings = FileSettings(tmp_path / "settings")
    (tmp_path / "settings" / "a").mkdir(parents=True)
    with pytest.raises(SettingsError):
        await settings.get("a")


async def test_setting_that_was_changed_or_moved_is_an_error(tmp_path: Path) -> None:
    settings = FileSettings(tmp_path)
    await settings.put("sent", b"12")
    await settings.put("other", b"12")
    whole = (tmp_path / "sent").read_bytes()
    for spoilt in (b"92" + whole[2:], whole + whole, whole[:-1], b"", bytes(6)):
        (tmp_path / "sent").write_bytes(spoilt)
        with pytest.raises(SettingsError):
            await settings.get("sent")
    (tmp_path / "other").write_bytes(whole)
    with pytest.raises(SettingsError):
        await settings.get("other")


async def test_folder_is_durable_before_what_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An fsync within a folder does not keep the folder's own name."""
    synced: list[int] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", watch)
    await FileSettings(tmp_path / "app" / "settings").put("a", b"x")
    assert synced[:2] == [tmp_path.stat().st_ino, (tmp_path / "app").stat().st_ino]  # noqa: ASYNC240


def application(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
    """A WSGI application that says what it was asked."""
    if environ["PATH_INFO"] == "/elsewhere":
        start_response("302 Found", [("Location", "http://portal.test/")])
        return [b""]
    start_response("200 OK", [("X-Seen", str(environ.get("HTTP_X_SENT")))])
    body: bytes = environ["wsgi.input"].read()  # type: ignore[attr-defined]
    return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} ".encode() + body]


@pytest.mark.parametrize("threaded", [True, False])
async def test_post_returns_status_headers_and_body(*, threaded: bool) -> None:
    http = NativeHttp(URL + "/", adapter=WsgiAdapter(application), threaded=threaded)
    reply = await http.post("/api", b"body", {"X-Sent": "yes"}, timeout_s=1)
    assert (reply.status, reply.body) == (200, b"POST /api body")
    assert reply.headers["x-seen"] == "yes"
    http.close()


async def test_redirect_is_not_followed() -> None:
    http = NativeHttp(URL, adapter=WsgiAdapter(application))
    assert (await http.post("/elsewhere", b"", {}, timeout_s=1)).status == 302
    http.close()


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError,
        requests.Timeout,
        requests.exceptions.SSLError,
        requests.exceptions.ChunkedEncodingError,
    ],
)
async def test_no_whole_answer_is_unreachable(error: type[Exception]) -> None:
    class Broken(BaseAdapter):
        def send(self, *_: object, **__: object) -> requests.Response:
            raise error

        def close(self) -> None:
            """Nothing is open."""

    http = NativeHttp(URL, adapter=Broken())
    with pytest.raises(NetworkUnreachableError):
        await http.post("/api", b"", {}, timeout_s=1)
    http.close()


async def test_surroundings_do_not_redirect_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:1")
    http = NativeHttp(URL, adapter=WsgiAdapter(application))
    assert (await http.post("/api", b"", {}, timeout_s=1)).status == 200
    assert not http._session.trust_env
    http.close()


async def test_clock_counts_on() -> None:
    clock = NativeClock()
    mono, wall = clock.monotonic_ms(), clock.wall_ms()
    await asyncio.sleep(0.005)
    assert clock.monotonic_ms() > mono
    assert clock.wall_ms() > wall
    assert clock.boot() == clock.boot() == NativeClock().boot()
    assert 1 <= len(clock.boot()) <= 64


async def test_clock_without_a_boot_id_names_each_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.device.native._BOOT_ID", Path("/nowhere/boot_id"))
    assert NativeClock().boot() != NativeClock().boot()


async def test_device_keeps_everything_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLET_APP_STORAGE_DATA", str(tmp_path / "app"))
    device = await open_device()
    await device.settings.put("a", b"x")
    await device.journal.load()
    device.journal.close()  # type: ignore[attr-defined]
    assert device.replica_path == tmp_path / "app" / "replica.sqlite3"
    assert native_device(tmp_path / "app", URL).settings is not device.settings
    assert sorted(path.name for path in (tmp_path / "app").iterdir()) == [
        "journal",
        "journal-copy",
        "journal-count",
        "journal.lock",
        "settings",
    ]
