"""Photos and voice notes with the real client on the real server, over real HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as NoConnectionError

from client.device.native import native_device
from client.engine import Field
from client.status import FileItem, FileState, Phase
from client.sync import attachments
from server.enrolment import issue_code
from server.models.attachment import BlobModel
from shared.domain.attachment import Attachment, AttachmentKind, AttachmentObject
from shared.domain.customer import CustomerKind
from shared.domain.people import Staff
from shared.domain.referral import (
    Interest,
    LeadSource,
    Need,
    Referral,
    ReferralMode,
    SubmitReferral,
)
from shared.domain.refusals import RefusedError
from tests.client.phone import PIN, eventually
from tests.server.blob_phone import VOICE
from tests.server.field_county import BACKUP, COUNTY, HEAD, MANAGER, POSTMAN, ROWS, VILLAGE
from tests.server.running_server import RunningServer, running_server

pytestmark = pytest.mark.server

LEAD = AttachmentObject.REFERRAL


def photo(seed: int = 1, length: int = 60_000) -> bytes:
    """Return a JPEG that says where it was taken; drawn, it would be noise."""
    place = b"Exif\0\0GPS 20.9, 110.1"
    told = b"\xff\xe1" + struct.pack(">H", 2 + len(place)) + place
    noise = hashlib.shake_128(bytes([seed])).digest(length).replace(b"\xff", b"\xfe")
    return b"\xff\xd8" + told + b"\xff\xda\0\x02" + noise + b"\xff\xd9"


@dataclass
class Way(HTTPAdapter):
    """The way of one phone to the server, which can be cut in both directions.

    Attributes:
        lose: Told of each request for a file, by method and number; "up" loses it, "down" its
            answer.
        held: While set, pieces of files wait on their way.
        seen: Method and path of each request that reached the server, without its query.
    """

    is_cut: bool = False
    lose: Callable[[str, int], str] = lambda _method, _number: ""
    held: threading.Event | None = None
    knows_ranges: bool = True
    before: Callable[[str], None] = lambda _path: None
    seen: list[str] = field(default_factory=list)
    file_bytes: int = 0
    bytes_down: int = 0
    asked: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__init__()

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        path = (request.url or "").partition("?")[0].rpartition("/api/v1/")[2].partition("/")[0]
        loss = ""
        if path == "blobs":
            self.asked[str(request.method)] += 1
            loss = self.lose(str(request.method), self.asked[str(request.method)])
            if self.held is not None:
                self.held.wait(20)
        if self.is_cut or loss == "up":
            raise NoConnectionError("the network is cut")
        if not self.knows_ranges:
            request.headers.pop("Range", None)
        self.before(path)
        self.seen.append(f"{request.method} {path}")
        if path == "blobs":
            self.file_bytes += len(request.body or b"")
        response = super().send(request, *args, **kwargs)
        self.bytes_down += len(response.content) if request.method == "GET" else 0
        if loss == "down":
            raise NoConnectionError("the answer is lost")
        return response


@dataclass
class Person:
    folder: Path
    server: RunningServer
    way: Way = field(default_factory=Way)
    sound_file: Path | None = None

    async def enrol(self, staff: Staff) -> Person:
        with self.server.session() as session:
            shared = self.server.services
            code = issue_code(shared.door, shared.config, session, staff).code
        self.field = self._new()
        await self.field.load()
        await self.field.enrol(code, staff.name)
        await self.field.set_pin(PIN)
        await self.sync()
        return self

    async def restart(self) -> Field:
        await self.field.stop()
        self.field._device.journal.close()  # type: ignore[attr-defined]
        self.field = self._new()
        await self.field.load()
        await self.field.unlock(PIN)
        return self.field

    async def sync(self) -> None:
        assert (await self.field.sync_now()).phase is Phase.IDLE

    async def sync_files(self) -> None:
        """Sync until the server has every file, and the phone its word for it."""
        async with asyncio.timeout(30):
            while self.field.status.files_waiting or self.field.status.waiting:
                await self.field.sync_now()
                await asyncio.sleep(0.01)
        await self.sync()

    async def lead(self, name: str = "陈大叔") -> str:
        args = SubmitReferral(
            id=self.field.new_id(),
            kind=CustomerKind.FARMER,
            source=LeadSource.VILLAGE,
            need=Need.DEPOSIT,
            interest=Interest.HIGH,
            mode=ReferralMode.INFORMATION,
            consent=True,
            customer_name=name,
            village_id=VILLAGE.id,
        )
        await self.field.record("submit_referral", args)
        return args.id

    def file_of(self, lead: str) -> FileItem:
        (item,) = self.field.files.of(lead)
        return item

    def stored(self) -> bytes:
        """Return all that a finder of the phone could read."""
        return b"".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())

    def _new(self) -> Field:
        device = native_device(
            self.folder,
            self.server.url,
            adapter=self.way,
            pbkdf2_iterations=1,
            sound_file=self.sound_file,
        )
        return Field(device)


@dataclass
class Town:
    server: RunningServer
    folder: Path
    people: list[Person] = field(default_factory=list)

    async def person(self, staff: Staff, **ports: Any) -> Person:
        person = Person(self.folder / staff.number, self.server, **ports)
        self.people.append(person)
        return await person.enrol(staff)

    async def assign(self, lead: str, *, to: Staff) -> None:
        """Give a lead to another manager, as the branch head does."""
        head = await self.person(HEAD)
        await head.field.record("assign_referral", {"id": lead, "wealth_manager_id": to.id})
        await head.sync()
        assert head.field.status.needs_me == 0

    def blobs(self) -> list[Path]:
        return [path for path in (self.folder / "blobs").rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "PIECE_MS_SHORT", 0)
    monkeypatch.setattr(attachments, "PIECE_BYTES_MIN", 8_000)


@pytest.fixture
def town(sqlite_database_url: str, tmp_path: Path) -> Iterator[Town]:
    with running_server(sqlite_database_url, blobs_dir=tmp_path / "blobs") as server:
        server.keep(COUNTY.id, ROWS)
        yield Town(server, tmp_path)


@pytest.fixture
def town_on_either(database_url: str, tmp_path: Path) -> Iterator[Town]:
    with running_server(database_url, blobs_dir=tmp_path / "blobs") as server:
        server.keep(COUNTY.id, ROWS)
        yield Town(server, tmp_path)


async def test_a_photo_of_a_round_without_network_reaches_the_manager(
    town_on_either: Town,
) -> None:
    town = town_on_either
    postman, manager = await town.person(POSTMAN), await town.person(MANAGER)
    postman.way.is_cut = True
    lead = await postman.lead()
    await postman.field.files.attach_photo(LEAD, lead, photo())
    item = postman.file_of(lead)
    assert (item.state, item.is_mine, item.is_here) == (FileState.WAITING, True, True)

    files = (await postman.restart()).files
    item = postman.file_of(lead)
    kept = await files.content(item)
    assert (item.state, postman.field.status.files_waiting) == (FileState.WAITING, 1)
    assert b"GPS" not in kept
    assert kept.startswith(b"\xff\xd8\xff\xda")
    assert kept[1000:1100] not in postman.stored(), "a file lies on the phone unsealed"

    postman.way.is_cut = False
    postman.way.seen.clear()
    await postman.sync_files()

    assert postman.way.seen[:2] == ["POST sync", "HEAD blobs"], "the lead goes first"
    item = postman.file_of(lead)
    assert (item.state, item.attachment_id is not None) == (FileState.ATTACHED, True)
    (attachment,) = postman.field.world.where(Attachment)
    made = postman.field._session.file_store.files[lead, item.sha256].clock  # type: ignore[union-attr]
    assert made is not None
    assert abs(attachment.made_at.timestamp() * 1000 - made.wall) < 60_000

    await manager.sync()
    item = manager.file_of(lead)
    assert (item.is_mine, item.is_here, item.kind) == (False, False, AttachmentKind.PHOTO)
    assert await manager.field.files.content(item) == kept
    assert kept[1000:1100] not in manager.stored()
    manager.way.is_cut = True
    await manager.restart()
    assert await manager.field.files.content(manager.file_of(lead)) == kept, "looked at once, kept"


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_a_file_goes_on_where_any_piece_was_cut(town: Town, direction: str) -> None:
    postman = await town.person(POSTMAN)
    lead = await postman.lead()
    await postman.sync()
    # Every second piece, and now and then the question how far it is.
    postman.way.lose = lambda method, number: (
        direction if number % (2 if method == "POST" else 3) == 0 else ""
    )
    content = photo()
    await postman.field.files.attach_photo(LEAD, lead, content)

    await postman.sync_files()

    assert postman.file_of(lead).state is FileState.ATTACHED
    (whole,) = town.blobs()
    assert hashlib.sha256(whole.read_bytes()).hexdigest() == postman.file_of(lead).sha256
    assert postman.way.asked["POST"] >= 3
    # "down": the piece was taken though its answer was lost; no byte goes twice.
    assert postman.way.file_bytes == len(whole.read_bytes())


async def test_a_restarted_app_goes_on_too(town: Town) -> None:
    postman = await town.person(POSTMAN)
    lead = await postman.lead()
    await postman.sync()
    postman.way.lose = lambda method, number: "up" if (method, number) > ("POST", 1) else ""
    await postman.field.files.attach_photo(LEAD, lead, photo())
    await eventually(lambda: postman.way.asked["POST"] > 1)
    sent = postman.way.file_bytes
    assert 0 < sent < 60_000

    postman.way.lose = lambda _method, _number: ""
    await postman.restart()
    await postman.sync_files()

    (whole,) = town.blobs()
    assert postman.way.file_bytes == whole.stat().st_size


async def test_a_lead_never_waits_for_a_photo(town: Town) -> None:
    postman = await town.person(POSTMAN)
    first = await postman.lead()
    await postman.sync()
    postman.way.held = threading.Event()
    await postman.field.files.attach_photo(LEAD, first, photo())
    await eventually(lambda: postman.way.asked)

    second = await postman.lead("林二姐")
    async with asyncio.timeout(5):
        status = await postman.field.sync_now()

    assert (status.phase, status.waiting, status.files_waiting) == (Phase.IDLE, 0, 1)
    assert postman.field._session.holdings.world.revision(Referral, second) is not None  # type: ignore[union-attr]
    postman.way.held.set()
    await postman.sync_files()


async def test_a_photo_waits_for_its_lead(town: Town) -> None:
    """The server can't know whom the photo is of before it has the lead."""
    postman = await town.person(POSTMAN)

    def cut_records(path: str) -> None:
        if path == "sync":
            raise NoConnectionError("only files would go")

    postman.way.before = cut_records
    lead = await postman.lead()
    await postman.field.files.attach_photo(LEAD, lead, photo())
    files = postman.field._session.file_sync  # type: ignore[union-attr]

    await files.run()

    assert not postman.way.asked
    postman.way.before = lambda _path: None
    await postman.sync_files()


async def test_a_server_in_trouble_over_files_does_not_hold_up_records(town: Town) -> None:
    """Its disk is full: that is no network that is down, and nothing to wait with records for."""
    postman = await town.person(POSTMAN)
    lead = await postman.lead()
    await postman.sync()
    (town.folder / "blobs").write_text("no folder")
    await postman.field.files.attach_photo(LEAD, lead, photo())
    await eventually(lambda: postman.way.asked)

    await postman.lead("林二姐")
    await postman.sync()

    assert postman.field.status.waiting == 0
    (town.folder / "blobs").unlink()
    await postman.sync_files()


async def test_bytes_that_a_server_lost_are_sent_again(town: Town) -> None:
    postman = await town.person(POSTMAN)
    lead = await postman.lead()
    await postman.sync()
    lost: list[str] = []

    def lose_once(path: str) -> None:
        """Restore the server from a backup, between the last piece and the operation."""
        is_whole = any("part" not in path.parts for path in town.blobs())
        if path == "sync" and is_whole and not lost:
            lost.append(path)
            with town.server.session() as session:
                session.execute(sa.delete(BlobModel))
                session.commit()
            for one in town.blobs():
                one.unlink()

    postman.way.before = lose_once
    await postman.field.files.attach_photo(LEAD, lead, photo())
    await postman.sync_files()

    assert lost
    assert postman.file_of(lead).state is FileState.ATTACHED
    assert len(town.blobs()) == 1


async def test_a_photo_comes_down_over_a_bad_way(town: Town) -> None:
    postman, manager = await town.person(POSTMAN), await town.person(MANAGER)
    lead = await postman.lead()
    await postman.field.files.attach_photo(LEAD, lead, photo())
    await postman.sync_files()
    kept = await postman.field.files.content(postman.file_of(lead))
    await manager.sync()
    # Each time it is asked for, one part comes and the next is lost.
    manager.way.lose = lambda _method, number: "down" if number % 2 == 0 else ""
    with pytest.raises(RefusedError) as refused:
        await manager.field.files.content(manager.file_of(lead))
    assert refused.value.slug == "unreachable"
    assert manager.way.asked["GET"] == 2

    manager.way.lose = lambda _method, _number: ""
    manager.way.bytes_down = 0
    assert await manager.field.files.content(manager.file_of(lead)) == kept
    assert manager.way.bytes_down == len(kept) - 32_000, "what had come is not asked for again"

    other = await town.person(BACKUP)
    other.way.knows_ranges = False
    await town.assign(lead, to=BACKUP)
    await other.sync()
    assert await other.field.files.content(other.file_of(lead)) == kept


async def test_a_withdrawn_lead_takes_its_photo_with_it(town: Town) -> None:
    postman = await town.person(POSTMAN)
    lead = await postman.lead()
    await postman.sync()
    postman.way.is_cut = True
    await postman.field.files.attach_photo(LEAD, lead, photo())
    await postman.field.record("withdraw_referral", {"id": lead, "reason": "记错了"})
    # A piece that were faster than the withdrawal would lie there until the grace is over.
    postman.way.held = threading.Event()
    postman.way.is_cut = False
    await postman.sync()
    await eventually(lambda: not postman.field.status.waiting)
    postman.way.held.set()
    await postman.sync()

    assert postman.field.status.files_waiting == 0
    assert town.blobs() == []
    assert list((postman.folder / "settings").glob("files*%2F" + "?" * 64)) == []


async def test_a_removed_photo_leaves_both_phones(town: Town) -> None:
    postman, manager = await town.person(POSTMAN), await town.person(MANAGER)
    lead = await postman.lead()
    await postman.field.files.attach_photo(LEAD, lead, photo())
    await postman.sync_files()
    await manager.sync()
    await manager.field.files.content(manager.file_of(lead))
    with pytest.raises(RefusedError) as refused:
        await manager.field.files.remove(manager.file_of(lead))
    assert refused.value.slug == "out-of-scope"

    await postman.field.files.remove(postman.file_of(lead))
    assert postman.field.files.of(lead) == []
    await postman.sync()
    await manager.sync()

    for person in (postman, manager):
        assert person.field.files.of(lead) == []
        await person.restart()
        assert person.field.files.of(lead) == []
        assert person.field.status.files_waiting == 0
        assert list((person.folder / "settings").glob("files*%2F" + "?" * 64)) == []


async def test_a_photo_that_was_not_sent_is_removed_at_once(town: Town) -> None:
    postman = await town.person(POSTMAN)
    postman.way.is_cut = True
    lead = await postman.lead()
    await postman.field.files.attach_photo(LEAD, lead, photo())

    await postman.field.files.remove(postman.file_of(lead))

    assert postman.field.files.of(lead) == []
    postman.way.is_cut = False
    await postman.sync_files()
    assert town.blobs() == []


async def test_a_photo_removed_while_its_last_piece_goes_is_not_attached(town: Town) -> None:
    postman = await town.person(POSTMAN)
    lead = await postman.lead()
    await postman.sync()
    held = threading.Event()
    postman.way.lose = lambda method, number: (
        str(held.wait(20))[:0] if (method, number) == ("POST", 2) else ""
    )
    await postman.field.files.attach_photo(LEAD, lead, photo())
    await eventually(lambda: postman.way.asked["POST"] == 2)

    await postman.field.files.remove(postman.file_of(lead))
    held.set()
    task = postman.field._session.file_sync._task  # type: ignore[union-attr]
    assert task is not None
    await task
    await postman.sync()

    assert postman.field.files.of(lead) == []
    assert [item.name for item in postman.field.outbox()] == ["submit_referral"]


async def test_a_voice_note_is_heard_by_the_manager(town: Town, tmp_path: Path) -> None:
    microphone = tmp_path / "spoken.webm"
    microphone.write_bytes(VOICE)
    postman = await town.person(POSTMAN, sound_file=microphone)
    manager = await town.person(MANAGER, sound_file=tmp_path / "none")
    lead = await postman.lead()
    await postman.field.files.start_recording(LEAD, lead)
    await postman.field.files.keep_recording(LEAD, lead)
    await postman.sync_files()

    await manager.sync()
    await manager.field.files.play(manager.file_of(lead))

    assert manager.field._device.sound.played == ("audio/webm", VOICE)  # type: ignore[union-attr]
    with pytest.raises(RefusedError) as refused:
        await manager.field.files.start_recording(LEAD, lead)
    assert refused.value.slug == "microphone-refused"
    with pytest.raises(RefusedError) as refused:
        await postman.field.files.keep_recording(LEAD, lead)
    assert refused.value.slug == "voice-empty"


@pytest.mark.parametrize(
    ("content", "slug"),
    [(b"%PDF-1.7", "photo-unreadable"), (photo(length=4_100_000), "blob-too-large")],
    ids=["no photo", "too large"],
)
async def test_what_could_never_go_up_is_not_kept(town: Town, content: bytes, slug: str) -> None:
    postman = await town.person(POSTMAN)
    lead = await postman.lead()

    with pytest.raises(RefusedError) as refused:
        await postman.field.files.attach_photo(LEAD, lead, content)

    assert refused.value.slug == slug
    assert postman.field.files.of(lead) == []
    assert postman.field.status.files_waiting == 0


async def test_a_file_that_the_server_refuses_says_why(town: Town) -> None:
    postman = await town.person(POSTMAN)
    lead = await postman.lead()
    await postman.sync()
    object.__setattr__(town.server.services.config, "blob_quota_bytes", 10_000)
    await postman.field.files.attach_photo(LEAD, lead, photo())
    await eventually(lambda: postman.file_of(lead).state is FileState.REFUSED)

    problem = postman.file_of(lead).problem
    assert problem is not None
    assert problem.slug == "blob-quota-reached"
    object.__setattr__(town.server.services.config, "blob_quota_bytes", 1_000_000)
    await postman.sync_files()
