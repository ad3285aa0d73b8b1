"""Three people with the real client on the real server: from a melon field to points approved."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from client.device import Device
from client.device.native import NativeHttp, native_device
from client.engine import Field
from client.status import OutboxState, Phase
from server.config import Config
from server.enrolment import issue_code
from server.factory import create_app
from server.migrating import migrate
from server.models import db
from server.mutations.own import own_transaction
from server.services import EXTENSION, Services
from shared.domain.customer import Customer, CustomerContact, CustomerKind
from shared.domain.explanation import explain
from shared.domain.harvest import Confidence, HarvestDate, ReportHarvestDate
from shared.domain.people import Staff
from shared.domain.points import ApprovePoints, PointsEntry, PointsStatus
from shared.domain.referral import (
    AmountBand,
    Interest,
    LeadSource,
    MeetReferral,
    NamedReferral,
    Need,
    Referral,
    ReferralMode,
    ReferralStatus,
    SubmitReferral,
    SucceedReferral,
)
from shared.domain.refusals import RefusedError
from shared.domain.visit import CheckInVisit, FinishVisit, ScheduleVisit
from shared.wire.schemas import instant_ms
from tests.client.phone import PIN, TurnableClock
from tests.server.field_county import (
    COUNTY,
    HEAD,
    MANAGER,
    MELON,
    MONDAY,
    POSTMAN,
    ROWS,
    THURSDAY,
    VILLAGE,
)
from tests.server.moving_clock import MovingClock
from tests.simulation.wsgi_adapter import WsgiAdapter

SERVER = "http://server.test"


@dataclass
class Person:
    """One person's phone: its folder, its way to the server, and its clock."""

    folder: Path
    adapter: WsgiAdapter
    clock: TurnableClock
    field: Field

    @classmethod
    def of(cls, folder: Path, app: Flask) -> Person:
        clock = TurnableClock()
        clock.wall = instant_ms(MONDAY)
        adapter = WsgiAdapter(app)
        return cls(folder, adapter, clock, Field(cls.device(folder, adapter, clock)))

    @staticmethod
    def device(folder: Path, adapter: WsgiAdapter, clock: TurnableClock) -> Device:
        ports = native_device(folder, SERVER, pbkdf2_iterations=1)
        return Device(
            journal=ports.journal,
            settings=ports.settings,
            keys=ports.keys,
            http=NativeHttp(SERVER, adapter=adapter, threaded=False),
            clock=clock,
            replica_path=ports.replica_path,
        )

    async def restart(self) -> Field:
        """Close the app, open it again, give the PIN."""
        await self.field.stop()
        self.field._device.journal.close()  # type: ignore[attr-defined]
        self.field = Field(self.device(self.folder, self.adapter, self.clock))
        await self.field.load()
        await self.field.unlock(PIN)
        return self.field

    async def do(self, name: str, args: object) -> None:
        """Record, and sync at once."""
        await self.field.record(name, args)
        status = await self.field.sync_now()
        assert (status.phase, status.waiting, status.needs_me) == (Phase.IDLE, 0, 0)


class County:
    """The real server with its database, and a clock that all its phones share."""

    def __init__(self, app: Flask, clock: MovingClock, folder: Path) -> None:
        self.app = app
        self.clock = clock
        self.folder = folder
        self.people: list[Person] = []

    @property
    def services(self) -> Services:
        found: Services = self.app.extensions[EXTENSION]
        return found

    async def phone_of(self, staff: Staff) -> Person:
        """Enrol a phone and sync it for the first time."""
        with self.app.app_context(), Session(db.engine) as session:
            code = issue_code(self.services.door, self.services.config, session, staff).code
        person = Person.of(self.folder / staff.number, self.app)
        self.people.append(person)
        await person.field.load()
        await person.field.enrol(code, staff.name)
        await person.field.set_pin(PIN)
        assert (await person.field.sync_now()).phase is Phase.IDLE
        assert person.field.me == staff
        return person

    def move(self, *, days: int) -> None:
        self.clock.move(days=days)
        for person in self.people:
            person.clock.pass_s(days * 86_400)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "liandong.sqlite3"
    engine = sa.create_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def county(tmp_path: Path, migrated: Path) -> Iterator[County]:
    path = tmp_path / "liandong.sqlite3"
    shutil.copy(migrated, path)
    clock = MovingClock(MONDAY)
    config = Config(
        database_url=f"sqlite:///{path}",
        receipt_key=b"\x01" * 32,
        code_pepper=b"\x02" * 32,
        sealing_keys=(b"\x03" * 32,),
    )
    app = create_app(config, clock=clock)
    county = County(app, clock, tmp_path)
    with (
        app.app_context(),
        Session(db.engine) as session,
        own_transaction(county.services.door, session, COUNTY.id) as tx,
    ):
        for row in ROWS:
            tx.put(row)
    yield county
    with app.app_context():
        db.engine.dispose()


def lead(field: Field, name: str, phone: str | None, sale_id: str | None) -> SubmitReferral:
    return SubmitReferral(
        id=field.new_id(),
        kind=CustomerKind.FARMER,
        source=LeadSource.VILLAGE,
        need=Need.DEPOSIT,
        interest=Interest.HIGH,
        mode=ReferralMode.INFORMATION,
        consent=True,
        customer_name=name,
        phone=phone,
        village_id=VILLAGE.id,
        harvest_date_id=sale_id,
    )


async def record_round(postman: Person) -> tuple[list[str], str]:
    """Record the village's sale date and three leads, without network."""
    postman.adapter.is_cut = True
    field = postman.field
    sale_id = field.new_id()
    sale = ReportHarvestDate(
        id=sale_id,
        village_id=VILLAGE.id,
        crop_id=MELON.id,
        sale_from_on=THURSDAY,
        sale_to_on=THURSDAY,
        confidence=Confidence.FARMER,
    )
    await field.record("report_harvest_date", sale)
    leads = []
    for name, phone in (("陈大文", "13800000001"), ("林二姐", "13800000002"), ("老何", None)):
        args = lead(field, name, phone, sale_id)
        await field.record("submit_referral", args)
        leads.append(args.id)
    return leads, sale_id


async def test_round_without_network_comes_home_in_one_request(county: County) -> None:
    postman = await county.phone_of(POSTMAN)
    leads, sale_id = await record_round(postman)
    assert (await postman.field.sync_now()).phase is Phase.OFFLINE
    field = await postman.restart()
    assert field.status.waiting == 4
    assert [row.id for row in field.world.where(Referral)] == leads
    assert field.points("2026-05").local_records == 3

    postman.adapter.is_cut = False
    before = postman.adapter.requests
    status = await field.sync_now()
    assert (status.phase, status.waiting, status.needs_me) == (Phase.IDLE, 0, 0)
    assert postman.adapter.requests == before + 1
    assert {item.state for item in field.outbox()} == {OutboxState.OK}
    assert all(item.receipt_number for item in field.outbox())
    referrals = field.world.where(Referral)
    assert {row.status for row in referrals} == {ReferralStatus.ROUTED}
    assert {row.wealth_manager_id for row in referrals} == {MANAGER.id}
    assert all(row.receipt_number for row in referrals)
    assert field.world.get(HarvestDate, sale_id) is not None
    assert len(field.world.where(CustomerContact)) == 2


async def test_field_to_points(county: County) -> None:
    postman, manager, head = [await county.phone_of(one) for one in (POSTMAN, MANAGER, HEAD)]
    leads, sale_id = await record_round(postman)
    postman.adapter.is_cut = False
    await postman.field.sync_now()

    await manager.field.sync_now()
    for lead_id in leads:
        await manager.do("accept_referral", NamedReferral(id=lead_id))
    visit = ScheduleVisit(
        id=manager.field.new_id(),
        planned_on=THURSDAY,
        harvest_date_id=sale_id,
        referral_ids=tuple(leads),
    )
    await manager.do("schedule_visit", visit)
    county.move(days=3)
    manager.adapter.is_cut = True
    met = MeetReferral(id=leads[0], customer_part=True, information_part=True, trust_part=True)
    success = SucceedReferral(
        id=leads[0], voucher_number="LM-20260507-01", result_band=AmountBand.FROM_10K
    )
    for name, args in (
        ("check_in_visit", CheckInVisit(id=visit.id)),
        ("meet_referral", met),
        ("finish_visit", FinishVisit(id=visit.id, help_done="装车", escorted=1)),
        ("succeed_referral", success),
    ):
        await manager.field.record(name, args)
    foretold = manager.field.world.get(Referral, leads[0])
    assert foretold is not None
    assert foretold.status is ReferralStatus.SUCCEEDED
    manager.adapter.is_cut = False
    status = await manager.field.sync_now()
    assert (status.waiting, status.needs_me) == (0, 0)
    assert manager.field.world.get(Referral, leads[0]).status is ReferralStatus.SUCCEEDED  # type: ignore[union-attr]

    await head.field.sync_now()
    await head.do("verify_referral", NamedReferral(id=leads[0]))
    pending = tuple(
        entry.id for entry in head.field.world.where(PointsEntry, status=PointsStatus.PENDING)
    )
    await head.do("approve_points", ApprovePoints(ids=pending))

    await postman.field.sync_now()
    entries = postman.field.world.where(PointsEntry, evidence_id=leads[0])
    explained = explain(entries)
    assert [line.counted for line in explained.lines] == [2, 1, 2, 7]
    assert (explained.total, explained.pending) == (12, 0)
    points = postman.field.points("2026-05")
    assert (points.pending, points.local_records, points.local_points) == (0, 0, 0)
    assert points.approved == explain(postman.field.world.where(PointsEntry)).total

    # Another phone, enrolled now, holds the same as the one that was there all the time.
    rows = {table: postman.field.world.where(table) for table in (Referral, Customer, PointsEntry)}
    again = await postman.restart()
    assert {table: again.world.where(table) for table in rows} == rows


async def test_decision_on_something_that_changed_is_refused_and_told(county: County) -> None:
    """The branch head, without network, voids what the postman has withdrawn meanwhile."""
    postman, head = [await county.phone_of(one) for one in (POSTMAN, HEAD)]
    leads, _ = await record_round(postman)
    postman.adapter.is_cut = False
    await postman.field.sync_now()
    await head.field.sync_now()
    head.adapter.is_cut = True
    await head.field.record("void_referral", {"id": leads[0], "reason": "重复"})
    await head.field.record("void_referral", {"id": leads[1], "reason": "重复"})
    await postman.do("withdraw_referral", {"id": leads[0], "reason": "写错了"})
    head.adapter.is_cut = False
    status = await head.field.sync_now()
    assert (status.waiting, status.needs_me) == (0, 1)
    fine, refused = head.field.outbox()
    assert (fine.state, refused.state) == (OutboxState.OK, OutboxState.REJECTED)
    assert refused.problem is not None
    assert refused.problem.slug in {"stale-object", "illegal-transition"}
    voided = head.field.world.get(Referral, leads[1])
    assert voided is not None
    assert voided.status is ReferralStatus.VOID


async def test_revoked_phone_pauses_and_keeps_what_it_has(county: County) -> None:
    from server.administration import revoked_device_text  # noqa: PLC0415

    postman = await county.phone_of(POSTMAN)
    with county.app.app_context():
        revoked_device_text(postman.field._enrolment.device)  # type: ignore[union-attr]
    leads, _ = await record_round(postman)
    postman.adapter.is_cut = False
    status = await postman.field.sync_now()
    assert (status.phase, status.pause_slug, status.waiting) == (Phase.PAUSED, "device-revoked", 4)
    assert [row.id for row in postman.field.world.where(Referral)] == leads


async def test_code_is_good_once(county: County, tmp_path: Path) -> None:
    postman = await county.phone_of(POSTMAN)
    assert postman.field.me == POSTMAN
    stranger = Person.of(tmp_path / "stranger", county.app)
    await stranger.field.load()
    with pytest.raises(RefusedError) as refused:
        await stranger.field.enrol("ABCD-EFGH-JKMN", "测试机")
    assert refused.value.slug == "enrolment-code-wrong"
