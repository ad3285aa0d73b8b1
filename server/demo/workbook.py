"""The demo county as the workbook that a county would bring; it goes through the same door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server.demo.county import COUNTY, CROPS, MARKET_DAYS, OUTLETS, PEOPLE, VILLAGES
from server.importing import write_workbook

__all__ = ["make_workbook"]

_VILLAGES_PER_OUTLET = 12
_VILLAGES_PER_ROUND = 4


def make_workbook(path: Path) -> None:
    """Write the demo county's workbook; the same one every time."""
    write_workbook(
        path,
        {
            "outlets": [
                {"网点编号": number, "网点名称": name, "所在镇": town, "县分公司": COUNTY}
                for number, name, town in OUTLETS
            ],
            "staff": list(_staff()),
            "villages": list(_villages()),
            "crops": [
                {"作物": name, "到账最少天数": least, "到账最多天数": most, "随带物品": kit}
                for name, least, most, kit in CROPS
            ],
            "village_crops": list(_village_crops()),
            "market_days": [{"镇": town, "墟日（农历尾数）": days} for town, days in MARKET_DAYS],
        },
    )


def _staff() -> Iterator[dict[str, Any]]:
    for person in PEOPLE:
        row: dict[str, Any] = {
            "工号": person.number,
            "姓名": person.name,
            "网点": person.outlet,
            "岗位": person.posts,
            "备岗人": person.backup or None,
            "在职": "是",
        }
        if person.qualifications:
            row |= {
                "资格及到期日": person.qualifications,
                "方言": person.dialects,
                "专长": person.specialties,
                "从业年限": person.years,
                "个人介绍": person.introduction,
                "线索上限": person.leads_max,
                "每日走访上限": person.visits,
            }
        yield row


def _villages() -> Iterator[dict[str, Any]]:
    for index, village in enumerate(VILLAGES):
        half, place = divmod(index, _VILLAGES_PER_OUTLET)
        outlet = OUTLETS[half][0]
        postmen = [one.number for one in PEOPLE if one.outlet == outlet and one.posts == "投递员"]
        managers = [one.number for one in PEOPLE if one.outlet == outlet and one.qualifications]
        round_ = place // _VILLAGES_PER_ROUND
        yield {
            "村庄": village.name,
            "镇": village.town,
            "网点": outlet,
            "段道": f"{'一二三'[round_]}段",
            "投递员工号": postmen[round_],
            "理财经理工号": managers[index % 2],
            "备岗理财经理工号": managers[1 - index % 2],
            "户数": village.households,
            "纬度": village.latitude,
            "经度": village.longitude,
        }


def _village_crops() -> Iterator[dict[str, Any]]:
    for village in VILLAGES:
        for crop, months, households, yuan in village.crops:
            yield {
                "镇": village.town,
                "村庄": village.name,
                "作物": crop,
                "出售月份": months,
                "种植户数": households,
                "户均收入（元）": yuan,
            }
