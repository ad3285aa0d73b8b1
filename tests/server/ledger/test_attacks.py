"""What the database refuses by itself, whatever our own code would do: each case on both engines.

Every case runs past the application, with its password, and must leave the ledger as it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, StatementError

from server.ledger.chain import GENESIS
from server.models.ledger import LedgerKind, PeriodStatus
from shared.ids import make_id
from tests.server.field_county import ADMIN, COLLEAGUE, COUNTY, HEAD, MANAGER, POSTMAN
from tests.server.ledger.ledger_box import LedgerBox, entry, reversal_of

FIRST, FRESH = entry(1), entry(10)
NOBODY = make_id(0, 9, 9)
POOL = f"pool:{COUNTY.id}"

# A fresh, legal transfer but for these columns.
FORGED_AWARDS: dict[str, dict[str, Any]] = {
    "no points": {"points": 0},
    "negative points": {"points": -2},
    "too many points": {"points": 1_000_001},
    "points unknown": {"points": None},
    "one account twice": {"debit_account": POOL, "credit_account": POOL},
    "from staff to pool": {
        "debit_account": f"staff:{POSTMAN.id}",
        "credit_account": POOL,
    },
    "to another's account": {"credit_account": f"staff:{COLLEAGUE.id}"},
    "from another's account": {"debit_account": f"staff:{COLLEAGUE.id}"},
    "from another county's pool": {"debit_account": f"pool:{NOBODY}"},
    "maker checks": {"checker_id": MANAGER.id},
    "payee checks": {"checker_id": POSTMAN.id},
    "nobody made": {"maker_id": None},
    "nobody checked": {"checker_id": None},
    "maker unknown": {"maker_id": NOBODY},
    "checker unknown": {"checker_id": NOBODY},
    "payee unknown": {"payee_id": NOBODY, "credit_account": f"staff:{NOBODY}"},
    "county unknown": {
        "county_id": NOBODY,
        "debit_account": f"pool:{NOBODY}",
        "number": 1,
        "previous_hash": GENESIS,
    },
    "entry unknown": {"id": NOBODY},
    "award unknown": {"award": None},
    "rule unknown": {"policy_version": None},
    "kind unknown": {"kind": None},
    "clock grade unknown": {"clock_grade": None},
    "a reversal of nothing": {"kind": LedgerKind.REVERSAL},
    "an award that reverses": {"reverses_id": FIRST.id},
    "a gap in the chain": {"number": 5},
    "a number twice": {"number": 3},
    "number zero": {"number": 0},
    "not following the last": {"previous_hash": "f" * 64},
    "a fork at the beginning": {"previous_hash": GENESIS},
    "a second beginning": {"previous_hash": GENESIS, "number": 1},
    "a short hash": {"hash": "abc"},
    "no hash": {"hash": None},
    "no previous hash": {"previous_hash": None},
    "revision below zero": {"revision": -1},
    "an award that stands, revised": {"award": FIRST.award, "revision": 1},
    "an award that stands, for another": {
        "award": FIRST.award,
        "revision": 2,
        "payee_id": COLLEAGUE.id,
        "credit_account": f"staff:{COLLEAGUE.id}",
    },
    "thirteenth month": {"period": "2026-13"},
    "month zero": {"period": "2026-00"},
    "no month": {"period": "2026/05"},
    "a word for a month": {"period": "someday"},
    "a month of long ago": {"period": "0000-01"},
    "period unknown": {"period": None},
    "evidence unknown": {"evidence_id": None},
}

# A legal reversal of the first transfer but for these columns.
FORGED_REVERSALS: dict[str, dict[str, Any]] = {
    "of nothing known": {"reverses_id": NOBODY},
    "of more points": {"points": 3},
    "of fewer points": {"points": 1},
    "of another award": {"award": "referral:2:met"},
    "of another transfer": {"reverses_id": entry(2).id},
    "for another payee": {
        "payee_id": COLLEAGUE.id,
        "debit_account": f"staff:{COLLEAGUE.id}",
    },
    "in the award's direction": {
        "debit_account": POOL,
        "credit_account": f"staff:{POSTMAN.id}",
    },
    "called an award": {"kind": LedgerKind.AWARD},
    "at a lower revision": {"revision": -1},
    "made and checked by one": {"checker_id": HEAD.id},
    "checked by its payee": {"checker_id": POSTMAN.id},
}

UPDATES: dict[str, str] = {
    "points": "points = 99",
    "payee": f"payee_id = '{COLLEAGUE.id}'",
    "credit account": f"credit_account = 'staff:{COLLEAGUE.id}'",
    "checker": f"checker_id = '{ADMIN.id}'",
    "period": "period = '2026-06'",
    "award": "award = 'referral:9:met'",
    "revision": "revision = 7",
    "hash": "hash = previous_hash",
    "previous hash": "previous_hash = hash",
    "number": "number = number + 100",
    "nothing at all": "points = points",
}

# ruff: noqa: S608 - the SQL of this file is made of its own words.

STATEMENTS: dict[str, str] = {
    "one row deleted": "DELETE FROM ledger_entry WHERE number = 3",
    "all rows deleted": "DELETE FROM ledger_entry",
    "entry deleted": f"DELETE FROM points_entry WHERE id = '{FIRST.id}'",
    "entry renamed": f"UPDATE points_entry SET id = '{NOBODY}' WHERE id = '{FIRST.id}'",
    "payee deleted": f"DELETE FROM staff WHERE id = '{POSTMAN.id}'",
    "copied onto itself": "INSERT INTO ledger_entry SELECT * FROM ledger_entry WHERE number = 1",
    "changed by a clash of ids": (
        "INSERT INTO ledger_entry SELECT * FROM ledger_entry WHERE number = 1"
        " ON CONFLICT (id) DO UPDATE SET points = 99"
    ),
    "changed by a clash of awards": (
        "INSERT INTO ledger_entry SELECT * FROM ledger_entry WHERE number = 1"
        " ON CONFLICT (award, revision, payee_id) DO UPDATE SET points = 99"
    ),
}

SQLITE_ONLY = {
    "replaced by its copy": "INSERT OR REPLACE INTO ledger_entry"
    " SELECT * FROM ledger_entry WHERE number = 1",
    "update or replace": "UPDATE OR REPLACE ledger_entry SET number = 1 WHERE number = 2",
    "ignored updates": "UPDATE OR IGNORE ledger_entry SET points = 99",
}
POSTGRES_ONLY = {
    "emptied": "TRUNCATE ledger_entry",
    "emptied from above": "TRUNCATE points_entry CASCADE",
    "periods emptied": "TRUNCATE settlement_period",
    "changed by a view of it": (
        "WITH gone AS (DELETE FROM ledger_entry RETURNING id) SELECT count(*) FROM gone"
    ),
}


def leaves_the_ledger_alone(box: LedgerBox, attack: Callable[[], object]) -> None:
    """Run *attack*; whether it fails or does nothing, no transfer is new, changed or gone."""
    before = box.transfers()
    with contextlib.suppress(DBAPIError, StatementError):
        attack()
    assert box.transfers() == before


def insert_raw(box: LedgerBox, columns: dict[str, Any], words: str = "") -> None:
    """Insert values as they are, without the types that SQLAlchemy knows."""
    names = ", ".join(columns)
    places = ", ".join(f":{name}" for name in columns)
    plain = {
        name: str(value) if name.endswith(("_at", "_on")) else value
        for name, value in columns.items()
    }
    box.run(f"INSERT {words} INTO ledger_entry ({names}) VALUES ({places})", **plain)


def is_refused(box: LedgerBox, attack: Callable[[], object]) -> None:
    before = box.transfers()
    with pytest.raises((DBAPIError, StatementError)):
        attack()
    assert box.transfers() == before


@pytest.mark.parametrize("case", FORGED_AWARDS)
def test_forged_award_is_refused(fortress: LedgerBox, case: str) -> None:
    fortress.keep(FRESH)
    forged = fortress.next_transfer(FRESH)
    is_refused(fortress, lambda: fortress.insert({**forged, **FORGED_AWARDS[case]}))


@pytest.mark.parametrize("case", FORGED_REVERSALS)
def test_forged_reversal_is_refused(fortress: LedgerBox, case: str) -> None:
    reversal = reversal_of(FIRST, 11)
    fortress.keep(reversal)
    forged = fortress.next_transfer(reversal)
    is_refused(fortress, lambda: fortress.insert({**forged, **FORGED_REVERSALS[case]}))


@pytest.mark.parametrize("column", UPDATES)
def test_update_is_refused(fortress: LedgerBox, column: str) -> None:
    is_refused(
        fortress,
        lambda: fortress.run(f"UPDATE ledger_entry SET {UPDATES[column]} WHERE number = 1"),
    )


@pytest.mark.parametrize("case", STATEMENTS)
def test_statement_leaves_the_ledger_alone(fortress: LedgerBox, case: str) -> None:
    leaves_the_ledger_alone(fortress, lambda: fortress.run(STATEMENTS[case]))


@pytest.mark.parametrize("case", SQLITE_ONLY)
@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
def test_words_that_only_sqlite_knows_leave_the_ledger_alone(
    fortress: LedgerBox, case: str
) -> None:
    leaves_the_ledger_alone(fortress, lambda: fortress.run(SQLITE_ONLY[case]))


@pytest.mark.parametrize("key", ["id", "hash", "number", "award"])
@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
def test_replace_of_a_forged_row_by_any_key_leaves_the_ledger_alone(
    fortress: LedgerBox, key: str
) -> None:
    """REPLACE deletes the row in its way without asking the DELETE trigger."""
    fortress.keep(FRESH)
    there = fortress.transfers()[0]
    forged = {**fortress.next_transfer(FRESH, points=99), key: there[key]}
    if key == "award":
        forged |= {"revision": there["revision"]}
    leaves_the_ledger_alone(fortress, lambda: insert_raw(fortress, forged, "OR REPLACE"))


@pytest.mark.parametrize("points", [2.5, "many", b"2"], ids=["fraction", "word", "bytes"])
@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
def test_points_that_are_no_whole_number_are_refused(fortress: LedgerBox, points: object) -> None:
    """SQLite keeps any value in any column; PostgreSQL rounds or refuses by itself."""
    fortress.keep(FRESH)
    forged = {**fortress.next_transfer(FRESH), "points": points}
    is_refused(fortress, lambda: insert_raw(fortress, forged))


@pytest.mark.parametrize("case", POSTGRES_ONLY)
@pytest.mark.parametrize(
    "template", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_words_that_only_postgresql_knows_are_refused(fortress: LedgerBox, case: str) -> None:
    is_refused(fortress, lambda: fortress.run(POSTGRES_ONLY[case]))


@pytest.mark.parametrize("status", [PeriodStatus.LOCKED, PeriodStatus.EXPORTED, PeriodStatus.PAID])
def test_closed_period_takes_nothing(box: LedgerBox, status: PeriodStatus) -> None:
    box.close("2026-05", status)
    box.keep(FRESH)
    transfer = box.next_transfer(FRESH)
    is_refused(box, lambda: box.insert(transfer))


def test_period_before_a_closed_one_takes_nothing(box: LedgerBox) -> None:
    box.close("2026-06")
    box.keep(FRESH)
    transfer = box.next_transfer(FRESH)
    is_refused(box, lambda: box.insert(transfer))


def test_closed_period_takes_no_reversal(box: LedgerBox) -> None:
    box.close("2026-05")
    reversal = reversal_of(FIRST, 11)
    box.keep(reversal)
    transfer = box.next_transfer(reversal)
    is_refused(box, lambda: box.insert(transfer))


def test_second_reversal_of_one_award_is_refused(box: LedgerBox) -> None:
    box.post(reversal_of(FIRST, 11))
    again = reversal_of(FIRST, 12, award_revision=3)
    box.keep(again)
    transfer = box.next_transfer(again)
    is_refused(box, lambda: box.insert(transfer))


def test_reversal_of_a_reversal_is_refused(box: LedgerBox) -> None:
    first = reversal_of(FIRST, 11)
    box.post(first)
    second = reversal_of(FIRST, 12, award_revision=5, reverses_id=first.id)
    box.keep(second)
    transfer = box.next_transfer(second)
    is_refused(box, lambda: box.insert(transfer))


def test_good_transfer_beside_a_forged_one_is_refused_with_it(box: LedgerBox) -> None:
    other = entry(12)
    box.keep(FRESH, other)
    good = box.next_transfer(FRESH)
    forged = {**box.next_transfer(other, number=5), "previous_hash": "f" * 64}
    is_refused(box, lambda: box.insert(good, forged))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlement_period SET status = 'open'",
        "UPDATE settlement_period SET status = 'in_review'",
        "UPDATE settlement_period SET period = '2027-01'",
        f"UPDATE settlement_period SET county_id = '{NOBODY}'",
        "DELETE FROM settlement_period",
    ],
    ids=["reopened", "reviewed again", "moved", "given away", "deleted"],
)
def test_closed_period_stays_closed(box: LedgerBox, statement: str) -> None:
    box.close("2026-05")
    is_refused(box, lambda: box.run(statement))


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
def test_closed_period_is_not_replaced_by_an_open_one(box: LedgerBox) -> None:
    box.close("2026-05")
    statement = (
        "INSERT OR REPLACE INTO settlement_period"
        " SELECT county_id, period, 'open', changed_at FROM settlement_period"
    )
    is_refused(box, lambda: box.run(statement))
