"""The two engines, made to keep the same promises: durable, one writer per county at a time."""

from __future__ import annotations

import datetime as dt
import functools
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import ORMExecuteState, Session

from server.turns import TurnMissedError, Turns

__all__ = [
    "PLACES",
    "Places",
    "after_commit",
    "before_commit",
    "binders",
    "empty_log",
    "harden",
    "insert_into",
    "insert_many",
    "is_busy",
    "is_lost",
    "places_of_files",
    "readers",
    "savepoint",
    "update_many",
    "write_behind",
    "write_transaction",
]

LOCK_WAIT_MS = 10_000
TURN_WAIT_S = 20.0
"""With the wait for another process's lock, and the work, still less than phones wait."""
IDLE_MS_MAX = 30_000
_WRITES = "liandong_writes"  # An option of a connection, read when its transaction begins.
PLACES = "liandong_places"
"""An option of an engine: `Places`."""
_TURNS = "liandong_turns"  # An option of an SQLite engine: the line of its writers.
_BEFORE, _AFTER = "liandong_before_commit", "liandong_after_commit"
_UNWRITTEN = "liandong_unwritten"  # In a session: all that writes rows that wait in memory.

# Fewer rows than this are not worth PostgreSQL's COPY.
COPIED_MIN = 20

# FULL, for WAL with NORMAL lost acknowledged commits in power cuts.
_SQLITE_PRAGMAS = (
    # What is erased is overwritten with zeros; some builds leave it in the file.
    "PRAGMA secure_delete = ON",
    f"PRAGMA busy_timeout = {LOCK_WAIT_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


def harden(engine: Engine) -> None:
    """Set up each connection of *engine*; to be called once, before the first."""
    if engine.dialect.name != "sqlite":
        return

    def connect(connection: Any, _record: Any) -> None:
        # The driver would begin transactions by itself, late and without IMMEDIATE.
        connection.isolation_level = None
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma).fetchall()

    def begin(connection: Connection) -> None:
        # IMMEDIATE: a reader that turns writer half-way would fail with "database is locked".
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    sa.event.listen(engine, "connect", connect)
    sa.event.listen(engine, "begin", begin)
    engine.update_execution_options(**{_TURNS: Turns()})


@dataclass(frozen=True, slots=True)
class Places:
    """Files that go with a database: what is erased there is noted, or deleted, here."""

    erasures_file: Path | None
    blobs_dir: Path | None


def places_of_files(session: Session) -> Places:
    """Return where the files of the session's database are."""
    found: Places = session.get_bind().get_execution_options().get(PLACES, Places(None, None))
    return found


def before_commit(session: Session, call: Callable[[], None]) -> None:
    """Have *call* called when all of the present write transaction is written, before it commits.

    What it raises undoes the transaction.
    """
    session.info.setdefault(_BEFORE, []).append(call)


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Have *call* called once the present write transaction is committed."""
    session.info.setdefault(_AFTER, []).append(call)


def empty_log(session: Session) -> None:
    """Bring SQLite's log into its file: it still holds the pages as they were.

    What somebody reads just now stays there until the next time.
    """
    url = make_url(session.get_bind().engine.url)
    if url.get_backend_name() == "sqlite" and url.database:
        with (
            suppress(sqlite3.OperationalError),
            closing(sqlite3.connect(url.database, timeout=1)) as connection,
        ):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextmanager
def write_transaction(session: Session, county_id: str) -> Iterator[None]:
    """Hold the county's write lock for one transaction; commit it, or roll it back on an error.

    The lock comes first of all, so that there are no deadlocks, and whatever is read after it
    (the chain's head, counters, periods) is true until the commit.

    Raises:
        TurnMissedError: Too many other threads write; see `is_busy`.
    """
    session.rollback()  # What was read without the lock must be read again.
    turns: Turns | None = session.get_bind().get_execution_options().get(_TURNS)
    with nullcontext() if turns is None else turns.turn(TURN_WAIT_S), _locked(session, county_id):
        yield
    # Outside the turn: none of these writes rows.
    for call in session.info.pop(_AFTER, ()):
        call()


@contextmanager
def _locked(session: Session, county_id: str) -> Iterator[None]:
    for waiting in (_UNWRITTEN, _BEFORE, _AFTER):
        session.info.pop(waiting, None)
    try:
        connection = session.connection(execution_options={_WRITES: True})
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}"))
            # A worker that hangs must not keep the county's lock.
            connection.execute(
                sa.text(f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_MS_MAX}")
            )
            key = f"liandong:county:{county_id}"
            connection.execute(
                sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key}
            )
        yield
        _write_waiting(session)
        for call in session.info.pop(_BEFORE, ()):
            call()
        session.commit()
    except BaseException:
        session.info.pop(_UNWRITTEN, None)
        session.rollback()
        raise


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """Undo alone what fails inside: what was written, and what was to be called at the commit."""
    called = {when: len(session.info.get(when, ())) for when in (_BEFORE, _AFTER)}
    try:
        with session.begin_nested():
            yield
    except BaseException:
        for when, count in called.items():
            del session.info.get(when, [])[count:]
        raise


def write_behind(session: Session, write: Callable[[], None]) -> None:
    """Have *write* called before anything else reads by *session*, and before it commits.

    Rows are written many at a time that way, and nobody can tell.
    """
    session.info.setdefault(_UNWRITTEN, {})[write] = None


def _write_waiting(session: Session) -> None:
    for write in session.info.pop(_UNWRITTEN, ()):
        write()


@sa.event.listens_for(Session, "do_orm_execute")
def _write_before_reading(state: ORMExecuteState) -> None:
    _write_waiting(state.session)


@sa.event.listens_for(Session, "before_commit")
def _write_before_commit(session: Session) -> None:
    _write_waiting(session)


def binders(dialect: Dialect, columns: Iterable[sa.Column[Any]]) -> list[Any]:
    """Return for each column what makes a value ready for the driver, or None if it is ready."""
    return [_binder(dialect, column) for column in columns]


def _binder(dialect: Dialect, column: sa.Column[Any]) -> Any:
    ready = column.type.dialect_impl(dialect).bind_processor(dialect)
    if ready is not None and column.type.python_type is dt.datetime:
        # The rows of a batch bear few instants, each many times.
        return functools.lru_cache(maxsize=1024)(ready)
    return ready


def readers(dialect: Dialect, columns: Iterable[sa.Column[Any]]) -> list[Any]:
    """Return for each column what makes a value of what the driver gave, or None if it is one."""
    return [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]


def insert_many(
    connection: Connection, table: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert *rows*, ready for the driver (see `binders`), whose members are columns *names*.

    PostgreSQL takes many of them by COPY, which is three times as fast as INSERT.
    """
    if not rows:
        return
    quote = connection.dialect.identifier_preparer.quote
    target = f"{quote(table)} ({', '.join(map(quote, names))})"
    if connection.dialect.name == "postgresql":
        if len(rows) >= COPIED_MIN:
            _copy(connection, f"COPY {target} FROM STDIN", rows)
            return
        places = ", ".join(["%s"] * len(names))
    else:
        places = ", ".join("?" * len(names))
    statement = f"INSERT INTO {target} VALUES ({places})"  # noqa: S608 - names of our own columns
    connection.exec_driver_sql(statement, list(rows))


def update_many(
    connection: Connection,
    table: str,
    names: Sequence[str],
    key: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    """Set columns *names* of the rows that columns *key* name; *rows* hold both, in this order."""
    if not rows:
        return
    quote = connection.dialect.identifier_preparer.quote
    place = "%s" if connection.dialect.name == "postgresql" else "?"
    changes = ", ".join(f"{quote(name)} = {place}" for name in names)
    where = " AND ".join(f"{quote(name)} = {place}" for name in key)
    statement = f"UPDATE {quote(table)} SET {changes} WHERE {where}"  # noqa: S608 - likewise
    connection.exec_driver_sql(statement, list(rows))


def _copy(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    dialect = connection.dialect
    driver: Any = connection.connection.dbapi_connection
    errors: Any = dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except errors as error:
        # As SQLAlchemy would say it: whoever tells a lost connection from a bad row asks for that.
        raise DBAPIError.instance(
            statement,
            None,
            error,
            errors,
            hide_parameters=True,
            connection_invalidated=dialect.is_disconnect(error, driver, None),
            dialect=dialect,
        ) from error


def insert_into(session: Session, model: type) -> Any:
    """Return the engine's own INSERT: both have ON CONFLICT, SQLAlchemy's common one has not."""
    engine = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return engine.insert(model)


def is_busy(error: BaseException) -> bool:
    """Tell whether the database asks to come back later: locked, full of clients, or down.

    Named one by one: to take every `OperationalError` for that hid a fault of the program.
    """
    if isinstance(error, PoolTimeoutError | TurnMissedError):
        return True  # All connections of this process are in use, or all its threads write.
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True  # It was cut off in the middle, as by a restart.
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return (code & _PRIMARY_CODE) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _BUSY_STATES or state.startswith(_CONNECTION_CLASS)
    return _is_down(error.orig)


# What PostgreSQL answers when it can't, though the same would do later.
_BUSY_STATES = frozenset(
    {
        *("55P03", "40P01"),  # lock_not_available, deadlock_detected.
        *("53300", "57P03"),  # too_many_connections, cannot_connect_now.
        *("57P01", "57P02", "57P05"),  # It is being shut down, or was killed; idle for too long.
        "25P03",  # idle_in_transaction_session_timeout.
    }
)
_CONNECTION_CLASS = "08"
_PRIMARY_CODE = 0xFF  # SQLite says more of a cause in the higher bits.
# Of a connection that failed there is no SQLSTATE, only the server's words, if it said any.
_DOWN_FOR_NOW = (
    "the database system is",  # Starting up, shutting down, in recovery, not yet accepting.
    "too many clients already",
    "remaining connection slots are reserved",
)


def _is_down(cause: BaseException | None) -> bool:
    """Tell whether a connection could not be made because nobody answers, or not yet."""
    if not isinstance(cause, psycopg.OperationalError):
        return False
    if isinstance(cause, psycopg.errors.ConnectionTimeout):
        return True
    if cause.pgconn is None:
        return False  # It was no attempt to connect; or the address has no such host.
    said = str(cause)
    # Whoever answers "FATAL" is there: a wrong password or name is the operator's to mend.
    return "FATAL" not in said or any(words in said for words in _DOWN_FOR_NOW)


def is_lost(error: BaseException) -> bool:
    """Tell whether the database itself failed, so that no op is to blame."""
    if is_busy(error):
        return True
    if not isinstance(error, DBAPIError):
        return False
    message = str(error.orig)
    storage = ("disk is full", "disk I/O error", "readonly database", "unable to open")
    return any(text in message for text in storage)
