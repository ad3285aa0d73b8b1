"""The feed: each row, encoded, in each scope that may see it, in the order of commits.

A scope's counter is raised under its row's lock, so no reader can see version 8 while version 7 is
still being written: a cursor never skips a row (ADR-0006).
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from server.database import insert_many, update_many
from server.models.sync import FeedEntryModel, FeedRowModel, ScopeCounterModel
from server.rows import DatabaseRows
from server.scope import ABOVE, BELOW, places_of
from shared.canonical import Json, canonical_bytes
from shared.domain.people import Device, Staff
from shared.domain.points import PointsEntry
from shared.domain.referral import Referral
from shared.domain.rows import Row
from shared.wire.rows import TABLES, encode

__all__ = ["Feed", "KnownObject", "Page", "known_objects", "publish", "pull"]

RowKey = tuple[str, str]
"""A table's name and a row's id."""

ENTRIES_PER_QUERY = 500


@dataclass(slots=True)
class Page:
    """What one answer tells a device.

    Attributes:
        rows: For each table, pairs of revision and encoded row.
        gone: For each table, the ids that are no longer for this device.
        reset: Scopes whose rows begin anew: the device was ahead of this server.
        cursors: How far the device is now, by scope.
        more: Whether there is another page.
    """

    rows: defaultdict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    gone: defaultdict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    reset: list[str] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)
    more: bool = False


def publish(
    session: Session, rows: DatabaseRows, county_id: str, changed: Iterable[Row], now: dt.datetime
) -> None:
    """Bring *changed* rows, and those whose place depends on them, into the feeds."""
    Feed(session, rows, county_id).publish(changed, now)


def pull(
    session: Session,
    scopes: Sequence[str],
    cursors: Mapping[str, int],
    lost: Iterable[str],
    bytes_max: int,
) -> Page:
    """Return what a device that holds *scopes* does not know yet, up to about *bytes_max*.

    Args:
        session: For reading.
        scopes: All that the device holds now.
        cursors: The version that it has seen, by scope; missing ones begin at 0.
        lost: Scopes that it held before: what only they held is gone.
        bytes_max: Where the page ends; one row is always told.
    """
    page = Page()
    latest = _latest_versions(session, scopes)
    gone: set[RowKey] = set()
    seen: dict[RowKey, tuple[int, str]] = {}
    room = max(bytes_max, 1)
    for scope in scopes:
        cursor = cursors.get(scope, 0)
        if cursor > latest.get(scope, 0):
            page.reset.append(scope)
            cursor = 0
        if cursor < latest.get(scope, 0):
            if room <= 0:
                page.more = True
            else:
                cursor, room = _read_scope(session, scope, cursor, room, seen, gone)
                page.more |= cursor < latest[scope]
        page.cursors[scope] = cursor
    gone |= _only_in(session, list(lost))
    gone -= seen.keys()
    for table_name, row_id in sorted(gone - _held(session, gone, scopes)):
        page.gone[table_name].append(row_id)
    # Parsed together: a call for each would take as long again.
    rows = json.loads(f"[{','.join(body for _, body in seen.values())}]")
    for ((table_name, _), (revision, _)), row in zip(seen.items(), rows, strict=True):
        page.rows[table_name].append([revision, row])
    return page


@dataclass(frozen=True, slots=True)
class KnownObject:
    """An object that the feed knows: its table, and the scopes that hold it or have held it."""

    table: type[Row]
    scopes: set[str]


def known_objects(session: Session, row_ids: Iterable[str]) -> dict[str, KnownObject]:
    """Return, by id, those of the named objects that are, or were, in any feed."""
    found: dict[str, KnownObject] = {}
    for some in _chunks(sorted(set(row_ids))):
        for entry in session.connection().execute(_ENTRIES, {"row_ids": some}):
            table = TABLES[entry.table_name]
            known = found.setdefault(entry.row_id, KnownObject(table, set()))
            known.scopes.add(entry.scope)
    return found


@dataclass(frozen=True, slots=True)
class _News:
    """One entry to write: a row is in a scope from now on, or has changed there, or is gone."""

    scope: str
    key: RowKey
    gone: bool


@dataclass(slots=True)
class _Told:
    """What the feed says of a row: its encoded state, and whether it is gone from each scope.

    `revision` 0 is that of a row that the feed has no state of.
    """

    revision: int = 0
    is_stored: bool = False
    gone_from: dict[str, bool] = field(default_factory=dict)


class Feed:
    """One county's feeds, inside its write lock, with what is known of them kept."""

    def __init__(self, session: Session, rows: DatabaseRows, county_id: str) -> None:
        self._session = session
        self._rows = rows
        self._county_id = county_id
        self._told: dict[RowKey, _Told] = {}

    def publish(self, changed: Iterable[Row], now: dt.datetime) -> None:
        """Bring *changed* rows, and those whose place depends on them, into the feeds."""
        by_table: defaultdict[type[Row], dict[str, Row]] = defaultdict(dict)
        for row in changed:
            by_table[type(row)][row.id] = row
        _add_dependents(by_table, self._rows)
        everything = [row for some in by_table.values() for row in some.values()]
        if not everything:
            return
        self._rows.prefetch((Staff, staff_id) for row in everything for staff_id in _staff_of(row))
        self._look_up(everything)
        news: list[_News] = []
        states: dict[RowKey, tuple[int, str]] = {}
        for row in everything:
            self._add_news(row, places_of(row, self._rows, now), news, states)
        connection = self._session.connection()
        self._write_states(connection, states)
        self._write_entries(connection, news)

    def forget(self) -> None:
        """Drop what is known: a rollback has made it untrue."""
        self._told.clear()

    def _look_up(self, rows: Iterable[Row]) -> None:
        """Learn what the feeds say of *rows*; of what was made in this batch, nothing yet."""
        asked = {key for row in rows if (key := (row.TABLE, row.id)) not in self._told}
        self._told.update((key, _Told()) for key in asked)
        ids = sorted({row_id for _, row_id in asked if not self._rows.is_new(row_id)})
        connection = self._session.connection()
        for some in _chunks(ids):
            for entry in connection.execute(_ENTRIES, {"row_ids": some}):
                if (key := (entry.table_name, entry.row_id)) in asked:
                    self._told[key].gone_from[entry.scope] = entry.gone
            for state in connection.execute(_STATES, {"row_ids": some}):
                if (key := (state.table_name, state.row_id)) in asked:
                    told = self._told[key]
                    told.revision, told.is_stored = state.revision, True

    def _add_news(
        self, row: Row, places: set[str], news: list[_News], states: dict[RowKey, tuple[int, str]]
    ) -> None:
        """Add what must be written so that *row* is where it belongs, and nowhere else."""
        key = (row.TABLE, row.id)
        record, told = self._rows.record(type(row), row.id), self._told[key]
        assert record is not None, key
        left = [scope for scope, gone in told.gone_from.items() if not gone and scope not in places]
        is_changed = told.revision != record.revision
        if places and is_changed:
            states[key] = (record.revision, canonical_bytes(encode(row)).decode())
        elif left and not places:
            states[key] = (0, "")  # Nobody is to be told of it: nothing of it stays in the feed.
        news += [
            _News(scope, key, gone=False)
            for scope in sorted(places)
            if is_changed or told.gone_from.get(scope, True)
        ]
        news += [_News(scope, key, gone=True) for scope in sorted(left)]

    def _write_states(
        self, connection: Connection, states: Mapping[RowKey, tuple[int, str]]
    ) -> None:
        new: list[tuple[object, ...]] = []
        changed: list[tuple[object, ...]] = []
        for key, state in states.items():
            told = self._told[key]
            (changed if told.is_stored else new).append((*state, *key))
            told.revision, told.is_stored = state[0], True
        table, names = FeedRowModel.__tablename__, ("revision", "body")
        identity = ("table_name", "row_id")
        insert_many(connection, table, (*names, *identity), new)
        update_many(connection, table, names, identity, changed)

    def _write_entries(self, connection: Connection, news: Sequence[_News]) -> None:
        by_scope: defaultdict[str, list[_News]] = defaultdict(list)
        for one in news:
            by_scope[one.scope].append(one)
        latest = _raised_versions(
            connection, self._county_id, {scope: len(some) for scope, some in by_scope.items()}
        )
        new: list[tuple[object, ...]] = []
        changed: list[tuple[object, ...]] = []
        for scope, some in by_scope.items():
            for version, one in enumerate(some, start=latest[scope] - len(some) + 1):
                gone_from = self._told[one.key].gone_from
                entry = (version, one.gone, scope, *one.key)
                (changed if scope in gone_from else new).append(entry)
                gone_from[scope] = one.gone
        table, names = FeedEntryModel.__tablename__, ("version", "gone")
        identity = ("scope", "table_name", "row_id")
        insert_many(connection, table, (*names, *identity), new)
        update_many(connection, table, names, identity, changed)


def _staff_of(row: Row) -> Iterable[str]:
    """Yield the people of whom the place of *row* may depend."""
    for name in _STAFF_FIELDS.get(type(row), ()):
        staff_id = getattr(row, name)
        if staff_id is not None:
            yield staff_id


_STAFF_FIELDS: Mapping[type[Row], tuple[str, ...]] = {
    PointsEntry: ("payee_id", "maker_id"),
    Referral: ("referrer_id",),
    Device: ("staff_id",),
}
"""Whom many rows name, each another person; of the rest, one batch holds few."""


def _add_dependents(by_table: defaultdict[type[Row], dict[str, Row]], rows: DatabaseRows) -> None:
    for table, name, above in ABOVE:
        named_ids = {getattr(row, name) for row in by_table[table].values()} - {None}
        for named in rows.where_in(above, "id", named_ids):
            by_table[above].setdefault(named.id, named)
    for above, table, name in BELOW:
        rows.prime(table, name, by_table[above])
        for row_id in list(by_table[above]):
            for row in rows.where(table, **{name: row_id}):
                by_table[table].setdefault(row.id, row)
    for table, name, above in ABOVE:  # Their places depend on all rows that name them.
        rows.prime(table, name, by_table[above])


def _raised_versions(
    connection: Connection, county_id: str, by: Mapping[str, int]
) -> dict[str, int]:
    """Raise the versions of scopes, each by its number of entries; return them."""
    if not by:
        return {}
    # The driver's own: a statement of many values is put together anew each time, and that took
    # longer than anything else in a small push.
    place = "%s" if connection.dialect.name == "postgresql" else "?"
    values = ", ".join([f"({place}, {place}, {place})"] * len(by))
    statement = (
        f"INSERT INTO scope_counter (scope, county_id, version) VALUES {values}"  # noqa: S608 - ours
        " ON CONFLICT (scope) DO UPDATE SET version = scope_counter.version + excluded.version"
        " RETURNING scope, version"
    )
    # Sorted, so that no two writers ever wait for each other.
    given = tuple(value for scope in sorted(by) for value in (scope, county_id, by[scope]))
    return {row[0]: row[1] for row in connection.exec_driver_sql(statement, given)}


def _some(name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(name, expanding=True)


# Made once: putting a small query together takes longer than answering it.
_entry, _state = FeedEntryModel.__table__.c, FeedRowModel.__table__.c
_counter = ScopeCounterModel.__table__.c
_VERSIONS = sa.select(_counter.scope, _counter.version).where(_counter.scope.in_(_some("scopes")))
_ENTRIES = sa.select(_entry.row_id, _entry.table_name, _entry.scope, _entry.gone).where(
    _entry.row_id.in_(_some("row_ids"))
)
_STATES = sa.select(_state.row_id, _state.table_name, _state.revision).where(
    _state.row_id.in_(_some("row_ids"))
)
_NEWER = (
    sa.select(
        _entry.version, _entry.table_name, _entry.row_id, _entry.gone, _state.revision, _state.body
    )
    .join_from(
        FeedEntryModel.__table__,
        FeedRowModel.__table__,
        (_state.row_id == _entry.row_id) & (_state.table_name == _entry.table_name),
        isouter=True,
    )
    .where(_entry.scope == sa.bindparam("of_scope"), _entry.version > sa.bindparam("cursor"))
    .order_by(_entry.version)
    .limit(ENTRIES_PER_QUERY)
)
_PRESENT = sa.select(_entry.table_name, _entry.row_id).where(
    _entry.scope.in_(_some("scopes")), _entry.gone.is_(False)
)
_HELD = _PRESENT.where(_entry.row_id.in_(_some("row_ids")))


def _latest_versions(session: Session, scopes: Sequence[str]) -> dict[str, int]:
    found = session.connection().execute(_VERSIONS, {"scopes": list(scopes)})
    return {counter.scope: counter.version for counter in found}


def _read_scope(  # noqa: PLR0913, PLR0917 - one page's state, of which this reads one scope
    session: Session,
    scope: str,
    cursor: int,
    room: int,
    seen: dict[RowKey, tuple[int, str]],
    gone: set[RowKey],
) -> tuple[int, int]:
    """Read on in *scope* while there is room; return the new cursor and the room left."""
    is_new = cursor == 0  # Who never saw the scope needn't be told what left it.
    while room > 0:
        given = {"of_scope": scope, "cursor": cursor}
        found = session.connection().execute(_NEWER, given).all()
        for one in found:
            cursor = one.version
            key = (one.table_name, one.row_id)
            if not one.gone:
                if key not in seen or seen[key][0] < one.revision:
                    seen[key] = (one.revision, one.body)
                    room -= len(one.body) + len(one.row_id)
            elif not is_new:
                gone.add(key)
                room -= len(one.row_id)
            if room <= 0:
                break
        if len(found) < ENTRIES_PER_QUERY:
            break
    return cursor, room


def _only_in(session: Session, lost: Sequence[str]) -> set[RowKey]:
    if not lost:
        return set()
    found = session.connection().execute(_PRESENT, {"scopes": list(lost)})
    return {(entry.table_name, entry.row_id) for entry in found}


def _held(session: Session, keys: Iterable[RowKey], scopes: Sequence[str]) -> set[RowKey]:
    """Return those of *keys* that one of *scopes* holds."""
    held: set[RowKey] = set()
    for some in _chunks(sorted({row_id for _, row_id in keys})):
        given = {"row_ids": some, "scopes": list(scopes)}
        found = session.connection().execute(_HELD, given)
        held |= {(entry.table_name, entry.row_id) for entry in found}
    return held


def _chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(ids), ENTRIES_PER_QUERY):
        yield ids[start : start + ENTRIES_PER_QUERY]
