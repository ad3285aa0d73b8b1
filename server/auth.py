"""Which device is this? Every request but the enrolment is signed with the device's key."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from flask import Request
from sqlalchemy.orm import Session

from server.identity import is_signed_by
from server.models.people import DeviceModel, StaffModel
from server.models.sync import EnrolledDeviceModel, ServerIdentityModel
from server.problems import ProblemError
from shared.ids import DEVICE_NUMBER_MAX
from shared.wire.envelope import (
    DEVICE_HEADER,
    GENERATION_HEADER,
    SIGNATURE_HEADER,
    from_base64url,
    signed_message,
)

__all__ = [
    "AuthenticDevice",
    "Standing",
    "authentic_device",
    "device_that_signed",
    "standing_of",
]


@dataclass(frozen=True, slots=True)
class AuthenticDevice:
    """A device that has proven who it is, though perhaps not that it may come in.

    Attributes:
        number: The device's number.
        county_id: Its county.
        staff_id: Whose it is.
        generation: The server's generation as the device knows it.
        barred_by: The problem that bars it (revoked, or its owner has left), or None.
        last_seen_at: When it was here last, to the hour.
    """

    number: int
    county_id: str
    staff_id: str
    generation: str
    barred_by: str | None
    last_seen_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the server knows of a device at this moment; other requests may change it.

    Attributes:
        county_id: Its county.
        staff_id: Whose it is.
        public_key: By which it signs, base64url.
        last_seq: Of its operations, the last that the server has.
        backed_up_seq: Of these, the last that a verified backup holds.
        scopes: Those that it may still hold rows of.
        generation: The server's own.
        is_active: Whether its owner still works here.
        device_id: The row that people see of it, or None when there is none.
        revoked_at: Since when it is revoked, or None.
        last_seen_at: When it was here last, to the hour.
    """

    county_id: str
    staff_id: str
    public_key: str
    last_seq: int
    backed_up_seq: int
    scopes: tuple[str, ...]
    generation: str
    is_active: bool
    device_id: str | None
    revoked_at: dt.datetime | None
    last_seen_at: dt.datetime | None


def standing_of(session: Session, number: int) -> Standing | None:
    """Return what is known of the device of that number, or None when there is none."""
    found = session.connection().execute(_STANDING, {"number": number}).one_or_none()
    return None if found is None else Standing(*found)


# One query, made once: every request of every phone asks it.
_enrolled, _staff = EnrolledDeviceModel.__table__.c, StaffModel.__table__.c
_device, _identity = DeviceModel.__table__.c, ServerIdentityModel.__table__.c
_STANDING = (
    sa.select(
        *(_enrolled.county_id, _enrolled.staff_id, _enrolled.public_key),
        *(_enrolled.last_seq, _enrolled.backed_up_seq, _enrolled.scopes),
        *(_identity.generation, _staff.active),
        *(_device.id, _device.revoked_at, _device.last_seen_at),
    )
    .join_from(EnrolledDeviceModel.__table__, StaffModel.__table__, _staff.id == _enrolled.staff_id)
    .join(ServerIdentityModel.__table__, _identity.id == 1)
    .join(DeviceModel.__table__, _device.id == _enrolled.device_id, isouter=True)
    .where(_enrolled.number == sa.bindparam("number"))
)


def authentic_device(session: Session, request: Request, body: bytes) -> AuthenticDevice:
    """Return the device that signed *request* with its *body* as sent.

    Raises:
        ProblemError: `unauthenticated`; it doesn't say what was wrong.
    """
    number = request.headers.get(DEVICE_HEADER, "")
    generation = request.headers.get(GENERATION_HEADER, "")
    if not (number.isascii() and number.isdigit() and int(number[:8]) <= DEVICE_NUMBER_MAX):
        raise ProblemError("unauthenticated")
    path = request.path
    if request.query_string:
        path += "?" + request.query_string.decode("ascii", "replace")
    message = signed_message(request.method, path, body, device=int(number), generation=generation)
    try:
        signature = from_base64url(request.headers.get(SIGNATURE_HEADER, ""))
    except (ValueError, UnicodeEncodeError):
        signature = b""
    device = device_that_signed(
        session, int(number), message=message, signature=signature, generation=generation
    )
    if device is None:
        raise ProblemError("unauthenticated")
    return device


def device_that_signed(
    session: Session, number: int, *, message: bytes, signature: bytes, generation: str
) -> AuthenticDevice | None:
    """Return the device of that number if it has signed *message*; None when it has not."""
    known = standing_of(session, number)
    if known is None or not is_signed_by(from_base64url(known.public_key), message, signature):
        return None
    return AuthenticDevice(
        number=number,
        county_id=known.county_id,
        staff_id=known.staff_id,
        generation=generation,
        barred_by=_bar(known),
        last_seen_at=known.last_seen_at,
    )


def _bar(known: Standing) -> str | None:
    if known.device_id is None or known.revoked_at is not None:
        return "device-revoked"
    return None if known.is_active else "staff-inactive"
