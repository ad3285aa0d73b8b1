"""Operations have the same effects one by one, together, and together after something went wrong.

Whatever a batch keeps in memory, later operations see what earlier ones did.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.database import update_many
from server.factory import create_app
from server.models import MODELS, db
from server.mutations.batch import _Batch, _BatchFailed
from server.rows import DatabaseRows
from server.services import services
from shared.domain.people import Leave, Qualification, Role, Staff, WealthManagerProfile
from shared.domain.referral import Need
from shared.wire.rows import encode
from shared.wire.schemas import instant_ms
from tests.server.conftest import (
    COUNTY,
    HEAD,
    MANAGER,
    OTHER_VILLAGE,
    POSTMAN,
    START,
    TELLER,
    VILLAGE,
    HandClock,
    Phone,
    code_for,
    config_for,
    put,
    server_id,
    stored,
)

OTHER_MANAGER, THIRD_MANAGER = server_id(60), server_id(61)
Send = Callable[[Phone], None]


def one_by_one(phone: Phone) -> None:
    while phone.acked < len(phone.journal):
        _send(phone, phone.journal[phone.acked])


def together(phone: Phone) -> None:
    _send(phone, *phone.journal[phone.acked :])


def _send(phone: Phone, *ops: dict[str, Any]) -> None:
    if not ops:
        return
    answer: Any = phone.send(*ops).json
    phone.acked = answer["last"]


def after_a_failure(phone: Phone) -> None:
    """Let the batch fail when all is done, so that it runs again with savepoints."""
    finish = _Batch.finish

    def fail_first(batch: Any) -> None:
        finish(batch)
        if not batch._one_by_one:
            raise _BatchFailed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_Batch, "finish", fail_first)
        together(phone)


@contextmanager
def county(url: str) -> Iterator[Callable[[str], Phone]]:
    """Give what enrols phones in a county whose wealth managers have little room."""
    clock, config = HandClock(), config_for(url)
    app = create_app(config, clock=clock)
    with app.app_context():
        manager = stored(Staff, MANAGER)
        others = [
            replace(manager, id=one, number=one[:12]) for one in (OTHER_MANAGER, THIRD_MANAGER)
        ]
        put(
            *others,
            replace(stored(Staff, TELLER), roles=(Role.TELLER,)),
            replace(stored(WealthManagerProfile, server_id(50)), leads_max=4),
            *(_profile(place, one.id) for place, one in enumerate(others)),
            *(
                Qualification(
                    id=server_id(100 + 10 * place + number), staff_id=one, need=need.value,
                    expires_on=START.date(),
                )
                for place, one in enumerate((MANAGER, OTHER_MANAGER, THIRD_MANAGER))
                for number, need in enumerate((Need.DEPOSIT, Need.WEALTH)[: 2 - place % 2])
            ),
            Leave(id=server_id(90), staff_id=THIRD_MANAGER, from_on=START.date(),
                  to_on=START.date(), backup_id=OTHER_MANAGER),
        )  # fmt: skip

        def enrol(staff_id: str) -> Phone:
            phone = Phone(app.test_client(), clock, staff_id)
            assert phone.enrol(code_for(staff_id, config)).status_code == 200
            return phone

        yield enrol
        db.session.remove()
        db.engine.dispose()


def _profile(place: int, staff_id: str) -> WealthManagerProfile:
    return WealthManagerProfile(
        id=server_id(51 + place), staff_id=staff_id, years=1, specialties=(), dialects=(),
        introduction="", leads_max=3, visits_per_day_max=2,
    )  # fmt: skip


def live(enrol: Callable[[str], Phone], send: Send, seed: int) -> dict[str, Any]:
    """Let people record at random, and send; return all that the server then holds."""
    chance = random.Random(seed)  # noqa: S311 - the same operations for the same seed
    phones = {person: enrol(person) for person in (POSTMAN, TELLER, MANAGER, HEAD)}
    for _ in range(2):
        leads = [_record_round(chance, phones[person]) for person in (POSTMAN, TELLER)]
        for person in (POSTMAN, TELLER):
            send(phones[person])
        voided = []
        for lead_id in [one for some in leads for one in some]:
            step = chance.choice(("accept_referral", "decline_referral", "void_referral", "none"))
            if step == "void_referral":
                voided.append(lead_id)
            elif step != "none":
                reason = {"reason": "满了"} if step == "decline_referral" else {}
                phones[MANAGER].op(step, {"id": lead_id, **reason})
        send(phones[MANAGER])
        _void(phones[HEAD], voided)
        send(phones[HEAD])
        phones[POSTMAN].clock.advance(hours=5)
    return _everything()


def _void(head: Phone, lead_ids: list[str]) -> None:
    """Let the branch head look, and give leads up: what was held for them goes on."""
    head.sync()
    for lead_id in lead_ids:
        base = {lead_id: head.revisions[lead_id]} if lead_id in head.revisions else {}
        head.op("void_referral", {"id": lead_id, "reason": "重复"}, base=base)


def _record_round(chance: random.Random, phone: Phone) -> list[str]:
    leads: list[str] = []
    sales: list[str] = []
    for _ in range(8):
        step = chance.randrange(10)
        if step == 0:
            day = f"2026-11-{chance.choice((26, 27))}"
            sale = phone.harvest_date(sale_from_on=day, sale_to_on=day)
            sales.append(sale["args"]["id"])
        elif step == 1 and leads:
            phone.op("withdraw_referral", {"id": chance.choice(leads), "reason": "记错了"})
        elif step == 2 and leads:
            corrected = {"id": chance.choice(leads), "need": chance.choice(("deposit", "wealth"))}
            phone.op("correct_referral", corrected | {"phone": f"1380000000{chance.randrange(4)}"})
        elif step == 3:
            phone.op("no_such_thing", {})
        else:
            lead = phone.referral(
                customer_name=chance.choice(("陈先生", "黄女士")),
                phone=chance.choice((None, *(f"1380000000{number}" for number in range(4)))),
                need=chance.choice(("deposit", "deposit", "wealth", "insurance")),
                village_id=chance.choice((VILLAGE, OTHER_VILLAGE)),
                harvest_date_id=chance.choice((None, *sales)),
            )
            leads.append(lead["args"]["id"])
    return leads


def _everything() -> dict[str, Any]:
    db.session.rollback()
    rows = DatabaseRows(db.session(), COUNTY)
    held: dict[str, Any] = {}
    for table in MODELS:
        for row in rows.where(table):
            record = rows.record(table, row.id)
            assert record is not None
            held[f"{table.TABLE} {row.id}"] = (
                encode(row), record.revision, record.foreign_revision, record.changed_by_device,
            )  # fmt: skip
    for query in (
        # Not the refusal's words: what an author may know of is asked once, before all of them.
        "SELECT device, seq, state, number, waits_seq FROM op",
        # Not what is gone: together, it was never there.
        "SELECT scope, table_name, row_id FROM feed WHERE NOT gone",
        "SELECT table_name, row_id, revision, body FROM feed_row WHERE body <> ''",
    ):
        held[query] = sorted(map(repr, db.session.execute(sa.text(query))))
    return held


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_effects_do_not_depend_on_how_operations_are_sent(
    request: pytest.FixtureRequest, engine_name: str, tmp_path: Path, seed: int
) -> None:
    template = request.getfixturevalue(f"{engine_name}_county")
    found = []
    for send in (one_by_one, together, after_a_failure):
        folder = tmp_path / send.__name__
        folder.mkdir()
        with ExitStack() as stack:
            url = stack.enter_context(template.copied(folder))
            enrol = stack.enter_context(county(url))
            found.append(live(enrol, send, seed))
    singles, batch, again = found
    assert _differences(singles, batch) == {}
    assert _differences(singles, again) == {}
    chosen = [row["chosen_id"] for name, (row, *_) in _named(batch, "route") if "chosen_id" in row]
    assert len(set(chosen)) > 1, "nobody's room was ever full"
    statuses = {row["status"] for _, (row, *_) in _named(batch, "referral")}
    assert statuses >= {"held", "routed", "void"}, statuses


def _differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in one.keys() | other.keys():
        left, right = one.get(name), other.get(name)
        if isinstance(left, list) and isinstance(right, list):
            left, right = sorted(set(left) - set(right)), sorted(set(right) - set(left))
        if left != right:
            found[name] = left, right
    return found


def test_a_refused_op_takes_back_nothing_that_was_noted_before_it(phone_of: Any) -> None:
    """The device's contact is noted before the first op, and still waits to be written then."""
    phone: Phone = phone_of(POSTMAN)
    phone.clock.advance(hours=5)
    phone.op("no_such_thing", {})
    phone.referral(customer_name="黄女士", phone=None)
    after_a_failure(phone)
    phone.acked = 2
    phone.sync()
    (device,) = (row for row in phone.rows["device"].values() if row["number"] == phone.number)
    (record,) = db.session.execute(sa.text("SELECT id, revision FROM device")).all()
    told = phone.revisions[record.id], device["last_seen_at"]
    assert told == (record.revision, instant_ms(phone.clock.at)) == (2, told[1])


def _named(held: dict[str, Any], table: str) -> list[tuple[str, Any]]:
    return [(name, one) for name, one in held.items() if name.startswith(f"{table} ")]


def test_what_an_op_told_the_feed_before_it_failed_is_told_again_by_the_next(
    phone_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone: Phone = phone_of(POSTMAN)
    lead = phone.referral(phone=None)["args"]["id"]
    phone.sync()
    phone.op("correct_referral", {"id": lead, "note": "一"})
    phone.op("correct_referral", {"id": lead, "note": "二"})
    failures = iter(("the whole batch", "the first op, alone"))

    def fail_twice(connection: Any, table: str, *given: Any) -> None:
        if table == "referral" and next(failures, None) is not None:
            raise ZeroDivisionError
        update_many(connection, table, *given)

    monkeypatch.setattr("server.rows.update_many", fail_twice)
    answer = phone.sync()
    assert [result["state"] for result in answer["results"]] == ["parked", "ok"]
    assert phone.rows["referral"][lead]["note"] == "二"


def _managers(leads_max: int, *others: str) -> None:
    """Let wealth managers have room for so many leads, and advise on deposits and wealth."""
    manager = stored(Staff, MANAGER)
    ids = (MANAGER, *others)
    put(
        *(replace(manager, id=one, number=f"8{one[:8]}") for one in others),
        replace(stored(WealthManagerProfile, server_id(50)), leads_max=leads_max),
        *(replace(_profile(place, one), leads_max=leads_max) for place, one in enumerate(others)),
        *(
            Qualification(
                id=server_id(100 + 10 * place + number), staff_id=one, need=need.value,
                expires_on=START.date(),
            )
            for place, one in enumerate(ids)
            for number, need in enumerate((Need.DEPOSIT, Need.WEALTH))
        ),
    )  # fmt: skip


def _chosen(phone: Phone) -> list[str | None]:
    """Send all that waits at once; return who holds each lead, in the order of their recording."""
    ids = [op["args"]["id"] for op in phone.journal if op["name"] == "submit_referral"]
    phone.sync()
    return [phone.rows["referral"][row_id].get("wealth_manager_id") for row_id in ids]


def test_leads_of_one_batch_count_for_the_next_ones(phone_of: Any) -> None:
    _managers(100, OTHER_MANAGER)
    phone: Phone = phone_of(POSTMAN)
    for number in range(4):
        phone.referral(customer_name=f"客{number}", phone=None, village_id=OTHER_VILLAGE)
    assert sorted(map(str, _chosen(phone))) == sorted([MANAGER, OTHER_MANAGER] * 2)


def test_room_is_taken_and_given_back_within_a_batch(phone_of: Any) -> None:
    _managers(1)
    phone: Phone = phone_of(POSTMAN)
    first = phone.referral(customer_name="甲", phone=None)["args"]["id"]
    phone.referral(customer_name="乙", phone=None)
    phone.op("withdraw_referral", {"id": first, "reason": "记错了"})
    phone.referral(customer_name="丙", phone=None)
    assert _chosen(phone) == [MANAGER, None, MANAGER]


def test_a_lead_that_is_routed_anew_takes_no_room_from_itself(phone_of: Any) -> None:
    _managers(1)
    phone: Phone = phone_of(POSTMAN)
    lead = phone.referral(customer_name="甲", phone=None)["args"]["id"]
    phone.op("correct_referral", {"id": lead, "need": "wealth"})
    assert _chosen(phone) == [MANAGER]


def test_a_batch_asks_no_more_than_a_few_times_however_many_leads_it_has(phone_of: Any) -> None:
    phone: Phone = phone_of(POSTMAN)
    asked = []
    for leads in (10, 60):
        for number in range(leads):
            phone.referral(customer_name=f"客{number}", phone=f"139{len(phone.journal):08}")
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            seen.append(statement)  # noqa: B023 - taken off before the next turn

        sa.event.listen(db.engine, "before_cursor_execute", note)
        together(phone)
        sa.event.remove(db.engine, "before_cursor_execute", note)
        asked.append(len(seen))
    assert services().door.foresight
    assert asked[1] <= asked[0] + 2, asked
    assert asked[1] < 90, asked
