"""A check finds whatever somebody with the keys to the database could have done."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from server.ledger.check import LedgerReport, check_ledger
from server.models.ledger import LedgerKind
from shared.domain.points import PointsStatus
from tests.server.field_county import COLLEAGUE, COUNTY, POSTMAN
from tests.server.ledger.ledger_box import LedgerBox, entry, reversal_of

FIRST = entry(1)


def report_of(box: LedgerBox) -> LedgerReport:
    with box.session() as session:
        return check_ledger(session)


def with_triggers_gone(box: LedgerBox, *statements: str, **values: object) -> str:
    """Do what an intruder with the owner's rights could do; return what the check says."""
    with box.engine.begin() as connection:
        _guard_nothing(box, connection)
        for statement in statements:
            connection.execute(sa.text(statement), values)
    report = report_of(box)
    assert not report.holds
    return "\n".join(report.faults)


def test_ledger_without_faults_holds(box: LedgerBox) -> None:
    report = report_of(box)
    assert report.holds
    (county,) = report.counties
    assert county.rows == 3
    assert county.head == box.transfers()[-1]["hash"]
    assert county.balances == {f"pool:{COUNTY.id}": -11, f"staff:{POSTMAN.id}": 11}


def test_reversed_award_and_its_successor_hold(box: LedgerBox) -> None:
    box.keep(entry(1, status=PointsStatus.REVERSED))
    box.post(reversal_of(FIRST, 11))
    box.post(entry(12, award=FIRST.award, award_revision=2, payee_id=COLLEAGUE.id))
    report = report_of(box)
    assert report.faults == ()
    assert report.counties[0].balances[f"staff:{POSTMAN.id}"] == 9


def test_changed_points_are_found(box: LedgerBox) -> None:
    faults = with_triggers_gone(box, "UPDATE ledger_entry SET points = 9 WHERE number = 1")
    assert "do not match its hash" in faults
    assert "says something else than the entry" in faults
    assert "18 posted" in faults


def test_deleted_transfer_is_found(box: LedgerBox) -> None:
    faults = with_triggers_gone(box, "DELETE FROM ledger_entry WHERE number = 2")
    assert "number 3 where 2 is due" in faults
    assert "does not follow the row before it" in faults
    assert "approved, but not in the ledger" in faults


def test_deleted_last_transfer_is_found(box: LedgerBox) -> None:
    faults = with_triggers_gone(box, "DELETE FROM ledger_entry WHERE number = 3")
    assert "approved, but not in the ledger" in faults


def test_transfer_of_an_entry_that_was_never_approved_is_found(box: LedgerBox) -> None:
    pending = entry(1, status=PointsStatus.PENDING, decided_by_id=None, decided_at=None)
    box.keep(pending)
    assert any("in the ledger, but pending" in fault for fault in report_of(box).faults)


def test_transfer_whose_entry_is_gone_is_found(box: LedgerBox) -> None:
    with box.engine.connect() as connection:
        if box.is_sqlite:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA foreign_keys = OFF")
        else:
            connection.execute(
                sa.text("ALTER TABLE ledger_entry DROP CONSTRAINT fk_ledger_entry_id")
            )
        connection.execute(sa.text("DELETE FROM points_entry WHERE id = :id"), {"id": FIRST.id})
        connection.commit()
    assert f"{FIRST.id}: in the ledger, but no such entry" in report_of(box).faults


def test_approved_entry_without_a_transfer_is_found(box: LedgerBox) -> None:
    box.keep(entry(20))
    faults = "\n".join(report_of(box).faults)
    assert "approved, but not in the ledger" in faults
    assert f"staff:{POSTMAN.id}: 13 points shown, 11 posted" in faults


def test_entry_that_shows_other_points_is_found(box: LedgerBox) -> None:
    box.keep(entry(1, points=3))
    assert any("something else than the entry" in fault for fault in report_of(box).faults)


def test_forged_account_is_found_by_hash_and_by_balance(box: LedgerBox) -> None:
    with box.engine.begin() as connection:
        _drop_checks(box, connection)
    faults = with_triggers_gone(
        box,
        "UPDATE ledger_entry SET credit_account = :other WHERE number = 2",
        other=f"staff:{COLLEAGUE.id}",
    )
    assert "do not match its hash" in faults
    assert f"staff:{COLLEAGUE.id}: 0 points shown, 7 posted" in faults


def _guard_nothing(box: LedgerBox, connection: sa.Connection) -> None:
    if box.is_sqlite:
        for name in ("insert", "update", "delete"):
            connection.execute(sa.text(f"DROP TRIGGER ledger_entry_{name}"))
    else:
        connection.execute(sa.text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))


def _drop_checks(box: LedgerBox, connection: sa.Connection) -> None:
    """Let the database take anything, as after a careless rebuild of the table."""
    if box.is_sqlite:
        connection.execute(sa.text("PRAGMA ignore_check_constraints = ON"))
        return
    checks = sa.inspect(connection).get_check_constraints("ledger_entry")
    for check in checks:
        connection.execute(sa.text(f"ALTER TABLE ledger_entry DROP CONSTRAINT {check['name']}"))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("checker_id = maker_id", "was not checked by somebody else"),
        ("points = -2", "is no transfer"),
        ("debit_account = credit_account", "is no transfer"),
        (f"kind = '{LedgerKind.REVERSAL}'", "does not mirror what it reverses"),
        ("award = 'referral:1:met', revision = 4", "stands in 2 revisions"),
    ],
)
def test_row_that_no_constraint_would_take_is_found(
    box: LedgerBox, change: str, fault: str
) -> None:
    with box.engine.begin() as connection:
        _drop_checks(box, connection)
        _guard_nothing(box, connection)
        connection.execute(sa.text(f"UPDATE ledger_entry SET {change} WHERE number = 3"))  # noqa: S608
    assert fault in "\n".join(report_of(box).faults)


@pytest.mark.parametrize(
    "template", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_award_posted_twice_is_found(box: LedgerBox) -> None:
    with box.engine.begin() as connection:
        _guard_nothing(box, connection)
        connection.execute(
            sa.text("ALTER TABLE ledger_entry DROP CONSTRAINT uq_ledger_entry_award")
        )
        connection.execute(
            sa.text("UPDATE ledger_entry SET award = 'referral:1:met' WHERE number = 3")
        )
    assert "referral:1:met: posted 2 times" in report_of(box).faults
