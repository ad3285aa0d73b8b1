"""One sync: what a device sends is taken in, then it is told what it does not know yet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from server.auth import AuthenticDevice
from server.database import insert_into, write_transaction
from server.feed import Page, pull
from server.identity import identity_of
from server.models.people import DeviceModel
from server.models.sync import EnrolledDeviceModel, OpModel, SetAsideModel
from server.mutations.batch import WriteDoor, is_contact_stale, run_batch
from server.mutations.oplog import result_of
from server.mutations.receiving import ReceivedOp
from server.rows import DatabaseRows
from server.scope import scopes_of
from shared.canonical import Json, canonical_bytes
from shared.domain.moment import day_at_outlet
from shared.domain.people import Staff, actor_of
from shared.domain.rows import demand
from shared.wire.schemas import instant_ms

__all__ = ["push", "reply", "set_aside"]


def push(
    door: WriteDoor,
    session: Session,
    device: AuthenticDevice,
    ops: Sequence[ReceivedOp],
    open_seqs: Sequence[int],
) -> list[dict[str, Json]]:
    """Run what is new, and return the results of all that was sent or asked after."""
    row = session.scalars(sa.select(DeviceModel).filter_by(number=device.number)).one()
    results: dict[int, dict[str, Json]] = {}
    # A device that only listens doesn't wait for the county's writers.
    if ops or is_contact_stale(row.last_seen_at, door.clock.now()):
        kept = run_batch(door, session, device.number, device.county_id, ops)
        results = {op.seq: result_of(op) for op in kept}
    asked = [seq for seq in open_seqs if seq not in results]
    query = sa.select(OpModel).where(OpModel.device == device.number, OpModel.seq.in_(asked))
    results |= {op.seq: result_of(op) for op in session.scalars(query)}
    return [results[seq] for seq in sorted(results)]


def reply(  # noqa: PLR0913 - what one answer is made of
    door: WriteDoor,
    session: Session,
    device: AuthenticDevice,
    *,
    results: Sequence[dict[str, Json]],
    cursors: dict[str, int],
    bytes_max: int,
) -> dict[str, Json]:
    """Return the answer to one sync: results, and a page of the feed."""
    now = door.clock.now()
    identity = identity_of(session, door.signer)
    enrolled = session.get_one(EnrolledDeviceModel, device.number)
    rows = DatabaseRows(session, device.county_id)
    actor = actor_of(demand(rows, Staff, device.staff_id))
    scopes = scopes_of(actor, rows, day_at_outlet(now))
    if device.generation != identity.generation:
        # Another life of this server: what the device saw there proves nothing here.
        cursors = dict.fromkeys(cursors, 2**53 - 1)
    # Only scopes that were given to this device once: an answer must not tell of others' rows.
    lost = set(enrolled.scopes) & cursors.keys() - set(scopes)
    page = pull(session, scopes, cursors, lost, bytes_max)
    answer = _answer(page, scopes)
    answer |= {
        "generation": identity.generation,
        "server_time": instant_ms(now),
        "last": enrolled.last_seq,
        "results": list(results),
    }
    _remember_scopes(session, device, scopes, lost)
    return answer


def set_aside(
    door: WriteDoor, session: Session, device: AuthenticDevice, ops: Sequence[ReceivedOp]
) -> None:
    """Keep what a barred device sent, once, for a person to look at: it may be wages."""
    assert device.barred_by is not None, "others' operations run"
    if not ops:
        return
    body = canonical_bytes([op.members for op in ops])
    with write_transaction(session, device.county_id):
        kept = insert_into(session, SetAsideModel).values(
            digest=hashlib.sha256(body).hexdigest(),
            county_id=device.county_id,
            device=device.number,
            reason=device.barred_by,
            received_at=door.clock.now(),
            body=body.decode(),
        )
        session.execute(kept.on_conflict_do_nothing(index_elements=["digest"]))
    structlog.get_logger().warning(
        "operations set aside", device=device.number, reason=device.barred_by, count=len(ops)
    )


def _answer(page: Page, scopes: Sequence[str]) -> dict[str, Json]:
    return {
        "rows": dict(page.rows),
        "gone": dict(page.gone),
        "scopes": list(scopes),
        "reset": list(page.reset),
        "cursors": dict(page.cursors),
        "more": page.more,
    }


def _remember_scopes(
    session: Session, device: AuthenticDevice, scopes: Sequence[str], lost: set[str]
) -> None:
    """Note which scopes the device may hold rows of; only a change is written.

    A lost scope stays noted until the device no longer names it: this answer may get lost.
    """
    remembered = tuple(sorted({*scopes, *lost}))
    if session.get_one(EnrolledDeviceModel, device.number).scopes == remembered:
        return
    with write_transaction(session, device.county_id):
        session.get_one(EnrolledDeviceModel, device.number).scopes = remembered
