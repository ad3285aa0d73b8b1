"""A small made-up county for the server's tests: one outlet, its people, a village of melons."""

from __future__ import annotations

import datetime as dt

from shared.domain.people import (
    County,
    Outlet,
    Qualification,
    Role,
    Staff,
    WealthManagerProfile,
)
from shared.domain.referral import Need
from shared.domain.rows import Row
from shared.domain.village import Crop, Round, Village, VillageCrop
from shared.ids import make_id

MONDAY = dt.datetime(2026, 5, 4, 1, 0, tzinfo=dt.UTC)  # Nine o'clock at the outlet.
THURSDAY = dt.date(2026, 5, 7)


def numbered(number: int) -> str:
    """Return the id of an object that an import made."""
    return make_id(0, 1, number)


COUNTY = County(id=numbered(1), name="雷州")
OUTLET = Outlet(id=numbered(2), county_id=COUNTY.id, number="52401", name="龙门支局", town="龙门")
OTHER_OUTLET = Outlet(
    id=numbered(3), county_id=COUNTY.id, number="52402", name="覃斗支局", town="覃斗"
)


def staff(
    number: int, name: str, *roles: Role, outlet: Outlet = OUTLET, backup_id: str | None = None
) -> Staff:
    return Staff(
        id=numbered(number),
        county_id=COUNTY.id,
        outlet_id=outlet.id,
        number=f"8801{number}",
        name=name,
        roles=roles,
        backup_id=backup_id,
    )


POSTMAN = staff(10, "陈志强", Role.POSTMAN)
COLLEAGUE = staff(11, "林水生", Role.POSTMAN)
LOBBY = staff(12, "黄丽", Role.LOBBY_MANAGER)
MANAGER = staff(13, "吴芳", Role.WEALTH_MANAGER, backup_id=numbered(14))
BACKUP = staff(14, "何伟", Role.WEALTH_MANAGER)
HEAD = staff(15, "梁局长", Role.BRANCH_HEAD)
ADMIN = staff(16, "县管理员", Role.ADMINISTRATOR)
OTHER_HEAD = staff(17, "邻局长", Role.BRANCH_HEAD, outlet=OTHER_OUTLET)
TELLER = staff(18, "周敏", Role.TELLER)

ROUND = Round(id=numbered(20), outlet_id=OUTLET.id, name="一段", postman_id=POSTMAN.id)
COLLEAGUES_ROUND = Round(id=numbered(21), outlet_id=OUTLET.id, name="二段", postman_id=COLLEAGUE.id)
VILLAGE = Village(
    id=numbered(22),
    outlet_id=OUTLET.id,
    round_id=ROUND.id,
    name="东坑村",
    town="龙门",
    households=60,
    wealth_manager_id=MANAGER.id,
    backup_wealth_manager_id=BACKUP.id,
)
COLLEAGUES_VILLAGE = Village(
    id=numbered(23),
    outlet_id=OUTLET.id,
    round_id=COLLEAGUES_ROUND.id,
    name="西坑村",
    town="龙门",
    wealth_manager_id=BACKUP.id,
)
MELON = Crop(
    id=numbered(24),
    county_id=COUNTY.id,
    name="西瓜",
    cash_days_min=0,
    cash_days_max=0,
    kit=("毛巾", "手套"),
)
MELONS = VillageCrop(
    id=numbered(25),
    village_id=VILLAGE.id,
    crop_id=MELON.id,
    months=(4, 5, 6),
    households=60,
    fen_per_household=2_500_000,
)


def profile(number: int, manager: Staff, **fields: object) -> WealthManagerProfile:
    values: dict[str, object] = {
        "years": 8,
        "specialties": (),
        "dialects": (),
        "introduction": "",
        "leads_max": 20,
        "visits_per_day_max": 3,
        **fields,
    }
    return WealthManagerProfile(
        id=numbered(number),
        staff_id=manager.id,
        **values,  # type: ignore[arg-type]
    )


def qualifications(number: int, manager: Staff) -> list[Qualification]:
    return [
        Qualification(
            id=numbered(number + place),
            staff_id=manager.id,
            need=need.value,
            expires_on=dt.date(2030, 1, 1),
        )
        for place, need in enumerate(Need)
    ]


PEOPLE = (POSTMAN, COLLEAGUE, LOBBY, MANAGER, BACKUP, HEAD, ADMIN, OTHER_HEAD, TELLER)
ROWS: list[Row] = [
    COUNTY,
    OUTLET,
    OTHER_OUTLET,
    *PEOPLE,
    ROUND,
    COLLEAGUES_ROUND,
    VILLAGE,
    COLLEAGUES_VILLAGE,
    MELON,
    MELONS,
    profile(30, MANAGER),
    profile(31, BACKUP),
    *qualifications(40, MANAGER),
    *qualifications(60, BACKUP),
]
