"""Databases that are migrated and filled once, then copied: quick, and each test has its own."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql


@dataclass(frozen=True)
class Template:
    """A filled database to copy: a file's path for SQLite, a name for PostgreSQL."""

    name: str
    postgres_url: str | None

    @contextmanager
    def copied(self, folder: Path) -> Iterator[str]:
        """Give the URL of a copy, which is gone afterwards."""
        if self.postgres_url is None:
            path = folder / "copy.sqlite3"
            shutil.copy(self.name, path)
            yield f"sqlite:///{path}"
            return
        name = f"test_{uuid.uuid4().hex[:12]}"
        _run(self.postgres_url, "CREATE DATABASE {} TEMPLATE {}", name, self.name)
        yield _url(self.postgres_url, name)
        _run(self.postgres_url, "DROP DATABASE {} WITH (FORCE)", name)


@contextmanager
def sqlite_template(folder: Path, fill: Callable[[str], None]) -> Iterator[Template]:
    """Make a filled SQLite file; *fill* is given its URL."""
    path = folder / "template.sqlite3"
    fill(f"sqlite:///{path}")
    yield Template(str(path), None)


@contextmanager
def postgres_template(postgres_url: str, fill: Callable[[str], None]) -> Iterator[Template]:
    """Make a filled PostgreSQL database; *fill* is given its URL."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    _run(postgres_url, "CREATE DATABASE {}", name)
    fill(_url(postgres_url, name))
    yield Template(name, postgres_url)
    _run(postgres_url, "DROP DATABASE {} WITH (FORCE)", name)


def _url(postgres_url: str, name: str) -> str:
    url = postgres_url.replace("/postgres?", f"/{name}?", 1)
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _run(postgres_url: str, statement: str, *names: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
