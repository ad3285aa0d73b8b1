"""A server for tests: the real application, migrated, behind real HTTP on the loopback."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server

from server.clock import Clock
from server.config import Config
from server.enrolment import issue_code
from server.factory import create_app
from server.migrating import migrate
from server.models import db
from server.mutations.own import own_transaction
from server.services import EXTENSION, Services
from shared.domain.people import Staff
from shared.domain.rows import Row
from tests.server.phone import Phone


class _Silent(WSGIRequestHandler):
    """The application logs each request itself."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del code, size


@dataclass(frozen=True)
class RunningServer:
    """A server that listens at `url`."""

    app: Flask
    url: str

    @property
    def services(self) -> Services:
        found: Services = self.app.extensions[EXTENSION]
        return found

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session of one's own on the server's database."""
        with self.app.app_context(), Session(db.engine) as session:
            yield session

    def keep(self, county_id: str, rows: Iterable[Row]) -> None:
        """Write rows as an import would."""
        with (
            self.session() as session,
            own_transaction(self.services.door, session, county_id) as tx,
        ):
            for row in rows:
                tx.put(row)

    def phone_of(self, staff: Staff) -> Phone:
        """Enrol a new phone of that person, and sync it for the first time."""
        with self.session() as session:
            code = issue_code(self.services.door, self.services.config, session, staff).code
        clock = self.services.door.clock
        phone = Phone(self.url, code, label=staff.name, clock=clock).enrol()
        phone.sync()
        return phone


@contextmanager
def running_server(
    database_url: str,
    clock: Clock | None = None,
    *,
    web_dir: Path | None = None,
    blobs_dir: Path | None = None,
    erasures_file: Path | None = None,
) -> Iterator[RunningServer]:
    """Run the application on that database, which is migrated first, on a free port.

    Args:
        database_url: As SQLAlchemy names it.
        clock: The time, if not the machine's.
        web_dir: The built web app, if people are to open it.
        blobs_dir: Where files of attachments lie, if any are to be taken.
        erasures_file: Where erasures are listed, if there are to be any.
    """
    config = Config(
        database_url=database_url,
        receipt_key=secrets.token_bytes(32),
        code_pepper=secrets.token_bytes(32),
        sealing_keys=(b"\x03" * 32,),
        environment="development",
        web_dir=web_dir,
        blobs_dir=blobs_dir,
        erasures_file=erasures_file,
    )
    app = create_app(config, clock=clock)
    with app.app_context():
        migrate(db.engine)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield RunningServer(app, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()
