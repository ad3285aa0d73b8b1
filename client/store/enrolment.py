"""Whose device this is: its number, the server's generation and key; nothing personal for long."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from client.device import Settings, SettingsError
from shared.wire.envelope import from_base64url, to_base64url

__all__ = ["Enrolment", "keep_enrolment", "load_enrolment", "read_earlier"]

_log = logging.getLogger(__name__)
_NAMES = ("enrolment", "enrolment-copy")
_KEYS = ("server_key", "sealing_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What the server said when this device was enrolled.

    Attributes:
        earlier: By number that this device had before, the highest sequence that the server knew
            when this life of it began for us.
        sealing_key: The point for which bundles are sealed; empty while the server has named none.
        staff: The person's own row, here only until a PIN is set and the vault can hold it.
    """

    device: int
    generation: str
    server_key: bytes
    staff_id: str
    sealing_key: bytes = b""
    earlier: Mapping[str, int] = field(default_factory=dict)
    staff: Mapping[str, Any] | None = None


def read_earlier(values: Any) -> dict[str, int]:
    """Return the numbers and sequences that an answer tells.

    Raises:
        TypeError, AttributeError: They are none.
    """
    if not all(type(last) is int for last in values.values()):
        raise TypeError("no sequences")
    return {**values}


async def load_enrolment(settings: Settings) -> Enrolment | None:
    """Return what `keep_enrolment` kept, or None on a device that is not enrolled."""
    for name in _NAMES:
        try:
            content = await settings.get(name)
            if content is None:
                continue
            values = json.loads(content)
            keys = {name: from_base64url(values[name]) for name in _KEYS if name in values}
            return Enrolment(**values | keys)
        except (SettingsError, ValueError, TypeError, KeyError):
            _log.exception("%s can't be read", name)
    return None


async def keep_enrolment(settings: Settings, enrolment: Enrolment) -> None:
    """Keep *enrolment*, twice: without the device's number nothing here can be sent."""
    values = {
        "device": enrolment.device,
        "generation": enrolment.generation,
        **{name: to_base64url(getattr(enrolment, name)) for name in _KEYS},
        "staff_id": enrolment.staff_id,
        "earlier": dict(enrolment.earlier),
        "staff": enrolment.staff,
    }
    for name in _NAMES:
        await settings.put(name, json.dumps(values).encode())
