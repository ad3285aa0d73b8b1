"""Throwing away the bytes that nobody may or need keep, after a grace."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.blobs import BlobFiles, BlobKey
from server.models.attachment import BlobModel
from server.models.people import CountyModel
from server.mutations.batch import WriteDoor
from server.mutations.own import own_transaction
from server.mutations.transaction import Transaction
from shared.domain.attachment import Attachment, bearer_of, kept_until
from shared.domain.policy import policy_on

__all__ = ["Collected", "collect_blobs"]


@dataclass(slots=True)
class Collected:
    """What was found and thrown away.

    Attributes:
        expired: Attachments whose time was over.
        files: Files deleted, whole ones and beginnings.
        freed_bytes: What that freed.
        missing: Attachments whose file is not there: lost with a disk, or not in a backup.
    """

    expired: int = 0
    files: int = 0
    freed_bytes: int = 0
    missing: int = 0


def collect_blobs(
    door: WriteDoor, session: Session, files: BlobFiles, grace: dt.timedelta
) -> Collected:
    """End attachments whose time is over, and delete bytes that none names any more.

    Args:
        door: Every write's way in; the county's lock is held meanwhile, against new pieces' ends.
        session: The database.
        files: Where the bytes lie.
        grace: How long bytes are kept that no attachment names, not yet or not any more.
    """
    collected = Collected()
    for county_id in list(session.scalars(sa.select(CountyModel.id))):
        with own_transaction(door, session, county_id) as tx:
            _end_expired(tx, collected)
            _drop_unnamed(tx, files, grace, collected)
            _drop_strays(tx, files, grace, collected)
    return collected


def _end_expired(tx: Transaction, collected: Collected) -> None:
    policy = policy_on(tx.rows, tx.moment.today, county_id=tx.county_id)
    for attachment in tx.rows.where(Attachment, removed_at=None):
        bearer = bearer_of(tx.rows, attachment.object_table, attachment.object_id)
        last_day = kept_until(attachment, bearer, policy)
        if last_day is None or last_day < tx.moment.today:
            tx.put(replace(attachment, removed_at=tx.moment.now))
            collected.expired += 1


def _drop_unnamed(
    tx: Transaction, files: BlobFiles, grace: dt.timedelta, collected: Collected
) -> None:
    """Delete what was sent and is named by no attachment; a file goes with its last object."""
    named: defaultdict[tuple[str, str], list[Attachment]] = defaultdict(list)
    for attachment in tx.rows.where(Attachment):
        named[attachment.object_id, attachment.sha256].append(attachment)
    blobs = list(tx.session.scalars(sa.select(BlobModel).filter_by(county_id=tx.county_id)))
    kept: set[str] = set()
    dropped: set[str] = set()
    for blob in blobs:
        attachments = named[blob.object_id, blob.sha256]
        if any(one.removed_at is None for one in attachments):
            kept.add(blob.sha256)
            collected.missing += not files.whole(tx.county_id, blob.sha256).exists()
            continue
        # Removed, or sent for an operation that is still on its way.
        since = max(
            blob.completed_at or blob.begun_at,
            *(one.removed_at or blob.begun_at for one in attachments),
            blob.begun_at,
        )
        if tx.moment.now - since < grace:
            kept.add(blob.sha256)
            continue
        tx.session.delete(blob)
        dropped.add(blob.sha256)
        _delete(files.part(BlobKey(tx.county_id, blob.object_id, blob.sha256)), collected)
    for sha256 in dropped - kept:
        _delete(files.whole(tx.county_id, sha256), collected)


def _drop_strays(
    tx: Transaction, files: BlobFiles, grace: dt.timedelta, collected: Collected
) -> None:
    """Delete files that the database knows nothing of: a crash, or a restored database, left them.

    Their age is the file system's word; the grace is days.
    """
    known = set(tx.session.scalars(sa.select(BlobModel.sha256).filter_by(county_id=tx.county_id)))
    for path in files.stored(tx.county_id):
        changed_at = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        if path.name.partition(".")[0] not in known and tx.moment.now - changed_at >= grace:
            _delete(path, collected)


def _delete(path: Path, collected: Collected) -> None:
    if path.exists():
        collected.freed_bytes += path.stat().st_size
        path.unlink()
        collected.files += 1
