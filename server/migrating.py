"""Bringing a database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy.engine import Engine

__all__ = ["MIGRATIONS", "alembic_config", "migrate"]

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def alembic_config() -> AlembicConfig:
    """Return Alembic's settings; there is no alembic.ini to disagree with them."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrade the database of *engine*; nothing happens when it is there already."""
    config = alembic_config()
    # A connection of its own kind: on SQLite, tables are rebuilt, which foreign keys forbid.
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
