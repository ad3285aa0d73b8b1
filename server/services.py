"""What the parts of a running server share; made once by the factory."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import current_app

from server.config import Config
from server.crowd import Crowd
from server.mutations.batch import WriteDoor
from server.sealing import SealingKeys
from server.waiting import WaitingRoom

__all__ = ["EXTENSION", "Services", "services"]

EXTENSION = "liandong"


@dataclass(frozen=True, slots=True)
class Services:
    """The settings, the one write door, where requests wait for news, what opens bundles."""

    config: Config
    door: WriteDoor
    sealing: SealingKeys
    waiting: WaitingRoom = field(default_factory=WaitingRoom)
    crowd: Crowd = field(default_factory=Crowd)


def services() -> Services:
    """Return those of the application that is running."""
    found: Services = current_app.extensions[EXTENSION]
    return found
