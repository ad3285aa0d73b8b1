"""What the bytes of a file are, by looking at them: what a sender says counts for nothing."""

from __future__ import annotations

import re

from shared.domain.attachment import MediaType

__all__ = ["media_type_of"]

_EBML = b"\x1a\x45\xdf\xa3"
_AUDIO_BRANDS = (b"M4A ", b"mp42", b"mp41", b"isom", b"iso5", b"iso6", b"dash")
_VIDEO_CODEC = re.compile(rb"V_(?:VP8|VP9|AV1|MPEG|THEORA|MS)")
_HEAD = 4096


def media_type_of(content: bytes) -> MediaType | None:
    """Return the type of a photo or a voice note, or None for anything else.

    Sound must be sound alone: a container that names a video codec is none.
    """
    head = content[:_HEAD]
    if head.startswith(b"\xff\xd8\xff"):
        return MediaType.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return MediaType.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType.WEBP
    is_webm = head.startswith(_EBML) and b"webm" in head[:64]
    if is_webm and b"A_OPUS" in head and _VIDEO_CODEC.search(head) is None:
        return MediaType.WEBM_AUDIO
    is_mp4 = head[4:8] == b"ftyp" and head[8:12] in _AUDIO_BRANDS
    # In a fragmented file the tracks stand at the front, in a plain one at the end.
    if is_mp4 and b"mp4a" in content and b"vide" not in content:
        return MediaType.MP4_AUDIO
    return None
