"""The journal's records, version 1: bytes in, values out, and the other way round.

An op's body is sealed under a key of its own, which lies beside it wrapped by the vault's data
key. Destroying that key (`erased`) destroys the body; device, sequence and digest stay.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace
from enum import IntEnum

__all__ = ["DamagedRecordError", "Record", "RecordKind", "decode_record", "encode_record", "wiped"]

_MAGIC = b"LDJR"
_VERSION = 1
# Magic, version, kind, device number, sequence, digest, length of the wrapped key, of the body.
_HEAD = struct.Struct("!4sBBII32sHI")
_SIZES = struct.Struct("!HI")  # The last two of them, behind the digest.
_CRC = struct.Struct("!I")


class DamagedRecordError(ValueError):
    """Bytes that are no whole record of a known version."""


class RecordKind(IntEnum):
    """What a record keeps."""

    OP = 1
    OUTCOMES = 2  # What the server answered to some ops.


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of the journal.

    Attributes:
        device: The device number under which the op was recorded.
        seq: The op's sequence; of outcomes, the highest among them.
        digest: SHA-256 of the body before sealing, 64 hexadecimal digits.
        wrapped_key: The body's own key under the data key; empty where the data key sealed it.
        body: Sealed canonical bytes.
    """

    kind: RecordKind
    device: int
    seq: int
    digest: str
    wrapped_key: bytes
    body: bytes

    @property
    def context(self) -> bytes:
        """What the body and its key are bound to, so that none can stand in another's place."""
        return f"journal/{self.kind.name}/{self.device}/{self.seq}/{self.digest}".encode()

    @property
    def is_erased(self) -> bool:
        """Tell whether the body can never be read again."""
        return self.kind is RecordKind.OP and not any(self.wrapped_key)

    @property
    def is_ordered_away(self) -> bool:
        """Tell whether the body is gone because the server ordered so, not for its age."""
        return self.is_erased and bool(self.wrapped_key)

    def erased(self) -> Record:
        """Return the record without its key and body; what identifies the op stays."""
        return replace(self, wrapped_key=bytes(1), body=b"")


def encode_record(record: Record) -> bytes:
    """Return the bytes of *record*, the last four of them a CRC-32 of the others."""
    content = (
        _HEAD.pack(
            _MAGIC,
            _VERSION,
            record.kind,
            record.device,
            record.seq,
            bytes.fromhex(record.digest),
            len(record.wrapped_key),
            len(record.body),
        )
        + record.wrapped_key
        + record.body
    )
    return content + _CRC.pack(zlib.crc32(content))


def wiped(content: bytes, digest: str) -> bytes:
    """Return *content* with zeros for the keys and bodies of the op of *digest*, wherever they are.

    *content* is whatever was set aside: whole records, pieces of them, others' in between.
    """
    mark, amended = bytes.fromhex(digest), bytearray(content)
    at = content.find(mark)
    while at >= 0:
        sizes_at = at + len(mark)
        if sizes_at + _SIZES.size <= len(content):
            key_length, length = _SIZES.unpack_from(content, sizes_at)
            start = sizes_at + _SIZES.size
            end = min(start + key_length + length, len(content))
            amended[start:end] = bytes(end - start)
        at = content.find(mark, at + 1)
    return bytes(amended)


def decode_record(content: bytes) -> Record:
    """Return the record of *content*.

    Raises:
        DamagedRecordError: Not whole, changed, or of a version that this app does not know.
    """
    if len(content) < _HEAD.size + _CRC.size:
        raise DamagedRecordError("too short")
    (crc,) = _CRC.unpack_from(content, len(content) - _CRC.size)
    if crc != zlib.crc32(content[: -_CRC.size]):
        raise DamagedRecordError("checksum")
    magic, version, kind, device, seq, digest, key_length, length = _HEAD.unpack_from(content)
    if magic != _MAGIC or version != _VERSION or kind not in set(RecordKind):
        raise DamagedRecordError("unknown version or kind")
    if len(content) != _HEAD.size + key_length + length + _CRC.size:
        raise DamagedRecordError("lengths")
    body_at = _HEAD.size + key_length
    return Record(
        kind=RecordKind(kind),
        device=device,
        seq=seq,
        digest=digest.hex(),
        wrapped_key=content[_HEAD.size : body_at],
        body=content[body_at : -_CRC.size],
    )
