"""What the server writes by itself: imports, enrolments; through the same door as the phones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from server.database import write_transaction
from server.feed import publish
from server.identity import next_cause
from server.mutations.batch import WriteDoor
from server.mutations.transaction import Transaction
from server.rows import DatabaseRows
from shared.domain.moment import Moment
from shared.domain.people import Actor

__all__ = ["NOBODY", "own_transaction"]

NOBODY = ""
"""The staff id of the server as an actor: it holds no post and is nobody's colleague."""


@contextmanager
def own_transaction(
    door: WriteDoor, session: Session, county_id: str, *, actor: Actor | None = None
) -> Iterator[Transaction]:
    """Give a transaction to write in, of the server itself; leaving it publishes and commits.

    An exception leaves nothing behind. The county itself may be one of the rows put. *actor* is
    who has the server do it, if it does not of its own accord.
    """
    with write_transaction(session, county_id):
        rows = DatabaseRows(session, county_id)
        moment = Moment.at(door.clock.now())
        nobody = Actor(staff_id=NOBODY, outlet_id="", county_id=county_id, roles=frozenset())
        tx = Transaction(
            session=session,
            rows=rows,
            actor=actor or nobody,
            moment=moment,
            op_id=next_cause(session, door.signer),
            signer=door.signer,
        )
        yield tx
        publish(session, rows, county_id, tx.changed.values(), moment.now)
