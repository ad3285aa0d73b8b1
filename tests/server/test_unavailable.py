"""While the database can't be used, phones are told to come back later, each at another time."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.test import TestResponse

from server.config import Config
from server.crowd import QUEUED_S_MAX, Crowd
from server.database import is_busy, is_lost
from server.factory import create_app
from server.migrating import migrate
from server.models import db
from shared.wire.envelope import DEVICE_HEADER, GENERATION_HEADER, SIGNATURE_HEADER, SYNC_PATH
from tests.faults.live_server import Postgres, running_postgres
from tests.server.conftest import COUNTY, POSTMAN, config_for

ROOT = Path(__file__).resolve().parents[2]
RETRY_S = range(5, 36)


def is_told_to_come_back(answer: TestResponse) -> bool:
    """Tell whether *answer* is the one that a phone waits after."""
    return (
        answer.status_code == 503
        and answer.mimetype == "application/problem+json"
        and (answer.json or {}).get("type") == "/problems/busy"
        and int(answer.headers["Retry-After"]) in RETRY_S
    )


def error_of(engine: sa.Engine, statement: str) -> DBAPIError:
    """Return what the driver makes of *statement*."""
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.exec_driver_sql(statement)
    return caught.value


@pytest.fixture
def is_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a writer wait for a lock no longer than a test can."""
    monkeypatch.setattr("server.database.LOCK_WAIT_MS", 50)
    pragmas = ("PRAGMA busy_timeout = 50", "PRAGMA journal_mode = WAL", "PRAGMA foreign_keys = ON")
    monkeypatch.setattr("server.database._SQLITE_PRAGMAS", pragmas)


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold the county's write lock, as another worker does that takes too long."""
    if url.startswith("sqlite"):
        path = sa.make_url(url).database or ""
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        key = f"liandong:county:{COUNTY}"
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
        yield


@pytest.mark.usefixtures("is_impatient")
def test_a_lock_that_is_not_given_up_sends_the_phone_away_and_loses_nothing(
    config: Config, phone_of: Any
) -> None:
    phone = phone_of(POSTMAN)
    phone.sync()
    phone.referral()
    db.session.remove()
    db.engine.dispose()

    with locked(config.database_url):
        assert is_told_to_come_back(phone.send(*phone.journal))

    assert phone.sync()["results"][0]["state"] == "ok"


def test_phones_sent_away_together_come_back_apart(app: Flask) -> None:
    with app.test_request_context():
        handle = app.error_handler_spec[None][None][Exception]
        locked_out = OperationalError("BEGIN", None, _sqlite_error(sqlite3.SQLITE_BUSY))
        answers: list[Any] = [handle(locked_out) for _ in range(200)]
        waits = {int(answer.headers["Retry-After"]) for answer in answers}

    assert len(waits) > 20
    assert waits <= set(RETRY_S)


def _sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as the driver says it")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "busy"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_LOCKED, True),
        (sqlite3.SQLITE_ERROR, False),
        (sqlite3.SQLITE_FULL, False),
        (sqlite3.SQLITE_CANTOPEN, False),
    ],
)
def test_sqlite_is_busy_only_when_it_is_locked(code: int, *, busy: bool) -> None:
    assert is_busy(OperationalError("SELECT", None, _sqlite_error(code))) is busy


@pytest.mark.parametrize("statement", ["SELECT nonsense", "SELEC 1", "SELECT 1 FROM nowhere"])
def test_a_fault_of_the_program_is_not_called_busy(app: Flask, statement: str) -> None:
    del app
    error = error_of(db.engine, statement)
    assert not is_busy(error)
    assert not is_lost(error)


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """Start a PostgreSQL that may be stopped: the others' tests don't use it."""
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture
def client(own_postgres: Postgres) -> Iterator[FlaskClient]:
    """Make a server on it, its pool filled with a connection that works."""
    app = create_app(config_for(own_postgres.url))
    with app.app_context():
        migrate(db.engine)
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    yield client
    with app.app_context():
        db.engine.dispose()


def ready(client: FlaskClient) -> TestResponse:
    """Ask whether the server can work."""
    return client.get("/readyz")


def syncing(client: FlaskClient) -> TestResponse:
    """Ask for something that needs the database, as a device that is not known."""
    headers = {DEVICE_HEADER: "1", SIGNATURE_HEADER: "A" * 86, GENERATION_HEADER: ""}
    return client.post(SYNC_PATH, json={}, headers=headers)


@pytest.mark.postgres
@pytest.mark.parametrize("end", ["fast", "killed"])
def test_postgres_that_is_down_sends_phones_away_until_it_is_back(
    own_postgres: Postgres, client: FlaskClient, end: str
) -> None:
    assert syncing(client).status_code == 401
    own_postgres.kill() if end == "killed" else own_postgres.stop()
    try:
        # The first finds its connection cut, the second can't make another.
        for ask in (syncing, syncing, ready):
            assert is_told_to_come_back(ask(client))
        assert client.get("/healthz").status_code == 200  # The process itself is well.
    finally:
        own_postgres.start()
    assert ready(client).status_code == 200
    assert syncing(client).status_code == 401


@pytest.mark.postgres
def test_a_connection_cut_in_the_middle_is_busy_and_a_wrong_name_is_not(
    own_postgres: Postgres,
) -> None:
    engine = sa.create_engine(own_postgres.url)
    killing = "SELECT pg_terminate_backend(pg_backend_pid())"
    assert is_busy(error_of(engine, killing))
    assert not is_busy(error_of(engine, "SELECT nonsense"))
    engine.dispose()
    for url, busy in (
        (own_postgres.url.replace("/postgres?", "/nowhere?"), False),
        ("postgresql+psycopg://nobody:wrong@127.0.0.1:1/postgres", True),
    ):
        with pytest.raises(OperationalError) as caught:
            sa.create_engine(url).connect()
        assert is_busy(caught.value) is busy


def test_a_queue_is_too_long_when_its_last_would_wait_too_long() -> None:
    crowd = Crowd()
    crowd.threads, crowd.queued = 8, lambda: 400
    assert crowd.queued_s == 0
    for _ in range(100):
        crowd.note(0.02)
    assert 0.9 < crowd.queued_s < 1.1
    for _ in range(100):
        crowd.note(1.0)
    assert crowd.queued_s > QUEUED_S_MAX


SLOW_SERVER = """
import sys, time
from pathlib import Path
from server import crowd
from server.factory import create_app
from server.serving import serve
from tests.server.conftest import config_for

crowd.QUEUED_S_MAX = 0.5
app = create_app(config_for(f"sqlite:///{sys.argv[1]}"))

@app.get("/slow")
def slow():
    time.sleep(0.1)
    return "done"

serve(app, host="127.0.0.1", port=int(sys.argv[2]), workers=1, threads=2)
"""


@pytest.mark.server
def test_in_a_crowd_some_are_sent_away_at_once_so_that_nobody_waits_in_vain(
    tmp_path: Path,
) -> None:
    """Forty come at once to a server that needs two seconds for them; phones wait half a one."""
    port = free_port()
    command = [sys.executable, "-c", SLOW_SERVER, str(tmp_path / "db.sqlite3"), str(port)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as server:
        try:
            await_answer(f"http://127.0.0.1:{port}/healthz")
            asked(f"http://127.0.0.1:{port}/slow")
            for _ in range(8):  # What a request takes is learnt from those before.
                asked(f"http://127.0.0.1:{port}/slow")
            with ThreadPoolExecutor(40) as phones:
                answers = list(phones.map(asked, [f"http://127.0.0.1:{port}/slow"] * 40))
        finally:
            server.terminate()
    served = [elapsed_s for status, elapsed_s in answers if status == 200]
    sent_away = [elapsed_s for status, elapsed_s in answers if status == 503]
    assert len(served) + len(sent_away) == 40
    assert len(sent_away) >= 10
    assert len(served) >= 5
    assert max(served) < 1.8


def asked(url: str) -> tuple[int, float]:
    """Return the status of an answer, and how long it took."""
    begun_s = time.perf_counter()
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - our own server
            status: int = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    return status, time.perf_counter() - begun_s


def await_answer(url: str) -> None:
    """Return once somebody answers there."""
    deadline_s = time.perf_counter() + 20
    while True:
        try:
            asked(url)
        except OSError:
            assert time.perf_counter() < deadline_s
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
