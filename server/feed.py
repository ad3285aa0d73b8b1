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
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.database import insert_into
from server.models.sync import FeedEntryModel, ScopeCounterModel
from server.rows import DatabaseRows
from server.scope import ABOVE, BELOW, places_of
from shared.canonical import Json, canonical_bytes
from shared.domain.rows import Row
from shared.wire.rows import TABLES, encode

__all__ = ["KnownObject", "Page", "known_objects", "publish", "pull"]

RowT = TypeVar("RowT", bound=Row)
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
    view = _Memo(rows)
    by_table: defaultdict[type[Row], dict[str, Row]] = defaultdict(dict)
    for row in changed:
        by_table[type(row)][row.id] = row
    _add_dependents(by_table, view)
    placed = [(row, places_of(row, view, now)) for some in by_table.values()
              for row in some.values()]  # fmt: skip
    news = _news(session, rows, placed)
    if news:
        _write(session, county_id, news)


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
    for (table_name, _), (revision, body) in seen.items():
        page.rows[table_name].append([revision, json.loads(body)])
    return page


@dataclass(frozen=True, slots=True)
class KnownObject:
    """An object that the feed knows: its table, and the scopes that hold it or have held it."""

    table: type[Row]
    scopes: set[str]


def known_objects(session: Session, row_ids: Iterable[str]) -> dict[str, KnownObject]:
    """Return, by id, those of the named objects that are, or were, in any feed."""
    found: dict[str, KnownObject] = {}
    entry = FeedEntryModel
    for some in _chunks(sorted(set(row_ids))):
        query = sa.select(entry.row_id, entry.table_name, entry.scope).where(entry.row_id.in_(some))
        for row_id, table_name, scope in session.execute(query):
            known = found.setdefault(row_id, KnownObject(TABLES[table_name], set()))
            known.scopes.add(scope)
    return found


@dataclass(frozen=True, slots=True)
class _News:
    """One entry to write: a row's new state in a scope; without a body it is gone from there."""

    scope: str
    key: RowKey
    revision: int
    body: str | None


class _Memo:
    """Rows with the answers to `where` kept: nothing changes while a batch is published."""

    def __init__(self, rows: DatabaseRows) -> None:
        self._rows = rows
        self._answers: dict[tuple[type[Row], str, object], list[Row]] = {}

    def get(self, table: type[RowT], row_id: str) -> RowT | None:
        return self._rows.get(table, row_id)

    def where(self, table: type[RowT], **equal: object) -> list[RowT]:
        if len(equal) != 1:
            return self._rows.where(table, **equal)
        ((name, value),) = equal.items()
        key = (table, name, value)
        if key not in self._answers:
            self._answers[key] = list(self._rows.where(table, **equal))
        return cast("list[RowT]", self._answers[key])

    def prime(self, table: type[Row], name: str, values: Iterable[str]) -> None:
        """Answer `where` for all *values* by one query."""
        wanted = sorted({value for value in values if (table, name, value) not in self._answers})
        for value in wanted:
            self._answers[table, name, value] = []
        for row in self._rows.where_in(table, name, wanted):
            self._answers[table, name, getattr(row, name)].append(row)


def _add_dependents(by_table: defaultdict[type[Row], dict[str, Row]], view: _Memo) -> None:
    for table, name, above in ABOVE:
        for row in list(by_table[table].values()):
            named_id = getattr(row, name)
            named = None if named_id is None else view.get(above, named_id)
            if named is not None:
                by_table[above].setdefault(named.id, named)
    for table, name, above in ABOVE:  # Their places depend on all rows that name them.
        view.prime(table, name, by_table[above])
    for above, table, name in BELOW:
        view.prime(table, name, by_table[above])
        for row_id in list(by_table[above]):
            for row in view.where(table, **{name: row_id}):
                by_table[table].setdefault(row.id, row)


def _news(
    session: Session, rows: DatabaseRows, placed: Sequence[tuple[Row, set[str]]]
) -> list[_News]:
    """Return what must be written so that each row is where it belongs, and nowhere else."""
    known = _entries_of(session, [row for row, _ in placed])
    news = []
    for row, places in placed:
        key = (row.TABLE, row.id)
        record = rows.record(type(row), row.id)
        assert record is not None, key
        entries = known.get(key, {})
        body: str | None = None
        for scope in sorted(places):
            entry = entries.get(scope)
            if entry is None or entry.gone or entry.revision != record.revision:
                body = body or canonical_bytes(encode(row)).decode()
                news.append(_News(scope, key, record.revision, body))
        news += [
            _News(scope, key, record.revision, None)
            for scope, entry in sorted(entries.items())
            if scope not in places and not entry.gone
        ]
    return news


def _entries_of(session: Session, rows: Sequence[Row]) -> dict[RowKey, dict[str, Any]]:
    wanted = {(row.TABLE, row.id) for row in rows}
    found: defaultdict[RowKey, dict[str, Any]] = defaultdict(dict)
    entry = FeedEntryModel
    for some in _chunks(sorted({row_id for _, row_id in wanted})):
        query = sa.select(
            entry.table_name, entry.row_id, entry.scope, entry.revision, entry.gone
        ).where(entry.row_id.in_(some))
        for record in session.execute(query):
            if (record.table_name, record.row_id) in wanted:
                found[record.table_name, record.row_id][record.scope] = record
    return found


def _write(session: Session, county_id: str, news: Sequence[_News]) -> None:
    by_scope: defaultdict[str, list[_News]] = defaultdict(list)
    for one in news:
        by_scope[one.scope].append(one)
    entries = []
    for scope in sorted(by_scope):
        some = by_scope[scope]
        last = _raise_version(session, county_id, scope, len(some))
        entries += [
            {
                "scope": scope,
                "table_name": one.key[0],
                "row_id": one.key[1],
                "version": last - len(some) + place,
                "revision": one.revision,
                "gone": one.body is None,
                "body": one.body or "",
            }
            for place, one in enumerate(some, start=1)
        ]
    insert = insert_into(session, FeedEntryModel)
    replaced = {name: insert.excluded[name] for name in ("version", "revision", "gone", "body")}
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["scope", "table_name", "row_id"], set_=replaced
        ),
        entries,
    )


def _raise_version(session: Session, county_id: str, scope: str, by: int) -> int:
    insert = insert_into(session, ScopeCounterModel).values(
        scope=scope, county_id=county_id, version=by
    )
    raised = insert.on_conflict_do_update(
        index_elements=["scope"], set_={"version": ScopeCounterModel.version + by}
    ).returning(ScopeCounterModel.version)
    return int(session.execute(raised).scalar_one())


def _latest_versions(session: Session, scopes: Sequence[str]) -> dict[str, int]:
    counter = ScopeCounterModel
    query = sa.select(counter.scope, counter.version).where(counter.scope.in_(scopes))
    return dict(session.execute(query).all())


def _read_scope(  # noqa: PLR0913, PLR0917 - one page's state, of which this reads one scope
    session: Session,
    scope: str,
    cursor: int,
    room: int,
    seen: dict[RowKey, tuple[int, str]],
    gone: set[RowKey],
) -> tuple[int, int]:
    """Read on in *scope* while there is room; return the new cursor and the room left."""
    entry = FeedEntryModel
    is_new = cursor == 0  # Who never saw the scope needn't be told what left it.
    while room > 0:
        query = (
            sa.select(entry)
            .where(entry.scope == scope, entry.version > cursor)
            .order_by(entry.version)
            .limit(ENTRIES_PER_QUERY)
        )
        found = session.scalars(query).all()
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
    entry = FeedEntryModel
    query = sa.select(entry.table_name, entry.row_id).where(
        entry.scope.in_(lost), entry.gone.is_(False)
    )
    return set(session.execute(query))


def _held(session: Session, keys: Iterable[RowKey], scopes: Sequence[str]) -> set[RowKey]:
    """Return those of *keys* that one of *scopes* holds."""
    entry = FeedEntryModel
    held: set[RowKey] = set()
    for some in _chunks(sorted({row_id for _, row_id in keys})):
        query = sa.select(entry.table_name, entry.row_id).where(
            entry.row_id.in_(some), entry.scope.in_(scopes), entry.gone.is_(False)
        )
        held |= {(table_name, row_id) for table_name, row_id in session.execute(query)}
    return held


def _chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(ids), ENTRIES_PER_QUERY):
        yield ids[start : start + ENTRIES_PER_QUERY]
