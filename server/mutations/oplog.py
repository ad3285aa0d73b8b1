"""The log of operations: each once, with its result and its receipt."""

from __future__ import annotations

import datetime as dt
import json
import operator
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from server.database import binders, insert_many, write_behind
from server.identity import ReceiptSigner, identity_of
from server.models.sync import CountyCounterModel, EnrolledDeviceModel, OpMentionModel, OpModel
from server.mutations.mentions import mentions_of
from server.mutations.promises import Promise
from server.mutations.receiving import ReceivedOp
from server.mutations.running import Outcome
from server.problems import ProblemError
from shared.canonical import Json, canonical_bytes
from shared.domain.moment import ClockGrade, Moment
from shared.wire.envelope import OpState, Receipt, receipt_bytes, to_base64url
from shared.wire.rows import encode
from shared.wire.schemas import instant_ms

__all__ = ["OpLog", "TakenOp", "result_of"]


@dataclass(slots=True, kw_only=True)
class TakenOp:
    """An operation that was answered for good when it came, on its way into the log.

    The columns of `OpModel` by the same names. Nothing corrects it before it is written, so it
    needs no record of SQLAlchemy's, which takes longer than writing it.
    """

    device: int
    seq: int
    county_id: str
    digest: str
    name: str
    v: int
    body: str
    state: OpState
    problem: str | None
    number: int
    generation: str
    received_at: dt.datetime
    captured_from: dt.datetime
    captured_to: dt.datetime
    clock_grade: ClockGrade
    signature: str = ""


def result_of(op: OpModel | TakenOp) -> dict[str, Json]:
    """Return what the device is told of *op*."""
    result: dict[str, Json] = {"seq": op.seq, "state": op.state.value}
    if op.problem is not None:
        result["problem"] = json.loads(op.problem)
    if op.number is not None:
        result["receipt"] = encode(_receipt_of(op))
    return result


class OpLog:
    """One county's log, inside its write lock.

    Attributes:
        next_number: What the next receipt is numbered.
    """

    def __init__(self, session: Session, county_id: str, signer: ReceiptSigner) -> None:
        self._session = session
        self._county_id = county_id
        self._signer = signer
        self._generation = identity_of(session, signer).generation
        counter = session.get(CountyCounterModel, county_id)
        if counter is None:
            counter = CountyCounterModel(county_id=county_id, ops=0)
            session.add(counter)
        self._counter = counter
        self._taken: list[TakenOp] = []
        self._mentions: list[tuple[str, int, int]] = []

    @property
    def next_number(self) -> int:
        """The next receipt's number; taken when an operation gets its result."""
        return self._counter.ops + 1

    @property
    def swept_at(self) -> dt.datetime | None:
        """When it was last seen to what expires by itself."""
        return self._counter.swept_at

    @swept_at.setter
    def swept_at(self, instant: dt.datetime) -> None:
        self._counter.swept_at = instant

    def known(self, device: EnrolledDeviceModel, ops: Sequence[ReceivedOp]) -> dict[int, OpModel]:
        """Return those of *ops* that were taken before, by sequence.

        Raises:
            ProblemError: `forked`: a sequence is known with other bytes.
        """
        if all(op.seq > device.last_seq for op in ops):
            return {}
        given = {"of_device": device.number, "seqs": [op.seq for op in ops]}
        known = {op.seq: op for op in self._session.scalars(_KNOWN, given)}
        for op in ops:
            if op.seq in known and known[op.seq].digest != op.digest:
                raise ProblemError("forked", last=device.last_seq)
        return known

    def add(  # noqa: PLR0913, PLR0917 - an operation and all that is known of it
        self,
        device: EnrolledDeviceModel,
        op: ReceivedOp,
        moment: Moment,
        outcome: Outcome,
        number: int | None = None,
        promise: Promise | None = None,
    ) -> OpModel:
        """Note a new operation and what became of it; *number* was promised to its receipt."""
        record = OpModel(
            **self._columns_of(device, op, moment),
            generation=self._generation if promise is None else promise.receipt.generation,
            promise=None if promise is None else promise.text(),
        )
        self.settle(record, outcome, number)
        self._session.add(record)
        self._note_mentions(device, op)
        # Not later: an operation that fails takes back all that was written after the one before.
        self._write_mentions()
        return record

    def append(
        self, device: EnrolledDeviceModel, op: ReceivedOp, moment: Moment, outcome: Outcome
    ) -> TakenOp:
        """Note, with others, a new operation that is answered for good."""
        assert outcome.state in {OpState.OK, OpState.REJECTED}, outcome
        taken = TakenOp(
            **self._columns_of(device, op, moment),
            state=outcome.state,
            problem=_text_of(outcome.problem),
            number=self.next_number,
            generation=self._generation,
        )
        self._counter.ops = taken.number
        taken.signature = self._signature_of(taken)
        self._taken.append(taken)
        self._note_mentions(device, op)
        write_behind(self._session, self.write)
        return taken

    def _note_mentions(self, device: EnrolledDeviceModel, op: ReceivedOp) -> None:
        """Note what *op* mentions, if that is known of all operations of its device before."""
        if device.mentions_upto == op.seq - 1:
            device.mentions_upto = op.seq
            self._mentions += [
                (row_id, device.number, op.seq)
                for row_id in mentions_of(device, op.seq, op.name, op.body)
            ]

    def _columns_of(
        self, device: EnrolledDeviceModel, op: ReceivedOp, moment: Moment
    ) -> dict[str, Any]:
        """Return what is noted of an operation whatever becomes of it."""
        return {
            "device": device.number,
            "seq": op.seq,
            "county_id": self._county_id,
            "digest": op.digest,
            "name": op.name,
            "v": op.version,
            "body": op.body,
            "received_at": moment.now,
            "captured_from": moment.captured_from,
            "captured_to": moment.captured_to,
            "clock_grade": moment.grade,
        }

    def write(self) -> None:
        """Write what waits."""
        if not self._taken:
            return
        connection = self._session.connection()
        ready = [
            (place, bind)
            for place, bind in enumerate(binders(connection.dialect, _TAKEN_COLUMNS))
            if bind is not None
        ]
        rows: list[tuple[Any, ...]] = []
        for taken in self._taken:
            values = list(_taken_values(taken))
            for place, bind in ready:
                values[place] = bind(values[place])
            rows.append(tuple(values))
        insert_many(connection, OpModel.__tablename__, _TAKEN_NAMES, rows)
        self._taken.clear()
        self._write_mentions()

    def _write_mentions(self) -> None:
        if self._mentions:
            insert_many(
                self._session.connection(),
                OpMentionModel.__tablename__,
                _MENTION_NAMES,
                self._mentions,
            )
            self._mentions.clear()

    def settle(self, record: OpModel, outcome: Outcome, number: int | None = None) -> None:
        """Write *outcome* down; a result gets a number and a signature."""
        record.state = outcome.state
        record.problem = _text_of(outcome.problem)
        record.waits_device, record.waits_seq = outcome.waits_for or (None, None)
        record.parked_reason = outcome.parked_reason
        if outcome.state is OpState.DEFERRED:
            record.number = record.signature = None  # What waits has no receipt, or none any more.
            return
        if record.number is None:
            record.number = number or self.next_number
            self._counter.ops = max(self._counter.ops, record.number)
        record.signature = self._signature_of(record)

    def _signature_of(self, op: OpModel | TakenOp) -> str:
        return to_base64url(self._signer.sign(receipt_bytes(_receipt_of(op))))

    def waiting(self) -> Sequence[OpModel]:
        """Return the deferred operations whose cause has a result by now, in a fixed order."""
        return self._session.scalars(_WAITING, {"of_county": self._county_id}).all()


# Made once: putting a small query together takes longer than answering it.
_KNOWN = sa.select(OpModel).where(
    OpModel.device == sa.bindparam("of_device"),
    OpModel.seq.in_(sa.bindparam("seqs", expanding=True)),
)
_waiting, _cause = aliased(OpModel), aliased(OpModel)
_WAITING = (
    sa.select(_waiting)
    .outerjoin(
        _cause, (_cause.device == _waiting.waits_device) & (_cause.seq == _waiting.waits_seq)
    )
    .where(
        _waiting.county_id == sa.bindparam("of_county"),
        _waiting.state == OpState.DEFERRED,
        # Without a cause it waits for a change that a restored server will get again.
        _cause.state.in_([OpState.OK, OpState.REJECTED]) | _waiting.waits_device.is_(None),
    )
    .order_by(_waiting.received_at, _waiting.device, _waiting.seq)
)


_MENTION_NAMES = ("row_id", "device", "seq")
_TAKEN_NAMES = tuple(field.name for field in fields(TakenOp))
_TAKEN_COLUMNS = [cast("sa.Table", OpModel.__table__).columns[name] for name in _TAKEN_NAMES]
_taken_values = operator.attrgetter(*_TAKEN_NAMES)


def _text_of(problem: dict[str, Json] | None) -> str | None:
    return None if problem is None else canonical_bytes(problem).decode()


def _receipt_of(op: OpModel | TakenOp) -> Receipt:
    assert op.number is not None, "only a result has a receipt"
    return Receipt(
        number=op.number,
        device=op.device,
        seq=op.seq,
        digest=op.digest,
        state=op.state,
        at=instant_ms(op.received_at),
        generation=op.generation,
        signature=op.signature or "",
    )
