"""The organisation: counties, outlets, staff and what they may do, their devices."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import RowModel, TupleOf, reference
from shared.domain import people
from shared.domain.fields import Count, Id, Name, Note, Number, Tag
from shared.domain.people import Role


class CountyModel(RowModel):
    """A county branch: the unit of administration, of the ledger's chain and of partition."""

    __tablename__ = "county"
    ROW = people.County

    name: Mapped[Name]


class OutletModel(RowModel):
    """An outlet (网点)."""

    __tablename__ = "outlet"
    ROW = people.Outlet
    __table_args__ = (sa.UniqueConstraint("county_id", "number"),)

    county_id: Mapped[Id] = mapped_column(reference("county.id"), index=True)
    number: Mapped[Number]
    name: Mapped[Name]
    town: Mapped[Name]


class StaffModel(RowModel):
    """A person at an outlet. `number` is the staff number (工号) that payroll knows."""

    __tablename__ = "staff"
    ROW = people.Staff
    __table_args__ = (sa.UniqueConstraint("county_id", "number"),)

    county_id: Mapped[Id] = mapped_column(reference("county.id"), index=True)
    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"), index=True)
    number: Mapped[Number]
    name: Mapped[Name]
    roles: Mapped[tuple[Role, ...]] = mapped_column(TupleOf(Role))
    active: Mapped[bool]
    backup_id: Mapped[Id | None]


class QualificationModel(RowModel):
    """A wealth manager's permission to advise on a need, until it expires."""

    __tablename__ = "qualification"
    ROW = people.Qualification

    staff_id: Mapped[Id] = mapped_column(reference("staff.id"), index=True)
    need: Mapped[Tag]
    expires_on: Mapped[dt.date]


class LeaveModel(RowModel):
    """Days on which somebody is away, both included; `backup_id` acts meanwhile."""

    __tablename__ = "leave"
    ROW = people.Leave
    __table_args__ = (
        sa.CheckConstraint("from_on <= to_on", name="days"),
        sa.Index("ix_leave_end", "county_id", "to_on"),
    )

    staff_id: Mapped[Id] = mapped_column(reference("staff.id"), index=True)
    from_on: Mapped[dt.date]
    to_on: Mapped[dt.date]
    backup_id: Mapped[Id | None]
    cancelled: Mapped[bool]


class WealthManagerProfileModel(RowModel):
    """What the customer is told about a wealth manager (转介信任), and how much fits in a day."""

    __tablename__ = "wealth_manager_profile"
    ROW = people.WealthManagerProfile
    __table_args__ = (sa.UniqueConstraint("staff_id"),)

    staff_id: Mapped[Id] = mapped_column(reference("staff.id"), index=True)
    years: Mapped[Count]
    specialties: Mapped[tuple[str, ...]] = mapped_column(TupleOf(str))
    dialects: Mapped[tuple[str, ...]] = mapped_column(TupleOf(str))
    introduction: Mapped[Note]
    leads_max: Mapped[Count]
    visits_per_day_max: Mapped[Count]


class DeviceModel(RowModel):
    """A phone or browser enrolled to a member of staff."""

    __tablename__ = "device"
    ROW = people.Device
    __table_args__ = (sa.UniqueConstraint("number"),)

    number: Mapped[Count]
    staff_id: Mapped[Id] = mapped_column(reference("staff.id"), index=True)
    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"))
    label: Mapped[Name]
    enrolled_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime | None]
    reported_lost_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
