"""Enrolment: a one-time code makes this device the device of one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from client.device import Device
from client.store.enrolment import Enrolment, read_earlier
from client.sync.exchange import NoAnswerError, ServerRefusedError, exchange
from client.sync.sealing import announced_point
from shared.canonical import Json
from shared.domain.people import Staff
from shared.domain.refusals import RefusedError
from shared.wire.envelope import (
    APP_VERSION,
    ENROL_PATH,
    from_base64url,
    normalise_code,
    to_base64url,
)
from shared.wire.rows import decode

__all__ = ["ask_enrolment", "facts_of"]


_PATIENCE = "too-many-tries"
_STANDARD = frozenset({"type", "title", "detail", "instance"})


async def ask_enrolment(device: Device, typed_code: str, label: str) -> tuple[Enrolment, int]:
    """Return what the server makes of the code, and its time in milliseconds.

    A lost answer is no harm: the same code with the same key gives the same answer again.

    Raises:
        RefusedError: `unreachable`, `too-many-tries` with `wait_s`, `server-answer-unreadable`,
            `invalid-argument` for what is no code at all, or the server's own problem.
    """
    code = normalise_code(typed_code)
    if code is None:
        raise RefusedError("invalid-argument", field="code")
    request: dict[str, Json] = {
        "code": code,
        "public_key": to_base64url(await device.keys.create_signing_key()),
        "label": label,
        "app": APP_VERSION,
    }
    try:
        values = await exchange(device, ENROL_PATH, request)
    except NoAnswerError as error:
        if error.members.get("type") == f"/problems/{_PATIENCE}":
            raise RefusedError(_PATIENCE, **facts_of(error.members)) from error
        raise RefusedError("unreachable") from error
    except ServerRefusedError as error:
        raise RefusedError(error.slug, **facts_of(error.members)) from error
    enrolment, server_ms = _read(values)
    point = await announced_point(device.keys, enrolment.server_key, values)
    return replace(enrolment, sealing_key=point or b""), server_ms


def facts_of(members: Mapping[str, Json]) -> dict[str, str | int]:
    """Return the extension members of a problem that its text can use."""
    return {
        name: value
        for name, value in members.items()
        if isinstance(value, str | int)
        and name not in _STANDARD
        # A rule's fact of that name is an object's state; the RFC's is the HTTP status.
        and not (name == "status" and isinstance(value, int))
    }


def _read(values: Mapping[str, Any]) -> tuple[Enrolment, int]:
    try:
        staff = decode(Staff, values["staff"])
        enrolment = Enrolment(
            device=int(values["device"]),
            generation=str(values["generation"]),
            server_key=from_base64url(values["server_key"]),
            staff_id=staff.id,
            staff=values["staff"],
            earlier=read_earlier(values.get("earlier", {})),
        )
        return enrolment, int(values["server_time"])
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError("server-answer-unreadable") from error
