"""Is the server alive, and can it work?"""

from __future__ import annotations

import functools

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, Response

from server.migrating import alembic_config
from server.models import db
from server.problems import ProblemError
from shared.canonical import canonical_bytes

__all__ = ["blueprint"]

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def get_healthz() -> Response:
    """Say that the process answers."""
    return _status("ok")


@blueprint.get("/readyz")
def get_readyz() -> Response:
    """Say that the database answers and has the schema of this version."""
    try:
        version = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    except sa.exc.DBAPIError as error:
        raise ProblemError("busy") from error
    if version != _head():
        raise ProblemError("busy")
    return _status("ready")


@functools.cache
def _head() -> str | None:
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def _status(status: str) -> Response:
    return Response(canonical_bytes({"status": status}), mimetype="application/json")
