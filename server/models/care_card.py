"""Care cards and their follow-ups."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import RowModel, reference
from shared.domain import care_card
from shared.domain.care_card import CareReason, CareStatus, FollowUpHow
from shared.domain.fields import Count, Id, Note
from shared.domain.referral import Need


class CareCardModel(RowModel):
    """A care card; `originator_id` opened it, `owner_id` follows it up."""

    __tablename__ = "care_card"
    ROW = care_card.CareCard

    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"), index=True)
    customer_id: Mapped[Id] = mapped_column(reference("customer.id"), index=True)
    reason: Mapped[CareReason]
    status: Mapped[CareStatus]
    originator_id: Mapped[Id] = mapped_column(reference("staff.id"))
    owner_id: Mapped[Id] = mapped_column(reference("staff.id"))
    opened_at: Mapped[dt.datetime]
    next_contact_on: Mapped[dt.date]
    need: Mapped[Need | None]
    village_id: Mapped[Id | None] = mapped_column(reference("village.id"))
    harvest_date_id: Mapped[Id | None] = mapped_column(reference("harvest_date.id"))
    referral_id: Mapped[Id | None] = mapped_column(index=True)
    converted_referral_id: Mapped[Id | None]
    converted_at: Mapped[dt.datetime | None]
    follow_ups: Mapped[Count]
    note: Mapped[Note]
    ended_reason: Mapped[Note | None]
    ended_at: Mapped[dt.datetime | None]


class CareFollowUpModel(RowModel):
    """One invitation of the customer: a care-card visit, a call, a word at the outlet."""

    __tablename__ = "care_follow_up"
    ROW = care_card.CareFollowUp

    care_card_id: Mapped[Id] = mapped_column(reference("care_card.id"), index=True)
    by_id: Mapped[Id] = mapped_column(reference("staff.id"))
    at: Mapped[dt.datetime]
    how: Mapped[FollowUpHow]
    note: Mapped[Note]
    next_contact_on: Mapped[dt.date | None]
