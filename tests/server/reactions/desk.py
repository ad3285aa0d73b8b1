"""Acting as anybody in the county: mutations with what follows from them, without the wire."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from server.database import harden, write_transaction
from server.ledger.check import LedgerReport, check_ledger
from server.migrating import migrate
from server.mutations.transaction import Transaction
from server.reactions import REACTIONS
from server.rows import DatabaseRows
from shared.domain.customer import CustomerKind
from shared.domain.moment import ClockGrade, Moment
from shared.domain.notice import Notice
from shared.domain.people import Actor, Staff, actor_of
from shared.domain.points import PointsEntry
from shared.domain.referral import (
    Interest,
    LeadSource,
    Need,
    Referral,
    ReferralMode,
    SubmitReferral,
)
from shared.domain.rows import Row
from shared.ids import make_id
from shared.wire.mutations import MUTATIONS
from tests.server.field_county import COUNTY, MONDAY, POSTMAN, ROWS, VILLAGE

RowT = TypeVar("RowT", bound=Row)


@dataclass
class Desk:
    """The county, where anybody can act at any time; `now` is moved by hand."""

    engine: Engine
    now: dt.datetime = MONDAY
    sequences: dict[str, int] = field(default_factory=dict)

    def new_id(self, person: Staff) -> str:
        """Return a new id of that person's device, which nothing else has."""
        self.sequences[person.id] = self.sequences.get(person.id, 0) + 1
        device_number = int(person.number)
        return make_id(device_number, self.sequences[person.id], 0)

    def act(self, person: Staff, name: str, args: object, moment: Moment | None = None) -> None:
        """Run a mutation and its reaction in one transaction."""
        op_id = self.new_id(person)
        with self.writing(actor_of(person), op_id, moment) as tx:
            for row in MUTATIONS[name].run(tx.rows, args, tx.actor, tx.moment):
                tx.put(row)
            if name in REACTIONS:
                REACTIONS[name](tx, args)

    def keep(self, *rows: Row) -> None:
        """Write rows as they are."""
        nobody = Actor(staff_id="", outlet_id="", county_id=COUNTY.id, roles=frozenset())
        with self.writing(nobody, make_id(0, 7, 0), None) as tx:
            for row in rows:
                tx.put(row)

    @contextmanager
    def writing(self, actor: Actor, op_id: str, moment: Moment | None) -> Iterator[Transaction]:
        with Session(self.engine) as session, write_transaction(session, COUNTY.id):
            yield Transaction(
                session=session,
                rows=DatabaseRows(session, COUNTY.id),
                actor=actor,
                moment=moment or Moment.at(self.now),
                op_id=op_id,
            )

    def row(self, table: type[RowT], row_id: str) -> RowT:
        with Session(self.engine) as session:
            found = DatabaseRows(session, COUNTY.id).get(table, row_id)
        assert found is not None
        return found

    def rows(self, table: type[RowT], **equal: object) -> list[RowT]:
        with Session(self.engine) as session:
            return DatabaseRows(session, COUNTY.id).where(table, **equal)

    def lead(
        self,
        person: Staff = POSTMAN,
        name: str = "陈大文",
        phone: str | None = "13800000001",
        moment: Moment | None = None,
        **fields: object,
    ) -> str:
        """Submit a lead; return its id."""
        lead_id = self.new_id(person)
        values: dict[str, object] = {
            "kind": CustomerKind.FARMER,
            "source": LeadSource.VILLAGE,
            "need": Need.DEPOSIT,
            "interest": Interest.HIGH,
            "mode": ReferralMode.INFORMATION,
            "consent": True,
            "village_id": VILLAGE.id,
            **fields,
        }
        args = SubmitReferral(
            id=lead_id,
            customer_name=name,
            phone=phone,
            **values,  # type: ignore[arg-type]
        )
        self.act(person, "submit_referral", args, moment)
        return lead_id

    def referral(self, lead_id: str) -> Referral:
        return self.row(Referral, lead_id)

    def entries(self, evidence_id: str) -> list[PointsEntry]:
        found = self.rows(PointsEntry, evidence_id=evidence_id)
        return sorted(found, key=lambda entry: (entry.award_revision, entry.payee_id, entry.kind))

    def notices(self, person: Staff) -> list[tuple[str, str]]:
        """Return what that person is told: kinds, and the objects that they are about."""
        return [
            (notice.kind.value, notice.object_id) for notice in self.rows(Notice, for_id=person.id)
        ]

    def ledger(self) -> LedgerReport:
        with Session(self.engine) as session:
            return check_ledger(session)


def captured(first: dt.datetime, last: dt.datetime, grade: ClockGrade = ClockGrade.B) -> Moment:
    """Return the moment of an op that was captured in that interval, and arrives at its end."""
    return Moment(now=last, captured_from=first, captured_to=last, grade=grade)


@contextmanager
def open_desk(database_url: str) -> Iterator[Desk]:
    engine = sa.create_engine(database_url)
    harden(engine)
    try:
        yield Desk(engine)
    finally:
        engine.dispose()


def fill(database_url: str, more: Sequence[Row] = ()) -> None:
    with open_desk(database_url) as desk:
        migrate(desk.engine)
        desk.keep(*ROWS, *more)
