"""Each thing that can be wrong in a workbook is told by sheet, row and column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from server.importing import wording
from server.importing.checking import Judgement
from server.importing.wording import FAULT_TEXTS, NOTE_TEXTS

Rows = dict[str, list[dict[str, Any]]]
FaultsOf = Callable[[Rows], list[tuple[str, int, str, str]]]

SHEETS = {
    "outlets": "网点", "staff": "员工", "villages": "村庄", "crops": "作物",
    "village_crops": "村庄作物", "market_days": "墟日",
}  # fmt: skip


def test_workbook_without_fault_is_planned_whole(
    rows: Rows, write: Callable[[Rows], Path], check: Callable[..., Judgement]
) -> None:
    judgement = check(write(rows))
    assert judgement.faults == ()
    assert judgement.plan is not None
    assert len(judgement.plan.changes) == 21


CELLS = [
    ("outlets", "网点编号", None, "blank"),
    ("outlets", "网点编号", "44 号!", "number-form"),
    ("outlets", "网点名称", "很" * 41, "text-too-long"),
    ("outlets", "县分公司", "另一个县", "county-differs"),
    ("outlets", "网点编号", "4401", "duplicate"),
    ("staff", "姓名", "   ", "blank"),
    ("staff", "姓名", "#N/A", "formula-error"),
    ("staff", "姓名", "陈\u202e喆", "character-forbidden"),
    ("staff", "工号", dt.date(2026, 1, 2), "number-is-date"),
    ("staff", "工号", 105, "zeros-lost"),
    ("staff", "工号", 12345678901234567, "number-digits-lost"),
    ("staff", "工号", "000101", "duplicate"),
    ("staff", "网点", "4409", "outlet-unknown"),
    ("staff", "岗位", "投低员", "role-unknown"),
    ("staff", "备岗人", "000105", "backup-self"),
    ("staff", "备岗人", "999999", "staff-unknown"),
    ("staff", "备岗人", "同名人", "staff-unknown"),
    ("staff", "资格及到期日", "保险 2027-06-30", "profile-not-manager"),
    ("staff", "资格及到期日", "保险", "qualification-form"),
    ("staff", "资格及到期日", "保险 2027-02-30", "qualification-form"),
    ("staff", "资格及到期日", "炒股 2027-06-30", "need-unknown"),
    ("staff", "从业年限", "好多", "whole-form"),
    ("staff", "从业年限", 61, "number-range"),
    ("staff", "线索上限", -1, "number-range"),
    ("staff", "方言", "、".join(f"话{n}" for n in range(21)), "list-too-long"),
    ("staff", "个人介绍", "很" * 501, "text-too-long"),
    ("staff", "在职", "也许", "yes-no-form"),
    ("staff", "离职", "也许", "left-form"),
    ("villages", "村庄", "东角村", "duplicate"),
    ("villages", "网点", "没有的支局", "outlet-unknown"),
    ("villages", "投递员工号", "000102", "staff-post"),
    ("villages", "理财经理工号", "000101", "staff-post"),
    ("villages", "备岗理财经理工号", "000102", "backup-self"),
    ("villages", "户数", 1.5, "whole-form"),
    ("villages", "户数", "1000001", "number-range"),
    ("villages", "纬度", 110.1, "coordinate-form"),
    ("villages", "纬度", "北纬", "coordinate-form"),
    ("crops", "作物", "西瓜", "duplicate"),
    ("crops", "到账最少天数", "90", "days-order"),
    ("crops", "到账最多天数", "过几天", "whole-form"),
    ("village_crops", "村庄", "没有村", "village-unknown"),
    ("village_crops", "作物", "西爪", "crop-unknown"),
    ("village_crops", "出售月份", "夏天", "months-form"),
    ("village_crops", "出售月份", "13", "months-form"),
    ("village_crops", "出售月份", dt.date(2026, 4, 6), "months-is-date"),
    ("village_crops", "户均收入（元）", "不少", "money-form"),
    ("village_crops", "户均收入（元）", "0.001", "money-form"),
    ("village_crops", "户均收入（元）", "-5", "money-form"),
    ("market_days", "墟日（农历尾数）", "天天", "digits-form"),
    ("market_days", "墟日（农历尾数）", "11", "digits-form"),
    ("market_days", "墟日（农历尾数）", dt.date(2026, 1, 4), "digits-is-date"),
]


@pytest.mark.parametrize(("kind", "column", "value", "slug"), CELLS)
def test_fault_of_a_cell_names_its_sheet_row_and_column(  # noqa: PLR0913, PLR0917 - one case
    rows: Rows, faults_of: FaultsOf, kind: str, column: str, value: object, slug: str
) -> None:
    last = len(rows[kind])
    rows[kind][-1][column] = value
    assert (SHEETS[kind], last + 1, column, slug) in faults_of(rows)


def test_every_fault_of_a_workbook_is_told_at_once(rows: Rows, faults_of: FaultsOf) -> None:
    rows["staff"][0]["岗位"] = "投低员"
    rows["staff"][0]["网点"] = "4409"
    rows["staff"][4]["姓名"] = None
    rows["crops"][0]["到账最多天数"] = "x"
    rows["village_crops"][1]["作物"] = "玉米"
    assert faults_of(rows) == [
        ("员工", 2, "网点", "outlet-unknown"),
        ("员工", 2, "岗位", "role-unknown"),
        ("员工", 6, "姓名", "blank"),
        ("作物", 2, "到账最多天数", "whole-form"),
        ("村庄作物", 3, "作物", "crop-unknown"),
    ]


def test_reference_to_a_row_with_a_fault_is_no_second_fault(
    rows: Rows, faults_of: FaultsOf
) -> None:
    rows["staff"][1]["从业年限"] = "很久"
    assert faults_of(rows) == [("员工", 3, "从业年限", "whole-form")]


def test_name_of_two_people_is_refused_as_a_reference(rows: Rows, faults_of: FaultsOf) -> None:
    rows["staff"][2]["姓名"] = "林晓"
    rows["villages"][0]["理财经理工号"] = "林晓"
    assert faults_of(rows) == [("村庄", 2, "理财经理工号", "staff-ambiguous")]


def test_name_of_two_outlets_is_refused_as_a_reference(rows: Rows, faults_of: FaultsOf) -> None:
    rows["outlets"][1]["网点名称"] = "龙尾支局"
    rows["staff"][0]["网点"] = "龙尾支局"
    assert faults_of(rows) == [("员工", 2, "网点", "outlet-ambiguous")]


def test_name_of_two_villages_needs_the_town(rows: Rows, faults_of: FaultsOf) -> None:
    rows["villages"][1] |= {"村庄": "东角村", "镇": "沙头"}
    rows["village_crops"].pop()
    assert faults_of(rows) == [("村庄作物", 2, "村庄", "village-ambiguous")]
    rows["village_crops"][0]["镇"] = "沙头"
    assert faults_of(rows) == []


def test_person_who_left_cannot_be_responsible(rows: Rows, faults_of: FaultsOf) -> None:
    rows["staff"][0]["离职"] = "2026-10-31"
    assert faults_of(rows) == [
        ("村庄", 2, "投递员工号", "staff-left"),
        ("村庄", 3, "投递员工号", "staff-left"),
    ]


def test_round_has_one_postman(rows: Rows, faults_of: FaultsOf) -> None:
    rows["staff"].append({"工号": "000106", "姓名": "吴浩", "网点": "4401", "岗位": "投递员"})
    rows["villages"][1]["投递员工号"] = "000106"
    assert faults_of(rows) == [("村庄", 3, "投递员工号", "round-two-postmen")]


def test_postman_needs_a_round(rows: Rows, faults_of: FaultsOf) -> None:
    rows["villages"][1]["段道"] = None
    assert faults_of(rows) == [("村庄", 3, "段道", "postman-without-round")]


def test_latitude_needs_its_longitude(rows: Rows, faults_of: FaultsOf) -> None:
    rows["villages"][0]["经度"] = None
    assert faults_of(rows) == [("村庄", 2, "经度", "coordinate-half")]


def test_backup_of_a_wealth_manager_is_one_too(rows: Rows, faults_of: FaultsOf) -> None:
    rows["staff"][2]["备岗人"] = "000101"
    assert faults_of(rows) == [("员工", 4, "备岗人", "backup-not-manager")]


def test_columns_in_service_and_left_must_agree(rows: Rows, faults_of: FaultsOf) -> None:
    rows["staff"][4] |= {"在职": "是", "离职": "2026-10-31"}
    assert faults_of(rows) == [("员工", 6, "离职", "service-contradiction")]


def _without_column(path: Path, sheet: str, column: int) -> None:
    workbook = openpyxl.load_workbook(path)
    workbook[sheet].delete_cols(column)
    workbook.save(path)


def test_missing_column_is_told_once_with_its_other_names(
    rows: Rows, write: Callable[[Rows], Path], check: Callable[..., Judgement]
) -> None:
    path = write(rows)
    _without_column(path, "员工", 4)
    (fault,) = check(path).faults
    assert (fault.sheet, fault.column, fault.slug) == ("员工", "岗位", "column-missing")
    assert "职务" in fault.text("zh")


def test_column_that_stands_twice_is_told(
    rows: Rows, write: Callable[[Rows], Path], check: Callable[..., Judgement]
) -> None:
    path = write(rows)
    workbook = openpyxl.load_workbook(path)
    workbook["墟日"]["C1"] = "乡镇"
    workbook.save(path)
    (fault,) = check(path).faults
    assert (fault.letter, fault.slug, fault.facts["other"]) == ("C", "column-twice", "A")


def test_sheet_left_empty_is_noted_and_stops_nothing(
    rows: Rows, write: Callable[[Rows], Path], check: Callable[..., Judgement]
) -> None:
    del rows["market_days"]
    judgement = check(write(rows))
    assert judgement.faults == ()
    assert [note.slug for note in judgement.notes] == ["sheet-blank"]


def test_sheet_without_header_or_of_a_kind_twice_is_told(
    rows: Rows, write: Callable[[Rows], Path], check: Callable[..., Judgement]
) -> None:
    path = write(rows)
    workbook = openpyxl.load_workbook(path)
    workbook["网点"].delete_rows(1)
    workbook.copy_worksheet(workbook["作物"]).title = "农产品"
    workbook.save(path)
    assert [(fault.sheet, fault.slug) for fault in check(path).faults] == [
        ("网点", "header-missing"),
        ("农产品", "sheet-twice"),
    ]


def test_sheet_with_too_many_rows_is_refused(
    rows: Rows, write: Callable[[Rows], Path], check: Callable[..., Judgement],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("server.importing.parsing.ROWS_MAX", 4)
    (fault,) = check(write(rows)).faults
    assert (fault.sheet, fault.slug) == ("员工", "rows-too-many")


def test_county_of_a_thousand_villages_is_judged_whole(
    rows: Rows, write: Callable[[Rows], Path], check: Callable[..., Judgement]
) -> None:
    rows["villages"] += [
        {"村庄": f"第{number}村", "镇": "龙尾", "网点": "4401", "理财经理工号": "林晓"}
        for number in range(1_000)
    ]
    planned = check(write(rows)).plan
    assert planned is not None
    ids = [change.after.id for change in planned.changes]
    assert len(set(ids)) == len(ids) == 1_021
    for row in rows["villages"]:
        row["理财经理工号"] = "没有的人"
    assert len(check(write(rows)).faults) == 1_002


def test_every_text_says_the_same_facts_in_both_languages() -> None:
    for slug, texts in (FAULT_TEXTS | NOTE_TEXTS).items():
        assert set(texts) == {"zh", "en"}, slug
        assert _facts(texts["zh"]) >= _facts(texts["en"]), slug


def _facts(text: str) -> set[str]:
    import string  # noqa: PLC0415

    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_is_said_somewhere() -> None:
    folder = Path(wording.__file__).parent
    said = "".join(
        path.read_text("utf-8") for path in folder.glob("*.py") if path.name != "wording.py"
    )
    for slug in FAULT_TEXTS | NOTE_TEXTS:
        assert f'"{slug}"' in said, slug
