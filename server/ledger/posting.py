"""Posting: an approved points entry becomes a transfer, once, whoever asks how often."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from server.ledger.chain import Head, chain_head, hash_of
from server.models.ledger import (
    LedgerEntryModel,
    LedgerKind,
    PeriodStatus,
    SettlementPeriodModel,
)
from shared.domain.moment import Moment, day_at_outlet
from shared.domain.points import PointsEntry

__all__ = ["CLOSED_STATUSES", "first_open_period", "post"]

CLOSED_STATUSES = (PeriodStatus.LOCKED, PeriodStatus.EXPORTED, PeriodStatus.PAID)

_AWARD_KEY = ("award", "revision", "payee_id")


def post(
    session: Session, county_id: str, entries: Iterable[PointsEntry], moment: Moment
) -> list[str]:
    """Post approved entries in their order; return the ids of those that were posted just now.

    An entry of no points has no transfer. One that was posted before is left as it is. The caller
    holds the county's write lock: the head of the chain is read after it was taken.
    """
    session.flush()  # The transfers refer to the entries.
    head = chain_head(session, county_id)
    open_from = first_open_period(session, county_id)
    posted = []
    for entry in entries:
        if entry.points == 0:
            continue
        columns = _columns(county_id, entry, moment, head, open_from)
        if _insert(session, columns):
            head = (columns["number"], columns["hash"])
            posted.append(entry.id)
    return posted


def first_open_period(session: Session, county_id: str) -> str:
    """Return the month after a county's last closed one; the empty text when none is closed."""
    last_closed = session.scalar(
        sa.select(sa.func.max(SettlementPeriodModel.period)).where(
            SettlementPeriodModel.county_id == county_id,
            SettlementPeriodModel.status.in_(CLOSED_STATUSES),
        )
    )
    return "" if last_closed is None else _month_after(last_closed)


def _month_after(period: str) -> str:
    year, month = int(period[:4]), int(period[5:])
    return f"{year + month // 12:04}-{month % 12 + 1:02}"


def _columns(
    county_id: str, entry: PointsEntry, moment: Moment, head: Head, open_from: str
) -> dict[str, Any]:
    assert entry.decided_by_id is not None, "only what somebody approved is posted"
    pool, staff = f"pool:{county_id}", f"staff:{entry.payee_id}"
    is_award = entry.reverses_id is None
    assert is_award == (entry.points > 0), "an award gives, a reversal takes"
    columns = {
        "id": entry.id,
        "county_id": county_id,
        "number": head[0] + 1,
        "award": entry.award,
        "revision": entry.award_revision,
        "payee_id": entry.payee_id,
        "kind": LedgerKind.AWARD if is_award else LedgerKind.REVERSAL,
        "debit_account": pool if is_award else staff,
        "credit_account": staff if is_award else pool,
        "points": abs(entry.points),
        "policy_version": entry.policy_version,
        "evidence_table": entry.evidence_table,
        "evidence_id": entry.evidence_id,
        "clock_grade": entry.clock_grade,
        "effective_on": day_at_outlet(entry.earned_to),
        "period": max(entry.period, open_from),
        "belongs_to": entry.period,
        "maker_id": entry.maker_id,
        "checker_id": entry.decided_by_id,
        "reverses_id": entry.reverses_id,
        "posted_at": moment.now,
        "previous_hash": head[1],
    }
    return {**columns, "hash": hash_of(columns)}


def _insert(session: Session, columns: dict[str, Any]) -> bool:
    """Insert a transfer unless its award was posted; tell whether it was inserted.

    The key is named: without it, a stale head of the chain would conflict too, insert nothing, and
    look like "already paid".
    """
    connection = session.connection()
    return connection.execute(_insertion(connection.dialect.name), columns).first() is not None


@functools.cache
def _insertion(engine: str) -> Any:
    """Return the INSERT, made once: a branch head approves a thousand entries at a time."""
    insert: Any = postgresql.insert if engine == "postgresql" else sqlite.insert
    table = LedgerEntryModel.__table__
    statement = insert(table).on_conflict_do_nothing(index_elements=_AWARD_KEY)
    return statement.returning(table.c.id)
