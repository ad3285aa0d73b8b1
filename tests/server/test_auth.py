"""Only what a device has signed is taken; who may no longer come in loses nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from server.models import db
from server.models.sync import SetAsideModel
from server.routes import PUBLIC
from shared.canonical import canonical_bytes
from shared.domain.people import Device, Staff
from shared.domain.referral import Referral
from tests.server.conftest import POSTMAN, Phone, put, stored

EMPTY = canonical_bytes({"app": 1})


def slug_of(answer: Any) -> str:
    return str(answer.json["type"]).removeprefix("/problems/")


def test_a_signed_request_is_answered(phone_of: Any) -> None:
    assert phone_of(POSTMAN).post(EMPTY).status_code == 200


def test_another_key_is_not_believed(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    answer = phone.post(EMPTY, sign=ec.generate_private_key(ec.SECP256R1()))
    assert (answer.status_code, slug_of(answer)) == (401, "unauthenticated")


def test_an_altered_body_is_not_believed(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    honest = phone.post(canonical_bytes({"app": 1, "ops": []})).request
    altered = canonical_bytes({"app": 2, "ops": []})
    answer = phone.client.post("/api/v1/sync", data=altered, headers=dict(honest.headers))
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"Liandong_Device": "999999"},
        {"Liandong_Device": "one"},
        {"Liandong_Device": ""},
        {"Liandong_Device": "٣"},
        {"Liandong_Device": "9" * 30},
        {"Liandong_Signature": ""},
        {"Liandong_Signature": "AAAA"},
        {"Liandong_Signature": "A" * 86},
        {"Liandong_Signature": "~" * 86},
        {"Liandong_Signature": "签"},
        {"Liandong_Generation": "another"},
    ],
)
def test_headers_that_do_not_fit_are_not_believed(phone_of: Any, changed: dict[str, str]) -> None:
    assert phone_of(POSTMAN).post(EMPTY, **changed).status_code == 401


def test_a_signature_holds_for_its_path_alone(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    honest = phone.post(EMPTY).request
    answer = phone.client.post("/api/v1/sync?x=1", data=EMPTY, headers=dict(honest.headers))
    assert answer.status_code == 401


def test_every_route_asks_for_a_signature_or_is_listed_as_public(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = client.open(rule.rule, method=method, json={"app": 1})
            if rule.endpoint not in PUBLIC:
                assert answer.status_code == 401, rule
            else:
                assert answer.status_code != 401, rule
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= PUBLIC


@pytest.mark.parametrize("bar", ["device-revoked", "staff-inactive"])
def test_what_a_barred_device_sends_is_set_aside_once(phone_of: Any, bar: str) -> None:
    phone: Phone = phone_of(POSTMAN)
    phone.sync()
    if bar == "device-revoked":
        (device_id,) = phone.rows["device"]
        put(replace(stored(Device, device_id), revoked_at=phone.clock.at))
    else:
        put(replace(stored(Staff, POSTMAN), active=False))
    op = phone.referral()
    answers: list[Any] = [phone.send(op) for _ in range(2)]
    assert {(answer.status_code, slug_of(answer)) for answer in answers} == {(403, bar)}
    assert "rows" not in answers[0].json
    db.session.rollback()
    (kept,) = db.session.scalars(sa.select(SetAsideModel)).all()
    assert (kept.device, kept.reason) == (phone.number, bar)
    assert "陈先生" in kept.body
    assert stored(Referral, op["args"]["id"]) is None
