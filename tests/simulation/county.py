"""The county of the simulation: two outlets, seven people, their villages."""

from __future__ import annotations

from shared.domain.people import Role, Staff
from shared.domain.rows import Row
from shared.domain.village import Crop, Round, Village, VillageCrop
from tests.server.field_county import (
    ADMIN,
    BACKUP,
    COLLEAGUE,
    HEAD,
    MANAGER,
    MELON,
    OTHER_HEAD,
    OTHER_OUTLET,
    POSTMAN,
    ROWS,
    numbered,
    profile,
    qualifications,
    staff,
)

__all__ = ["COUNTY_ROWS", "SEATS", "VOUCHERS"]

FAR_POSTMAN = staff(110, "郑阿土", Role.POSTMAN, outlet=OTHER_OUTLET)
FAR_MANAGER = staff(111, "苏敏", Role.WEALTH_MANAGER, outlet=OTHER_OUTLET)

_FAR_ROUND = Round(
    id=numbered(120), outlet_id=OTHER_OUTLET.id, name="三段", postman_id=FAR_POSTMAN.id
)
_FAR_VILLAGE = Village(
    id=numbered(121),
    outlet_id=OTHER_OUTLET.id,
    round_id=_FAR_ROUND.id,
    name="南坑村",
    town="覃斗",
    wealth_manager_id=FAR_MANAGER.id,
)
_SECOND_VILLAGE = Village(
    id=numbered(122),
    outlet_id=POSTMAN.outlet_id,
    round_id=numbered(20),
    name="北坑村",
    town="龙门",
    wealth_manager_id=BACKUP.id,
    backup_wealth_manager_id=MANAGER.id,
)
_LYCHEE = Crop(
    id=numbered(123),
    county_id=MELON.county_id,
    name="荔枝",
    cash_days_min=1,
    cash_days_max=3,
    kit=("篮子",),
)
_LYCHEES = VillageCrop(
    id=numbered(124),
    village_id=_FAR_VILLAGE.id,
    crop_id=_LYCHEE.id,
    months=(5, 6),
    households=30,
    fen_per_household=1_200_000,
)

COUNTY_ROWS: list[Row] = [
    *ROWS,
    FAR_POSTMAN,
    FAR_MANAGER,
    _FAR_ROUND,
    _FAR_VILLAGE,
    _SECOND_VILLAGE,
    _LYCHEE,
    _LYCHEES,
    profile(130, FAR_MANAGER),
    *qualifications(140, FAR_MANAGER),
]

SEATS: dict[str, Staff] = {
    "postman": POSTMAN,
    "manager": MANAGER,
    "head": HEAD,
    "tablet": POSTMAN,  # The postman's second device.
    "backup": BACKUP,
    "colleague": COLLEAGUE,
    "far-postman": FAR_POSTMAN,
    "far-manager": FAR_MANAGER,
    "far-head": OTHER_HEAD,
    "admin": ADMIN,
}
"""Every device that a run may use, and whose it is; the first three take part in every run."""

VOUCHERS = [f"LM-2026-{number:03}" for number in range(400)]
