"""Claiming the points that a step of a referral or a care card earns, and giving them up again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from server.mutations.transaction import Transaction
from server.reactions.people import administrators_of
from shared.domain.awards import (
    COUNTING_STATUSES,
    AwardEvent,
    award_name,
    award_points,
    claim,
    period_of,
    worse_grade,
)
from shared.domain.care_card import CareCard
from shared.domain.credit import contributions
from shared.domain.harvest import HarvestDate
from shared.domain.moment import day_at_outlet
from shared.domain.notice import NoticeKind
from shared.domain.points import AwardKind, PointsAction, PointsEntry, PointsStatus
from shared.domain.points_changes import advance_entry, reversal_of
from shared.domain.policy import Policy, policy_on
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.referral_credit import referral_contributions

__all__ = [
    "claim_again",
    "claim_care_award",
    "claim_referral_award",
    "claim_sale_award",
    "give_up",
    "mark_verified",
    "share_anew",
]

_ENDED = frozenset({ReferralStatus.VOID, ReferralStatus.WITHDRAWN, ReferralStatus.JOINED})

_CLAIMED = (
    *(AwardKind.VALID_LEAD, AwardKind.COMPLETE_CARD),
    *(AwardKind.MET, AwardKind.SUCCESS),
)


def claim_referral_award(tx: Transaction, referral: Referral, kind: AwardKind) -> None:
    """Put the pending entries of what the actor's step has earned; once, however often it runs."""
    policy = _policy(tx, tx.moment.captured_to)
    capture_on = day_at_outlet(referral.captured_to)
    event = AwardEvent(
        kind=kind,
        points=award_points(kind, policy, referral.result_band),
        parts=referral_contributions(tx.rows, referral, kind, policy),
        outlet_id=referral.outlet_id,
        evidence_table=Referral.TABLE,
        evidence_id=referral.id,
        maker_id=tx.actor.staff_id,
        earned_from=tx.moment.captured_from,
        earned_to=tx.moment.captured_to,
        period=period_of(tx.moment),
        clock_grade=worse_grade(referral.clock_grade, tx.moment.grade),
        capture_on=capture_on if kind is AwardKind.VALID_LEAD else None,
        evidence_verified=kind is not AwardKind.SUCCESS,
    )
    _put_claims(tx, event, policy)


def claim_care_award(tx: Transaction, card: CareCard, referral: Referral) -> None:
    """Put the pending entries of a care card whose customer came."""
    policy = _policy(tx, tx.moment.captured_to)
    event = AwardEvent(
        kind=AwardKind.CARE_CONVERTED,
        points=award_points(AwardKind.CARE_CONVERTED, policy),
        parts=referral_contributions(tx.rows, referral, AwardKind.CARE_CONVERTED, policy),
        outlet_id=card.outlet_id,
        evidence_table=CareCard.TABLE,
        evidence_id=card.id,
        maker_id=tx.actor.staff_id,
        earned_from=tx.moment.captured_from,
        earned_to=tx.moment.captured_to,
        period=period_of(tx.moment),
        clock_grade=tx.moment.grade,
    )
    _put_claims(tx, event, policy)


def claim_sale_award(tx: Transaction, sale: HarvestDate, kind: AwardKind, payee_id: str) -> None:
    """Put the pending entry of whoever foretold a sale that was witnessed."""
    policy = _policy(tx, tx.moment.captured_to)
    event = AwardEvent(
        kind=kind,
        points=award_points(kind, policy),
        parts=contributions([payee_id], (), policy),
        outlet_id=sale.outlet_id,
        evidence_table=HarvestDate.TABLE,
        evidence_id=sale.id,
        maker_id=tx.actor.staff_id,
        earned_from=tx.moment.captured_from,
        earned_to=tx.moment.captured_to,
        period=period_of(tx.moment),
        clock_grade=tx.moment.grade,
    )
    _put_claims(tx, event, policy)


def mark_verified(tx: Transaction, referral: Referral) -> None:
    """Let a success be approved, now that its voucher was seen."""
    award = award_name(AwardKind.SUCCESS, Referral.TABLE, referral.id)
    for entry in tx.rows.where(PointsEntry, award=award, status=PointsStatus.PENDING):
        tx.put(replace(entry, evidence_verified=True))


def give_up(tx: Transaction, evidence_table: str, evidence_id: str, reason: str) -> None:
    """Cancel what is pending of an object that is void; propose to take back what is approved."""
    entries = tx.rows.where(PointsEntry, evidence_table=evidence_table, evidence_id=evidence_id)
    for entry in _standing(entries):
        _take_back(tx, entry, reason)


def share_anew(tx: Transaction, referral: Referral, reason: str) -> None:
    """Divide what was claimed for a referral again: another person turned out to have a part.

    What is pending is claimed anew at once; what was approved first has to be taken back.
    """
    for kind in _CLAIMED:
        award = award_name(kind, Referral.TABLE, referral.id)
        standing = _standing(tx.rows.where(PointsEntry, award=award))
        if not standing or not _differs(tx, referral, standing):
            continue
        for entry in standing:
            _take_back(tx, entry, reason)
        claim_again(tx, referral, standing[0])


def claim_again(tx: Transaction, referral: Referral, former: PointsEntry) -> None:
    """Claim an award once more, of the same event, when others now have parts in it.

    Nothing happens while a part of the former claim still stands, or when nobody's part differs.
    """
    entries = tx.rows.where(PointsEntry, award=former.award)
    if _standing(entries) or referral.status in _ENDED:
        return
    revision = former.award_revision
    if not _differs(tx, referral, [one for one in entries if one.award_revision == revision]):
        return
    policy = _policy(tx, former.earned_to)
    event = AwardEvent(
        kind=former.kind,
        points=former.award_points,
        parts=referral_contributions(tx.rows, referral, former.kind, policy),
        outlet_id=former.outlet_id,
        evidence_table=former.evidence_table,
        evidence_id=former.evidence_id,
        maker_id=former.maker_id,
        earned_from=former.earned_from,
        earned_to=former.earned_to,
        period=former.period,
        clock_grade=former.clock_grade,
        capture_on=former.capped_on,
        evidence_verified=former.evidence_verified,
    )
    _put_claims(tx, event, policy)


def _policy(tx: Transaction, at: dt.datetime) -> Policy:
    return policy_on(tx.rows, day_at_outlet(at), county_id=tx.county_id)


def _put_claims(tx: Transaction, event: AwardEvent, policy: Policy) -> None:
    for entry in claim(tx.rows, event, policy):
        tx.put(entry)


def _standing(entries: Sequence[PointsEntry]) -> list[PointsEntry]:
    return [
        entry
        for entry in entries
        if entry.reverses_id is None and entry.status in COUNTING_STATUSES
    ]


def _differs(tx: Transaction, referral: Referral, entries: Sequence[PointsEntry]) -> bool:
    policy = _policy(tx, entries[0].earned_to)
    parts = referral_contributions(tx.rows, referral, entries[0].kind, policy)
    claimed = {(entry.payee_id, entry.share_role, entry.share_percent) for entry in entries}
    return claimed != {(part.staff_id, part.role, part.percent) for part in parts}


def _take_back(tx: Transaction, entry: PointsEntry, reason: str) -> None:
    if entry.status is PointsStatus.PENDING:
        status = advance_entry(entry, PointsAction.CANCEL, None)
        tx.put(replace(entry, status=status, reason=reason))
        return
    reversal = reversal_of(
        tx.rows, entry, maker_id=tx.actor.staff_id, reason=reason, moment=tx.moment
    )
    if reversal is not None:
        tx.put(reversal)
        for administrator_id in administrators_of(tx.rows, tx.county_id):
            tx.notify(administrator_id, NoticeKind.REVERSAL_PROPOSED, reversal)
