from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from client.device import StorageFullError
from client.device.journal_file import FileJournal
from client.device.native import FileSettings
from client.status import FieldState, OutboxState, Phase
from shared.domain.customer import Customer, CustomerContact
from shared.domain.moment import ClockGrade
from shared.domain.people import Role
from shared.domain.points import AwardKind, PointsEntry, PointsStatus, ShareRole
from shared.domain.referral import Referral
from shared.domain.refusals import RefusedError
from shared.ids import parse_id
from tests.client.fake_server import NOW_MS, POSTMAN, FakeServer
from tests.client.phone import PIN, Phone, lead, stored


def state(phone: Phone) -> FieldState:
    return phone.field.state


async def test_field_goes_from_not_enrolled_over_pin_to_open(phone: Phone) -> None:
    field = await phone.start()
    assert state(phone) is FieldState.NOT_ENROLLED
    await field.enrol("abcd-2345-efgh", "测试机")
    assert state(phone) is FieldState.PIN_NEEDED
    await field.set_pin(PIN)
    assert state(phone) is FieldState.OPEN
    assert field.me == POSTMAN
    assert field.actor.holds(Role.POSTMAN)
    await field.lock()
    await field.lock()
    assert state(phone) is FieldState.LOCKED
    await phone.start()
    assert state(phone) is FieldState.LOCKED


async def test_nothing_personal_is_there_before_the_unlock(phone: Phone) -> None:
    field = await phone.enrolled()
    await field.record("submit_referral", lead(field))
    await field.sync_now()
    field = await phone.start()
    for name in ("me", "actor", "world", "drafts"):
        with pytest.raises(AssertionError):
            getattr(field, name)
    for asked in (field.outbox, field.points, field.new_id):
        with pytest.raises(AssertionError):
            asked()
    assert (field.status.waiting, field.status.phase) == (0, Phase.IDLE)


async def test_nothing_personal_is_in_the_storage(phone: Phone) -> None:
    field = await phone.enrolled()
    await field.record("submit_referral", lead(field, note="看瓜"))
    await field.sync_now()
    await field.record("submit_referral", lead(field, "李老板"))
    await field.stop()
    for content in stored(phone.folder):
        for text in ("王阿婆", "李老板", "13800005678", "看瓜"):
            assert text.encode() not in content


async def test_wrong_pin_is_told_with_what_is_left(phone: Phone) -> None:
    await phone.enrolled()
    field = await phone.start()
    with pytest.raises(RefusedError) as refused:
        await field.unlock("000000")
    assert (refused.value.slug, refused.value.facts) == ("pin-wrong", {"tries_left": 4})
    assert field.state is FieldState.LOCKED
    for _ in range(4):
        with pytest.raises(RefusedError):
            await field.unlock("000000")
    assert field.pin_wait_s() == 60
    phone.clock.pass_s(20)
    assert field.pin_wait_s() == 40
    field = await phone.start()
    assert field.pin_wait_s() == 40
    phone.clock.pass_s(40)
    await field.unlock(PIN)
    assert field.pin_wait_s() == 0
    await field.unlock("any: it is open")


async def test_pin_can_be_changed(phone: Phone) -> None:
    field = await phone.enrolled()
    await field.change_pin(PIN, "135791")
    field = await phone.start()
    with pytest.raises(RefusedError):
        await field.unlock(PIN)
    await field.unlock("135791")


def vaults(phone: Phone) -> set[bytes]:
    return {content[:-4] for content in stored(phone.folder / "settings", "vault*")}


async def test_forgotten_pin_costs_a_new_code_and_nothing_on_the_server(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await field.record("submit_referral", lead(field))
    await field.sync_now()
    await field.record("submit_referral", lead(field, "李老板"))
    field.drafts.keep("lead", {"note": "x"})
    field = await phone.start()
    may = [field.may_forget_pin]
    server.people["NEXT2345EFGH"] = POSTMAN
    await field.enrol("NEXT2345EFGH", "测试机")
    field = await phone.start()
    may.append(field.may_forget_pin)
    sealed = vaults(phone)
    await field.forget_pin()
    assert state(phone) is FieldState.PIN_NEEDED
    await field.set_pin("135791")
    assert [*may, field.may_forget_pin] == [False, True, False]
    assert (await field.sync_now()).phase is Phase.IDLE
    assert [row.name for row in field.world.where(Customer)] == ["王阿婆"]
    kept = await field.record("submit_referral", lead(field, "赵大叔"))
    assert kept.seq == 1
    await field.sync_now()
    assert len(server.where(Referral)) == 2
    assert sealed <= vaults(phone)
    assert (await phone.start()).state is FieldState.LOCKED
    await phone.field.unlock("135791")
    assert phone.field.status.damaged == 0


async def test_record_is_in_the_world_and_survives_a_kill(phone: Phone) -> None:
    field = await phone.enrolled()
    kept = await field.record("submit_referral", lead(field))
    field = await phone.reopened()
    (item,) = field.outbox()
    assert (item.seq, item.state) == (kept.seq, OutboxState.WAITING)
    assert [row.name for row in field.world.where(Customer)] == ["王阿婆"]
    assert set(kept.row_ids) == set(item.row_ids)
    assert field.args_of(kept.seq)["customer_name"] == "王阿婆"


async def test_overlay_equals_the_servers_rows_after_the_sync(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    args = lead(field)
    await field.record("submit_referral", args)
    await field.record("correct_referral", {"id": args.id, "note": "更正", "phone": "13900001234"})
    foretold = [field.world.where(table) for table in (Referral, Customer, CustomerContact)]
    await field.sync_now()
    came = [field.world.where(table) for table in (Referral, Customer, CustomerContact)]
    assert [[graded(row) for row in rows] for rows in foretold] == [
        [graded(row) for row in rows] for rows in came
    ]
    assert came == [server.where(table) for table in (Referral, Customer, CustomerContact)]


def graded(row: object) -> object:
    """Only the server grades the clock."""
    return replace(row, clock_grade=ClockGrade.A) if isinstance(row, Referral) else row


async def test_sync_brings_a_receipt(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    await field.record("submit_referral", lead(field))
    status = await field.sync_now()
    assert (status.phase, status.waiting, status.waiting_since) == (Phase.IDLE, 0, None)
    (item,) = field.outbox()
    assert (item.state, item.receipt_number) == (OutboxState.OK, 1001)
    assert item.received_at == field.now()
    (row,) = server.where(Referral)
    assert not field.world.is_local(Referral, row.id)
    field = await phone.reopened()
    await asyncio.sleep(0.01)
    assert [item.receipt_number for item in field.outbox()] == [1001]


async def test_rule_that_says_no_keeps_nothing(phone: Phone) -> None:
    field = await phone.enrolled()
    with pytest.raises(RefusedError) as refused:
        await field.record("submit_referral", lead(field, consent=False))
    assert refused.value.slug == "consent-missing"
    with pytest.raises(RefusedError) as refused:
        await field.record("accept_referral", {"id": "0003G0001XPPN"})
    assert refused.value.slug == "forbidden-action"
    assert list(field.outbox()) == []
    assert list((await phone.reopened()).outbox()) == []


@pytest.mark.parametrize(
    ("changes", "field_name"),
    [
        ({"phone": "call me"}, "phone"),
        ({"note": "x" * 501}, "note"),
        ({"customer_name": ""}, "customer_name"),
        ({"note": "pasted\r\nfrom elsewhere"}, "note"),
        ({"note": "\u202eright to left"}, "note"),
        ({"customer_name": "\ud800"}, "customer_name"),
    ],
)
async def test_argument_that_no_server_takes_is_refused_before_it_is_kept(
    phone: Phone, changes: dict[str, Any], field_name: str
) -> None:
    field = await phone.enrolled()
    with pytest.raises(RefusedError) as refused:
        await field.record("submit_referral", lead(field, **changes))
    assert (refused.value.slug, refused.value.facts) == (
        "invalid-argument",
        {"field": field_name},
    )
    assert list(field.outbox()) == []


async def test_new_id_names_the_device_and_the_next_op(phone: Phone) -> None:
    field = await phone.enrolled()
    assert parse_id(field.new_id()).device_number == 7
    assert parse_id(field.new_id()).sequence == 1
    await field.record("submit_referral", lead(field))
    assert parse_id(field.new_id()).sequence == 2


async def test_status_says_what_waits_and_since_when(phone: Phone, server: FakeServer) -> None:
    server.reachable = True
    field = await phone.enrolled()
    contact = field.status.last_contact_at
    server.reachable = False
    first = field.now()
    await field.record("submit_referral", lead(field))
    phone.clock.pass_s(3600)
    await field.record("submit_referral", lead(field, "李老板"))
    status = await field.sync_now()
    assert (status.phase, status.waiting, status.waiting_since) == (Phase.OFFLINE, 2, first)
    assert status.last_contact_at == contact
    assert contact == dt.datetime.fromtimestamp(NOW_MS / 1000, dt.UTC)
    status = (await phone.reopened()).status
    assert (status.waiting, status.last_contact_at) == (2, contact)


async def test_wrong_clock_does_not_move_the_day_while_an_anchor_holds(phone: Phone) -> None:
    field = await phone.enrolled()
    day = field.today()
    phone.clock.wall = 0
    phone.clock.mono += 60_000
    await field.record("submit_referral", lead(field))
    assert field.today() == day
    (referral,) = field.world.where(Referral)
    assert referral.captured_to == dt.datetime.fromtimestamp(NOW_MS / 1000 + 60, dt.UTC)
    phone.clock.reboot()
    assert field.today() == day, "not before the last contact"


async def test_expired_contact_leaves_the_phone_without_network(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await field.record("submit_referral", lead(field))
    await field.sync_now()
    server.reachable = False
    (contact,) = field.world.where(CustomerContact)
    phone.clock.pass_s(31 * 86_400)
    assert field.world.get(CustomerContact, contact.id) is None
    field = await phone.reopened()
    assert field.world.where(CustomerContact) == []
    holdings = field._open.holdings
    assert ("customer_contact", contact.id) not in holdings.replica._known


async def no_room(self: FileSettings, name: str, value: bytes) -> None:
    raise StorageFullError(self, name, value)


async def test_full_phone_still_sends_what_waits(
    phone: Phone, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = await phone.enrolled()
    field.drafts.keep("lead", {"note": "x"})
    monkeypatch.setattr(FileSettings, "put", no_room)
    await field.record("submit_referral", lead(field), draft="lead")
    status = await field.sync_now()
    assert (status.phase, status.waiting) == (Phase.IDLE, 0)
    assert len(server.where(Referral)) == 1
    await field.stop()


async def test_full_phone_opens_and_sends(
    phone: Phone, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = await phone.enrolled()
    await field.record("submit_referral", lead(field))
    await field.lock()
    monkeypatch.setattr(FileSettings, "put", no_room)
    with pytest.raises(RefusedError) as refused:
        await field.unlock(PIN)
    assert refused.value.slug == "pin-wait-full"
    assert field.pin_wait_s() == 300
    phone.clock.pass_s(300)
    await field.unlock(PIN)
    assert (await field.sync_now()).waiting == 0
    assert len(server.where(Referral)) == 1
    await field.stop()


async def test_full_phone_says_so_and_breaks_nothing(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = await phone.start()
    with monkeypatch.context() as patch:
        patch.setattr(FileSettings, "put", no_room)
        with pytest.raises(RefusedError) as refused:
            await field.enrol("ABCD-2345-EFGH", "测试机")
        assert refused.value.slug == "storage-full"
    await field.enrol("ABCD-2345-EFGH", "测试机")
    with monkeypatch.context() as patch:
        patch.setattr(FileSettings, "put", no_room)
        with pytest.raises(RefusedError) as refused:
            await field.set_pin(PIN)
        assert refused.value.slug == "storage-full"
    await field.set_pin(PIN)
    assert state(phone) is FieldState.OPEN
    with monkeypatch.context() as patch:
        patch.setattr(FileSettings, "put", no_room)
        with pytest.raises(RefusedError):
            await field.change_pin(PIN, "135791")
        with pytest.raises(RefusedError):
            await field.acknowledge(1)
    assert (await phone.reopened()).me == POSTMAN


async def test_journal_that_can_not_be_repaired_says_that_there_is_no_room(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_room_to_load(self: FileJournal) -> list[bytes]:
        raise StorageFullError(self)

    await phone.enrolled()
    monkeypatch.setattr(FileJournal, "load", no_room_to_load)
    with pytest.raises(RefusedError) as refused:
        await phone.start()
    assert refused.value.slug == "storage-full"


async def test_page_that_does_not_lead_waits_and_leads_once(phone: Phone) -> None:
    """In a browser the leading page is asked for once: it would refuse itself."""
    answers = [False, True]

    async def lead_now() -> bool:
        return answers.pop(0)

    field = await phone.start(lead=lead_now)
    assert state(phone) is FieldState.ELSEWHERE
    assert await field.load() is FieldState.NOT_ENROLLED
    assert await field.load() is FieldState.NOT_ENROLLED


async def test_loading_again_closes_what_was_open(phone: Phone) -> None:
    field = await phone.enrolled()
    assert await field.load() is FieldState.LOCKED
    await field.unlock(PIN)
    assert field.me == POSTMAN


async def test_subscriber_is_told_until_it_unsubscribes(phone: Phone) -> None:
    field = await phone.enrolled()
    told: list[int] = []

    def broken() -> None:
        raise ZeroDivisionError

    field.subscribe(broken)
    unsubscribe = field.subscribe(lambda: told.append(field.version))
    await field.record("submit_referral", lead(field))
    assert told == sorted(set(told))
    assert told
    unsubscribe()
    unsubscribe()
    count = len(told)
    await field.sync_now()
    assert len(told) == count


async def test_version_rises_with_the_records_and_not_with_the_phase_of_the_sync(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await field.record("submit_referral", lead(field))
    await field.sync_now()
    await field.sync_now()
    told: list[int] = []
    field.subscribe(lambda: told.append(field.version))
    version = field.version
    await field.sync_now()
    assert told
    assert set(told) == {version}
    await field.record("submit_referral", lead(field, "李老板"))
    recorded = field.version
    assert recorded > version
    server.reachable = False
    await field.sync_now()
    assert field.version == recorded
    server.reachable = True
    await field.sync_now()
    assert field.version > recorded


async def test_replica_that_is_damaged_is_rebuilt_and_the_outbox_untouched(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await field.record("submit_referral", lead(field))
    await field.sync_now()
    await field.record("submit_referral", lead(field, "李老板"))
    await field.stop()
    assert phone.replica_path is not None
    phone.replica_path.write_bytes(b"rot" * 5000)
    field = await phone.reopened()
    rebuilding = field.status
    assert (rebuilding.replica_rebuilt, rebuilding.waiting) == (True, 1)
    assert [row.name for row in field.world.where(Customer)] == ["王阿婆", "李老板"]
    await field.sync_now()
    assert not field.status.replica_rebuilt
    assert field.world.where(Customer) == server.where(Customer)


def entry(number: int, status: PointsStatus, points: int, **changes: object) -> PointsEntry:
    at = dt.datetime(2026, 5, 17, 1, tzinfo=dt.UTC)
    values = {
        "id": f"{number:013d}",
        "outlet_id": POSTMAN.outlet_id,
        "award": f"referral:{number}:met",
        "award_revision": 1,
        "kind": AwardKind.VALID_LEAD,
        "payee_id": POSTMAN.id,
        "share_role": ShareRole.REFERRER,
        "share_percent": 100,
        "award_points": points,
        "points": points,
        "over_cap": 0,
        "policy_version": "1",
        "evidence_table": "referral",
        "evidence_id": "0003G0001XPPN",
        "clock_grade": ClockGrade.A,
        "earned_from": at,
        "earned_to": at,
        "period": "2026-05",
        "status": status,
        "maker_id": POSTMAN.id,
    }
    return PointsEntry(**values | changes)  # type: ignore[arg-type]


async def test_points_are_told_in_three_parts(phone: Phone, server: FakeServer) -> None:
    server.put(
        entry(1, PointsStatus.APPROVED, 2),
        entry(2, PointsStatus.PAID, 7),
        entry(3, PointsStatus.PENDING, 1),
        entry(4, PointsStatus.REJECTED, 2),
        entry(5, PointsStatus.APPROVED, 15, payee_id="another"),
        entry(6, PointsStatus.APPROVED, 2, period="2026-04"),
    )
    field = await phone.enrolled()
    await field.sync_now()
    await field.record("submit_referral", lead(field))
    points = field.points()
    assert (points.period, points.approved, points.pending) == ("2026-05", 9, 1)
    assert (points.local_records, points.local_points) == (1, 2)
    assert field.points("2026-04").approved == 2


async def test_points_of_leads_not_uploaded_stop_at_the_days_cap(
    phone: Phone, server: FakeServer
) -> None:
    server.put(entry(1, PointsStatus.PENDING, 2, capped_on=dt.date(2026, 5, 17)))
    field = await phone.enrolled()
    await field.sync_now()
    for number in range(6):
        await field.record("submit_referral", lead(field, f"客户{number}"))
    assert (field.points().local_records, field.points().local_points) == (6, 8)
