"""Points (积分): what an event earns, who gets which share, who approves it (PRODUCT §4, §7)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from shared.domain.fields import Count, Id, Note, Number, Period, Points, Tag
from shared.domain.moment import ClockGrade

__all__ = [
    "ApprovePoints",
    "ApproveReversal",
    "AwardKind",
    "PointsAction",
    "PointsEntry",
    "PointsStatus",
    "RejectPoints",
    "ReversePoints",
    "ShareRole",
]


class AwardKind(StrEnum):
    """The events that earn points."""

    VALID_LEAD = "valid_lead"
    COMPLETE_CARD = "complete_card"
    MET = "met"
    SUCCESS = "success"
    DATE_ACCURACY = "date_accuracy"
    DATE_CHANGE = "date_change"
    CARE_CONVERTED = "care_converted"


class PointsStatus(StrEnum):
    """Where a points entry stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"  # Void before the approval.
    REVERSED = "reversed"
    SETTLED = "settled"
    PAID = "paid"


class PointsAction(StrEnum):
    """What moves a points entry."""

    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    REVERSE = "reverse"
    SETTLE = "settle"
    PAY = "pay"


class ShareRole(StrEnum):
    """As what somebody has a share in an award."""

    REFERRER = "referrer"
    ESCORT = "escort"
    ASSIST = "assist"
    CARE_ORIGINATOR = "care_originator"
    REPORTER = "reporter"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsEntry:
    """One person's share in one award, with all that explains it ("why did I get 12?").

    `award` names the business event (`referral:<id>:success`), paid once per `award_revision` and
    payee. `points` may be 0: over the cap, shown and explained, never posted. `share_percent` is
    the payee's part of `award_points`. `period` is the month the entry belongs to (YYYY-MM).
    `capped_on` is the day whose cap it counts against. `evidence_verified` is False while a
    success waits for the branch head to see its voucher. A reversal has negative points and
    names the entry that it takes back in `reverses_id`.
    """

    TABLE: ClassVar[str] = "points_entry"
    id: Id
    outlet_id: Id
    award: Tag
    award_revision: Count
    kind: AwardKind
    payee_id: Id
    share_role: ShareRole
    share_percent: Count
    award_points: Points
    points: Points
    over_cap: Points
    policy_version: Number
    evidence_table: Tag
    evidence_id: Id
    clock_grade: ClockGrade
    earned_from: dt.datetime
    earned_to: dt.datetime
    period: Period
    status: PointsStatus
    maker_id: Id
    decided_by_id: Id | None = None
    decided_at: dt.datetime | None = None
    reason: Note | None = None
    reverses_id: Id | None = None
    capped_on: dt.date | None = None
    evidence_verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovePoints:
    """Entries to approve: one, or a page of them."""

    ids: tuple[Id, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectPoints:
    """Entries to reject, and why."""

    ids: tuple[Id, ...]
    reason: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversePoints:
    """An approved entry to take back, and why; another person approves that."""

    id: Id
    reason: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveReversal:
    """A proposed reversal to approve: `id` is the reversal's own."""

    id: Id
