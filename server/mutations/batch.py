"""A batch of operations from one device: each gets its result, none twice, none dams the rest."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.orm import Session

from server.clock import Clock
from server.database import after_commit, empty_log, is_lost, savepoint, write_transaction
from server.feed import Feed, known_objects
from server.identity import ReceiptSigner
from server.logs import failure_of
from server.models.sync import EnrolledDeviceModel, OpModel
from server.mutations.erased import ERASE_ORDER, Concern, Erased
from server.mutations.mentions import is_text
from server.mutations.moving import has_moved_from, note_moved, recorded_since, twins_of
from server.mutations.oplog import OpLog, TakenOp
from server.mutations.promises import (
    WAITS_AT_MOST,
    Promise,
    free_number,
    kept,
    lacks_a_revision,
)
from server.mutations.receiving import (
    OpContent,
    ReceivedOp,
    capture_clock,
    ids_named_by,
)
from server.mutations.running import Outcome, Sight, refusal, run_op
from server.mutations.sweep import rows_to_place_anew
from server.mutations.transaction import Foresight, Reaction, Transaction
from server.problems import ProblemError
from server.rows import DatabaseRows
from server.scope import scopes_of
from shared.domain.clock import CaptureEvidence, grade_capture
from shared.domain.moment import Moment, day_at_outlet
from shared.domain.people import Actor, Device, Staff, actor_of
from shared.domain.refusals import CUSTOMER_ERASED
from shared.domain.rows import Row
from shared.ids import SEQUENCE_MAX, make_id
from shared.wire.envelope import ERASED_RECORD, OpState
from shared.wire.mutations import UnknownMutationError
from shared.wire.problems import problem
from shared.wire.schemas import InvalidFieldsError

__all__ = ["WriteDoor", "is_contact_stale", "rerun_parked", "run_batch", "run_batches"]

PARKED_REASON_LENGTH_MAX = 500
CONTACT_NOTED_EVERY = dt.timedelta(hours=1)
SWEPT_EVERY = dt.timedelta(minutes=20)


class _BatchFailed(Exception):
    """Something went wrong after rows were written; the batch is run again, op by op."""


@dataclass(frozen=True, slots=True)
class WriteDoor:
    """What every write needs beside the database.

    Attributes:
        reactions: What the server does after a mutation, by its name.
        signer: Signs receipts.
        clock: The time.
        foresight: What is read before the operations of a batch run, by the mutation's name.
    """

    reactions: Mapping[str, Reaction]
    signer: ReceiptSigner
    clock: Clock
    foresight: Mapping[str, Foresight] = field(default_factory=dict)


def run_batch(  # noqa: PLR0913, PLR0917 - what one device sends, and where to
    door: WriteDoor,
    session: Session,
    device_number: int,
    county_id: str,
    ops: Sequence[ReceivedOp],
    promises: Mapping[int, Promise] | None = None,
) -> list[OpModel | TakenOp]:
    """Run what is new of *ops*, in one transaction; return what became of each, old or new.

    First without savepoints, for that is what nearly always suffices; when something unexpected
    happens, again with one for each op, so that the culprit alone is parked.

    Raises:
        ProblemError: `forked` or `sequence-gap`; nothing is kept then.
    """
    return run_batches(door, session, county_id, {device_number: ops}, promises)


def run_batches(
    door: WriteDoor,
    session: Session,
    county_id: str,
    sent: Mapping[int, Sequence[ReceivedOp]],
    promises: Mapping[int, Promise] | None = None,
) -> list[OpModel | TakenOp]:
    """Run what several devices sent, device by device, in one transaction; see `run_batch`.

    *promises*, by sequence, are what an earlier life of the server said of what one device sent.
    """
    for one_by_one in (False, True):
        try:
            with write_transaction(session, county_id):
                batch = _Batch(door, session, county_id, one_by_one=one_by_one)
                answered: list[OpModel | TakenOp] = []
                for device_number, ops in sent.items():
                    device = session.get_one(EnrolledDeviceModel, device_number)
                    batch.note_contact(device)
                    answered += batch.take(device, ops, promises or {})
                batch.finish()
                batch.let_go(answered)
        except ProblemError:
            raise
        except Exception as error:
            if one_by_one or is_lost(error):
                raise
            structlog.get_logger().warning(
                "batch runs again op by op", devices=list(sent), **failure_of(error)
            )
        else:
            return answered
    raise AssertionError("the second run returns or raises")


def rerun_parked(
    door: WriteDoor, session: Session, county_id: str, device_number: int, seq: int
) -> OpState:
    """Run a parked operation again, and what waited for it; return its state now."""
    with write_transaction(session, county_id):
        batch = _Batch(door, session, county_id, one_by_one=True)
        op = session.get_one(OpModel, (device_number, seq))
        if op.state is OpState.PARKED:
            batch.run_again(op)
        batch.finish()
        return op.state


def is_contact_stale(last_seen_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Tell whether a device was last seen so long ago that it is worth a write to note it."""
    return last_seen_at is None or now - last_seen_at >= CONTACT_NOTED_EVERY


class _Batch:
    """One pass over a batch, inside the county's write lock."""

    def __init__(
        self, door: WriteDoor, session: Session, county_id: str, *, one_by_one: bool
    ) -> None:
        self._door = door
        self._session = session
        self._county_id = county_id
        self._one_by_one = one_by_one
        self._now = door.clock.now()
        self._rows = DatabaseRows(session, county_id)
        self._feed = Feed(session, self._rows, county_id)
        self._log = OpLog(session, county_id, door.signer)
        self._changed: dict[tuple[type[Row], str], Row] = {}
        self._has_news = False
        self._scopes_since: dict[tuple[str, dt.date], frozenset[str]] = {}
        self._twins: dict[tuple[int, int], OpModel] = {}
        self._erased = Erased(session, county_id)
        self._has_old_ids = False

    def take(
        self,
        device: EnrolledDeviceModel,
        ops: Sequence[ReceivedOp],
        promises: Mapping[int, Promise],
    ) -> list[OpModel | TakenOp]:
        """Answer the known operations from the log, and run the new ones in their order."""
        known: dict[int, OpModel | TakenOp] = {**self._log.known(device, ops)}
        self._keep_promises(known, promises)
        new = [_as_promised(op, promises.get(op.seq)) for op in ops if op.seq not in known]
        _demand_no_gap(device.last_seq, new)
        first = device.last_seq + 1
        self._has_old_ids = bool(new) and (
            # What an order has made may be here without it: from the list of erasures.
            any(op.name == ERASE_ORDER for op in new)
            or has_moved_from(self._session, device.number, first)
        )
        if not self._one_by_one:
            self._expect_new(device, first)
        self._erased.look_up(device.number, new)
        new = [self._erased.with_form(device.number, op) for op in new]
        self._find_twins(device, new)
        sight = self._prepare(device, [self._erased.stand_in(device.number, op) for op in new])
        for op in new:
            known[op.seq] = self._take_new(device, op, sight, promises.get(op.seq))
            device.last_seq = op.seq
        return [known[op.seq] for op in ops]

    def _keep_promises(
        self, known: Mapping[int, OpModel | TakenOp], promises: Mapping[int, Promise]
    ) -> None:
        """Run again what was accepted before a restore, and refused when it came without that word.

        A bundle that was sealed before the answer can be here before the phone that has it.
        """
        for seq, promise in promises.items():
            op = known.get(seq)
            if (
                isinstance(op, OpModel)
                and op.state is OpState.REJECTED
                and op.promise is None
                and op.body is not None
                and promise.refusal is None
            ):
                op.promise = promise.text()
                self.run_again(op)

    def _expect_new(
        self, device: EnrolledDeviceModel, first: int, last: int = SEQUENCE_MAX
    ) -> None:
        """Ask the database for nothing that only the operations *first* to *last* can make."""
        if self._has_old_ids:
            self._rows.expect_none_new()
        else:
            self._rows.expect_new(device.number, first, last)

    def run_again(self, op: OpModel) -> None:
        """Run a deferred or parked operation once more."""
        device = self._session.get_one(EnrolledDeviceModel, op.device)
        assert op.body is not None, "an erased body can't run"
        received = ReceivedOp.from_body(op.seq, op.body)
        promise = None if op.promise is None else Promise.from_text(op.promise)
        moment = Moment(
            now=self._now if promise is None else promise.at,
            captured_from=op.captured_from,
            captured_to=op.captured_to,
            grade=op.clock_grade,
        )
        self._find_twins(device, [received])
        self._erased.look_up(device.number, [received])
        sight = self._prepare(device, [received])
        number = op.number or self._promised_number(promise)
        since = op.received_at if promise is None else promise.again_at
        decided = self._decided(device, received, sight, moment, number, promise, since)
        self._log.settle(op, decided, number)
        self._keep_nameless(device, received, moment, op)
        self._has_news |= decided.state is not OpState.DEFERRED

    def finish(self) -> None:
        """Run what waited for this batch, and bring every changed row into the feed."""
        self._publish_changes()
        # From here on, others' operations run: of what this batch made they see their share only.
        self._rows.expect_none_new()
        while self._has_news:
            self._has_news = False
            for op in self._log.waiting():
                self.run_again(op)
                # What waits for this one may look at what it made, as anybody may.
                self._publish_changes()
        swept_at = self._log.swept_at
        if swept_at is None or self._now - swept_at >= SWEPT_EVERY:
            self._sweep(swept_at)

    def let_go(self, answered: Iterable[OpModel | TakenOp]) -> None:
        """Leave *answered* readable after the commit without asking the database again."""
        self._session.flush()
        for op in answered:
            if isinstance(op, OpModel):
                self._session.expunge(op)

    def note_contact(self, device: EnrolledDeviceModel) -> None:
        """Let those who look after the outlet's phones see when this one was last here."""
        row = self._rows.get(Device, device.device_id or "")
        if row is None or not is_contact_stale(row.last_seen_at, self._now):
            return
        tx = self._transaction(device, Moment.at(self._now), seq=0)
        tx.put(dataclasses.replace(row, last_seen_at=self._now))
        self._changed |= tx.changed

    def _publish_changes(self) -> None:
        self._publish(self._changed)
        self._changed = {}

    def _publish(self, changed: Mapping[tuple[type[Row], str], Row]) -> None:
        self._feed.publish(changed.values(), self._now)

    def _sweep(self, since: dt.datetime | None) -> None:
        """Take from phones what has expired since the last sweep."""
        try:
            with self._session.begin_nested():
                swept = rows_to_place_anew(
                    self._session, self._rows, self._county_id, since, self._now
                )
                self._publish({(type(row), row.id): row for row in swept})
                self._log.swept_at = self._now
        except Exception as error:
            if is_lost(error):
                raise
            # Nobody's ops are to wait for it; phones drop expired numbers by themselves.
            structlog.get_logger().error("sweep failed", **failure_of(error))

    def _find_twins(self, device: EnrolledDeviceModel, ops: Sequence[ReceivedOp]) -> None:
        if ops:
            twins = twins_of(self._session, device, ops)
            for op in ops:
                self._twins.pop((device.number, op.seq), None)
            self._twins |= {(device.number, seq): twin for seq, twin in twins.items()}

    def _prepare(self, device: EnrolledDeviceModel, ops: Sequence[ReceivedOp]) -> Sight:
        """Load what the operations are about at once, and see what their author may know of."""
        named = {row_id for op in ops for row_id in _named_by(op)}
        objects = known_objects(
            self._session, (row_id for row_id in named if not self._rows.is_new(row_id))
        )
        self._rows.prefetch((known.table, row_id) for row_id, known in objects.items())
        self._foresee(ops)
        actor = self._actor_of(device)
        scopes = scopes_of(actor, self._rows, day_at_outlet(self._now))
        return Sight(frozenset(scopes), objects)

    def _foresee(self, ops: Sequence[ReceivedOp]) -> None:
        """Read at once what the reactions would read op by op."""
        for name, foresee in self._door.foresight.items():
            asked = [args for op in ops if op.name == name and (args := _args_of(op)) is not None]
            if asked:
                foresee(self._rows, asked)

    def _sight_at(self, actor: Actor, sight: Sight, moment: Moment) -> Sight:
        """Add what the author could see when the op was captured, such as a covered round's."""
        since, today = day_at_outlet(moment.captured_from), day_at_outlet(self._now)
        if since == today:
            return sight
        key = (actor.staff_id, since)
        if key not in self._scopes_since:
            held = scopes_of(actor, self._rows, today, since=since)
            self._scopes_since[key] = frozenset(held)
        return Sight(sight.scopes | self._scopes_since[key], sight.objects)

    def _actor_of(self, device: EnrolledDeviceModel) -> Actor:
        staff = self._rows.get(Staff, device.staff_id)
        assert staff is not None, "a device belongs to somebody"
        return actor_of(staff)

    def _transaction(
        self,
        device: EnrolledDeviceModel,
        moment: Moment,
        seq: int,
        promise: Promise | None = None,
    ) -> Transaction:
        # What follows from a promised operation gets the ids again that others may have seen.
        first = (device.number, seq) if promise is None else promise.form[:2]
        return Transaction(
            session=self._session,
            rows=self._rows,
            actor=self._actor_of(device),
            moment=moment,
            op_id=make_id(*first, 0),
            device_number=device.number,
            signer=self._door.signer,
        )

    def _take_new(
        self, device: EnrolledDeviceModel, op: ReceivedOp, sight: Sight, promise: Promise | None
    ) -> OpModel | TakenOp:
        received_at = self._now if promise is None else promise.at
        # Should the server's own clock have been put back, nothing is proven; nothing breaks.
        is_promised = promise is not None
        since = recorded_since(self._session, device, op, is_promised=is_promised)
        enrolled_at = min(since, received_at)
        known = CaptureEvidence(enrolled_at=enrolled_at, received_at=received_at)
        acting = self._erased.stand_in(device.number, op)
        moment = grade_capture(capture_clock(acting), known, received_at)
        number = self._promised_number(promise)
        if self._one_by_one:
            # What the ops before it made is stored by now.
            self._expect_new(device, op.seq, op.seq)
        outcome = self._decided(device, acting, sight, moment, number, promise, self._now)
        if self._one_by_one:
            self._rows.expect_none_new()
        self._has_news = True
        if self._is_plain(device, op, moment, outcome, promise):
            return self._log.append(device, op, moment, outcome)
        record = self._log.add(device, op, moment, outcome, number, promise)
        self._keep_nameless(device, acting, moment, record)
        if op.earlier and (device.number, op.seq) not in self._twins:
            note_moved(self._session, device, op, record)
        return record

    def _is_plain(
        self,
        device: EnrolledDeviceModel,
        op: ReceivedOp,
        moment: Moment,
        outcome: Outcome,
        promise: Promise | None,
    ) -> bool:
        """Tell whether nothing of the log's line on *op* can change before the batch is done.

        Op by op, each line must be there before the next one's savepoint.
        """
        is_final = outcome.state in {OpState.OK, OpState.REJECTED}
        is_alone = promise is None and not op.earlier and not self._one_by_one
        return (
            is_final
            and is_alone
            and self._erased.concern(device.number, op, moment) is Concern.NONE
        )

    def _keep_nameless(
        self, device: EnrolledDeviceModel, op: ReceivedOp, moment: Moment, record: OpModel
    ) -> None:
        """Keep nothing of an operation that says who somebody was, here or on its phone."""
        if self._erased.concern(device.number, op, moment) is Concern.NONE:
            return
        if record.name != ERASED_RECORD:  # There is nothing left of it on its phone.
            self._erased.note(device.number, op, record.state)
        if not is_text(op.name):
            return
        nameless = _nameless(op)
        may_run = record.state in {OpState.DEFERRED, OpState.PARKED}
        record.body = nameless.body if may_run and nameless.is_redacted else None
        # What waited was stored with its text, which lies in the file until the log is brought in.
        after_commit(self._session, functools.partial(empty_log, self._session))

    def _promised_number(self, promise: Promise | None) -> int | None:
        return None if promise is None else free_number(self._session, self._county_id, promise)

    def _decided(  # noqa: PLR0913, PLR0917 - an operation and all that is known of it
        self,
        device: EnrolledDeviceModel,
        op: ReceivedOp,
        sight: Sight,
        moment: Moment,
        number: int | None,
        promise: Promise | None,
        since: dt.datetime,
    ) -> Outcome:
        """Run an operation, unless it came already, was refused before, or came before its time."""
        twin = self._twins.get((device.number, op.seq))
        if twin is not None:
            return _as_told(twin)
        if promise is not None and promise.refusal is not None:
            return promise.refusal
        concern = self._erased.concern(device.number, op, moment)
        if concern is Concern.LATE and promise is None:
            return Outcome(OpState.REJECTED, problem=problem(CUSTOMER_ERASED))
        if concern is not Concern.NONE:
            op = _nameless(op)
        if op.name == ERASED_RECORD and promise is None:
            # Nothing is left of it anywhere: a restored server has even forgotten whose it was.
            return Outcome(OpState.REJECTED, problem=problem(CUSTOMER_ERASED))
        waited = self._now - since
        counts_revisions = concern is Concern.NONE or self._erased.awaits_more(device.number, op)
        if waited < WAITS_AT_MOST and counts_revisions and lacks_a_revision(op, self._rows, sight):
            return Outcome(OpState.DEFERRED)
        outcome = self._outcome(device, op, sight, moment, number, promise)
        return outcome if promise is None else kept(promise, outcome, waited)

    def _outcome(  # noqa: PLR0913, PLR0917 - an operation and all that is known of it
        self,
        device: EnrolledDeviceModel,
        op: ReceivedOp,
        sight: Sight,
        moment: Moment,
        number: int | None,
        promise: Promise | None,
    ) -> Outcome:
        tx = self._transaction(device, moment, op.seq, promise)
        sight = self._sight_at(tx.actor, sight, moment)
        started_s = self._door.clock.elapsed_s()
        if self._one_by_one:
            self._rows.write()  # Before the savepoint: an op's failure takes back its own alone.
        try:
            with savepoint(self._session) if self._one_by_one else nullcontext():
                run_op(op, tx, sight, self._door.reactions, number or self._log.next_number)
                if op.is_redacted:
                    self._erased.mark(tx)
                if self._one_by_one:
                    # All that could fail at the end of the batch fails here, for this op alone.
                    self._publish(tx.changed)
                    self._rows.write()
                    self._session.flush()
            self._changed |= tx.changed
            outcome = Outcome(OpState.OK)
        except Exception as error:  # noqa: BLE001 - the boundary: one bad op never dams the queue
            outcome = self._failed(error, device, op, tx)
        _log_op(device, op, outcome, self._door.clock.elapsed_s() - started_s)
        return outcome

    def _failed(
        self, error: Exception, device: EnrolledDeviceModel, op: ReceivedOp, tx: Transaction
    ) -> Outcome:
        if is_lost(error):
            raise error
        if self._one_by_one:
            # First of all: the next question would write down what waits of this operation.
            self._rows.forget()
            self._feed.forget()
        refused = refusal(error, op, tx, device)
        if not self._one_by_one and (refused is None or tx.has_begun):
            raise _BatchFailed from error
        if refused is not None:
            return refused
        structlog.get_logger().error(
            "op parked", device=device.number, seq=op.seq, op=op.name, **failure_of(error)
        )
        reason = f"{type(error).__name__} in {op.name}"
        return Outcome(OpState.PARKED, parked_reason=reason[:PARKED_REASON_LENGTH_MAX])


def _as_promised(op: ReceivedOp, promise: Promise | None) -> ReceivedOp:
    """Return *op*, with what it was where only its promise can tell: its phone has destroyed it."""
    if op.name != ERASED_RECORD or promise is None or "was" not in op.members:
        return op
    return dataclasses.replace(op, promised_as=promise.form)


def _nameless(op: ReceivedOp) -> ReceivedOp:
    """Return *op* redacted; one that can't be read is refused as it is, when it runs."""
    with suppress(UnknownMutationError, InvalidFieldsError):
        return op.redacted()
    return op


def _as_told(twin: OpModel) -> Outcome:
    """Return what becomes of an operation that is *twin* under another number."""
    if twin.state is OpState.OK:
        return Outcome(OpState.OK)
    if twin.state is OpState.REJECTED:
        return Outcome(OpState.REJECTED, problem=json.loads(twin.problem or "{}"))
    # Its own phone is told which bytes are awaited, if any: the twin's may be another copy of it.
    awaited = None if twin.problem is None else json.loads(twin.problem)
    return Outcome(OpState.DEFERRED, problem=awaited, waits_for=(twin.device, twin.seq))


def _demand_no_gap(last_seq: int, new: Sequence[ReceivedOp]) -> None:
    expected = last_seq + 1
    for op in new:
        if op.seq != expected:
            raise ProblemError("sequence-gap", last=last_seq)
        expected += 1


def _named_by(op: ReceivedOp) -> Iterable[str]:
    """Yield the ids that an operation names."""
    content = _content_of(op)
    if content is not None:
        yield from content.base
        yield from ids_named_by(content.args)


def _args_of(op: ReceivedOp) -> Any | None:
    content = _content_of(op)
    return None if content is None else content.args


def _content_of(op: ReceivedOp) -> OpContent | None:
    """Return what *op* asks for, or None if it can't be read: it is refused when it runs."""
    try:
        return op.content
    except Exception:  # noqa: BLE001 - whatever is wrong with it is said when it runs, alone
        return None


def _log_op(
    device: EnrolledDeviceModel, op: ReceivedOp, outcome: Outcome, elapsed_s: float
) -> None:
    structlog.get_logger().info(
        "op",
        device=device.number,
        seq=op.seq,
        op=op.name,
        state=outcome.state.value,
        problem=outcome.problem and outcome.problem["type"],
        elapsed_ms=round(elapsed_s * 1000, 1),
    )
