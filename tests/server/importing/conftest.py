"""Workbooks as a county would write them, and what the import makes of them."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from server.config import Config
from server.factory import create_app
from server.importing import write_workbook
from server.importing.checking import Judgement, judge, select_sheet
from server.importing.existing import Existing
from server.importing.parsing import parse_grids
from server.importing.reading import read_grids
from server.migrating import migrate
from server.models import db
from shared.domain.people import County
from shared.ids import make_id
from tests.server.copied_database import Template, postgres_template, sqlite_template

TODAY = dt.date(2026, 11, 23)
COUNTY = County(id=make_id(0, 1, 1_000_000), name="海角县")


class StillClock:
    """A clock that stands still, at nine in the morning of TODAY."""

    def now(self) -> dt.datetime:
        return dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)

    def elapsed_s(self) -> float:
        return 0.0


Rows = dict[str, list[dict[str, Any]]]

_ROWS: Rows = {
    "outlets": [
        {"网点编号": "4401", "网点名称": "龙尾支局", "所在镇": "龙尾", "县分公司": "海角县"},
        {"网点编号": "4402", "网点名称": "沙头支局", "所在镇": "沙头", "县分公司": "海角县"},
    ],
    "staff": [
        {"工号": "000101", "姓名": "陈喆", "网点": "4401", "岗位": "投递员"},
        {"工号": "000102", "姓名": "林晓", "网点": "4401", "岗位": "理财经理",
         "资格及到期日": "保险 2027-06-30；基金 2028-01-01", "方言": "雷州话、白话",
         "专长": "养老、蔗农", "从业年限": 8, "个人介绍": "乡里都认识的人", "线索上限": 30,
         "每日走访上限": 5},
        {"工号": "000103", "姓名": "何广", "网点": "4402", "岗位": "理财经理",
         "资格及到期日": "保险 2027-06-30", "备岗人": "000102"},
        {"工号": "000104", "姓名": "梁立", "网点": "4401", "岗位": "支局长、县分公司管理员"},
        {"工号": "000105", "姓名": "黄秋", "网点": "4402", "岗位": "支局长"},
    ],
    "villages": [
        {"村庄": "东角村", "镇": "龙尾", "网点": "4401", "段道": "一段", "投递员工号": "000101",
         "理财经理工号": "000102", "备岗理财经理工号": "000103", "户数": 60,
         "纬度": 20.912345, "经度": 110.123456},
        {"村庄": "西角村", "镇": "龙尾", "网点": "4401", "段道": "一段", "投递员工号": "000101",
         "理财经理工号": "000102", "户数": 80},
    ],
    "crops": [
        {"作物": "西瓜", "到账最少天数": "0", "到账最多天数": "0", "随带物品": "毛巾、手套"},
        {"作物": "甘蔗", "到账最少天数": "2周", "到账最多天数": "12周", "随带物品": ""},
    ],
    "village_crops": [
        {"村庄": "东角村", "作物": "西瓜", "出售月份": "4-6、10-11", "种植户数": 60,
         "户均收入（元）": "25,000"},
        {"村庄": "西角村", "作物": "甘蔗", "出售月份": "12-4", "种植户数": 40,
         "户均收入（元）": "2万"},
    ],
    "market_days": [{"镇": "龙尾", "墟日（农历尾数）": "1/4/7"}],
}  # fmt: skip


@pytest.fixture
def rows() -> Rows:
    """Return the rows of a workbook without a fault, to be spoilt at will."""
    return copy.deepcopy(_ROWS)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Rows], Path]:
    """Return what writes rows as a workbook."""

    def write_rows(rows: Rows) -> Path:
        path = tmp_path / "county.xlsx"
        write_workbook(path, rows)
        return path

    return write_rows


@pytest.fixture
def check() -> Callable[..., Judgement]:
    """Return what judges a file against what there is, as the import would."""

    def check_file(
        path: Path, *, sheet: str | None = None, existing: Existing | None = None
    ) -> Judgement:
        ids = itertools.count()
        parsed = parse_grids(select_sheet(read_grids(path), sheet))
        return judge(
            parsed, existing or Existing(), COUNTY, lambda: make_id(0, 1, next(ids)), TODAY
        )

    return check_file


@pytest.fixture
def faults_of(
    write: Callable[[Rows], Path], check: Callable[..., Judgement]
) -> Callable[[Rows], list[tuple[str, int, str, str]]]:
    """Return what tells the faults of rows: sheet, row, column and slug."""

    def told(rows: Rows) -> list[tuple[str, int, str, str]]:
        return [
            (fault.sheet, fault.row, fault.column, fault.slug)
            for fault in check(write(rows)).faults
        ]

    return told


def _migrated(url: str) -> None:
    engine = sa.create_engine(url)
    migrate(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """Make a database with the present schema and nothing in it, which tests copy."""
    with sqlite_template(tmp_path_factory.mktemp("empty"), _migrated) as made:
        yield made


@pytest.fixture(scope="session")
def postgres_empty(postgres_url: str) -> Iterator[Template]:
    """Make the same on PostgreSQL."""
    with postgres_template(postgres_url, _migrated) as made:
        yield made


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """Make an application whose database is migrated and holds nothing, on each engine."""
    template: Template = request.getfixturevalue(f"{request.param}_empty")
    with template.copied(tmp_path) as url:
        config = Config(database_url=url, receipt_key=b"\x01" * 32, code_pepper=b"\x02" * 32)
        app = create_app(config, clock=StillClock())
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()
