"""A photo says nothing of where and when it was taken."""

from __future__ import annotations

import struct
import zlib

import pytest

from client.device import UnreadablePhotoError
from client.device.photo_files import without_metadata

SCAN = b"\xff\xda\0\x02" + b"light and shade" * 10 + b"\xff\xd9"


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind))


def riff(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def test_a_jpeg_keeps_what_is_needed_to_draw_it() -> None:
    frame, colours = segment(0xC0, b"frame"), segment(0xEE, b"Adobe")
    told = [segment(0xE1, b"Exif\0\0GPS"), segment(0xFE, b"taken by"), segment(0xED, b"IPTC")]
    jfif = segment(0xE0, b"JFIF\0")

    bare = without_metadata(b"\xff\xd8" + jfif + b"".join(told) + colours + frame + SCAN)

    assert bare == b"\xff\xd8" + jfif + colours + frame + SCAN


def test_a_png_keeps_what_is_needed_to_draw_it() -> None:
    needed = chunk(b"IHDR", bytes(13)), chunk(b"IDAT", b"x"), chunk(b"IEND", b"")
    told = chunk(b"eXIf", b"GPS") + chunk(b"tEXt", b"Author\0somebody") + chunk(b"tIME", bytes(7))
    head = b"\x89PNG\r\n\x1a\n"

    bare = without_metadata(head + needed[0] + told + needed[1] + needed[2])

    assert bare == head + b"".join(needed)


def test_a_webp_keeps_what_is_needed_to_draw_it() -> None:
    flags = bytes([0b0000_1100]) + bytes(9)
    body = b"WEBP" + riff(b"VP8X", flags) + riff(b"VP8 ", b"odd") + riff(b"EXIF", b"GPS")

    bare = without_metadata(b"RIFF" + struct.pack("<I", len(body)) + body)

    kept = b"WEBP" + riff(b"VP8X", bytes(10)) + riff(b"VP8 ", b"odd")
    assert bare == b"RIFF" + struct.pack("<I", len(kept)) + kept


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.7",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe1\xff\xff",
        b"\xff\xd8\xff\xe0\0\x04ab" + b"no marker",
        b"\x89PNG\r\n\x1a\n\0\0",
    ],
)
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadablePhotoError):
        without_metadata(content)
