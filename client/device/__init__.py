"""What a device gives the client: durable storage, keys, a network, clocks.

The client engine knows these protocols alone. `client.device.native` fulfils them on
CPython (tests, simulation, APK, desktop), `client.device.browser` on Pyodide.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = [
    "Clock",
    "Device",
    "DeviceKeys",
    "FileHttp",
    "Http",
    "HttpReply",
    "Installer",
    "Journal",
    "JournalPositionTakenError",
    "MicrophoneRefusedError",
    "NetworkUnreachableError",
    "PhotoScaler",
    "SealedItem",
    "Settings",
    "SettingsError",
    "Sound",
    "Storage",
    "StorageEstimate",
    "StorageFullError",
    "StorageRefusedError",
    "UnreadablePhotoError",
    "UnsealError",
]


class StorageFullError(Exception):
    """The device refused to keep what was written; nothing was kept of it."""


class StorageRefusedError(Exception):
    """The device keeps nothing for this app: a private window, or a setting of the person's."""


class JournalPositionTakenError(Exception):
    """Another running copy of the app has written the journal; this one must stop writing."""


class SettingsError(Exception):
    """A stored setting can't be read back."""


class UnreadablePhotoError(Exception):
    """The bytes are no photo that this device can read."""


class MicrophoneRefusedError(Exception):
    """There is no microphone, or it may not be used."""


class NetworkUnreachableError(Exception):
    """No answer came: no network, a time-out, a cut connection."""


class UnsealError(Exception):
    """The key does not fit, or the sealed bytes were changed."""


class Journal(Protocol):
    """An append-only list of records; only what it returned from has been kept."""

    async def load(self) -> list[bytes]:
        """Return every record in the order of their positions, byte for byte."""
        ...

    async def append(self, position: int, record: bytes) -> None:
        """Keep *record* durably at *position* (0, 1, 2, ...); on return it survives a power cut.

        Raises:
            JournalPositionTakenError: The position holds a record already.
            StorageFullError: The device has no room; nothing was kept.
        """
        ...

    async def replace(self, position: int, record: bytes) -> None:
        """Durably put *record* in the place of the one at *position* (erasure, setting aside)."""
        ...

    async def amend_aside(self, amend: Callable[[bytes], bytes]) -> None:
        """Durably put what *amend* returns in the place of each content that was set aside."""
        ...


class Settings(Protocol):
    """Small named values, each replaced whole and durably."""

    async def get(self, name: str) -> bytes | None:
        """Return the value last put under *name*, or None."""
        ...

    async def put(self, name: str, value: bytes) -> None:
        """Replace the value of *name*; on return it survives a power cut."""
        ...

    async def delete(self, name: str) -> None:
        """Forget *name*; nothing happens when it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class SealedItem:
    """What one call seals or opens: bytes and the context that they are bound to."""

    context: bytes
    content: bytes


class DeviceKeys(Protocol):
    """The device's secrets, a signing key and a wrapping one that never leave it; and AES-GCM."""

    async def create_signing_key(self) -> bytes:
        """Make and keep the device's P-256 key; return its public point, 65 bytes uncompressed.

        An existing key is replaced only by `forget`; until then its public point is returned.
        """
        ...

    async def sign(self, message: bytes) -> bytes:
        """Return the ECDSA-SHA256 signature of *message*: r and s, 32 bytes each."""
        ...

    async def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether *signature* (r and s) of *message* was made by *public_key* (65 bytes)."""
        ...

    async def unlock_key(self, pin: str, salt: bytes) -> bytes:
        """Return 32 bytes derived from *pin*, *salt* and the secret of this device.

        Deliberately slow (PBKDF2); a copy of the storage without the device can't guess PINs.
        """
        ...

    async def seal(self, key: bytes, items: Sequence[SealedItem]) -> list[bytes]:
        """Seal each item with AES-256-GCM under *key*; each result holds its own nonce."""
        ...

    async def unseal(self, key: bytes, items: Sequence[SealedItem]) -> list[bytes]:
        """Open what `seal` made.

        Raises:
            UnsealError: The key or a context does not fit, or the bytes were changed.
        """
        ...

    async def agree_once(self, public_key: bytes) -> tuple[bytes, bytes]:
        """Agree with the owner of *public_key* by a P-256 key made for this once and forgotten.

        Returns:
            Its public point, and the secret that both can compute (ECDH): 32 bytes.

        Raises:
            UnsealError: *public_key* is no point of the curve.
        """
        ...

    async def answer_key(self) -> bytes:
        """Return the public point of the device's key for answers, made at the first call."""
        ...

    async def agree(self, public_key: bytes) -> bytes:
        """Return the secret that the key for answers has in common with *public_key*.

        Raises:
            UnsealError: *public_key* is no point of the curve.
        """
        ...

    async def seal_once(self, key: bytes, nonce: bytes, content: bytes) -> bytes:
        """Seal *content* with AES-256-GCM under a *key* that is used for nothing else."""
        ...

    async def forget(self) -> None:
        """Destroy the signing key and the device secret (a new enrolment makes new ones)."""
        ...


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer: status, headers with lower-case names, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """The way to the server that this device was enrolled at."""

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float
    ) -> HttpReply:
        """Post *body* to *path* (beginning with /) of the server.

        It is given up once nothing has come for *timeout_s*: an answer that arrives slowly, but
        arrives, is waited for.

        Raises:
            NetworkUnreachableError: No whole answer came.
        """
        ...


class FileHttp(Protocol):
    """The way to the same server for the bytes of files: any method, any part of them."""

    async def send(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float
    ) -> HttpReply:
        """Send a request for *path*; *timeout_s* is as in `Http.post`.

        Raises:
            NetworkUnreachableError: No whole answer came.
        """
        ...


class PhotoScaler(Protocol):
    """What makes a photo small enough to be sent from a village."""

    async def scaled(self, content: bytes, *, side_max: int) -> bytes:
        """Return the photo with no side longer than *side_max*, and without what it says of itself.

        Where and when it was taken, and with what, is nobody's business.

        Raises:
            UnreadablePhotoError: The bytes are no photo that this device can read.
        """
        ...


class Sound(Protocol):
    """The microphone and the loudspeaker."""

    async def start(self) -> None:
        """Begin to record.

        Raises:
            MicrophoneRefusedError: The person or the device does not allow it.
        """
        ...

    async def stop(self) -> bytes:
        """End the recording; return it, empty when there was none."""
        ...

    async def play(self, content: bytes, media_type: str) -> None:
        """Play a sound, in the place of one that plays already."""
        ...


@dataclass(frozen=True, slots=True)
class StorageEstimate:
    """What this app uses of the device's storage, how much it may, and for how long.

    Attributes:
        quota_bytes: 0 where the device does not say.
        is_persistent: Whether the device has promised to throw nothing away by itself.
    """

    used_bytes: int
    quota_bytes: int
    is_persistent: bool


class Storage(Protocol):
    """The room that the device gives the app."""

    async def estimate(self) -> StorageEstimate:
        """Return the device's own estimate, coarse on purpose."""
        ...

    async def persist(self) -> bool:
        """Ask the device never to throw anything away by itself; tell whether it promises that."""
        ...


class Installer(Protocol):
    """The app's way onto the home screen."""

    async def way(self) -> str:
        """Return the value of `client.status.InstallWay` that holds now."""
        ...

    async def install(self) -> bool:
        """Let the device ask the person; tell whether they said yes."""
        ...


class Clock(Protocol):
    """The device's clocks; none of them is ever trusted in a decision."""

    def wall_ms(self) -> int:
        """Return the wall clock: milliseconds since 1970 in UTC."""
        ...

    def monotonic_ms(self) -> int:
        """Return a clock that never goes back within one boot."""
        ...

    def boot(self) -> str:
        """Name the boot (on a phone) or the page session (in a browser) of `monotonic_ms`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """All of one device's ports together.

    Attributes:
        replica_path: Where SQLite may keep its file; None where there are no lasting files.
        lead: Tells whether this copy of the app is the one that may write, and makes it that if
            it can; None where `Journal.load` itself refuses a second copy.
        await_lead: Returns once this copy has become that one, because the other was closed.
        files: The way for the bytes of files; without it they wait.
        photos: Makes photos smaller; without it none are taken.
        sound: None where there is no microphone.
        watch_network: Has the function that it is given called whenever there may be a network
            again; None where nothing tells.
        storage: None where the disk is the device's own business.
        installer: None where the app is installed by other means.
    """

    journal: Journal
    settings: Settings
    keys: DeviceKeys
    http: Http
    clock: Clock
    replica_path: Path | None = None
    lead: Callable[[], Awaitable[bool]] | None = None
    await_lead: Callable[[], Awaitable[None]] | None = None
    files: FileHttp | None = None
    photos: PhotoScaler | None = None
    sound: Sound | None = None
    watch_network: Callable[[Callable[[], None]], None] | None = None
    storage: Storage | None = None
    installer: Installer | None = None
