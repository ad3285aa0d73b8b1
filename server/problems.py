"""Every error leaves as `application/problem+json` (RFC 9457), through one handler."""

from __future__ import annotations

import random
from http import HTTPStatus

import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from server.database import is_busy
from server.logs import failure_of
from shared.canonical import Json, MalformedJsonError, canonical_bytes
from shared.wire.problems import PROBLEMS, problem
from shared.wire.schemas import InvalidFieldsError

__all__ = ["PROBLEM_JSON", "ProblemError", "install_problem_handler"]

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_S = (5, 35)
"""Spread over half a minute: those turned away together must not come back together."""

# Workers are forked from one process: its own generator would give all the same numbers.
_SYSTEM_RANDOM = random.SystemRandom()

_SLUGS = {
    400: "malformed-json",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "unsupported-media-type",
}


class ProblemError(Exception):
    """A request that is answered with a problem of the catalogue.

    Attributes:
        slug: Of the catalogue; it sets the status.
        members: Extension members of the document; never personal data.
    """

    def __init__(self, slug: str, /, **members: Json) -> None:
        super().__init__(slug, members)
        assert slug in PROBLEMS, slug
        self.slug = slug
        self.members = members


def install_problem_handler(app: Flask) -> None:
    """Answer every exception of *app* with a problem document."""
    app.register_error_handler(Exception, _answer)


def _answer(error: Exception) -> Response:
    allowed: str | None = None
    if isinstance(error, ProblemError):
        slug, members = error.slug, error.members
    elif isinstance(error, MalformedJsonError):
        slug, members = "malformed-json", {"detail": str(error)}
    elif isinstance(error, InvalidFieldsError):
        slug, members = "invalid-body", {"fields": {k: list(v) for k, v in error.errors.items()}}
    elif is_busy(error):
        slug, members = "busy", {}
    elif isinstance(error, HTTPException) and error.code in _SLUGS:
        slug, members = _SLUGS[error.code], {}
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            allowed = ", ".join(sorted(error.valid_methods))
    elif isinstance(error, HTTPException) and (error.code or 0) < HTTPStatus.BAD_REQUEST:
        return Response(status=error.code, headers=error.get_headers())
    else:
        slug, members = "internal-error", {}
        _log_failure(error)
    return _document(slug, members, allowed)


def _document(slug: str, members: dict[str, Json], allowed: str | None) -> Response:
    response = Response(
        canonical_bytes(problem(slug, **members)),
        status=PROBLEMS[slug].status,
        mimetype=PROBLEM_JSON,
    )
    structlog.contextvars.bind_contextvars(problem=slug)
    retry_after_s = members.get("wait_s")
    if retry_after_s is None and slug == "busy":
        retry_after_s = _SYSTEM_RANDOM.randint(*RETRY_AFTER_S)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    if allowed is not None:
        response.headers["Allow"] = allowed
    return response


def _log_failure(error: Exception) -> None:
    structlog.get_logger().error("request failed", **failure_of(error))
