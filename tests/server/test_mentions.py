"""An erasure finds every operation that a reading of the whole op log would find."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from flask import Flask

from server.clock import SystemClock
from server.database import PLACES, Places
from server.erasures import read_erasures
from server.migrating import alembic_config, migrate
from server.models import db
from server.models.erasure import ErasureModel
from server.models.sync import EnrolledDeviceModel, OpMentionModel, OpModel
from server.mutations import mentions
from server.mutations.batch import _Batch
from server.mutations.mentions import ids_in, is_text, ops_that_mention
from shared.ids import derived_id
from shared.wire.envelope import OpState, moved_op
from tests.server.conftest import ADMIN, COLLEAGUE, COUNTY, POSTMAN, Phone, code_for

NOTE = "金丝雀的便条"
elapsed_s = SystemClock().elapsed_s
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])


def read_all() -> dict[str, set[tuple[int, int]]]:
    """Return, by id, the operations that name it: every text of the log is read."""
    db.session.rollback()
    found: dict[str, set[tuple[int, int]]] = {}
    for op in db.session.scalars(sa.select(OpModel).where(OpModel.body.is_not(None))):
        for row_id in ids_in(op.body or "") if is_text(op.name) else ():
            found.setdefault(row_id, set()).add((op.device, op.seq))
    return found


def looked_up(row_id: str) -> set[tuple[int, int]]:
    """Return the operations that are found by their mentions."""
    found = ops_that_mention(db.session(), COUNTY, {row_id})
    return {(op.device, op.seq) for op in found}


def assert_nothing_is_overlooked() -> None:
    due = read_all()
    # Whom a phone belongs to is in all its operations; nobody of the staff is a customer.
    people = set(db.session.scalars(sa.select(EnrolledDeviceModel.staff_id)))
    assert len(due) > 6
    for row_id in due.keys() - people:
        assert looked_up(row_id) == due[row_id], row_id
    db.session.rollback()


def told(phone_of: Any, config: Any, monkeypatch: pytest.MonkeyPatch) -> Phone:
    """Let operations come in every way in which one can stand in the log."""
    postman: Phone = phone_of(POSTMAN)
    colleague: Phone = phone_of(COLLEAGUE)
    lead = postman.referral(customer_name="甲", note=NOTE)["args"]["id"]
    other = postman.referral(customer_name="乙", phone="13800000009")["args"]["id"]
    postman.sync()
    # Corrected later, by the same phone; about another's; refused; of a name that none knows yet.
    postman.op("correct_referral", {"id": lead, "note": NOTE})
    postman.op("withdraw_referral", {"id": other, "reason": NOTE})
    colleague.op("correct_referral", {"id": lead, "note": NOTE})
    colleague.op("remark_upon_lead", {"lead": lead, "remark": NOTE})
    for phone in (postman, colleague):
        phone.sync()
    # Deferred: it names what is still to come.
    to_come = phone_of(POSTMAN)
    awaited = to_come.referral(customer_name="丙")["args"]["id"]
    postman.op("correct_referral", {"id": awaited, "note": NOTE})
    # Parked, and others of its batch, which run one by one.
    with monkeypatch.context() as broken:
        broken.setattr("shared.domain.referral_capture.consent_given", lambda *_: 1 // 0)
        postman.referral(customer_name="丁")
        postman.op("correct_referral", {"id": lead, "note": NOTE})
        postman.sync()
    states = {op.state for op in db.session.scalars(sa.select(OpModel))}
    assert states == set(OpState)
    # Sent again under another number, with ids of before in it.
    before, number = list(postman.journal), postman.number
    assert postman.enrol(code_for(POSTMAN, config)).status_code == 200
    postman.journal, postman.acked = [], 0
    for op in before[:3]:
        moved = moved_op(op, number)
        postman.op(op["name"], op["args"], **{name: moved[name] for name in ("was", "clock")})
    postman.sync()
    return postman


def test_nothing_is_overlooked(phone_of: Any, config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told(phone_of, config, monkeypatch)
    behind = EnrolledDeviceModel.mentions_upto < EnrolledDeviceModel.last_seq
    assert not db.session.scalars(sa.select(EnrolledDeviceModel).where(behind)).all()
    assert_nothing_is_overlooked()


def test_what_an_older_server_took_is_not_overlooked(
    phone_of: Any, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of it before the newer one was installed, some beside it."""
    phone = told(phone_of, config, monkeypatch)
    monkeypatch.setattr(mentions, "OPS_AT_ONCE", 2)
    db.session.execute(sa.delete(OpMentionModel).where(OpMentionModel.seq > 1))
    db.session.execute(sa.update(EnrolledDeviceModel).values(mentions_upto=1))
    db.session.commit()
    # From now on a newer one takes what comes: it must not seem to have noted all before.
    phone.op("correct_referral", {"id": phone.journal[0]["args"]["id"], "note": NOTE})
    phone.sync()
    assert_nothing_is_overlooked()


def test_the_migration_notes_what_is_in_the_log(
    app: Flask, phone_of: Any, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(phone_of, config, monkeypatch)
    due = read_all()
    db.session.remove()
    settings = alembic_config()
    with db.engine.connect() as connection:
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0005")
    migrate(db.engine)
    behind = EnrolledDeviceModel.mentions_upto < EnrolledDeviceModel.last_seq
    assert not db.session.scalars(sa.select(EnrolledDeviceModel).where(behind)).all()
    assert due == read_all()
    assert_nothing_is_overlooked()
    del app


@on_sqlite
def test_the_migration_reads_a_long_log_in_parts(
    phone_of: Any, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(phone_of, config, monkeypatch)
    script = ScriptDirectory.from_config(alembic_config()).get_revision("0006")
    assert script is not None
    monkeypatch.setattr(script.module, "OPS_AT_ONCE", 2)
    with db.engine.connect() as connection:
        for device in db.session.scalars(sa.select(EnrolledDeviceModel)):
            read = [seq for seq, _ in script.module.mentions_of(connection, device.number)]
            assert read == [*range(1, device.last_seq + 1)]


@on_sqlite
def test_what_comes_while_the_erasure_waits_for_its_turn_is_erased_too(
    app: Flask, phone_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.engine.update_execution_options(**{PLACES: Places(tmp_path / "list", None)})
    postman, admin = phone_of(POSTMAN), phone_of(ADMIN)
    lead = postman.referral(customer_name="甲")["args"]["id"]
    for phone in (postman, admin):
        phone.sync()
    order = {"id": admin.new_id(), "customer_id": derived_id(lead, "customer"), "reason": "asked"}
    admin.op("erase_customer", order)
    postman.op("correct_referral", {"id": lead, "note": NOTE})
    writing, waits = threading.Event(), threading.Event()
    finish = _Batch.finish

    def slowly(batch: _Batch) -> None:
        if not writing.is_set():
            writing.set()
            assert waits.wait(10)
        finish(batch)

    monkeypatch.setattr(_Batch, "finish", slowly)

    def work(phone: Phone) -> list[Any]:
        with app.app_context():
            return list(phone.sync()["results"])

    turns = db.engine.get_execution_options()["liandong_turns"]
    with ThreadPoolExecutor(2) as pool:
        correction = pool.submit(work, postman)
        assert writing.wait(10)
        erasure = pool.submit(work, admin)
        deadline_s = elapsed_s() + 10
        while not len(turns) and elapsed_s() < deadline_s:
            time.sleep(0.01)
        assert len(turns) == 1
        waits.set()
        results = [*correction.result(10), *erasure.result(10)]
    assert [one["state"] for one in results] == ["ok", "ok"]
    bodies = [body or "" for body in db.session.scalars(sa.select(OpModel.body))]
    assert not any(NOTE in body for body in bodies)


@on_sqlite
def test_what_was_said_about_what_never_came_to_be_is_erased_too(
    phone_of: Any, tmp_path: Path
) -> None:
    """A care card for the customer is refused, and so is what was done about that card."""
    db.engine.update_execution_options(**{PLACES: Places(tmp_path / "list", None)})
    postman, admin = phone_of(POSTMAN), phone_of(ADMIN)
    lead = postman.referral(customer_name="甲")["args"]["id"]
    for phone in (postman, admin):
        phone.sync()
    card = postman.new_id()
    opened = {"id": card, "referral_id": lead, "kind": "farmer", "reason": "no such reason"}
    postman.op("open_care_card", {**opened, "next_contact_on": "2026-05-24", "note": ""})
    done = {"id": postman.new_id(), "care_card_id": card, "how": "visit", "note": NOTE}
    postman.op("follow_up_care_card", {**done, "next_contact_on": "2026-05-25"})
    assert [one["state"] for one in postman.sync()["results"]] == ["rejected", "rejected"]

    order = {"id": admin.new_id(), "customer_id": derived_id(lead, "customer"), "reason": "asked"}
    admin.op("erase_customer", order)
    assert [one["state"] for one in admin.sync()["results"]] == ["ok"]

    bodies = [body or "" for body in db.session.scalars(sa.select(OpModel.body))]
    assert not any(NOTE in body for body in bodies)


@on_sqlite
def test_what_is_said_about_what_came_too_late_to_be_is_erased_too(
    phone_of: Any, tmp_path: Path
) -> None:
    """A card of before the erasure comes after it, and with it what was done about that card."""
    db.engine.update_execution_options(**{PLACES: Places(tmp_path / "list", None)})
    postman, admin = phone_of(POSTMAN), phone_of(ADMIN)
    lead = postman.referral(customer_name="甲")["args"]["id"]
    for phone in (postman, admin):
        phone.sync()
    card = postman.new_id()
    opened = {"id": card, "referral_id": lead, "kind": "farmer", "reason": "not_home"}
    postman.op("open_care_card", {**opened, "next_contact_on": "2026-05-24", "note": ""})
    done = {"id": postman.new_id(), "care_card_id": card, "how": "visit", "note": NOTE}
    postman.op("follow_up_care_card", {**done, "next_contact_on": "2026-05-25"})
    order = {"id": admin.new_id(), "customer_id": derived_id(lead, "customer"), "reason": "asked"}
    admin.op("erase_customer", order)
    assert [one["state"] for one in admin.sync()["results"]] == ["ok"]

    answer = postman.sync()
    assert [one["state"] for one in answer["results"]] == ["rejected", "rejected"]
    bodies = [body or "" for body in db.session.scalars(sa.select(OpModel.body))]
    assert not any(NOTE in body for body in bodies)
    erased = answer.get("erase") or postman.sync()["erase"]
    assert card in erased["objects"], "the phone has files of it, perhaps"


@on_sqlite
def test_an_order_that_has_to_wait_leaves_nothing_behind(phone_of: Any, tmp_path: Path) -> None:
    """Its customer is still on a phone: neither the order nor the list must be there before."""
    places = Places(tmp_path / "list", None)
    db.engine.update_execution_options(**{PLACES: places})
    postman, admin = phone_of(POSTMAN), phone_of(ADMIN)
    lead = postman.referral(customer_name="甲")["args"]["id"]
    order = {"id": admin.new_id(), "customer_id": derived_id(lead, "customer"), "reason": "asked"}
    admin.op("erase_customer", order)
    assert [one["state"] for one in admin.sync()["results"]] == ["deferred"]
    assert not list(db.session.scalars(sa.select(ErasureModel.id)))
    assert not read_erasures(places.erasures_file)

    assert [one["state"] for one in postman.sync()["results"]] == ["ok"]
    answer = admin.sync(open=[1])
    assert [one["state"] for one in answer["results"]] == ["ok"]
    assert [row["id"] for _, row in answer["rows"]["erasure"]] == [order["id"]]
