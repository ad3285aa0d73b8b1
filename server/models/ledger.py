"""The ledger and the periods that it is closed by; triggers of migration 0002 guard both."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import Base, reference
from shared.domain.fields import Count, Digest, Id, Number, Period, Points, Tag
from shared.domain.moment import ClockGrade

__all__ = ["LedgerEntryModel", "LedgerKind", "PeriodStatus", "SettlementPeriodModel"]


class LedgerKind(StrEnum):
    """What a transfer is."""

    AWARD = "award"
    REVERSAL = "reversal"


class PeriodStatus(StrEnum):
    """Where a month's settlement stands; from `locked` on it takes nothing more."""

    OPEN = "open"
    CUT_OFF = "cut_off"
    IN_REVIEW = "in_review"
    LOCKED = "locked"
    EXPORTED = "exported"
    PAID = "paid"


class LedgerEntryModel(Base):
    """One balanced transfer of points (分录); never updated, never deleted.

    Attributes:
        id: The points entry that was approved.
        number: The place in the county's chain, from 1.
        period: The month that it is posted to, which is open.
        belongs_to: The month that it was earned in.
        hash: SHA-256 of all the other columns (`server.ledger.chain`).
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        # A retried or raced approval can't pay twice.
        sa.UniqueConstraint("award", "revision", "payee_id", name="uq_ledger_entry_award"),
        # A chain has no forks.
        sa.UniqueConstraint("county_id", "previous_hash"),
        sa.UniqueConstraint("county_id", "number"),
        sa.UniqueConstraint("hash"),
        sa.UniqueConstraint("reverses_id"),
        sa.CheckConstraint("points BETWEEN 1 AND 1000000", name="points"),
        sa.CheckConstraint("number >= 1 AND revision >= 0", name="number"),
        sa.CheckConstraint("debit_account <> credit_account", name="accounts"),
        sa.CheckConstraint("maker_id <> checker_id", name="four_eyes"),
        sa.CheckConstraint("checker_id <> payee_id", name="own_points"),
        sa.CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal"),
        sa.CheckConstraint("length(hash) = 64 AND length(previous_hash) = 64", name="hashes"),
        sa.CheckConstraint(
            "(kind = 'award' AND debit_account = 'pool:' || county_id"
            " AND credit_account = 'staff:' || payee_id)"
            " OR (kind = 'reversal' AND debit_account = 'staff:' || payee_id"
            " AND credit_account = 'pool:' || county_id)",
            name="direction",
        ),
        sa.Index("ix_ledger_entry_payee", "payee_id", "period"),
    )

    id: Mapped[Id] = mapped_column(reference("points_entry.id"), primary_key=True)
    county_id: Mapped[Id] = mapped_column(reference("county.id"))
    number: Mapped[int]
    award: Mapped[Tag]
    revision: Mapped[Count]
    payee_id: Mapped[Id] = mapped_column(reference("staff.id"))
    kind: Mapped[LedgerKind]
    debit_account: Mapped[Tag]
    credit_account: Mapped[Tag]
    points: Mapped[Points]
    policy_version: Mapped[Number]
    evidence_table: Mapped[Tag]
    evidence_id: Mapped[Id]
    clock_grade: Mapped[ClockGrade]
    effective_on: Mapped[dt.date]
    period: Mapped[Period]
    belongs_to: Mapped[Period]
    maker_id: Mapped[Id] = mapped_column(reference("staff.id"))
    checker_id: Mapped[Id] = mapped_column(reference("staff.id"))
    reverses_id: Mapped[Id | None] = mapped_column(reference("ledger_entry.id"))
    posted_at: Mapped[dt.datetime]
    previous_hash: Mapped[Digest]
    hash: Mapped[Digest]


class SettlementPeriodModel(Base):
    """A county's month; one without a row is open."""

    __tablename__ = "settlement_period"

    county_id: Mapped[Id] = mapped_column(reference("county.id"), primary_key=True)
    period: Mapped[Period] = mapped_column(primary_key=True)
    status: Mapped[PeriodStatus]
    changed_at: Mapped[dt.datetime]
