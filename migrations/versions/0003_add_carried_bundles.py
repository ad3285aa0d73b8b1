"""Add carried_bundle: who has brought which bundle of another device.

Expand only: a table of its own, of which older servers know nothing.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "carried_bundle",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("carrier", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("county_id", sa.String(13), nullable=False),
        sa.Column("device", sa.Integer(), nullable=False),
        sa.Column("carrier_staff_id", sa.String(13), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", "carrier", name="pk_carried_bundle"),
    )
    op.create_index("ix_carried_bundle_carrier", "carried_bundle", ["carrier", "received_at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("carried_bundle")
