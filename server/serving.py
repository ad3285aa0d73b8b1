"""gunicorn, told by code: threads share a process, and no file of settings can disagree."""

from __future__ import annotations

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

__all__ = ["serve"]

REQUEST_TIMEOUT_S = 60
GRACE_S = 30


def serve(app: Flask, *, host: str, port: int, workers: int, threads: int) -> None:
    """Serve *app* until told to stop; does not return."""
    settings = {
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
    }
    _Gunicorn(app, settings).run()


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
