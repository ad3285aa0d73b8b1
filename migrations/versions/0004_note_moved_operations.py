"""Note which operations a phone has sent again under a later number.

Expand only: a server of before leaves the table empty.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "moved_op",
        sa.Column("was_device", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("was_seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("was_digest", sa.String(64), nullable=False),
        sa.Column("device", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("was_device", "was_seq", "was_digest", name="pk_moved_op"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("moved_op")
