"""Whose device this is: its number, the server's generation and key; nothing personal for long."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.device import Settings, SettingsError
from shared.wire.envelope import from_base64url, to_base64url

__all__ = ["Enrolment", "keep_enrolment", "load_enrolment"]

_log = logging.getLogger(__name__)
_NAMES = ("enrolment", "enrolment-copy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What the server said when this device was enrolled.

    Attributes:
        staff: The person's own row, here only until a PIN is set and the vault can hold it.
    """

    device: int
    generation: str
    server_key: bytes
    staff_id: str
    staff: Mapping[str, Any] | None = None


async def load_enrolment(settings: Settings) -> Enrolment | None:
    """Return what `keep_enrolment` kept, or None on a device that is not enrolled."""
    for name in _NAMES:
        try:
            content = await settings.get(name)
            if content is None:
                continue
            values = json.loads(content)
            return Enrolment(**values | {"server_key": from_base64url(values["server_key"])})
        except (SettingsError, ValueError, TypeError, KeyError):
            _log.exception("%s can't be read", name)
    return None


async def keep_enrolment(settings: Settings, enrolment: Enrolment) -> None:
    """Keep *enrolment*, twice: without the device's number nothing here can be sent."""
    values = {
        "device": enrolment.device,
        "generation": enrolment.generation,
        "server_key": to_base64url(enrolment.server_key),
        "staff_id": enrolment.staff_id,
        "staff": enrolment.staff,
    }
    for name in _NAMES:
        await settings.put(name, json.dumps(values).encode())
