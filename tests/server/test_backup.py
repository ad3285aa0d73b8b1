"""A backup is checked before it is called one, and putting it back is safe for everybody."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy.engine import make_url

from server.backup import BackupError, back_up, hold_database, restore, verify_backup
from server.cli import main
from server.config import Config
from server.identity import identity_of
from server.models import db
from server.services import services
from shared.domain.referral import Referral
from shared.wire.envelope import to_base64url
from tests.server.conftest import POSTMAN, HandClock, Phone, code_for, stored


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """Run on SQLite unless a test says otherwise: PostgreSQL is copied by its own tools."""
    marker = request.node.get_closest_marker("postgres")
    return "postgres" if marker else "sqlite"


@pytest.fixture
def database(config: Config) -> Path:
    """Name the file of the database."""
    return Path(make_url(config.database_url).database or "")


@pytest.fixture
def liandong(config: Config, tmp_path: Path) -> Any:
    """Return what runs a command on the test's own database."""
    env = {
        "DATABASE_URL": make_url(config.database_url).render_as_string(hide_password=False),
        "LIANDONG_DATA_DIR": str(tmp_path / "data"),
        "LIANDONG_RECEIPT_KEY": to_base64url(config.receipt_key),
        "LIANDONG_CODE_PEPPER": to_base64url(config.code_pepper),
        "LIANDONG_WEB_DIR": str(tmp_path / "no-web"),
    }

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, words, env=env)

    return run


def stop(app: Flask) -> None:
    """Close what the server has open, as its end would."""
    del app
    db.session.remove()
    db.engine.dispose()


def generation() -> str:
    db.session.rollback()
    return identity_of(db.session(), services().door.signer).generation


def leads_in(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM referral").fetchone()[0])


def test_a_backup_is_made_while_the_server_works(
    liandong: Any, phone_of: Any, tmp_path: Path
) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    phone.sync()
    said = liandong("backup", str(tmp_path / "good"))
    assert said.exit_code == 0, said.output
    assert "1 operations of 1 devices, whole and checked" in said.output
    assert leads_in(tmp_path / "good") == 1
    assert (tmp_path / "good").stat().st_mode & 0o777 == 0o600
    phone.referral(customer_name="黄女士", phone=None)
    assert phone.sync()["results"][0]["state"] == "ok"


def test_a_backup_tells_phones_what_they_need_not_keep(
    config: Config, phone_of: Any, tmp_path: Path
) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    assert phone.sync()["keep_from"] == 1
    back_up(config, tmp_path / "one")
    phone.referral(customer_name="黄女士", phone=None)
    assert phone.sync()["keep_from"] == 2
    back_up(config, tmp_path / "two")
    verify_backup(config, str(tmp_path / "one"))
    db.session.rollback()
    assert phone.sync()["keep_from"] == 3


def test_a_backup_is_never_written_over(liandong: Any, tmp_path: Path, app: Flask) -> None:
    (tmp_path / "old").write_text("precious")
    said = liandong("backup", str(tmp_path / "old"))
    assert (said.exit_code, (tmp_path / "old").read_text()) == (1, "precious")
    assert "exists already" in said.output
    del app


@pytest.mark.parametrize(
    "harm",
    [
        "DROP TABLE ledger_entry",
        "DELETE FROM op WHERE seq = 1",
        "UPDATE referral SET customer_id = '0000000000000'",
        "DELETE FROM server_identity",
    ],
)
def test_a_copy_that_lacks_something_is_no_backup(
    config: Config, phone_of: Any, tmp_path: Path, harm: str
) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    phone.sync()
    back_up(config, tmp_path / "copy")
    with contextlib.closing(sqlite3.connect(tmp_path / "copy")) as connection:
        connection.execute(harm)
        connection.commit()
    with pytest.raises(BackupError):
        verify_backup(config, str(tmp_path / "copy"))


def test_a_copy_with_a_damaged_page_is_no_backup(
    config: Config, phone_of: Any, tmp_path: Path
) -> None:
    phone_of(POSTMAN).sync()
    back_up(config, tmp_path / "copy")
    content = bytearray((tmp_path / "copy").read_bytes())
    half = len(content) // 2
    content[half : half + 8192] = b"\x5a" * 8192
    (tmp_path / "copy").write_bytes(content)
    with pytest.raises(BackupError):
        verify_backup(config, str(tmp_path / "copy"))


def test_restore_puts_the_backup_in_place_and_keeps_what_was_there(  # noqa: PLR0913, PLR0917 - fixtures
    config: Config, liandong: Any, app: Flask, phone_of: Any, tmp_path: Path, database: Path
) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    phone.sync()
    back_up(config, tmp_path / "backup")
    lost = phone.referral(customer_name="黄女士", phone=None)
    phone.sync()
    before = generation()
    stop(app)
    said = liandong("restore", str(tmp_path / "backup"))
    assert said.exit_code == 0, said.output
    (aside,) = database.parent.glob(f"{database.name}.before-*")
    assert (leads_in(aside), leads_in(database)) == (2, 1)
    assert leads_in(tmp_path / "backup") == 1
    assert generation() != before
    assert stored(Referral, lost["args"]["id"]) is None
    assert phone.send().json["last"] == 1


def test_restore_waits_for_the_server_to_be_stopped(
    config: Config, app: Flask, phone_of: Any, tmp_path: Path, clock: HandClock
) -> None:
    phone_of(POSTMAN).sync()
    back_up(config, tmp_path / "backup")
    db.session.execute(sa.text("SELECT 1"))
    with pytest.raises(BackupError, match="open"):
        restore(config, tmp_path / "backup", clock.now())
    stop(app)
    with hold_database(config), pytest.raises(BackupError, match="running"):
        restore(config, tmp_path / "backup", clock.now())
    with hold_database(config, alone=True), pytest.raises(BackupError, match="being restored"):
        hold_database(config).__enter__()
    restore(config, tmp_path / "backup", clock.now())


def test_restore_with_another_receipt_key_is_refused(  # noqa: PLR0913, PLR0917 - fixtures
    config: Config, app: Flask, phone_of: Any, tmp_path: Path, clock: HandClock, database: Path
) -> None:
    """Every receipt out there would be worthless, and nobody would know why."""
    phone_of(POSTMAN).sync()
    back_up(config, tmp_path / "backup")
    stop(app)
    other = replace(config, receipt_key=b"\x03" * 32)
    with pytest.raises(BackupError, match="LIANDONG_RECEIPT_KEY"):
        restore(other, tmp_path / "backup", clock.now())
    assert sorted(path.name for path in database.parent.glob(f"{database.name}*")) == [
        database.name,
        f"{database.name}.serving",
    ]


def test_restore_of_a_database_that_is_beyond_reading(  # noqa: PLR0913, PLR0917 - fixtures
    config: Config, app: Flask, phone_of: Any, tmp_path: Path, clock: HandClock, database: Path
) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    phone.sync()
    back_up(config, tmp_path / "backup")
    stop(app)
    database.write_bytes(b"\x00" * 10_000)
    _, aside = restore(config, tmp_path / "backup", clock.now())
    assert aside is not None
    assert aside.read_bytes() == b"\x00" * 10_000
    assert leads_in(database) == 1


def test_a_phone_goes_on_after_a_restore_by_the_command(
    config: Config, app: Flask, phone_of: Any, tmp_path: Path, clock: HandClock
) -> None:
    phone: Phone = phone_of(POSTMAN)
    back_up(config, tmp_path / "backup")
    phone.referral()
    (result,) = phone.sync()["results"]
    stop(app)
    restore(config, tmp_path / "backup", clock.now())
    phone.acked, phone.cursors = 0, {}
    (again,) = phone.sync(answered=[result])["results"]
    assert again["receipt"]["number"] == result["receipt"]["number"] == 1
    assert again["receipt"]["at"] == result["receipt"]["at"]
    assert again["receipt"]["generation"] == result["receipt"]["generation"]
    phone.referral(customer_name="黄女士", phone=None)
    assert phone.sync()["results"][0]["receipt"]["number"] == 1_000_001


def test_a_backup_from_before_a_restore_frees_nothing(
    config: Config, app: Flask, phone_of: Any, tmp_path: Path, clock: HandClock
) -> None:
    phone_of(POSTMAN).sync()
    back_up(config, tmp_path / "backup")
    stop(app)
    restore(config, tmp_path / "backup", clock.now())
    with pytest.raises(BackupError, match="another life"):
        verify_backup(config, str(tmp_path / "backup"))


@pytest.mark.postgres
def test_postgresql_is_left_to_its_own_tools(
    config: Config, liandong: Any, phone_of: Any, tmp_path: Path
) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    phone.sync()
    said = liandong("backup", str(tmp_path / "file"))
    assert said.exit_code == 1
    assert "pg_dump" in said.output
    before = generation()
    assert "1 operations" in liandong("verify-backup", _url(config)).output
    assert phone.sync()["keep_from"] == 2
    assert liandong("rotate-generation").exit_code == 0
    assert generation() != before
    second = Phone(phone.client, phone.clock, POSTMAN)
    second.enrol(code_for(POSTMAN, config))
    assert second.number > phone.number + 4096


def _url(config: Config) -> str:
    """Return the database's URL as other tools write it."""
    url = make_url(config.database_url).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)
