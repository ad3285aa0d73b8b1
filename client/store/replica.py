"""The replica: sealed server rows in SQLite, with the cursors that they stand at.

It is a cache. Each page and its cursors are one transaction; what is damaged is dropped and
fetched anew from the server, while the readable rest serves.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import json
import logging
import sqlite3
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from client.device import (
    DeviceKeys,
    SealedItem,
    Settings,
    SettingsError,
    StorageFullError,
    UnsealError,
)
from shared.wire.checksum import table_sums

__all__ = ["HeldRow", "Page", "Replica"]

_log = logging.getLogger(__name__)

CHECKED_EVERY_MS = 24 * 3_600_000
QUIET_S = 2.0
"""Without a file, the whole database is kept this long after its last change."""

_SCHEMA = """
CREATE TABLE row (
    tbl TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, epoch INTEGER NOT NULL,
    sealed BLOB NOT NULL, PRIMARY KEY (tbl, id)
) WITHOUT ROWID;
CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
_SCHEMA_VERSION = 1
_CHECK = "check"
# A flipped bit in a record's header makes a value one of another type, which nobody can open.
_WHOLE_ROWS = """
SELECT tbl, id, revision, sealed, epoch FROM row
WHERE typeof(tbl) = 'text' AND typeof(id) = 'text' AND typeof(sealed) = 'blob'
    AND typeof(revision) = 'integer' AND typeof(epoch) = 'integer'
"""


_FAILURES = (sqlite3.Error, OSError, ValueError, SettingsError, StorageFullError)
_Changes: TypeAlias = dict[tuple[str, str], tuple[int, int] | None]
"""Of rows by table and id: revision and epoch, or None for one that is gone."""


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A server row: its table, id and revision, and its JSON object in UTF-8."""

    table: str
    row_id: str
    revision: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one answer brings.

    Attributes:
        applied: The highest op sequence whose effects the page completes, if it ends a pull.
        received: The highest op sequence that the server had, answered here or not.
        is_last: No more pages follow.
    """

    rows: Sequence[HeldRow] = ()
    gone: Sequence[tuple[str, str]] = ()
    cursors: Mapping[str, int] = field(default_factory=dict)
    scopes: Sequence[str] = ()
    applied: int = 0
    received: int = 0
    is_last: bool = True


class Replica:
    """The server's rows on this device, sealed under the vault's data key."""

    def __init__(
        self, path: Path | None, settings: Settings, keys: DeviceKeys, data_key: bytes, *, name: str
    ) -> None:
        """Keep the database at *path*; without one, in memory and as a setting called *name*."""
        self._path = path
        self._settings = settings
        self._keys = keys
        self._data_key = data_key
        self._name = f"replica/{name}"
        self._quiet: asyncio.Task[None] | None = None
        self._connection = sqlite3.connect(":memory:")
        self._known: dict[tuple[str, str], tuple[int, int]] = {}  # Revision and epoch of each row.
        self._sum = 0
        self.is_rebuilding = False

    async def load(self) -> list[HeldRow]:
        """Open the database and return its rows; what can't be read is fetched anew.

        Where the device has no room for it, it is kept in memory until the next start.
        """
        try:
            return await self._load(self._connect)
        except _FAILURES as error:
            if not _is_full(error):
                _log.exception("replica: damaged as a whole, begun anew")
                with contextlib.suppress(*_FAILURES):
                    return await self._load(self._connect_empty, is_new=True)
        _log.warning("replica: no room for it")
        with contextlib.suppress(*_FAILURES):
            return await self._load(self._copy_in_memory)
        return await self._load(self._begin_in_memory, is_new=True)

    async def _load(
        self, connect: Callable[[], Awaitable[sqlite3.Connection]], *, is_new: bool = False
    ) -> list[HeldRow]:
        self._connection.close()
        self._known.clear()
        self._sum = 0
        self._connection = await connect()
        rows, is_damaged = await self._read()
        if is_new or is_damaged:
            self.begin_rebuild()
        self.is_rebuilding = self._mark("rebuilding", 0) == 1
        return rows

    @property
    def cursors(self) -> dict[str, int]:
        """Per scope the version seen; the server reads a missing one as 0."""
        held: dict[str, int] = self._mark("cursors", {})
        return held

    @property
    def applied(self) -> int:
        """The highest op sequence whose effects the rows hold."""
        held: int = self._mark("applied", 0)
        return held

    @property
    def received(self) -> int:
        """The highest op sequence that the server had when the newest rows came.

        A bundle may have brought an op that this device still waits for an answer to.
        """
        held: int = self._mark("received", 0)
        return held

    async def apply(self, page: Page) -> tuple[list[HeldRow], list[tuple[str, str]]]:
        """Take *page* and its cursors in one transaction.

        Returns:
            The rows that were news, and what is gone, also after a rebuild's end.
        """
        epoch = self._mark("epoch", 0)
        news = self._news(page.rows, epoch)
        items = [SealedItem(_context(row), row.content) for row in news]
        sealed = await self._keys.seal(self._data_key, items) if items else []
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?)",
                [
                    (row.table, row.row_id, row.revision, epoch, blob)
                    for row, blob in zip(news, sealed, strict=True)
                ],
            )
            changes: _Changes = {(row.table, row.row_id): (row.revision, epoch) for row in news}
            gone = list(page.gone)
            if page.is_last and self.is_rebuilding:
                # Rows that the server did not name again have left the device meanwhile.
                gone += [
                    key
                    for key, (_, seen) in self._known.items()
                    if seen < epoch and key not in changes
                ]
                self._set_mark("rebuilding", 0)
            changes |= dict.fromkeys(gone)
            self._delete(gone)
            self._set_mark("sum", self._sum_after(changes))
            cursors = self.cursors | dict(page.cursors)
            self._set_mark("cursors", {s: v for s, v in cursors.items() if s in page.scopes})
            self._set_mark("received", max(self.received, page.received))
            if page.is_last:
                self._set_mark("applied", max(self.applied, page.applied))
        self._take(changes)
        self.is_rebuilding = self._mark("rebuilding", 0) == 1
        self._keep_soon()
        return news, gone

    def is_check_due(self, now_ms: int) -> bool:
        """Tell whether the server should say again what the rows add up to."""
        is_filled = bool(self.cursors) and not self.is_rebuilding
        return is_filled and abs(now_ms - self._mark("checked_ms", 0)) >= CHECKED_EVERY_MS

    def check(self, sums: Mapping[str, str], now_ms: int) -> bool:
        """Tell whether the rows are those that the server means; it is asked again a day later.

        Tables from which the phone drops rows by itself are left out until a rebuild.
        """
        dropped = set(self._mark("dropped", []))
        held = table_sums((table, row_id, seen[0]) for (table, row_id), seen in self._known.items())
        wrong = [table for table in {*held, *sums} - dropped if held.get(table) != sums.get(table)]
        with self._transaction():
            self._set_mark("checked_ms", now_ms)
        if wrong:
            _log.error("replica: not what the server means in %s", ", ".join(sorted(wrong)))
        return not wrong

    def begin_rebuild(self) -> None:
        """Fetch all rows anew; those held serve until the last page has come."""
        with self._transaction():
            self._set_mark("epoch", self._mark("epoch", 0) + 1)
            self._set_mark("cursors", {})
            self._set_mark("rebuilding", 1)
            self._set_mark("dropped", [])
            self._set_mark("dropped_on", "")
            self._set_mark("sum", self._sum)  # As the rows are now: the loss is known.
        self.is_rebuilding = True
        self._keep_soon()

    def belong_to(self, device: int) -> None:
        """Fetch all rows anew for another device number: nobody tells it what the old one lost."""
        if self._mark("device", None) == device:
            return
        with self._transaction():
            self._set_mark("device", device)
            self._set_mark("received", 0)
        if self.cursors:
            self.begin_rebuild()

    def lower_applied(self, seq: int) -> None:
        """Lower the applied and the received sequence after a restore of the server."""
        with self._transaction():
            self._set_mark("applied", min(self.applied, seq))
            self._set_mark("received", min(self.received, seq))

    def drop(self, gone: Iterable[tuple[str, str]], today: dt.date = dt.date.min) -> None:
        """Delete rows; what may not stay on the device by its clocks, for it is *today*."""
        changes: _Changes = dict.fromkeys(gone)
        with self._transaction():
            self._delete(changes)
            dropped = {table for table, _ in changes}
            self._set_mark("dropped", sorted(dropped.union(self._mark("dropped", []))))
            self._set_mark("dropped_on", max(self._mark("dropped_on", ""), today.isoformat()))
            self._set_mark("sum", self._sum_after(changes))
        self._take(changes)
        self._keep_soon()

    def has_dropped_early(self, today: dt.date) -> bool:
        """Tell whether rows were dropped by a clock that was days ahead of the server's *today*."""
        return bool(self._mark("dropped_on", "") > today.isoformat())

    async def compact(self) -> None:
        """Leave nothing of deleted rows in the file or its log, nor in the copy kept of memory."""
        if self._path is None:
            await self._keep()
        else:
            with contextlib.suppress(sqlite3.OperationalError):  # Another reader: the next time.
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    async def close(self) -> None:
        """Keep what is not kept yet, and close the database."""
        if self._quiet is not None:
            self._quiet.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._quiet
            await self._keep()
        self._connection.close()

    async def _connect(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, isolation_level=None)
            # Enough for a cache: a power cut may lose the last pages, never mix them.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        else:
            connection = sqlite3.connect(":memory:", isolation_level=None)
            image = await self._settings.get(self._name)
            if image:
                connection.deserialize(image)
        connection.execute("PRAGMA secure_delete = ON").fetchall()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.executescript(_SCHEMA)
        elif version != _SCHEMA_VERSION:
            connection.close()
            return await self._connect_empty()
        return connection

    async def _connect_empty(self) -> sqlite3.Connection:
        if self._path is None:
            await self._settings.delete(self._name)
        else:
            for suffix in ("", "-journal", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        return await self._connect()

    async def _copy_in_memory(self) -> sqlite3.Connection:
        """Return what the file holds; what is only in SQLite's log there comes from the server."""
        if self._path is None:
            raise FileNotFoundError("there is no file to copy")
        connection = sqlite3.connect(":memory:", isolation_level=None)
        address = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as kept:
            kept.backup(connection)
        return connection

    async def _begin_in_memory(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.executescript(_SCHEMA)
        return connection

    async def _read(self) -> tuple[list[HeldRow], bool]:
        """Return the readable rows, and whether any are damaged or missing.

        Raises:
            sqlite3.DatabaseError: A page that no row needs may fail a later write, or a cursor is
                not what was kept: it could skip rows for ever.
        """
        if self._connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("pages are damaged")
        # A flipped bit in a column's type makes numbers of ids that look like some.
        if _tables_of(self._connection) != _tables():
            raise sqlite3.DatabaseError("the tables are others")
        if self._mark(_CHECK, 0) != self._check_of_marks():
            raise sqlite3.DatabaseError("marks are damaged")
        (stored,) = self._connection.execute("SELECT count(*) FROM row").fetchone()
        rows: dict[tuple[str, str], HeldRow] = {}
        for table, row_id, revision, sealed, epoch in self._connection.execute(_WHOLE_ROWS):
            key = (table, row_id)
            twin, twin_epoch = self._known.get(key, (-1, -1))
            if (epoch, revision) > (twin_epoch, twin):
                rows[key] = HeldRow(table, row_id, revision, sealed)
                self._take({key: (revision, epoch)})
        damaged = stored != len(rows) or self._mark("sum", 0) != self._sum
        items = [SealedItem(_context(row), row.content) for row in rows.values()]
        try:
            contents: list[bytes | None] = [*await self._keys.unseal(self._data_key, items)]
        except UnsealError:
            contents = [await self._open_one(item) for item in items]
        readable = [
            HeldRow(row.table, row.row_id, row.revision, content)
            for row, content in zip(rows.values(), contents, strict=True)
            if content is not None
        ]
        if damaged or len(readable) < stored:
            _log.error("replica: damaged; %d of %d rows can be read", len(readable), stored)
            whole = {(row.table, row.row_id) for row in readable}
            self._write_anew({key: row for key, row in rows.items() if key in whole})
            return readable, True
        return readable, False

    def _write_anew(self, rows: Mapping[tuple[str, str], HeldRow]) -> None:
        """Leave nothing but *rows*, still sealed, in a tree that is sorted.

        A key with a flipped bit stands where nobody looks for it: it can't be deleted by its name,
        and hides its neighbours, so that a row that is written again stands there twice.
        """
        self._take(dict.fromkeys(self._known.keys() - rows.keys()))
        with self._transaction() as connection:
            connection.execute("DELETE FROM row")
            connection.executemany(
                "INSERT INTO row VALUES (?, ?, ?, ?, ?)",
                [(*key, *self._known[key], row.content) for key, row in rows.items()],
            )
            self._set_mark("sum", self._sum)

    async def _open_one(self, item: SealedItem) -> bytes | None:
        try:
            (content,) = await self._keys.unseal(self._data_key, [item])
        except UnsealError:
            return None
        return content

    def _news(self, rows: Sequence[HeldRow], epoch: int) -> list[HeldRow]:
        """Return the rows of a higher revision than those held; in a rebuild, all once."""
        newest: dict[tuple[str, str], HeldRow] = {}
        for row in rows:
            key = (row.table, row.row_id)
            held, seen = self._known.get(key, (-1, epoch))
            earlier = newest.get(key)
            floor = held if seen == epoch else -1
            if row.revision > (floor if earlier is None else earlier.revision):
                newest[key] = row
        return list(newest.values())

    def _sum_after(self, changes: _Changes) -> int:
        """Return the checksum over which rows there are, once *changes* are made."""
        total = self._sum
        for (table, row_id), now in changes.items():
            before = self._known.get((table, row_id))
            if before is not None:
                total ^= _sum_of(table, row_id, before[0])
            if now is not None:
                total ^= _sum_of(table, row_id, now[0])
        return total

    def _take(self, changes: _Changes) -> None:
        """Remember *changes*, after their transaction."""
        self._sum = self._sum_after(changes)
        for key, now in changes.items():
            if now is None:
                self._known.pop(key, None)
            else:
                self._known[key] = now

    def _delete(self, gone: Iterable[tuple[str, str]]) -> None:
        self._connection.executemany("DELETE FROM row WHERE tbl = ? AND id = ?", gone)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._set_mark(_CHECK, self._check_of_marks())
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise StorageFullError("replica") from error
        finally:
            self._connection.rollback()  # Does nothing after a commit.

    def _mark(self, name: str, default: Any) -> Any:
        found = self._connection.execute("SELECT value FROM mark WHERE name = ?", (name,))
        value = found.fetchone()
        return default if value is None else json.loads(value[0])

    def _set_mark(self, name: str, value: object) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO mark VALUES (?, ?)", (name, json.dumps(value))
        )

    def _check_of_marks(self) -> int:
        found = self._connection.execute(
            "SELECT name, value FROM mark WHERE name <> ? ORDER BY name", (_CHECK,)
        )
        marks = found.fetchall()
        return zlib.crc32(repr(marks).encode()) if marks else 0

    def _keep_soon(self) -> None:
        """Serialise the database once nothing has changed for a while."""
        if self._path is None:
            if self._quiet is not None:
                self._quiet.cancel()
            self._quiet = asyncio.ensure_future(self._keep_after_quiet())

    async def _keep_after_quiet(self) -> None:
        await asyncio.sleep(QUIET_S)
        await self._keep()

    async def _keep(self) -> None:
        try:
            await self._settings.put(self._name, self._connection.serialize())
        except StorageFullError:
            # The server has it all; the next start begins from the copy kept before.
            _log.warning("replica: no room to keep it")


@functools.cache
def _tables() -> list[tuple[str, ...]]:
    """Return the tables as they are to be."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_SCHEMA)
        return _tables_of(connection)


def _tables_of(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    return connection.execute(query).fetchall()


def _is_full(error: BaseException) -> bool:
    """Tell whether the device has no room, and the database may be as good as ever."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    full = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
    return isinstance(error, StorageFullError) or code in full


def _context(row: HeldRow) -> bytes:
    return f"row/{row.table}/{row.row_id}/{row.revision}".encode()


def _sum_of(table: str, row_id: str, revision: int) -> int:
    """Return a row's part of the checksum: `PRAGMA quick_check` does not see a lost row."""
    return zlib.crc32(f"{table}/{row_id}/{revision}".encode())
