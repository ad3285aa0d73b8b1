"""The device's ports on CPython: desktop, tests, simulation, and the APK's file storage.

Everything lies in one folder. In the APK the signing key and the device secret belong into the
phone's keystore (`flet-secure-storage` with ``reset_on_error=False``); the file that
`NativeKeys` uses is for desktops and tests, and only as safe as the account that owns it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import time
import urllib.parse
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import requests
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from client.device import (
    Device,
    HttpReply,
    NetworkUnreachableError,
    SealedItem,
    SettingsError,
    StorageFullError,
    UnsealError,
)
from client.device.file_sound import FileSound
from client.device.journal_file import FileJournal, make_folder, write_whole_file
from client.device.photo_files import PlainPhotos
from shared.wire.envelope import SESSION

__all__ = [
    "FileSettings",
    "NativeClock",
    "NativeHttp",
    "NativeKeys",
    "native_device",
    "open_device",
]

DEVELOPMENT_SERVER = "http://127.0.0.1:8000"
PBKDF2_ITERATIONS = 600_000
_NONCE_BYTES = 12
_CRC_BYTES = 4
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def native_device(
    folder: Path,
    server_url: str,
    *,
    adapter: BaseAdapter | None = None,
    pbkdf2_iterations: int = PBKDF2_ITERATIONS,
    sound_file: Path | None = None,
) -> Device:
    """Return the ports of a device whose storage is *folder*.

    *sound_file* stands for a microphone, where there is none.
    """
    return Device(
        journal=FileJournal(folder / "journal"),
        settings=FileSettings(folder / "settings"),
        keys=NativeKeys(folder / "keys.json", iterations=pbkdf2_iterations),
        http=NativeHttp(server_url, adapter=adapter),
        # With connections of its own: files go beside the sync, in another thread.
        files=NativeHttp(server_url, adapter=adapter),
        photos=PlainPhotos(),
        sound=None if sound_file is None else FileSound(sound_file),
        clock=NativeClock(),
        replica_path=folder / "replica.sqlite3",
    )


async def open_device() -> Device:
    """Return the ports of the app that runs here.

    The folder is Flet's own on a phone, else ``~/.liandong``; the server is LIANDONG_SERVER.
    """
    folder = os.environ.get("FLET_APP_STORAGE_DATA") or Path.home() / ".liandong"
    return native_device(Path(folder), os.environ.get("LIANDONG_SERVER", DEVELOPMENT_SERVER))


class FileSettings:
    """Settings, one file for each name: the value, and a checksum of name and value."""

    def __init__(self, folder: Path) -> None:
        """Keep the files in *folder*, made when first needed."""
        self._folder = folder

    def _path(self, name: str) -> Path:
        return self._folder / urllib.parse.quote(name, safe="")

    async def get(self, name: str) -> bytes | None:
        """Return the value last put under *name*, or None.

        Raises:
            SettingsError: It can't be read, or is not what was put: a flipped bit in a number
                would otherwise be another number.
        """
        try:
            content = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(name) from error
        value, crc = content[:-_CRC_BYTES], content[-_CRC_BYTES:]
        if crc != _crc(name, value):
            raise SettingsError(name)
        return value

    async def put(self, name: str, value: bytes) -> None:
        """Replace the value of *name* durably.

        Raises:
            StorageFullError: There is no room; the old value stays.
        """
        make_folder(self._folder)
        write_whole_file(self._path(name), value + _crc(name, value))

    async def delete(self, name: str) -> None:
        """Forget *name*."""
        self._path(name).unlink(missing_ok=True)


def _crc(name: str, value: bytes) -> bytes:
    return zlib.crc32(value, zlib.crc32(name.encode())).to_bytes(_CRC_BYTES)


class NativeKeys:
    """Keys by `cryptography`, their secrets in files that only their owner can read.

    Two files: without these few bytes nothing that is sealed here could ever be read again.
    """

    def __init__(self, path: Path, *, iterations: int = PBKDF2_ITERATIONS) -> None:
        """Keep the secrets at *path*; *iterations* is for tests, which can't wait."""
        self._paths = (path, path.with_name(f"{path.stem}-copy{path.suffix}"))
        self._iterations = iterations

    async def create_signing_key(self) -> bytes:
        """Make and keep the P-256 key, or return the public point of the one there is.

        Where the secrets can't be read any more, they are set aside for new ones: only a new
        enrolment helps then, and it begins here.
        """
        try:
            key = self._signing_key()
        except SettingsError:
            self._set_aside()
            key = self._signing_key()
        return _point_of(key)

    async def sign(self, message: bytes) -> bytes:
        """Return r and s of the ECDSA-SHA256 signature of *message*."""
        r, s = decode_dss_signature(self._signing_key().sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    async def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether *signature* of *message* was made by *public_key*."""
        if len(signature) != 64:  # noqa: PLR2004 - r and s, 32 bytes each
            return False
        der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public_key)
            point.verify(der, message, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True

    async def unlock_key(self, pin: str, salt: bytes) -> bytes:
        """Return 32 bytes derived from *pin*, *salt* and the device's secret."""
        stretched = hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, self._iterations)
        secret = bytes.fromhex(self._secrets()["secret"])
        return hmac.digest(secret, stretched, "sha256")

    async def seal(self, key: bytes, items: Sequence[SealedItem]) -> list[bytes]:
        """Seal each item with AES-256-GCM; its nonce comes first."""
        cipher = AESGCM(key)
        sealed = []
        for item in items:
            nonce = os.urandom(_NONCE_BYTES)
            sealed.append(nonce + cipher.encrypt(nonce, item.content, item.context))
        return sealed

    async def unseal(self, key: bytes, items: Sequence[SealedItem]) -> list[bytes]:
        """Open what `seal` made.

        Raises:
            UnsealError: The key or a context does not fit, or the bytes were changed.
        """
        cipher = AESGCM(key)
        try:
            return [
                cipher.decrypt(
                    item.content[:_NONCE_BYTES], item.content[_NONCE_BYTES:], item.context
                )
                for item in items
            ]
        except (InvalidTag, ValueError) as error:
            raise UnsealError from error

    async def agree_once(self, public_key: bytes) -> tuple[bytes, bytes]:
        """Return the point of a fresh key, and what it has in common with *public_key*."""
        key = ec.generate_private_key(_CURVE)
        return _point_of(key), _agreed(key, public_key)

    async def answer_key(self) -> bytes:
        """Return the public point of the key for answers."""
        return _point_of(self._answer_key())

    async def agree(self, public_key: bytes) -> bytes:
        """Return what the key for answers has in common with *public_key*."""
        return _agreed(self._answer_key(), public_key)

    async def seal_once(self, key: bytes, nonce: bytes, content: bytes) -> bytes:
        """Seal *content*, without added data and without the nonce before it."""
        return AESGCM(key).encrypt(nonce, content, None)

    async def forget(self) -> None:
        """Destroy the signing key and the device secret."""
        for path in self._paths:
            path.unlink(missing_ok=True)

    def _signing_key(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int(self._secrets()["scalar"], 16), _CURVE)

    def _answer_key(self) -> ec.EllipticCurvePrivateKey:
        # Made of the secret: the file of secrets keeps the form that older versions read.
        secret = bytes.fromhex(self._secrets()["secret"])
        number = int.from_bytes(hmac.digest(secret, b"liandong key for answers", "sha512"))
        return ec.derive_private_key(number % (_ORDER - 1) + 1, _CURVE)

    def _secrets(self) -> dict[str, str]:
        """Return the secrets, made at the first call.

        Raises:
            SettingsError: There are some, but they were damaged in both files.
        """
        found = [_read_secrets(path) for path in self._paths]
        kept = next((secrets for secrets in found if secrets), None)
        if kept is None:
            if any(secrets is not None for secrets in found):
                raise SettingsError("keys")
            scalar = ec.generate_private_key(_CURVE).private_numbers().private_value
            kept = {"scalar": f"{scalar:064x}", "secret": os.urandom(32).hex()}
            make_folder(self._paths[0].parent)
            found[0] = kept
            write_whole_file(self._paths[0], _file_of(kept))
        for path, secrets in zip(self._paths, found, strict=True):
            if not secrets:
                with contextlib.suppress(StorageFullError):  # Made up for at the next call.
                    write_whole_file(path, _file_of(kept))
        return kept

    def _set_aside(self) -> None:
        ordinal = 1
        while any(aside.exists() for aside in self._aside(ordinal)):
            ordinal += 1
        for path, aside in zip(self._paths, self._aside(ordinal), strict=True):
            if path.exists():
                path.replace(aside)

    def _aside(self, ordinal: int) -> list[Path]:
        return [path.with_name(f"{path.name}.damaged-{ordinal}") for path in self._paths]


def _point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _agreed(key: ec.EllipticCurvePrivateKey, public_key: bytes) -> bytes:
    try:
        return key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public_key)
        )
    except ValueError as error:
        raise UnsealError from error


def _read_secrets(path: Path) -> dict[str, str] | None:
    """Return the secrets of a file; none of them when it is damaged, None when there is none."""
    try:
        kept = json.loads(path.read_bytes())
        secrets = {name: kept[name] for name in ("scalar", "secret")}
        return secrets if kept["crc"] == _crc_of(secrets) else {}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _file_of(secrets: Mapping[str, str]) -> bytes:
    return json.dumps({**secrets, "crc": _crc_of(secrets)}).encode()


def _crc_of(secrets: Mapping[str, str]) -> int:
    return zlib.crc32(f"{secrets['scalar']}/{secrets['secret']}".encode())


class NativeHttp:
    """The server over `requests`; the call waits in a thread, so that the app does not."""

    def __init__(
        self, server_url: str, *, adapter: BaseAdapter | None = None, threaded: bool = True
    ) -> None:
        """Reach *server_url*, over *adapter* where one is given.

        Without *threaded* the call blocks: a simulation's order must not depend on threads.
        """
        self._url = server_url.rstrip("/")
        self._threaded = threaded
        self._session = requests.Session()
        # Proxy variables and .netrc of some desktop must not redirect wages.
        self._session.trust_env = False
        # Each byte counts over 2G, and what comes is packed already.
        self._session.headers = CaseInsensitiveDict(
            {"User-Agent": "liandong", "Accept-Encoding": "identity"}
        )
        if adapter is not None:
            self._session.mount(self._url, adapter)

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float
    ) -> HttpReply:
        """Post *body* to *path*.

        Raises:
            NetworkUnreachableError: No whole answer came.
        """
        return await self.send("POST", path, body, headers, timeout_s=timeout_s)

    async def send(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float
    ) -> HttpReply:
        """Send a request for *path*.

        Raises:
            NetworkUnreachableError: No whole answer came.
        """
        if self._threaded:
            return await asyncio.to_thread(self._send, method, path, body, headers, timeout_s)
        return self._send(method, path, body, headers, timeout_s)

    def close(self) -> None:
        """Close the connections kept open."""
        self._session.close()

    def _send(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> HttpReply:
        try:
            # A redirect is a captive portal's doing: followed, its page would be read as ours.
            reply = self._session.request(
                method,
                self._url + path,
                data=body,
                headers=dict(headers),
                timeout=timeout_s,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise NetworkUnreachableError(type(error).__name__) from error
        lowered = {name.lower(): value for name, value in reply.headers.items()}
        return HttpReply(reply.status_code, lowered, reply.content)


class NativeClock:
    """The machine's clocks; the monotonic one runs on in sleep where the system has such."""

    def __init__(self) -> None:
        """Read the boot's name once; it can't change under a running process."""
        # Without a boot id each process counts as a session: worse grades, never wrong ones.
        self._boot = SESSION + os.urandom(8).hex()
        with contextlib.suppress(OSError):
            self._boot = _BOOT_ID.read_text().strip()
        self._clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def wall_ms(self) -> int:
        """Return milliseconds since 1970 in UTC."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Return milliseconds since some point in this boot."""
        return time.clock_gettime_ns(self._clock) // 1_000_000

    def boot(self) -> str:
        """Name this boot."""
        return self._boot
