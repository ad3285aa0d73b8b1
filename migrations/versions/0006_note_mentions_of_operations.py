"""Note which operations mention which objects: an erasure reads those alone, not the whole op log.

Expand only: a server of before neither fills nor reads the table. What it takes meanwhile lies
above `mentions_upto`, and is noted when it is needed.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPS_AT_ONCE = 2_000
ID = re.compile(r'"([0-9A-HJKMNP-TV-Z]{13})"')
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

device = sa.table("enrolled_device", sa.column("number"), sa.column("mentions_upto"))
logged = sa.table("op", sa.column("device"), sa.column("seq"), sa.column("body"))
mention = sa.table("op_mention", sa.column("row_id"), sa.column("device"), sa.column("seq"))


def upgrade() -> None:
    """Make the table and the column, and note what is in the log by now."""
    op.create_table(
        "op_mention",
        sa.Column("row_id", sa.String(13), nullable=False),
        sa.Column("device", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("row_id", "device", "seq", name="pk_op_mention"),
        sqlite_with_rowid=False,
    )
    op.add_column(
        "enrolled_device",
        sa.Column("mentions_upto", sa.Integer(), server_default="0", nullable=False),
    )
    connection = op.get_bind()
    for number in connection.scalars(sa.select(device.c.number)).all():
        upto = 0
        for seq, row_ids in mentions_of(connection, number):
            upto = seq
            if row_ids:
                rows = [{"row_id": one, "device": number, "seq": seq} for one in row_ids]
                connection.execute(sa.insert(mention), rows)
        connection.execute(
            sa.update(device).where(device.c.number == number).values(mentions_upto=upto)
        )


def mentions_of(connection: sa.Connection, number: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each operation of a device, read some at a time, with what it mentions."""
    upto = 0
    while True:
        some = connection.execute(
            sa.select(logged.c.seq, logged.c.body)
            .where(logged.c.device == number, logged.c.seq > upto)
            .order_by(logged.c.seq)
            .limit(OPS_AT_ONCE)
        ).all()
        for seq, body in some:
            own = number << 24 | seq
            yield seq, sorted({one for one in ID.findall(body or "") if maker_of(one) != own})
        if len(some) < OPS_AT_ONCE:
            return
        upto = some[-1][0]


def maker_of(row_id: str) -> int:
    """Return the number of the operation that made an object: all of its id but the salt."""
    value = 0
    for character in row_id:
        value = value << 5 | ALPHABET.index(character)
    return value >> 20


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("enrolled_device") as table:
        table.drop_column("mentions_upto")
    op.drop_table("op_mention")
