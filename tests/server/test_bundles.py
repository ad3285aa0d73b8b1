"""A bundle is taken as its device's own push would be, whoever brings it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from werkzeug.test import TestResponse

from server.factory import create_app
from server.models import db
from server.models.people import DeviceModel
from server.models.sync import CarriedBundleModel, OpModel, SetAsideModel
from server.services import EXTENSION, services
from shared.domain.people import Device
from shared.wire.bundles import (
    BUNDLE_TYPE,
    BUNDLES_PATH,
    Bundle,
    FileKind,
    SealedFile,
    bundle_message,
    pack_bundle,
    point_id,
    read_file,
    seal_info,
    sealing_key_message,
    unpack_answer,
)
from shared.wire.compact import pack, unpack
from shared.wire.envelope import from_base64url, op_digest, to_base64url
from tests.server.conftest import COLLEAGUE, POSTMAN, Phone, put, stored

SUITE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
CURVE = ec.SECP256R1()
FOREIGN = ec.derive_private_key(99, CURVE)


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass
class Sealer:
    """What a phone needs to hand its work over."""

    phone: Phone
    answer_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(CURVE)
    )

    def made(
        self,
        *ops: dict[str, Any],
        point: bytes = b"",
        sign: ec.EllipticCurvePrivateKey | None = None,
        **members: Any,
    ) -> bytes:
        """Return the file of a bundle with these operations, or with all that was not answered."""
        phone = self.phone
        content: dict[str, Any] = {
            "app": 1,
            "ops": list(ops or phone.journal[phone.acked :]),
            "answer_key": to_base64url(point_of(self.answer_key)),
        } | members
        body = pack(content)
        message = bundle_message(body, device=phone.number, generation=phone.generation)
        r, s = utils.decode_dss_signature(
            (sign or phone.key).sign(message, ec.ECDSA(hashes.SHA256()))
        )
        signature = r.to_bytes(32) + s.to_bytes(32)
        plain = pack_bundle(Bundle(phone.number, phone.generation, body, signature))
        point = point or services().sealing.current or b""
        key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
        key_id = point_id(point)
        sealed = SUITE.encrypt(plain, key, seal_info(FileKind.BUNDLE, key_id))
        return SealedFile(FileKind.BUNDLE, key_id, sealed).to_bytes()

    def opened(self, answer: TestResponse) -> dict[str, Any]:
        """Open the answer, as this phone alone can."""
        values: Any = answer.json
        assert answer.status_code == 200, values
        file = read_file(from_base64url(values["answer"]))
        assert file.key_id == point_id(point_of(self.answer_key))
        body, _ = unpack_answer(SUITE.decrypt(file.sealed, self.answer_key, file.info))
        content: Any = unpack(body, bytes_max=4_000_000)
        return {"state": values["state"], **content}


def brought(carrier: Phone, bundle: bytes, **headers: str) -> TestResponse:
    """Let somebody upload a bundle."""
    return carrier.post(bundle, BUNDLES_PATH, **({"Content_Type": BUNDLE_TYPE} | headers))


def slug_of(answer: TestResponse) -> str:
    values: Any = answer.json
    return str(values["type"]).removeprefix("/problems/")


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """Name the engine: only what writes is worth the time of both."""
    return str(getattr(request, "param", "sqlite"))


ON_BOTH = pytest.mark.parametrize(
    "engine_name", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def origin(phone_of: Callable[..., Phone]) -> Sealer:
    made = phone_of(POSTMAN)
    made.sync()
    return Sealer(made)


@pytest.fixture
def carrier(phone_of: Callable[..., Phone]) -> Phone:
    return phone_of(COLLEAGUE)


@ON_BOTH
def test_what_is_brought_is_run_and_answered_as_a_sync_would_be(
    origin: Sealer, carrier: Phone
) -> None:
    lead = origin.phone.referral()
    origin.phone.harvest_date()
    answer = origin.opened(brought(carrier, origin.made()))
    assert answer["state"] == "answered"
    assert [result["state"] for result in answer["results"]] == ["ok", "ok"]
    assert answer["results"][0]["receipt"]["digest"] == op_digest(lead)
    assert answer["last"] == 2
    by_sync = origin.phone.sync()
    assert by_sync["results"] == answer["results"], "known: the stored results"
    assert count(OpModel) == 2


def test_a_refusal_is_told_to_its_origin_alone(origin: Sealer, carrier: Phone) -> None:
    origin.phone.referral(consent=False)
    reply = brought(carrier, origin.made())
    assert b"consent" not in reply.get_data()
    (result,) = origin.opened(reply)["results"]
    assert result["problem"]["type"] == "/problems/consent-missing"


@ON_BOTH
def test_brought_again_by_others_nothing_runs_twice(
    origin: Sealer, carrier: Phone, phone_of: Callable[..., Phone]
) -> None:
    origin.phone.referral()
    first, second = origin.made(), origin.made()
    assert first != second
    answers = [
        origin.opened(brought(someone, bundle))
        for someone in (carrier, phone_of(COLLEAGUE))
        for bundle in (first, second, first)
    ]
    assert len({str(answer["results"]) for answer in answers}) == 1
    assert count(OpModel) == 1
    assert count(CarriedBundleModel) == 4, "who has brought what, once each"


def test_an_older_bundle_after_a_newer_one_gets_the_same_results(
    origin: Sealer, carrier: Phone
) -> None:
    origin.phone.referral()
    older = origin.made()
    origin.phone.referral()
    newer = origin.opened(brought(carrier, origin.made()))
    again = origin.opened(brought(carrier, older))
    assert again["results"] == newer["results"][:1]


@ON_BOTH
def test_what_comes_before_its_time_waits_with_its_carrier(origin: Sealer, carrier: Phone) -> None:
    first, second = origin.phone.referral(), origin.phone.referral()
    early = origin.made(second)
    waits = origin.opened(brought(carrier, early))
    assert waits["state"] == "waits"
    assert waits["problem"] | {"title": ""} == {
        "type": "/problems/sequence-gap", "status": 409, "title": "", "last": 0,
    }  # fmt: skip
    assert count(OpModel) == 0
    origin.opened(brought(carrier, origin.made(first)))
    assert origin.opened(brought(carrier, early))["results"][0]["state"] == "ok"


@ON_BOTH
def test_the_forked_and_the_revoked_are_told(origin: Sealer, carrier: Phone) -> None:
    origin.phone.referral()
    origin.phone.sync()
    forked = {**origin.phone.journal[0], "base": {"else": 1}}
    answer = origin.opened(brought(carrier, origin.made(forked)))
    assert (answer["problem"]["type"], answer["results"]) == ("/problems/forked", [])

    number = origin.phone.number
    row = db.session.scalars(sa.select(DeviceModel).filter_by(number=number)).one()
    device = stored(Device, row.id)
    put(replace(device, revoked_at=origin.phone.clock.at))
    origin.phone.referral()
    answer = origin.opened(brought(carrier, origin.made()))
    assert answer["problem"]["type"] == "/problems/device-revoked"
    assert (count(SetAsideModel), count(OpModel)) == (1, 1)


def test_a_revoked_carrier_brings_nothing(origin: Sealer, carrier: Phone) -> None:
    origin.phone.referral()
    row = db.session.scalars(sa.select(DeviceModel).filter_by(number=carrier.number)).one()
    device = stored(Device, row.id)
    put(replace(device, revoked_at=carrier.clock.at))
    reply = brought(carrier, origin.made())
    assert (reply.status_code, slug_of(reply)) == (403, "device-revoked")
    assert count(OpModel) == 0


def test_who_has_carried_is_written_down(origin: Sealer, carrier: Phone) -> None:
    origin.phone.referral()
    origin.phone.referral()
    brought(carrier, origin.made())
    noted = db.session.scalars(sa.select(CarriedBundleModel)).one()
    assert (noted.device, noted.carrier) == (origin.phone.number, carrier.number)
    assert noted.carrier_staff_id == COLLEAGUE
    assert (noted.first_seq, noted.last_seq) == (1, 2)


@pytest.mark.parametrize(
    ("spoil", "status", "slug"),
    [
        (lambda _: b"no such file", 422, "bundle-unreadable"),
        (lambda bundle: bundle[:-9], 422, "bundle-unreadable"),
        (lambda bundle: bundle + bytes(400_000), 413, "bundle-too-large"),
        (lambda bundle: bundle + bytes(1_000_001), 413, "body-too-large"),
    ],
)
def test_what_is_no_bundle_is_refused_in_words(
    origin: Sealer, carrier: Phone, spoil: Any, status: int, slug: str
) -> None:
    origin.phone.referral()
    reply = brought(carrier, spoil(origin.made()))
    assert (reply.status_code, slug_of(reply)) == (status, slug)
    assert count(OpModel) == 0


def test_a_bundle_for_another_server_is_told_from_a_damaged_one(
    origin: Sealer, carrier: Phone
) -> None:
    origin.phone.referral()
    reply = brought(carrier, origin.made(point=point_of(FOREIGN)))
    assert (reply.status_code, slug_of(reply)) == (409, "bundle-foreign")


@pytest.mark.parametrize(
    "members",
    [
        {"ops": "none"},
        {"ops": [{"seq": 2}, {"seq": 1}]},
        {"ops": [{"name": "without a sequence"}]},
        {"answer_key": "AAAA"},
        {"answer_key": to_base64url(b"\x04" + bytes(64))},
        {"app": "one"},
        {"ops": [{"seq": 1}] * 1001},
    ],
)
def test_a_content_that_is_none_is_refused(
    origin: Sealer, carrier: Phone, members: dict[str, Any]
) -> None:
    reply = brought(carrier, origin.made(**members))
    assert (reply.status_code, slug_of(reply)) == (422, "bundle-unreadable")


def test_a_bundle_that_its_device_has_not_signed_is_nobodys(origin: Sealer, carrier: Phone) -> None:
    """Sealing is for everybody who knows the point: only the signature says whose it is."""
    origin.phone.referral()
    reply = brought(carrier, origin.made(sign=carrier.key))
    assert (reply.status_code, slug_of(reply)) == (409, "bundle-origin-unknown")
    origin.phone.number += 500
    reply = brought(carrier, origin.made())
    assert (reply.status_code, slug_of(reply)) == (409, "bundle-origin-unknown")
    assert count(OpModel) == 0


def test_the_request_must_be_the_carriers_own(origin: Sealer, carrier: Phone) -> None:
    origin.phone.referral()
    bundle = origin.made()
    reply = carrier.post(bundle, BUNDLES_PATH, sign=FOREIGN, Content_Type=BUNDLE_TYPE)
    assert (reply.status_code, slug_of(reply)) == (401, "unauthenticated")
    reply = brought(carrier, bundle, Content_Type="application/json")
    assert (reply.status_code, slug_of(reply)) == (415, "unsupported-media-type")


@ON_BOTH
def test_a_carrier_has_a_limit_for_a_day(
    origin: Sealer, carrier: Phone, app: Flask, clock: Any
) -> None:
    shared = services()
    app.extensions[EXTENSION] = replace(shared, config=replace(shared.config, bundles_a_day_max=2))
    origin.phone.referral()
    bundles = [origin.made() for _ in range(3)]
    assert [brought(carrier, bundle).status_code for bundle in bundles] == [200, 200, 429]
    refused = brought(carrier, bundles[2])
    assert (slug_of(refused), refused.headers["Retry-After"]) == ("bundle-quota-reached", "3600")
    assert brought(carrier, bundles[0]).status_code == 200, "the same again is no further one"
    clock.advance(days=1, seconds=1)
    assert brought(carrier, bundles[2]).status_code == 200


def test_more_operations_than_a_request_takes_go_in_portions(
    origin: Sealer, carrier: Phone, app: Flask
) -> None:
    shared = services()
    app.extensions[EXTENSION] = replace(shared, config=replace(shared.config, ops_max=2))
    for _ in range(5):
        origin.phone.referral()
    answer = origin.opened(brought(carrier, origin.made()))
    assert [result["seq"] for result in answer["results"]] == [1, 2, 3, 4, 5]


def test_an_old_key_opens_what_was_sealed_for_it(
    origin: Sealer, carrier: Phone, config: Any, clock: Any
) -> None:
    """Rotation: the new key is announced, the old one kept behind it."""
    origin.phone.referral()
    old = origin.made()
    rotated = replace(config, sealing_keys=(b"\x04" * 32, *config.sealing_keys))
    app = create_app(rotated, clock=clock)
    with app.app_context():
        carrier.client = app.test_client()
        answer = origin.opened(brought(carrier, old))
        assert answer["results"][0]["state"] == "ok"
        origin.phone.client = app.test_client()
        told = announced(origin.phone, sealing=known(config.sealing_keys))
        assert told is not None
        assert told != services().sealing.current or told == point_of(
            ec.derive_private_key(int.from_bytes(b"\x04" * 32), CURVE)
        )
        db.session.remove()
        db.engine.dispose()


def test_the_sealing_key_is_told_when_asked_and_signed(origin: Sealer) -> None:
    assert announced(origin.phone) is None, "not in every answer"
    point = announced(origin.phone, sealing="")
    assert point == services().sealing.current
    assert announced(origin.phone, sealing=to_base64url(point_id(point or b""))) is None


def test_without_a_key_no_bundle_is_taken(
    origin: Sealer, carrier: Phone, config: Any, clock: Any
) -> None:
    bundle = origin.made(origin.phone.referral())
    app = create_app(replace(config, sealing_keys=()), clock=clock)
    with app.app_context():
        carrier.client = origin.phone.client = app.test_client()
        assert announced(origin.phone, sealing="") is None
        assert slug_of(brought(carrier, bundle)) == "bundle-foreign"
        db.session.remove()
        db.engine.dispose()


def announced(phone: Phone, **members: str) -> bytes | None:
    """Return the sealing key that a sync tells, its signature checked."""
    reply: Any = phone.send(**members).json
    named = reply.get("sealing_key")
    if named is None:
        return None
    point = from_base64url(named["key"])
    key = ec.EllipticCurvePublicKey.from_encoded_point(
        CURVE, from_base64url(services().door.signer.public_key)
    )
    signature = from_base64url(named["signature"])
    encoded = utils.encode_dss_signature(
        int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    )
    key.verify(encoded, sealing_key_message(point), ec.ECDSA(hashes.SHA256()))
    return point


def known(numbers: Sequence[bytes]) -> str:
    """Return how a phone names the first of these keys."""
    point = point_of(ec.derive_private_key(int.from_bytes(numbers[0]), CURVE))
    return to_base64url(point_id(point))
