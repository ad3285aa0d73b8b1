"""The county as a workbook tells it: records by natural key, each with its row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.people import Role

__all__ = [
    "ANYTHING",
    "CropRecord",
    "MarketDayRecord",
    "Organisation",
    "OutletRecord",
    "Place",
    "Qualified",
    "StaffRecord",
    "VillageCropRecord",
    "VillageRecord",
]

ANYTHING = "*"

Qualified = tuple[str, dt.date]
"""A need, and the day on which the permission expires."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: the kind of sheet and the row."""

    kind: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletRecord:
    """A row of 网点. In every record, None means that the workbook says nothing about it."""

    place: Place
    number: str
    name: str
    town: str
    county: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRecord:
    """A row of 员工; `outlet` and `backup` are references, "" takes the backup away."""

    place: Place
    number: str
    name: str
    outlet: str
    roles: tuple[Role, ...]
    backup: str | None = None
    qualifications: tuple[Qualified, ...] | None = None
    dialects: tuple[str, ...] | None = None
    specialties: tuple[str, ...] | None = None
    years: int | None = None
    introduction: str | None = None
    leads_max: int | None = None
    visits_per_day_max: int | None = None
    in_service: bool | None = None
    left: dt.date | bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageRecord:
    """A row of 村庄; "" takes a reference away."""

    place: Place
    name: str
    town: str
    outlet: str
    round_name: str | None = None
    postman: str | None = None
    wealth_manager: str | None = None
    backup_wealth_manager: str | None = None
    households: int | None = None
    latitude_e6: int | None = None
    longitude_e6: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CropRecord:
    """A row of 作物."""

    place: Place
    name: str
    cash_days_min: int
    cash_days_max: int
    kit: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageCropRecord:
    """A row of 村庄作物; the town is needed where two villages share a name."""

    place: Place
    village: str
    crop: str
    months: tuple[int, ...]
    households: int
    fen_per_household: int
    town: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDayRecord:
    """A row of 墟日."""

    place: Place
    town: str
    lunar_digits: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """All records of a workbook, in the order of their rows.

    Attributes:
        kinds: The kinds of sheets that the workbook has; of the others it says nothing.
        broken_keys: By kind, keys that rows with faults hold: a reference to such a row is not
            a second fault. `ANYTHING` stands for a sheet that could not be read at all.
        broken_rows: Where rows with faults stand, and what could be read of them.
    """

    outlets: tuple[OutletRecord, ...] = ()
    staff: tuple[StaffRecord, ...] = ()
    villages: tuple[VillageRecord, ...] = ()
    crops: tuple[CropRecord, ...] = ()
    village_crops: tuple[VillageCropRecord, ...] = ()
    market_days: tuple[MarketDayRecord, ...] = ()
    kinds: frozenset[str] = frozenset()
    broken_keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    broken_rows: tuple[tuple[Place, Mapping[str, Any]], ...] = ()
