from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.copied_database import Template, postgres_template, sqlite_template
from tests.server.reactions.desk import Desk, fill, open_desk


@pytest.fixture(
    scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Template]:
    """Make the county that the tests' own are copied from."""
    if request.param == "sqlite":
        with sqlite_template(tmp_path_factory.mktemp("reactions"), fill) as made:
            yield made
    else:
        with postgres_template(request.getfixturevalue("postgres_url"), fill) as made:
            yield made


@pytest.fixture
def desk(template: Template, tmp_path: Path) -> Iterator[Desk]:
    """Give a county in which anybody can act."""
    with template.copied(tmp_path) as url, open_desk(url) as made:
        yield made
