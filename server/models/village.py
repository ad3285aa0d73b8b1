"""Villages, rounds, crops and market days."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import RowModel, TupleOf, reference
from shared.domain import village
from shared.domain.fields import Count, Fen, Id, Name


class RoundModel(RowModel):
    """A delivery round (段道) and its postman."""

    __tablename__ = "round"
    ROW = village.Round

    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"), index=True)
    name: Mapped[Name]
    postman_id: Mapped[Id | None] = mapped_column(reference("staff.id"), index=True)


class RoundCoverModel(RowModel):
    """Somebody who does another's round (顶班) on some days, both included."""

    __tablename__ = "round_cover"
    ROW = village.RoundCover
    __table_args__ = (sa.CheckConstraint("from_on <= to_on", name="days"),)

    round_id: Mapped[Id] = mapped_column(reference("round.id"), index=True)
    staff_id: Mapped[Id] = mapped_column(reference("staff.id"), index=True)
    from_on: Mapped[dt.date]
    to_on: Mapped[dt.date]
    cancelled: Mapped[bool]


class VillageModel(RowModel):
    """A village, on a round, with a primary and a backup wealth manager."""

    __tablename__ = "village"
    ROW = village.Village

    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"), index=True)
    round_id: Mapped[Id | None] = mapped_column(reference("round.id"), index=True)
    name: Mapped[Name]
    town: Mapped[Name]
    households: Mapped[Count]
    wealth_manager_id: Mapped[Id | None] = mapped_column(reference("staff.id"), index=True)
    backup_wealth_manager_id: Mapped[Id | None] = mapped_column(reference("staff.id"), index=True)
    latitude_e6: Mapped[int | None]
    longitude_e6: Mapped[int | None]


class CropModel(RowModel):
    """What is grown: how soon the cash comes after the sale, and what helpers bring along."""

    __tablename__ = "crop"
    ROW = village.Crop

    county_id: Mapped[Id] = mapped_column(reference("county.id"), index=True)
    name: Mapped[Name]
    cash_days_min: Mapped[Count]
    cash_days_max: Mapped[Count]
    kit: Mapped[tuple[str, ...]] = mapped_column(TupleOf(str))


class VillageCropModel(RowModel):
    """A crop of a village: the months in which it is sold (1–12), and how much of it."""

    __tablename__ = "village_crop"
    ROW = village.VillageCrop

    village_id: Mapped[Id] = mapped_column(reference("village.id"), index=True)
    crop_id: Mapped[Id] = mapped_column(reference("crop.id"))
    months: Mapped[tuple[int, ...]] = mapped_column(TupleOf(int))
    households: Mapped[Count]
    fen_per_household: Mapped[Fen]


class MarketDayModel(RowModel):
    """The market days (墟日) of a town: last digits of the lunar day (10 for the tenth alone)."""

    __tablename__ = "market_day"
    ROW = village.MarketDay
    __table_args__ = (sa.UniqueConstraint("county_id", "town"),)

    county_id: Mapped[Id] = mapped_column(reference("county.id"), index=True)
    town: Mapped[Name]
    lunar_digits: Mapped[tuple[int, ...]] = mapped_column(TupleOf(int))
