"""How Alembic reaches the database: the caller's connection, with foreign keys let go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from server.models import Base


def run_migrations() -> None:
    """Run what is asked for in one transaction, on either engine."""
    connection: sa.Connection = context.config.attributes["connection"]
    _check_foreign_keys(connection, is_on=False)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_as_batch=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    _check_foreign_keys(connection, is_on=True)


def _check_foreign_keys(connection: sa.Connection, *, is_on: bool) -> None:
    """Rebuilding a table on SQLite drops the old one: its children would go with it."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None
        # By the driver: SQLAlchemy would begin a transaction, in which the pragma does nothing.
        driver.execute(f"PRAGMA foreign_keys = {'ON' if is_on else 'OFF'}")


run_migrations()
