"""The sheets of the workbook: their names, their columns, what each column takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from marshmallow import Schema

from server.importing.day_fields import Digits, LeftOn, Months, YesNo
from server.importing.fields import (
    CashDays,
    CellField,
    Coordinate,
    LongWords,
    Money,
    NumberText,
    Reference,
    WholeNumber,
    Words,
)
from server.importing.grid import half_width
from server.importing.list_fields import Items, Qualifications, Roles, Specialties
from server.importing.organisation import (
    CropRecord,
    MarketDayRecord,
    OutletRecord,
    StaffRecord,
    VillageCropRecord,
    VillageRecord,
)

__all__ = ["LAYOUTS", "Layout", "header_key", "layout_named"]


class OutletSheet(Schema):
    """网点."""

    number = NumberText("网点编号", "outlet number", "编号", "机构号", "机构编码", required=True)
    name = Words("网点名称", "outlet name", "名称", "网点", "支局", "name", required=True)
    town = Words("所在镇", "town", "镇", "乡镇", "所在乡镇", required=True)
    county = Words("县分公司", "county", "县", "县市", "所属县")


class StaffSheet(Schema):
    """员工."""

    number = NumberText("工号", "staff number", "员工号", "员工编号", "人员编号", required=True)
    name = Words("姓名", "name", "员工姓名", required=True)
    outlet = Reference("网点", "outlet", "所属网点", "网点编号", "网点名称", required=True)
    roles = Roles("岗位", "posts", "职务", "岗位名称", "role", "roles", "post", required=True)
    backup = Reference("备岗人", "backup", "AB角", "备岗", "后备人")
    qualifications = Qualifications(
        "资格及到期日", "qualifications", "资格", "资质", "资格到期", "资格有效期"
    )
    dialects = Items("方言", "dialects", "会说方言", hint="雷州话、白话")
    specialties = Specialties("专长", "specialties", "特长", "擅长")
    years = WholeNumber("从业年限", "years", "从业年数", "工作年限", "年限", most=60)
    introduction = LongWords("个人介绍", "introduction", "介绍", "简介", "自我介绍")
    leads_max = WholeNumber("线索上限", "leads max", "在办上限", "转介上限", most=10_000)
    visits_per_day_max = WholeNumber(
        "每日走访上限", "visits a day", "日走访上限", "每天走访", most=100
    )
    in_service = YesNo("在职", "in service", "是否在职", "在职状态", "状态")
    left = LeftOn("离职", "left", "离职日期", "是否离职")


class VillageSheet(Schema):
    """村庄."""

    name = Words("村庄", "village", "村名", "村", "行政村", "自然村", "name", required=True)
    town = Words("镇", "town", "乡镇", "所在镇", required=True)
    outlet = Reference("网点", "outlet", "所属网点", "网点编号", "网点名称", required=True)
    round_name = Reference("段道", "round", "投递段道", "段道名称", "邮路", hint="一段")
    postman = Reference("投递员工号", "postman", "投递员", "投递员编号", "段道投递员")
    wealth_manager = Reference(
        "理财经理工号", "wealth manager", "理财经理", "责任理财经理", "负责理财经理"
    )
    backup_wealth_manager = Reference(
        "备岗理财经理工号", "backup wealth manager", "备岗理财经理", "后备理财经理"
    )
    households = WholeNumber("户数", "households", "总户数")
    latitude_e6 = Coordinate("纬度", "latitude", "lat", least=3, most=54)
    longitude_e6 = Coordinate("经度", "longitude", "lng", "lon", least=73, most=136)


class CropSheet(Schema):
    """作物."""

    name = Words("作物", "crop", "农产品", "作物名称", "品种", "name", required=True)
    cash_days_min = CashDays(
        "到账最少天数", "cash days min", "最少天数", "到账天数起", most=400, required=True
    )
    cash_days_max = CashDays(
        "到账最多天数", "cash days max", "最多天数", "到账天数止", most=400, required=True
    )
    kit = Items("随带物品", "kit", "物品清单", "工具清单", "帮扶物品")


class VillageCropSheet(Schema):
    """村庄作物."""

    town = Words("镇", "town", "乡镇", "所在镇")
    village = Words("村庄", "village", "村名", "村", required=True)
    crop = Words("作物", "crop", "农产品", "作物名称", required=True)
    months = Months("出售月份", "season", "月份", "季节", "上市月份", "months", required=True)
    households = WholeNumber("种植户数", "households", "户数", required=True)
    fen_per_household = Money(
        "户均收入（元）",
        "yuan per household",
        "户均收入",
        "户均金额",
        "每户金额",
        "户均",
        required=True,
    )


class MarketDaySheet(Schema):
    """墟日."""

    town = Words("镇", "town", "乡镇", "墟镇", "圩镇", required=True)
    lunar_digits = Digits(
        "墟日（农历尾数）",
        "market days",
        "墟日",
        "圩日",
        "农历尾数",
        "集日",
        "digits",
        required=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A kind of sheet.

    Attributes:
        kind: Its name in the code; the field of `Organisation` that its records go to.
        zh: Its name in Chinese, and the name of the sheet.
        en: Its name in English.
        names: By what else it is called.
        schema: Its columns.
        record: What a row becomes.
    """

    kind: str
    zh: str
    en: str
    names: tuple[str, ...]
    schema: Schema
    record: type[Any]

    def columns(self) -> dict[str, CellField[Any]]:
        """Return the columns by the name of the record's field, in order."""
        return {
            name: column
            for name, column in self.schema.fields.items()
            if isinstance(column, CellField)
        }


LAYOUTS: Final = (
    Layout(
        kind="outlets",
        zh="网点",
        en="outlets",
        names=("网点表", "支局", "机构"),
        schema=OutletSheet(),
        record=OutletRecord,
    ),
    Layout(
        kind="staff",
        zh="员工",
        en="staff",
        names=("员工表", "人员", "花名册", "员工花名册"),
        schema=StaffSheet(),
        record=StaffRecord,
    ),
    Layout(
        kind="villages",
        zh="村庄",
        en="villages",
        names=("村庄表", "村", "村屯"),
        schema=VillageSheet(),
        record=VillageRecord,
    ),
    Layout(
        kind="crops",
        zh="作物",
        en="crops",
        names=("作物表", "农产品"),
        schema=CropSheet(),
        record=CropRecord,
    ),
    Layout(
        kind="village_crops",
        zh="村庄作物",
        en="village crops",
        names=("村庄作物表", "各村作物", "village_crops"),
        schema=VillageCropSheet(),
        record=VillageCropRecord,
    ),
    Layout(
        kind="market_days",
        zh="墟日",
        en="market days",
        names=("墟日表", "圩日", "集日", "market_days"),
        schema=MarketDaySheet(),
        record=MarketDayRecord,
    ),
)
"""Every kind of sheet, in the order of the template."""


def header_key(text: str) -> str:
    """Return a header or a sheet's name in the form in which names are compared."""
    return "".join(character for character in half_width(text).casefold() if character.isalnum())


def layout_named(name: str) -> Layout | None:
    """Return the kind of sheet of that name, by any of its names."""
    key = header_key(name)
    for layout in LAYOUTS:
        if key in {header_key(known) for known in (layout.zh, layout.en, *layout.names)}:
            return layout
    return None
