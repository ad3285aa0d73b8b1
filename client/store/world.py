"""The world as this person may see it: the server's rows, what waits in the outbox over them.

Server rows stay untouched. The overlay is what the rules make of the waiting ops, run in order
over them, and is worked out anew whenever either changes.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from client.store.replica import HeldRow
from shared.domain.customer import CustomerContact
from shared.domain.moment import Moment
from shared.domain.people import Actor
from shared.domain.refusals import RefusedError
from shared.domain.rows import Row
from shared.wire.mutations import UnknownMutationError, load_args, mutation_named
from shared.wire.rows import TABLES, decode_row
from shared.wire.schemas import InvalidFieldsError
from shared.wire.upcasters import upcast

__all__ = ["LocalOp", "World"]

_log = logging.getLogger(__name__)
RowT = TypeVar("RowT", bound=Row)


@dataclass(slots=True, kw_only=True)
class LocalOp:
    """An op whose effects the server's rows do not hold yet.

    Attributes:
        row_ids: What it made or changed when it was last run.
        refusal: Why the rules of this phone refuse it now; the server decides all the same.
        is_received: The server has it, and its rows may hold what it did: then the rules would
            refuse to do it again, which says nothing.
    """

    seq: int
    name: str
    version: int
    args: Mapping[str, Any]
    moment: Moment
    row_ids: tuple[str, ...] = ()
    refusal: RefusedError | None = None
    is_received: bool = False


class World:
    """All rows that this device holds, with the person's own waiting work laid over them."""

    actor: Actor
    """Who acts; set before anything is decided."""

    def __init__(self, today: Callable[[], dt.date]) -> None:
        """Begin empty; *today* decides which contacts have expired."""
        self._today = today
        self._base: dict[str, _Table] = {}
        self._overlay: dict[str, dict[str, Row]] = {}
        self.local_ops: dict[int, LocalOp] = {}
        self.changes = 0
        """Rises when a row or what the rules say of a waiting op may be another than before."""

    # --- Rows, as shared.domain.rows asks ------------------------------------------------------

    def get(self, table: type[RowT], row_id: str) -> RowT | None:
        """Return the row of that id, or None."""
        row = self._overlay.get(table.TABLE, {}).get(row_id)
        if row is None and (base := self._base.get(table.TABLE)) is not None:
            row = base.get(row_id)
        return None if row is None or self._is_expired(row) else cast("RowT", row)

    def where(self, table: type[RowT], **equal: object) -> list[RowT]:
        """Return the rows whose named fields equal the given values, ordered by id."""
        laid = self._overlay.get(table.TABLE, {})
        found = {
            row_id: row
            for row_id, row in laid.items()
            if all(getattr(row, name) == value for name, value in equal.items())
        }
        if (base := self._base.get(table.TABLE)) is not None:
            for row in base.where(equal):
                if row.id not in laid:
                    found[row.id] = row
        return [
            cast("RowT", found[row_id])
            for row_id in sorted(found)
            if not self._is_expired(found[row_id])
        ]

    # --- What the engine asks -------------------------------------------------------------------

    def revision(self, table: type[Row], row_id: str) -> int | None:
        """Return the revision of the server's row, or None for one that it has not sent."""
        base = self._base.get(table.TABLE)
        return None if base is None else base.revision(row_id)

    def revision_of(self, row_id: str) -> int | None:
        """Return the revision of the server's row of that id, whatever its table."""
        found = (base.revision(row_id) for base in self._base.values())
        return next((revision for revision in found if revision is not None), None)

    def knows(self, row_id: str) -> bool:
        """Tell whether any table has a row of that id."""
        is_laid = any(row_id in rows for rows in self._overlay.values())
        return is_laid or self.revision_of(row_id) is not None

    def is_local(self, table: type[Row], row_id: str) -> bool:
        """Tell whether waiting work of this phone has made or changed the row."""
        return row_id in self._overlay.get(table.TABLE, {})

    def take(self, rows: Iterable[HeldRow], gone: Iterable[tuple[str, str]] = ()) -> None:
        """Take server rows as they come; call `lay` afterwards."""
        rows, gone = list(rows), list(gone)
        self.changes += bool(rows or gone)
        for row in rows:
            if row.table in TABLES:  # Of a newer server's table only the replica knows.
                self._table(row.table).put(row.row_id, row.revision, row.content)
        for table, row_id in gone:
            if table in self._base:
                self._base[table].remove(row_id)

    def lay(self, ops: Iterable[LocalOp]) -> None:
        """Work out the overlay anew from *ops*, in their order."""
        before, refused_before = self._overlay, self._refusals()
        self._overlay = {}
        self.local_ops = {}
        for op in ops:
            self.lay_one(op)
        self.changes += before != self._overlay or refused_before != self._refusals()

    def lay_one(self, op: LocalOp) -> None:
        """Lay one more op over all that is there."""
        self.local_ops[op.seq] = op
        try:
            rows = self.decide(op)
        except RefusedError as refusal:
            op.refusal = None if op.is_received else refusal
            return
        op.refusal = None
        self.lay_rows(op, rows)

    def lay_rows(self, op: LocalOp, rows: Sequence[Row]) -> None:
        """Lay *rows*, which *op* has just been decided to make."""
        self.changes += 1
        self.local_ops[op.seq] = op
        op.row_ids = tuple(row.id for row in rows)
        for row in rows:
            self._overlay.setdefault(row.TABLE, {})[row.id] = row

    def decide(self, op: LocalOp) -> Sequence[Row]:
        """Return what the rules make of *op* here and now.

        Raises:
            RefusedError: They refuse it, or this app does not know it any more.
        """
        try:
            mutation = mutation_named(op.name, op.version)
            args = load_args(mutation, upcast(mutation, op.version, op.args))
            return mutation.run(self, args, self.actor, op.moment)
        except UnknownMutationError:
            raise RefusedError("unknown-mutation") from None
        except InvalidFieldsError as error:
            raise RefusedError("invalid-argument", field=min(error.errors)) from error
        except RefusedError:
            raise
        except Exception as error:
            # A rule that fails on one op must not take all the others off the screen.
            _log.exception("rule of %s failed", op.name)
            raise RefusedError("internal-error") from error

    def expired_contacts(self) -> list[tuple[str, str]]:
        """Return the held contact rows that may not stay on the device."""
        base = self._base.get(CustomerContact.TABLE)
        rows = [] if base is None else base.where({})
        return [(CustomerContact.TABLE, row.id) for row in rows if self._is_expired(row)]

    def _refusals(self) -> dict[int, str | None]:
        return {op.seq: op.refusal.slug if op.refusal else None for op in self.local_ops.values()}

    def _table(self, name: str) -> _Table:
        if name not in self._base:
            self._base[name] = _Table(name)
        return self._base[name]

    def _is_expired(self, row: Row) -> bool:
        return isinstance(row, CustomerContact) and row.expires_on < self._today()


class _Table:
    """The server's rows of one table, decoded when first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._sealed: dict[str, bytes] = {}  # JSON that nobody has asked for yet.
        self._rows: dict[str, Row] = {}
        self._revisions: dict[str, int] = {}
        self._indexes: dict[str, dict[object, set[str]]] = {}

    def revision(self, row_id: str) -> int | None:
        return self._revisions.get(row_id)

    def put(self, row_id: str, revision: int, content: bytes) -> None:
        self._forget(row_id)
        self._revisions[row_id] = revision
        self._sealed[row_id] = content

    def remove(self, row_id: str) -> None:
        self._forget(row_id)
        self._revisions.pop(row_id, None)

    def get(self, row_id: str) -> Row | None:
        content = self._sealed.pop(row_id, None)
        if content is not None:
            self._decode(row_id, content)
        return self._rows.get(row_id)

    def where(self, equal: Mapping[str, object]) -> list[Row]:
        """Return the rows with these values, by the index of the first field, in no order."""
        self._decode_all()
        if not equal:
            return list(self._rows.values())
        first, *others = equal.items()
        ids = self._index(first[0]).get(first[1], set())
        rows = [self._rows[row_id] for row_id in ids]
        return [row for row in rows if all(getattr(row, name) == v for name, v in others)]

    def _decode_all(self) -> None:
        waiting, self._sealed = self._sealed, {}
        for row_id, content in waiting.items():
            self._decode(row_id, content)

    def _decode(self, row_id: str, content: bytes) -> None:
        try:
            row = decode_row(self._name, json.loads(content))
        except (KeyError, TypeError, ValueError):
            # A newer server's value that this app does not know: as if it had not come.
            _log.exception("row of %s can't be read", self._name)
            return
        self._rows[row_id] = row
        for name, index in self._indexes.items():
            index.setdefault(getattr(row, name), set()).add(row_id)

    def _index(self, name: str) -> dict[object, set[str]]:
        if name not in self._indexes:
            index: dict[object, set[str]] = {}
            for row_id, row in self._rows.items():
                index.setdefault(getattr(row, name), set()).add(row_id)
            self._indexes[name] = index
        return self._indexes[name]

    def _forget(self, row_id: str) -> None:
        self._sealed.pop(row_id, None)
        row = self._rows.pop(row_id, None)
        if row is not None:
            for name, index in self._indexes.items():
                index[getattr(row, name)].discard(row_id)
