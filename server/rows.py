"""Rows as rules read them, from the database, within one county."""

from __future__ import annotations

import dataclasses
import functools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.models import RowModel, model_of
from shared.domain.rows import Row
from shared.ids import InvalidIdError, parse_id

__all__ = ["DatabaseRows", "field_names", "row_of"]

RowT = TypeVar("RowT", bound=Row)

_Question: TypeAlias = tuple[tuple[str, object], ...]

# SQLite takes 32,766 parameters in one statement, PostgreSQL 65,535.
VALUES_PER_QUERY_MAX = 10_000


@functools.cache
def field_names(table: type) -> tuple[str, ...]:
    """Return the names of a row's fields, in their order."""
    return tuple(field.name for field in dataclasses.fields(table))


def row_of(record: RowModel) -> Row:
    """Return the domain row that a record stores."""
    names = field_names(cast("Hashable", record.ROW))
    make = cast("Any", record.ROW)
    row: Row = make(**{name: getattr(record, name) for name in names})
    return row


class DatabaseRows:
    """All rows of one county, as this session sees them; each is asked for and converted once.

    Answers are kept until `keep` or `forget`: nobody else writes inside the county's lock.

    Attributes:
        new_prefix: The device and sequence of the op that runs now, for the first time: no row
            can have an id of it yet, so none is looked for.
        missed_id: The id that was last asked for in vain: what a refusal `missing-object` is
            about, so that an op can wait for it.
    """

    def __init__(self, session: Session, county_id: str) -> None:
        self._session = session
        self._county_id = county_id
        # Records are kept here because a session forgets those that nobody holds.
        self._records: dict[tuple[type[Row], str], RowModel] = {}
        self._rows: dict[tuple[type[Row], str], Row] = {}
        self._absent: set[tuple[type[Row], str]] = set()
        self._answers: defaultdict[type[Row], dict[_Question, list[Row]]] = defaultdict(dict)
        self.new_prefix: tuple[int, int] | None = None
        self.missed_id: str | None = None

    def get(self, table: type[RowT], row_id: str) -> RowT | None:
        """Return the row of that id, or None."""
        record = self.record(table, row_id)
        if record is None:
            self.missed_id = row_id
            return None
        return cast("RowT", self._converted(table, record))

    def where(self, table: type[RowT], **equal: object) -> list[RowT]:
        """Return the rows whose named fields equal the given values, ordered by id."""
        question = tuple(sorted(equal.items()))
        answer = self._answers[table].get(question)
        if answer is None:
            model = model_of(table)
            query = sa.select(model).filter_by(county_id=self._county_id).order_by(model.id)
            for name, value in question:
                query = query.where(getattr(model, name) == value)
            answer = self._known(table, self._session.scalars(query).all())
            self._answers[table][question] = answer
        return list(cast("list[RowT]", answer))

    def where_in(self, table: type[RowT], name: str, values: Sequence[str]) -> list[RowT]:
        """Return the rows whose field *name* is any of *values*, ordered by id."""
        model = model_of(table)
        found: list[RowModel] = []
        for start in range(0, len(values), VALUES_PER_QUERY_MAX):
            some = values[start : start + VALUES_PER_QUERY_MAX]
            query = sa.select(model).where(
                model.county_id == self._county_id, getattr(model, name).in_(some)
            )
            found += self._session.scalars(query)
        found.sort(key=lambda record: record.id)
        return cast("list[RowT]", self._known(table, found))

    def record(self, table: type[Row], row_id: str) -> RowModel | None:
        """Return the stored record of that id, with its revision, or None."""
        key = (table, row_id)
        record = self._records.get(key)
        if record is not None or key in self._absent or self._is_new(row_id):
            return record
        record = self._session.get(model_of(table), row_id)
        if record is None or record.county_id != self._county_id:
            self._absent.add(key)
            return None
        self._records[key] = record
        return record

    def keep(self, table: type[Row], record: RowModel, row: Row) -> None:
        """Know *row* as what *record* stores from now on."""
        key = (table, row.id)
        self._records[key] = record
        self._rows[key] = row
        self._absent.discard(key)
        self._answers.pop(table, None)

    def prefetch(self, wanted: Iterable[tuple[type[Row], str]]) -> None:
        """Load rows with one query for each table, where single ones would be many."""
        by_table: defaultdict[type[Row], set[str]] = defaultdict(set)
        for table, row_id in wanted:
            if (table, row_id) not in self._records:
                by_table[table].add(row_id)
        for table, ids in by_table.items():
            self.where_in(table, "id", sorted(ids))

    def forget(self) -> None:
        """Drop what was read: a rollback has made it untrue."""
        self._records.clear()
        self._rows.clear()
        self._absent.clear()
        self._answers.clear()

    def _is_new(self, row_id: str) -> bool:
        if self.new_prefix is None:
            return False
        try:
            parts = parse_id(row_id)
        except InvalidIdError:
            return False
        return (parts.device_number, parts.sequence) == self.new_prefix

    def _known(self, table: type[Row], records: Sequence[RowModel]) -> list[Row]:
        for record in records:
            self._records[table, record.id] = record
        return [self._converted(table, record) for record in records]

    def _converted(self, table: type[Row], record: RowModel) -> Row:
        row = self._rows.get((table, record.id))
        if row is None:
            row = self._rows[table, record.id] = row_of(record)
        return row
