"""A code binds one device to one person, once; what got lost can be asked for again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask

from server.config import Config
from server.factory import create_app
from server.models import db
from server.models.sync import EnrolmentCodeModel, EnrolmentFailureModel
from shared.domain.people import Device, Staff
from shared.wire.envelope import ENROL_PATH, from_base64url, to_base64url
from tests.server.conftest import HEAD, POSTMAN, HandClock, Phone, code_for, put, stored


@pytest.fixture
def phone(app: Flask, clock: HandClock) -> Phone:
    return Phone(app.test_client(), clock, POSTMAN)


def slug_of(answer: Any) -> str:
    return str(answer.json["type"]).removeprefix("/problems/")


def test_enrolment_tells_all_that_a_device_needs(phone: Phone, config: Config) -> None:
    answer: Any = phone.enrol(code_for(POSTMAN, config)).json
    assert answer["device"] == 1
    assert len(from_base64url(answer["server_key"])) == 65
    assert answer["staff"]["id"] == POSTMAN
    assert answer["server_time"] == 1795395600000
    assert answer["generation"]


def test_an_enrolled_device_is_shown_to_those_who_look_after_it(
    phone: Phone, phone_of: Any, config: Config
) -> None:
    phone.enrol(code_for(POSTMAN, config))
    head = phone_of(HEAD)
    head.sync()
    shown = {row["number"]: row["label"] for row in head.rows["device"].values()}
    assert shown[phone.number] == "测试机"


@pytest.mark.parametrize("spell", [str.lower, "-".join, " {} ".format])
def test_a_code_is_read_as_people_type_it(phone: Phone, config: Config, spell: Any) -> None:
    assert phone.enrol(spell(code_for(POSTMAN, config))).status_code == 200


def test_the_same_code_and_key_give_the_same_answer_again(phone: Phone, config: Config) -> None:
    code = code_for(POSTMAN, config)
    first, again = phone.enrol(code).json, phone.enrol(code).json
    assert first == again


def test_a_used_code_is_spent_for_another_key(
    phone: Phone, config: Config, app: Flask, clock: HandClock
) -> None:
    code = code_for(POSTMAN, config)
    phone.enrol(code)
    thief = Phone(app.test_client(), clock, POSTMAN)
    answer = thief.enrol(code)
    assert (answer.status_code, slug_of(answer)) == (403, "enrolment-code-spent")


def test_a_wrong_code_counts_down_and_is_spent_in_the_end(phone: Phone, config: Config) -> None:
    code = code_for(POSTMAN, config, code_tries_max=2)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    answers: list[Any] = [phone.enrol(wrong).json for _ in range(2)]
    assert [answer["tries_left"] for answer in answers] == [1, 0]
    assert slug_of(phone.enrol(wrong)) == "enrolment-code-spent"
    assert slug_of(phone.enrol(code)) == "enrolment-code-spent"


@pytest.mark.parametrize("code", ["AAAA-BBBB-CCCC", "short", "!!!!!!!!!!!!", "转介卡"])
def test_a_code_that_nobody_issued_is_wrong(phone: Phone, code: str) -> None:
    answer = phone.enrol(code)
    assert (answer.status_code, slug_of(answer)) == (403, "enrolment-code-wrong")


class Stranger:
    """Somebody who guesses codes, from one address."""

    def __init__(self, app: Flask, address: str, **headers: str) -> None:
        self.client = app.test_client()
        self.address = address
        self.headers = headers

    def guess(self, code: str) -> Any:
        point = ec.generate_private_key(ec.SECP256R1()).public_key()
        key = to_base64url(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
        return self.client.post(
            ENROL_PATH,
            json={"code": code, "public_key": key, "label": "x", "app": 1},
            environ_base={"REMOTE_ADDR": self.address},
            headers=self.headers,
        )


def wrong(code: str, number: int) -> str:
    """Return another code of the same selector."""
    return code[:4] + f"{number:08}"


def test_who_guesses_selectors_must_wait_and_the_owner_elsewhere_gets_in(
    app: Flask, config: Config, clock: HandClock
) -> None:
    code = code_for(POSTMAN, config)
    stranger = Stranger(app, "203.0.113.5")
    for number in range(config.guesses_max):
        assert slug_of(stranger.guess(f"Z{number:03}00000000")) == "enrolment-code-wrong"
    clock.advance(minutes=5)
    answer = stranger.guess(code)
    assert (answer.status_code, slug_of(answer)) == (429, "too-many-tries")
    assert answer.headers["Retry-After"] == str(answer.json["wait_s"]) == "600"
    assert Stranger(app, "203.0.113.6").guess(code).status_code == 200


def test_patience_is_rewarded(app: Flask, config: Config, clock: HandClock) -> None:
    code = code_for(POSTMAN, config)
    stranger = Stranger(app, "203.0.113.5")
    for number in range(config.guesses_max + 1):
        answer = stranger.guess(f"Z{number:03}00000000")
    clock.advance(seconds=answer.json["wait_s"])
    assert stranger.guess(code).status_code == 200


def test_one_address_spends_few_codes(app: Flask, config: Config) -> None:
    codes = [code_for(POSTMAN, config) for _ in range(10)]
    stranger = Stranger(app, "203.0.113.5")
    for code in codes:
        for number in range(config.code_tries_max):
            stranger.guess(wrong(code, number))
    got_in = [Stranger(app, "203.0.113.6").guess(code).status_code == 200 for code in codes]
    assert got_in.count(False) <= config.guesses_max // config.code_tries_max


def test_many_addresses_together_spend_no_codes_for_long(app: Flask, config: Config) -> None:
    codes = [code_for(POSTMAN, config) for _ in range(20)]
    answers = [
        Stranger(app, f"198.51.100.{place * 5 + number}").guess(wrong(code, number))
        for place, code in enumerate(codes)
        for number in range(config.code_tries_max)
    ]
    assert {slug_of(answer) for answer in answers[config.county_guesses_max :]} == {
        "too-many-tries"
    }
    got_in = [Stranger(app, "203.0.113.6").guess(code).status_code == 200 for code in codes]
    assert got_in.count(False) == config.county_guesses_max // config.code_tries_max


def test_an_address_that_anybody_may_write_down_is_not_believed(app: Flask, config: Config) -> None:
    for number in range(config.guesses_max):
        liar = Stranger(app, "203.0.113.5", **{"X-Forwarded-For": f"192.0.2.{number}"})
        liar.guess(f"Z{number:03}00000000")
    liar = Stranger(app, "203.0.113.5", **{"X-Forwarded-For": "192.0.2.77"})
    assert slug_of(liar.guess(code_for(POSTMAN, config))) == "too-many-tries"


def test_behind_a_proxy_of_ours_its_word_counts(
    config: Config, clock: HandClock, app: Flask
) -> None:
    code = code_for(POSTMAN, config)
    behind = create_app(replace(config, proxies=1), clock=clock)
    for number in range(config.guesses_max + 1):
        forged = {"X-Forwarded-For": f"192.0.2.{number}, 203.0.113.5"}
        answer = Stranger(behind, "10.0.0.1", **forged).guess(f"Z{number:03}00000000")
    assert slug_of(answer) == "too-many-tries"
    other = Stranger(behind, "10.0.0.1", **{"X-Forwarded-For": "203.0.113.6"})
    assert other.guess(code).status_code == 200
    with behind.app_context():
        db.engine.dispose()
    del app


def test_neighbours_in_one_ipv6_network_are_one(app: Flask, config: Config) -> None:
    for number in range(config.guesses_max):
        Stranger(app, f"2001:db8:1:2::{number + 1:x}").guess(f"Z{number:03}00000000")
    code = code_for(POSTMAN, config)
    assert slug_of(Stranger(app, "2001:db8:1:2:ffff::1").guess(code)) == "too-many-tries"
    assert Stranger(app, "2001:db8:1:3::1").guess(code).status_code == 200


def test_no_address_is_kept(app: Flask) -> None:
    Stranger(app, "203.0.113.5").guess("ZZZZ00000000")
    (kept,) = db.session.query(EnrolmentFailureModel).all()
    assert "203.0" not in repr(vars(kept))


def test_an_old_code_has_expired(phone: Phone, config: Config, clock: HandClock) -> None:
    code = code_for(POSTMAN, config)
    clock.advance(hours=72)
    assert slug_of(phone.enrol(code)) == "enrolment-code-expired"


def test_a_lost_answer_can_be_asked_for_until_the_code_expires(
    phone: Phone, config: Config, clock: HandClock
) -> None:
    code = code_for(POSTMAN, config)
    phone.enrol(code)
    clock.advance(hours=73)
    assert slug_of(phone.enrol(code)) == "enrolment-code-expired"


def test_a_code_of_somebody_who_left_is_of_no_use(phone: Phone, config: Config) -> None:
    code = code_for(POSTMAN, config)
    put(replace(stored(Staff, POSTMAN), active=False))
    assert slug_of(phone.enrol(code)) == "staff-inactive"


def test_a_phone_that_is_enrolled_anew_keeps_its_key_and_gets_another_number(
    phone: Phone, config: Config
) -> None:
    first: Any = phone.enrol(code_for(POSTMAN, config))
    second: Any = phone.enrol(code_for(POSTMAN, config))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json["device"] != second.json["device"]


@pytest.mark.parametrize("public_key", ["A" * 87, "short", "!" * 87, 5, None])
def test_a_key_that_is_none_is_refused(app: Flask, public_key: Any) -> None:
    body = {"code": "AAAABBBBCCCC", "public_key": public_key, "label": "x", "app": 1}
    answer: Any = app.test_client().post(ENROL_PATH, json=body)
    assert answer.status_code == 422
    assert list(answer.json["fields"]) == ["public_key"]


def test_the_database_never_holds_the_code(phone: Phone, config: Config) -> None:
    code = code_for(POSTMAN, config)
    (kept,) = db.session.query(EnrolmentCodeModel).all()
    assert code[4:] not in repr(vars(kept))
    del phone


def test_device_numbers_are_never_given_twice(phone_of: Any) -> None:
    phones = [phone_of(POSTMAN) for _ in range(3)]
    assert [phone.number for phone in phones] == [1, 2, 3]
    for phone in phones:
        phone.sync()
    assert {row["number"] for row in phones[0].rows["device"].values()} == {1, 2, 3}
    assert stored(Device, next(iter(phones[0].rows["device"]))).staff_id == POSTMAN
