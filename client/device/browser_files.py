"""Files of attachments in the browser, through `client/web/site/files.js`.

Importable in Pyodide only.
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol, cast

from pyodide.ffi import to_js

from client.device import MicrophoneRefusedError, UnreadablePhotoError
from shared.domain.attachment import VOICE_SECONDS_MAX

__all__ = ["BrowserPhotos", "BrowserSound"]


class _FilesJs(Protocol):
    """What files.js exports, with the types as they arrive in Python; None is `undefined`."""

    async def scaledPhoto(self, content: Any, side_max: int) -> Any: ...  # noqa: N802
    async def soundStart(self, longest_ms: int) -> bool: ...  # noqa: N802
    async def soundStop(self) -> Any: ...  # noqa: N802
    async def soundPlay(self, content: Any, mime: str) -> None: ...  # noqa: N802


# device.js hands on what files.js exports.
_js = cast("_FilesJs", importlib.import_module("liandong_device"))


class BrowserPhotos:
    """The `PhotoScaler` of a canvas."""

    async def scaled(self, content: bytes, *, side_max: int) -> bytes:
        """Return the photo drawn anew, as JPEG.

        Raises:
            UnreadablePhotoError: The browser can't draw it.
        """
        drawn = await _js.scaledPhoto(to_js(content), side_max)
        if drawn is None:
            raise UnreadablePhotoError
        return cast("bytes", drawn.to_bytes())


class BrowserSound:
    """The `Sound` of the window in front."""

    async def start(self) -> None:
        """Begin to record, for a minute at most.

        Raises:
            MicrophoneRefusedError: The person or the browser says no.
        """
        if not await _js.soundStart(VOICE_SECONDS_MAX * 1000):
            raise MicrophoneRefusedError

    async def stop(self) -> bytes:
        """End the recording; return it, empty when there was none."""
        return cast("bytes", (await _js.soundStop()).to_bytes())

    async def play(self, content: bytes, media_type: str) -> None:
        """Play a sound, in the place of one that plays already."""
        await _js.soundPlay(to_js(content), media_type)
