"""The keys of HPKE (RFC 9180) in base mode: DHKEM(P-256), HKDF-SHA256, AES-256-GCM.

Browsers have the parts of HPKE, not the whole: here is what lies between the key agreement and
the cipher, which every device has. The server uses a library's HPKE; tests hold one to the other.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

__all__ = ["MessageKey", "message_key"]

_VERSION = b"HPKE-v1"
_KEM = b"KEM" + (0x0010).to_bytes(2)
_SUITE = b"HPKE" + (0x0010).to_bytes(2) + (0x0001).to_bytes(2) + (0x0002).to_bytes(2)
_BASE_MODE = b"\x00"
_SECRET_BYTES = 32
_KEY_BYTES = 32
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class MessageKey:
    """What one message, and never a second one, is sealed with: AES-256-GCM, no added data."""

    key: bytes
    nonce: bytes


def message_key(agreed: bytes, ephemeral: bytes, recipient: bytes, info: bytes) -> MessageKey:
    """Return the key of the one message between two points, both 65 bytes uncompressed.

    Args:
        agreed: What ECDH gives for the two: the x of the common point, 32 bytes.
        ephemeral: The sender's point, made for this message alone; it goes before the ciphertext.
        recipient: The point for whose owner it is sealed.
        info: What both sides must say alike, or nothing opens.
    """
    prk = _extract(_KEM, b"", b"eae_prk", agreed)
    secret = _expand(_KEM, prk, b"shared_secret", ephemeral + recipient, _SECRET_BYTES)
    context = (
        _BASE_MODE
        + _extract(_SUITE, b"", b"psk_id_hash", b"")
        + _extract(_SUITE, b"", b"info_hash", info)
    )
    schedule = _extract(_SUITE, secret, b"secret", b"")
    return MessageKey(
        key=_expand(_SUITE, schedule, b"key", context, _KEY_BYTES),
        nonce=_expand(_SUITE, schedule, b"base_nonce", context, _NONCE_BYTES),
    )


def _extract(suite: bytes, salt: bytes, label: bytes, content: bytes) -> bytes:
    return hmac.digest(salt, _VERSION + suite + label + content, hashlib.sha256)


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    # No key here is longer than one block of HKDF.
    assert length <= hashlib.sha256().digest_size
    message = length.to_bytes(2) + _VERSION + suite + label + info
    return hmac.digest(prk, message + b"\x01", hashlib.sha256)[:length]
