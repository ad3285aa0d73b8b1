"""Erasing from the console goes through the same door, and outlives the backups."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy.engine import make_url

from server.cli import main
from server.config import Config
from server.models import db
from shared.domain.customer import Customer
from shared.ids import derived_id
from shared.wire.envelope import to_base64url
from tests.server.conftest import ADMIN, POSTMAN, stored

NAME, PHONE, NOTE = "金丝雀阿九", "13987650123", "金丝雀的便条"
ADMINISTRATOR, POSTMANS_NUMBER = "106", "101"


@pytest.fixture
def engine_name() -> str:
    """Run on SQLite alone: `restore` is for it, and its file is read byte by byte."""
    return "sqlite"


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


def said_of(path: Path) -> list[str]:
    """Return which of the canary's texts a database's files hold."""
    parts = [path.with_name(path.name + suffix) for suffix in ("", "-wal")]
    content = b"".join(part.read_bytes() for part in parts if part.exists())
    return [text for text in (NAME, PHONE, NOTE) if text.encode() in content]


def test_an_administrator_erases_by_number_and_a_restored_backup_is_emptied(
    liandong: Any, app: Flask, phone_of: Any, config: Config, tmp_path: Path
) -> None:
    phone = phone_of(POSTMAN)
    op = phone.referral(customer_name=NAME, phone=PHONE, note=NOTE)
    for n in range(30):  # What is deleted lies between what stays.
        phone.referral(customer_name=f"别人{n}", phone=f"138000001{n:02}")
    phone.sync()
    customer_id = derived_id(op["args"]["id"], "customer")
    path = Path(make_url(config.database_url).database or "")
    backup = tmp_path / "backup.sqlite3"
    assert liandong("backup", str(backup)).exit_code == 0
    assert said_of(backup) == [NAME, PHONE, NOTE]

    found = liandong("customers", "--of", PHONE).output
    assert found == f"{customer_id}  {NAME}  139****0123  outlet 001\n"
    refused = liandong("erase", customer_id, "--by", POSTMANS_NUMBER, "--yes")
    assert refused.exit_code == 1
    assert "county administrator" in refused.output
    assert stored(Customer, customer_id).name == NAME
    db.session.remove()
    assert liandong("erasures").output == "Nobody was erased.\n"

    erased = liandong("erase", customer_id, "--by", ADMINISTRATOR, "--yes")
    assert erased.exit_code == 0, erased.output
    assert said_of(path) == []
    assert f"customer {customer_id}  asked  ordered by 106" in liandong("erasures").output
    assert "before" in liandong("erase", customer_id, "--by", ADMINISTRATOR, "--yes").output
    assert "no such" in liandong("erase", "0" * 13, "--by", ADMINISTRATOR, "--yes").output
    assert liandong("customers", "--of", PHONE).output == "Nobody is known by that.\n"

    db.session.remove()
    db.engine.dispose()
    gc.collect()  # Each command has ended, as a process of its own would have.
    restored = liandong("restore", str(backup))
    assert restored.exit_code == 0, restored.output
    assert said_of(path) == []
    assert stored(Customer, customer_id).erased_at is not None
    assert liandong("check-ledger").exit_code == 0
    del app


def test_without_a_place_for_the_list_nobody_is_erased(app: Flask, phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    op = phone.referral(customer_name=NAME)
    phone.sync()
    administrator = phone_of(ADMIN)
    order = {
        "id": administrator.new_id(),
        "customer_id": derived_id(op["args"]["id"], "customer"),
        "reason": "asked",
    }
    administrator.op("erase_customer", order)
    (result,) = administrator.sync()["results"]
    assert result["problem"]["type"] == "/problems/erasures-not-kept"
    assert stored(Customer, order["customer_id"]).name == NAME
    del app
