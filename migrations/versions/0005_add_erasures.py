"""Add erasures: who was erased, and by which ids what comes later is known to be about them.

Expand only: tables of their own, and a column that older servers leave empty.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REASONS = "'asked', 'consent_withdrawn', 'time_over', 'recorded_wrongly'"


def upgrade() -> None:
    """Make the tables and the column."""
    op.add_column("customer", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_customer_erased_at", "customer", ["erased_at"])
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("county_id", sa.String(13), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_by_device", sa.Integer(), nullable=False),
        sa.Column("foreign_revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customer_id", sa.String(13), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("by_id", sa.String(13), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
        sa.ForeignKeyConstraint(
            ["by_id"], ["staff.id"], name="fk_erasure_by_id", deferrable=True, initially="DEFERRED"
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_erasure_revision")),
        sa.CheckConstraint(f"reason IN ({REASONS})", name=op.f("ck_erasure_reason")),
    )
    op.create_index("ix_erasure_county_id", "erasure", ["county_id"])
    op.create_index("ix_erasure_customer_id", "erasure", ["customer_id"])
    op.create_table(
        "erased_object",
        sa.Column("object_id", sa.String(13), nullable=False),
        sa.Column("county_id", sa.String(13), nullable=False),
        sa.Column("customer_id", sa.String(13), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("object_id", name="pk_erased_object"),
    )
    op.create_table(
        "erased_op",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("device", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("county_id", sa.String(13), nullable=False),
        sa.Column("customer_id", sa.String(13), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("device", "seq", name="pk_erased_op"),
    )
    for table in ("erased_object", "erased_op"):
        op.create_index(f"ix_{table}_number", table, ["county_id", "number"])
        op.create_index(f"ix_{table}_customer_id", table, ["customer_id"])


def downgrade() -> None:
    """Drop them: what was erased stays so, but nobody knows it any more."""
    for table in ("erased_op", "erased_object", "erasure"):
        op.drop_table(table)
    op.drop_index("ix_customer_erased_at", "customer")
    op.drop_column("customer", "erased_at")
