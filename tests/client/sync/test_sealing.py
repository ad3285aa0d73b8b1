"""Bundles made and answers opened by a device's own keys, held to a library's HPKE."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from client.device import UnsealError
from client.device.native import NativeKeys
from client.store.enrolment import Enrolment, keep_enrolment, load_enrolment
from client.sync.sealing import ForeignAnswerError, announced_point, make_bundle, open_answer
from shared.wire.bundles import (
    BUNDLE_OPS_MAX,
    FileKind,
    SealedFile,
    answer_message,
    bundle_message,
    pack_answer,
    point_id,
    read_file,
    seal_info,
    sealing_key_message,
    unpack_bundle,
)
from shared.wire.compact import pack, unpack
from shared.wire.envelope import to_base64url
from tests.client.phone import Phone, lead

CURVE = ec.SECP256R1()
SUITE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
SERVER, SEALING, STRANGER = (ec.derive_private_key(number, CURVE) for number in (5, 6, 7))


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def signed(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


ENROLMENT = Enrolment(
    device=7,
    generation="g1",
    server_key=point_of(SERVER),
    staff_id="someone",
    sealing_key=point_of(SEALING),
)


@pytest.fixture
def keys(tmp_path: Path) -> NativeKeys:
    return NativeKeys(tmp_path / "keys.json", iterations=1)


async def answer_for(
    keys: NativeKeys,
    *,
    device: int = 7,
    signer: ec.EllipticCurvePrivateKey = SERVER,
    **members: Any,
) -> SealedFile:
    """Return an answer as the server seals it for this device."""
    values: dict[str, Any] = {
        "device": device, "server_time": 1, "last": 0, "results": [],
    } | members  # fmt: skip
    body = pack(values)
    point = await keys.answer_key()
    key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
    info = seal_info(FileKind.ANSWER, point_id(point))
    content = pack_answer(body, signed(signer, answer_message(body)))
    return SealedFile(FileKind.ANSWER, point_id(point), SUITE.encrypt(content, key, info))


async def test_what_is_made_the_server_opens(phone: Phone) -> None:
    field = await phone.enrolled()
    for name in ("王阿婆", "陈大文"):
        await field.record("submit_referral", lead(field, name))
    outbox, keys = field._open.holdings.outbox, field._device.keys
    made = await make_bundle(field._device, ENROLMENT, outbox)
    assert made is not None
    assert (made.count, made.last) == (2, 2)
    file = read_file(made.content)
    assert file.key_id == point_id(point_of(SEALING))
    bundle = unpack_bundle(SUITE.decrypt(file.sealed, SEALING, file.info))
    assert (bundle.device, bundle.generation) == (7, "g1")
    message = bundle_message(bundle.body, device=7, generation="g1")
    assert await keys.verify(await keys.create_signing_key(), message, bundle.signature)
    content: Any = unpack(bundle.body, bytes_max=1_000_000)
    assert content["ops"] == [entry.op for entry in outbox.waiting()]
    assert content["answer_key"] == to_base64url(await keys.answer_key())


async def test_two_files_of_the_same_records_have_nothing_in_common(phone: Phone) -> None:
    field = await phone.enrolled()
    await field.record("submit_referral", lead(field))
    outbox = field._open.holdings.outbox
    one, other = [await make_bundle(field._device, ENROLMENT, outbox) for _ in range(2)]
    assert one is not None
    assert other is not None
    assert len(one.content) == len(other.content)
    assert one.content[14:79] != other.content[14:79], "a fresh key for each"


async def test_more_than_one_file_holds_leaves_the_latest_for_the_next(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.sync.sealing.BUNDLE_BYTES_MAX", 1_400)
    field = await phone.enrolled()
    for number in range(12):
        # Nothing that deflates well.
        note = "".join(hashlib.sha256(f"{number}/{part}".encode()).hexdigest() for part in range(3))
        await field.record("submit_referral", lead(field, note=note))
    made = await make_bundle(field._device, ENROLMENT, field._open.holdings.outbox)
    assert made is not None
    assert 0 < made.count < 12
    assert made.last == made.count
    assert len(made.content) <= 1_400
    assert BUNDLE_OPS_MAX >= 1000


async def test_an_answer_opens_for_its_device(keys: NativeKeys) -> None:
    problem = {"type": "/problems/forked", "status": 409, "title": "x"}
    answer = await open_answer(keys, ENROLMENT, await answer_for(keys, last=5, problem=problem))
    assert (answer.last, answer.problem, answer.results) == (5, problem, ())


async def test_an_answer_for_others_is_told(keys: NativeKeys, tmp_path: Path) -> None:
    """For another phone, or for the number that this one had before."""
    other = NativeKeys(tmp_path / "other.json", iterations=1)
    with pytest.raises(ForeignAnswerError):
        await open_answer(keys, ENROLMENT, await answer_for(other))
    with pytest.raises(ForeignAnswerError):
        await open_answer(keys, ENROLMENT, await answer_for(keys, device=8))


@pytest.mark.parametrize(
    "members", [{"signer": STRANGER}, {"last": "many"}, {"results": [{}]}, {"server_time": None}]
)
async def test_an_answer_that_the_server_has_not_given_is_not_believed(
    keys: NativeKeys, members: Mapping[str, Any]
) -> None:
    """Whoever knows the device's point can seal for it; only the server can sign."""
    with pytest.raises(UnsealError):
        await open_answer(keys, ENROLMENT, await answer_for(keys, **members))


async def test_a_changed_answer_does_not_open(keys: NativeKeys) -> None:
    answer = await answer_for(keys)
    for at in range(0, len(answer.sealed), 97):
        sealed = answer.sealed[:at] + bytes([answer.sealed[at] ^ 1]) + answer.sealed[at + 1 :]
        with pytest.raises(UnsealError):
            await open_answer(keys, ENROLMENT, dataclasses.replace(answer, sealed=sealed))


async def test_no_sealing_key_is_believed_but_the_servers(keys: NativeKeys) -> None:
    """What is sealed for somebody else's key would be theirs to read."""

    def named(point: bytes, signer: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
        signature = signed(signer, sealing_key_message(point))
        return {"sealing_key": {"key": to_base64url(point), "signature": to_base64url(signature)}}

    server, point, foreign = point_of(SERVER), point_of(SEALING), point_of(STRANGER)
    assert await announced_point(keys, server, named(point, SERVER)) == point
    assert await announced_point(keys, server, named(foreign, STRANGER)) is None
    swapped = named(point, SERVER)
    swapped["sealing_key"]["key"] = to_base64url(foreign)
    assert await announced_point(keys, server, swapped) is None
    broken: tuple[dict[str, Any], ...] = ({}, {"sealing_key": None}, {"sealing_key": {"key": 1}})
    for values in broken:
        assert await announced_point(keys, server, values) is None


async def test_the_sealing_key_is_kept_and_its_absence_is_no_fault(phone: Phone) -> None:
    settings = phone.device.settings
    for kept in (ENROLMENT, dataclasses.replace(ENROLMENT, sealing_key=b"")):
        await keep_enrolment(settings, kept)
        assert await load_enrolment(settings) == kept
    # As a version without bundles has kept it.
    older = (await settings.get("enrolment") or b"").replace(b'"sealing_key": "", ', b"")
    for name in ("enrolment", "enrolment-copy"):
        await settings.put(name, older)
    loaded = await load_enrolment(settings)
    assert loaded is not None
    assert loaded.sealing_key == b""


async def test_the_key_for_answers_stays_the_same(tmp_path: Path) -> None:
    """An answer may come weeks later, to another run of the app."""
    path = tmp_path / "keys.json"
    first = await NativeKeys(path, iterations=1).answer_key()
    again = NativeKeys(path, iterations=1)
    assert await again.answer_key() == first
    assert first != await again.create_signing_key()
    enc, agreed = await again.agree_once(first)
    assert await again.agree(enc) == agreed
    for none in (b"", b"\x04" + bytes(64)):
        with pytest.raises(UnsealError):
            await again.agree(none)
