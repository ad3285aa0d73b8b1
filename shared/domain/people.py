"""Who works where, in which posts, with which qualifications (PRODUCT §2–3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from shared.domain.fields import Count, Id, Name, Note, Number, Tag
from shared.domain.rows import Rows, demand

__all__ = [
    "Actor",
    "County",
    "Device",
    "Leave",
    "Outlet",
    "Qualification",
    "Role",
    "Staff",
    "WealthManagerProfile",
    "actor_of",
    "is_on_leave",
]


class Role(StrEnum):
    """The posts of a county branch; one person can hold several at one outlet."""

    POSTMAN = "postman"
    COUNTER = "counter"
    TELLER = "teller"
    LOBBY_MANAGER = "lobby_manager"
    LOBBY_SUPERVISOR = "lobby_supervisor"
    BACK_OFFICE = "back_office"
    OUTREACH = "outreach"
    WEALTH_MANAGER = "wealth_manager"
    BRANCH_HEAD = "branch_head"
    PAYROLL = "payroll"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """A county branch: the unit of administration, of the ledger's chain and of partition."""

    TABLE: ClassVar[str] = "county"
    id: Id
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An outlet (网点)."""

    TABLE: ClassVar[str] = "outlet"
    id: Id
    county_id: Id
    number: Number
    name: Name
    town: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A person at an outlet. `number` is the staff number (工号) that payroll knows."""

    TABLE: ClassVar[str] = "staff"
    id: Id
    county_id: Id
    outlet_id: Id
    number: Number
    name: Name
    roles: tuple[Role, ...]
    active: bool = True
    backup_id: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """A wealth manager's permission to advise on a need, until it expires."""

    TABLE: ClassVar[str] = "qualification"
    id: Id
    staff_id: Id
    need: Tag
    expires_on: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Days on which somebody is away, both included; `backup_id` acts meanwhile."""

    TABLE: ClassVar[str] = "leave"
    id: Id
    staff_id: Id
    from_on: dt.date
    to_on: dt.date
    backup_id: Id | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WealthManagerProfile:
    """What the customer is told about a wealth manager (转介信任), and how much fits in a day."""

    TABLE: ClassVar[str] = "wealth_manager_profile"
    id: Id
    staff_id: Id
    years: Count
    specialties: tuple[Tag, ...]
    dialects: tuple[Tag, ...]
    introduction: Note
    leads_max: Count
    visits_per_day_max: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A phone or browser enrolled to a member of staff."""

    TABLE: ClassVar[str] = "device"
    id: Id
    number: Count
    staff_id: Id
    outlet_id: Id
    label: Name
    enrolled_at: dt.datetime
    last_seen_at: dt.datetime | None = None
    reported_lost_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, in all the posts that they hold."""

    staff_id: str
    outlet_id: str
    county_id: str
    roles: frozenset[Role]

    def holds(self, *roles: Role) -> bool:
        """Tell whether the actor holds any of *roles*."""
        return not self.roles.isdisjoint(roles)


def actor_of(staff: Staff) -> Actor:
    """Return *staff* as somebody who acts."""
    return Actor(
        staff_id=staff.id,
        outlet_id=staff.outlet_id,
        county_id=staff.county_id,
        roles=frozenset(staff.roles),
    )


def is_on_leave(rows: Rows, staff_id: str, on: dt.date) -> bool:
    """Tell whether that person is away on a day of the outlet's calendar."""
    demand(rows, Staff, staff_id)
    return any(
        leave.from_on <= on <= leave.to_on and not leave.cancelled
        for leave in rows.where(Leave, staff_id=staff_id)
    )
