"""What the parts of a running server share; made once by the factory."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import current_app

from server.config import Config
from server.mutations.batch import WriteDoor
from server.waiting import WaitingRoom

__all__ = ["EXTENSION", "Services", "services"]

EXTENSION = "liandong"


@dataclass(frozen=True, slots=True)
class Services:
    """The settings, the one write door, and where requests wait for news."""

    config: Config
    door: WriteDoor
    waiting: WaitingRoom = field(default_factory=WaitingRoom)


def services() -> Services:
    """Return those of the application that is running."""
    found: Services = current_app.extensions[EXTENSION]
    return found
