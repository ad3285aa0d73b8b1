"""Files of attachments: up in pieces, whole or not at all, down to whoever may see the object."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from server.administration import collected_blobs_text
from server.blob_collection import Collected, collect_blobs
from server.blobs import BlobFiles
from server.config import Config
from server.models import db
from server.models.attachment import BlobModel
from server.services import services
from shared.domain.attachment import Attachment, AttachmentKind, AttachmentObject
from shared.domain.people import Device, Qualification
from tests.server.blob_phone import VOICE, BlobPhone, digest_of, jpeg
from tests.server.conftest import (
    COLLEAGUE,
    COUNTY,
    HEAD,
    MANAGER,
    POSTMAN,
    STRANGER,
    HandClock,
    Phone,
    put,
    server_id,
    stored,
)

PHOTO = jpeg()
QUOTA = 100_000


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    """Give each server a folder for files, and little patience for many of them."""
    return replace(config, blobs_dir=tmp_path / "blobs", blob_quota_bytes=QUOTA)


@pytest.fixture
def postman(phone_of: Callable[[str], Phone]) -> BlobPhone:
    return BlobPhone(phone_of(POSTMAN))


@pytest.fixture
def lead(postman: BlobPhone) -> str:
    """Return the id of a lead that the server has."""
    put(
        Qualification(
            id=server_id(60),
            staff_id=MANAGER,
            need="deposit",
            expires_on=dt.date(2030, 1, 1),
        )
    )
    op = postman.phone.referral()
    postman.phone.sync()
    return str(op["args"]["id"])


def json_of(answer: TestResponse) -> Any:
    return answer.json


def slug_of(answer: Any) -> str:
    return str(answer.json["type"]).removeprefix("/problems/")


def folder() -> Path:
    found = services().config.blobs_dir
    assert found is not None
    return found


def files() -> list[Path]:
    return sorted(path for path in folder().rglob("*") if path.is_file())


def collect(days: float = 7) -> Collected:
    return collect_blobs(
        services().door, db.session(), BlobFiles(folder()), dt.timedelta(days=days)
    )


def attached(postman: BlobPhone, lead: str, content: bytes = PHOTO) -> str:
    """Send a photo and attach it; return the attachment's id."""
    assert postman.send(lead, content).json == {"complete": True, "offset": len(content)}
    op = postman.attach(lead, content)
    assert postman.phone.sync()["results"][-1]["state"] == "ok"
    return str(op["args"]["id"])


# --- Up -----------------------------------------------------------------------------------------


def test_a_photo_goes_up_in_pieces(postman: BlobPhone, lead: str) -> None:
    assert postman.progress(lead, PHOTO) == (0, "?0")
    for start in range(0, 2000, 1000):
        answer = postman.send(lead, PHOTO, start, start + 1000)
        assert answer.json == {"complete": False, "offset": start + 1000}
        assert postman.progress(lead, PHOTO) == (start + 1000, "?0")

    assert postman.send(lead, PHOTO, 2000).json == {"complete": True, "offset": 3000}

    assert postman.progress(lead, PHOTO) == (3000, "?1")
    (whole,) = files()
    assert whole.read_bytes() == PHOTO
    assert whole.name == digest_of(PHOTO)
    assert whole.stat().st_mode & 0o777 == 0o600
    assert whole.parent.stat().st_mode & 0o777 == 0o700


def test_an_upload_goes_on_where_it_was_cut(postman: BlobPhone, lead: str) -> None:
    """The answer to any piece may be lost: the phone asks how far it is, and goes on."""
    for cut in range(0, 3001, 500):
        photo = jpeg(seed=cut)
        if cut:
            postman.send(lead, photo, 0, cut)

        offset, _ = postman.progress(lead, photo)
        assert offset == cut

        assert postman.send(lead, photo, offset).json == {"complete": True, "offset": 3000}
        assert (folder() / COUNTY / digest_of(photo)[:2] / digest_of(photo)).read_bytes() == photo


def test_a_server_that_died_before_the_end_ends_it_with_an_empty_piece(
    postman: BlobPhone, lead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_args: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as dying:
        dying.setattr(BlobFiles, "make_whole", die)
        assert postman.send(lead, PHOTO).status_code == 500
    assert postman.progress(lead, PHOTO) == (3000, "?0")

    assert postman.send(lead, PHOTO, 3000).json == {"complete": True, "offset": 3000}


def test_a_piece_that_comes_twice_or_too_early_is_not_taken(postman: BlobPhone, lead: str) -> None:
    postman.send(lead, PHOTO, 0, 1000)

    for offset in (0, 500, 2000):
        answer = postman.send(lead, PHOTO, offset, offset + 1000)
        assert (answer.status_code, slug_of(answer)) == (409, "blob-offset")
        assert json_of(answer)["offset"] == 1000
    assert postman.progress(lead, PHOTO) == (1000, "?0")


def test_a_whole_file_sent_again_is_already_there(postman: BlobPhone, lead: str) -> None:
    attached(postman, lead)

    assert postman.send(lead, PHOTO).json == {"complete": True, "offset": 3000}
    assert len(files()) == 1


def test_a_piece_damaged_on_its_way_is_not_believed(postman: BlobPhone, lead: str) -> None:
    path = postman.path(lead, PHOTO)

    answer = postman.ask("POST", path, b"\x00" + PHOTO[1:], signed=PHOTO)

    assert (answer.status_code, slug_of(answer)) == (401, "unauthenticated")
    assert not folder().exists()


def test_bytes_of_another_digest_begin_anew(postman: BlobPhone, lead: str) -> None:
    other = jpeg(seed=2)
    postman.send(lead, PHOTO, 0, 1000)

    answer = postman.ask("POST", postman.path(lead, PHOTO, 1000), other[1000:])

    assert (answer.status_code, slug_of(answer)) == (422, "blob-damaged")
    assert files() == []
    assert postman.progress(lead, PHOTO) == (0, "?0")
    assert json_of(postman.send(lead, PHOTO))["complete"]


def test_anything_but_a_photo_is_refused_as_one(postman: BlobPhone, lead: str) -> None:
    for content in (b"<svg onload=alert(1)>" + bytes(50), VOICE):
        answer = postman.send(lead, content)

        assert (answer.status_code, slug_of(answer)) == (415, "blob-type-refused")
        assert files() == []
    assert postman.send(lead, VOICE, kind=AttachmentKind.VOICE).json == {
        "complete": True,
        "offset": len(VOICE),
    }


NONSENSE: list[tuple[dict[str, Any], int, str]] = [
    ({"size": 4_000_001}, 413, "blob-too-large"),
    ({"size": 10}, 413, "blob-too-large"),
    ({"size": 0}, 422, "invalid-body"),
    ({"size": "many"}, 422, "invalid-body"),
    ({"sha256": "../../secrets"}, 404, "not-found"),
    ({"sha256": "A" * 64}, 422, "invalid-body"),
    ({"object_id": "../../secret1"}, 422, "invalid-body"),
    ({"object_id": "0000000000009"}, 404, "missing-object"),
    ({"table": AttachmentObject.VISIT}, 404, "missing-object"),
]


def test_a_piece_that_says_nonsense_of_itself_is_refused(postman: BlobPhone, lead: str) -> None:
    for changes, status, slug in NONSENSE:
        answer = postman.send(**{"object_id": lead, "content": PHOTO} | changes)

        assert (changes, answer.status_code, slug_of(answer)) == (changes, status, slug)
        assert files() == []


def test_a_size_that_changes_on_the_way_is_refused(postman: BlobPhone, lead: str) -> None:
    postman.send(lead, PHOTO, 0, 1000)

    answer = postman.send(lead, PHOTO, 1000, size=4_000_000)

    assert slug_of(answer) == "blob-damaged"


def test_a_piece_that_is_too_long_is_refused(postman: BlobPhone, lead: str) -> None:
    answer = postman.send(lead, jpeg(300_000))

    assert (answer.status_code, slug_of(answer)) == (413, "body-too-large")


def test_nothing_is_taken_for_an_object_of_others(
    phone_of: Callable[[str], Phone], lead: str
) -> None:
    for staff_id in (COLLEAGUE, STRANGER, HEAD):
        other = BlobPhone(phone_of(staff_id))

        answer = other.send(lead, PHOTO)

        assert (answer.status_code, slug_of(answer)) == (403, "out-of-scope")
        assert other.ask("HEAD", other.path(lead, PHOTO)).status_code == 403
    assert files() == []


def test_a_revoked_device_neither_sends_nor_fetches(postman: BlobPhone, lead: str) -> None:
    attached(postman, lead)
    row = db.session.scalar(
        sa.text("SELECT id FROM device WHERE number = :n").bindparams(n=postman.phone.number)
    )
    device = stored(Device, str(row))
    put(replace(device, revoked_at=postman.phone.clock.at))

    for answer in (postman.send(lead, jpeg(seed=3)), postman.get(PHOTO)):
        assert (answer.status_code, slug_of(answer)) == (403, "device-revoked")


def test_a_device_sends_so_much_a_day(postman: BlobPhone, lead: str, clock: HandClock) -> None:
    postman.send(lead, jpeg(60_000))

    answer = postman.send(lead, jpeg(50_000, seed=2))
    assert (answer.status_code, slug_of(answer)) == (429, "blob-quota-reached")
    clock.advance(days=1, seconds=1)

    assert json_of(postman.send(lead, jpeg(50_000, seed=2)))["complete"]


def test_a_full_disk_asks_to_come_back(
    postman: BlobPhone, lead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    left = [500]

    def little_room(file: int, content: bytes, offset: int) -> int:
        if not left:
            raise OSError(28, "No space left on device")
        return real(file, content[: left.pop()], offset)

    with monkeypatch.context() as full:
        full.setattr("server.blobs.os.pwrite", little_room)
        answer = postman.send(lead, PHOTO)
    assert (answer.status_code, slug_of(answer)) == (503, "busy")
    assert postman.progress(lead, PHOTO) == (0, "?0")

    assert json_of(postman.send(lead, PHOTO))["complete"]


# --- Attached -----------------------------------------------------------------------------------


def test_a_file_without_its_bytes_is_not_attached(postman: BlobPhone, lead: str) -> None:
    postman.send(lead, PHOTO, 0, 1000)
    op = postman.attach(lead, PHOTO)
    behind = postman.phone.referral(customer_name="李先生", phone="13800000001")

    results = postman.phone.sync()["results"]

    assert [one["state"] for one in results] == ["rejected", "ok"]
    assert results[0]["problem"]["type"] == "/problems/blob-missing"
    assert stored(Attachment, op["args"]["id"]) is None
    assert behind["args"]["id"] in postman.phone.rows["referral"]


@pytest.mark.parametrize("changes", [{"size": 2999}, {"media_type": "image/png"}])
def test_a_file_is_what_the_server_found_it_to_be(
    postman: BlobPhone, lead: str, changes: dict[str, Any]
) -> None:
    postman.send(lead, PHOTO)
    postman.attach(lead, PHOTO, **changes)

    (result,) = postman.phone.sync()["results"]

    assert result["problem"]["type"] == "/problems/invalid-argument"


def test_bytes_sent_for_one_object_prove_nothing_for_another(
    phone_of: Callable[[str], Phone], postman: BlobPhone, lead: str
) -> None:
    """Who has read a digest somewhere can't have the bytes by attaching it to a lead of theirs."""
    attached(postman, lead)
    other = BlobPhone(phone_of(COLLEAGUE))
    own = other.phone.referral(customer_name="李先生", phone="13800000001")["args"]["id"]
    other.attach(own, PHOTO)

    results = other.phone.sync()["results"]

    assert results[1]["problem"]["type"] == "/problems/blob-missing"
    assert other.get(PHOTO).status_code == 404
    assert other.progress(own, PHOTO) == (0, "?0")


# --- Down ---------------------------------------------------------------------------------------


def test_the_manager_sees_the_photo_of_the_lead(
    phone_of: Callable[[str], Phone], postman: BlobPhone, lead: str
) -> None:
    attachment_id = attached(postman, lead)
    manager = BlobPhone(phone_of(MANAGER))
    manager.phone.sync()

    assert manager.phone.rows["attachment"][attachment_id]["sha256"] == digest_of(PHOTO)
    answer = manager.get(PHOTO)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PHOTO, "image/jpeg")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_download_goes_on_where_it_was_cut(postman: BlobPhone, lead: str) -> None:
    attached(postman, lead)

    part = postman.get(PHOTO, part="1000-1999")

    assert (part.status_code, part.data) == (206, PHOTO[1000:2000])
    assert part.headers["Content-Range"] == "bytes 1000-1999/3000"


def test_others_learn_not_even_that_it_is_there(
    phone_of: Callable[[str], Phone], postman: BlobPhone, lead: str
) -> None:
    attached(postman, lead)
    for staff_id in (COLLEAGUE, STRANGER):
        other = BlobPhone(phone_of(staff_id))
        other.phone.sync()

        answer = other.get(PHOTO)

        assert (answer.status_code, slug_of(answer)) == (404, "not-found")
        assert answer.json == other.get(jpeg(seed=9)).json
        assert "attachment" not in other.phone.rows


def test_a_photo_is_fetched_by_signed_requests_only(postman: BlobPhone, lead: str) -> None:
    attached(postman, lead)

    answer = postman.phone.client.get(f"/api/v1/blobs/{digest_of(PHOTO)}")

    assert answer.status_code == 401


def test_a_removed_file_leaves_every_phone(
    phone_of: Callable[[str], Phone], postman: BlobPhone, lead: str
) -> None:
    attachment_id = attached(postman, lead)
    manager = BlobPhone(phone_of(MANAGER))
    manager.phone.sync()
    postman.phone.op("remove_attachment", {"id": attachment_id})
    assert postman.phone.sync()["results"][-1]["state"] == "ok"

    manager.phone.sync()

    assert manager.phone.rows["attachment"] == {}
    assert postman.phone.rows["attachment"] == {}
    assert manager.get(PHOTO).status_code == 404


# --- Thrown away --------------------------------------------------------------------------------


def test_bytes_that_nobody_attached_go_after_the_grace(
    postman: BlobPhone, lead: str, clock: HandClock
) -> None:
    postman.send(lead, PHOTO)
    postman.send(lead, jpeg(seed=2), 0, 1000)
    clock.advance(days=6, hours=23)
    assert collect() == Collected()
    assert len(files()) == 2
    clock.advance(hours=2)

    assert collect() == Collected(files=2, freed_bytes=4000)

    assert files() == []
    assert postman.progress(lead, PHOTO) == (0, "?0")


def test_an_attached_file_stays(postman: BlobPhone, lead: str, clock: HandClock) -> None:
    attached(postman, lead)
    clock.advance(days=100)

    assert collect(0) == Collected()
    assert postman.get(PHOTO).data == PHOTO


def test_a_file_of_two_objects_goes_with_the_second(
    postman: BlobPhone, lead: str, clock: HandClock
) -> None:
    other = postman.phone.referral(customer_name="李先生", phone="13800000001")["args"]["id"]
    postman.phone.sync()
    first, second = (attached(postman, each) for each in (lead, other))
    assert len(files()) == 1
    postman.phone.op("remove_attachment", {"id": first})
    postman.phone.sync()
    clock.advance(days=8)
    assert collect() == Collected()
    assert postman.get(PHOTO).data == PHOTO
    postman.phone.op("remove_attachment", {"id": second})
    postman.phone.sync()

    assert collect() == Collected()
    clock.advance(days=8)
    assert collect() == Collected(files=1, freed_bytes=3000)
    assert files() == []


def test_a_withdrawn_lead_leaves_no_orphan(
    phone_of: Callable[[str], Phone], postman: BlobPhone, lead: str, clock: HandClock
) -> None:
    attachment_id = attached(postman, lead)
    manager = BlobPhone(phone_of(MANAGER))
    manager.phone.sync()
    revision = postman.phone.revisions[lead]
    postman.phone.op("withdraw_referral", {"id": lead, "reason": "记错了"}, base={lead: revision})
    assert postman.phone.sync()["results"][-1]["state"] == "ok"
    manager.phone.sync()
    assert manager.phone.rows["attachment"] == {}
    assert manager.get(PHOTO).status_code == 404

    assert collect() == Collected(expired=1)
    assert stored(Attachment, attachment_id).removed_at == clock.at
    clock.advance(days=7, seconds=1)

    assert collect() == Collected(files=1, freed_bytes=3000)
    assert files() == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BlobModel)) == 0


def test_a_file_goes_with_the_time_that_its_record_may_be_kept(
    postman: BlobPhone, lead: str, clock: HandClock
) -> None:
    attachment_id = attached(postman, lead)
    clock.advance(days=364)
    assert collect(0) == Collected()
    clock.advance(days=2)

    assert collect(0) == Collected(expired=1, files=1, freed_bytes=3000)
    assert stored(Attachment, attachment_id).removed_at == clock.at


def test_files_that_the_database_does_not_know_go_too(
    postman: BlobPhone, lead: str, clock: HandClock
) -> None:
    """A crash between the file's place and the commit, or a database from a backup."""
    attached(postman, lead)
    stray = folder() / COUNTY / "ab" / ("ab" * 32)
    stray.parent.mkdir()
    stray.write_bytes(b"lost")
    os.utime(stray, (clock.at.timestamp(), clock.at.timestamp()))
    assert collect() == Collected()
    clock.advance(days=8)

    assert collect() == Collected(files=1, freed_bytes=4)
    assert [path.name for path in files()] == [digest_of(PHOTO)]


def test_a_file_lost_with_a_disk_is_counted_and_taken_again(postman: BlobPhone, lead: str) -> None:
    attached(postman, lead)
    files()[0].unlink()

    assert collect() == Collected(missing=1)
    assert postman.get(PHOTO).status_code == 404
    assert postman.progress(lead, PHOTO) == (0, "?0")

    assert json_of(postman.send(lead, PHOTO))["complete"]
    assert postman.get(PHOTO).data == PHOTO


def test_the_command_says_what_it_did(postman: BlobPhone, lead: str) -> None:
    postman.send(lead, PHOTO)

    assert collected_blobs_text(None).startswith("0 files deleted (0 bytes)")
    assert collected_blobs_text(0).startswith("1 files deleted (3000 bytes)")


def test_a_server_without_a_folder_takes_none(
    app: Any, phone_of: Callable[[str], Phone], config: Config
) -> None:
    phone = BlobPhone(phone_of(POSTMAN))
    object.__setattr__(services(), "config", replace(config, blobs_dir=None))

    assert phone.send("0000000000009", PHOTO).status_code == 404
    del app
