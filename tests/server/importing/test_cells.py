"""What people write in cells, and what is meant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from server.importing.checking import Judgement
from server.importing.planning import Plan
from shared.domain.people import Qualification, Role, Staff, WealthManagerProfile
from shared.domain.rows import Row
from shared.domain.village import Crop, MarketDay, Village, VillageCrop

Rows = dict[str, list[dict[str, Any]]]
PlanOf = Callable[[Rows], Plan]


@pytest.fixture
def plan_of(write: Callable[[Rows], Path], check: Callable[..., Judgement]) -> PlanOf:
    """Return what plans rows that are right."""

    def planned(rows: Rows) -> Plan:
        return plan_in(check(write(rows)))

    return planned


def plan_in(judgement: Judgement) -> Plan:
    assert judgement.plan is not None, [fault.text("en") for fault in judgement.faults]
    return judgement.plan


def only(plan: Plan, table: type[Row], **equal: object) -> Any:
    (row,) = (
        change.after
        for change in plan.changes
        if isinstance(change.after, table)
        and all(getattr(change.after, name) == value for name, value in equal.items())
    )
    return row


@pytest.mark.parametrize(
    ("written", "months"),
    [
        ("4-6、10-11", (4, 5, 6, 10, 11)),
        ("11月-次年4月", (1, 2, 3, 4, 11, 12)),
        ("４～６月", (4, 5, 6)),
        ("8", (8,)),
        (8, (8,)),
        ("1,3；5", (1, 3, 5)),
        ("6至7", (6, 7)),
        ("全年", tuple(range(1, 13))),
    ],
)
def test_months_are_read_as_people_write_them(
    rows: Rows, plan_of: PlanOf, written: object, months: tuple[int, ...]
) -> None:
    rows["village_crops"][0]["出售月份"] = written
    assert only(plan_of(rows), VillageCrop, households=60).months == months


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("1/4/7", (1, 4, 7)),
        ("逢三六九", (3, 6, 9)),
        ("二、五、八、十", (2, 5, 8, 10)),
        ("农历逢2、5、8日", (2, 5, 8)),
        ("逢十", (10,)),
        ("5、0", (5, 10)),
        ("1.4.7.10", (1, 4, 7, 10)),
    ],
)
def test_market_days_are_read_as_people_write_them(
    rows: Rows, plan_of: PlanOf, written: str, digits: tuple[int, ...]
) -> None:
    rows["market_days"][0]["墟日（农历尾数）"] = written
    assert only(plan_of(rows), MarketDay).lunar_digits == digits


@pytest.mark.parametrize(
    ("written", "fen"),
    [("25,000", 2_500_000), (25000, 2_500_000), ("2.5万元", 2_500_000), ("￥１２.３４", 1234),
     (0.3, 30)],
)  # fmt: skip
def test_money_is_exact_to_the_fen(rows: Rows, plan_of: PlanOf, written: object, fen: int) -> None:
    rows["village_crops"][0]["户均收入（元）"] = written
    assert only(plan_of(rows), VillageCrop, households=60).fen_per_household == fen


@pytest.mark.parametrize(
    ("written", "days"), [("当天", 0), ("3", 3), (7, 7), ("2周", 14), ("10 天", 10)]
)
def test_cash_days_are_read_as_people_say_them(
    rows: Rows, plan_of: PlanOf, written: object, days: int
) -> None:
    rows["crops"][1]["到账最少天数"] = written
    assert only(plan_of(rows), Crop, name="甘蔗").cash_days_min == days


@pytest.mark.parametrize(
    "written", ["投递员、外拓人员", "外拓/投递员", "邮递员；外拓", "投递员\n外拓"]
)
def test_several_posts_may_be_separated_in_any_way(
    rows: Rows, plan_of: PlanOf, written: str
) -> None:
    rows["staff"][0]["岗位"] = written
    staff = only(plan_of(rows), Staff, number="000101")
    assert staff.roles == (Role.POSTMAN, Role.OUTREACH)


def test_qualifications_are_read_with_their_expiry(rows: Rows, plan_of: PlanOf) -> None:
    rows["staff"][2]["资格及到期日"] = "代理保险资格：2027年6月30日、基金(至2028/1/1)"
    plan = plan_of(rows)
    manager = only(plan, Staff, number="000103")
    held = {
        change.after.need: change.after.expires_on
        for change in plan.changes
        if isinstance(change.after, Qualification) and change.after.staff_id == manager.id
    }
    assert held == {"insurance": dt.date(2027, 6, 30), "fund": dt.date(2028, 1, 1)}


def test_profile_of_a_wealth_manager_is_read_whole(rows: Rows, plan_of: PlanOf) -> None:
    plan = plan_of(rows)
    manager = only(plan, Staff, number="000102")
    profile = only(plan, WealthManagerProfile, staff_id=manager.id)
    assert (profile.years, profile.specialties, profile.dialects) == (
        8, ("pension", "蔗农"), ("雷州话", "白话"),
    )  # fmt: skip
    assert (profile.leads_max, profile.visits_per_day_max) == (30, 5)
    assert profile.introduction == "乡里都认识的人"


def test_names_lose_the_spaces_that_align_them_and_keep_rare_characters(
    rows: Rows, plan_of: PlanOf
) -> None:
    rows["staff"][0]["姓名"] = "\u3000陈　喆\u200b "
    rows["staff"][3]["姓名"] = "𠮷 㛃"
    plan = plan_of(rows)
    assert only(plan, Staff, number="000101").name == "陈喆"
    assert only(plan, Staff, number="000104").name == "𠮷㛃"


def test_full_width_numbers_are_the_same_numbers(rows: Rows, plan_of: PlanOf) -> None:
    rows["staff"][0]["工号"] = "０００１０１"
    rows["villages"][0]["投递员工号"] = "　０００１０１"
    rows["villages"][0]["户数"] = "６０户"
    plan = plan_of(rows)
    assert only(plan, Staff, number="000101").name == "陈喆"
    assert only(plan, Village, name="东角村").households == 60


def test_reference_may_be_a_name_or_a_number_without_its_zeros(rows: Rows, plan_of: PlanOf) -> None:
    rows["villages"][0] |= {"投递员工号": 101, "理财经理工号": "林晓", "网点": "龙尾支局",
                            "备岗理财经理工号": "000103 何广"}  # fmt: skip
    plan = plan_of(rows)
    village = only(plan, Village, name="东角村")
    assert village.wealth_manager_id == only(plan, Staff, number="000102").id
    assert village.backup_wealth_manager_id == only(plan, Staff, number="000103").id


def test_number_format_of_zeros_restores_leading_zeros(
    rows: Rows, write: Callable[[Rows], Path], check: Callable[..., Judgement]
) -> None:
    path = write(rows)
    workbook = openpyxl.load_workbook(path)
    workbook["员工"]["A2"].value = 101
    workbook["员工"]["A2"].number_format = "000000"
    workbook.save(path)
    assert only(plan_in(check(path)), Staff, number="000101").name == "陈喆"


def test_title_blank_rows_totals_and_merged_cells_are_understood(
    rows: Rows, write: Callable[[Rows], Path], check: Callable[..., Judgement]
) -> None:
    path = write(rows)
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["员工"]
    sheet.insert_rows(1, 2)
    sheet["A1"] = "海角县员工一览表"
    sheet.merge_cells("A1:F1")
    for row in (4, 5):
        sheet.cell(row, 3).value = "4401"
    sheet.merge_cells("C4:C5")
    sheet["A10"] = "合计"
    sheet["B10"] = "5 人"
    sheet["A12"] = " "
    workbook.save(path)
    plan = plan_in(check(path))
    outlet = next(c.after.id for c in plan.changes if getattr(c.after, "name", "") == "龙尾支局")
    assert only(plan, Staff, number="000102").outlet_id == outlet


def test_other_headers_and_english_ones_are_known(
    tmp_path: Path, check: Callable[..., Judgement]
) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Outlets"
    sheet.append(["Name", "机构号", "Town", "备注"])
    sheet.append(["龙尾支局", "4401", "龙尾", "新装修"])
    other = workbook.create_sheet("说明")
    other.append(["随便写写"])
    workbook.create_sheet("墟日").sheet_state = "hidden"
    path = tmp_path / "english.xlsx"
    workbook.save(path)
    judgement = check(path)
    assert judgement.faults == ()
    assert {"sheet-ignored", "column-ignored"} <= {note.slug for note in judgement.notes}


@pytest.mark.parametrize("written", ['="000101"', "'000101", "000101\t"])
def test_marked_text_in_csv_is_taken_as_typed(
    tmp_path: Path, check: Callable[..., Judgement], written: str
) -> None:
    path = tmp_path / "网点.csv"
    quoted = written.replace('"', '""')
    path.write_text(f'编号,名称,镇\n"{quoted}",甲,龙尾\n12345678,乙,龙尾\n', "utf-8")
    assert check(path).faults == ()


def test_short_number_in_csv_has_probably_lost_its_zeros(
    tmp_path: Path, check: Callable[..., Judgement]
) -> None:
    path = tmp_path / "网点.csv"
    path.write_text("编号,名称,镇\n101,甲,龙尾\n120102,乙,龙尾\n120103,丙,龙尾\n", "utf-8")
    (fault,) = check(path).faults
    assert (fault.row, fault.slug, fault.facts["likely"]) == (2, "zeros-lost", "000101")
