"""What the tests of attachments send: signed requests of any method, and files of each type."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from werkzeug.test import TestResponse

from shared.domain.attachment import AttachmentKind, AttachmentObject
from shared.wire.blobs import blob_path, upload_path
from shared.wire.envelope import (
    DEVICE_HEADER,
    GENERATION_HEADER,
    SIGNATURE_HEADER,
    signed_message,
    to_base64url,
)
from tests.server.conftest import Phone


def jpeg(length: int = 3000, seed: int = 1) -> bytes:
    """Return what begins like a photo, of that length; another seed, other bytes."""
    head = b"\xff\xd8\xff\xe0" + struct.pack(">I", seed)
    return head + hashlib.shake_128(head).digest(length - len(head))


def png() -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )


WEBP = b"RIFF\x24\0\0\0WEBPVP8 " + bytes(24)
VOICE = b"\x1a\x45\xdf\xa3" + b"\x42\x82\x84webm" + bytes(60) + b"\x86\x86A_OPUS" + bytes(400)
VIDEO = VOICE.replace(bytes(400), b"\x86\x85V_VP8" + bytes(400))
M4A = b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(60) + b"moov....soun....mp4a" + bytes(400)
MP4 = M4A.replace(b"soun", b"vide")


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class BlobPhone:
    """The part of a phone that sends files."""

    phone: Phone

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        signed: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        phone = self.phone
        message = signed_message(
            method, path, body if signed is None else signed,
            device=phone.number, generation=phone.generation,
        )  # fmt: skip
        r, s = utils.decode_dss_signature(phone.key.sign(message, ec.ECDSA(hashes.SHA256())))
        return phone.client.open(
            path,
            method=method,
            data=body,
            content_type="application/octet-stream" if method == "POST" else None,
            headers={
                DEVICE_HEADER: str(phone.number),
                GENERATION_HEADER: phone.generation,
                SIGNATURE_HEADER: to_base64url(r.to_bytes(32) + s.to_bytes(32)),
                **(headers or {}),
            },
        )

    def path(self, object_id: str, content: bytes, offset: int = 0, **changes: Any) -> str:
        asked: dict[str, Any] = {
            "table": AttachmentObject.REFERRAL,
            "object_id": object_id,
            "kind": AttachmentKind.PHOTO,
            "size": len(content),
            "offset": offset,
        } | changes
        return upload_path(asked.pop("sha256", digest_of(content)), **asked)

    def send(
        self,
        object_id: str,
        content: bytes,
        offset: int = 0,
        end: int | None = None,
        **changes: Any,
    ) -> TestResponse:
        """Send a piece of *content*, all of it by default."""
        piece = content[offset:end]
        return self.ask("POST", self.path(object_id, content, offset, **changes), piece)

    def progress(self, object_id: str, content: bytes, **changes: Any) -> tuple[int, str]:
        answer = self.ask("HEAD", self.path(object_id, content, **changes))
        assert answer.status_code == 200, answer.status_code
        return int(answer.headers["Upload-Offset"]), answer.headers["Upload-Complete"]

    def attach(self, object_id: str, content: bytes, **changes: Any) -> dict[str, Any]:
        """Journal that a file hangs on an object."""
        args = {
            "id": self.phone.new_id(),
            "object_table": "referral",
            "object_id": object_id,
            "kind": "photo",
            "sha256": digest_of(content),
            "size": len(content),
            "media_type": "image/jpeg",
        } | changes
        return self.phone.op("attach_file", args)

    def get(self, content: bytes, *, part: str | None = None) -> TestResponse:
        headers = {} if part is None else {"Range": f"bytes={part}"}
        return self.ask("GET", blob_path(digest_of(content)), headers=headers)
