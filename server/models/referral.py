"""Referrals."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import RowModel, reference
from shared.domain import referral
from shared.domain.customer import CustomerKind
from shared.domain.fields import Id, Note, Tag, VoucherNumber
from shared.domain.moment import ClockGrade
from shared.domain.referral import (
    AmountBand,
    Interest,
    LeadSource,
    Need,
    ReferralMode,
    ReferralStatus,
)


class ReferralModel(RowModel):
    """A referral and its card (转介卡); the card's number is the id, which verifies itself."""

    __tablename__ = "referral"
    ROW = referral.Referral
    __table_args__ = (
        sa.UniqueConstraint("outlet_id", "voucher_number"),
        sa.CheckConstraint("captured_from <= captured_to", name="capture"),
        sa.Index("ix_referral_holder", "wealth_manager_id", "status"),
        # What leaves phones by the mere passing of days is looked for by these.
        sa.Index("ix_referral_capture", "county_id", "captured_to"),
        sa.Index("ix_referral_change", "county_id", "changed_at"),
    )

    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"))
    customer_id: Mapped[Id] = mapped_column(reference("customer.id"), index=True)
    referrer_id: Mapped[Id] = mapped_column(reference("staff.id"))
    kind: Mapped[CustomerKind]
    source: Mapped[LeadSource]
    need: Mapped[Need]
    interest: Mapped[Interest]
    mode: Mapped[ReferralMode]
    status: Mapped[ReferralStatus]
    captured_from: Mapped[dt.datetime]
    captured_to: Mapped[dt.datetime]
    clock_grade: Mapped[ClockGrade]
    village_id: Mapped[Id | None] = mapped_column(reference("village.id"))
    harvest_date_id: Mapped[Id | None] = mapped_column(reference("harvest_date.id"), index=True)
    product_tag: Mapped[Tag | None]
    amount_band: Mapped[AmountBand | None]
    note: Mapped[Note]
    signature: Mapped[Tag | None]
    receipt_number: Mapped[int | None]
    wealth_manager_id: Mapped[Id | None] = mapped_column(reference("staff.id"))
    in_person_id: Mapped[Id | None] = mapped_column(reference("staff.id"))
    route_id: Mapped[Id | None]
    due_at: Mapped[dt.datetime | None]
    held_for_id: Mapped[Id | None] = mapped_column(reference("referral.id"), index=True)
    held_reason: Mapped[Tag | None]
    escort_id: Mapped[Id | None] = mapped_column(reference("staff.id"))
    assist_id: Mapped[Id | None]
    care_card_id: Mapped[Id | None]
    visit_id: Mapped[Id | None]
    customer_part_id: Mapped[Id | None]
    information_part_id: Mapped[Id | None]
    trust_part_id: Mapped[Id | None]
    declined_reason: Mapped[Note | None]
    ended_reason: Mapped[Note | None]
    voucher_number: Mapped[VoucherNumber | None]
    result_band: Mapped[AmountBand | None]
    accepted_at: Mapped[dt.datetime | None]
    met_at: Mapped[dt.datetime | None]
    succeeded_at: Mapped[dt.datetime | None]
    verified_at: Mapped[dt.datetime | None]
