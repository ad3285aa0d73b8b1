"""Defects of the server, put in on purpose: to prove that a harness would find them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

import server.database
import server.feed
import server.mutations.batch
from server.models import db
from server.models.sync import ScopeCounterModel
from tests.faults.luck import luck

__all__ = ["DEFECTS"]


_write_transaction = server.database.write_transaction
_LUCK = luck(0)


class _LostError(Exception):
    pass


def lost_commit() -> None:
    """Now and then the answer says "ok" although nothing was committed."""

    @contextmanager
    def lossy(session: Session, county_id: str) -> Iterator[None]:
        with suppress(_LostError), _write_transaction(session, county_id):
            yield
            if _LUCK.random() < 0.3:
                raise _LostError

    server.mutations.batch.write_transaction = lossy  # type: ignore[attr-defined]


def two_transactions() -> None:
    """Rows and operations are committed before the feed is: a kill between leaves half."""
    publish = server.feed.Feed.publish

    def in_between(self: Any, *args: Any) -> None:
        server.database._write_waiting(self._session)
        self._session.flush()
        connection = self._session.connection()
        connection.exec_driver_sql("COMMIT")
        time.sleep(0.15)
        connection.exec_driver_sql("BEGIN")
        publish(self, *args)

    server.feed.Feed.publish = in_between  # type: ignore[assignment, method-assign]


def version_drawn_early() -> None:
    """A transaction's versions are those of its beginning: commits overtake each other."""
    drawn = threading.local()
    original = server.feed._raised_versions

    @contextmanager
    def early(session: Session, county_id: str) -> Iterator[None]:
        with db.engine.begin() as connection:
            connection.execute(sa.text("CREATE SEQUENCE IF NOT EXISTS planted_version START 1000"))
        with db.engine.begin() as connection:
            drawn.next = connection.scalar(sa.text("SELECT nextval('planted_version')")) * 1000
        time.sleep(_LUCK.uniform(0, 0.2))
        try:
            with _write_transaction(session, county_id):
                yield
        finally:
            drawn.next = None

    def raised(connection: Connection, county_id: str, by: Mapping[str, int]) -> dict[str, int]:
        if getattr(drawn, "next", None) is None:
            return original(connection, county_id, by)
        found = {}
        for scope, count in sorted(by.items()):
            drawn.next += count
            found[scope] = drawn.next
        counter = ScopeCounterModel
        insert = postgresql.insert(counter).values(
            [{"scope": s, "county_id": county_id, "version": v} for s, v in sorted(found.items())]
        )
        highest = sa.func.greatest(counter.version, insert.excluded.version)
        connection.execute(
            insert.on_conflict_do_update(index_elements=["scope"], set_={"version": highest})
        )
        return found

    server.mutations.batch.write_transaction = early  # type: ignore[attr-defined]
    server.feed._raised_versions = raised


DEFECTS: Mapping[str, Callable[[], None]] = {
    "lost-commit": lost_commit,
    "two-transactions": two_transactions,
    "version-drawn-early": version_drawn_early,
}
