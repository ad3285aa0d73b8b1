"""Harvest dates and all that was ever known of them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import RowModel, reference
from shared.domain import harvest
from shared.domain.fields import Count, Fen, Id, Name, Note
from shared.domain.harvest import Confidence, HarvestAction, HarvestStatus


class HarvestDateModel(RowModel):
    """A sale of a crop in a village: its window and its payout day, in the current version."""

    __tablename__ = "harvest_date"
    ROW = harvest.HarvestDate
    __table_args__ = (sa.CheckConstraint("sale_from_on <= sale_to_on", name="sale_window"),)

    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"), index=True)
    village_id: Mapped[Id] = mapped_column(reference("village.id"), index=True)
    crop_id: Mapped[Id] = mapped_column(reference("crop.id"))
    status: Mapped[HarvestStatus]
    sale_from_on: Mapped[dt.date]
    sale_to_on: Mapped[dt.date]
    payout_on: Mapped[dt.date]
    confidence: Mapped[Confidence]
    version: Mapped[Count]
    reported_by_id: Mapped[Id] = mapped_column(reference("staff.id"))
    reported_at: Mapped[dt.datetime]
    households: Mapped[Count]
    amount_fen: Mapped[Fen]
    buyer: Mapped[Name | None]
    note: Mapped[Note]
    confirmed_by_id: Mapped[Id | None]
    ended_reason: Mapped[Note | None]
    joined_id: Mapped[Id | None] = mapped_column(reference("harvest_date.id"))
    started_at: Mapped[dt.datetime | None]
    sold_at: Mapped[dt.datetime | None]
    paid_at: Mapped[dt.datetime | None]


class HarvestDateVersionModel(RowModel):
    """What was known of a harvest date at one time; kept for ever (history, accuracy points)."""

    __tablename__ = "harvest_date_version"
    ROW = harvest.HarvestDateVersion
    __table_args__ = (sa.UniqueConstraint("harvest_date_id", "version"),)

    harvest_date_id: Mapped[Id] = mapped_column(reference("harvest_date.id"))
    village_id: Mapped[Id] = mapped_column(reference("village.id"))
    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"))
    version: Mapped[Count]
    status: Mapped[HarvestStatus]
    sale_from_on: Mapped[dt.date]
    sale_to_on: Mapped[dt.date]
    payout_on: Mapped[dt.date]
    confidence: Mapped[Confidence]
    reported_by_id: Mapped[Id]
    reported_at: Mapped[dt.datetime]
    reason: Mapped[Note]
    action: Mapped[HarvestAction]
