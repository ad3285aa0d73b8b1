"""The database that migrations make is the one that the models mean, on both engines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from server.migrating import MIGRATIONS, alembic_config, migrate
from server.models import Base

VERSIONS = sorted(path.name for path in (MIGRATIONS / "versions").glob("*.py"))


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(database_url)
    yield engine
    engine.dispose()


def test_migrations_are_numbered_and_named_by_what_they_do() -> None:
    assert VERSIONS
    for number, name in enumerate(VERSIONS, start=1):
        assert re.fullmatch(rf"{number:04}_[a-z]+(_[a-z]+)+\.py", name), name


def test_there_is_one_head_and_one_line_to_it() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert script.get_heads() == [f"{len(VERSIONS):04}"]
    assert len(list(script.walk_revisions())) == len(VERSIONS)


def test_migrated_tables_are_those_of_the_models(engine: sa.Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrated_checks_are_those_of_the_models(engine: sa.Engine, database_url: str) -> None:
    """Alembic compares no checks, and each choice is one: a new value must not be forgotten."""
    migrate(engine)
    migrated = checks_of(engine)
    with engine.begin() as connection:
        drop_everything(connection)
        Base.metadata.create_all(connection)
    assert migrated == checks_of(engine)
    assert len(migrated) > 50
    del database_url


def test_every_step_goes_down_and_up_again(engine: sa.Engine) -> None:
    migrate(engine)
    before = set(sa.inspect(engine).get_table_names())
    config = alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    migrate(engine)
    assert set(sa.inspect(engine).get_table_names()) == before


def test_migrating_twice_changes_nothing(engine: sa.Engine) -> None:
    migrate(engine)
    migrate(engine)
    assert "referral" in sa.inspect(engine).get_table_names()


def checks_of(engine: sa.Engine) -> dict[tuple[str, str], str]:
    inspector = sa.inspect(engine)
    return {
        (table, str(check["name"])): re.sub(rf"[\s()]|\b{table}\.", "", check["sqltext"])
        for table in Base.metadata.tables
        for check in inspector.get_check_constraints(table)
    }


def drop_everything(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
        return
    names: Any = connection.execute(
        sa.text("SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'index'")
    ).all()
    for kind, name in sorted(names, key=lambda some: some[0] != "trigger"):
        if not name.startswith("sqlite_"):
            connection.execute(sa.text(f"DROP {kind} IF EXISTS {name}"))
