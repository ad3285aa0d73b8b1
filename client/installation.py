"""How the app sits on this device: its room there, its way in, what its update brought."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from client.device import Device, StorageFullError
from client.releases import VERSION, news_since
from client.status import InstallationStatus, InstallWay

__all__ = ["Installation"]

_log = logging.getLogger(__name__)
_SEEN = "release-seen"


class Installation:
    """One device's copy of the app; what the device does not tell stays unknown."""

    def __init__(self, device: Device, on_change: Callable[[], None]) -> None:
        """Watch *device*; *on_change* is called when `status` has changed."""
        self._device = device
        self._on_change = on_change
        self._has_asked = False
        self.status = InstallationStatus()

    async def settle(self, *, is_new: bool) -> None:
        """Do what fits the moment after the unlock: ask for lasting storage, look for news.

        The person has just shown that they work with this app, which is what browsers go by. To
        somebody *is_new* nothing is news.
        """
        await self._look_for_news(is_new=is_new)
        await self.look()
        if not self.status.is_persistent:
            await self.persist()

    async def look(self) -> None:
        """Ask the device anew how much room there is."""
        status = self.status
        try:
            if self._device.storage is not None:
                found = await self._device.storage.estimate()
                status = replace(
                    status,
                    used_bytes=found.used_bytes,
                    quota_bytes=found.quota_bytes,
                    is_persistent=found.is_persistent,
                )
            if self._device.installer is not None:
                way = InstallWay(await self._device.installer.way())
                status = replace(status, install_way=way)
        except Exception:  # noqa: BLE001 - a browser that won't tell must not stop the work.
            _log.exception("the device does not say how much room there is")
            return
        self._turn(status)

    async def persist(self) -> None:
        """Ask the device to keep what the app stores, once in a run of the app."""
        storage = self._device.storage
        if storage is None or self._has_asked:
            return
        self._has_asked = True
        try:
            self._turn(replace(self.status, is_persistent=await storage.persist()))
        except Exception:  # noqa: BLE001 - as above.
            _log.exception("the device can't be asked for lasting storage")

    async def install(self) -> None:
        """Let the device ask the person whether the app may be installed."""
        if self._device.installer is not None:
            await self._device.installer.install()
            await self.look()

    async def dismiss_news(self) -> None:
        """Note that the person has read what is new."""
        self._turn(replace(self.status, news=()))
        await self._keep_seen()

    def note_full(self) -> None:
        """Note that the device refused a record for want of room."""
        self._turn(replace(self.status, is_full=True))

    def note_kept(self) -> None:
        """Note that the device took a record."""
        self._turn(replace(self.status, is_full=False))

    async def _look_for_news(self, *, is_new: bool) -> None:
        settings = self._device.settings
        try:
            kept = await settings.get(_SEEN)
        except Exception:  # noqa: BLE001 - news are not worth a fault.
            _log.exception("what was read last is not known")
            return
        seen = None if kept is None else kept.decode("ascii", "replace")
        if is_new:
            await self._keep_seen()
        else:
            self._turn(replace(self.status, news=news_since(seen)))

    async def _keep_seen(self) -> None:
        try:
            await self._device.settings.put(_SEEN, VERSION.encode())
        except StorageFullError:
            _log.warning("no room to note what was read; it will be said again")

    def _turn(self, status: InstallationStatus) -> None:
        if status != self.status:
            self.status = status
            self._on_change()
