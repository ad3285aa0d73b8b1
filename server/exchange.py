"""One sync: what a device sends is taken in, then it is told what it does not know yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from server.auth import AuthenticDevice, standing_of
from server.database import insert_into, write_transaction
from server.feed import Page, pull
from server.identity import begin_new_life, identity_of, is_signed_by
from server.models.sync import (
    EnrolledDeviceModel,
    FeedEntryModel,
    FeedRowModel,
    OpModel,
    ScopeCounterModel,
    SetAsideModel,
)
from server.mutations.batch import WriteDoor, is_contact_stale, run_batch
from server.mutations.erased import Erased, erase_order, erased_forms
from server.mutations.moving import earlier_numbers
from server.mutations.oplog import result_of
from server.mutations.promises import Promise
from server.mutations.receiving import ReceivedOp
from server.rows import DatabaseRows
from server.scope import scopes_of
from shared.canonical import Json, canonical_bytes
from shared.domain.moment import day_at_outlet
from shared.domain.people import Staff, actor_of
from shared.domain.rows import demand
from shared.wire.checksum import table_sums
from shared.wire.envelope import OpForm, OpState, Receipt, from_base64url, receipt_bytes
from shared.wire.rows import decode
from shared.wire.schemas import instant_ms

__all__ = ["has_news", "push", "reply", "set_aside"]

KNOWN_MAX = 50
"""So many operations a device compares with its own after a restore; one that differs will do."""


def push(  # noqa: PLR0913, PLR0917 - what one request brings
    door: WriteDoor,
    session: Session,
    device: AuthenticDevice,
    ops: Sequence[ReceivedOp],
    open_seqs: Sequence[int],
    answered: Sequence[Json] = (),
) -> list[dict[str, Json]]:
    """Run what is new, and return the results of all that was sent or asked after.

    *answered* are results that the device holds of some of *ops*, from before a restore.
    """
    promises = _promises(door, session, device, ops, answered)
    _notice_forgotten_restore(door, session, device, list(promises.values()))
    results: dict[int, dict[str, Json]] = {}
    # A device that only listens doesn't wait for the county's writers.
    if ops or is_contact_stale(device.last_seen_at, door.clock.now()):
        kept = run_batch(door, session, device.number, device.county_id, ops, promises)
        results = {op.seq: result_of(op) for op in kept}
    asked = [seq for seq in open_seqs if seq not in results]
    if asked:
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
    is_check: bool = False,
    erased: int = 0,
    acked: int = 0,
) -> dict[str, Json]:
    """Return the answer to one sync: results, and a page of the feed.

    With *is_check*, the last page has checksums of all that the device should hold then. *erased*
    is the number of the last erase order that it has obeyed, *acked* the highest sequence up to
    which it held every result before this sync.
    """
    now = door.clock.now()
    known = standing_of(session, device.number)
    assert known is not None, "no device is ever forgotten"
    rows = DatabaseRows(session, device.county_id)
    actor = actor_of(demand(rows, Staff, device.staff_id))
    scopes = scopes_of(actor, rows, day_at_outlet(now))
    if device.generation != known.generation:
        # Another life of this server: what the device saw there proves nothing here.
        cursors = dict.fromkeys(cursors, 2**53 - 1)
    # Only scopes that were given to this device once: an answer must not tell of others' rows.
    elsewhere = cursors.keys() - set(scopes)
    lost = set(known.scopes) & elsewhere
    page = pull(session, scopes, cursors, lost, bytes_max)
    # Another copy of the installation was told of the loss: this one begins anew without.
    begun = sorted(scope for scope in elsewhere - lost if cursors[scope] > 0)
    answer = _answer(page, scopes, reset=[*page.reset, *begun])
    answer |= {
        "generation": known.generation,
        "server_time": instant_ms(now),
        "last": known.last_seq,
        "keep_from": known.backed_up_seq + 1,
        "results": list(results),
    }
    if device.generation != known.generation:
        enrolled = session.get_one(EnrolledDeviceModel, device.number)
        answer["earlier"] = {**earlier_numbers(session, enrolled)}
        answer["known"] = {**_known(session, device.number, acked)}
        answer["refused"] = [*_refused(session, device.number, acked)]
    if is_check and not page.more:
        sums = _sums(session, page)
        if sums is not None:
            answer["sums"] = {**sums}
    # What another life of this server was obeyed in proves nothing here.
    is_same_life = device.generation == known.generation
    order = erase_order(session, device.county_id, device.number, erased if is_same_life else 0)
    if order is not None:
        answer["erase"] = order
    _remember_scopes(session, device, known.scopes, scopes, lost)
    return answer


def has_news(session: Session, device: AuthenticDevice, cursors: Mapping[str, int]) -> bool:
    """Tell whether a scope that the device holds has gone on since *cursors*."""
    held = session.get_one(EnrolledDeviceModel, device.number).scopes
    counter = ScopeCounterModel
    query = sa.select(counter.scope, counter.version).where(counter.scope.in_(held))
    return any(version != cursors.get(scope, 0) for scope, version in session.execute(query))


def set_aside(
    door: WriteDoor, session: Session, device: AuthenticDevice, ops: Sequence[ReceivedOp]
) -> None:
    """Keep what a barred device sent, once, for a person to look at: it may be wages."""
    assert device.barred_by is not None, "others' operations run"
    if not ops:
        return
    body = canonical_bytes([op.members for op in ops])
    with write_transaction(session, device.county_id):
        erased = Erased(session, device.county_id)
        erased.look_up(device.number, ops)
        nameless: Json = [
            {"seq": op.seq} if erased.is_about(device.number, op) else dict(op.members)
            for op in ops
        ]
        kept = insert_into(session, SetAsideModel).values(
            digest=hashlib.sha256(body).hexdigest(),
            county_id=device.county_id,
            device=device.number,
            reason=device.barred_by,
            received_at=door.clock.now(),
            body=canonical_bytes(nameless).decode(),
        )
        session.execute(kept.on_conflict_do_nothing(index_elements=["digest"]))
    structlog.get_logger().warning(
        "operations set aside", device=device.number, reason=device.barred_by, count=len(ops)
    )


def _known(session: Session, device: int, acked: int) -> dict[str, str]:
    """Return, by sequence, the digests of the last operations that the device had answered.

    Before a restore, that is: a clone of it that came back first has given these sequences to
    operations of its own, and only the device can tell.
    """
    query = (
        sa.select(OpModel.seq, OpModel.digest)
        .where(OpModel.device == device, OpModel.seq <= acked)
        .order_by(OpModel.seq.desc())
        .limit(KNOWN_MAX)
    )
    return {str(seq): digest for seq, digest in session.execute(query)}


def _refused(session: Session, device: int, acked: int) -> Sequence[int]:
    """Return which of the last operations that the device had answered stand as refused here.

    What was accepted before a restore may have come since without that word: in a bundle that had
    been sealed before, say. Only the device still holds the receipt.
    """
    latest = (
        sa.select(OpModel.seq, OpModel.state)
        .where(OpModel.device == device, OpModel.seq <= acked)
        .order_by(OpModel.seq.desc())
        .limit(KNOWN_MAX)
        .subquery()
    )
    query = sa.select(latest.c.seq).where(latest.c.state == OpState.REJECTED)
    return session.scalars(query.order_by(latest.c.seq)).all()


def _promises(
    door: WriteDoor,
    session: Session,
    device: AuthenticDevice,
    ops: Sequence[ReceivedOp],
    answered: Iterable[Json],
) -> dict[int, Promise]:
    """Return, by sequence, what this server has really said of *ops* before; the rest is nothing.

    A state that was not final is no promise.
    """
    if not answered:
        return {}
    forms = {OpForm(device.number, op.seq, op.digest): op.seq for op in ops}
    forms |= {form: op.seq for op in ops for form in op.earlier}
    forms |= erased_forms(session, device.number, ops)
    now = door.clock.now()
    promises = {}
    for result in answered:
        receipt, problem = _receipt_in(result)
        if receipt is None or not _is_signed(receipt, door):
            continue
        seq = forms.get(OpForm(receipt.device, receipt.seq, receipt.digest))
        if seq is not None and receipt.state in {OpState.OK, OpState.REJECTED}:
            promises[seq] = Promise(receipt, problem, now)
    return promises


def _receipt_in(result: Any) -> tuple[Receipt | None, dict[str, Json] | None]:
    try:
        problem = result.get("problem")
        receipt = decode(Receipt, result["receipt"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None, None
    # Nothing has looked at the members' types; only a signature vouches for the others.
    if type(receipt.seq) is not int:
        return None, None
    return receipt, problem if isinstance(problem, dict) else None


def _is_signed(receipt: Receipt, door: WriteDoor) -> bool:
    """Tell whether this server's key has signed *receipt*; members of a wrong type were not."""
    try:
        signature = from_base64url(receipt.signature)
        content = receipt_bytes(receipt)
    except (TypeError, ValueError, AttributeError):
        return False
    return is_signed_by(from_base64url(door.signer.public_key), content, signature)


def _notice_forgotten_restore(
    door: WriteDoor, session: Session, device: AuthenticDevice, promises: Sequence[Promise]
) -> None:
    """Begin a new life when a receipt proves that this one has lost what it had signed.

    Somebody has put a backup in place without `liandong restore`; the other phones must know.
    """
    if not promises:
        return
    generation = identity_of(session, door.signer).generation
    if not any(
        promise.receipt.generation == generation
        and session.get(OpModel, (promise.receipt.device, promise.receipt.seq)) is None
        for promise in promises
    ):
        return
    with write_transaction(session, device.county_id):
        identity = identity_of(session, door.signer)
        session.refresh(identity, with_for_update=True)
        if identity.generation == generation:
            begin_new_life(session, door.signer)
    structlog.get_logger().error("a restore was not announced; a new generation has begun")


def _sums(session: Session, page: Page) -> dict[str, str] | None:
    """Return the checksums of what a device holds after *page*; None when it is old by now."""
    entry, state, counter = FeedEntryModel, FeedRowModel, ScopeCounterModel
    held = (
        sa.select(state.table_name, state.row_id, state.revision)
        .join(entry, (entry.row_id == state.row_id) & (entry.table_name == state.table_name))
        .where(entry.scope.in_(page.cursors), entry.gone.is_(False))
        .distinct()
    )
    sums = table_sums((table, row_id, seen) for table, row_id, seen in session.execute(held))
    # Asked last: on PostgreSQL each query sees what was committed until then.
    query = sa.select(counter.scope, counter.version).where(counter.scope.in_(page.cursors))
    latest = dict(session.execute(query).all())
    is_current = all(latest.get(scope, 0) == seen for scope, seen in page.cursors.items())
    return sums if is_current else None


def _answer(page: Page, scopes: Sequence[str], *, reset: Sequence[str]) -> dict[str, Json]:
    return {
        "rows": dict(page.rows),
        "gone": dict(page.gone),
        "scopes": list(scopes),
        "reset": list(reset),
        "cursors": dict(page.cursors),
        "more": page.more,
    }


def _remember_scopes(
    session: Session,
    device: AuthenticDevice,
    noted: tuple[str, ...],
    scopes: Sequence[str],
    lost: set[str],
) -> None:
    """Note which scopes the device may hold rows of; only a change is written.

    A lost scope stays noted until the device no longer names it: this answer may get lost.
    """
    remembered = tuple(sorted({*scopes, *lost}))
    if noted == remembered:
        return
    with write_transaction(session, device.county_id):
        session.get_one(EnrolledDeviceModel, device.number).scopes = remembered
