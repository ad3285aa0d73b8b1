"""What a file is, its bytes say."""

from __future__ import annotations

import pytest

from shared.domain.attachment import MediaType
from shared.media import media_type_of
from tests.server.blob_phone import M4A, MP4, VIDEO, VOICE, WEBP, jpeg, png


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (jpeg(), MediaType.JPEG),
        (png(), MediaType.PNG),
        (WEBP, MediaType.WEBP),
        (VOICE, MediaType.WEBM_AUDIO),
        (M4A, MediaType.MP4_AUDIO),
        (VIDEO, None),
        (MP4, None),
        (b"<svg onload=alert(1)>", None),
        (b"%PDF-1.7", None),
        (b"GIF89a", None),
        (b"\xff\xd8", None),
        (b"", None),
        (b"RIFF\x24\0\0\0WAVEfmt ", None),
        (b"\x1a\x45\xdf\xa3matroska", None),
    ],
)
def test_a_file_is_what_its_bytes_say(content: bytes, found: MediaType | None) -> None:
    assert media_type_of(content) is found
