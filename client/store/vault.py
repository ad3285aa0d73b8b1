"""The vault: one person's data key on this device, wrapped by a key from PIN and device secret.

Nothing personal is readable before the unlock, and no number of wrong PINs deletes anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from dataclasses import dataclass

from client.device import (
    Clock,
    DeviceKeys,
    SealedItem,
    Settings,
    SettingsError,
    StorageFullError,
    UnsealError,
)
from shared.domain.refusals import RefusedError
from shared.wire.envelope import from_base64url, to_base64url

__all__ = ["PIN_LENGTH", "Vault"]

PIN_LENGTH = 6
FREE_TRIES = 5
WAITS_S = (60, 300, 900, 3600)
UNCOUNTED_WAIT_S = 300
"""Before a try that can't be counted, for the device is full: as long again in each new start."""
_SALT_BYTES = 16
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failures:
    """Wrong PINs since the last right one; the last of them by the monotonic clock of a boot."""

    count: int
    mono: int
    boot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A wrapped data key.

    Attributes:
        device: The secrets that wrapped it, if it was said then.
    """

    salt: bytes
    wrapped: bytes
    device: str | None


class Vault:
    """The wrapped data key of one member of staff."""

    def __init__(
        self, settings: Settings, keys: DeviceKeys, clock: Clock, *, staff_id: str
    ) -> None:
        """Find the vault of *staff_id*; two people on one phone have two.

        One object for a run of the app: tries that can't be written down are counted in it.
        """
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._names = (f"vault/{staff_id}", f"vault-copy/{staff_id}")
        self._failures_name = f"pin-failures/{staff_id}"
        self._context = f"vault/{staff_id}".encode()
        self._uncounted: _Failures | None = None

    async def exists(self) -> bool:
        """Tell whether a PIN was ever set for this person here."""
        return any([await self._stands(name) for name in self._names])

    async def create(self, pin: str) -> bytes:
        """Make a data key and keep it under *pin*; return it.

        Raises:
            RefusedError: `pin-not-digits`.
        """
        # Overwriting a vault would make everything unreadable that its key has sealed.
        assert not await self.exists()
        data_key = os.urandom(_KEY_BYTES)
        try:
            await self._keep(pin, data_key)
        except StorageFullError:
            for name in self._names:
                await self._settings.delete(name)
            raise
        return data_key

    async def set_aside(self) -> None:
        """Make room for another vault; this one is kept, for whoever finds its PIN again."""
        ordinal = 1
        while await self._settings.get(f"{self._names[0]}/aside-{ordinal}") is not None:
            ordinal += 1
        for name in self._names:
            content = await self._get(name)
            if content is not None:
                await self._settings.put(f"{self._names[0]}/aside-{ordinal}", content)
                ordinal += 1
            await self._settings.delete(name)
        await self._settings.delete(self._failures_name)

    async def unlock(self, pin: str) -> bytes:
        """Return the data key.

        Raises:
            RefusedError: `pin-wrong` with `tries_left`; `pin-wait` with `wait_s`, on a
                full device `pin-wait-full`; `vault-damaged`: neither copy can be read.
        """
        failures = await self._failures()
        wait_s = self._wait_s(failures)
        if wait_s:
            slug = "pin-wait" if self._uncounted is None else "pin-wait-full"
            raise RefusedError(slug, wait_s=wait_s)
        count = 1 if failures is None else failures.count + 1
        # Counted before the check: killing the app while it computes must not buy a free try.
        await self._count_try(count)
        try:
            data_key = await self._open(pin)
        except UnsealError:
            raise RefusedError("pin-wrong", tries_left=max(0, FREE_TRIES - count)) from None
        await self._settings.delete(self._failures_name)
        self._uncounted = None
        return data_key

    async def change_pin(self, old: str, new: str) -> None:
        """Wrap the same data key under another PIN; what it sealed stays as it is.

        Raises:
            RefusedError: As `unlock` and `create`.
        """
        _demand_digits(new)
        await self._keep(new, await self.unlock(old))

    async def wait_s(self) -> int:
        """Return the seconds until the next try may be made."""
        return self._wait_s(await self._failures())

    async def _keep(self, pin: str, data_key: bytes) -> None:
        _demand_digits(pin)
        salt = os.urandom(_SALT_BYTES)
        key = await self._keys.unlock_key(pin, salt)
        (wrapped,) = await self._keys.seal(key, [SealedItem(self._context, data_key)])
        kept = {
            "v": 1,
            "salt": to_base64url(salt),
            "wrapped": to_base64url(wrapped),
            "crc": zlib.crc32(salt + wrapped),
            "device": await self._device(),
        }
        # Twice: without these few bytes, what waits on this phone could never be read again. The
        # copy first: where there is room for one only, the PIN that was set before still opens.
        for name in reversed(self._names):
            await self._settings.put(name, json.dumps(kept).encode())

    async def _open(self, pin: str) -> bytes:
        for name in self._names:
            kept = _parse(await self._get(name))
            if kept is not None:
                return await self._unwrapped(kept, pin)
        raise RefusedError("vault-damaged")

    async def _unwrapped(self, kept: _Kept, pin: str) -> bytes:
        """Return the data key.

        Raises:
            UnsealError: The PIN is wrong.
            RefusedError: `vault-damaged`: no PIN can be right, for the device's secret is lost.
        """
        try:
            key = await self._keys.unlock_key(pin, kept.salt)
            (data_key,) = await self._keys.unseal(key, [SealedItem(self._context, kept.wrapped)])
        except SettingsError as error:
            raise RefusedError("vault-damaged") from error
        except UnsealError:
            if kept.device not in {None, await self._device()}:
                raise RefusedError("vault-damaged") from None
            raise
        return data_key

    async def _device(self) -> str:
        """Name the device's secrets, so that a right PIN is not called wrong when they are lost."""
        return hashlib.sha256(await self._keys.create_signing_key()).hexdigest()[:16]

    async def _get(self, name: str) -> bytes | None:
        try:
            return await self._settings.get(name)
        except SettingsError:
            return None

    async def _stands(self, name: str) -> bool:
        try:
            return await self._settings.get(name) is not None
        except SettingsError:
            return True  # Damaged is not the same as never made: nothing may be put in its place.

    async def _failures(self) -> _Failures | None:
        """Return the count, its clock restarted when the boot is another one.

        Only the monotonic clock counts: turning the wall clock must not shorten a wait. After a
        reboot nobody knows how long the phone was off, so that the wait begins anew.
        """
        if self._uncounted is not None:
            return await self._counted(self._uncounted)
        try:
            content = await self._settings.get(self._failures_name)
            if content is None:
                return None
            failures = _Failures(**json.loads(content))
        except (SettingsError, ValueError, TypeError):
            failures = _Failures(count=FREE_TRIES, mono=0, boot="")
        if failures.boot == self._clock.boot():
            return failures
        return await self._counted(self._failures_now(failures.count))

    async def _counted(self, failures: _Failures) -> _Failures:
        """Write *failures* down; as long as there is no room, they count in this run of the app."""
        try:
            return await self._count_failure(failures.count)
        except StorageFullError:
            self._uncounted = failures
            return failures

    async def _count_try(self, count: int) -> None:
        """Count a try durably; or, on a full device, let it wait as nobody who guesses could.

        A full device must not keep its person from what it holds: what waits there has to be sent
        or exported before there is room again.

        Raises:
            RefusedError: `pin-wait-full`: the wait for a try that can't be counted has just begun.
        """
        try:
            await self._count_failure(count)
        except StorageFullError:
            has_waited = self._uncounted is not None
            self._uncounted = self._failures_now(count if has_waited else count - 1)
            if not has_waited:
                raise RefusedError("pin-wait-full", wait_s=UNCOUNTED_WAIT_S) from None

    async def _count_failure(self, count: int) -> _Failures:
        failures = self._failures_now(count)
        kept = {"count": count, "mono": failures.mono, "boot": failures.boot}
        await self._settings.put(self._failures_name, json.dumps(kept).encode())
        self._uncounted = None
        return failures

    def _failures_now(self, count: int) -> _Failures:
        return _Failures(count=count, mono=self._clock.monotonic_ms(), boot=self._clock.boot())

    def _wait_s(self, failures: _Failures | None) -> int:
        if failures is None:
            return 0
        step = min(failures.count - FREE_TRIES, len(WAITS_S) - 1)
        uncounted_s = 0 if self._uncounted is None else UNCOUNTED_WAIT_S
        whole = max(uncounted_s, WAITS_S[step] if step >= 0 else 0)
        passed_ms = self._clock.monotonic_ms() - failures.mono
        return max(0, whole - passed_ms // 1000)


def _parse(content: bytes | None) -> _Kept | None:
    """Return what is kept, or None when it can't be read back."""
    try:
        kept = json.loads(content or b"")
        salt, wrapped = from_base64url(kept["salt"]), from_base64url(kept["wrapped"])
        if kept["crc"] != zlib.crc32(salt + wrapped):
            return None
        return _Kept(salt=salt, wrapped=wrapped, device=kept.get("device"))
    except (ValueError, TypeError, KeyError):
        return None


def _demand_digits(pin: str) -> None:
    if len(pin) != PIN_LENGTH or not (pin.isascii() and pin.isdigit()):
        raise RefusedError("pin-not-digits", length=PIN_LENGTH)
