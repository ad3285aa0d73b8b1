"""Real processes killed, at a small size; and that each harness finds what was put in for it."""

from __future__ import annotations

import pytest

from tests.faults.cursor import watch_cursor
from tests.faults.kill_client import kill_clients
from tests.faults.kill_server import kill_server

server = pytest.mark.server
postgres = pytest.mark.postgres


@server
def test_killed_phones_and_server_lose_nothing_that_was_saved() -> None:
    report = kill_clients(kills=8, server_kills=1)
    assert report.violations == [], report.text()
    assert (report.counts["client kills"], report.counts["server kills"]) == (8, 1)
    assert report.counts["said to be saved"] > 0


@server
def test_killed_phones_show_a_record_that_was_called_saved_too_early() -> None:
    report = kill_clients(kills=8, server_kills=0, defect="told-before-kept")
    assert "was called saved and is not on the server" in report.text()


@server
def test_killed_workers_leave_nothing_half() -> None:
    report = kill_server(engine="sqlite", kills=4)
    assert report.violations == [], report.text()
    assert report.counts["operations answered"] > 0


@postgres
def test_killed_postmaster_loses_nothing_that_was_answered() -> None:
    report = kill_server(engine="postgresql", kills=3, postmaster_kills=1)
    assert report.violations == [], report.text()
    assert report.counts["postmaster kills"] == 1
    assert report.counts["operations answered"] > 0


@server
@pytest.mark.parametrize(
    ("defect", "sign"), [("lost-commit", "LOST"), ("two-transactions", "HALF")]
)
def test_killed_workers_show_a_server_that_keeps_half(defect: str, sign: str) -> None:
    assert sign in kill_server(engine="sqlite", kills=8, defect=defect).text()


@postgres
def test_every_row_reaches_who_reads_while_others_write() -> None:
    report = watch_cursor(seconds=3, writers=6)
    assert report.violations == [], report.text()
    assert report.counts["rows to deliver"] > 50


@postgres
def test_cursor_shows_versions_that_overtake_each_other() -> None:
    assert "undelivered" in "".join(
        watch_cursor(seconds=5, writers=6, defect="version-drawn-early").violations
    )
