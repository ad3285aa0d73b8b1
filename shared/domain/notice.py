"""Notices: what somebody must look at, with the object that it is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from shared.domain.fields import Id, Tag
from shared.domain.moment import Moment
from shared.domain.mutation import Mutation
from shared.domain.people import Actor, Role
from shared.domain.refusals import OUT_OF_SCOPE, RefusedError
from shared.domain.rows import Row, Rows, demand

__all__ = ["MUTATIONS", "Notice", "NoticeKind", "SeeNotice", "see_notice"]


class NoticeKind(StrEnum):
    """Why somebody should look."""

    REFERRAL_ROUTED = "referral_routed"
    REFERRAL_UNASSIGNED = "referral_unassigned"
    REFERRAL_HELD = "referral_held"
    REFERRAL_DECLINED = "referral_declined"
    REFERRAL_LOST = "referral_lost"
    REFERRAL_JOINED = "referral_joined"
    HARVEST_DATE_CHANGED = "harvest_date_changed"
    VISIT_SCHEDULED = "visit_scheduled"
    VISIT_CHANGED = "visit_changed"
    POINTS_APPROVED = "points_approved"
    POINTS_REJECTED = "points_rejected"
    POINTS_REVERSED = "points_reversed"
    REVERSAL_PROPOSED = "reversal_proposed"
    DEVICE_LOST = "device_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing for one person; `object_table` and `object_id` say what it is about."""

    TABLE: ClassVar[str] = "notice"
    id: Id
    for_id: Id
    kind: NoticeKind
    object_table: Tag
    object_id: Id
    at: dt.datetime
    seen_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeNotice:
    """Notices that their reader has seen: one, or a screenful."""

    ids: tuple[Id, ...]


def see_notice(rows: Rows, args: SeeNotice, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Note when the actor first saw their notices."""
    seen = []
    for notice_id in args.ids:
        notice = demand(rows, Notice, notice_id)
        if notice.for_id != actor.staff_id:
            raise RefusedError(OUT_OF_SCOPE, object="notice")
        if notice.seen_at is None:
            seen.append(replace(notice, seen_at=moment.captured_to))
    return seen


MUTATIONS = (
    Mutation(
        name="see_notice", version=1, args=SeeNotice, roles=frozenset(Role), decide=see_notice
    ),
)
"""Every mutation of a notice; append-only."""
