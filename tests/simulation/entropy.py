"""The only chance in a simulation is its seed: what asks the system for randomness gets that."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from client.device import native
from server import identity, sealing
from shared.wire.hpke import message_key

__all__ = ["chance_of", "seeded_entropy"]


def chance_of(seed: object) -> random.Random:
    """Return the generator of *seed*: the same draws on every machine."""
    return random.Random(str(seed))  # noqa: S311 - it must be foreseeable


@contextmanager
def seeded_entropy(seed: object) -> Iterator[None]:
    """Draw ids, keys, nonces, salts, jitter and signatures from *seed*."""
    source = chance_of(f"entropy of {seed}")

    with (
        patch.object(os, "urandom", source.randbytes),
        # What `secrets` and `SystemRandom` (the sync's jitter) draw from.
        patch.object(random, "_urandom", source.randbytes),
        patch.object(identity, "ec", _Deterministic()),
        patch.object(native, "ec", _Deterministic()),
        patch.object(sealing, "_SUITE", _SeededSuite()),
    ):
        yield


class _SeededSuite:
    """HPKE whose sender's key is seeded; the library draws its own from the system."""

    decrypt = staticmethod(sealing._SUITE.decrypt)

    @staticmethod
    def encrypt(content: bytes, recipient: ec.EllipticCurvePublicKey, info: bytes) -> bytes:
        key = _Deterministic.generate_private_key(ec.SECP256R1())
        enc, point = (
            one.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            for one in (key.public_key(), recipient)
        )
        made = message_key(key.exchange(ec.ECDH(), recipient), enc, point, info)
        return enc + AESGCM(made.key).encrypt(made.nonce, content, None)


class _Deterministic:
    """The module of elliptic curves, with seeded keys and signatures that RFC 6979 determines."""

    def __getattr__(self, name: str) -> Any:
        return getattr(ec, name)

    @staticmethod
    def ECDSA(algorithm: HashAlgorithm) -> ec.ECDSA:  # noqa: N802 - as the module has it
        return ec.ECDSA(algorithm, deterministic_signing=True)

    @staticmethod
    def generate_private_key(curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
        # A byte less than the order of P-256 has: always below it.
        return ec.derive_private_key(int.from_bytes(b"\x01" + os.urandom(30)), curve)
