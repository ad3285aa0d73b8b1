"""The real server on a real SQLite file, which can die at any statement and go back in time."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.util import LRUCache

from server.administration import AdministrationError, erased_customer_text
from server.backup import erase_what_is_listed
from server.blob_collection import Collected, collect_blobs
from server.blobs import BlobFiles
from server.config import Config
from server.database import write_transaction
from server.enrolment import issue_code
from server.factory import create_app
from server.identity import begin_new_life
from server.models import db
from server.mutations import batch
from server.mutations.own import own_transaction
from server.mutations.receiving import ReceivedOp
from server.mutations.running import run_op
from server.mutations.transaction import Reaction, Transaction
from server.services import EXTENSION, Services
from shared.domain.erasure import ErasureReason
from shared.domain.people import Staff
from tests.server.field_county import ADMIN, COUNTY
from tests.simulation.clockwork import ServerClock

__all__ = ["GRACE", "PoisonedError", "ServerBox", "ServerKilled"]

GRACE = dt.timedelta(days=7)
"""As `Config` has it."""

# What SQLAlchemy has compiled is as good for the next engine: every statement is the same.
_COMPILED: LRUCache[Any, Any] = LRUCache(2000)


class ServerKilled(BaseException):
    """The end of the server's process: nothing that the product could catch."""


class PoisonedError(Exception):
    """An error of the server's own in what follows from an operation."""


class ServerBox:
    """One server and its database.

    With *is_small* it takes and gives little at a time.

    Attributes:
        statements_left: How many SQL statements it will still run; None: no end in sight.
        busy_left: How many transactions will find the database locked.
        is_poisoned: Tells of an operation whether the server fails on it.
        ran: Device and sequence of the operations that were not only taken but run, for good.
    """

    def __init__(
        self, database: Path, now_ms: Callable[[], int], *, is_small: bool = False
    ) -> None:
        self._limits: dict[str, Any] = {"ops_max": 4, "rows_bytes_max": 2500} if is_small else {}
        self.database = database
        self.blobs = database.with_name("blobs")
        self.erasures = database.with_name("erasures.jsonl")
        self._seen_files: dict[Path, float] = {}
        self.clock = ServerClock(now_ms)
        self.statements_left: int | None = None
        self.busy_left = 0
        self.is_poisoned: Callable[[str], bool] = lambda _: False
        self.ran: set[tuple[int, int]] = set()
        self._running: set[tuple[int, int]] = set()
        self._ran_in_backup: set[tuple[int, int]] = set()
        self._is_serving = False
        self._connections: list[sqlite3.Connection] = []
        self._reader: sqlite3.Connection | None = None
        self.app = self._made()

    @property
    def services(self) -> Services:
        found: Services = self.app.extensions[EXTENSION]
        return found

    def restart(self) -> None:
        """End the process, and start another one on the same file."""
        self.close()
        self.statements_left = None
        self.app = self._made()
        self._erase_again()

    def close(self) -> None:
        """Let go of the file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        with self.app.app_context():
            db.engine.dispose()
        # One that was in use when the server died still holds its locks, as no dead process does.
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def back_up(self, path: Path) -> None:
        """Copy the database as it is, and then the files."""
        with _opened(self.database) as source, _opened(path) as target:
            source.backup(target)
        _put_folder(self.blobs, path.with_suffix(".blobs"))
        self._ran_in_backup = set(self.ran)

    def restore(self, path: Path, *, with_files: bool = False) -> None:
        """Go back to a backup, and say so by another generation; the files may go back too."""
        self.close()
        with _opened(path) as source, _opened(self.database) as target:
            source.backup(target)
        if with_files:
            _put_folder(path.with_suffix(".blobs"), self.blobs)
        self.ran = set(self._ran_in_backup)
        self.statements_left = None
        self.app = self._made()
        with self.session() as session, write_transaction(session, COUNTY.id):
            begin_new_life(session, self.services.door.signer)
        if self._erase_again():
            # As the command does: what was erased must not lie in pages that are free now.
            with _opened(self.database) as connection:
                connection.execute("VACUUM")

    def _erase_again(self) -> int:
        """Erase what the list says, before anybody is answered: `serve` and `restore` do so."""
        if not self.erasures.exists():
            return 0
        with self.session() as session:
            return erase_what_is_listed(self.services.door, session, self.erasures)

    def erase(self, customer_id: str) -> str:
        """Erase a customer as `liandong erase` does; return what it says."""
        with self.app.app_context():
            try:
                return erased_customer_text(
                    customer_id, ADMIN.number, ErasureReason.ASKED.value, None
                )
            except AdministrationError as refused:
                return f"not erased: {refused}"
            finally:
                db.session.remove()

    def collect(self, *, later: dt.timedelta = dt.timedelta()) -> Collected:
        """Throw away the files that nobody names, as the daily command does, or *later*."""
        files, door = BlobFiles(self.blobs), self.services.door
        now_s = self.clock.now().timestamp()
        for path in files.stored(COUNTY.id):
            # Of the files' ages only the order is known here: since when they were seen.
            seen_s = self._seen_files.setdefault(path, now_s)
            os.utime(path, (seen_s, seen_s))
        clock = _Later(self.clock, later)
        with self.session() as session:
            return collect_blobs(replace(door, clock=clock), session, files, GRACE)

    @contextmanager
    def runs_noted(self) -> Iterator[None]:
        """Note which operations run meanwhile."""

        def noted(op: ReceivedOp, tx: Transaction, *rest: Any) -> None:
            run_op(op, tx, *rest)
            self._running.add((tx.device_number, op.seq))

        with patch.object(batch, "run_op", noted):
            yield

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session, for looking at or administering what is there."""
        with self.app.app_context(), Session(db.engine) as session:
            yield session

    @contextmanager
    def own(self) -> Iterator[Transaction]:
        """Give a transaction of the server itself, as an import has."""
        with (
            self.session() as session,
            own_transaction(self.services.door, session, COUNTY.id) as tx,
        ):
            yield tx

    def code_for(self, staff: Staff) -> str:
        """Return a fresh enrolment code."""
        with self.session() as session:
            return issue_code(self.services.door, self.services.config, session, staff).code

    def read(self) -> sqlite3.Connection:
        """Return a connection that only looks, past all of the server's code."""
        if self._reader is None:
            self._reader = sqlite3.connect(self.database, isolation_level=None)
            self._reader.row_factory = sqlite3.Row
        return self._reader

    def _made(self) -> Flask:
        config = Config(
            database_url=f"sqlite:///{self.database}",
            receipt_key=b"\x01" * 32,
            code_pepper=b"\x02" * 32,
            sealing_keys=(b"\x03" * 32,),
            blobs_dir=self.blobs,
            erasures_file=self.erasures,
            **self._limits,
        )
        app = create_app(config, clock=self.clock)
        services: Services = app.extensions[EXTENSION]
        reactions = _Poisoned(services.door.reactions, self)
        app.extensions[EXTENSION] = replace(
            services, door=replace(services.door, reactions=reactions)
        )
        with app.app_context():
            engine = db.engine
            engine._compiled_cache = _COMPILED
            sa.event.listen(engine, "before_cursor_execute", self._before_statement)
            sa.event.listen(engine, "commit", self._before_commit)
            sa.event.listen(engine, "rollback", lambda _: self._running.clear())
            sa.event.listen(engine, "connect", lambda made, _: self._connections.append(made))
        return app

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Answer a phone: only then do the faults happen, not to those who administer."""
        self._is_serving = True
        try:
            yield
        finally:
            self._is_serving = False

    def _before_statement(self, _: Any, __: Any, statement: str, *___: Any) -> None:
        self._count()
        if self._is_serving and self.busy_left and statement == "BEGIN IMMEDIATE":
            self.busy_left -= 1
            locked = sqlite3.OperationalError("database is locked")
            locked.sqlite_errorcode = sqlite3.SQLITE_BUSY  # As the driver says it.
            raise OperationalError(statement, None, locked)

    def _before_commit(self, _: Any) -> None:
        self._count()
        self.ran |= self._running
        self._running.clear()

    def _count(self) -> None:
        if self._is_serving and self.statements_left is not None:
            self.statements_left -= 1
            if self.statements_left < 0:
                raise ServerKilled


class _Poisoned(Mapping[str, Reaction]):
    """The reactions, some of which fail after the operation's rows were written."""

    def __init__(self, reactions: Mapping[str, Reaction], box: ServerBox) -> None:
        self._reactions = reactions
        self._box = box

    def __getitem__(self, name: str) -> Reaction:
        react = self._reactions.get(name)

        def poisoned(tx: Transaction, args: Any) -> None:
            if self._box._is_serving and self._box.is_poisoned(tx.op_id):
                raise PoisonedError
            if react is not None:
                react(tx, args)

        return poisoned

    def __iter__(self) -> Iterator[str]:
        return iter(self._reactions)

    def __len__(self) -> int:
        return len(self._reactions)


@dataclass(frozen=True, slots=True)
class _Later:
    """A clock that is ahead by some time."""

    clock: ServerClock
    by: dt.timedelta

    def now(self) -> dt.datetime:
        return self.clock.now() + self.by

    def elapsed_s(self) -> float:
        return self.clock.elapsed_s()


def _put_folder(source: Path, target: Path) -> None:
    """Make *target* what *source* is, or nothing where that is not there."""
    shutil.rmtree(target, ignore_errors=True)
    if source.exists():
        shutil.copytree(source, target)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path)
    try:
        yield connection
    finally:
        connection.close()
