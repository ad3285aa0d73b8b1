"""Which device is this? Every request but the enrolment is signed with the device's key."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Request
from sqlalchemy.orm import Session

from server.identity import is_signed_by
from server.models.people import DeviceModel, StaffModel
from server.models.sync import EnrolledDeviceModel
from server.problems import ProblemError
from shared.ids import DEVICE_NUMBER_MAX
from shared.wire.envelope import (
    DEVICE_HEADER,
    GENERATION_HEADER,
    SIGNATURE_HEADER,
    from_base64url,
    signed_message,
)

__all__ = ["AuthenticDevice", "authentic_device"]


@dataclass(frozen=True, slots=True)
class AuthenticDevice:
    """A device that has proven who it is, though perhaps not that it may come in.

    Attributes:
        number: The device's number.
        county_id: Its county.
        staff_id: Whose it is.
        generation: The server's generation as the device knows it.
        barred_by: The problem that bars it (revoked, or its owner has left), or None.
    """

    number: int
    county_id: str
    staff_id: str
    generation: str
    barred_by: str | None


def authentic_device(session: Session, request: Request, body: bytes) -> AuthenticDevice:
    """Return the device that signed *request* with its *body* as sent.

    Raises:
        ProblemError: `unauthenticated`; it doesn't say what was wrong.
    """
    number = request.headers.get(DEVICE_HEADER, "")
    generation = request.headers.get(GENERATION_HEADER, "")
    if not (number.isascii() and number.isdigit() and int(number[:8]) <= DEVICE_NUMBER_MAX):
        raise ProblemError("unauthenticated")
    device = session.get(EnrolledDeviceModel, int(number))
    if device is None:
        raise ProblemError("unauthenticated")
    path = request.path
    if request.query_string:
        path += "?" + request.query_string.decode("ascii", "replace")
    message = signed_message(
        request.method, path, body, device=device.number, generation=generation
    )
    try:
        signature = from_base64url(request.headers.get(SIGNATURE_HEADER, ""))
        is_authentic = is_signed_by(from_base64url(device.public_key), message, signature)
    except (ValueError, UnicodeEncodeError):
        is_authentic = False
    if not is_authentic:
        raise ProblemError("unauthenticated")
    return AuthenticDevice(
        number=device.number,
        county_id=device.county_id,
        staff_id=device.staff_id,
        generation=generation,
        barred_by=_bar(session, device),
    )


def _bar(session: Session, device: EnrolledDeviceModel) -> str | None:
    staff = session.get_one(StaffModel, device.staff_id)
    row = session.get(DeviceModel, device.device_id)
    if row is None or row.revoked_at is not None:
        return "device-revoked"
    return None if staff.active else "staff-inactive"
