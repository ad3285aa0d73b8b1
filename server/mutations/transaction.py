"""One op's way to write: rows go in by `put`, their revisions and followers are seen to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast

from sqlalchemy.orm import Session

from server.identity import ReceiptSigner
from server.models import MODELS
from server.rows import DatabaseRows
from shared.domain.moment import Moment
from shared.domain.notice import Notice, NoticeKind
from shared.domain.people import Actor
from shared.domain.rows import Row
from shared.ids import derived_id, parse_id

__all__ = ["Foresight", "Reaction", "Transaction", "missing_reference"]

RowT = TypeVar("RowT", bound=Row)


class Transaction:
    """What one op (or the server itself) writes; nothing of it is visible before the commit.

    Attributes:
        session: The database session, inside the county's write lock.
        rows: All rows of the county, with what this transaction has put.
        actor: Who acts; for the server itself, an actor without posts.
        moment: When: `now` as decided, and the provable interval of the capture.
        op_id: The id of the op; what follows from it gets ids derived from it.
        device_number: Whose op it is; that of a moved one may be in an `op_id` of before.
        county_id: The county; no transaction crosses counties.
        changed: The rows put so far, by table and id, each in its last state.
        signer: Signs what is answered anew; None where nothing is.
        has_begun: Whether anything may have been written: a refusal before needs no rollback.
    """

    def __init__(  # noqa: PLR0913 - what a write is made of
        self,
        *,
        session: Session,
        rows: DatabaseRows,
        actor: Actor,
        moment: Moment,
        op_id: str,
        device_number: int | None = None,
        signer: ReceiptSigner | None = None,
    ) -> None:
        self.session = session
        self.rows = rows
        self.actor = actor
        self.moment = moment
        self.op_id = op_id
        self.county_id = actor.county_id
        self.changed: dict[tuple[type[Row], str], Row] = {}
        self.has_begun = False
        self.signer = signer
        self.device_number = device_number or parse_id(op_id).device_number
        self._before: dict[tuple[type[Row], str], Row | None] = {}
        self._given_ids: dict[str, tuple[str, int]] = {}

    def put(self, row: Row) -> None:
        """Insert *row*, or replace the one of its id; an equal one is left as it is.

        The revision goes up once for each transaction that changes the row.
        """
        key = (type(row), row.id)
        record = self.rows.record(*key)
        before = None if record is None else record.row
        if before == row:
            return
        is_raised = key in self._before
        self.rows.put(row, self.device_number, self.moment.now, is_raised=is_raised)
        if not is_raised:
            self._before[key] = before
        self.changed[key] = row

    def before(self, table: type[RowT], row_id: str) -> RowT | None:
        """Return the row as it was before this transaction, or None when it is new."""
        if (table, row_id) in self._before:
            return cast("RowT | None", self._before[table, row_id])
        return self.rows.get(table, row_id)

    def notify(self, for_id: str, kind: NoticeKind, about: Row) -> None:
        """Tell a person to look at *about*; nobody is told of what they did themselves."""
        if for_id == self.actor.staff_id:
            return
        self.put(
            Notice(
                id=self.new_id(f"notice:{for_id}:{kind}:{about.id}"),
                for_id=for_id,
                kind=kind,
                object_table=about.TABLE,
                object_id=about.id,
                at=self.moment.now,
            )
        )

    def new_id(self, kind: str, ordinal: int = 0) -> str:
        """Return an id for what follows from the op: the same whenever the op runs again.

        Two kinds of one op never get the same id, though 20 bits of salt would allow it.
        """
        asked = (kind, ordinal)
        found = derived_id(self.op_id, kind, ordinal)
        while self._given_ids.setdefault(found, asked) != asked:
            found = derived_id(found, kind, ordinal)
        return found


Reaction: TypeAlias = Callable[[Transaction, Any], None]
"""What the server does of its own accord after a mutation, given its arguments."""

Foresight: TypeAlias = Callable[[DatabaseRows, Sequence[Any]], None]
"""Reads at once what the reactions to many operations of a kind will ask for, one by one."""


def missing_reference(tx: Transaction, rows: Sequence[Row]) -> type[Row] | None:
    """Return the table of an object that one of *rows* newly names and that does not exist.

    Asked before the database is: its foreign keys, checked at the commit, would refuse the batch.
    """
    together = {(type(row), row.id) for row in rows}
    for row in rows:
        before = tx.before(type(row), row.id)
        for name, target in _references(type(row)).items():
            value = getattr(row, name)
            if value is None or before == row or (target, value) in together:
                continue
            if before is not None and getattr(before, name) == value:
                continue
            if tx.rows.get(target, value) is None:
                return target
    return None


@functools.cache
def _references(table: type[Row]) -> Mapping[str, type[Row]]:
    """Return the columns of a table that name a row of another, and which one."""
    rows_of = {model.__tablename__: row for row, model in MODELS.items()}
    columns = MODELS[table].__table__.columns
    return {
        column.name: rows_of[key.column.table.name]
        for column in columns
        for key in column.foreign_keys
    }
