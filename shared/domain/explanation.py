"""Why somebody got so many points: "12 = 2 + 1 + 2 + 7", each line with all that it rests on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.awards import COUNTING_STATUSES
from shared.domain.moment import ClockGrade
from shared.domain.points import AwardKind, PointsEntry, PointsStatus, ShareRole

__all__ = ["Explanation", "ExplanationLine", "explain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationLine:
    """One entry as its payee reads it; `counted` is what it adds to the sum."""

    entry_id: str
    kind: AwardKind
    points: int
    counted: int
    award_points: int
    share_role: ShareRole
    share_percent: int
    over_cap: int
    policy_version: str
    evidence_table: str
    evidence_id: str
    clock_grade: ClockGrade
    earned_from: dt.datetime
    earned_to: dt.datetime
    period: str
    status: PointsStatus
    approver_id: str | None
    decided_at: dt.datetime | None
    reason: str | None
    reverses_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The sum of some entries and its parts: what is approved, and what still waits for it."""

    approved: int
    pending: int
    lines: tuple[ExplanationLine, ...]

    @property
    def total(self) -> int:
        """What it comes to when all that waits is approved."""
        return self.approved + self.pending


def explain(entries: Sequence[PointsEntry]) -> Explanation:
    """Explain one person's entries, of one object or of a month, in the order of the events."""
    ordered = sorted(
        entries, key=lambda entry: (entry.earned_to, _KIND_ORDER[entry.kind], entry.id)
    )
    lines = tuple(_line(entry) for entry in ordered)
    return Explanation(
        approved=sum(line.counted for line in lines if line.status is not PointsStatus.PENDING),
        pending=sum(line.counted for line in lines if line.status is PointsStatus.PENDING),
        lines=lines,
    )


_KIND_ORDER = {kind: place for place, kind in enumerate(AwardKind)}


def _line(entry: PointsEntry) -> ExplanationLine:
    # An entry that was taken back stays, and its reversal stands beside it: together zero.
    counts = entry.status in COUNTING_STATUSES or entry.status is PointsStatus.REVERSED
    return ExplanationLine(
        entry_id=entry.id,
        kind=entry.kind,
        points=entry.points,
        counted=entry.points if counts else 0,
        award_points=entry.award_points,
        share_role=entry.share_role,
        share_percent=entry.share_percent,
        over_cap=entry.over_cap,
        policy_version=entry.policy_version,
        evidence_table=entry.evidence_table,
        evidence_id=entry.evidence_id,
        clock_grade=entry.clock_grade,
        earned_from=entry.earned_from,
        earned_to=entry.earned_to,
        period=entry.period,
        status=entry.status,
        approver_id=entry.decided_by_id,
        decided_at=entry.decided_at,
        reason=entry.reason,
        reverses_id=entry.reverses_id,
    )
