"""Points entries: claims, and what became of them; the ledger holds what was posted."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import RowModel, reference
from shared.domain import points
from shared.domain.fields import Count, Id, Note, Number, Period, Points, Tag
from shared.domain.moment import ClockGrade
from shared.domain.points import AwardKind, PointsStatus, ShareRole


class PointsEntryModel(RowModel):
    """One person's share in one award, with all that explains it."""

    __tablename__ = "points_entry"
    ROW = points.PointsEntry
    __table_args__ = (
        # Among the lines of one award, an award and its reversal differ by their sign.
        sa.CheckConstraint("over_cap >= 0", name="over_cap"),
        sa.CheckConstraint("earned_from <= earned_to", name="earned"),
        sa.CheckConstraint("(reverses_id IS NULL) = (award_points >= 0)", name="sign"),
        sa.CheckConstraint(
            "status NOT IN ('approved', 'settled', 'paid')"
            " OR (decided_by_id <> payee_id AND decided_by_id <> maker_id)",
            name="four_eyes",
        ),
        sa.Index("ix_points_entry_cap", "payee_id", "kind", "capped_on"),
    )

    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"), index=True)
    award: Mapped[Tag] = mapped_column(index=True)
    award_revision: Mapped[Count]
    kind: Mapped[AwardKind]
    payee_id: Mapped[Id] = mapped_column(reference("staff.id"))
    share_role: Mapped[ShareRole]
    share_percent: Mapped[Count]
    award_points: Mapped[Points]
    points: Mapped[Points]
    over_cap: Mapped[Points]
    policy_version: Mapped[Number]
    evidence_table: Mapped[Tag]
    evidence_id: Mapped[Id] = mapped_column(index=True)
    clock_grade: Mapped[ClockGrade]
    earned_from: Mapped[dt.datetime]
    earned_to: Mapped[dt.datetime]
    period: Mapped[Period]
    status: Mapped[PointsStatus]
    maker_id: Mapped[Id] = mapped_column(reference("staff.id"))
    decided_by_id: Mapped[Id | None] = mapped_column(reference("staff.id"))
    decided_at: Mapped[dt.datetime | None]
    reason: Mapped[Note | None]
    reverses_id: Mapped[Id | None] = mapped_column(reference("points_entry.id"), index=True)
    capped_on: Mapped[dt.date | None]
    evidence_verified: Mapped[bool]
