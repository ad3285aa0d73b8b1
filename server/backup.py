"""Backups that are known to be good, and the way back to one without losing or doubling work.

SQLite is copied while the server runs. PostgreSQL has tools of its own for that
(docs/operations.md); what follows a copy or a restore is the same for both engines.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from server.clock import SystemClock
from server.config import Config
from server.database import PLACES, Places, empty_log, harden, write_transaction
from server.erasures import read_erasures
from server.identity import ReceiptSigner, begin_new_life
from server.ledger.check import CountyLedger, check_ledger
from server.migrating import migrate
from server.models.erasure import ErasureModel
from server.models.people import CountyModel
from server.models.sync import EnrolledDeviceModel, OpModel, ServerIdentityModel
from server.mutations.batch import WriteDoor
from server.mutations.own import own_transaction
from server.reactions import REACTIONS
from server.reactions.erasure_steps import erase_listed

__all__ = [
    "BackupError",
    "Copy",
    "back_up",
    "erase_again",
    "erase_what_is_listed",
    "hold_database",
    "restore",
    "rotate_generation",
    "verify_backup",
]


class BackupError(Exception):
    """What was asked for can't be done; nothing was changed, and the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy of the database that was checked and holds.

    Attributes:
        generation: The life of the server that it is of.
        last_seqs: For each device, the highest sequence that it holds.
        ops: How many operations.
        counties: Their ledgers; the heads of the chains belong off this machine.
    """

    generation: str
    last_seqs: dict[int, int]
    ops: int
    counties: tuple[CountyLedger, ...]

    def text(self) -> str:
        """Return what is printed of it."""
        heads = [
            f"{county.county_id}: {county.rows} transfers, chain head {county.head}"
            for county in self.counties
        ]
        about = f"{self.ops} operations of {len(self.last_seqs)} devices, whole and checked."
        return "\n".join([about, *heads])


@contextlib.contextmanager
def hold_database(config: Config, *, alone: bool = False) -> Iterator[None]:
    """Hold the SQLite file for a running server, or *alone* for a restore.

    Raises:
        BackupError: A server runs on it; or, for a server, a restore is under way.
    """
    path = _sqlite_path(config.database_url)
    if path is None:
        yield
        return
    # A file of its own: the database is renamed over.
    descriptor = os.open(f"{path}.serving", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError(
                "A server is running on this database; stop it first."
                if alone
                else "This database is being restored; start the server when that is done."
            ) from error
        yield
    finally:
        os.close(descriptor)


def back_up(config: Config, target: Path) -> Copy:
    """Copy the SQLite database to *target*, which must not exist, while the server runs.

    The copy is checked before it gets its name, and noted as verified in the database.
    """
    path = _demand_sqlite(config)
    if target.exists():
        raise BackupError(f"{target} exists already; a backup is never written over.")
    fresh = _copied(path, target.with_name(f"{target.name}.unchecked"))
    try:
        copy = _checked_file(fresh)
        _sync(fresh)
        fresh.rename(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _sync(target.parent)
    _note_verified(config, copy)
    return copy


def verify_backup(config: Config, place: str) -> Copy:
    """Check the copy at *place* (a file, or the URL of a database made from a dump), and note it.

    Noted in the configured database: phones may forget what a verified backup holds.
    """
    if "://" not in place:
        if not Path(place).is_file():
            raise BackupError(f"There is no file {place}.")
        copy = _checked_file(Path(place))
    else:
        copy = _checked(sa.create_engine(place.replace("postgresql://", "postgresql+psycopg://")))
    _note_verified(config, copy)
    return copy


def restore(config: Config, source: Path, now: dt.datetime) -> tuple[Copy, Path | None]:
    """Put the backup *source* in the place of the SQLite database and begin a new generation.

    Returns:
        What was restored, and where the database that was there before lies now.
    """
    path = _demand_sqlite(config)
    if not source.is_file():
        raise BackupError(f"There is no file {source}.")
    with hold_database(config, alone=True):
        _demand_unused(path)
        fresh = _copied(source, path.with_name(f"{path.name}.restoring"))
        try:
            copy = _checked_file(fresh)
            _begin_anew(config, fresh)
            _sync(fresh)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        aside = _set_aside(path, now)
        fresh.rename(path)
        _sync(path.parent)
    return copy, aside


def rotate_generation(config: Config) -> str:
    """Tell all phones that this database was restored by other tools; return the generation."""
    with _session_on(config, config.database_url) as session:
        with write_transaction(session, ""):
            generation = begin_new_life(session, ReceiptSigner.from_number(config.receipt_key))
        _erase_again(config, session)
    return generation


def erase_again(config: Config) -> int:
    """Erase what is on the list and not in the database, as after a restore; return how many."""
    with _session_on(config, config.database_url) as session:
        return _erase_again(config, session)


def _erase_again(config: Config, session: Session) -> int:
    signer = ReceiptSigner.from_number(config.receipt_key)
    door = WriteDoor(reactions=REACTIONS, signer=signer, clock=SystemClock())
    return erase_what_is_listed(door, session, config.erasures_file)


def erase_what_is_listed(door: WriteDoor, session: Session, path: Path | None) -> int:
    """Erase what the list at *path* has and the database has not; return how many customers."""
    listed_ever = read_erasures(path)
    if not listed_ever:
        return 0
    known = set(session.scalars(sa.select(ErasureModel.id)))
    counties = set(session.scalars(sa.select(CountyModel.id)))
    missing = [
        listed
        for listed in listed_ever
        if listed.erasure.id not in known and listed.county_id in counties
    ]
    for listed in missing:
        with own_transaction(door, session, listed.county_id) as tx:
            erase_listed(tx, listed)
    # Killed right after it had erased somebody, a server has not brought its log in.
    empty_log(session)
    return len(missing)


def _begin_anew(config: Config, fresh: Path) -> None:
    url = f"sqlite:///{fresh}"
    signer = ReceiptSigner.from_number(config.receipt_key)
    with _session_on(config, url) as session:
        if session.get_one(ServerIdentityModel, 1).public_key != signer.public_key:
            raise BackupError(
                "LIANDONG_RECEIPT_KEY is not the key that this backup's receipts were signed with."
            )
        session.rollback()
        engine = session.get_bind()
        assert isinstance(engine, Engine)
        try:
            migrate(engine)
        except CommandError as error:
            raise BackupError("The backup is of a newer version of this server.") from error
        with write_transaction(session, ""):
            begin_new_life(session, signer)
        _erase_again(config, session)
    _make_single(fresh)
    # What was erased must not lie in pages that are free now.
    with contextlib.closing(sqlite3.connect(fresh)) as connection:
        connection.execute("VACUUM")


@contextlib.contextmanager
def _session_on(config: Config, url: str) -> Iterator[Session]:
    places = Places(config.erasures_file, config.blobs_dir)
    engine = sa.create_engine(url, hide_parameters=True, execution_options={PLACES: places})
    harden(engine)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def _note_verified(config: Config, copy: Copy) -> None:
    """Note how far each device's operations are in a backup; never further than they are here."""
    device = EnrolledDeviceModel
    with _session_on(config, config.database_url) as session, write_transaction(session, ""):
        if session.get_one(ServerIdentityModel, 1).generation != copy.generation:
            raise BackupError("The copy is of another life of this server: it was restored since.")
        for number, seq in sorted(copy.last_seqs.items()):
            session.execute(
                sa.update(device)
                .where(device.number == number, device.last_seq >= seq, device.backed_up_seq < seq)
                .values(backed_up_seq=seq)
            )


def _copied(source: Path, target: Path) -> Path:
    """Copy a database that may be in use, as one consistent file that only its owner can read."""
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)
            ) as old,
            contextlib.closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
    except sqlite3.DatabaseError as error:
        target.unlink(missing_ok=True)
        raise BackupError(f"{source} can't be copied: {error}.") from error
    _make_single(target)
    return target


def _make_single(path: Path) -> None:
    """Bring all into the one file; the next server begins a write-ahead log of its own."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()


def _checked_file(path: Path) -> Copy:
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            said = [text for (text,) in connection.execute("PRAGMA integrity_check")]
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The copy is damaged: {error}.") from error
    if said != ["ok"] or broken:
        raise BackupError(f"The copy is damaged: {len(said)} faults, {len(broken)} lost rows.")
    return _checked(sa.create_engine(f"sqlite:///{path}"))


def _checked(engine: Engine) -> Copy:
    """Read a copy whole: its op log and its ledger must be what they claim."""
    device, op = EnrolledDeviceModel, OpModel
    try:
        with Session(engine) as session:
            identity = session.get(ServerIdentityModel, 1)
            if identity is None:
                raise BackupError("The copy holds no server that has ever worked.")
            report = check_ledger(session)
            highest = sa.select(op.device, sa.func.max(op.seq), sa.func.count()).group_by(op.device)
            logged = {number: (last, count) for number, last, count in session.execute(highest)}
            last_seqs = dict(session.execute(sa.select(device.number, device.last_seq)).all())
            generation = identity.generation
    except DatabaseError as error:
        raise BackupError("The copy is no database of this server.") from error
    finally:
        engine.dispose()
    gaps = [n for n, last in last_seqs.items() if logged.get(n, (0, 0)) != (last, last)]
    if gaps:
        raise BackupError(f"The copy's op log has gaps: devices {gaps[:10]}.")
    if not report.holds:
        raise BackupError(f"The copy's ledger does not hold: {'; '.join(report.faults[:5])}.")
    return Copy(
        generation=generation,
        last_seqs=last_seqs,
        ops=sum(count for _, count in logged.values()),
        counties=report.counties,
    )


def _demand_unused(path: Path) -> None:
    """Make sure that no process has the database open; only then is its log part of it."""
    if not path.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=0)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise BackupError("Another process has the database open; stop it first.") from error
    except sqlite3.DatabaseError:
        return  # Too damaged to be in use: it is set aside as it is.


def _set_aside(path: Path, now: dt.datetime) -> Path | None:
    """Keep the database that was there, with its log, for a person to look at."""
    if not path.exists():
        return None
    aside = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%S%f}")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def _demand_sqlite(config: Config) -> Path:
    path = _sqlite_path(config.database_url)
    if path is None:
        raise BackupError(
            "This command is for SQLite; for PostgreSQL use pg_dump and pg_restore, then"
            " `liandong verify-backup` and `liandong rotate-generation` (docs/operations.md)."
        )
    return path


def _sqlite_path(database_url: str) -> Path | None:
    url = make_url(database_url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
