"""A migrated database with a county, some approved entries, and their transfers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from server.database import harden, write_transaction
from server.ledger.chain import hash_of
from server.ledger.posting import post
from server.migrating import migrate
from server.models.ledger import (
    LedgerEntryModel,
    LedgerKind,
    PeriodStatus,
    SettlementPeriodModel,
)
from server.mutations.transaction import Transaction
from server.rows import DatabaseRows
from shared.domain.moment import ClockGrade, Moment
from shared.domain.people import Actor
from shared.domain.points import AwardKind, PointsEntry, PointsStatus, ShareRole
from shared.domain.rows import Row
from shared.ids import make_id
from tests.server.field_county import COUNTY, HEAD, MANAGER, MONDAY, OUTLET, POSTMAN, ROWS

MOMENT = Moment.at(MONDAY)
TABLE = LedgerEntryModel.__table__


def entry(number: int, **fields: object) -> PointsEntry:
    """Return an approved entry of two points for the postman, of an event of its own."""
    made = PointsEntry(
        id=make_id(0, 2, number),
        outlet_id=OUTLET.id,
        award=f"referral:{number}:met",
        award_revision=0,
        kind=AwardKind.MET,
        payee_id=POSTMAN.id,
        share_role=ShareRole.REFERRER,
        share_percent=100,
        award_points=2,
        points=2,
        over_cap=0,
        policy_version="2026-1",
        evidence_table="referral",
        evidence_id=make_id(0, 3, number),
        clock_grade=ClockGrade.A,
        earned_from=MONDAY,
        earned_to=MONDAY,
        period="2026-05",
        status=PointsStatus.APPROVED,
        maker_id=MANAGER.id,
        decided_by_id=HEAD.id,
        decided_at=MONDAY,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def reversal_of(target: PointsEntry, number: int, **fields: object) -> PointsEntry:
    """Return the approved reversal of *target*: proposed by the head, approved by another."""
    values: dict[str, object] = {
        "id": make_id(0, 2, number),
        "award_revision": target.award_revision + 1,
        "award_points": -target.award_points,
        "points": -target.points,
        "maker_id": HEAD.id,
        "decided_by_id": MANAGER.id,
        "reverses_id": target.id,
        **fields,
    }
    return replace(target, **values)  # type: ignore[arg-type]


@dataclass
class LedgerBox:
    """The database, and ways to write to it, honest ones and others."""

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def session(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session

    def keep(self, *rows: Row) -> None:
        """Write rows through the write door."""
        with self.session() as session, write_transaction(session, COUNTY.id):
            actor = Actor(staff_id="", outlet_id="", county_id=COUNTY.id, roles=frozenset())
            tx = Transaction(
                session=session,
                rows=DatabaseRows(session, COUNTY.id),
                actor=actor,
                moment=MOMENT,
                op_id=make_id(0, 1, 0),
            )
            for row in rows:
                tx.put(row)

    def post(self, *entries: PointsEntry) -> list[str]:
        """Keep entries and post them, as an approval does."""
        self.keep(*entries)
        with self.session() as session, write_transaction(session, COUNTY.id):
            return post(session, COUNTY.id, entries, MOMENT)

    def close(self, period: str, status: PeriodStatus = PeriodStatus.LOCKED) -> None:
        with self.session() as session:
            session.add(
                SettlementPeriodModel(
                    county_id=COUNTY.id, period=period, status=status, changed_at=MONDAY
                )
            )
            session.commit()

    def transfers(self) -> list[dict[str, Any]]:
        """Return every transfer, by number."""
        with self.engine.connect() as connection:
            query = sa.select(TABLE).order_by(TABLE.c.county_id, TABLE.c.number)
            return [dict(row._mapping) for row in connection.execute(query)]

    def next_transfer(self, made: PointsEntry, **changes: Any) -> dict[str, Any]:
        """Return the columns of a legal transfer of *made*, but for *changes*; hash and all."""
        head = self.transfers()[-1]
        is_award = made.reverses_id is None
        accounts = (f"pool:{COUNTY.id}", f"staff:{made.payee_id}")
        debit, credit = accounts if is_award else accounts[::-1]
        columns = {
            "id": made.id,
            "county_id": COUNTY.id,
            "number": head["number"] + 1,
            "award": made.award,
            "revision": made.award_revision,
            "payee_id": made.payee_id,
            "kind": LedgerKind.AWARD if is_award else LedgerKind.REVERSAL,
            "debit_account": debit,
            "credit_account": credit,
            "points": abs(made.points),
            "policy_version": made.policy_version,
            "evidence_table": made.evidence_table,
            "evidence_id": made.evidence_id,
            "clock_grade": made.clock_grade,
            "effective_on": dt.date(2026, 5, 4),
            "period": made.period,
            "belongs_to": made.period,
            "maker_id": made.maker_id,
            "checker_id": made.decided_by_id,
            "reverses_id": made.reverses_id,
            "posted_at": MONDAY,
            "previous_hash": head["hash"],
            **changes,
        }
        return {"hash": hash_of(columns), **columns}

    def insert(self, *transfers: dict[str, Any]) -> None:
        """Insert transfers past our own code, with all that the database checks at the commit."""
        with self.engine.begin() as connection:
            for columns in transfers:
                connection.execute(sa.insert(LedgerEntryModel).values(**columns))

    def run(self, *statements: str, **values: object) -> None:
        """Run SQL as somebody with the application's password would."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement), values)


@contextmanager
def open_box(database_url: str) -> Iterator[LedgerBox]:
    """Open a database that `fill` filled, or a copy of it."""
    engine = sa.create_engine(database_url)
    harden(engine)
    try:
        yield LedgerBox(engine)
    finally:
        engine.dispose()


def fill(database_url: str) -> None:
    """Make the database: the county, and three transfers of 2, 7 and 2 points."""
    with open_box(database_url) as box:
        migrate(box.engine)
        box.keep(*ROWS)
        box.post(entry(1), entry(2, points=7, award_points=7), entry(3))
