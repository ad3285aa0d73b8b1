"""The county's hash chain: each ledger row seals itself and the row before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.models.ledger import LedgerEntryModel
from shared.canonical import digest_of
from shared.wire.schemas import instant_ms

__all__ = ["GENESIS", "Head", "chain_head", "hash_of"]

GENESIS = "0" * 64
"""What the first row of a county names as the one before it."""

Head = tuple[int, str]
"""The number and the hash of the last row."""


def chain_head(session: Session, county_id: str) -> Head:
    """Return the head of a county's chain; only true while the county's write lock is held."""
    found = session.execute(
        sa.select(LedgerEntryModel.number, LedgerEntryModel.hash)
        .where(LedgerEntryModel.county_id == county_id)
        .order_by(LedgerEntryModel.number.desc())
        .limit(1)
    ).one_or_none()
    return (0, GENESIS) if found is None else (found.number, found.hash)


def hash_of(columns: Mapping[str, Any]) -> str:
    """Return the hash of a row: SHA-256 over the canonical JSON of all its other columns."""
    plain = {
        **columns,
        "effective_on": columns["effective_on"].isoformat(),
        "posted_at": instant_ms(columns["posted_at"]),
    }
    plain.pop("hash", None)
    return digest_of(plain)
