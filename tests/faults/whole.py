"""Is everything on the server whole: each operation with all that it made, once, and no more?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.ledger.check import check_ledger
from server.models.ledger import LedgerEntryModel
from server.models.points import PointsEntryModel
from server.models.referral import ReferralModel
from server.models.sync import CountyCounterModel, EnrolledDeviceModel, FeedEntryModel, OpModel
from shared.canonical import parse_json
from shared.domain.points import PointsStatus
from shared.domain.referral import ReferralStatus
from shared.wire.envelope import OpState, op_digest
from tests.faults.field_phones import StubbornPhone

__all__ = ["faults_of"]

_LEDGER = frozenset({PointsStatus.APPROVED, PointsStatus.SETTLED, PointsStatus.PAID})


def faults_of(session: Session, phones: Iterable[StubbornPhone] = ()) -> Iterator[str]:
    """Yield all that is lost, there twice, or half; *phones* say what they were told."""
    ops = session.scalars(sa.select(OpModel)).all()
    yield from _lost(ops, phones)
    yield from _numbers(session, ops)
    yield from _half(session, ops)
    report = check_ledger(session)
    yield from (f"ledger: {fault}" for fault in report.faults)


def _lost(ops: Iterable[OpModel], phones: Iterable[StubbornPhone]) -> Iterator[str]:
    kept = {(op.device, op.seq): op for op in ops}
    for one in phones:
        number = one.phone.device
        yield from one.faults
        for seq, result in one.told.items():
            op = kept.get((number, seq))
            if op is None:
                yield f"LOST: op {seq} of device {number} was answered and is not there"
            elif (op.number, op.signature) != (
                result["receipt"]["number"],
                result["receipt"]["signature"],
            ):
                yield f"op {seq} of device {number} has another receipt than its phone"
            elif op.digest != op_digest(one.sent[seq]):
                yield f"op {seq} of device {number} is another than was sent"
        strangers = {seq for device, seq in kept if device == number} - one.sent.keys()
        if strangers:
            yield f"ops {sorted(strangers)} of device {number} were never sent"


def _numbers(session: Session, ops: Iterable[OpModel]) -> Iterator[str]:
    numbers = sorted(op.number for op in ops if op.number is not None)
    if numbers != list(range(1, len(numbers) + 1)):
        yield "the receipts' numbers have gaps or come twice"
    for counter in session.scalars(sa.select(CountyCounterModel)):
        if counter.ops != len(numbers):
            yield f"the county counts {counter.ops} operations, there are {len(numbers)}"
    of_device = Counter(op.device for op in ops)
    for device in session.scalars(sa.select(EnrolledDeviceModel)):
        if device.last_seq != of_device[device.number]:
            yield f"device {device.number}: {of_device[device.number]} ops, last {device.last_seq}"


def _half(session: Session, ops: Iterable[OpModel]) -> Iterator[str]:
    """Compare what the operations say with the rows, the feed and the points."""
    done: dict[str, set[str]] = {}
    for op in ops:
        if op.state is OpState.OK and op.body is not None:
            args = cast("dict[str, Any]", parse_json(op.body.encode()))["args"]
            done.setdefault(op.name, set()).update(args.get("ids", [args.get("id")]))
    referrals = {row.id: row for row in session.scalars(sa.select(ReferralModel))}
    submitted = done.get("submit_referral", set())
    yield from (f"HALF: lead {i} without its row" for i in submitted - referrals.keys())
    yield from (f"HALF: lead {i} without its op" for i in referrals.keys() - submitted)
    in_feed = set(session.scalars(sa.select(FeedEntryModel.row_id).distinct()))
    yield from (f"HALF: lead {i} is in no feed" for i in referrals.keys() - in_feed)
    for row_id in done.get("accept_referral", set()):
        if referrals[row_id].status is not ReferralStatus.ACCEPTED:
            yield f"HALF: lead {row_id} was accepted and is {referrals[row_id].status}"
    entries = {row.id: row for row in session.scalars(sa.select(PointsEntryModel))}
    awards = Counter((row.award, row.award_revision, row.payee_id) for row in entries.values())
    yield from (f"TWICE: {award} was claimed {n} times" for award, n in awards.items() if n > 1)
    paid = Counter(session.scalars(sa.select(LedgerEntryModel.id)))
    for row_id in done.get("approve_points", set()):
        entry = entries[row_id]
        if entry.status not in _LEDGER:
            yield f"HALF: points {row_id} were approved and are {entry.status}"
        elif paid[row_id] != (entry.points != 0):
            yield f"points {row_id} were approved and posted {paid[row_id]} times"
