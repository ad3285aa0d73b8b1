"""Bundles: a device's waiting operations as a sealed file, and the server's sealed answer to it.

A carrier, a colleague's phone or a stick, can neither read nor alter them; `docs/protocol.md` has
the format.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from shared.wire.envelope import signed_message

__all__ = [
    "BUNDLES_PATH",
    "BUNDLE_BYTES_MAX",
    "BUNDLE_OPS_MAX",
    "BUNDLE_TYPE",
    "Bundle",
    "BundleState",
    "FileKind",
    "SealedFile",
    "UnreadableFileError",
    "answer_message",
    "bundle_digest",
    "bundle_message",
    "pack_answer",
    "pack_bundle",
    "point_id",
    "read_file",
    "seal_info",
    "sealing_key_message",
    "unpack_answer",
    "unpack_bundle",
]

BUNDLES_PATH = "/api/v1/bundles"
BUNDLE_TYPE = "application/vnd.liandong.bundle"
BUNDLE_BYTES_MAX = 400_000
BUNDLE_OPS_MAX = 1_000

_MAGIC = b"LDBF"
_VERSION = 1
_HEAD = struct.Struct("!4sBB8s")  # Magic, version, kind, id of the key that opens it.
_CRC = struct.Struct("!I")
_SEALED_BYTES_MIN = 65 + 16  # The sender's point, the cipher's tag.
# Length of the body, device number, length of the generation, signature over the body.
_BUNDLE_HEAD = struct.Struct("!IIB64s")
_ANSWER_HEAD = struct.Struct("!I64s")
_PADDED_BYTES_MIN = 1024


class FileKind(IntEnum):
    """What a file holds."""

    BUNDLE = 1
    ANSWER = 2


class BundleState(StrEnum):
    """What became of a bundle, as its carrier is told."""

    ANSWERED = "answered"
    WAITS = "waits"  # For an earlier one: brought again, it may be taken.


class UnreadableFileError(ValueError):
    """Bytes that are no whole file of this kind.

    Attributes:
        slug: Of the catalogue of problems.
    """

    def __init__(self, slug: str) -> None:
        """Refuse for the reason *slug*."""
        super().__init__(slug)
        self.slug = slug


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file, taken apart but not opened.

    Attributes:
        key_id: Of the key that opens it (`point_id`).
        sealed: The sender's point and the ciphertext, as HPKE has them.
    """

    kind: FileKind
    key_id: bytes
    sealed: bytes

    @property
    def info(self) -> bytes:
        """What the seal is bound to."""
        return seal_info(self.kind, self.key_id)

    def to_bytes(self) -> bytes:
        """Return the file's bytes; the last four tell a damaged file before anybody carries it."""
        content = _HEAD.pack(_MAGIC, _VERSION, self.kind, self.key_id) + self.sealed
        return content + _CRC.pack(zlib.crc32(content))


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds once opened.

    Attributes:
        generation: The server's, as the device knows it.
        body: In compact form: `app`, `ops`, `answered`, `answer_key`.
        signature: The device's, over `bundle_message`.
    """

    device: int
    generation: str
    body: bytes
    signature: bytes


def read_file(content: bytes) -> SealedFile:
    """Take a file apart.

    Raises:
        UnreadableFileError: It is none, not whole, too large, or of a version to come.
    """
    if len(content) > BUNDLE_BYTES_MAX:
        raise UnreadableFileError("bundle-too-large")
    if len(content) < _HEAD.size + _SEALED_BYTES_MIN + _CRC.size:
        raise UnreadableFileError("bundle-unreadable")
    magic, version, kind, key_id = _HEAD.unpack_from(content)
    if magic != _MAGIC:
        raise UnreadableFileError("bundle-unreadable")
    (crc,) = _CRC.unpack_from(content, len(content) - _CRC.size)
    if crc != zlib.crc32(content[: -_CRC.size]):
        raise UnreadableFileError("bundle-unreadable")
    if version != _VERSION or kind not in set(FileKind):
        raise UnreadableFileError("bundle-too-new")
    return SealedFile(FileKind(kind), key_id, content[_HEAD.size : -_CRC.size])


def seal_info(kind: FileKind, key_id: bytes) -> bytes:
    """Return what a seal for the key of *key_id* is bound to."""
    return b"liandong file\n" + _HEAD.pack(_MAGIC, _VERSION, kind, key_id)


def bundle_digest(content: bytes) -> str:
    """Return what identifies a file: its SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def point_id(point: bytes) -> bytes:
    """Return the short name of a public key: 8 bytes of the SHA-256 of its point."""
    return hashlib.sha256(point).digest()[:8]


def bundle_message(body: bytes, *, device: int, generation: str) -> bytes:
    """Return what the device signs; no request can be made of it, nor it of a request."""
    return signed_message("BUNDLE", BUNDLES_PATH, body, device=device, generation=generation)


def answer_message(body: bytes) -> bytes:
    """Return what the server signs of an answer."""
    return f"liandong answer\n{hashlib.sha256(body).hexdigest()}\n".encode()


def sealing_key_message(point: bytes) -> bytes:
    """Return what the server signs of its sealing key: phones believe no other."""
    return b"liandong sealing key\n" + point.hex().encode() + b"\n"


def pack_bundle(bundle: Bundle) -> bytes:
    """Return the bytes to be sealed."""
    generation = bundle.generation.encode()
    head = _BUNDLE_HEAD.pack(len(bundle.body), bundle.device, len(generation), bundle.signature)
    return _padded(head + generation + bundle.body)


def unpack_bundle(content: bytes) -> Bundle:
    """Read what `pack_bundle` returned.

    Raises:
        ValueError: It is no such thing.
    """
    if len(content) < _BUNDLE_HEAD.size:
        raise ValueError("too short")
    length, device, generation_length, signature = _BUNDLE_HEAD.unpack_from(content)
    body_at = _BUNDLE_HEAD.size + generation_length
    generation = content[_BUNDLE_HEAD.size : body_at].decode()
    return Bundle(device, generation, _body(content, body_at, length), signature)


def pack_answer(body: bytes, signature: bytes) -> bytes:
    """Return the bytes to be sealed."""
    return _padded(_ANSWER_HEAD.pack(len(body), signature) + body)


def unpack_answer(content: bytes) -> tuple[bytes, bytes]:
    """Return body and signature of what `pack_answer` returned.

    Raises:
        ValueError: It is no such thing.
    """
    if len(content) < _ANSWER_HEAD.size:
        raise ValueError("too short")
    length, signature = _ANSWER_HEAD.unpack_from(content)
    return _body(content, _ANSWER_HEAD.size, length), signature


def _body(content: bytes, at: int, length: int) -> bytes:
    if len(content) < at + length:
        raise ValueError("too short")
    return content[at : at + length]


def _padded(content: bytes) -> bytes:
    """Fill up with zeros, so that the size of a file says little of what is in it.

    By Padmé (Nikitin et al., PETS 2019): at most an eighth longer, and few different lengths.
    """
    length = max(len(content), _PADDED_BYTES_MIN)
    exponent = length.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return content.ljust(-(-length // step) * step, b"\0")
