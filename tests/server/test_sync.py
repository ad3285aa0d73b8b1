"""What a phone may rely on when it syncs: nothing twice, nothing lost, nothing in the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from server.identity import is_signed_by
from server.models import db
from server.models.sync import OpModel
from server.mutations.batch import rerun_parked
from server.services import services
from shared.domain.customer import Customer
from shared.domain.harvest import HarvestDate, HarvestStatus
from shared.domain.moment import day_at_outlet
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.village import RoundCover
from shared.wire.envelope import OpState, Receipt, from_base64url, op_digest, receipt_bytes
from shared.wire.schemas import instant_ms
from tests.server.conftest import (
    COLLEAGUE,
    COUNTY,
    HEAD,
    MANAGER,
    POSTMAN,
    ROUND,
    STRANGER,
    VILLAGE,
    HandClock,
    put,
    server_id,
    stored,
)


def states(answer: dict[str, Any]) -> list[str]:
    return [result["state"] for result in answer["results"]]


def problems(answer: dict[str, Any]) -> list[str | None]:
    return [result.get("problem", {}).get("type") for result in answer["results"]]


def count_of(table: str) -> int:
    db.session.rollback()
    return int(db.session.scalar(sa.text(f"SELECT count(*) FROM {table}")))  # noqa: S608


def test_sync_takes_a_lead_and_gives_it_back(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    op = phone.referral()
    answer = phone.sync()
    assert states(answer) == ["ok"]
    lead = phone.rows["referral"][op["args"]["id"]]
    assert lead["referrer_id"] == POSTMAN
    assert lead["receipt_number"] == answer["results"][0]["receipt"]["number"] == 1
    assert answer["last"] == 1


def test_a_lead_whose_id_was_drawn_for_an_earlier_draft_has_its_number_too(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    drafted = phone.new_id()
    phone.harvest_date()
    phone.referral(id=drafted)
    assert states(phone.sync()) == ["ok", "ok"]
    assert phone.rows["referral"][drafted]["receipt_number"] == 2


def test_receipt_is_signed_by_the_key_that_enrolment_told(phone_of: Any, app: Flask) -> None:
    phone = phone_of(POSTMAN)
    op = phone.referral()
    (result,) = phone.sync()["results"]
    receipt = Receipt(**(result["receipt"] | {"state": OpState(result["receipt"]["state"])}))
    assert receipt.digest == op_digest(op)
    point = from_base64url(services().door.signer.public_key)
    assert is_signed_by(point, receipt_bytes(receipt), from_base64url(receipt.signature))
    del app


@pytest.mark.parametrize("times", [2, 5])
def test_resent_ops_change_nothing_twice(phone_of: Any, times: int) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    phone.referral(customer_name="黄女士", phone="13800000001")
    answers = [phone.send(*phone.journal).json for _ in range(times)]
    assert all(answer["results"] == answers[0]["results"] for answer in answers)
    assert count_of("referral") == 2
    assert count_of("op") == 2


def test_ops_that_overlap_with_known_ones_run_once(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    phone.send(*phone.journal)
    phone.referral(customer_name="黄女士", phone="13800000001")
    answer = phone.send(*phone.journal).json
    assert states(answer) == ["ok", "ok"]
    assert count_of("referral") == 2


def test_a_gap_is_refused_and_says_where_it_begins(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    for name in ("甲", "乙", "丙"):
        phone.referral(customer_name=name, phone=None)
    assert phone.send(phone.journal[0]).status_code == 200
    answer = phone.send(phone.journal[2])
    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/sequence-gap"
    assert answer.json["last"] == 1
    assert count_of("referral") == 1


def test_ops_out_of_order_are_refused_whole(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    phone.referral(customer_name="黄女士", phone=None)
    answer = phone.send(*reversed(phone.journal))
    assert answer.status_code == 422
    assert count_of("referral") == 0


def test_another_op_under_a_known_sequence_is_a_fork(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    op = phone.referral()
    phone.sync()
    changed = op | {"args": op["args"] | {"note": "另一部手机"}}
    answer = phone.send(changed)
    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/forked"
    assert stored(Referral, op["args"]["id"]).note == ""


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"name": "fly_to_moon"}, "unknown-mutation"),
        ({"v": 99}, "unknown-mutation"),
        ({"name": None}, "unknown-mutation"),
        ({"args": {"id": "short"}}, "invalid-argument"),
        ({"args": []}, "invalid-argument"),
        ({"base": {"x": "y"}}, "invalid-argument"),
        ({"by": COLLEAGUE}, "forbidden-action"),
        ({"by": 7}, "invalid-argument"),
    ],
)
def test_an_op_that_does_not_fit_is_refused_alone(
    phone_of: Any, changes: dict[str, Any], slug: str
) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    phone.journal.append(phone.journal[0] | {"seq": 2} | changes)
    phone.referral(customer_name="黄女士", phone=None)
    answer = phone.sync()
    assert states(answer) == ["ok", "rejected", "ok"]
    assert problems(answer)[1] == f"/problems/{slug}"


def test_a_broken_clock_reading_costs_the_grade_and_nothing_else(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    op = phone.referral()
    phone.journal[0] = op | {"clock": {"wall": "yesterday"}}
    assert states(phone.sync()) == ["ok"]
    assert stored(Referral, op["args"]["id"]).clock_grade == "C"


def test_a_refused_op_leaves_no_row_behind_and_is_remembered(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    phone.referral(consent=False)
    first, again = phone.sync(), phone.send(*phone.journal).json
    assert problems(first) == problems(again) == ["/problems/consent-missing"]
    assert count_of("referral") == count_of("customer") == 0


def test_a_failing_mutation_is_parked_and_dams_nothing(
    phone_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = phone_of(POSTMAN)
    for name in ("甲", "乙", "丙"):
        phone.referral(customer_name=name, phone=None)
    broken = phone.journal[1]["args"]["id"]
    _break_reaction(monkeypatch, broken)
    answer = phone.sync()
    assert states(answer) == ["ok", "parked", "ok"]
    assert count_of("referral") == 2
    # Its number is kept for it: the screen shows one.
    assert [result["receipt"]["number"] for result in answer["results"]] == [1, 2, 3]
    assert stored(Referral, broken) is None
    assert stored(Customer, phone.journal[0]["args"]["id"]) is None

    monkeypatch.undo()
    door = services().door
    assert rerun_parked(door, db.session(), COUNTY, phone.number, 2) is OpState.OK
    assert states(phone.sync(open=[2])) == ["ok"]
    assert broken in phone.rows["referral"]


def test_an_op_about_a_parked_one_waits_for_it(
    phone_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = phone_of(POSTMAN)
    lead = phone.referral()["args"]["id"]
    phone.op("withdraw_referral", {"id": lead, "reason": "记错了"})
    _break_reaction(monkeypatch, lead)
    assert states(phone.sync()) == ["parked", "deferred"]
    monkeypatch.undo()
    rerun_parked(services().door, db.session(), COUNTY, phone.number, 1)
    assert states(phone.sync(open=[1, 2])) == ["ok", "ok"]
    assert stored(Referral, lead).status is ReferralStatus.WITHDRAWN


def test_an_op_about_something_not_yet_arrived_waits_and_runs_by_itself(phone_of: Any) -> None:
    postman, head = phone_of(POSTMAN), phone_of(HEAD)
    sale = postman.harvest_date()["args"]["id"]
    # Told by word of mouth or by QR code: the branch head's phone synced first.
    head.op("cancel_harvest_date", {"id": sale, "reason": "台风"})
    answer = head.sync()
    assert states(answer) == ["deferred"]
    assert "receipt" not in answer["results"][0]
    assert states(head.sync(open=[1])) == ["deferred"]
    postman.sync()
    assert states(head.sync(open=[1])) == ["ok"]
    assert stored(HarvestDate, sale).status is HarvestStatus.CANCELLED


def test_a_waiting_op_sees_no_more_than_its_author_may(phone_of: Any) -> None:
    """Not even of what came in with the batch that sets it running."""
    postman, stranger = phone_of(POSTMAN), phone_of(STRANGER)
    lead = postman.referral()["args"]["id"]
    stranger.op("withdraw_referral", {"id": lead, "reason": "记错了"})
    assert states(stranger.sync()) == ["deferred"]
    postman.sync()
    assert problems(stranger.sync(open=[1])) == ["/problems/out-of-scope"]


def test_a_waiting_op_is_refused_when_what_it_waited_for_was(phone_of: Any) -> None:
    postman, head = phone_of(POSTMAN), phone_of(HEAD)
    sale = postman.harvest_date(sale_to_on="2026-01-01")["args"]["id"]
    head.op("cancel_harvest_date", {"id": sale, "reason": "台风"})
    head.sync()
    assert states(postman.sync()) == ["rejected"]
    assert problems(head.sync(open=[1])) == ["/problems/missing-object"]


def test_an_op_about_what_never_existed_is_refused_at_once(phone_of: Any) -> None:
    phone, manager = phone_of(POSTMAN), phone_of(MANAGER)
    phone.referral()
    phone.sync()
    manager.op("accept_referral", {"id": phone.journal[0]["args"]["id"][:-1] + "Z"})
    manager.op("accept_referral", {"id": manager.new_id()[:-2] + "ZZ"})
    assert problems(manager.sync()) == ["/problems/missing-object"] * 2


def test_what_was_seen_on_a_covered_round_counts_when_the_cover_is_over(
    phone_of: Any, clock: HandClock
) -> None:
    postman, colleague = phone_of(POSTMAN), phone_of(COLLEAGUE)
    sale = postman.harvest_date()["args"]["id"]
    postman.sync()
    today = day_at_outlet(clock.at)
    put(
        RoundCover(id=server_id(60), round_id=ROUND, staff_id=COLLEAGUE, from_on=today, to_on=today)
    )
    colleague.op("confirm_harvest_date", {"id": sale, "confidence": "seen"}, base={sale: 1})
    colleague.referral(village_id=VILLAGE, harvest_date_id=sale)
    clock.advance(hours=72)
    assert states(colleague.sync()) == ["ok", "ok"]


def test_a_foreign_object_is_out_of_scope(phone_of: Any) -> None:
    phone, stranger = phone_of(POSTMAN), phone_of(STRANGER)
    lead = phone.referral()["args"]["id"]
    phone.sync()
    stranger.op("correct_referral", {"id": lead, "note": "看看"})
    stranger.referral(village_id=VILLAGE)
    answer = stranger.sync()
    assert problems(answer) == ["/problems/out-of-scope"] * 2
    assert stored(Referral, lead).note == ""


def test_an_illegal_move_is_refused_with_the_state_it_met(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    lead = phone.referral()["args"]["id"]
    for _ in range(2):
        phone.op("withdraw_referral", {"id": lead, "reason": "记错了"})
    answer = phone.sync()
    assert states(answer) == ["ok", "ok", "rejected"]
    assert answer["results"][2]["problem"]["type"] == "/problems/illegal-transition"
    assert answer["results"][2]["problem"]["status"] == "withdrawn"


def test_a_decision_about_an_object_that_changed_since_is_stale(phone_of: Any) -> None:
    postman, head = phone_of(POSTMAN), phone_of(HEAD)
    lead = postman.referral()["args"]["id"]
    postman.sync()
    head.sync()
    seen = head.revisions[lead]
    postman.op("correct_referral", {"id": lead, "note": "其实要买理财"})
    postman.sync()
    head.op("void_referral", {"id": lead, "reason": "看错了"}, base={lead: seen})
    head.op("void_referral", {"id": lead, "reason": "没看"}, base={})
    assert problems(head.sync()) == ["/problems/stale-object"] * 2
    head.op("void_referral", {"id": lead, "reason": "确实"}, base={lead: head.revisions[lead]})
    assert states(head.sync()) == ["ok"]


def test_what_the_author_changed_since_is_no_surprise_to_them(phone_of: Any) -> None:
    head = phone_of(HEAD)
    lead = head.referral()["args"]["id"]
    head.sync()
    seen = head.revisions[lead]
    head.op("correct_referral", {"id": lead, "note": "补充"}, base={lead: seen})
    head.op("void_referral", {"id": lead, "reason": "测试"}, base={lead: seen})
    assert states(head.sync()) == ["ok", "ok"]


def test_ones_own_change_does_not_hide_another_before_it(phone_of: Any) -> None:
    one, other = phone_of(HEAD), phone_of(HEAD)
    lead = one.referral()["args"]["id"]
    one.sync()
    seen = one.revisions[lead]
    other.op("correct_referral", {"id": lead, "note": "从另一部手机改的"})
    other.sync()
    one.op("correct_referral", {"id": lead, "need": "wealth"}, base={lead: seen})
    one.op("void_referral", {"id": lead, "reason": "测试"}, base={lead: seen})
    answer = one.sync()
    assert states(answer) == ["ok", "rejected"]
    assert problems(answer)[1] == "/problems/stale-object"


def test_receipt_numbers_count_the_county(phone_of: Any) -> None:
    phone, colleague = phone_of(POSTMAN), phone_of(COLLEAGUE)
    numbers: list[int] = []
    for some in (phone, colleague, phone):
        some.referral(customer_name=f"客{len(numbers)}", phone=None, village_id=None)
        numbers.append(some.sync()["results"][0]["receipt"]["number"])
    assert numbers == [1, 2, 3]


def test_the_op_log_keeps_the_journalled_text(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    op = phone.referral()
    phone.sync()
    kept = db.session.scalars(sa.select(OpModel)).one()
    assert json.loads(kept.body or "") == op
    assert kept.digest == op_digest(op)


def _break_reaction(monkeypatch: pytest.MonkeyPatch, referral_id: str) -> None:
    """Let what the server does after that one lead fail, after its rows were put."""
    reactions = services().door.reactions
    usual = reactions.get("submit_referral")

    def react(tx: Any, args: Any) -> None:
        if args.id == referral_id:
            raise ZeroDivisionError
        if usual is not None:
            usual(tx, args)

    monkeypatch.setitem(reactions, "submit_referral", react)


@pytest.mark.parametrize(
    ("boot", "slept_ms", "grade"),
    [
        ("b0", 0, "A"),
        ("b0", 9_000_000, "A"),
        ("session:b0", 0, "A"),
        ("session:b0", 9_000_000, "B"),
    ],
)
def test_a_clock_that_may_sleep_is_believed_while_the_wall_agrees(
    phone_of: Any, clock: HandClock, boot: str, slept_ms: int, grade: str
) -> None:
    phone = phone_of(POSTMAN)
    at_ms = instant_ms(clock.at)
    clock.advance(hours=3)
    anchor = {"server": at_ms, "mono": 1000, "boot": boot, "wall": at_ms + 500}
    reading = {"wall": at_ms + 3_600_000, "mono": 3_600_500 - slept_ms // 3, "boot": boot}
    phone.referral(phone=None)
    phone.journal[0]["clock"] = {**reading, "anchor": anchor}
    phone.sync()
    db.session.rollback()
    assert db.session.scalars(sa.select(OpModel)).one().clock_grade == grade


@pytest.mark.parametrize(
    "answered",
    [
        [7], [[]], [{}], [{"receipt": 7}], [{"receipt": {}}],
        [{"receipt": {"device": 1, "seq": {}, "digest": "x", "state": "ok", "signature": "A",
                      "number": 1, "at": 1, "generation": "g"}}],
        [{"receipt": {"number": 1, "device": 1, "seq": 1, "digest": "x", "state": "gone", "at": 1,
                      "generation": "g", "signature": "A"}}],
    ],
)  # fmt: skip
def test_results_that_nobody_gave_are_no_promises(phone_of: Any, answered: list[Any]) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    assert states(phone.sync(answered=answered)) == ["ok"]


@pytest.mark.parametrize(
    "change", [{"signature": "not base64!"}, {"signature": 7}, {"number": "1"}, {"at": [1]}]
)
def test_a_receipt_that_was_tampered_with_is_no_promise(
    phone_of: Any, change: dict[str, Any]
) -> None:
    phone = phone_of(POSTMAN)
    op = phone.referral()
    receipt = {
        "number": 77, "device": phone.number, "seq": 1, "digest": op_digest(op), "state": "ok",
        "at": 1, "generation": "g", "signature": "A" * 86,
    }  # fmt: skip
    (result,) = phone.sync(answered=[{"seq": 1, "receipt": receipt | change}])["results"]
    assert result["receipt"]["number"] == 1
