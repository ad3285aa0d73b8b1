"""The real server with the real web app, for browsers: a small county whose melons sell today."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from server.administration import enrolment_link, revoked_device_text
from server.enrolment import issue_code
from server.ledger.check import LedgerReport, check_ledger
from server.models.people import DeviceModel
from server.models.sync import EnrolmentCodeModel
from server.rows import DatabaseRows
from shared.domain.people import Staff
from shared.domain.rows import RowT
from shared.wire.envelope import CODE_SELECTOR_LENGTH, format_code
from tests.server.field_county import COUNTY, MELONS, ROWS
from tests.server.running_server import RunningServer, running_server

__all__ = ["LiveServer", "live_server"]

# The browsers' clocks are the machine's: the melons must be in season whenever the test runs.
ALL_YEAR = replace(MELONS, months=tuple(range(1, 13)))


@dataclass(frozen=True)
class LiveServer:
    """What a test asks of the server that it started; people see only `url`."""

    running: RunningServer

    @property
    def url(self) -> str:
        """Return where the app is opened."""
        return self.running.url

    def code_of(self, staff: Staff) -> str:
        """Issue a fresh enrolment code, as it is printed."""
        door, config = self.running.services.door, self.running.services.config
        with self.running.session() as session:
            return format_code(issue_code(door, config, session, staff).code)

    def link_of(self, staff: Staff) -> str:
        """Issue a fresh code, as the link that opens the app with it."""
        return enrolment_link(self.url, self.code_of(staff))

    def expired_code_of(self, staff: Staff) -> str:
        """Issue an enrolment code whose time is over."""
        code = self.code_of(staff)
        with self.running.session() as session:
            kept = session.get_one(EnrolmentCodeModel, code[:CODE_SELECTOR_LENGTH])
            kept.expires_at = kept.issued_at
            session.commit()
        return code

    def rows(self, kind: type[RowT]) -> list[RowT]:
        """Return all rows of a table, by id."""
        with self.running.session() as session:
            found = DatabaseRows(session, COUNTY.id).where(kind)
            return sorted(found, key=lambda row: row.id)

    def ledger(self) -> LedgerReport:
        """Check the ledger as `liandong check-ledger` does."""
        with self.running.session() as session:
            return check_ledger(session)

    def revoke_device_of(self, staff: Staff) -> None:
        """Revoke that person's device, as `liandong revoke-device` does."""
        with self.running.session() as session:
            numbers = session.scalars(sa.select(DeviceModel.number).filter_by(staff_id=staff.id))
            (number,) = numbers
            revoked_device_text(number)


@contextmanager
def live_server(
    folder: Path, web_app: Path, *, blobs_dir: Path | None = None
) -> Iterator[LiveServer]:
    """Serve the county of `field_county` and the app from a new SQLite file in *folder*."""
    url = f"sqlite:///{folder / 'liandong.sqlite3'}"
    with running_server(url, web_dir=web_app, blobs_dir=blobs_dir) as running:
        rows = [ALL_YEAR if row.id == MELONS.id else row for row in ROWS]
        running.keep(COUNTY.id, rows)
        yield LiveServer(running)
