"""What an administrator does by hand says plainly what it did."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.engine import make_url

from server.cli import main
from server.config import Config
from shared.domain.referral import Referral
from shared.ids import make_id
from shared.wire.envelope import to_base64url
from tests.server.conftest import COLLEAGUE, COUNTY, POSTMAN, HandClock, Phone, stored


@pytest.fixture
def engine_name() -> str:
    """Run on SQLite alone: commands only print what is tested elsewhere."""
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


def test_issue_code_prints_a_code_that_enrols(liandong: Any, app: Any, clock: Any) -> None:
    clock.at = clock.at.replace(year=2020)
    said = liandong("issue-code", "101")
    assert said.exit_code == 0, said.output
    code, until, link = said.output.splitlines()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    assert "有效至" in until
    assert link == f"http://127.0.0.1:8000/#enrol={code}"
    assert Phone(app.test_client(), clock, POSTMAN).enrol(code).status_code == 200


@pytest.mark.parametrize("words", [("issue-code", "999"), ("revoke-device", "7")])
def test_a_command_about_nobody_says_so(liandong: Any, words: tuple[str, ...]) -> None:
    said = liandong(*words)
    assert said.exit_code == 1
    assert words[1] in said.output
    assert "Traceback" not in said.output


def test_revoke_device_shuts_it_out(liandong: Any, phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    assert liandong("revoke-device", str(phone.number)).exit_code == 0
    answer = phone.send(phone.referral())
    assert answer.json["type"] == "/problems/device-revoked"
    assert "set aside" in liandong("parked").output
    assert "was revoked" in liandong("revoke-device", str(phone.number)).output


def test_parked_lists_nothing_when_nothing_is(liandong: Any) -> None:
    assert liandong("parked").output == "Nothing is parked.\n"
    assert "not parked" in liandong("parked", "--rerun", "1", "1").output


def test_what_a_barred_phone_sent_can_be_taken_after_all(liandong: Any, phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    liandong("revoke-device", str(phone.number))
    lead = phone.referral()
    phone.send(lead)
    digest = liandong("parked").output.split()[-1]
    said = liandong("parked", "--take", digest)
    assert f"Operations of device {phone.number}: 1 ok.\n" in said.output
    assert stored(Referral, lead["args"]["id"]).referrer_id == POSTMAN
    assert liandong("parked").output == "Nothing is parked.\n"
    assert liandong("parked", "--take", digest).exit_code == 1


def test_a_part_without_what_came_before_stays_aside(liandong: Any, phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    liandong("revoke-device", str(phone.number))
    phone.referral()
    phone.send(phone.referral(customer_name="黄女士", phone=None))
    digest = liandong("parked").output.split()[-1]
    said = liandong("parked", "--take", digest)
    assert (said.exit_code, "sequence-gap" in said.output) == (1, True)
    assert digest in liandong("parked").output


def test_what_waits_too_long_is_listed(liandong: Any, phone_of: Any, clock: HandClock) -> None:
    phone, other = phone_of(POSTMAN), phone_of(COLLEAGUE)
    to_come = make_id(other.number, 1, 5)
    phone.op("withdraw_referral", {"id": to_come, "reason": "写错了"})
    clock.at = clock.at.replace(year=2020)
    assert phone.sync()["results"][0]["state"] == "deferred"
    said = liandong("parked").output
    assert f"waits for operation 1 of device {other.number}" in said


def test_check_ledger_ends_well_on_an_empty_ledger(liandong: Any) -> None:
    said = liandong("check-ledger")
    assert (said.exit_code, said.output) == (0, "The ledger holds.\n")


def test_migrate_may_be_run_again(liandong: Any) -> None:
    assert liandong("migrate").exit_code == 0


def test_make_secret_makes_one_that_is_taken(liandong: Any) -> None:
    one, other = liandong("make-secret").output, liandong("make-secret").output
    assert one != other
    assert len(one.strip()) == 43


@pytest.mark.parametrize("command", ["serve", "demo"])
@pytest.mark.server
def test_a_taken_port_is_said_clearly(liandong: Any, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = liandong(command, "--port", str(port))
    assert said.exit_code == 2
    assert f"PORT={port + 1} make demo" in said.output


def test_production_without_secrets_does_not_start() -> None:
    said = CliRunner().invoke(main, ["migrate"], env={"LIANDONG_ENV": "production"})
    assert said.exit_code == 1
    assert "LIANDONG_RECEIPT_KEY" in said.output or "DATABASE_URL" in said.output


def test_collect_blobs_says_what_it_threw_away(liandong: Any, tmp_path: Path) -> None:
    lost = tmp_path / "data" / "blobs" / COUNTY / "ab" / ("ab" * 32)
    lost.parent.mkdir(parents=True)
    lost.write_bytes(b"lost")

    kept, dropped = liandong("collect-blobs"), liandong("collect-blobs", "--grace-days", "0")

    assert (kept.exit_code, dropped.exit_code) == (0, 0), kept.output + dropped.output
    assert kept.output.startswith("0 files deleted")
    assert dropped.output.startswith("1 files deleted (4 bytes)")
    assert not lost.exists()
