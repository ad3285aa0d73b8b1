"""Importing into a real database: all or nothing, again and again, on both engines."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from server.importing import ImportReport, import_organisation, write_template
from server.models import MODELS, db
from server.models.people import CountyModel
from server.models.sync import FeedEntryModel
from server.rows import DatabaseRows
from server.services import services
from shared.domain.people import (
    County,
    Outlet,
    Qualification,
    Role,
    Staff,
    WealthManagerProfile,
)
from shared.domain.rows import Row
from shared.domain.village import Crop, MarketDay, Round, Village, VillageCrop

Rows = dict[str, list[dict[str, Any]]]
Write = Callable[[Rows], Path]

ORGANISATION: tuple[type[Row], ...] = (
    County, Outlet, Staff, Qualification, WealthManagerProfile, Round, Village, Crop, VillageCrop,
    MarketDay,
)  # fmt: skip


@pytest.fixture
def bring(empty_app: Flask) -> Callable[..., ImportReport]:
    """Return what imports a file."""
    del empty_app  # Its context is what the import runs in.

    def imported(path: Path, **options: Any) -> ImportReport:
        return import_organisation(services().door, db.session(), path, **options)

    return imported


def stored() -> dict[str, list[Row]]:
    """Return the organisation as the database has it."""
    db.session.rollback()
    county_id = db.session.scalars(sa.select(CountyModel.id)).one_or_none()
    if county_id is None:
        return {}
    rows = DatabaseRows(db.session(), county_id)
    return {table.TABLE: rows.where(table) for table in ORGANISATION}


def revisions() -> int:
    return sum(
        db.session.scalar(sa.select(sa.func.sum(MODELS[table].revision))) or 0
        for table in ORGANISATION
    )


def test_workbook_becomes_the_county(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    report = bring(write(rows))
    assert report.accepted
    county = stored()
    assert {table: len(some) for table, some in county.items()} == {
        "county": 1, "outlet": 2, "staff": 5, "qualification": 3, "wealth_manager_profile": 2,
        "round": 1, "village": 2, "crop": 2, "village_crop": 2, "market_day": 1,
    }  # fmt: skip
    assert report.counts()["staff"] == (5, 0)


def test_imported_rows_reach_the_feed(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    bring(write(rows))
    told = set(db.session.scalars(sa.select(FeedEntryModel.table_name)))
    assert {table.TABLE for table in ORGANISATION} <= told


def test_same_workbook_again_changes_nothing(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    bring(write(rows))
    before, count = stored(), revisions()
    report = bring(write(rows))
    assert report.changes == ()
    assert (stored(), revisions()) == (before, count)
    assert "没有要改的" in report.text("zh")


def test_changed_workbook_updates_and_keeps_ids(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    bring(write(rows))
    before = {row.id: row for some in stored().values() for row in some}
    rows["staff"][0] |= {"岗位": "投递员、外拓人员", "姓名": "陈一喆"}
    rows["villages"][0]["户数"] = 66
    rows["villages"].append(
        {"村庄": "新村", "镇": "龙尾", "网点": "4401", "段道": "二段", "理财经理工号": "000102"}
    )
    report = bring(write(rows))
    after = {row.id: row for some in stored().values() for row in some}
    assert before.keys() <= after.keys()
    assert len(after) == len(before) + 2  # The village and its round.
    changed = sorted(row_id for row_id in before if before[row_id] != after[row_id])
    assert len(changed) == 2
    assert "+ 村庄 龙尾 新村" in report.text("zh")
    assert "陈喆 → 陈一喆" in report.text("zh")
    assert "posts postman → postman、outreach" in report.text("en")


def test_one_fault_anywhere_keeps_the_whole_workbook_out(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    bring(write(rows))
    before = stored()
    rows["outlets"][0]["网点名称"] = "改了名"
    rows["market_days"][0]["墟日（农历尾数）"] = "天天"
    report = bring(write(rows))
    assert not report.accepted
    assert stored() == before
    assert "系统里什么都没有动" in report.text("zh")
    assert "「墟日」表 第 2 行 B 列「墟日（农历尾数）」" in report.text("zh")


def test_failure_while_writing_leaves_nothing_behind(
    bring: Callable[..., ImportReport], rows: Rows, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("server.mutations.own.publish", fail)
    with pytest.raises(OSError, match="disk full"):
        bring(write(rows))
    assert stored() == {}


def test_dry_run_says_what_would_change_and_changes_nothing(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    would = bring(write(rows), dry_run=True)
    assert stored() == {}
    assert "试运行" in would.text("zh")
    did = bring(write(rows))
    assert did.counts() == would.counts()


def test_people_missing_from_a_new_workbook_are_told_and_stay(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    bring(write(rows))
    less = copy.deepcopy(rows)
    less["staff"].pop()
    less["villages"].pop()
    less["village_crops"].pop()
    less["crops"].pop()
    report = bring(write(less))
    assert report.changes == ()
    assert {note.slug for note in report.notes} >= {
        "missing-staff", "missing-village", "missing-crop", "missing-village-crop",
    }  # fmt: skip
    assert len(stored()["staff"]) == 5


def test_leavers_are_deactivated_and_return_when_the_workbook_says_so(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    def active() -> bool:
        (row,) = [one for one in stored()["staff"] if getattr(one, "number", "") == "000105"]
        assert isinstance(row, Staff)
        return row.active

    bring(write(rows))
    rows["staff"][4]["离职"] = "2026-11-20"
    report = bring(write(rows))
    assert not active()
    assert "outlet-headless" in {note.slug for note in report.notes}
    del rows["staff"][4]["离职"]
    bring(write(rows))
    assert not active()
    rows["staff"][4]["在职"] = "是"
    bring(write(rows))
    assert active()


def test_leaving_in_the_future_waits(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    rows["staff"][4]["离职"] = "2027-01-31"
    report = bring(write(rows))
    assert all(getattr(row, "active", True) for row in stored()["staff"])
    assert "leaves-later" in {note.slug for note in report.notes}


def test_qualification_that_the_workbook_drops_ends_yesterday(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    bring(write(rows))
    rows["staff"][1]["资格及到期日"] = "保险 2027-06-30"
    report = bring(write(rows))
    held = {
        getattr(row, "need", ""): f"{getattr(row, 'expires_on', '')}"
        for row in stored()["qualification"]
    }
    assert held["fund"] == "2026-11-22"
    assert "qualification-ended" in {note.slug for note in report.notes}


def test_single_sheet_leaves_the_others_alone(
    bring: Callable[..., ImportReport], rows: Rows, write: Write, tmp_path: Path
) -> None:
    bring(write(rows))
    path = tmp_path / "员工.csv"
    path.write_text("工号,姓名,网点,岗位\n'000199,新人,龙尾支局,投递员\n", "gb18030")
    report = bring(path)
    assert report.accepted, report.text("en")
    assert report.counts() == {"staff": (1, 0)}
    assert len(stored()["village"]) == 2


def test_column_that_a_workbook_leaves_out_keeps_what_is_known(
    bring: Callable[..., ImportReport], rows: Rows, write: Write, tmp_path: Path
) -> None:
    bring(write(rows))
    path = tmp_path / "员工.csv"
    path.write_text("工号,姓名,网点,岗位\n'000102,林晓,4401,理财经理\n", "utf-8")
    report = bring(path)
    assert report.changes == ()


def test_blank_cell_of_a_reference_takes_it_away(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    bring(write(rows))
    rows["villages"][0]["备岗理财经理工号"] = None
    report = bring(write(rows))
    assert [change.fields for change in report.changes] == [("backup_wealth_manager_id",)]


def test_county_may_be_named_by_the_command(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    for row in rows["outlets"]:
        row["县分公司"] = None
    assert [fault.slug for fault in bring(write(rows)).faults] == ["county-needed"]
    rows["staff"][0]["岗位"] = "投低员"
    assert [fault.slug for fault in bring(write(rows)).faults] == ["county-needed", "role-unknown"]
    rows["staff"][0]["岗位"] = "投递员"
    assert bring(write(rows), county="天涯县").accepted
    assert [getattr(row, "name", "") for row in stored()["county"]] == ["天涯县"]
    assert bring(write(rows)).changes == ()


def test_workbook_of_another_county_does_not_touch_this_one(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    bring(write(rows))
    rows["outlets"][0]["县分公司"] = "天涯县"
    assert {fault.slug for fault in bring(write(rows)).faults} == {"county-differs"}


def test_damaged_file_changes_nothing_and_says_what_to_do(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    path = write(rows)
    path.write_bytes(path.read_bytes()[:1500])
    report = bring(path)
    assert [fault.slug for fault in report.faults] == ["file-damaged"]
    assert "另存为" in report.text("zh")
    assert stored() == {}


def test_template_has_every_column_and_only_lacks_content(
    bring: Callable[..., ImportReport], tmp_path: Path
) -> None:
    path = tmp_path / "template.xlsx"
    write_template(path)
    assert [fault.slug for fault in bring(path).faults] == ["sheet-empty"]


def test_roles_are_kept_in_one_order(
    bring: Callable[..., ImportReport], rows: Rows, write: Write
) -> None:
    bring(write(rows))
    (head,) = [row for row in stored()["staff"] if getattr(row, "number", "") == "000104"]
    assert isinstance(head, Staff)
    assert head.roles == (Role.BRANCH_HEAD, Role.ADMINISTRATOR)
