"""Structured logs without personal data: names of operations, devices, slugs, timings."""

from __future__ import annotations

import logging
import secrets
import sys
import traceback

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError

from server.clock import Clock

__all__ = ["configure_logs", "failure_of", "log_requests"]


def configure_logs(form: str) -> None:
    """Write logs to standard error: `json` for machines, anything else for people."""
    last = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Looked up for each line: whoever redirects standard error gets it.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def failure_of(error: BaseException) -> dict[str, object]:
    """Return what may be logged of an exception: its kind and where it came from.

    Never its message, which quotes values ("Failing row contains …"): those are people's names.
    """
    frames = traceback.extract_tb(error.__traceback__)
    said: dict[str, object] = {
        "error": type(error).__name__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    }
    if isinstance(error, DBAPIError):
        # The first line names the constraint; the details that quote the row come after it.
        said["database"] = str(error.orig).split("\n", 1)[0]
    return said


def log_requests(app: Flask, clock: Clock) -> None:
    """Log each request once, with an id that its answer carries too."""

    def begin() -> None:
        g.started_s = clock.elapsed_s()
        g.request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        structlog.get_logger().info(
            "request",
            method=request.method,
            # The pattern, not the path: a stranger may have put anything there.
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            bytes_in=request.content_length or 0,
            bytes_out=response.calculate_content_length() or 0,
            elapsed_ms=round((clock.elapsed_s() - g.started_s) * 1000, 1),
        )
        return response

    app.before_request(begin)
    app.after_request(end)
