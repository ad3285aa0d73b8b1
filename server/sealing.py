"""What phones seal for this server, and what it seals for one phone: HPKE (RFC 9180)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.identity import ReceiptSigner
from server.problems import ProblemError
from shared.canonical import Json
from shared.wire.bundles import FileKind, SealedFile, point_id, seal_info, sealing_key_message
from shared.wire.envelope import to_base64url

__all__ = ["SealingKeys", "sealed_for"]

_CURVE = ec.SECP256R1()
_SUITE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """The server's sealing keys, by their ids.

    Attributes:
        current: The point that phones are given; None when no bundles are taken.
    """

    current: bytes | None
    _keys: Mapping[bytes, ec.EllipticCurvePrivateKey]
    _signature: bytes

    @classmethod
    def from_numbers(cls, numbers: Iterable[bytes], signer: ReceiptSigner) -> Self:
        """Return the keys with these private numbers; the first one is in use.

        Phones believe in it by the signature of *signer*.
        """
        keys = [ec.derive_private_key(int.from_bytes(number), _CURVE) for number in numbers]
        points = [_point_of(key) for key in keys]
        by_id = {point_id(point): key for point, key in zip(points, keys, strict=True)}
        if not points:
            return cls(None, by_id, b"")
        return cls(points[0], by_id, signer.sign(sealing_key_message(points[0])))

    def opened(self, file: SealedFile) -> bytes:
        """Return what *file* holds.

        Raises:
            ProblemError: `bundle-foreign`: it is for another server; `bundle-unreadable`.
        """
        key = self._keys.get(file.key_id)
        if key is None:
            raise ProblemError("bundle-foreign")
        try:
            return _SUITE.decrypt(file.sealed, key, file.info)
        except (InvalidTag, ValueError) as error:
            raise ProblemError("bundle-unreadable") from error

    def announced(self, known: str) -> dict[str, Json]:
        """Return the member that tells a device the key in use; nothing when *known* names it."""
        if self.current is None or to_base64url(point_id(self.current)) == known:
            return {}
        signature = to_base64url(self._signature)
        return {"sealing_key": {"key": to_base64url(self.current), "signature": signature}}


def sealed_for(point: bytes, content: bytes) -> bytes:
    """Return the file of an answer that the owner of *point* alone can open.

    Raises:
        ValueError: *point* is not on the curve.
    """
    key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
    key_id = point_id(point)
    sealed = _SUITE.encrypt(content, key, seal_info(FileKind.ANSWER, key_id))
    return SealedFile(FileKind.ANSWER, key_id, sealed).to_bytes()


def _point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
