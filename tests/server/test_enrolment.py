"""A code binds one device to one person, once; what got lost can be asked for again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from server.config import Config
from server.models import db
from server.models.sync import EnrolmentCodeModel
from shared.domain.people import Device, Staff
from shared.wire.envelope import ENROL_PATH, from_base64url
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
