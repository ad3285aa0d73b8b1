"""What the same work costs without rules: rows into SQLite, and arguments through marshmallow."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path

from benchmarks.county import Field
from benchmarks.phone import Phone
from shared.canonical import canonical_bytes
from shared.domain.referral import SubmitReferral
from shared.ids import make_id
from shared.wire.rows import encode
from shared.wire.schemas import load_by_schema

__all__ = ["marshmallow_ms", "sqlite_insert_ms"]

_SAMPLES = 2_000
_PER_TRANSACTION = 200


def sqlite_insert_ms(county: Field) -> float:
    """Return the CPU milliseconds of one durable insert of a lead, in transactions of 200."""
    leads = [
        (lead["id"], canonical_bytes(lead).decode(), "office:0001", place)
        for place, lead in enumerate(_leads(county))
    ]
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "yardstick.sqlite3", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE lead (id TEXT PRIMARY KEY, body TEXT, scope TEXT, v INT)")
        started = time.process_time()
        for begin in range(0, len(leads), _PER_TRANSACTION):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO lead VALUES (?, ?, ?, ?)", leads[begin : begin + _PER_TRANSACTION]
            )
            connection.execute("COMMIT")
        spent = time.process_time() - started
        connection.close()
    return spent / len(leads) * 1000


def marshmallow_ms(county: Field) -> float:
    """Return the CPU milliseconds of loading one lead's arguments by their schema."""
    leads = _leads(county)
    started = time.process_time()
    for lead in leads:
        load_by_schema(SubmitReferral, lead)
    return (time.process_time() - started) / len(leads) * 1000


def _leads(county: Field) -> list[dict[str, object]]:
    phone = Phone(county, county.postmen[0])
    ids = (make_id(phone.person.device, place, 0) for place in range(1, _SAMPLES + 1))
    return [dict(encode(county.lead(phone.person, lead_id))) for lead_id in ids]
