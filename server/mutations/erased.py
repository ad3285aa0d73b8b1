"""What is known to be erased: how operations about it are taken, and what phones are told of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.database import insert_into
from server.erasures import ListedOp
from server.models.erasure import ErasedObjectModel, ErasedOpModel
from server.models.sync import EnrolledDeviceModel, MovedOpModel, OpModel
from server.mutations.mentions import chunks, ids_in, is_text
from server.mutations.receiving import ReceivedOp
from server.mutations.transaction import Transaction
from shared.canonical import Json
from shared.domain.customer import Customer
from shared.domain.erasure import MUTATIONS as ERASURE_MUTATIONS
from shared.domain.moment import Moment
from shared.wire.envelope import ERASED_RECORD, OpForm, OpState
from shared.wire.mutations import UnknownMutationError
from shared.wire.schemas import InvalidFieldsError

__all__ = [
    "ERASE_ORDER",
    "MAKERS",
    "Concern",
    "Erased",
    "erase_order",
    "erased_forms",
    "nameless_body",
    "next_number",
    "note_erased_object",
    "note_erased_op",
    "would_have_made",
]


ERASE_ORDER = ERASURE_MUTATIONS[0].name
"""Name of the operation that orders an erasure."""


MAKERS = ("submit_referral", "open_care_card")
"""What makes an object that later operations name."""


class Concern(Enum):
    """How an operation bears upon somebody who was erased."""

    NONE = auto()
    KNOWN = auto()  # It was about them before: its effects stay, its text does not.
    LATE = auto()  # It was recorded before the erasure, and had no effect until then.


def next_number(session: Session, county_id: str) -> int:
    """Return the number under which phones are told of what is erased next."""
    return _last_number(session, county_id) + 1


def nameless_body(seq: int, body: str) -> str | None:
    """Return what is left of an operation's text without what says whom it is about."""
    with suppress(UnknownMutationError, InvalidFieldsError, ValueError):
        return ReceivedOp.from_body(seq, body).redacted().body
    return None


def note_erased_op(
    session: Session, county_id: str, customer_id: str, op: ListedOp, number: int
) -> None:
    """Note that the text of an operation must not be read any more, wherever it turns up."""
    noted = insert_into(session, ErasedOpModel).values(
        device=op.device,
        seq=op.seq,
        digest=op.digest,
        body=op.body,
        county_id=county_id,
        customer_id=customer_id,
        number=number,
    )
    session.execute(noted.on_conflict_do_nothing(index_elements=["device", "seq"]))


def note_erased_object(  # noqa: PLR0913, PLR0917 - a row of the table
    session: Session,
    county_id: str,
    customer_id: str,
    object_id: str,
    erased_at: dt.datetime,
    number: int,
) -> None:
    """Note that nothing must be kept of an object, on any phone either."""
    noted = insert_into(session, ErasedObjectModel).values(
        object_id=object_id,
        county_id=county_id,
        customer_id=customer_id,
        erased_at=erased_at,
        number=number,
    )
    session.execute(noted.on_conflict_do_nothing(index_elements=["object_id"]))


def would_have_made(body: str) -> set[str]:
    """Return the id of what a refused operation would have made: others may name it."""
    args = json.loads(body).get("args", {})
    made = args.get("id") if isinstance(args, dict) else None
    return {made} if isinstance(made, str) else set()


def erase_order(
    session: Session, county_id: str, device: int, obeyed: int
) -> dict[str, Json] | None:
    """Return what a device has to erase beyond what it did by order *obeyed*; None for nothing.

    Operations of all the numbers that its key has had, and the ids of what they were about.
    """
    last = _last_number(session, county_id)
    if last == obeyed:
        return None
    same_phone = sa.select(EnrolledDeviceModel.number, EnrolledDeviceModel.enrolled_at).filter_by(
        public_key=session.get_one(EnrolledDeviceModel, device).public_key
    )
    numbers = dict(session.execute(same_phone).all())
    op, thing = ErasedOpModel, ErasedObjectModel
    ops = session.execute(
        sa.select(op.device, op.seq)
        .where(op.device.in_(numbers), op.number > obeyed)
        .order_by(op.device, op.seq)
    )
    objects = session.scalars(
        sa.select(thing.object_id)
        .where(
            thing.county_id == county_id,
            thing.number > obeyed,
            # What was erased before the phone was first enrolled, it can't have seen.
            thing.erased_at >= min(numbers.values()),
        )
        .order_by(thing.object_id)
    )
    return {"upto": last, "ops": [[device, seq] for device, seq in ops], "objects": [*objects]}


def erased_forms(session: Session, device: int, ops: Sequence[ReceivedOp]) -> dict[OpForm, int]:
    """Return what those of *ops* were that their phone has destroyed, each with its sequence."""
    numbers = {
        number: op.seq for op in ops if op.name == ERASED_RECORD for number in _forms(device, op)
    }
    return {
        OpForm(known.device, known.seq, known.digest): numbers[known.device, known.seq]
        for known in _erased_ops(session, numbers)
    }


class Erased:
    """What is erased of one county, as far as the operations of a batch may be about it."""

    def __init__(self, session: Session, county_id: str) -> None:
        """Know nothing yet; call `look_up`."""
        self._session = session
        self._county_id = county_id
        self._objects: dict[str, tuple[dt.datetime, str]] = {}
        self._ops: dict[tuple[int, int], ErasedOpModel] = {}
        self._number: int | None = None

    def look_up(self, device: int, ops: Sequence[ReceivedOp]) -> None:
        """Learn what of *ops* is about somebody who was erased."""
        self._learn(sorted({row_id for op in ops for row_id in ids_in(op.body)}))
        forms = {form for op in ops for form in _forms(device, op)}
        self._ops |= {
            (known.device, known.seq): known for known in _erased_ops(self._session, forms)
        }

    def concern(self, device: int, op: ReceivedOp, moment: Moment) -> Concern:
        """Tell how *op* bears upon the erased; what was provably recorded afterwards does not."""
        if not (self._ops or self._objects) or op.name == ERASE_ORDER:
            # An order says nothing of whom, and the same one may come again: a server that was
            # killed before it could answer has it from the list.
            return Concern.NONE
        known = [self._ops[form] for form in _forms(device, op) if form in self._ops]
        if known:
            return Concern.LATE if all(one.body is None for one in known) else Concern.KNOWN
        erased_at = [found[0] for one in ids_in(op.body) if (found := self._objects.get(one))]
        if not erased_at or moment.captured_from > max(erased_at):
            return Concern.NONE
        return Concern.LATE

    def with_form(self, device: int, op: ReceivedOp) -> ReceivedOp:
        """Return *op* with the form that it had, if its phone has destroyed that.

        A copy of the phone may bring that form too, readable, and under another number.
        """
        known = self._ops.get((device, op.seq))
        if op.name != ERASED_RECORD or op.promised_as is not None or known is None:
            return op
        return replace(op, promised_as=OpForm(device, op.seq, known.digest))

    def stand_in(self, device: int, op: ReceivedOp) -> ReceivedOp:
        """Return what is left of an operation whose phone has destroyed it; else *op* itself.

        Under another number than it was destroyed under, only a promise shows whose it was.
        """
        if op.name != ERASED_RECORD:
            return op
        was = op.promised_as
        forms = [(device, op.seq), *([] if was is None else [(was.device, was.seq)])]
        bodies = [self._ops[form].body for form in forms if form in self._ops]
        body = next((body for body in bodies if body is not None), None)
        if body is None:
            return op
        return replace(ReceivedOp.from_body(op.seq, body), is_redacted=True, promised_as=was)

    def awaits_more(self, device: int, op: ReceivedOp) -> bool:
        """Tell whether other operations that told of the same customer are still to come again.

        A restored server counts fewer revisions than before: without their texts, some change
        nothing. So it waits for the operations, not for the revisions.
        """
        whose, forms = self._whose(device, op), _forms(device, op)
        model, moved = ErasedOpModel, MovedOpModel
        missing = (
            sa.select(model.device, model.seq)
            .outerjoin(OpModel, (OpModel.device == model.device) & (OpModel.seq == model.seq))
            .outerjoin(moved, (moved.was_device == model.device) & (moved.was_seq == model.seq))
            .where(model.customer_id.in_(whose), OpModel.seq.is_(None), moved.was_seq.is_(None))
            .limit(len(forms) + 1)
        )
        return any(tuple(one) not in forms for one in self._session.execute(missing))

    def _whose(self, device: int, op: ReceivedOp) -> list[str]:
        known = [self._ops[form] for form in _forms(device, op) if form in self._ops]
        named = [found[1] for one in ids_in(op.body) if (found := self._objects.get(one))]
        return [*(one.customer_id for one in known), *named]

    def is_about(self, device: int, op: ReceivedOp) -> bool:
        """Tell whether *op* names what was about somebody erased, whenever it was recorded."""
        return any(form in self._ops for form in _forms(device, op)) or any(
            one in self._objects for one in ids_in(op.body)
        )

    def note(self, device: int, op: ReceivedOp, state: OpState) -> None:
        """Have the phone that sent *op* erase its text, and what it has of what *op* did not make.

        Operations and files may name that, and nothing else would tell whose it was.
        """
        if not is_text(op.name):
            return
        if self._number is None:
            self._number = next_number(self._session, self._county_id)
        whose = self._whose(device, op)[0]
        left = ListedOp(device, op.seq, op.digest)
        note_erased_op(self._session, self._county_id, whose, left, self._number)
        if op.name not in MAKERS or state is not OpState.REJECTED:
            return
        self._learn([whose])
        known = self._objects.get(whose)
        if known is None:
            return
        for made in would_have_made(op.body):
            note_erased_object(self._session, self._county_id, whose, made, known[0], self._number)
            self._objects[made] = known

    def mark(self, tx: Transaction) -> None:
        """Mark the customers whom a nameless operation has made again: they are to stay so."""
        made = [row for row in tx.changed.values() if isinstance(row, Customer)]
        self._learn(sorted(row.id for row in made))
        for row in made:
            if row.erased_at is None and row.id in self._objects:
                tx.put(
                    replace(
                        row,
                        erased_at=self._objects[row.id][0],
                        village_id=None,
                        managing_id=None,
                    )
                )

    def _learn(self, row_ids: Sequence[str]) -> None:
        for some in chunks(row_ids):
            for row_id, erased_at, customer_id in self._session.execute(
                _ERASED_OBJECTS, {"object_ids": some}
            ):
                self._objects[row_id] = (erased_at, customer_id)


def _forms(device: int, op: ReceivedOp) -> set[tuple[int, int]]:
    """Return the numbers under which an operation has come, or comes now."""
    return {(device, op.seq), *((form.device, form.seq) for form in op.earlier)}


def _erased_ops(session: Session, forms: Collection[tuple[int, int]]) -> Iterator[ErasedOpModel]:
    if forms:
        numbers, seqs = {number for number, _ in forms}, {seq for _, seq in forms}
        given = {"devices": sorted(numbers), "seqs": sorted(seqs)}
        for known in session.scalars(_ERASED_OPS, given):
            if (known.device, known.seq) in forms:
                yield known


def _last_number(session: Session, county_id: str) -> int:
    numbers = session.execute(_LAST_NUMBERS, {"county_id": county_id}).one()
    return max(number or 0 for number in numbers)


# Made once: every request of every phone asks them.
_ERASED_OPS = sa.select(ErasedOpModel).where(
    ErasedOpModel.device.in_(sa.bindparam("devices", expanding=True)),
    ErasedOpModel.seq.in_(sa.bindparam("seqs", expanding=True)),
)
_ERASED_OBJECTS = sa.select(
    ErasedObjectModel.object_id, ErasedObjectModel.erased_at, ErasedObjectModel.customer_id
).where(ErasedObjectModel.object_id.in_(sa.bindparam("object_ids", expanding=True)))
_LAST_NUMBERS = sa.select(
    *(
        sa.select(sa.func.max(model.number))
        .where(model.county_id == sa.bindparam("county_id"))
        .scalar_subquery()
        for model in (ErasedOpModel, ErasedObjectModel)
    )
)
