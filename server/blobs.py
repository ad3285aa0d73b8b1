"""Bytes of attachments: taken piece by piece, kept as files by their digest, thrown away late.

A file lies at ``<folder>/<county>/<2 digits>/<sha256>`` once it is whole; until then what has
come lies under ``part/``. The database says for which objects which bytes were sent.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.config import Config
from server.database import insert_into, write_transaction
from server.models.attachment import AttachmentModel, BlobModel
from server.models.sync import FeedEntryModel
from server.problems import ProblemError
from server.rows import DatabaseRows
from server.scope import scopes_of
from shared.domain.attachment import (
    ATTACHMENT_BYTES_MAX,
    MEDIA_TYPES,
    Attachment,
    AttachmentKind,
    AttachmentObject,
    live_attachments,
)
from shared.domain.attachment_changes import demand_attachable
from shared.domain.moment import day_at_outlet
from shared.domain.people import Staff, actor_of
from shared.domain.refusals import RefusedError
from shared.domain.rows import demand
from shared.media import media_type_of

__all__ = [
    "BlobFiles",
    "BlobKey",
    "Progress",
    "Upload",
    "progress_of",
    "take_piece",
    "visible_blob",
]

QUOTA_WINDOW = dt.timedelta(days=1)
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class BlobKey:
    """Bytes of one county, for one object."""

    county_id: str
    object_id: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What a device says about the bytes that it sends."""

    key: BlobKey
    object_table: AttachmentObject
    kind: AttachmentKind
    size: int
    device: int
    staff_id: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How many bytes are there, and whether they are all."""

    offset: int
    is_whole: bool


class BlobFiles:
    """The folder of the files; every name in it is a digest or an id that was checked."""

    def __init__(self, folder: Path) -> None:
        """Keep the files in *folder*, made when first needed."""
        self._folder = folder

    def whole(self, county_id: str, sha256: str) -> Path:
        """Return where the whole file is, or will be."""
        return self._folder / county_id / sha256[:2] / sha256

    def part(self, key: BlobKey) -> Path:
        """Return where the bytes are that have come so far."""
        return self._folder / key.county_id / "part" / f"{key.sha256}.{key.object_id}"

    def received(self, key: BlobKey) -> int:
        """Return how many bytes have come so far."""
        try:
            return self.part(key).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, key: BlobKey, offset: int, piece: bytes) -> int:
        """Write *piece* durably at the end of what has come; return where that ends now.

        Raises:
            ProblemError: `blob-offset` when *offset* is not that end; `busy` without room.
        """
        with _held(self.part(key)) as file:
            end = os.fstat(file).st_size
            if offset != end:
                raise ProblemError("blob-offset", offset=end)
            try:
                _write_all(file, piece, end)
                os.fsync(file)
            except OSError as error:
                os.ftruncate(file, end)
                raise ProblemError("busy") from error
            return end + len(piece)

    def content_of_part(self, key: BlobKey) -> bytes:
        """Return the bytes that have come so far."""
        return self.part(key).read_bytes()

    def drop_part(self, key: BlobKey) -> None:
        """Forget the bytes that have come so far."""
        self.part(key).unlink(missing_ok=True)

    def make_whole(self, key: BlobKey) -> None:
        """Put the bytes that have come in their place: all of the file, or nothing."""
        whole = self.whole(key.county_id, key.sha256)
        whole.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.part(key).replace(whole)
        _sync_folder(whole.parent)

    def read(self, county_id: str, sha256: str) -> bytes | None:
        """Return the whole file, or None."""
        try:
            return self.whole(county_id, sha256).read_bytes()
        except FileNotFoundError:
            return None

    def stored(self, county_id: str) -> Iterator[Path]:
        """Yield every file of a county, whole or not."""
        yield from (path for path in (self._folder / county_id).glob("*/*") if path.is_file())


def progress_of(session: Session, files: BlobFiles, upload: Upload) -> Progress:
    """Return how much of *upload* the server has.

    Raises:
        ProblemError: The device may attach no such thing there.
    """
    blob = session.get(BlobModel, (upload.key.object_id, upload.key.sha256))
    _demand_allowed(session, upload, blob)
    if blob is None:
        return Progress(0, is_whole=False)
    if blob.size != upload.size:
        # The quota was asked for another size.
        raise ProblemError("blob-damaged")
    whole = files.whole(upload.key.county_id, upload.key.sha256)
    if blob.completed_at is not None and whole.exists():
        return Progress(blob.size, is_whole=True)
    return Progress(files.received(upload.key), is_whole=False)


def take_piece(  # noqa: PLR0913, PLR0917 - what one piece is
    session: Session,
    files: BlobFiles,
    config: Config,
    upload: Upload,
    offset: int,
    piece: bytes,
    now: dt.datetime,
) -> Progress:
    """Keep one piece durably; with the last one, look at the whole and put it in its place.

    Raises:
        ProblemError: `blob-offset` with the right `offset`, `blob-damaged` (begin anew),
            `blob-type-refused`, `blob-too-large`, `blob-quota-reached`, or why the device may
            attach no such thing there.
    """
    known = progress_of(session, files, upload)
    if known.is_whole:
        return known
    if upload.size > ATTACHMENT_BYTES_MAX or offset + len(piece) > upload.size:
        raise ProblemError("blob-too-large", megabytes_max=ATTACHMENT_BYTES_MAX // MEGABYTE)
    if known.offset == 0:
        _begin(session, config, upload, now)
    end = files.append(upload.key, offset, piece)
    if end < upload.size:
        return Progress(end, is_whole=False)
    _finish(session, files, upload, now)
    return Progress(end, is_whole=True)


def visible_blob(
    session: Session, county_id: str, staff_id: str, sha256: str, now: dt.datetime
) -> AttachmentModel | None:
    """Return an attachment with these bytes that the person may see now, or None."""
    rows = DatabaseRows(session, county_id)
    actor = actor_of(demand(rows, Staff, staff_id))
    entry, attachment = FeedEntryModel, AttachmentModel
    query = (
        sa.select(attachment)
        .join(entry, sa.and_(entry.row_id == attachment.id, entry.table_name == Attachment.TABLE))
        .where(
            attachment.county_id == county_id,
            attachment.sha256 == sha256,
            entry.scope.in_(scopes_of(actor, rows, day_at_outlet(now))),
            entry.gone.is_(False),
        )
        .limit(1)
    )
    return session.scalars(query).first()


def _demand_allowed(session: Session, upload: Upload, blob: BlobModel | None) -> None:
    """Refuse who could not attach such a thing to that object, for the same reasons."""
    rows = DatabaseRows(session, upload.key.county_id)
    actor = actor_of(demand(rows, Staff, upload.staff_id))
    attached = [one.sha256 for one in live_attachments(rows, upload.key.object_id)]
    if upload.key.sha256 in attached and blob is not None and blob.device == upload.device:
        return  # The answer to the last piece got lost.
    try:
        demand_attachable(rows, upload.object_table, upload.key.object_id, upload.kind, actor)
    except RefusedError as error:
        raise ProblemError(error.slug, **error.facts) from error


def _begin(session: Session, config: Config, upload: Upload, now: dt.datetime) -> None:
    """Note that these bytes are to come, as long as the device has not sent too much today."""
    blob = BlobModel
    with write_transaction(session, upload.key.county_id):
        begun = sa.select(sa.func.coalesce(sa.func.sum(blob.size), 0)).where(
            blob.device == upload.device,
            blob.begun_at > now - QUOTA_WINDOW,
            sa.or_(blob.object_id != upload.key.object_id, blob.sha256 != upload.key.sha256),
        )
        if int(session.scalar(begun) or 0) + upload.size > config.blob_quota_bytes:
            raise ProblemError("blob-quota-reached")
        insert = insert_into(session, blob).values(
            object_id=upload.key.object_id,
            sha256=upload.key.sha256,
            county_id=upload.key.county_id,
            device=upload.device,
            size=upload.size,
            begun_at=now,
        )
        replaced = {name: insert.excluded[name] for name in ("device", "begun_at")}
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["object_id", "sha256"],
                set_=replaced | {"media_type": None, "completed_at": None},
            )
        )


def _finish(session: Session, files: BlobFiles, upload: Upload, now: dt.datetime) -> None:
    """Put the whole in its place, if it is what was announced."""
    content = files.content_of_part(upload.key)
    if hashlib.sha256(content).hexdigest() != upload.key.sha256:
        files.drop_part(upload.key)
        raise ProblemError("blob-damaged")
    media_type = media_type_of(content)
    if media_type is None or media_type not in MEDIA_TYPES[upload.kind]:
        files.drop_part(upload.key)
        raise ProblemError("blob-type-refused")
    # Inside the lock, for the collector of files that nobody needs holds it too.
    with write_transaction(session, upload.key.county_id):
        files.make_whole(upload.key)
        blob = session.get_one(BlobModel, (upload.key.object_id, upload.key.sha256))
        blob.media_type, blob.completed_at = media_type, now


@contextmanager
def _held(path: Path) -> Iterator[int]:
    """Open *path*, made if need be, for this request alone: a device that tries again is early."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _write_all(file: int, content: bytes, offset: int) -> None:
    written = 0
    while written < len(content):
        written += os.pwrite(file, content[written:], offset + written)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
