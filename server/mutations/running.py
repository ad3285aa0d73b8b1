"""Running one operation: is it well formed, may its author do it, is it current, is it right?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.feed import KnownObject
from server.models.sync import EnrolledDeviceModel
from server.mutations.moving import taken_as
from server.mutations.receiving import OpContent, ReceivedOp, ids_named_by
from server.mutations.transaction import Reaction, Transaction, missing_reference
from shared.canonical import Json
from shared.domain.refusals import (
    FORBIDDEN_ACTION,
    INVALID_ARGUMENT,
    MISSING_OBJECT,
    OUT_OF_SCOPE,
    STALE_OBJECT,
    RefusedError,
)
from shared.domain.rows import Row
from shared.ids import InvalidIdError, parse_id
from shared.wire.envelope import OpState
from shared.wire.mutations import UnknownMutationError
from shared.wire.problems import PROBLEMS, problem
from shared.wire.schemas import InvalidFieldsError

__all__ = ["Outcome", "Sight", "refusal", "run_op"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation.

    Attributes:
        state: As told to the device.
        problem: Why it was rejected.
        waits_for: The device and sequence that a deferred operation waits for.
        parked_reason: What went wrong, for an administrator.
    """

    state: OpState
    problem: dict[str, Json] | None = None
    waits_for: tuple[int, int] | None = None
    parked_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What the author of an operation may know of.

    Attributes:
        scopes: Those that the author holds.
        objects: By id, the objects that the feed knows.
    """

    scopes: frozenset[str]
    objects: Mapping[str, KnownObject]

    def demand(self, row_ids: Iterable[str]) -> None:
        """Make sure that the author can know of every object named.

        Raises:
            RefusedError: `out-of-scope`. What no scope has held yet was made just now.
        """
        for row_id in row_ids:
            known = self.objects.get(row_id)
            if known is not None and self.scopes.isdisjoint(known.scopes):
                raise RefusedError(OUT_OF_SCOPE)


def run_op(
    op: ReceivedOp,
    tx: Transaction,
    sight: Sight,
    reactions: Mapping[str, Reaction],
    receipt_number: int,
) -> None:
    """Run *op* with all that follows from it.

    Raises:
        UnknownMutationError: See `OpContent.of`.
        InvalidFieldsError: See `OpContent.of`.
        RefusedError: The rules say no.
    """
    content = op.content
    if content.by != tx.actor.staff_id:
        raise RefusedError(FORBIDDEN_ACTION, mutation=op.name)
    if not content.mutation.county_wide:
        sight.demand(ids_named_by(content.args))
    if content.mutation.current_only:
        _demand_current(content, tx, sight)
    rows = content.mutation.run(tx.rows, content.args, tx.actor, tx.moment)
    rows = [_numbered(row, receipt_number, tx) for row in rows]
    missing = missing_reference(tx, rows)
    if missing is not None:
        raise RefusedError(MISSING_OBJECT, table=missing.TABLE)
    tx.has_begun = True
    for row in rows:
        tx.put(row)
    react = reactions.get(op.name)
    if react is not None:
        react(tx, content.args)
    broken = missing_reference(tx, list(tx.changed.values()))
    assert broken is None, f"a reaction to {op.name} named a {broken} that does not exist"


def refusal(
    error: Exception, op: ReceivedOp, tx: Transaction, device: EnrolledDeviceModel
) -> Outcome | None:
    """Return the outcome of an operation that ended in *error*, or None when it is no refusal."""
    if isinstance(error, UnknownMutationError):
        return _rejected("unknown-mutation", mutation=op.name, version=op.version)
    if isinstance(error, InvalidFieldsError):
        fields: dict[str, Json] = {name: list(codes) for name, codes in error.errors.items()}
        return _rejected(INVALID_ARGUMENT, fields=fields)
    if not isinstance(error, RefusedError) or error.slug not in PROBLEMS:
        return None
    if error.slug == MISSING_OBJECT and tx.rows.missed_id is not None:
        awaited = _awaited(tx.session, tx.rows.missed_id, op, device)
        if awaited is not None:
            return Outcome(OpState.DEFERRED, waits_for=awaited)
    return _rejected(error.slug, **error.facts)


def _rejected(slug: str, /, **facts: Json) -> Outcome:
    return Outcome(OpState.REJECTED, problem=problem(slug, **facts))


def _awaited(
    session: Session, row_id: str, op: ReceivedOp, device: EnrolledDeviceModel
) -> tuple[int, int] | None:
    """Return the operation that will make the missing object, if it is still to come."""
    try:
        parts = parse_id(row_id)
    except InvalidIdError:
        return None
    maker = session.get(EnrolledDeviceModel, parts.device_number)
    if parts.sequence == 0 or (parts.device_number, parts.sequence) == (device.number, op.seq):
        return None
    if maker is None or maker.county_id != device.county_id:
        return None
    made_by = taken_as(session, parts.device_number, parts.sequence)
    if made_by is None:
        is_same_phone = maker.number < device.number and maker.public_key == device.public_key
        # Enrolled anew since: what it still had, it has sent again before this.
        return None if is_same_phone else (parts.device_number, parts.sequence)
    is_settled = made_by.state not in {OpState.DEFERRED, OpState.PARKED}
    is_itself = (made_by.device, made_by.seq) == (device.number, op.seq)
    return None if is_settled or is_itself else (made_by.device, made_by.seq)


def _demand_current(content: OpContent, tx: Transaction, sight: Sight) -> None:
    """Refuse a decision about an object that has changed since its author saw it.

    What the same device changed since, its author has seen.
    """
    for row_id in _subjects(content):
        seen = content.base.get(row_id)
        known = sight.objects.get(row_id)
        record = None if known is None else tx.rows.record(known.table, row_id)
        if record is None:
            continue  # It was made just now, or does not exist: the rule says so better.
        if seen is None:
            # A device leaves out what it made itself and hasn't got back yet.
            is_current = parse_id(row_id).device_number == tx.device_number
        else:
            by_author = record.changed_by_device == tx.device_number
            is_current = seen >= (record.foreign_revision if by_author else record.revision)
        if not is_current:
            raise RefusedError(STALE_OBJECT, table=record.row.TABLE)


def _subjects(content: OpContent) -> list[str]:
    """Return the ids of what a decision is about: its `id` or `ids`, and what `base` names."""
    subject = getattr(content.args, "id", None)
    subjects = [subject] if isinstance(subject, str) else []
    return sorted({*subjects, *getattr(content.args, "ids", ()), *content.base})


def _numbered(row: Row, receipt_number: int, tx: Transaction) -> Row:
    """Write the receipt's number on what the op made, where the row shows one."""
    if not hasattr(row, "receipt_number") or tx.rows.record(type(row), row.id) is not None:
        return row
    return dataclasses.replace(row, receipt_number=receipt_number)  # type: ignore[type-var]
