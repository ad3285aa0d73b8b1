"""The county's policies, by version."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import RowModel, TupleOf
from shared.domain import policy
from shared.domain.fields import Count, Fen, Number
from shared.domain.referral import AmountBand


class PolicyModel(RowModel):
    """One version of the rules' numbers; `county_id` None is the house's own default."""

    __tablename__ = "policy"
    ROW = policy.Policy
    __table_args__ = (sa.UniqueConstraint("county_id", "version"),)

    version: Mapped[Number]
    effective_on: Mapped[dt.date]
    valid_lead_points: Mapped[Count]
    valid_lead_points_per_day_max: Mapped[Count]
    complete_card_points: Mapped[Count]
    met_points: Mapped[Count]
    success_points: Mapped[Count]
    success_large_points: Mapped[Count]
    large_band: Mapped[AmountBand]
    date_accuracy_points: Mapped[Count]
    date_accuracy_days: Mapped[Count]
    date_change_points: Mapped[Count]
    date_change_hours_min: Mapped[Count]
    care_converted_points: Mapped[Count]
    fen_per_point: Mapped[Fen]
    duplicate_window_days: Mapped[Count]
    assist_percent: Mapped[Count]
    escort_percent: Mapped[Count]
    overlap_percent: Mapped[Count]
    care_days_min: Mapped[Count]
    care_originator_percent: Mapped[Count]
    helpers_percent_max: Mapped[Count]
    fairness_days: Mapped[Count]
    opens_at_minute: Mapped[Count]
    closes_at_minute: Mapped[Count]
    working_weekdays: Mapped[tuple[int, ...]] = mapped_column(TupleOf(int))
    remind_working_hours: Mapped[Count]
    escalate_hours: Mapped[Count]
    cash_within_hours: Mapped[Count]
    cash_remind_hours: Mapped[Count]
    cash_backup_hours: Mapped[Count]
    cash_escalate_hours: Mapped[Count]
    settlement_grace_days: Mapped[Count]
    settlement_confirm_days: Mapped[Count]
    settlement_lock_day: Mapped[Count]
    teller_pay_percent: Mapped[Count]
    lobby_pay_percent: Mapped[Count]
    pay_ratio_percent_max: Mapped[Count]
    unconverted_kept_months: Mapped[Count]
    duplicate_kept_days: Mapped[Count]
