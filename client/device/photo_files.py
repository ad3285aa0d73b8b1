"""Photos on CPython: what they say of themselves is taken out; they are not made smaller.

The browser draws a photo anew, smaller (`client.device.browser_files`). On the other platforms
the system's camera is told how large to make it, and nothing here can draw.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from client.device import UnreadablePhotoError
from shared.domain.attachment import MediaType
from shared.media import media_type_of

__all__ = ["PlainPhotos", "without_metadata"]

_JPEG_START_OF_SCAN = 0xDA
_JPEG_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# Application data, but for the two that say how to read the colours; and comments.
_JPEG_TOLD = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
_PNG_HEAD = 8
_PNG_NEEDED = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT"}
)
_WEBP_TOLD = frozenset({b"EXIF", b"XMP "})
_WEBP_FLAGS_TOLD = 0b0000_1100  # Of the VP8X chunk: that there are EXIF and XMP.


class PlainPhotos:
    """The `PhotoScaler` of CPython."""

    async def scaled(self, content: bytes, *, side_max: int) -> bytes:
        """Return the photo without its metadata, as large as it was."""
        del side_max
        return without_metadata(content)


def without_metadata(content: bytes) -> bytes:
    """Return a photo without place, time, camera, and comments.

    Raises:
        UnreadablePhotoError: It is no JPEG, PNG or WebP, or a damaged one.
    """
    media_type = media_type_of(content)
    if media_type not in _READERS:
        raise UnreadablePhotoError
    try:
        return b"".join(_READERS[media_type](content))
    except (struct.error, IndexError) as error:
        raise UnreadablePhotoError from error


def _jpeg(content: bytes) -> Iterator[bytes]:
    yield content[:2]
    at = 2
    while True:
        if content[at] != 0xFF:  # noqa: PLR2004 - what every marker begins with
            raise UnreadablePhotoError
        marker = content[at + 1]
        if marker == _JPEG_START_OF_SCAN:
            yield content[at:]
            return
        if marker in _JPEG_STANDALONE:
            end = at + 2
        else:
            (length,) = struct.unpack_from(">H", content, at + 2)
            end = at + 2 + length
        if marker not in _JPEG_TOLD:
            yield content[at:end]
        at = end


def _png(content: bytes) -> Iterator[bytes]:
    yield content[:_PNG_HEAD]
    at = _PNG_HEAD
    while at < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if kind in _PNG_NEEDED:
            yield content[at:end]
        at = end


def _webp(content: bytes) -> Iterator[bytes]:
    chunks = []
    at = 12
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, at)
        end = at + 8 + length + length % 2
        chunk = content[at:end]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_FLAGS_TOLD]) + chunk[9:]
        if kind not in _WEBP_TOLD:
            chunks.append(chunk)
        at = end
    body = b"WEBP" + b"".join(chunks)
    yield b"RIFF" + struct.pack("<I", len(body)) + body


_READERS: dict[MediaType | None, Callable[[bytes], Iterator[bytes]]] = {
    MediaType.JPEG: _jpeg,
    MediaType.PNG: _png,
    MediaType.WEBP: _webp,
}
