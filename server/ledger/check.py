"""Checking the ledger: everything that must be true of it, computed again from nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.ledger.chain import GENESIS, hash_of
from server.models.ledger import LedgerEntryModel, LedgerKind
from server.models.points import PointsEntryModel
from shared.domain.points import PointsStatus

__all__ = ["CountyLedger", "LedgerReport", "check_ledger"]

_POSTED = frozenset(
    {PointsStatus.APPROVED, PointsStatus.REVERSED, PointsStatus.SETTLED, PointsStatus.PAID}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyLedger:
    """One county's ledger: its rows, the head of its chain, and each person's balance."""

    county_id: str
    rows: int
    head: str
    balances: dict[str, int]

    @property
    def held(self) -> int:
        """The points that people hold, all together."""
        return sum(
            points for account, points in self.balances.items() if account.startswith("staff:")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReport:
    """What a check found; without faults the ledger holds.

    Faults name rows by id and never a person.
    """

    counties: tuple[CountyLedger, ...]
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.faults


def check_ledger(session: Session) -> LedgerReport:
    """Recompute chains, keys, balances, and the match with the points that people are shown."""
    by_county: defaultdict[str, list[LedgerEntryModel]] = defaultdict(list)
    query = sa.select(LedgerEntryModel).order_by(
        LedgerEntryModel.county_id, LedgerEntryModel.number
    )
    for row in session.scalars(query):
        by_county[row.county_id].append(row)
    entries = list(session.scalars(sa.select(PointsEntryModel).order_by(PointsEntryModel.id)))
    faults: list[str] = []
    counties = []
    for county_id, rows in by_county.items():
        faults.extend(_chain_faults(rows))
        faults.extend(_key_faults(rows))
        counties.append(
            CountyLedger(
                county_id=county_id, rows=len(rows), head=rows[-1].hash, balances=_balances(rows)
            )
        )
    faults.extend(_match_faults([row for rows in by_county.values() for row in rows], entries))
    faults.extend(_balance_faults(counties, entries))
    return LedgerReport(counties=tuple(counties), faults=tuple(faults))


def _chain_faults(rows: Sequence[LedgerEntryModel]) -> Iterator[str]:
    previous = GENESIS
    names = [column.name for column in LedgerEntryModel.__table__.columns]
    for number, row in enumerate(rows, start=1):
        if row.number != number:
            yield f"{row.id}: number {row.number} where {number} is due"
        if row.previous_hash != previous:
            yield f"{row.id}: does not follow the row before it"
        if row.hash != hash_of({name: getattr(row, name) for name in names}):
            yield f"{row.id}: its contents do not match its hash"
        previous = row.hash


def _key_faults(rows: Sequence[LedgerEntryModel]) -> Iterator[str]:
    """Say what the constraints of the database should have made impossible."""
    keys = Counter((row.award, row.revision, row.payee_id) for row in rows)
    yield from (f"{award}: posted {times} times" for (award, _, _), times in keys.items()
                if times > 1)  # fmt: skip
    by_id = {row.id: row for row in rows}
    reversed_ids = {row.reverses_id for row in rows}
    standing: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.points <= 0 or row.debit_account == row.credit_account:
            yield f"{row.id}: is no transfer"
        if row.checker_id in {row.maker_id, row.payee_id}:
            yield f"{row.id}: was not checked by somebody else"
        if row.kind is LedgerKind.REVERSAL:
            target = by_id.get(row.reverses_id or "")
            if target is None or not _mirrors(row, target):
                yield f"{row.id}: does not mirror what it reverses"
        elif row.id not in reversed_ids:
            standing[row.award].add(row.revision)
    yield from (f"{award}: stands in {len(revisions)} revisions"
                for award, revisions in standing.items() if len(revisions) > 1)  # fmt: skip


def _mirrors(row: LedgerEntryModel, target: LedgerEntryModel) -> bool:
    return (
        target.kind is LedgerKind.AWARD
        and (row.award, row.payee_id, row.points) == (target.award, target.payee_id, target.points)
        and (row.debit_account, row.credit_account) == (target.credit_account, target.debit_account)
    )


def _match_faults(
    rows: Sequence[LedgerEntryModel], entries: Sequence[PointsEntryModel]
) -> Iterator[str]:
    """Every approved entry has its transfer, and every transfer its entry, with equal numbers."""
    by_id = {row.id: row for row in rows}
    known = {entry.id: entry for entry in entries}
    for entry in entries:
        row = by_id.get(entry.id)
        due = entry.status in _POSTED and entry.points != 0
        if due and row is None:
            yield f"{entry.id}: approved, but not in the ledger"
        if row is not None and not due:
            yield f"{entry.id}: in the ledger, but {entry.status}"
        if row is not None and due and not _agree(row, entry):
            yield f"{entry.id}: the ledger says something else than the entry"
    yield from (
        f"{row.id}: in the ledger, but no such entry" for row in rows if row.id not in known
    )


def _agree(row: LedgerEntryModel, entry: PointsEntryModel) -> bool:
    signed = row.points if row.kind is LedgerKind.AWARD else -row.points
    return (
        (signed, row.award, row.revision, row.payee_id)
        == (entry.points, entry.award, entry.award_revision, entry.payee_id)
        and (row.maker_id, row.checker_id) == (entry.maker_id, entry.decided_by_id)
        and row.county_id == entry.county_id
    )


def _balances(rows: Sequence[LedgerEntryModel]) -> dict[str, int]:
    balances: Counter[str] = Counter()
    for row in rows:
        balances[row.debit_account] -= row.points
        balances[row.credit_account] += row.points
    return dict(sorted(balances.items()))


def _balance_faults(
    counties: Sequence[CountyLedger], entries: Sequence[PointsEntryModel]
) -> Iterator[str]:
    """What the phone shows and what payroll pays are equal, to the point."""
    shown: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        if entry.status in _POSTED:
            shown[entry.county_id, f"staff:{entry.payee_id}"] += entry.points
    held: Counter[tuple[str, str]] = Counter()
    for county in counties:
        if sum(county.balances.values()) != 0:
            yield f"county {county.county_id}: debits and credits differ"
        for account, points in county.balances.items():
            if account.startswith("staff:"):
                held[county.county_id, account] += points
    yield from (
        f"{account}: {shown[county_id, account]} points shown, {held[county_id, account]} posted"
        for county_id, account in sorted(shown.keys() | held.keys())
        if shown[county_id, account] != held[county_id, account]
    )
