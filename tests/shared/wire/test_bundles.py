"""The file of a bundle: what a carrier sees, and what no changed byte gets past."""

from __future__ import annotations

import zlib

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shared.wire.bundles import (
    BUNDLE_BYTES_MAX,
    Bundle,
    FileKind,
    SealedFile,
    UnreadableFileError,
    bundle_message,
    pack_answer,
    pack_bundle,
    point_id,
    read_file,
    seal_info,
    unpack_answer,
    unpack_bundle,
)
from shared.wire.envelope import signed_message
from shared.wire.hpke import message_key

CURVE = ec.SECP256R1()
SUITE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
KEY = ec.derive_private_key(12345, CURVE)
POINT = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
KEY_ID = point_id(POINT)
INFO = seal_info(FileKind.BUNDLE, KEY_ID)
BUNDLE = Bundle(7, "g1", b"what waits" * 40, b"\x05" * 64)
FILE = SealedFile(
    FileKind.BUNDLE, KEY_ID, SUITE.encrypt(pack_bundle(BUNDLE), KEY.public_key(), INFO)
).to_bytes()


def opened(content: bytes) -> Bundle:
    """Open a file as the server does."""
    file = read_file(content)
    return unpack_bundle(SUITE.decrypt(file.sealed, KEY, file.info))


def with_crc(content: bytes) -> bytes:
    """Give a changed file the checksum that fits it, as somebody with a purpose would."""
    return content[:-4] + zlib.crc32(content[:-4]).to_bytes(4)


def test_a_file_opens_as_it_was_sealed() -> None:
    assert opened(FILE) == BUNDLE
    assert b"what waits" not in FILE


@given(at=st.integers(0, len(FILE) - 1), bit=st.integers(0, 7))
def test_any_flipped_bit_is_seen_without_a_key(at: int, bit: int) -> None:
    changed = FILE[:at] + bytes([FILE[at] ^ 1 << bit]) + FILE[at + 1 :]
    with pytest.raises(UnreadableFileError):
        read_file(changed)


@given(at=st.integers(0, len(FILE) - 5), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused_whatever_the_checksum_says(at: int, bit: int) -> None:
    changed = with_crc(FILE[:at] + bytes([FILE[at] ^ 1 << bit]) + FILE[at + 1 :])
    with pytest.raises((UnreadableFileError, InvalidTag, ValueError)):
        opened(changed)


@given(length=st.integers(0, len(FILE) - 1))
def test_no_part_of_a_file_is_taken_for_the_whole(length: int) -> None:
    with pytest.raises(UnreadableFileError):
        read_file(FILE[:length])


@given(st.binary(max_size=300))
def test_whatever_else_is_no_file(content: bytes) -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read_file(content)
    assert refused.value.slug == "bundle-unreadable"


def test_a_version_to_come_is_told_from_a_damaged_file() -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read_file(with_crc(FILE[:4] + b"\x02" + FILE[5:]))
    assert refused.value.slug == "bundle-too-new"


def test_a_file_has_a_limit() -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read_file(FILE[:-4] + bytes(BUNDLE_BYTES_MAX))
    assert refused.value.slug == "bundle-too-large"


def test_a_bundle_can_not_stand_as_an_answer() -> None:
    """What a seal is for is bound in it, so that nothing opens as something else."""
    changed = with_crc(FILE[:5] + bytes([FileKind.ANSWER]) + FILE[6:])
    with pytest.raises(InvalidTag):
        opened(changed)


@given(body=st.binary(max_size=3000), generation=st.text("abcdef0123456789", max_size=16))
def test_bundles_and_answers_read_back(body: bytes, generation: str) -> None:
    bundle = Bundle(2**20 - 1, generation, body, b"\x01" * 64)
    assert unpack_bundle(pack_bundle(bundle)) == bundle
    assert unpack_answer(pack_answer(body, b"\x02" * 64)) == (body, b"\x02" * 64)


@given(content=st.binary(max_size=200))
def test_what_is_no_content_raises_nothing_unforeseen(content: bytes) -> None:
    for unpack in (unpack_bundle, unpack_answer):
        try:
            unpack(content)
        except ValueError:
            continue


def test_sizes_say_little() -> None:
    """Of 1 to 200 leads' worth of bytes, few lengths remain, none much longer than it was."""
    plain = [len(pack_answer(bytes(size), bytes(64))) for size in range(100, 5000)]
    assert len(set(plain)) < 40
    assert all(made <= max(1024, (size + 68) * 1.125) for size, made in enumerate(plain, 100))


def test_no_request_can_be_made_of_a_bundle_nor_the_other_way_round() -> None:
    body = b"body"
    bundle = bundle_message(body, device=7, generation="g")
    assert bundle != signed_message("POST", "/api/v1/bundles", body, device=7, generation="g")
    assert not bundle.startswith((b"POST", b"GET", b"HEAD"))


@given(content=st.binary(max_size=200), info=st.binary(max_size=40))
def test_keys_are_those_of_hpke(content: bytes, info: bytes) -> None:
    """Held to a library's HPKE: each opens what the other has sealed."""
    sender = ec.derive_private_key(777, CURVE)
    enc = sender.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    made = message_key(sender.exchange(ec.ECDH(), KEY.public_key()), enc, POINT, info)
    sealed = enc + AESGCM(made.key).encrypt(made.nonce, content, None)
    assert SUITE.decrypt(sealed, KEY, info) == content

    theirs = SUITE.encrypt(content, KEY.public_key(), info)
    point = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs[:65])
    read = message_key(KEY.exchange(ec.ECDH(), point), theirs[:65], POINT, info)
    assert AESGCM(read.key).decrypt(read.nonce, theirs[65:], None) == content
