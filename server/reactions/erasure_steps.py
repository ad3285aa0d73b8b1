"""What follows from an erasure: the op log, what waits, what was set aside, files, the list."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.blobs import BlobFiles, BlobKey
from server.database import after_commit, before_commit, empty_log, places_of_files
from server.erasures import ListedErasure, ListedOp, append_erasure
from server.models.attachment import BlobModel
from server.models.erasure import ErasedObjectModel, ErasedOpModel
from server.models.sync import OpModel, SetAsideModel
from server.mutations.erased import (
    MAKERS,
    nameless_body,
    next_number,
    note_erased_object,
    note_erased_op,
    would_have_made,
)
from server.mutations.mentions import ids_in, ops_that_mention
from server.mutations.oplog import OpLog
from server.mutations.running import Outcome
from server.mutations.transaction import Transaction
from server.reactions.phone_numbers import spellings
from shared.canonical import Json, canonical_bytes
from shared.domain.attachment import Attachment
from shared.domain.customer import Customer, CustomerContact, contact_id_of
from shared.domain.duplicates import names_are_compatible
from shared.domain.erasure import (
    ERASED_PHONE,
    EraseCustomer,
    Erasure,
    Traces,
    erased_rows,
    traces_of,
)
from shared.domain.people import Staff
from shared.domain.refusals import CUSTOMER_ERASED, RefusedError
from shared.domain.rows import demand
from shared.wire.envelope import OpState
from shared.wire.problems import problem

__all__ = ["after_erase", "erase_listed"]


def after_erase(tx: Transaction, args: EraseCustomer) -> None:
    """Reach every copy that the server has of a customer whose rows have just been emptied.

    Raises:
        RefusedError: `missing-object`, or `erasures-not-kept`: a backup could bring them back.
    """
    erasure = demand(tx.rows, Erasure, args.id)
    if tx.before(Erasure, args.id) is not None:
        return  # The same order once more.
    customer = demand(tx.rows, Customer, args.customer_id)
    path = places_of_files(tx.session).erasures_file
    if path is None:
        raise RefusedError("erasures-not-kept")
    _reach(tx, erasure, traces_of(tx.rows, customer), _Person.of(tx, customer))
    before_commit(tx.session, partial(_list, tx.session, tx.county_id, erasure))


def erase_listed(tx: Transaction, listed: ListedErasure) -> None:
    """Erase in a restored database what had been erased after the backup.

    What was open stays so for now: phones bring back what was done with it, without names.
    """
    erasure = listed.erasure
    if tx.rows.get(Erasure, erasure.id) is None and tx.rows.get(Staff, erasure.by_id) is not None:
        tx.put(erasure)  # Else once whoever ordered it is known again.
    customer = tx.rows.get(Customer, erasure.customer_id)
    traces = Traces(frozenset(listed.own), frozenset())
    person = _Person()
    if customer is not None:
        known = traces_of(tx.rows, customer)
        traces = Traces(known.own | traces.own, known.shared)
        person = _Person.of(tx, customer)
        if customer.erased_at is None:
            for row in erased_rows(tx.rows, customer, erasure.at):
                tx.put(row)
    number = _reach(tx, erasure, traces, person)
    for op in listed.ops:
        note_erased_op(tx.session, tx.county_id, erasure.customer_id, op, number)
        _destroy(tx, tx.session.get(OpModel, (op.device, op.seq)))


def _destroy(tx: Transaction, op: OpModel | None) -> None:
    if op is not None and op.body is not None:
        _settle(tx, op)
        op.body = None


@dataclass(frozen=True, slots=True)
class _Person:
    """By what operations that never ran are known to be about the same person.

    By the number, and a name that can be theirs: a name alone is many people's.

    Attributes:
        numbers: Every spelling of the phone number; none where none is known.
        name: The customer's.
    """

    numbers: frozenset[str] = frozenset()
    name: str = ""

    @classmethod
    def of(cls, tx: Transaction, customer: Customer) -> _Person:
        """Return who the customer was before *tx*."""
        before = tx.before(Customer, customer.id) or customer
        contact = tx.before(CustomerContact, contact_id_of(customer.id))
        given = frozenset[str]() if contact is None else spellings(contact.phone)
        return cls(given - {ERASED_PHONE}, before.name)

    def is_in(self, body: str) -> bool:
        """Tell whether an operation's text is about them."""
        if not any(f'"{number}"' in body for number in self.numbers):
            return False
        args = json.loads(body).get("args", {})
        name = args.get("customer_name") if isinstance(args, dict) else None
        return not isinstance(name, str) or names_are_compatible(self.name, name)


def _reach(tx: Transaction, erasure: Erasure, traces: Traces, person: _Person) -> int:
    """Destroy what is kept of the customer beside the rows; return the number of the order."""
    session, county_id = tx.session, tx.county_id
    number = next_number(session, county_id)
    found = _Found(set(traces.own), set(traces.shared))
    _find_unlinked(session, county_id, found, person)
    _erase_ops(tx, erasure.customer_id, found, number)
    _erase_set_aside(session, county_id, found, person)
    for object_id in sorted(found.own):
        note_erased_object(session, county_id, erasure.customer_id, object_id, erasure.at, number)
    _drop_files(tx, found)
    after_commit(session, partial(empty_log, session))
    return number


@dataclass(slots=True)
class _Found:
    """The ids of what is about the customer, alone and with others."""

    own: set[str]
    shared: set[str]

    def names(self, ids: Iterable[str]) -> bool:
        return any(one in self.own or one in self.shared for one in ids)


def _find_unlinked(session: Session, county_id: str, found: _Found, person: _Person) -> None:
    """Add what would have been made by operations about the same person that never ran."""
    never_ran = sa.select(OpModel.body).where(
        OpModel.county_id == county_id,
        OpModel.state.in_([state for state in OpState if state is not OpState.OK]),
        OpModel.name.in_(MAKERS),
        sa.or_(sa.false(), *(OpModel.body.contains(f'"{n}"') for n in sorted(person.numbers))),
    )
    for body in session.scalars(never_ran):
        if body is not None and person.is_in(body):
            found.own |= would_have_made(body)


def _erase_ops(tx: Transaction, customer_id: str, found: _Found, number: int) -> None:
    """Destroy the bodies of the operations that told of the customer; end those that wait."""
    session = tx.session
    looked_for: set[str] = set()
    while ids := (found.own | found.shared) - looked_for:
        looked_for |= ids
        for op in list(ops_that_mention(session, tx.county_id, ids)):
            body = op.body or ""
            is_own = not found.own.isdisjoint(ids_in(body))
            if op.state is not OpState.DEFERRED or is_own:
                had_effect = op.state is OpState.OK
                left = ListedOp(
                    op.device,
                    op.seq,
                    op.digest,
                    nameless_body(op.seq, body) if had_effect else None,
                )
                _destroy(tx, op)
                note_erased_op(session, tx.county_id, customer_id, left, number)
            if is_own and op.name in MAKERS and op.state is not OpState.OK:
                found.own |= would_have_made(body)  # And what was said about that.
        session.flush()


def _settle(tx: Transaction, op: OpModel) -> None:
    """Answer what waits without a body: there is nothing left that could run."""
    if op.state not in {OpState.DEFERRED, OpState.PARKED}:
        return
    assert tx.signer is not None, "whoever erases signs the answers"
    refused = Outcome(OpState.REJECTED, problem=problem(CUSTOMER_ERASED))
    OpLog(tx.session, tx.county_id, tx.signer).settle(op, refused)


def _erase_set_aside(session: Session, county_id: str, found: _Found, person: _Person) -> None:
    """Empty what barred devices sent about the customer; what they sent beside it stays."""
    for aside in session.scalars(sa.select(SetAsideModel).filter_by(county_id=county_id)):
        ops: list[Json] = []
        for op in json.loads(aside.body):
            body = canonical_bytes(op).decode()
            is_about = found.names(ids_in(body)) or person.is_in(body)
            ops.append({"seq": op["seq"]} if is_about else op)
        aside.body = canonical_bytes(ops).decode()


def _drop_files(tx: Transaction, found: _Found) -> None:
    """Forget the bytes that were sent for the customer's objects; delete them after the commit."""
    session, blob = tx.session, BlobModel
    folder = places_of_files(session).blobs_dir
    pairs = {
        (attachment.object_id, attachment.sha256)
        for object_id in sorted(found.own | found.shared)
        for attachment in tx.rows.where(Attachment, object_id=object_id)
    }
    sent = session.scalars(
        sa.select(blob).where(
            blob.county_id == tx.county_id,
            sa.or_(
                blob.object_id.in_(sorted(found.own)),
                blob.object_id.in_(sorted({object_id for object_id, _ in pairs})),
            ),
        )
    ).all()
    gone = {
        (one.object_id, one.sha256)
        for one in sent
        if one.object_id in found.own or (one.object_id, one.sha256) in pairs
    }
    for one in sent:
        if (one.object_id, one.sha256) in gone:
            session.delete(one)
    session.flush()
    still = set(
        session.scalars(
            sa.select(blob.sha256).where(
                blob.county_id == tx.county_id, blob.sha256.in_({sha256 for _, sha256 in gone})
            )
        )
    )
    if folder is not None:
        files, county_id = BlobFiles(folder), tx.county_id

        def delete() -> None:
            for object_id, sha256 in gone:
                files.drop_part(BlobKey(county_id, object_id, sha256))
                if sha256 not in still:
                    files.whole(county_id, sha256).unlink(missing_ok=True)

        after_commit(session, delete)


def _list(session: Session, county_id: str, erasure: Erasure) -> None:
    """Put an erasure that is about to be committed on the list."""
    path = places_of_files(session).erasures_file
    assert path is not None, "refused without one"
    thing, op = ErasedObjectModel, ErasedOpModel
    own = session.scalars(sa.select(thing.object_id).filter_by(customer_id=erasure.customer_id))
    ops = session.execute(
        sa.select(op.device, op.seq, op.digest, op.body).filter_by(customer_id=erasure.customer_id)
    )
    append_erasure(
        path,
        ListedErasure(
            county_id=county_id,
            erasure=erasure,
            own=sorted(own),
            ops=sorted((ListedOp(*one) for one in ops), key=lambda one: (one.device, one.seq)),
        ),
    )
