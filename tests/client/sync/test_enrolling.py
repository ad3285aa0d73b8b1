from __future__ import annotations

from dataclasses import replace

import pytest

from client.device import HttpReply
from client.status import FieldState
from shared.domain.refusals import RefusedError
from tests.client.fake_server import CODE, COLLEAGUE, POSTMAN, FakeServer, ok, refusal
from tests.client.phone import PIN, Phone, stored


async def refused(phone: Phone, code: str = CODE) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        await phone.field.enrol(code, "测试机")
    return caught.value


async def test_code_is_read_as_people_type_it(phone: Phone, server: FakeServer) -> None:
    await phone.start()
    await phone.field.enrol(" abcd 2345-efgh", "测试机")
    assert server.requests[0]["code"] == CODE
    assert server.requests[0]["label"] == "测试机"


async def test_what_is_no_code_is_not_sent(phone: Phone, server: FakeServer) -> None:
    await phone.start()
    told = await refused(phone, "ABCD")
    assert (told.slug, told.facts) == ("invalid-argument", {"field": "code"})
    assert server.requests == []


async def test_wrong_code_says_how_many_tries_are_left(phone: Phone) -> None:
    await phone.start()
    told = await refused(phone, "WRNG2345EFGH")
    assert (told.slug, told.facts) == ("enrolment-code-wrong", {"tries_left": 4})
    assert phone.field.state is FieldState.NOT_ENROLLED


async def test_lost_answer_is_asked_for_again_with_the_same_key(
    phone: Phone, server: FakeServer
) -> None:
    await phone.start()
    server.replace_reply = lambda _: None
    assert (await refused(phone)).slug == "unreachable"
    await phone.start()
    await phone.field.enrol(CODE, "测试机")
    first, second = server.requests
    assert first["public_key"] == second["public_key"]
    assert len(server.devices) == 1


@pytest.mark.parametrize(
    ("reply", "slug"),
    [
        (HttpReply(200, {"content-type": "text/html"}, b"<html>"), "unreachable"),
        (ok(device=7), "server-answer-unreadable"),
        (ok(device="x", generation="g", server_key="", server_time=1, staff={}),
         "server-answer-unreadable"),
        (refusal("busy"), "unreachable"),
        (refusal("enrolment-code-spent"), "enrolment-code-spent"),
    ],
)  # fmt: skip
async def test_other_answers_are_told_and_enrol_nobody(
    phone: Phone, server: FakeServer, reply: HttpReply, slug: str
) -> None:
    await phone.start()
    server.before = lambda _path, _request: reply
    assert (await refused(phone)).slug == slug
    assert phone.field.state is FieldState.NOT_ENROLLED


async def test_kill_between_code_and_pin_asks_for_the_pin_again(phone: Phone) -> None:
    await phone.start()
    await phone.field.enrol(CODE, "测试机")
    field = await phone.start()
    assert field.state is FieldState.PIN_NEEDED
    await field.set_pin(PIN)
    assert field.me == POSTMAN


async def test_name_is_in_the_storage_in_clear_until_there_is_a_pin_only(phone: Phone) -> None:
    await phone.enrolled()
    for content in stored(phone.folder):
        assert POSTMAN.name.encode() not in content
        assert b"\\u9648" not in content


async def test_enrolling_again_keeps_the_vault_and_its_pin(
    phone: Phone, server: FakeServer
) -> None:
    await phone.enrolled()
    server.people["NEXT2345EFGH"] = POSTMAN
    await phone.field.enrol("NEXT2345EFGH", "测试机")
    assert phone.field.state is FieldState.LOCKED
    await phone.field.unlock(PIN)
    assert sorted(server.devices) == [7, 8]


async def test_second_person_gets_a_vault_of_their_own(phone: Phone, server: FakeServer) -> None:
    await phone.enrolled()
    server.people["NEXT2345EFGH"] = COLLEAGUE
    await phone.field.enrol("NEXT2345EFGH", "测试机")
    assert phone.field.state is FieldState.PIN_NEEDED
    await phone.field.set_pin("111111")
    assert phone.field.me == COLLEAGUE
    server.people["BACK2345EFGH"] = POSTMAN
    await phone.field.enrol("BACK2345EFGH", "测试机")
    await phone.field.unlock(PIN)
    assert phone.field.me == POSTMAN


async def test_one_damaged_copy_of_the_enrolment_is_no_loss(phone: Phone) -> None:
    await phone.enrolled()
    (phone.folder / "settings" / "enrolment").write_bytes(b"{")
    assert (await phone.reopened()).me == POSTMAN


async def test_own_row_follows_the_server(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    server.put(replace(POSTMAN, name="陈海"))
    await field.sync_now()
    assert field.me.name == "陈海"
    assert (await phone.reopened()).me.name == "陈海"


async def test_own_row_that_can_not_be_read_comes_with_the_next_sync(phone: Phone) -> None:
    await phone.enrolled()
    (path,) = (phone.folder / "settings").glob("me*")
    path.write_bytes(b"damaged")
    field = await phone.reopened()
    assert field.me.id == POSTMAN.id
    assert field.actor.roles == frozenset()
    await field.sync_now()
    assert field.me == POSTMAN


async def test_too_many_wrong_codes_are_told_with_the_time_to_wait(
    phone: Phone, server: FakeServer
) -> None:
    await phone.start()
    server.before = lambda _path, _request: refusal("too-many-tries", wait_s=600)
    told = await refused(phone)
    assert (told.slug, told.facts) == ("too-many-tries", {"wait_s": 600})
    assert phone.field.state is FieldState.NOT_ENROLLED
