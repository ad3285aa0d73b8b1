"""The server in a process group of its own: gunicorn as `liandong serve` runs it."""

from __future__ import annotations

import os
from pathlib import Path

from server.config import Config
from server.factory import create_app
from server.logs import configure_logs
from server.serving import serve
from tests.faults.planted import DEFECTS

__all__ = ["run_server"]

THREADS = 8


def run_server(config: Config, port: int, workers: int, log: Path, defect: str | None) -> None:
    """Serve until killed; everything that is printed goes to *log*."""
    os.setsid()  # So that all of it can be killed at once.
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    if defect is not None:
        DEFECTS[defect]()
    configure_logs(config.log_format)
    serve(create_app(config), host="127.0.0.1", port=port, workers=workers, threads=THREADS)
