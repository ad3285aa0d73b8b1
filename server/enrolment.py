"""Enrolment: a one-time code binds a device and its key to a person."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.config import Config
from server.database import write_transaction
from server.feed import publish
from server.identity import identity_of
from server.models.sync import EnrolledDeviceModel, EnrolmentCodeModel
from server.mutations.batch import WriteDoor
from server.mutations.transaction import Transaction
from server.problems import ProblemError
from server.rows import DatabaseRows
from shared.domain.moment import Moment
from shared.domain.people import Device, Staff, actor_of
from shared.ids import make_id
from shared.wire.envelope import CODE_SELECTOR_LENGTH, normalise_code

__all__ = ["Enrolled", "IssuedCode", "enrol", "issue_code"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 12


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A fresh enrolment code; only its hash is kept, so it is shown once."""

    code: str
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an enrolled device must know."""

    device_number: int
    generation: str
    server_key: str
    staff: Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A device that asks to be enrolled."""

    code: str
    public_key: str
    label: str
    app_version: int


def issue_code(door: WriteDoor, config: Config, session: Session, staff: Staff) -> IssuedCode:
    """Make a one-time code for *staff*'s next device."""
    now = door.clock.now()
    expires_at = now + dt.timedelta(hours=config.code_valid_hours)
    with write_transaction(session, staff.county_id):
        while True:
            code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
            taken = session.get(EnrolmentCodeModel, code[:CODE_SELECTOR_LENGTH])
            if taken is None:
                break
            if taken.expires_at < now:
                session.delete(taken)
                session.flush()
                break
        session.add(
            EnrolmentCodeModel(
                selector=code[:CODE_SELECTOR_LENGTH],
                secret_hash=_hash(config, code),
                county_id=staff.county_id,
                staff_id=staff.id,
                issued_at=now,
                expires_at=expires_at,
                tries_left=config.code_tries_max,
            )
        )
    return IssuedCode(code, expires_at)


def enrol(door: WriteDoor, config: Config, session: Session, application: Application) -> Enrolled:
    """Bind the applicant's key to the person whose code it is.

    The same code with the same key gives the same answer again: the first may have got lost.

    Raises:
        ProblemError: The code is wrong, spent or expired, or its owner has left.
    """
    code = normalise_code(application.code)
    selected = code and session.get(EnrolmentCodeModel, code[:CODE_SELECTOR_LENGTH])
    if not code or not selected:
        raise ProblemError("enrolment-code-wrong")
    problem: ProblemError | None = None
    with write_transaction(session, selected.county_id):
        kept = session.get_one(EnrolmentCodeModel, selected.selector, populate_existing=True)
        problem = _fault(door, config, kept, code, application)
        if problem is None:
            return _bind(door, session, kept, application)
    # Raised only now: the wrong try has been counted and committed.
    raise problem


def _fault(
    door: WriteDoor,
    config: Config,
    kept: EnrolmentCodeModel,
    code: str,
    application: Application,
) -> ProblemError | None:
    """Return why the code can't be used, counting a wrong try."""
    if kept.tries_left == 0:
        return ProblemError("enrolment-code-spent")
    if not hmac.compare_digest(kept.secret_hash, _hash(config, code)):
        kept.tries_left -= 1
        return ProblemError("enrolment-code-wrong", tries_left=kept.tries_left)
    if kept.expires_at <= door.clock.now():
        return ProblemError("enrolment-code-expired")
    if kept.used_by_key not in {None, application.public_key}:
        return ProblemError("enrolment-code-spent")
    return None


def _bind(
    door: WriteDoor, session: Session, kept: EnrolmentCodeModel, application: Application
) -> Enrolled:
    rows = DatabaseRows(session, kept.county_id)
    staff = rows.get(Staff, kept.staff_id)
    if staff is None or not staff.active:
        raise ProblemError("staff-inactive")
    if kept.used_by_device is None:
        device = _new_device(door, session, staff, application)
        kept.used_by_key, kept.used_by_device = application.public_key, device.number
        _show_device(door, session, rows, staff, device, application.label)
    identity = identity_of(session, door.signer)
    assert kept.used_by_device is not None
    return Enrolled(kept.used_by_device, identity.generation, door.signer.public_key, staff)


def _new_device(
    door: WriteDoor, session: Session, staff: Staff, application: Application
) -> EnrolledDeviceModel:
    device = EnrolledDeviceModel(
        county_id=staff.county_id,
        staff_id=staff.id,
        public_key=application.public_key,
        app_version=application.app_version,
        enrolled_at=door.clock.now(),
        last_seq=0,
        scopes=(),
    )
    session.add(device)
    session.flush()
    return device


def _show_device(  # noqa: PLR0913, PLR0917 - a device, its person, and where to write
    door: WriteDoor,
    session: Session,
    rows: DatabaseRows,
    staff: Staff,
    device: EnrolledDeviceModel,
    label: str,
) -> None:
    """Write the row that people see of the device."""
    moment = Moment.at(door.clock.now())
    tx = Transaction(
        session=session,
        rows=rows,
        actor=actor_of(staff),
        moment=moment,
        op_id=make_id(device.number, 0, 0),
    )
    row = Device(
        id=tx.new_id("device"),
        number=device.number,
        staff_id=staff.id,
        outlet_id=staff.outlet_id,
        label=label,
        enrolled_at=device.enrolled_at,
        last_seen_at=device.enrolled_at,
    )
    tx.put(row)
    device.device_id = row.id
    publish(session, rows, staff.county_id, tx.changed.values(), moment.now)


def _hash(config: Config, code: str) -> str:
    return hmac.new(config.code_pepper, code.encode(), hashlib.sha256).hexdigest()
