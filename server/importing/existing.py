"""What the county already has, by the natural keys that a workbook uses."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.domain.people import (
    County,
    Outlet,
    Qualification,
    Staff,
    WealthManagerProfile,
)
from shared.domain.rows import Rows
from shared.domain.village import Crop, MarketDay, Round, Village, VillageCrop

__all__ = ["Existing", "read_existing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """The organisation as stored: each kind of row by its natural key."""

    county: County | None = None
    outlets: dict[str, Outlet] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    qualifications: dict[tuple[str, str], Qualification] = field(default_factory=dict)
    profiles: dict[str, WealthManagerProfile] = field(default_factory=dict)
    rounds: dict[tuple[str, str], Round] = field(default_factory=dict)
    villages: dict[tuple[str, str], Village] = field(default_factory=dict)
    crops: dict[str, Crop] = field(default_factory=dict)
    village_crops: dict[tuple[str, str], VillageCrop] = field(default_factory=dict)
    market_days: dict[str, MarketDay] = field(default_factory=dict)


def read_existing(rows: Rows, county: County) -> Existing:
    """Read the whole organisation of a county."""
    return Existing(
        county=county,
        outlets={row.number: row for row in rows.where(Outlet)},
        staff={row.number: row for row in rows.where(Staff)},
        qualifications={(row.staff_id, row.need): row for row in rows.where(Qualification)},
        profiles={row.staff_id: row for row in rows.where(WealthManagerProfile)},
        rounds={(row.outlet_id, row.name): row for row in rows.where(Round)},
        villages={(row.town, row.name): row for row in rows.where(Village)},
        crops={row.name: row for row in rows.where(Crop)},
        village_crops={(row.village_id, row.crop_id): row for row in rows.where(VillageCrop)},
        market_days={row.town: row for row in rows.where(MarketDay)},
    )
