"""The device that a browser is: IndexedDB, WebCrypto, fetch, through `client/web/site/device.js`.

Importable in Pyodide only. Every port makes one awaited JavaScript call for each of its methods;
lists go over packed into one byte string, because a crossing costs more than the work behind it.
"""

from __future__ import annotations

import importlib
import os
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, Protocol, cast

from pyodide.ffi import JsException, create_proxy, to_js

from client.device import (
    Device,
    HttpReply,
    JournalPositionTakenError,
    NetworkUnreachableError,
    SealedItem,
    SettingsError,
    StorageFullError,
    StorageRefusedError,
    UnsealError,
)
from client.device.browser_files import BrowserPhotos, BrowserSound
from client.device.browser_page import BrowserInstaller, BrowserStorage
from shared.wire.envelope import SESSION

__all__ = [
    "BrowserClock",
    "BrowserHttp",
    "BrowserJournal",
    "BrowserKeys",
    "BrowserSettings",
    "hold_leadership",
    "offer_download",
    "open_device",
    "page_fragment",
    "page_origin",
    "wait_for_leadership",
    "watch_network",
]


class _DeviceJs(Protocol):
    """What device.js exports, with the types as they arrive in Python; None is `undefined`."""

    async def openStorage(self) -> None: ...  # noqa: N802
    async def journalLoad(self) -> Any: ...  # noqa: N802
    async def journalAppend(self, position: int, record: Any) -> None: ...  # noqa: N802
    async def journalReplace(self, position: int, record: Any) -> None: ...  # noqa: N802
    async def settingGet(self, name: str) -> Any: ...  # noqa: N802
    async def settingPut(self, name: str, value: Any) -> None: ...  # noqa: N802
    async def settingDelete(self, name: str) -> None: ...  # noqa: N802
    async def createSigningKey(self) -> Any: ...  # noqa: N802
    async def sign(self, message: Any) -> Any: ...
    async def verify(self, public_key: Any, message: Any, signature: Any) -> bool: ...
    async def unlockKey(self, pin: Any, salt: Any) -> Any: ...  # noqa: N802
    async def forgetKeys(self) -> None: ...  # noqa: N802
    async def seal(self, key: Any, packed: Any) -> Any: ...
    async def unseal(self, key: Any, packed: Any) -> Any: ...
    async def agreeOnce(self, public_key: Any) -> Any: ...  # noqa: N802
    async def answerKey(self) -> Any: ...  # noqa: N802
    async def agree(self, public_key: Any) -> Any: ...
    async def sealOnce(self, key: Any, nonce: Any, content: Any) -> Any: ...  # noqa: N802
    async def send(
        self, method: str, path: str, body: Any, headers: Any, silence_ms: float
    ) -> Any: ...
    async def holdLeadership(self) -> bool: ...  # noqa: N802
    async def waitForLeadership(self) -> None: ...  # noqa: N802
    def watchNetwork(self, callback: Any) -> None: ...  # noqa: N802
    def wallMs(self) -> float: ...  # noqa: N802
    def monotonicMs(self) -> float: ...  # noqa: N802
    def pageOrigin(self) -> str: ...  # noqa: N802
    def pageFragment(self) -> str: ...  # noqa: N802
    def offerDownload(self, name: str, content: Any, mime: str) -> None: ...  # noqa: N802


# Registered by python_worker.js before any of the app's code runs.
_js = cast("_DeviceJs", importlib.import_module("liandong_device"))


def _pack(parts: Sequence[bytes]) -> Any:
    """Return *parts* as one Uint8Array: their count, their lengths, their bytes."""
    lengths = struct.pack(f"<{len(parts) + 1}I", len(parts), *map(len, parts))
    return to_js(lengths + b"".join(parts))


def _unpack(packed: Any) -> list[bytes]:
    """Return the parts of an array that device.js packed."""
    content = packed.to_bytes()
    (count,) = struct.unpack_from("<I", content)
    parts = []
    start = 4 + 4 * count
    for length in struct.unpack_from(f"<{count}I", content, 4):
        parts.append(content[start : start + length])
        start += length
    return parts


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Turn IndexedDB's errors into those that the ports promise."""
    try:
        yield
    except JsException as error:
        if error.name == "QuotaExceededError":
            raise StorageFullError from error
        if error.name == "ConstraintError":
            raise JournalPositionTakenError from error
        raise


class BrowserJournal:
    """The `Journal` in an IndexedDB database of its own, one entry per record.

    A write is complete when Chrome has flushed it to the disk (`durability: "strict"`).
    """

    async def load(self) -> list[bytes]:
        """Return every record in order; an empty one where the browser has lost a record."""
        return _unpack(await _js.journalLoad())

    async def append(self, position: int, record: bytes) -> None:
        """Keep *record* at *position*; see `Journal.append`."""
        with _storage_errors():
            await _js.journalAppend(position, to_js(record))

    async def replace(self, position: int, record: bytes) -> None:
        """Put *record* in the place of the one at *position*."""
        with _storage_errors():
            await _js.journalReplace(position, to_js(record))

    async def amend_aside(self, amend: Callable[[bytes], bytes]) -> None:
        """Do nothing: a browser gives a record whole or not at all, and none is set aside."""


class BrowserSettings:
    """The `Settings` in IndexedDB, written as durably as the journal."""

    async def get(self, name: str) -> bytes | None:
        """Return the value last put under *name*, or None."""
        try:
            value = await _js.settingGet(name)
        except JsException as error:
            raise SettingsError(name) from error
        return None if value is None else cast("bytes", value.to_bytes())

    async def put(self, name: str, value: bytes) -> None:
        """Replace the value of *name*."""
        with _storage_errors():
            await _js.settingPut(name, to_js(value))

    async def delete(self, name: str) -> None:
        """Forget *name*."""
        with _storage_errors():
            await _js.settingDelete(name)


class BrowserKeys:
    """The `DeviceKeys` of WebCrypto: neither secret can be exported, not even by our own code."""

    async def create_signing_key(self) -> bytes:
        """Return the public point of the device's key, made now if there is none."""
        with _storage_errors():
            return cast("bytes", (await _js.createSigningKey()).to_bytes())

    async def sign(self, message: bytes) -> bytes:
        """Return the signature of *message*.

        Raises:
            LookupError: This device has no signing key (never enrolled, or storage cleared).
        """
        signature = await _js.sign(to_js(message))
        if signature is None:
            raise LookupError("this device has no signing key")
        return cast("bytes", signature.to_bytes())

    async def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether *signature* of *message* was made by *public_key*."""
        return await _js.verify(to_js(public_key), to_js(message), to_js(signature))

    async def unlock_key(self, pin: str, salt: bytes) -> bytes:
        """Return 32 bytes: HMAC by the device's secret over PBKDF2 of *pin*, and *salt*."""
        with _storage_errors():
            return cast("bytes", (await _js.unlockKey(to_js(pin.encode()), to_js(salt))).to_bytes())

    async def seal(self, key: bytes, items: Sequence[SealedItem]) -> list[bytes]:
        """Seal all *items* in one call; each result is nonce, ciphertext, tag."""
        return _unpack(await _js.seal(to_js(key), _pack_items(items)))

    async def unseal(self, key: bytes, items: Sequence[SealedItem]) -> list[bytes]:
        """Open all *items* in one call, or none of them."""
        opened = await _js.unseal(to_js(key), _pack_items(items))
        if opened is None:
            raise UnsealError
        return _unpack(opened)

    async def agree_once(self, public_key: bytes) -> tuple[bytes, bytes]:
        """Return the point of a fresh key, and what it has in common with *public_key*."""
        agreed = await _js.agreeOnce(to_js(public_key))
        if agreed is None:
            raise UnsealError
        point, secret = _unpack(agreed)
        return point, secret

    async def answer_key(self) -> bytes:
        """Return the public point of the key for answers; its private half can't be exported."""
        with _storage_errors():
            return cast("bytes", (await _js.answerKey()).to_bytes())

    async def agree(self, public_key: bytes) -> bytes:
        """Return what the key for answers has in common with *public_key*."""
        with _storage_errors():
            secret = await _js.agree(to_js(public_key))
        if secret is None:
            raise UnsealError
        return cast("bytes", secret.to_bytes())

    async def seal_once(self, key: bytes, nonce: bytes, content: bytes) -> bytes:
        """Seal *content*, without added data and without the nonce before it."""
        sealed = await _js.sealOnce(to_js(key), to_js(nonce), to_js(content))
        return cast("bytes", sealed.to_bytes())

    async def forget(self) -> None:
        """Destroy the signing key and the device's secret."""
        with _storage_errors():
            await _js.forgetKeys()


def _pack_items(items: Sequence[SealedItem]) -> Any:
    return _pack(list(chain.from_iterable((item.context, item.content) for item in items)))


class BrowserHttp:
    """The `Http` and `FileHttp` of fetch: the server is the one that the page came from."""

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float
    ) -> HttpReply:
        """Post *body* to *path*; redirects count as no answer."""
        return await self.send("POST", path, body, headers, timeout_s=timeout_s)

    async def send(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float
    ) -> HttpReply:
        """Send a request for *path*; redirects count as no answer."""
        pairs = to_js([[name, value] for name, value in headers.items()])
        reply = await _js.send(method, path, to_js(body), pairs, timeout_s * 1000)
        if reply is None:
            raise NetworkUnreachableError(method)
        return HttpReply(
            status=reply.status, headers=dict(reply.headers.to_py()), body=reply.body.to_bytes()
        )


class BrowserClock:
    """The `Clock` of one page session; a reload begins another."""

    def __init__(self) -> None:
        self._boot = SESSION + os.urandom(8).hex()

    def wall_ms(self) -> int:
        """Return the wall clock in milliseconds since 1970."""
        return int(_js.wallMs())

    def monotonic_ms(self) -> int:
        """Return the milliseconds since Python's worker was started."""
        return int(_js.monotonicMs())

    def boot(self) -> str:
        """Name this page session."""
        return self._boot


async def open_device() -> Device:
    """Return this browser as a device; its storage is open or made by then.

    Raises:
        StorageFullError, StorageRefusedError: It can't be.
    """
    try:
        with _storage_errors():
            await _js.openStorage()
    except JsException as error:
        raise StorageRefusedError(error.name) from error
    http = BrowserHttp()
    return Device(
        journal=BrowserJournal(),
        settings=BrowserSettings(),
        keys=BrowserKeys(),
        http=http,
        clock=BrowserClock(),
        files=http,
        photos=BrowserPhotos(),
        sound=BrowserSound(),
        lead=hold_leadership,
        await_lead=wait_for_leadership,
        watch_network=watch_network,
        storage=BrowserStorage(),
        installer=BrowserInstaller(),
    )


async def hold_leadership() -> bool:
    """Tell whether this page is the one that may write; if so, it is until it is closed.

    Ask once, at the start. A page that got False can `wait_for_leadership`.
    """
    return await _js.holdLeadership()


async def wait_for_leadership() -> None:
    """Return once the leading page was closed and this one leads; that may be never."""
    await _js.waitForLeadership()


def watch_network(callback: Callable[[], None]) -> None:
    """Call *callback* whenever the browser believes that there is a network again."""
    _js.watchNetwork(create_proxy(callback))


def page_origin() -> str:
    """Return scheme, host and port that the page came from."""
    return _js.pageOrigin()


def page_fragment() -> str:
    """Return what followed `#` in the address as it was opened, such as `enrol=CODE`, or ""."""
    return _js.pageFragment()


def offer_download(name: str, content: bytes, mime: str) -> None:
    """Let the user save *content* as a file called *name*."""
    _js.offerDownload(name, to_js(content), mime)
