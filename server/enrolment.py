"""Enrolment: a one-time code binds a device and its key to a person."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
import math
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.config import Config
from server.database import write_transaction
from server.feed import publish
from server.identity import identity_of
from server.models.sync import EnrolledDeviceModel, EnrolmentCodeModel, EnrolmentFailureModel
from server.mutations.batch import WriteDoor
from server.mutations.moving import earlier_numbers
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
_NO_COUNTY = ""


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
    earlier: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A device that asks to be enrolled; *address* is where it asks from, if that is known."""

    code: str
    public_key: str
    label: str
    app_version: int
    address: str = ""


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
        ProblemError: The code is wrong, spent or expired, its owner has left, or too many wrong
            ones came from there.
    """
    guesses = _Guesses(config, session, application.address, door.clock.now())
    guesses.demand_patience()
    code = normalise_code(application.code)
    selected = code and session.get(EnrolmentCodeModel, code[:CODE_SELECTOR_LENGTH])
    if not code or not selected:
        with write_transaction(session, _NO_COUNTY):
            guesses.demand_patience()
            guesses.note(None)
        raise ProblemError("enrolment-code-wrong")
    problem: ProblemError | None = None
    with write_transaction(session, selected.county_id):
        guesses.demand_patience()  # Many at once may have come past the first question.
        kept = session.get_one(EnrolmentCodeModel, selected.selector, populate_existing=True)
        problem = _fault(guesses, config, kept, code, application)
        if problem is None:
            return _bind(door, session, kept, application)
    # Raised only now: the wrong try has been counted and committed.
    raise problem


class _Guesses:
    """How many wrong codes came lately, from one network and for one county.

    A code is selected by four characters, so that a stranger could spend other people's codes by
    wrong tries. In the database, for the next request may reach another worker.
    """

    def __init__(self, config: Config, session: Session, address: str, now: dt.datetime) -> None:
        self._config = config
        self._session = session
        self._address = _network_hash(config, address) if address else ""
        self._window = dt.timedelta(minutes=config.guess_window_minutes)
        self.now = now

    def demand_patience(self) -> None:
        """Make sure that not too many wrong codes came from there.

        Raises:
            ProblemError: `too-many-tries` with `wait_s`.
        """
        if not self._address:
            return
        failure = EnrolmentFailureModel
        wait_s = self._wait_s(failure.address == self._address, self._config.guesses_max)
        if wait_s:
            raise ProblemError("too-many-tries", wait_s=wait_s)

    def county_wait_s(self, county_id: str) -> int:
        """Return how long wrong tries of the county's codes count no more; 0 when they do."""
        of_county = EnrolmentFailureModel.county_id == county_id
        return self._wait_s(of_county, self._config.county_guesses_max)

    def note(self, county_id: str | None) -> None:
        """Count a wrong code, inside a write transaction; forget those long past."""
        failure = EnrolmentFailureModel
        self._session.execute(sa.delete(failure).where(failure.at <= self.now - self._window))
        self._session.add(failure(at=self.now, address=self._address, county_id=county_id))

    def _wait_s(self, which: sa.ColumnElement[bool], failures_max: int) -> int:
        """Return the seconds until fewer than *failures_max* of them count."""
        failure = EnrolmentFailureModel
        lately = failure.at > self.now - self._window
        query = sa.select(failure.at).where(which, lately).order_by(failure.at.desc())
        decisive = self._session.scalar(query.offset(failures_max - 1).limit(1))
        if decisive is None:
            return 0
        return math.ceil((decisive + self._window - self.now).total_seconds())


def _network_hash(config: Config, address: str) -> str:
    """Return what tells networks apart and nobody can read an address from."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        network = address
    else:
        # A household has a whole /64 of the sixth version to guess from.
        length = 32 if known.version == 4 else 64  # noqa: PLR2004 - the protocol's number
        network = str(ipaddress.ip_network((known, length), strict=False))
    return hmac.new(config.code_pepper, f"from {network}".encode(), hashlib.sha256).hexdigest()[:32]


def _fault(
    guesses: _Guesses,
    config: Config,
    kept: EnrolmentCodeModel,
    code: str,
    application: Application,
) -> ProblemError | None:
    """Return why the code can't be used, counting a wrong try."""
    if kept.tries_left == 0:
        return ProblemError("enrolment-code-spent")
    if not hmac.compare_digest(kept.secret_hash, _hash(config, code)):
        wait_s = guesses.county_wait_s(kept.county_id)
        guesses.note(kept.county_id)
        if wait_s:
            # Somebody guesses from many places: that must not cost the owners their codes.
            return ProblemError("too-many-tries", wait_s=wait_s)
        kept.tries_left -= 1
        return ProblemError("enrolment-code-wrong", tries_left=kept.tries_left)
    if kept.expires_at <= guesses.now:
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
    device = session.get_one(EnrolledDeviceModel, kept.used_by_device)
    return Enrolled(
        device.number,
        identity.generation,
        door.signer.public_key,
        staff,
        earlier_numbers(session, device),
    )


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
