"""How bytes of attachments travel; docs/attachments.md is the specification."""

from __future__ import annotations

from urllib.parse import urlencode

from shared.domain.attachment import AttachmentKind, AttachmentObject

__all__ = [
    "BLOBS_PATH",
    "BLOB_PIECE_BYTES_MAX",
    "COMPLETE_HEADER",
    "OFFSET_HEADER",
    "blob_path",
    "upload_path",
]

BLOBS_PATH = "/api/v1/blobs"
BLOB_PIECE_BYTES_MAX = 256_000

# The names that HTTP's own resumable uploads give them (draft-ietf-httpbis-resumable-upload).
OFFSET_HEADER = "Upload-Offset"
COMPLETE_HEADER = "Upload-Complete"


def blob_path(sha256: str) -> str:
    """Return where the bytes of that digest are asked for."""
    return f"{BLOBS_PATH}/{sha256}"


def upload_path(  # noqa: PLR0913 - what one piece says of itself
    sha256: str,
    *,
    table: AttachmentObject,
    object_id: str,
    kind: AttachmentKind,
    size: int,
    offset: int = 0,
) -> str:
    """Return where a piece is sent, or (by HEAD) asked how far the bytes have come."""
    query = {
        "object_table": table.value,
        "object_id": object_id,
        "kind": kind.value,
        "size": size,
        "offset": offset,
    }
    return f"{blob_path(sha256)}?{urlencode(query)}"
