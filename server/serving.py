"""gunicorn, told by code: threads share a process, and no file of settings can disagree."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from server.services import EXTENSION, Services

__all__ = ["collect_rarely", "serve"]

REQUEST_TIMEOUT_S = 60
GRACE_S = 30
OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""A push of 200 operations makes half as many that live as long as it does."""


def serve(  # noqa: PLR0913 - all that a server is told
    app: Flask,
    *,
    host: str,
    port: int,
    workers: int,
    threads: int,
    tls: tuple[Path, Path] | None = None,
) -> None:
    """Serve *app* until told to stop; does not return.

    *tls* are the files of a certificate and its key; without them, a proxy sees to HTTPS.
    """
    settings: dict[str, Any] = {
        "bind": f"{host}:{port}",
        "worker_class": "gthread",
        "workers": workers,
        "threads": threads,
        "timeout": REQUEST_TIMEOUT_S,
        "graceful_timeout": GRACE_S,
        "keepalive": 5,
        # Each request has a line of ours; gunicorn's would hold addresses.
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "control_socket_disable": True,
        "post_worker_init": _watch_queue,
    }
    if tls is not None:
        settings |= {"certfile": str(tls[0]), "keyfile": str(tls[1])}
    collect_rarely()
    _Gunicorn(app, settings).run()


def collect_rarely() -> None:
    """Keep the search for circles out of the requests' way; to be called once, when all is loaded.

    By its defaults Python looks through the rows of a push a hundred times, and through the whole
    program now and then: a fifth of the server's time. Few objects here are circles; the others
    are freed at once as ever.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)


def _watch_queue(worker: Any) -> None:
    """Let the application see how many requests wait for one of this worker's threads."""
    shared: Services = worker.app.wsgi().extensions[EXTENSION]
    waiting = worker.tpool._work_queue  # noqa: SLF001 - the pool has no other word for it
    shared.crowd.threads, shared.crowd.queued = worker.cfg.threads, waiting.qsize


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Flask, settings: dict[str, Any]) -> None:
        self._app = app
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app
