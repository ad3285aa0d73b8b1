"""What the browser grants to the window alone, through `client/web/site/page.js`.

Importable in Pyodide only.
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol, cast

from client.device import StorageEstimate

__all__ = ["BrowserFirstPad", "BrowserInstaller", "BrowserStorage"]


class _PageJs(Protocol):
    """What page.js exports, with the types as they arrive in Python."""

    async def storageEstimate(self) -> Any: ...  # noqa: N802
    async def storagePersist(self) -> bool: ...  # noqa: N802
    async def firstPadTake(self) -> str: ...  # noqa: N802
    async def firstPadAway(self) -> None: ...  # noqa: N802
    async def installWay(self) -> str: ...  # noqa: N802
    async def install(self) -> bool: ...


# device.js hands on what page.js exports.
_js = cast("_PageJs", importlib.import_module("liandong_device"))


# What Chromium adds to what is used, whatever the disk holds: sites are not to tell people apart.
CHROMIUMS_WORD = 10 * 2**30


class BrowserStorage:
    """The `Storage` of one site in one browser."""

    async def estimate(self) -> StorageEstimate:
        """Return what the browser says of itself, where that means anything."""
        used, quota, is_persistent = await _js.storageEstimate()
        means_nothing = quota - used == CHROMIUMS_WORD
        return StorageEstimate(int(used), 0 if means_nothing else int(quota), is_persistent)

    async def persist(self) -> bool:
        """Ask for it; Chromium decides by itself, Firefox asks the person."""
        return await _js.storagePersist()


class BrowserInstaller:
    """The `Installer` that a browser is."""

    async def way(self) -> str:
        """Return what this browser offers now; Chromium makes up its mind after a while."""
        return await _js.installWay()

    async def install(self) -> bool:
        """Show the browser's own question; only soon after a tap."""
        return await _js.install()


class BrowserFirstPad:
    """The `FirstPad` of the page's first paint (client/web/site/early_pad.js)."""

    async def take(self) -> str:
        """Return what was typed on it, and take it away."""
        return await _js.firstPadTake()

    async def away(self) -> None:
        """Take it away."""
        await _js.firstPadAway()
