"""What an administrator does by hand, and what is printed of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import sqlalchemy as sa

from server.blob_collection import collect_blobs
from server.blobs import BlobFiles
from server.database import write_transaction
from server.enrolment import issue_code
from server.ledger.check import check_ledger
from server.models import db
from server.models.customer import CustomerContactModel, CustomerModel
from server.models.erasure import ErasureModel
from server.models.people import CountyModel, DeviceModel, OutletModel, StaffModel
from server.models.sync import OpModel, SetAsideModel
from server.mutations.batch import rerun_parked, run_batch
from server.mutations.own import own_transaction
from server.mutations.promises import WAITS_AT_MOST
from server.mutations.receiving import ReceivedOp
from server.problems import ProblemError
from server.reactions.phone_numbers import spellings
from server.rows import row_of
from server.services import services
from shared.domain.erasure import EraseCustomer, ErasureReason
from shared.domain.moment import OUTLET_ZONE
from shared.domain.people import Device, Staff, actor_of
from shared.domain.refusals import RefusedError
from shared.wire.envelope import OpState, format_code
from shared.wire.mutations import MUTATIONS

__all__ = [
    "AdministrationError",
    "collected_blobs_text",
    "enrolment_link",
    "erased_customer_text",
    "erasures_text",
    "found_customers_text",
    "issued_code_text",
    "ledger_text",
    "parked_text",
    "rerun_text",
    "revoked_device_text",
    "taken_text",
]


class AdministrationError(Exception):
    """What was asked for can't be done; the message says why."""


def enrolment_link(origin: str, code: str) -> str:
    """Return the link that opens the app with the code filled in.

    Behind the #, so that no server's log ever holds it.
    """
    return f"{origin}/#enrol={format_code(code)}"


def found_customers_text(asked: str) -> str:
    """Return the customers of that number or name, with the ids by which they are erased."""
    numbers = spellings(asked)
    contact, customer = CustomerContactModel, CustomerModel
    query = (
        sa.select(customer, contact.phone)
        .outerjoin(contact, contact.customer_id == customer.id)
        .where(sa.or_(contact.phone.in_(numbers), customer.name == asked))
        .order_by(customer.id)
    )
    lines = [
        f"{found.id}  {found.name}  {_masked(phone)}  outlet {_outlet_number(found.outlet_id)}"
        for found, phone in db.session.execute(query)
    ]
    return "\n".join(lines) if lines else "Nobody is known by that."


def _masked(phone: str | None) -> str:
    return "no number" if phone is None else f"{phone[:3]}****{phone[-4:]}"


def _outlet_number(outlet_id: str) -> str:
    return db.session.get_one(OutletModel, outlet_id).number


def erased_customer_text(
    customer_id: str, staff_number: str, reason: str, county_name: str | None
) -> str:
    """Erase a customer, ordered by an administrator; return a sentence on it."""
    shared, session = services(), db.session()
    staff = _staff_of(staff_number, county_name)
    mutation = MUTATIONS["erase_customer"]
    try:
        with own_transaction(shared.door, session, staff.county_id, actor=actor_of(staff)) as tx:
            args = EraseCustomer(
                id=tx.new_id("erasure"), customer_id=customer_id, reason=ErasureReason(reason)
            )
            for row in mutation.run(tx.rows, args, tx.actor, tx.moment):
                tx.put(row)
            shared.door.reactions[mutation.name](tx, args)
    except RefusedError as error:
        raise AdministrationError(_WHY_NOT_ERASED.get(error.slug, error.slug)) from error
    return f"Customer {customer_id} is erased here; phones follow at their next contact."


_WHY_NOT_ERASED = {
    "forbidden-action": "Only a county administrator may order that: use --by with their number.",
    "missing-object": "That county has no such customer: look the id up by `liandong customers`.",
    "customer-erased": "That customer was erased before.",
    "success-unverified": (
        "A success of this customer waits for the branch head, who has to compare its voucher "
        "with the customer: have it verified or made void first."
    ),
    "erasures-not-kept": (
        "There is no place for the list of erasures, and a backup would bring the customer back: "
        "set LIANDONG_DATA_DIR."
    ),
}


def erasures_text() -> str:
    """Return a line for each erasure; none of them says whom."""
    query = sa.select(ErasureModel, StaffModel.number).join(
        StaffModel, StaffModel.id == ErasureModel.by_id
    )
    lines = [
        f"{erasure.at.astimezone(OUTLET_ZONE):%Y-%m-%d %H:%M}  customer {erasure.customer_id}  "
        f"{erasure.reason.value}  ordered by {number}"
        for erasure, number in db.session.execute(query.order_by(ErasureModel.at))
    ]
    return "\n".join(lines) if lines else "Nobody was erased."


def collected_blobs_text(grace_days: int | None) -> str:
    """Throw away what of attachments nobody may or need keep; return what that was."""
    shared = services()
    folder = shared.config.blobs_dir
    if folder is None:
        raise AdministrationError("This server takes no attachments.")
    days = shared.config.blob_grace_days if grace_days is None else grace_days
    found = collect_blobs(shared.door, db.session(), BlobFiles(folder), dt.timedelta(days=days))
    return (
        f"{found.files} files deleted ({found.freed_bytes} bytes), "
        f"{found.expired} attachments ended, {found.missing} files missing."
    )


def issued_code_text(staff_number: str, county_name: str | None) -> str:
    """Issue an enrolment code; return it with its expiry and link."""
    shared = services()
    staff = _staff_of(staff_number, county_name)
    issued = issue_code(shared.door, shared.config, db.session(), staff)
    until = issued.expires_at.astimezone(OUTLET_ZONE)
    return (
        f"{format_code(issued.code)}\n"
        f"有效至 / valid until {until:%Y-%m-%d %H:%M}\n"
        f"{enrolment_link(shared.config.origin, issued.code)}"
    )


def revoked_device_text(number: int) -> str:
    """Revoke a device; return a sentence on it."""
    shared, session = services(), db.session()
    found = session.scalars(sa.select(DeviceModel).filter_by(number=number)).one_or_none()
    if found is None:
        raise AdministrationError(f"There is no device {number}.")
    if found.revoked_at is not None:
        return f"Device {number} was revoked on {found.revoked_at:%Y-%m-%d}."
    device_id = found.id
    with own_transaction(shared.door, session, found.county_id) as tx:
        device = tx.rows.get(Device, device_id)
        assert device is not None
        tx.put(dataclasses.replace(device, revoked_at=tx.moment.now))
    return f"Device {number} is revoked; what it sends from now on is set aside."


def parked_text() -> str:
    """Return a line for each operation that somebody should look at, and for set-aside ones."""
    query = sa.select(OpModel).where(OpModel.state == OpState.PARKED)
    found = db.session.scalars(query.order_by(OpModel.received_at)).all()
    lines = [
        f"{op.device:>7} {op.seq:>8}  {op.received_at:%Y-%m-%d %H:%M}  {op.parked_reason}"
        for op in found
    ]
    long_ago = services().door.clock.now() - WAITS_AT_MOST
    waiting = sa.select(OpModel).where(
        OpModel.state == OpState.DEFERRED, OpModel.received_at < long_ago
    )
    lines += [
        f"{op.device:>7} {op.seq:>8}  {op.received_at:%Y-%m-%d %H:%M}  {_awaited(op)}"
        for op in db.session.scalars(waiting.order_by(OpModel.received_at))
    ]
    aside = db.session.scalars(sa.select(SetAsideModel).order_by(SetAsideModel.received_at))
    lines += [
        f"{one.device:>7} set aside  {one.received_at:%Y-%m-%d %H:%M}  {one.reason} {one.digest}"
        for one in aside
    ]
    return "\n".join(lines) if lines else "Nothing is parked."


def _awaited(op: OpModel) -> str:
    if op.waits_device is None:
        return "waits for changes lost in a restore"
    return f"waits for operation {op.waits_seq} of device {op.waits_device}"


def taken_text(digest: str) -> str:
    """Run what a barred device sent, after all; return how its operations ended."""
    shared, session = services(), db.session()
    kept = session.get(SetAsideModel, digest)
    if kept is None:
        raise AdministrationError(f"Nothing with the digest {digest} is set aside.")
    device, county_id = kept.device, kept.county_id
    ops = [ReceivedOp(members["seq"], members) for members in json.loads(kept.body)]
    try:
        done = run_batch(shared.door, session, device, county_id, ops)
    except ProblemError as error:
        raise AdministrationError(
            f"It can't be run as it is ({error.slug}): look for an earlier part of it."
        ) from error
    ended = ", ".join(f"{op.seq} {op.state.value}" for op in done)
    with write_transaction(session, county_id):
        session.execute(sa.delete(SetAsideModel).filter_by(digest=digest))
    return f"Operations of device {device}: {ended}."


def rerun_text(device_number: int, seq: int) -> str:
    """Run a parked operation again; return how it ended."""
    shared, session = services(), db.session()
    op = session.get(OpModel, (device_number, seq))
    if op is None or op.state is not OpState.PARKED:
        raise AdministrationError(f"Operation {seq} of device {device_number} is not parked.")
    if op.body is None:
        raise AdministrationError("Its customer was erased: there is nothing left to run.")
    state = rerun_parked(shared.door, session, op.county_id, device_number, seq)
    return f"Operation {seq} of device {device_number}: {state.value}."


def ledger_text() -> tuple[str, bool]:
    """Check the ledgers of all counties; return what was found, and whether all is sound."""
    report = check_ledger(db.session())
    lines = [
        f"{county.county_id}: {county.rows} transfers, head {county.head[:16]}, "
        f"{county.held} points"
        for county in report.counties
    ]
    lines += [f"FAULT {fault}" for fault in report.faults]
    lines.append("The ledger holds." if report.holds else f"{len(report.faults)} faults.")
    return "\n".join(lines), report.holds


def _staff_of(number: str, county_name: str | None) -> Staff:
    query = sa.select(StaffModel).where(StaffModel.number == number)
    if county_name is not None:
        query = query.join(CountyModel, CountyModel.id == StaffModel.county_id).where(
            CountyModel.name == county_name
        )
    found = db.session.scalars(query).all()
    if not found:
        raise AdministrationError(f"There is nobody with the staff number {number}.")
    if len(found) > 1:
        raise AdministrationError(f"Several counties have a number {number}: use --county.")
    staff = row_of(found[0])
    assert isinstance(staff, Staff)
    if not staff.active:
        raise AdministrationError(f"{number} no longer works here.")
    return staff
