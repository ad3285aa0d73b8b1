"""The two engines, made to keep the same promises: durable, one writer per county at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

__all__ = ["harden", "insert_into", "is_busy", "is_lost", "write_transaction"]

LOCK_WAIT_MS = 10_000
IDLE_MS_MAX = 30_000
_WRITES = "liandong_writes"  # An option of a connection, read when its transaction begins.

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
        session.rollback()
        raise


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
