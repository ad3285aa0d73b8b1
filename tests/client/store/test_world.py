from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.store.replica import HeldRow
from client.store.world import LocalOp, World
from shared.canonical import canonical_bytes
from shared.domain.customer import Customer, CustomerContact, CustomerKind
from shared.domain.moment import Moment
from shared.domain.people import Staff, actor_of
from shared.domain.referral import Referral
from shared.domain.rows import Row
from shared.wire.rows import encode
from tests.client.fake_server import COLLEAGUE, POSTMAN, FakeServer
from tests.client.phone import Phone, lead

TODAY = dt.date(2026, 5, 17)
MOMENT = Moment.at(dt.datetime(2026, 5, 17, 1, tzinfo=dt.UTC))


def held(row: Row, revision: int = 1) -> HeldRow:
    return HeldRow(row.TABLE, row.id, revision, canonical_bytes(encode(row)))


def customer(row_id: str, **changes: object) -> Customer:
    values = {"id": row_id, "outlet_id": "O", "name": "王阿婆", "kind": CustomerKind.FARMER}
    return Customer(**values | changes)  # type: ignore[arg-type]


@pytest.fixture
def world() -> World:
    world = World(lambda: TODAY)
    world.actor = actor_of(POSTMAN)
    return world


def test_rows_are_found_by_id_and_by_fields_in_order(world: World) -> None:
    rows = [
        customer("3", village_id="V1"),
        customer("1", village_id="V1", cues=("truck",)),
        customer("2", village_id="V2"),
    ]
    world.take(map(held, rows))
    assert world.get(Customer, "1") == rows[1]
    assert world.get(Customer, "9") is None
    assert world.get(Staff, "1") is None
    assert [row.id for row in world.where(Customer)] == ["1", "2", "3"]
    assert [row.id for row in world.where(Customer, village_id="V1")] == ["1", "3"]
    assert [row.id for row in world.where(Customer, village_id="V1", cues=("truck",))] == ["1"]
    assert world.where(Customer, kind=CustomerKind.BUYER) == []
    assert world.where(Staff) == []


def test_index_follows_what_changes_later(world: World) -> None:
    world.take([held(customer("1", village_id="V1")), held(customer("2", village_id="V1"))])
    assert len(world.where(Customer, village_id="V1")) == 2
    world.take([held(customer("1", village_id="V2"), 2)], [("customer", "2"), ("staff", "2")])
    assert world.where(Customer, village_id="V1") == []
    assert [row.id for row in world.where(Customer, village_id="V2")] == ["1"]
    assert world.revision(Customer, "1") == 2
    assert world.revision(Customer, "2") is None
    assert world.revision(Staff, "2") is None
    assert world.revision_of("1") == 2


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xy"), st.booleans()), max_size=20)
)
def test_index_and_scan_agree_after_any_changes(changes: list[tuple[str, str, bool]]) -> None:
    world = World(lambda: TODAY)
    truth: dict[str, Customer] = {}
    for row_id, village, is_gone in changes:
        if is_gone:
            truth.pop(row_id, None)
            world.take([], [("customer", row_id)])
        else:
            truth[row_id] = customer(row_id, village_id=village)
            world.take([held(truth[row_id])])
        for wanted in "xy":
            found = world.where(Customer, village_id=wanted)
            assert found == [truth[i] for i in sorted(truth) if truth[i].village_id == wanted]


def test_table_of_a_newer_server_is_left_alone(world: World) -> None:
    world.take([HeldRow("drone", "1", 1, b'{"id":"1"}')])
    assert not world.knows("1")


@pytest.mark.parametrize("content", [b"{", b'{"id":"1"}', b'{"id":"1","kind":"astronaut"}'])
def test_row_that_can_not_be_read_is_as_if_it_had_not_come(world: World, content: bytes) -> None:
    world.take([HeldRow("customer", "1", 1, content), held(customer("2"))])
    assert world.get(Customer, "1") is None
    assert [row.id for row in world.where(Customer)] == ["2"]
    world.take([held(customer("1"), 2)])
    assert len(world.where(Customer)) == 2


def test_contact_is_hidden_when_its_time_is_over() -> None:
    today = TODAY
    world = World(lambda: today)
    contact = CustomerContact(id="1", customer_id="C", phone="13800005678", expires_on=TODAY)
    world.take([held(contact)])
    assert world.get(CustomerContact, "1") == contact
    assert world.expired_contacts() == []
    today += dt.timedelta(days=1)
    assert world.get(CustomerContact, "1") is None
    assert world.where(CustomerContact, customer_id="C") == []
    assert world.expired_contacts() == [("customer_contact", "1")]


def op(seq: int, name: str, args: dict[str, object], version: int = 1) -> LocalOp:
    return LocalOp(seq=seq, name=name, version=version, args=args, moment=MOMENT)


def test_op_that_the_rules_refuse_here_stays_listed(world: World) -> None:
    ops = [
        op(1, "withdraw_referral", {"id": "0003G0001XPPN", "reason": "x"}),
        op(2, "submit_referral", {"id": "no id"}),
        op(3, "fly_to_the_moon", {}),
        op(4, "submit_referral", {}, version=99),
    ]
    world.lay(ops)
    refusals = [one.refusal.slug for one in world.local_ops.values() if one.refusal]
    assert refusals == [
        "missing-object",
        "invalid-argument",
        "unknown-mutation",
        "unknown-mutation",
    ]


def test_op_that_the_server_has_is_not_said_to_be_refused(world: World) -> None:
    """Its row came before its answer: the rules would not make the same row twice."""
    known = op(1, "withdraw_referral", {"id": "0003G0001XPPN", "reason": "x"})
    world.lay([replace(known, is_received=True)])
    assert world.local_ops[1].refusal is None


def test_rule_that_fails_takes_only_its_own_op_off_the_screen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("client.store.world.load_args", broken)
    world.lay([op(1, "withdraw_referral", {"id": "x", "reason": "x"})])
    refusal = world.local_ops[1].refusal
    assert refusal is not None
    assert refusal.slug == "internal-error"


async def test_waiting_work_lies_over_server_rows_that_stay_untouched(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    args = lead(field)
    await field.record("submit_referral", args)
    await field.sync_now()
    revision = field.world.revision(Referral, args.id)
    await field.record("correct_referral", {"id": args.id, "note": "更正"})
    row = field.world.get(Referral, args.id)
    assert row is not None
    assert row.note == "更正"
    assert field.world.where(Referral, note="更正") == field.world.where(Referral) == [row]
    assert field.world.where(Referral, note="") == []
    assert field.world.is_local(Referral, args.id)
    assert field.world.revision(Referral, args.id) == revision
    (waiting,) = [item for item in field.outbox() if item.name == "correct_referral"]
    assert [item.seq for item in field.ops_about(args.id)] == [1, 2]
    assert args.id in waiting.row_ids

    # Somebody changes the row meanwhile: the correction is laid over the new one.
    at_server = server.get(Referral, args.id)
    assert at_server is not None
    server.put(replace(at_server, in_person_id=COLLEAGUE.id))
    server.defer.add("correct_referral")
    await field.sync_now()
    row = field.world.get(Referral, args.id)
    assert row is not None
    assert (row.note, row.in_person_id) == ("更正", COLLEAGUE.id)


async def test_base_names_the_revisions_that_the_author_saw(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    args = lead(field)
    await field.record("submit_referral", args)
    await field.record("correct_referral", {"id": args.id, "note": "一"})
    await field.sync_now()
    await field.record("correct_referral", {"id": args.id, "note": "二"})
    await field.sync_now()
    first, second, third = [op for request in server.requests[1:] for op in request["ops"]]
    assert (first["base"], second["base"]) == ({}, {}), "not acknowledged yet: left out"
    assert third["base"] == {args.id: server.rows["referral", args.id][0] - 1}
