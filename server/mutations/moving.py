"""Operations that a phone sends again under a later number, for it was enrolled anew meanwhile.

The number changes, the operation does not: it runs once, whichever of its forms comes first, and
whoever waits for it goes on waiting for the right one.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.database import insert_into
from server.models.sync import EnrolledDeviceModel, MovedOpModel, OpModel
from server.mutations.receiving import ReceivedOp
from shared.wire.envelope import OpForm, OpState

__all__ = [
    "earlier_numbers",
    "has_moved_from",
    "note_moved",
    "recorded_since",
    "taken_as",
    "twins_of",
]


_KEPT_AT_MOST = dt.timedelta(days=60)
"""No phone keeps what was answered any longer (`client.store.outbox`)."""


def earlier_numbers(session: Session, device: EnrolledDeviceModel) -> dict[str, int]:
    """Return the other numbers of a phone's key, and the highest sequence known of each.

    What a phone has under one of them beyond that, a restore has lost.
    """
    query = sa.select(EnrolledDeviceModel.number, EnrolledDeviceModel.last_seq).where(
        EnrolledDeviceModel.public_key == device.public_key,
        EnrolledDeviceModel.number != device.number,
    )
    return {str(number): last for number, last in session.execute(query)}


def recorded_since(
    session: Session, device: EnrolledDeviceModel, op: ReceivedOp, *, is_promised: bool
) -> dt.datetime:
    """Return since when the phone that sends *op* can have recorded it: its first enrolment.

    One that only a lost life of this server knew of counts when its receipt is really ours.
    """
    if not op.earlier:
        return device.enrolled_at
    *_, first = op.earlier
    maker = session.get(EnrolledDeviceModel, first.device)
    if maker is not None and maker.public_key == device.public_key:
        return min(maker.enrolled_at, device.enrolled_at)
    return device.enrolled_at - (_KEPT_AT_MOST if is_promised else dt.timedelta())


def has_moved_from(session: Session, device: int, first: int) -> bool:
    """Tell whether operations of that number, from *first* on, have come under a later one.

    A copy of the phone, enrolled anew, may bring what this number has not sent (again) yet: rows
    with ids of such a sequence are there already.
    """
    given = {"of_device": device, "first": first}
    return session.execute(_MOVED_FROM, given).first() is not None


def twins_of(
    session: Session, device: EnrolledDeviceModel, ops: Sequence[ReceivedOp]
) -> dict[int, OpModel]:
    """Return, by sequence, those of *ops* that came already under another number, as taken then."""
    found: dict[OpForm, OpModel] = {}
    earlier = [form for op in ops for form in op.earlier]
    found.update(_taken(session, earlier))
    own = [OpForm(device.number, op.seq, op.digest) for op in ops]
    found.update((form, op) for form, op in _moved(session, [*own, *earlier]) if form not in found)
    twins: dict[int, OpModel] = {}
    for op, form in zip(ops, own, strict=True):
        for other in (found.get(one) for one in (*op.earlier, form)):
            # One that waits for this very operation is its copy.
            if (
                other is not None
                and (other.device, other.seq) != (device.number, op.seq)
                and (other.waits_device, other.waits_seq) != (device.number, op.seq)
            ):
                twins.setdefault(op.seq, other)
    return twins


def taken_as(session: Session, device: int, seq: int) -> OpModel | None:
    """Return the operation of that number, or the one as which it has come since."""
    taken = session.get(OpModel, (device, seq))
    if taken is not None:
        return taken
    query = sa.select(MovedOpModel).filter_by(was_device=device, was_seq=seq)
    moved = session.scalars(query.order_by(MovedOpModel.device, MovedOpModel.seq)).first()
    return None if moved is None else session.get(OpModel, (moved.device, moved.seq))


def note_moved(
    session: Session, device: EnrolledDeviceModel, op: ReceivedOp, record: OpModel
) -> None:
    """Note what *op* was before; what waited for it under a number of the same phone goes on."""
    for form in op.earlier:
        noted = insert_into(session, MovedOpModel).values(
            was_device=form.device,
            was_seq=form.seq,
            was_digest=form.digest,
            device=record.device,
            seq=record.seq,
        )
        # Where the operation came before, it is that one which counts.
        session.execute(
            noted.on_conflict_do_nothing(index_elements=["was_device", "was_seq", "was_digest"])
        )
        maker = session.get(EnrolledDeviceModel, form.device)
        if maker is None or maker.public_key != device.public_key:
            continue
        if session.get(OpModel, (form.device, form.seq)) is not None:
            continue
        waiting = sa.select(OpModel).filter_by(
            county_id=record.county_id,
            state=OpState.DEFERRED,
            waits_device=form.device,
            waits_seq=form.seq,
        )
        for one in session.scalars(waiting):
            one.waits_device, one.waits_seq = record.device, record.seq


# Made once: putting a small query together takes longer than answering it.
_OF_DEVICE: sa.BindParameter[int] = sa.bindparam("of_device")
_SEQS: sa.BindParameter[Any] = sa.bindparam("seqs", expanding=True)
_TAKEN = sa.select(OpModel).where(OpModel.device == _OF_DEVICE, OpModel.seq.in_(_SEQS))
_MOVED_FROM = (
    sa.select(MovedOpModel.was_seq)
    .where(MovedOpModel.was_device == _OF_DEVICE, MovedOpModel.was_seq >= sa.bindparam("first"))
    .limit(1)
)
_MOVED = sa.select(MovedOpModel).where(
    MovedOpModel.was_device == _OF_DEVICE, MovedOpModel.was_seq.in_(_SEQS)
)


def _taken(session: Session, forms: Iterable[OpForm]) -> Iterator[tuple[OpForm, OpModel]]:
    for device, by_seq in _by_device(forms).items():
        for op in session.scalars(_TAKEN, {"of_device": device, "seqs": list(by_seq)}):
            for form in by_seq[op.seq]:
                if form.digest == op.digest:
                    yield form, op


def _moved(session: Session, forms: Iterable[OpForm]) -> Iterator[tuple[OpForm, OpModel]]:
    for device, by_seq in _by_device(forms).items():
        for moved in session.scalars(_MOVED, {"of_device": device, "seqs": list(by_seq)}):
            op = session.get(OpModel, (moved.device, moved.seq))
            for form in by_seq[moved.was_seq]:
                if form.digest == moved.was_digest and op is not None:
                    yield form, op


def _by_device(forms: Iterable[OpForm]) -> dict[int, dict[int, list[OpForm]]]:
    found: defaultdict[int, dict[int, list[OpForm]]] = defaultdict(dict)
    for form in forms:
        found[form.device].setdefault(form.seq, []).append(form)
    return found
