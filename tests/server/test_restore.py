"""A server put back to an old backup gets all work again, once, with the numbers it gave out."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg import sql
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from client.device import Device
from client.device.native import NativeHttp, native_device
from client.engine import Field
from client.status import OutboxState, Phase
from server.config import Config
from server.enrolment import issue_code
from server.factory import create_app
from server.identity import begin_new_life, identity_of
from server.ledger.check import check_ledger
from server.migrating import migrate
from server.models import db
from server.models.ledger import LedgerEntryModel
from server.models.sync import EnrolledDeviceModel, OpModel
from server.mutations.own import own_transaction
from server.rows import DatabaseRows
from server.services import EXTENSION, Services
from shared.domain.customer import Customer, CustomerContact, CustomerKind
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
    SubmitReferral,
    SucceedReferral,
)
from shared.domain.routing import RouteTrace
from shared.domain.rows import Row
from shared.domain.visit import CheckInVisit, FinishVisit, ScheduleVisit, Visit
from shared.wire.envelope import OpState
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
COMPARED: tuple[type[Row], ...] = (
    Referral, Customer, CustomerContact, HarvestDate, Visit, PointsEntry, RouteTrace,
)  # fmt: skip


def config_for(url: str) -> Config:
    return Config(database_url=url, receipt_key=b"\x01" * 32, code_pepper=b"\x02" * 32)


@dataclass
class Box:
    """A server whose database can be copied and put back, on either engine."""

    url: str
    folder: Path
    clock: MovingClock
    app: Flask
    copies: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    adapters: list[WsgiAdapter] = field(default_factory=list)

    @property
    def services(self) -> Services:
        found: Services = self.app.extensions[EXTENSION]
        return found

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        with self.app.app_context(), Session(db.engine) as session:
            yield session

    def back_up(self) -> str:
        """Return the URL of a copy of the database as it is now."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        url = make_url(self.url)
        if url.get_backend_name() == "sqlite":
            path = self.folder / f"backup-{next(self.copies)}.sqlite3"
            with (
                contextlib.closing(sqlite3.connect(url.database or "")) as old,
                contextlib.closing(sqlite3.connect(path)) as new,
            ):
                old.backup(new)
            return f"sqlite:///{path}"
        name = f"{url.database}_backup_{next(self.copies)}"
        maintenance = url.set(drivername="postgresql", database="postgres")
        with psycopg.connect(
            maintenance.render_as_string(hide_password=False), autocommit=True
        ) as connection:
            make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(
                make.format(sql.Identifier(name), sql.Identifier(url.database or ""))
            )
        return url.set(database=name).render_as_string(hide_password=False)

    def restore(self, backup: str, *, announced: bool = True) -> None:
        """Serve what *backup* holds from now on; *announced* as the command does it."""
        with self.app.app_context():
            db.engine.dispose()
        self.url, self.app = backup, create_app(config_for(backup), clock=self.clock)
        for adapter in self.adapters:
            adapter.application = self.app
        if announced:
            with self.session() as session, session.begin():
                begin_new_life(session, self.services.door.signer)

    def rows(self) -> dict[type[Row], list[Row]]:
        """Return what people work with, as it stands."""
        with self.session() as session:
            rows = DatabaseRows(session, COUNTY.id)
            return {table: list(rows.where(table)) for table in COMPARED}

    def op_log(self) -> list[tuple[Any, ...]]:
        op = OpModel
        query = sa.select(op.device, op.seq, op.digest, op.state, op.number, op.received_at)
        with self.session() as session:
            return [tuple(one) for one in session.execute(query.order_by(op.device, op.seq))]

    def transfers(self) -> list[tuple[Any, ...]]:
        """Return the ledger's rows without their places in the chain."""
        entry = LedgerEntryModel
        with self.session() as session:
            assert check_ledger(session).holds
            query = sa.select(entry.debit_account, entry.credit_account, entry.points)
            return sorted(tuple(one) for one in session.execute(query))

    def generation(self) -> str:
        with self.session() as session:
            return identity_of(session, self.services.door.signer).generation

    def code_for(self, staff: Staff) -> str:
        with self.session() as session:
            return issue_code(self.services.door, self.services.config, session, staff).code

    async def phone_of(self, staff: Staff) -> Person:
        code = self.code_for(staff)
        person = Person(self.folder / staff.number, WsgiAdapter(self.app))
        self.adapters.append(person.adapter)
        await person.field.load()
        await person.field.enrol(code, staff.name)
        await person.field.set_pin(PIN)
        await person.sync()
        return person

    def move(self, people: list[Person], *, days: int) -> None:
        self.clock.move(days=days)
        for person in people:
            person.clock.pass_s(days * 86_400)


class Person:
    """One person's phone, on files of its own."""

    def __init__(self, folder: Path, adapter: WsgiAdapter) -> None:
        self.folder = folder
        self.adapter = adapter
        self.clock = TurnableClock()
        self.clock.wall = instant_ms(MONDAY)
        self.field = Field(self.device())

    def device(self) -> Device:
        ports = native_device(self.folder, SERVER, pbkdf2_iterations=1)
        http = NativeHttp(SERVER, adapter=self.adapter, threaded=False)
        return dataclasses.replace(ports, http=http, clock=self.clock)

    async def restart(self) -> None:
        await self._end()
        await self._begin()

    async def copied(self, folder: Path) -> Person:
        """Return a copy of this installation: both go on under one number."""
        await self._end()
        shutil.copytree(self.folder, folder)
        copy = Person(folder, self.adapter)
        await copy._begin()
        await self._begin()
        return copy

    async def _end(self) -> None:
        await self.field.stop()
        self.field._device.journal.close()  # type: ignore[attr-defined]

    async def _begin(self) -> None:
        self.field = Field(self.device())
        await self.field.load()
        await self.field.unlock(PIN)

    async def sync(self) -> None:
        status = await self.field.sync_now()
        assert (status.phase, status.pause_slug) == (Phase.IDLE, None)

    async def do(self, name: str, args: object) -> None:
        await self.field.record(name, args)
        await self.sync()

    def states(self) -> set[OutboxState]:
        return {item.state for item in self.field.outbox()}

    def receipts(self) -> dict[int, tuple[int | None, Any]]:
        return {item.seq: (item.receipt_number, item.received_at) for item in self.field.outbox()}


@pytest.fixture
def box(database_url: str, tmp_path: Path) -> Iterator[Box]:
    clock = MovingClock(MONDAY)
    app = create_app(config_for(database_url), clock=clock)
    box = Box(database_url, tmp_path, clock, app)
    with app.app_context():
        migrate(db.engine)
    with (
        box.session() as session,
        own_transaction(box.services.door, session, COUNTY.id) as tx,
    ):
        for row in ROWS:
            tx.put(row)
    yield box
    with box.app.app_context():
        db.engine.dispose()


def lead(field: Field, name: str, phone: str | None, sale_id: str | None = None) -> SubmitReferral:
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


@dataclass
class Story:
    """Three people's work from a lead to approved points, told step by step."""

    box: Box
    people: list[Person]
    leads: list[str] = field(default_factory=list)
    sale_id: str = ""
    visit_id: str = ""

    @classmethod
    async def begun(cls, box: Box) -> Story:
        return cls(box, [await box.phone_of(one) for one in (POSTMAN, MANAGER, HEAD)])

    @property
    def steps(self) -> list[Callable[[], Awaitable[None]]]:
        return [self.round, self.accept, self.plan, self.visit, self.approve]

    async def round(self) -> None:
        postman = self.people[0]
        field = postman.field
        self.sale_id = field.new_id()
        sale = ReportHarvestDate(
            id=self.sale_id,
            village_id=VILLAGE.id,
            crop_id=MELON.id,
            sale_from_on=THURSDAY,
            sale_to_on=THURSDAY,
            confidence=Confidence.FARMER,
        )
        await field.record("report_harvest_date", sale)
        for name, phone in (("陈大文", "13800000001"), ("林二姐", "13800000002")):
            args = lead(field, name, phone, self.sale_id)
            await field.record("submit_referral", args)
            self.leads.append(args.id)
        await postman.sync()
        head = self.people[2]
        await head.sync()
        await head.field.record("void_referral", {"id": self.leads[1], "reason": "重复"})
        await postman.do("withdraw_referral", {"id": self.leads[1], "reason": "写错了"})
        await head.sync()
        assert head.states() == {OutboxState.REJECTED}

    async def accept(self) -> None:
        manager = self.people[1]
        await manager.sync()
        await manager.do("accept_referral", NamedReferral(id=self.leads[0]))

    async def plan(self) -> None:
        manager = self.people[1]
        self.visit_id = manager.field.new_id()
        visit = ScheduleVisit(
            id=self.visit_id,
            planned_on=THURSDAY,
            harvest_date_id=self.sale_id,
            referral_ids=(self.leads[0],),
        )
        await manager.do("schedule_visit", visit)
        self.box.move(self.people, days=3)

    async def visit(self) -> None:
        field = self.people[1].field
        met = MeetReferral(
            id=self.leads[0], customer_part=True, information_part=True, trust_part=True
        )
        success = SucceedReferral(
            id=self.leads[0], voucher_number="LM-20260507-01", result_band=AmountBand.FROM_10K
        )
        await field.record("check_in_visit", CheckInVisit(id=self.visit_id))
        await field.record("meet_referral", met)
        await field.record(
            "finish_visit", FinishVisit(id=self.visit_id, help_done="装车", escorted=1)
        )
        await field.record("succeed_referral", success)
        await self.people[1].sync()

    async def approve(self) -> None:
        head = self.people[2]
        await head.sync()
        await head.do("verify_referral", NamedReferral(id=self.leads[0]))
        pending = head.field.world.where(PointsEntry, status=PointsStatus.PENDING)
        await head.do("approve_points", ApprovePoints(ids=tuple(one.id for one in pending)))


ORDERS = [(0, (2, 1, 0)), (1, (1, 0, 2)), (2, (0, 1, 2)), (3, (2, 1, 0)), (4, (1, 2, 0))]
"""How many steps the backup still holds, and in which order the three phones return."""


@pytest.mark.parametrize(("steps_kept", "order"), ORDERS)
def test_everything_comes_back_and_nothing_twice(
    box: Box, steps_kept: int, order: tuple[int, ...]
) -> None:
    asyncio.run(_lose_and_regain(box, steps_kept, order, announced=True))


@pytest.mark.parametrize(("steps_kept", "order"), [(0, (0, 1, 2)), (3, (2, 1, 0))])
def test_a_forgotten_restore_is_noticed_and_healed_alike(
    box: Box, steps_kept: int, order: tuple[int, ...]
) -> None:
    asyncio.run(_lose_and_regain(box, steps_kept, order, announced=False))


async def _lose_and_regain(
    box: Box, steps_kept: int, order: tuple[int, ...], *, announced: bool
) -> None:
    story = await Story.begun(box)
    backup = ""
    for number, step in enumerate(story.steps):
        if number == steps_kept:
            backup = box.back_up()
        await step()
    for person in story.people:
        await person.sync()
    rows, op_log, transfers = box.rows(), box.op_log(), box.transfers()
    receipts = [person.receipts() for person in story.people]
    generation = box.generation()
    assert len(transfers) > 0

    box.move(story.people, days=1)
    box.restore(backup, announced=announced)
    for place in order:
        await story.people[place].restart()
        await story.people[place].sync()
    for person in story.people:
        await person.sync()

    assert box.op_log() == op_log
    assert box.rows() == rows
    assert box.op_log() == op_log
    assert box.transfers() == transfers
    assert box.generation() != generation
    for person, told in zip(story.people, receipts, strict=True):
        assert person.receipts() == told
        assert person.states() <= {OutboxState.OK, OutboxState.REJECTED}
        assert person.field.status.waiting == 0
    assert story.people[0].field.world.where(Referral) == rows[Referral]


def test_work_recorded_while_the_server_was_away_goes_on_behind(box: Box) -> None:
    async def tell() -> None:
        postman = await box.phone_of(POSTMAN)
        backup = box.back_up()
        await postman.do("submit_referral", lead(postman.field, "陈大文", None))
        await postman.field.record("submit_referral", lead(postman.field, "老何", None))
        box.restore(backup)
        await postman.sync()
        assert [seq for _, seq, *_ in box.op_log()] == [1, 2]
        first, second = (number for *_, number, _ in box.op_log())
        assert (first, second) == (1, 1_000_001)

    asyncio.run(tell())


def test_a_receipt_that_this_server_never_signed_promises_nothing(box: Box) -> None:
    async def tell() -> None:
        postman = await box.phone_of(POSTMAN)
        backup = box.back_up()
        await postman.do("submit_referral", lead(postman.field, "陈大文", None))
        entry = postman.field._open.holdings.outbox.entries[1]
        assert entry.result is not None
        assert entry.result.receipt is not None
        forged = dataclasses.replace(entry.result.receipt, number=7)
        entry.result = dataclasses.replace(entry.result, receipt=forged)
        box.restore(backup)
        await postman.sync()
        (op,) = box.op_log()
        assert op[4] > 1_000_000

    asyncio.run(tell())


def test_what_the_rules_refuse_now_is_kept_for_a_person(box: Box) -> None:
    """Another lead has taken the voucher meanwhile: the promise is parked, not refused."""

    async def tell() -> None:
        story = await Story.begun(box)
        await story.round()
        backup = box.back_up()
        await story.accept()
        box.restore(backup)
        await story.people[2].sync()
        await story.people[2].do("void_referral", {"id": story.leads[0], "reason": "重复"})
        await story.people[1].sync()
        assert story.people[1].states() == {OutboxState.DEFERRED}
        box.move(story.people, days=7)
        await story.people[0].do("submit_referral", lead(story.people[0].field, "老何", None))
        await story.people[1].sync()
        assert story.people[1].states() == {OutboxState.PARKED}
        with box.session() as session:
            (parked,) = session.scalars(sa.select(OpModel).filter_by(state=OpState.PARKED))
            assert "promised ok before a restore" in (parked.parked_reason or "")

    asyncio.run(tell())


def test_what_was_accepted_is_not_refused_for_a_copy_that_came_without_the_answer(
    box: Box,
) -> None:
    """As a bundle does that was sealed before the answer, and taken in after the restore."""

    async def tell() -> None:
        story = await Story.begun(box)
        await story.round()
        backup = box.back_up()
        manager, head = story.people[1], story.people[2]
        await manager.sync()
        manager.adapter.is_cut = True
        await manager.field.record("accept_referral", NamedReferral(id=story.leads[0]))
        without_answer = await manager.copied(box.folder / "without the answer")
        manager.adapter.is_cut = False
        await manager.sync()
        assert manager.states() == {OutboxState.OK}
        box.restore(backup)
        await head.sync()
        await head.do("void_referral", {"id": story.leads[0], "reason": "重复"})
        await without_answer.sync()
        assert without_answer.states() == {OutboxState.REJECTED}

        await manager.sync()

        assert manager.states() == {OutboxState.DEFERRED}
        box.move(story.people, days=7)
        await story.people[0].do("submit_referral", lead(story.people[0].field, "老何", None))
        await manager.sync()
        assert manager.states() == {OutboxState.PARKED}

    asyncio.run(tell())


@pytest.mark.parametrize("taken", [1, 2], ids=["some sequences taken", "all sequences taken"])
def test_what_a_copy_of_the_phone_had_answered_is_not_lost_to_the_other_copy(
    box: Box, taken: int
) -> None:
    """After the restore the other copy comes first, and sends under the same sequences."""

    async def tell() -> None:
        postman = await box.phone_of(POSTMAN)
        await postman.do("submit_referral", lead(postman.field, "陈大文", None))
        backup = box.back_up()
        copy = await postman.copied(box.folder / "copy")
        for name in ("林二姐", "周三妹"):
            await copy.do("submit_referral", lead(copy.field, name, None))
        box.restore(backup)
        for name in ("何四", "吴五")[:taken]:
            await postman.do("submit_referral", lead(postman.field, name, None))
        await copy.field.record("submit_referral", lead(copy.field, "郑六", None))
        status = await copy.field.sync_now()
        assert status.pause_slug == "forked"
        await copy.restart()
        status = await copy.field.sync_now()
        assert status.pause_slug == "forked", "a restart makes the two copies one again"
        await copy.field.enrol(box.code_for(POSTMAN), "新的")
        await copy.field.unlock(PIN)
        await copy.sync()
        with box.session() as session:
            rows = DatabaseRows(session, COUNTY.id)
            names = {row.id: row.name for row in rows.where(Customer)}
            referrals = [names[row.customer_id] for row in rows.where(Referral)]
        expected = ["陈大文", "林二姐", "周三妹", "郑六", *("何四", "吴五")[:taken]]
        assert sorted(referrals) == sorted(expected)

    asyncio.run(tell())


def test_device_numbers_given_in_the_lost_time_are_never_given_again(box: Box) -> None:
    async def tell() -> None:
        backup = box.back_up()
        lost = await box.phone_of(POSTMAN)
        number = lost.field._enrolment.device  # type: ignore[union-attr]
        box.restore(backup)
        await box.phone_of(HEAD)
        with box.session() as session:
            (given,) = session.scalars(sa.select(EnrolledDeviceModel.number))
        assert given > number + 1000

    shutil.rmtree(box.folder / HEAD.number, ignore_errors=True)
    asyncio.run(tell())
