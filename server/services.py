"""What the parts of a running server share; made once by the factory."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from server.config import Config
from server.mutations.batch import WriteDoor

__all__ = ["EXTENSION", "Services", "services"]

EXTENSION = "liandong"


@dataclass(frozen=True, slots=True)
class Services:
    """The settings and the one write door."""

    config: Config
    door: WriteDoor


def services() -> Services:
    """Return those of the application that is running."""
    found: Services = current_app.extensions[EXTENSION]
    return found
