from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.copied_database import Template, postgres_template, sqlite_template
from tests.server.ledger.ledger_box import LedgerBox, fill, open_box


@pytest.fixture(
    scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Template]:
    """Make the database that the tests' own are copied from."""
    if request.param == "sqlite":
        with sqlite_template(tmp_path_factory.mktemp("ledger"), fill) as made:
            yield made
    else:
        with postgres_template(request.getfixturevalue("postgres_url"), fill) as made:
            yield made


@pytest.fixture
def box(template: Template, tmp_path: Path) -> Iterator[LedgerBox]:
    """Give a county with three transfers, of the test's own."""
    with template.copied(tmp_path) as url, open_box(url) as made:
        yield made


@pytest.fixture(scope="module")
def fortress(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerBox]:
    """Give one such county for many attacks: each must leave it as it was."""
    with template.copied(tmp_path_factory.mktemp("fortress")) as url, open_box(url) as made:
        yield made
