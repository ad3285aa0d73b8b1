"""The points that wait, in three heaps: to be looked at, to be approved in bulk, not mine."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from shared.domain.desk import ApprovalFlag, ApprovalItem, approval_queue
from shared.domain.moment import Moment
from shared.domain.people import Actor
from shared.domain.points import ApprovePoints
from shared.domain.points_changes import approve_points
from shared.domain.refusals import RefusedError
from shared.domain.rows import Rows

__all__ = ["Queue", "refusal_of", "sorted_queue"]

SOMEBODY_ELSE = frozenset({"own-points", "forbidden-action", "out-of-scope"})


@dataclass(frozen=True, slots=True)
class Queue:
    """The three heaps; `others` are decided by somebody else, with the slug that says why."""

    special: tuple[ApprovalItem, ...]
    plain: tuple[ApprovalItem, ...]
    others: tuple[tuple[ApprovalItem, str], ...]


def sorted_queue(rows: Rows, reader: Actor, now: dt.datetime) -> Queue:
    """Return the outlet's pending entries as their reader works through them."""
    special, plain, others = [], [], []
    for item in approval_queue(rows, reader.outlet_id, reader.staff_id):
        slug = refusal_of(rows, item, reader, now)
        if slug in SOMEBODY_ELSE or ApprovalFlag.REVERSAL in item.flags:
            others.append((item, slug or ""))
        elif item.flags or slug is not None:
            special.append(item)
        else:
            plain.append(item)
    return Queue(tuple(special), tuple(plain), tuple(others))


def refusal_of(rows: Rows, item: ApprovalItem, reader: Actor, now: dt.datetime) -> str | None:
    """Return why the rules would refuse the approval, by asking the rule itself; None: they let."""
    try:
        approve_points(rows, ApprovePoints(ids=(item.entry.id,)), reader, Moment.at(now))
    except RefusedError as refused:
        return refused.slug
    return None
