"""The two engines, made to keep the same promises: durable, one writer per county at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import ORMExecuteState, Session

__all__ = [
    "binders",
    "harden",
    "insert_into",
    "insert_many",
    "is_busy",
    "is_lost",
    "readers",
    "update_many",
    "write_behind",
    "write_transaction",
]

LOCK_WAIT_MS = 10_000
IDLE_MS_MAX = 30_000
_WRITES = "liandong_writes"  # An option of a connection, read when its transaction begins.
_UNWRITTEN = "liandong_unwritten"  # In a session: what writes the rows that wait in memory.

# Fewer rows than this are not worth PostgreSQL's COPY.
COPIED_MIN = 20

# FULL, for WAL with NORMAL lost acknowledged commits in power cuts.
_SQLITE_PRAGMAS = (
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


@contextmanager
def write_transaction(session: Session, county_id: str) -> Iterator[None]:
    """Hold the county's write lock for one transaction; commit it, or roll it back on an error.

    The lock comes first of all, so that there are no deadlocks, and whatever is read after it
    (the chain's head, counters, periods) is true until the commit.
    """
    session.rollback()  # What was read without the lock must be read again.
    session.info.pop(_UNWRITTEN, None)
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
        session.commit()
    except BaseException:
        session.info.pop(_UNWRITTEN, None)
        session.rollback()
        raise


def write_behind(session: Session, write: Callable[[], None]) -> None:
    """Have *write* called before anything else reads by *session*, and before it commits.

    Rows are written many at a time that way, and nobody can tell.
    """
    if session.info.get(_UNWRITTEN) != write:
        _write_waiting(session)  # Somebody else's.
    session.info[_UNWRITTEN] = write


def _write_waiting(session: Session) -> None:
    write = session.info.pop(_UNWRITTEN, None)
    if write is not None:
        write()


@sa.event.listens_for(Session, "do_orm_execute")
def _write_before_reading(state: ORMExecuteState) -> None:
    _write_waiting(state.session)


@sa.event.listens_for(Session, "before_commit")
def _write_before_commit(session: Session) -> None:
    _write_waiting(session)


def binders(dialect: Dialect, columns: Iterable[sa.Column[Any]]) -> list[Any]:
    """Return for each column what makes a value ready for the driver, or None if it is ready."""
    return [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]


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
    """Tell whether the database asks to come back later: a lock waited for in vain."""
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    # 55P03 lock_not_available, 40P01 deadlock_detected, 53300 too_many_connections.
    return state in {"55P03", "40P01", "53300"} or "database is locked" in str(error.orig)


def is_lost(error: BaseException) -> bool:
    """Tell whether the database itself failed, so that no op is to blame."""
    if is_busy(error):
        return True
    if not isinstance(error, DBAPIError):
        return False
    message = str(error.orig)
    storage = ("disk is full", "disk I/O error", "readonly database", "unable to open")
    return error.connection_invalidated or any(text in message for text in storage)
