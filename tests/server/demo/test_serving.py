"""`liandong demo`: loads once, recognises what is there, leaves other counties alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.config import Config
from server.demo import serving
from server.demo.loading import LAST_PHONE_LABEL
from server.demo.serving import EXIT_BAD_SETTING, EXIT_FOREIGN_DATABASE, run_demo
from server.demo.stage import SMALL
from server.factory import create_app
from server.importing import import_organisation, write_workbook
from server.migrating import migrate
from server.models import db
from server.models.people import DeviceModel, StaffModel
from server.models.sync import OpModel
from server.services import services

PORT = 8642


@pytest.fixture
def started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Return what starts a demo that happened this morning only, and its output."""
    monkeypatch.setenv("LIANDONG_DATA_DIR", str(tmp_path / "demo"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(serving, "SMALL", replace(SMALL, days=0, customers=0, years=0))
    monkeypatch.setattr(serving, "serve", lambda *_, **__: None)
    # Settings of the whole process, that the command may change but a test must not.
    monkeypatch.setattr(serving, "_log_only_trouble", lambda: None)

    def start(**options: Any) -> tuple[int, str]:
        code = run_demo(port=PORT, small=True, **options)
        return code, capsys.readouterr().out

    return start


def on_demo(tmp_path: Path, look: Callable[[], Any]) -> Any:
    """Look into the demo's database."""
    app = create_app(Config.from_env({"LIANDONG_DATA_DIR": str(tmp_path / "demo")}))
    with app.app_context():
        seen = look()
        db.session.remove()
        db.engine.dispose()
    return seen


def committed(statement: sa.Executable) -> None:
    db.session.execute(statement)
    db.session.commit()


def ops() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(OpModel)) or 0


def test_first_start_loads_and_prints_a_code_for_every_post_that_has_screens(
    started: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    code, out = started()
    assert code == 0
    codes = re.findall(
        r"([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})  http://127\.0\.0\.1:8642/#enrol=(\S+)", out
    )
    assert len(codes) == len(serving.SHOWN)
    assert all(shown == linked for shown, linked in codes)
    for post in ("投递员", "理财经理", "支局长", "大堂经理", "高柜柜员", "外拓人员", "后台人员"):
        assert post in out
    for post in ("县分公司管理员", "薪酬核算"):
        assert post not in out
    assert f"http://127.0.0.1:{PORT}" in out
    assert on_demo(tmp_path, ops) > 0


def test_columns_of_the_table_are_aligned_for_chinese_characters() -> None:
    assert serving._width("支局长 head") == 11
    assert serving._padded("陈喆", 8) == "陈喆    "
    assert serving._padded("欧阳小明", 8) == "欧阳小明"


def test_second_start_recognises_the_county_and_gives_fresh_codes(
    started: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    _, first = started()
    before = on_demo(tmp_path, ops)
    code, second = started()
    assert code == 0
    assert "已在库中" in second
    assert on_demo(tmp_path, ops) == before
    assert not set(re.findall(r"#enrol=(\S+)", first)) & set(re.findall(r"#enrol=(\S+)", second))


def test_fresh_start_begins_anew(started: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    started()
    before = on_demo(tmp_path, ops)
    on_demo(tmp_path, lambda: committed(sa.delete(OpModel)))
    code, out = started(fresh=True)
    assert code == 0
    assert "清除旧的演示数据" in out
    assert on_demo(tmp_path, ops) == before


def test_load_that_was_broken_off_is_begun_again(
    started: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    started()
    ended = sa.delete(DeviceModel).filter_by(label=LAST_PHONE_LABEL)
    on_demo(tmp_path, lambda: committed(ended))
    code, out = started()
    assert code == 0
    assert "生成演示县" in out


def test_database_of_another_county_is_left_alone(
    started: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    path = tmp_path / "county.xlsx"
    outlet = {"网点编号": "1", "网点名称": "甲支局", "所在镇": "甲镇", "县分公司": "真实的县"}
    person = {"工号": "1", "姓名": "某人", "网点": "1", "岗位": "支局长"}
    write_workbook(path, {"outlets": [outlet], "staff": [person]})

    def fill() -> None:
        migrate(db.engine)
        assert import_organisation(services().door, db.session(), path).accepted

    on_demo(tmp_path, fill)
    code, out = started(fresh=True)
    assert code == EXIT_FOREIGN_DATABASE
    assert "别的县" in out
    names = sa.select(StaffModel.name)
    assert on_demo(tmp_path, lambda: list(db.session.scalars(names))) == ["某人"]


def test_setting_that_is_wrong_is_said(
    started: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANDONG_RECEIPT_KEY", "short")
    code, out = started()
    assert code == EXIT_BAD_SETTING
    assert "LIANDONG_RECEIPT_KEY" in out


def test_demo_starts_anew_on_postgresql_too(
    started: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
    postgres_database_url: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_database_url)
    assert started()[0] == 0
    code, out = started(fresh=True)
    assert code == 0
    assert "清除旧的演示数据" in out
