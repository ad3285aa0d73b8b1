"""Which operations mention which objects: an erasure finds them without reading the op log.

An operation's mentions are noted when it is taken. Not noted is what it made itself, for the id of
that says which operation it was, and who sent it. What a server of an older version took is noted
before anything is looked for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.database import insert_into
from server.models.sync import EnrolledDeviceModel, OpMentionModel, OpModel
from shared.domain.erasure import holds_text
from shared.ids import InvalidIdError, make_id, parse_id
from shared.wire.mutations import MUTATIONS

__all__ = ["chunks", "ids_in", "is_text", "mentions_of", "ops_that_mention"]

IDS_PER_QUERY = 500
OPS_AT_ONCE = 2_000
_ID = re.compile(r'"([0-9A-HJKMNP-TV-Z]{13})"')
_SALT_LENGTH = 4

T = TypeVar("T")


def ids_in(body: str) -> frozenset[str]:
    """Return all that may be ids in an operation's text."""
    return frozenset(_ID.findall(body))


def is_text(name: str) -> bool:
    """Tell whether an operation of that name may say who somebody is; an unknown one may."""
    mutation = MUTATIONS.get(name)
    return mutation is None or holds_text(mutation.args)


def mentions_of(device: EnrolledDeviceModel, seq: int, name: str, body: str) -> list[str]:
    """Return the ids that are to be noted of an operation: where there is no text, none."""
    if not is_text(name):
        return []
    made_here = make_id(device.number, seq, 0)[:-_SALT_LENGTH]
    return [
        row_id
        for row_id in sorted(ids_in(body))
        if row_id != device.staff_id and not row_id.startswith(made_here)
    ]


def ops_that_mention(
    session: Session, county_id: str, row_ids: Collection[str]
) -> Iterator[OpModel]:
    """Yield a county's operations whose text is kept and mentions any of *row_ids*."""
    _note_the_rest(session, county_id)
    wanted: defaultdict[int, set[int]] = defaultdict(set)
    mention = OpMentionModel
    for some in chunks(sorted(row_ids)):
        noted = sa.select(mention.device, mention.seq).where(mention.row_id.in_(some))
        for device, seq in session.execute(noted):
            wanted[device].add(seq)
    for row_id in row_ids:
        with suppress(InvalidIdError):
            maker = parse_id(row_id)
            wanted[maker.device_number].add(maker.sequence)
    for device, seqs in sorted(wanted.items()):
        for part in chunks(sorted(seqs)):
            kept = sa.select(OpModel).where(
                OpModel.device == device,
                OpModel.seq.in_(part),
                OpModel.county_id == county_id,
                OpModel.body.is_not(None),
            )
            for op in session.scalars(kept.order_by(OpModel.seq)).all():
                if is_text(op.name) and not ids_in(op.body or "").isdisjoint(row_ids):
                    yield op


def chunks(some: Sequence[T]) -> Iterable[Sequence[T]]:
    """Yield *some* in parts that a query can bear."""
    for start in range(0, len(some), IDS_PER_QUERY):
        yield some[start : start + IDS_PER_QUERY]


def _note_the_rest(session: Session, county_id: str) -> None:
    """Note the mentions of what was taken by a server that noted none."""
    device = EnrolledDeviceModel
    behind = sa.select(device).where(
        device.county_id == county_id, device.mentions_upto < device.last_seq
    )
    for one in session.scalars(behind.order_by(device.number)).all():
        while one.mentions_upto < one.last_seq:
            some = session.execute(
                sa.select(OpModel.seq, OpModel.name, OpModel.body)
                .where(OpModel.device == one.number, OpModel.seq > one.mentions_upto)
                .order_by(OpModel.seq)
                .limit(OPS_AT_ONCE)
            ).all()
            rows = [
                {"row_id": row_id, "device": one.number, "seq": seq}
                for seq, name, body in some
                for row_id in mentions_of(one, seq, name, body or "")
            ]
            if rows:
                noted = insert_into(session, OpMentionModel).on_conflict_do_nothing()
                session.execute(noted, rows)
            one.mentions_upto = some[-1].seq if some else one.last_seq
            session.flush()
