"""What follows from a decision about points: approval posts to the ledger, and people are told."""

from __future__ import annotations

from collections.abc import Sequence

from server.ledger.posting import post
from server.mutations.transaction import Transaction
from server.reactions.claims import claim_again
from server.reactions.people import administrators_of
from server.rows import DatabaseRows
from shared.domain.notice import NoticeKind
from shared.domain.points import (
    ApprovePoints,
    ApproveReversal,
    PointsEntry,
    RejectPoints,
    ReversePoints,
)
from shared.domain.referral import Referral
from shared.domain.rows import demand

__all__ = [
    "after_approve",
    "after_approve_reversal",
    "after_propose_reversal",
    "after_reject",
    "before_approvals",
]


def before_approvals(rows: DatabaseRows, some: Sequence[ApprovePoints]) -> None:
    """Read at once all the lines of the awards that are decided on."""
    entries = rows.where_in(PointsEntry, "id", [entry_id for args in some for entry_id in args.ids])
    rows.prime(PointsEntry, "award", {entry.award for entry in entries})


def after_approve(tx: Transaction, args: ApprovePoints) -> None:
    """Post what was approved, and tell each payee once."""
    entries = [demand(tx.rows, PointsEntry, entry_id) for entry_id in args.ids]
    post(tx.session, tx.county_id, entries, tx.moment)
    _tell_payees(tx, entries, NoticeKind.POINTS_APPROVED)


def after_reject(tx: Transaction, args: RejectPoints) -> None:
    """Tell the payees; of a rejected reversal, who had proposed it."""
    entries = [demand(tx.rows, PointsEntry, entry_id) for entry_id in args.ids]
    awards = [entry for entry in entries if entry.reverses_id is None]
    _tell_payees(tx, awards, NoticeKind.POINTS_REJECTED)
    for entry in entries:
        if entry.reverses_id is not None:
            tx.notify(entry.maker_id, NoticeKind.POINTS_REJECTED, entry)


def after_propose_reversal(tx: Transaction, args: ReversePoints) -> None:
    """Tell the county administrators that a reversal waits for them."""
    for reversal in tx.rows.where(PointsEntry, reverses_id=args.id):
        if (PointsEntry, reversal.id) in tx.changed:
            for administrator_id in administrators_of(tx.rows, tx.county_id):
                tx.notify(administrator_id, NoticeKind.REVERSAL_PROPOSED, reversal)


def after_approve_reversal(tx: Transaction, args: ApproveReversal) -> None:
    """Post the reversal, tell its payee, and claim anew for whoever has a part now."""
    reversal = demand(tx.rows, PointsEntry, args.id)
    post(tx.session, tx.county_id, [reversal], tx.moment)
    _tell_payees(tx, [reversal], NoticeKind.POINTS_REVERSED)
    assert reversal.reverses_id is not None, "a reversal names what it takes back"
    target = demand(tx.rows, PointsEntry, reversal.reverses_id)
    if target.evidence_table == Referral.TABLE:
        claim_again(tx, demand(tx.rows, Referral, target.evidence_id), target)


def _tell_payees(tx: Transaction, entries: Sequence[PointsEntry], kind: NoticeKind) -> None:
    first_of = {entry.payee_id: entry for entry in reversed(entries)}
    for payee_id, entry in sorted(first_of.items()):
        tx.notify(payee_id, kind, entry)
