"""A small demo county, loaded once for each engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from server.config import Config
from server.demo.loading import load_small_demo
from server.demo.stage import Stage
from server.factory import create_app
from server.migrating import migrate
from server.models import db

NOW = dt.datetime(2026, 11, 23, 2, 30, tzinfo=dt.UTC)


class FrozenClock:
    """A clock that stands still."""

    def now(self) -> dt.datetime:
        return NOW

    def elapsed_s(self) -> float:
        return 0.0


def app_on(database_url: str) -> Flask:
    config = Config(database_url=database_url, receipt_key=b"\x01" * 32, code_pepper=b"\x02" * 32)
    app = create_app(config, clock=FrozenClock())
    with app.app_context():
        migrate(db.engine)
    return app


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Stage]]:
    """Load the small demo county into SQLite; tests only look at it."""
    path: Path = tmp_path_factory.mktemp("demo") / "demo.sqlite3"
    app = app_on(f"sqlite:///{path}")
    stage = load_small_demo(app)
    with app.app_context():
        yield app, stage
        db.session.remove()
        db.engine.dispose()
