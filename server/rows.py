"""Rows as rules read them, from the database, within one county; and where changed ones wait.

A batch asks the same things over and over: who works at this outlet, who holds how many leads.
So every answer is kept, and kept true as rows change; and rows are written many at a time.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import operator
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import Session

from server.database import binders, insert_many, readers, update_many, write_behind
from server.models import RowModel, model_of
from shared.domain.rows import Row
from shared.ids import SEQUENCE_MAX, make_id

__all__ = ["DatabaseRows", "Record", "field_names", "row_of"]

RowT = TypeVar("RowT", bound=Row)
T = TypeVar("T")

_Names: TypeAlias = tuple[str, ...]
_Values: TypeAlias = tuple[object, ...]

# SQLite takes 32,766 parameters in one statement, PostgreSQL 65,535.
VALUES_PER_QUERY_MAX = 10_000

_NOTED = ("revision", "changed_by_device", "foreign_revision", "changed_at")
_SALT_MAX = 2**20 - 1  # The last part of an id; what is before says which op made the object.
_NO_IDS = ("Z", "")


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


@dataclass(slots=True)
class Record:
    """A row with what the server notes about it; see `RowModel`.

    Attributes:
        is_stored: Whether the database has a row of this id already.
    """

    row: Row
    revision: int
    changed_by_device: int
    foreign_revision: int
    changed_at: dt.datetime
    is_stored: bool = True


class DatabaseRows:
    """All rows of one county, as this session sees them; each is asked for and converted once.

    Answers are kept until `forget`: nobody else writes inside the county's lock.

    Attributes:
        missed_id: The id that was last asked for in vain: what a refusal `missing-object` is
            about, so that an op can wait for it.
    """

    def __init__(self, session: Session, county_id: str) -> None:
        self._session = session
        self._county_id = county_id
        self._records: dict[tuple[type[Row], str], Record] = {}
        self._absent: set[tuple[type[Row], str]] = set()
        self._answers: defaultdict[type[Row], dict[_Names, dict[_Values, _Answer]]] = defaultdict(
            dict
        )
        self._changes: defaultdict[type[Row], _Changes] = defaultdict(_Changes)
        self._facts: dict[Hashable, Any] = {}
        self._facts_about: defaultdict[type[Row], set[Hashable]] = defaultdict(set)
        self._watchers: defaultdict[type[Row], list[_Watcher]] = defaultdict(list)
        self._new_from, self._new_to = _NO_IDS
        self.missed_id: str | None = None

    def get(self, table: type[RowT], row_id: str) -> RowT | None:
        """Return the row of that id, or None."""
        record: Any = self.record(table, row_id)
        if record is None:
            self.missed_id = row_id
            return None
        row: RowT = record.row
        return row

    def where(self, table: type[RowT], **equal: object) -> list[RowT]:
        """Return the rows whose named fields equal the given values, ordered by id."""
        names = tuple(equal) if len(equal) == 1 else tuple(sorted(equal))
        values = tuple([equal[name] for name in names])
        answers = self._answers[table].setdefault(names, {})
        answer = answers.get(values)
        if answer is None:
            found = [] if self._names_new(table, names, values) else self._select(table, equal)
            answer = answers[values] = _Answer({row.id: row for row in found})
            self._changes[table].add_to(answer, names, values)
        rows: list[Any] = answer.rows()
        return rows

    def where_in(self, table: type[RowT], name: str, values: Iterable[str]) -> list[RowT]:
        """Return the rows whose field *name* is any of *values*, ordered by id."""
        asked = sorted(set(values))
        if name == "id":
            self.prefetch((table, row_id) for row_id in asked)
            found = [self.record(table, row_id) for row_id in asked]
            return [cast("RowT", record.row) for record in found if record is not None]
        self.prime(table, name, asked)
        rows = [row for value in asked for row in self.where(table, **{name: value})]
        return sorted(rows, key=lambda row: row.id)

    def prime(self, table: type[Row], name: str, values: Iterable[str]) -> None:
        """Ask at once what `where` will be asked for each of *values*."""
        names = (name,)
        answers = self._answers[table].setdefault(names, {})
        fresh = {value: _Answer({}) for value in values if (value,) not in answers}
        asked = sorted(value for value in fresh if not self._names_new(table, names, (value,)))
        for row in self._select_in(table, name, asked):
            fresh[getattr(row, name)].put(row)
        for value, answer in fresh.items():
            answers[value,] = answer
            self._changes[table].add_to(answer, names, (value,))

    def prefetch(self, wanted: Iterable[tuple[type[Row], str]]) -> None:
        """Load rows with one query for each table, where single ones would be many."""
        by_table: defaultdict[type[Row], set[str]] = defaultdict(set)
        for key in wanted:
            if key not in self._records and key not in self._absent and not self.is_new(key[1]):
                by_table[key[0]].add(key[1])
        for table, ids in by_table.items():
            found = self._select_in(table, "id", sorted(ids))
            self._absent.update((table, row_id) for row_id in ids - {row.id for row in found})

    def record(self, table: type[Row], row_id: str) -> Record | None:
        """Return the stored record of that id, with its revision, or None."""
        key = (table, row_id)
        record = self._records.get(key)
        if record is not None or key in self._absent or self.is_new(row_id):
            return record
        if not self._select(table, {"id": row_id}):
            self._absent.add(key)
        return self._records.get(key)

    def remembered(
        self, question: Hashable, tables: Iterable[type[Row]], find: Callable[[], T]
    ) -> T:
        """Return what *find* once found, until a row of one of *tables* changes."""
        if question not in self._facts:
            self._facts[question] = find()
            for table in tables:
                self._facts_about[table].add(question)
        fact: T = self._facts[question]
        return fact

    def watch(self, table: type[Row], notice: Callable[[Row | None, Row], None]) -> None:
        """Have *notice* called with every row of *table* that changes: before and after."""
        self._watchers[table].append(notice)

    def expect_new(self, device_number: int, first: int, last: int = SEQUENCE_MAX) -> None:
        """Know that no row of the ops *first* to *last* of a device was stored before this batch.

        Nothing is asked of the database about their ids.
        """
        self._new_from = make_id(device_number, first, 0)
        self._new_to = make_id(device_number, last, _SALT_MAX)

    def expect_none_new(self) -> None:
        """Ask the database about every id again."""
        self._new_from, self._new_to = _NO_IDS

    def is_new(self, row_id: str) -> bool:
        """Tell whether an object of that id can only have been made in this batch."""
        return self._new_from <= row_id <= self._new_to

    def put(self, row: Row, device_number: int, now: dt.datetime, *, is_raised: bool) -> None:
        """Hold *row* as the state of its id from now on, to be written with others.

        Args:
            row: New, or in its new state.
            device_number: Whose op this is.
            now: When.
            is_raised: Whether this op has raised the row's revision before.
        """
        table = type(row)
        county_id = getattr(row, "county_id", self._county_id)
        assert county_id == self._county_id, "a row stays in its county"
        record = self.record(table, row.id)
        before = None if record is None else record.row
        if record is None:
            record = Record(row, 1, device_number, 0, now, is_stored=False)
            self._records[table, row.id] = record
            self._absent.discard((table, row.id))
        else:
            record.row = row
            if not is_raised:
                _raise(record, device_number, now)
        self._changes[table].put(record, before)
        self._keep_answers(table, before, row)
        write_behind(self._session, self.write)

    def write(self) -> None:
        """Write what waits."""
        connection = self._session.connection()
        for table, changes in self._changes.items():
            if changes.waiting:
                stored = _Stored.of(table, connection.dialect)
                stored.write(connection, self._county_id, changes.waiting.values())
                changes.waiting.clear()

    def forget(self) -> None:
        """Drop what was read and what waits: a rollback has made it untrue."""
        self._records.clear()
        self._absent.clear()
        self._answers.clear()
        self._changes.clear()
        self._facts.clear()
        self._facts_about.clear()
        self._watchers.clear()

    def _keep_answers(self, table: type[Row], before: Row | None, row: Row) -> None:
        for names, answers in self._answers[table].items():
            values_of = _reader_of(names)
            values = values_of(row)
            former = values if before is None else values_of(before)
            if former != values and former in answers:
                answers[former].drop(row.id)
            if values in answers:
                answers[values].put(row)
        for question in self._facts_about.pop(table, ()):
            self._facts.pop(question, None)
        for notice in self._watchers.get(table, ()):
            notice(before, row)

    def _names_new(self, table: type[Row], names: _Names, values: _Values) -> bool:
        """Tell whether a question names an object that no stored row of *table* can know of."""
        references = _references(table)
        for name, value in zip(names, values, strict=True):
            if name in references and isinstance(value, str) and self.is_new(value):
                return True
        return False

    def _select(self, table: type[Row], equal: Mapping[str, object]) -> list[Row]:
        connection = self._session.connection()
        stored = _Stored.of(table, connection.dialect)
        return self._taken(table, stored, stored.find(connection, self._county_id, equal))

    def _select_in(self, table: type[Row], name: str, values: Sequence[str]) -> list[Row]:
        connection = self._session.connection()
        stored = _Stored.of(table, connection.dialect)
        found: list[Row] = []
        for start in range(0, len(values), VALUES_PER_QUERY_MAX):
            some = values[start : start + VALUES_PER_QUERY_MAX]
            answer = stored.find_any(connection, self._county_id, name, some)
            found += self._taken(table, stored, answer)
        return found

    def _taken(self, table: type[Row], stored: _Stored, answer: Iterable[Any]) -> list[Row]:
        """Return the rows of *answer*; of one that is known already, its present state is kept."""
        changed = self._changes[table].kept if table in self._changes else {}
        rows: list[Row] = []
        for found in answer:
            key = (table, found[0])
            record = self._records.get(key)
            if record is None:
                record = self._records[key] = stored.record_of(found)
            if found[0] not in changed:
                rows.append(record.row)
        return rows


_Watcher: TypeAlias = Callable[[Row | None, Row], None]


class _Answer:
    """The rows that answer a question, ordered only when somebody asks."""

    __slots__ = ("_by_id", "_ordered")

    def __init__(self, by_id: dict[str, Row]) -> None:
        self._by_id = by_id
        self._ordered: list[Row] | None = None

    def rows(self) -> list[Row]:
        if self._ordered is None:
            self._ordered = [self._by_id[row_id] for row_id in sorted(self._by_id)]
        return list(self._ordered)

    def put(self, row: Row) -> None:
        self._by_id[row.id] = row
        self._ordered = None

    def drop(self, row_id: str) -> None:
        self._by_id.pop(row_id, None)
        self._ordered = None


class _Changes:
    """The rows of one table that this transaction has put: in their last state, and by field."""

    __slots__ = ("_by", "kept", "waiting")

    def __init__(self) -> None:
        self.kept: dict[str, Row] = {}
        self.waiting: dict[str, Record] = {}
        self._by: dict[_Names, defaultdict[_Values, dict[str, Row]]] = {}

    def put(self, record: Record, before: Row | None) -> None:
        row = record.row
        self.kept[row.id] = row
        self.waiting[row.id] = record
        for names, found in self._by.items():
            values_of = _reader_of(names)
            if before is not None:
                found[values_of(before)].pop(row.id, None)
            found[values_of(row)][row.id] = row

    def add_to(self, answer: _Answer, names: _Names, values: _Values) -> None:
        """Add the rows that answer a question, whatever the database says of them."""
        if not self.kept:
            return
        found = self._by.get(names)
        if found is None:
            found = self._by[names] = defaultdict(dict)
            values_of = _reader_of(names)
            for row in self.kept.values():
                found[values_of(row)][row.id] = row
        for row in found.get(values, {}).values():
            answer.put(row)


def _raise(record: Record, device_number: int, now: dt.datetime) -> None:
    if record.changed_by_device != device_number:
        record.foreign_revision = record.revision
        record.changed_by_device = device_number
    record.revision += 1
    record.changed_at = now


@functools.cache
def _reader_of(names: _Names) -> Callable[[Row], _Values]:
    """Return what reads the fields of these names."""
    if not names:
        return lambda _: ()  # Somebody asked for the whole table.
    if len(names) == 1:  # Of one name the getter below returns no tuple.
        (name,) = names
        return lambda row: (getattr(row, name),)
    return operator.attrgetter(*names)


class _Stored:
    """How rows of one table are read and written on one engine.

    The statements are the driver's own: of a small query, SQLAlchemy's compiler takes the most.
    """

    def __init__(self, table: type[Row], dialect: Dialect) -> None:
        columns = cast("sa.Table", model_of(table).__table__).columns
        fields = field_names(cast("Hashable", table))
        assert fields[0] == "id", table
        names = (*fields, *_NOTED)
        self._make = cast("Any", table)
        self._fields = fields
        self._get = operator.attrgetter(*fields)
        self._quote = dialect.identifier_preparer.quote
        self._place = "%s" if dialect.name == "postgresql" else "?"
        self._target = self._quote(table.TABLE)
        self._names = names if "county_id" in fields else (*names, "county_id")
        self._readers = _at_places(readers(dialect, [columns[name] for name in names]))
        self._binders = _at_places(binders(dialect, [columns[name] for name in self._names]))
        self._bind = dict(zip(columns.keys(), binders(dialect, list(columns)), strict=True))
        self._read = (
            f"SELECT {', '.join(map(self._quote, names))} FROM {self._target}"  # noqa: S608 - ours
            f" WHERE {self._quote('county_id')} = {self._place}"
        )
        self._equal: dict[tuple[tuple[str, bool], ...], str] = {}

    @staticmethod
    def of(table: type[Row], dialect: Dialect) -> _Stored:
        """Return that of *table*."""
        known = _STORED.get((table, dialect.name))
        if known is None:
            known = _STORED[table, dialect.name] = _Stored(table, dialect)
        return known

    def find(
        self, connection: Connection, county_id: str, equal: Mapping[str, object]
    ) -> Iterable[Any]:
        """Return, for `record_of`, the rows whose fields equal the given values."""
        key = tuple((name, value is None) for name, value in equal.items())
        statement = self._equal.get(key)
        if statement is None:
            asked = (f"{self._quote(name)} IS NULL" if is_none else
                     f"{self._quote(name)} = {self._place}" for name, is_none in key)  # fmt: skip
            statement = self._equal[key] = " AND ".join((self._read, *asked))
        values = [self._bound(name, value) for name, value in equal.items() if value is not None]
        return connection.exec_driver_sql(statement, (county_id, *values))

    def find_any(
        self, connection: Connection, county_id: str, name: str, values: Sequence[str]
    ) -> Iterable[Any]:
        """Return, for `record_of`, the rows whose field is any of the given values."""
        if not values:
            return ()
        places = ", ".join([self._place] * len(values))
        statement = f"{self._read} AND {self._quote(name)} IN ({places})"
        bound = [self._bound(name, value) for value in values]
        return connection.exec_driver_sql(statement, (county_id, *bound))

    def record_of(self, found: Sequence[Any]) -> Record:
        """Return the record that the database has answered with."""
        values = list(found)
        for place, read in self._readers:
            if values[place] is not None:
                values[place] = read(values[place])
        row = self._make(**dict(zip(self._fields, values, strict=False)))
        return Record(row, *values[len(self._fields) :])

    def write(self, connection: Connection, county_id: str, records: Iterable[Record]) -> None:
        """Insert what is new of *records*, and bring the others to their state."""
        new: list[tuple[Any, ...]] = []
        changed: list[tuple[Any, ...]] = []
        for record in records:
            values = [*self._get(record.row), record.revision, record.changed_by_device,
                      record.foreign_revision, record.changed_at, county_id]  # fmt: skip
            del values[len(self._names) :]  # Some rows say their county themselves.
            for place, ready in self._binders:
                if values[place] is not None:
                    values[place] = ready(values[place])
            if record.is_stored:
                changed.append((*values, record.row.id))
            else:
                new.append(tuple(values))
                record.is_stored = True
        insert_many(connection, self._make.TABLE, self._names, new)
        update_many(connection, self._make.TABLE, self._names, ("id",), changed)

    def _bound(self, name: str, value: object) -> object:
        ready = self._bind[name]
        return value if ready is None else ready(value)


_STORED: dict[tuple[type[Row], str], _Stored] = {}


def _at_places(made: Iterable[Callable[[Any], Any] | None]) -> list[tuple[int, Any]]:
    """Return the places of values that have to be converted, and what converts each."""
    return [(place, convert) for place, convert in enumerate(made) if convert is not None]


@functools.cache
def _references(table: type[Row]) -> frozenset[str]:
    """Return the fields of a row that name another: it was there when the row was written."""
    columns = cast("sa.Table", model_of(table).__table__).columns
    return frozenset(column.name for column in columns if column.foreign_keys)
