"""What an event earns, for whom, up to which cap, in which month (PRODUCT §7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.credit import Contribution, Share, split
from shared.domain.moment import ClockGrade, Moment, day_at_outlet
from shared.domain.points import AwardKind, PointsEntry, PointsStatus
from shared.domain.policy import Policy, is_large
from shared.domain.referral import AmountBand
from shared.domain.rows import Rows
from shared.ids import derived_id

__all__ = [
    "COUNTING_STATUSES",
    "AwardEvent",
    "award_name",
    "award_points",
    "claim",
    "period_of",
    "worse_grade",
]

COUNTING_STATUSES = frozenset(
    {PointsStatus.PENDING, PointsStatus.APPROVED, PointsStatus.SETTLED, PointsStatus.PAID}
)
"""An entry in one of these counts: towards the cap, and against claiming its award again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardEvent:
    """An event that earns points, and what it rests on.

    Attributes:
        kind: What happened.
        points: What the whole award is worth.
        parts: Who has which part of it.
        outlet_id: Whose branch head approves.
        evidence_table: The table of the object that proves it.
        evidence_id: That object; the award is named after it.
        maker_id: Whose action caused it; never its checker.
        earned_from: The earliest provable instant of the event.
        earned_to: The latest one.
        period: The month that it belongs to.
        clock_grade: The worst grade of all the times that it rests on.
        capture_on: The day of the capture, in Asia/Shanghai, where a cap counts by it.
        evidence_verified: False when somebody must look at a voucher before the approval.
    """

    kind: AwardKind
    points: int
    parts: Sequence[Contribution]
    outlet_id: str
    evidence_table: str
    evidence_id: str
    maker_id: str
    earned_from: dt.datetime
    earned_to: dt.datetime
    period: str
    clock_grade: ClockGrade
    capture_on: dt.date | None = None
    evidence_verified: bool = True


def award_name(kind: AwardKind, evidence_table: str, evidence_id: str) -> str:
    """Return the name of the business event, under which it is paid once."""
    return f"{evidence_table}:{evidence_id}:{kind}"


def award_points(kind: AwardKind, policy: Policy, band: AmountBand | None = None) -> int:
    """Return what an award is worth; *band* is the wealth manager's, for a success."""
    if kind is AwardKind.SUCCESS and band is not None and is_large(policy, band):
        return policy.success_large_points
    return {
        AwardKind.VALID_LEAD: policy.valid_lead_points,
        AwardKind.COMPLETE_CARD: policy.complete_card_points,
        AwardKind.MET: policy.met_points,
        AwardKind.SUCCESS: policy.success_points,
        AwardKind.DATE_ACCURACY: policy.date_accuracy_points,
        AwardKind.DATE_CHANGE: policy.date_change_points,
        AwardKind.CARE_CONVERTED: policy.care_converted_points,
    }[kind]


def claim(rows: Rows, event: AwardEvent, policy: Policy) -> list[PointsEntry]:
    """Return the pending entries of an award, one for each payee; none when it was claimed before.

    A rejected award stays rejected: only one that was cancelled or taken back is claimed again,
    as a new revision.
    """
    award = award_name(event.kind, event.evidence_table, event.evidence_id)
    before = rows.where(PointsEntry, award=award)
    if _is_claimed([entry for entry in before if entry.reverses_id is None]):
        return []
    revision = max((entry.award_revision + 1 for entry in before), default=0)
    return [
        _entry(rows, event, policy, award, revision, share)
        for share in split(event.points, event.parts)
    ]


def _is_claimed(entries: Sequence[PointsEntry]) -> bool:
    """Tell whether an award still counts for anybody, or was rejected for everybody."""
    if any(entry.status in COUNTING_STATUSES for entry in entries):
        return True
    last = max((entry.award_revision for entry in entries), default=None)
    statuses = {entry.status for entry in entries if entry.award_revision == last}
    return statuses == {PointsStatus.REJECTED}


def _entry(  # noqa: PLR0913, PLR0917 - an entry says where each of its numbers comes from
    rows: Rows, event: AwardEvent, policy: Policy, award: str, revision: int, share: Share
) -> PointsEntry:
    paid = min(share.points, _room_below_cap(rows, event, policy, share.staff_id))
    return PointsEntry(
        id=derived_id(event.evidence_id, f"{event.kind}/{share.staff_id}", revision),
        outlet_id=event.outlet_id,
        award=award,
        award_revision=revision,
        kind=event.kind,
        payee_id=share.staff_id,
        share_role=share.role,
        share_percent=share.percent,
        award_points=event.points,
        points=paid,
        over_cap=share.points - paid,
        policy_version=policy.version,
        evidence_table=event.evidence_table,
        evidence_id=event.evidence_id,
        clock_grade=event.clock_grade,
        earned_from=event.earned_from,
        earned_to=event.earned_to,
        period=event.period,
        status=PointsStatus.PENDING,
        maker_id=event.maker_id,
        capped_on=event.capture_on,
        evidence_verified=event.evidence_verified,
    )


def _room_below_cap(rows: Rows, event: AwardEvent, policy: Policy, payee_id: str) -> int:
    """Return how many points of this kind and day the payee may still get."""
    if event.capture_on is None:
        return event.points
    counted = rows.where(
        PointsEntry, payee_id=payee_id, kind=event.kind, capped_on=event.capture_on
    )
    used = sum(entry.points for entry in counted if entry.status in COUNTING_STATUSES)
    return max(0, policy.valid_lead_points_per_day_max - used)


def period_of(moment: Moment) -> str:
    """Return the month (YYYY-MM) that an event belongs to.

    That of the event where its time is known; that of its receipt where the provable interval
    spans two months.
    """
    first, last = day_at_outlet(moment.captured_from), day_at_outlet(moment.captured_to)
    if moment.grade is ClockGrade.A or (first.year, first.month) == (last.year, last.month):
        return f"{last:%Y-%m}"
    return f"{moment.today:%Y-%m}"


def worse_grade(*grades: ClockGrade) -> ClockGrade:
    """Return the least trustworthy of some grades."""
    return max(grades)
