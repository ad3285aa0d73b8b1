"""The log of operations: each once, with its result and its receipt."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from server.identity import ReceiptSigner, identity_of
from server.models.sync import CountyCounterModel, EnrolledDeviceModel, OpModel
from server.mutations.promises import Promise
from server.mutations.receiving import ReceivedOp
from server.mutations.running import Outcome
from server.problems import ProblemError
from shared.canonical import Json, canonical_bytes
from shared.domain.moment import Moment
from shared.wire.envelope import OpState, Receipt
from shared.wire.rows import encode
from shared.wire.schemas import instant_ms

__all__ = ["OpLog", "result_of"]


def result_of(op: OpModel) -> dict[str, Json]:
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
        query = sa.select(OpModel).where(
            OpModel.device == device.number, OpModel.seq.in_([op.seq for op in ops])
        )
        known = {op.seq: op for op in self._session.scalars(query)}
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
            device=device.number,
            seq=op.seq,
            county_id=self._county_id,
            digest=op.digest,
            name=op.name,
            v=op.version,
            body=op.body,
            generation=self._generation if promise is None else promise.receipt.generation,
            promise=None if promise is None else promise.text(),
            received_at=moment.now,
            captured_from=moment.captured_from,
            captured_to=moment.captured_to,
            clock_grade=moment.grade,
        )
        self.settle(record, outcome, number)
        self._session.add(record)
        return record

    def settle(self, record: OpModel, outcome: Outcome, number: int | None = None) -> None:
        """Write *outcome* down; a result gets a number and a signature."""
        record.state = outcome.state
        record.problem = (
            None if outcome.problem is None else canonical_bytes(outcome.problem).decode()
        )
        record.waits_device, record.waits_seq = outcome.waits_for or (None, None)
        record.parked_reason = outcome.parked_reason
        if outcome.state is OpState.DEFERRED:
            return
        if record.number is None:
            record.number = number or self.next_number
            self._counter.ops = max(self._counter.ops, record.number)
        record.signature = self._signer.signed(_receipt_of(record)).signature

    def waiting(self) -> Sequence[OpModel]:
        """Return the deferred operations whose cause has a result by now, in a fixed order."""
        waiting, cause = aliased(OpModel), aliased(OpModel)
        query = (
            sa.select(waiting)
            .outerjoin(
                cause, (cause.device == waiting.waits_device) & (cause.seq == waiting.waits_seq)
            )
            .where(
                waiting.county_id == self._county_id,
                waiting.state == OpState.DEFERRED,
                # Without a cause it waits for a change that a restored server will get again.
                cause.state.in_([OpState.OK, OpState.REJECTED]) | waiting.waits_device.is_(None),
            )
            .order_by(waiting.received_at, waiting.device, waiting.seq)
        )
        return self._session.scalars(query).all()


def _receipt_of(op: OpModel) -> Receipt:
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
