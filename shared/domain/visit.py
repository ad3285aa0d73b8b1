"""On-site visits (走访): planned for the sale day, with a kit, helpers and an outcome."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from shared.domain.fields import Count, Id, Note, Tag
from shared.domain.people import Actor, Role
from shared.domain.refusals import FORBIDDEN_ACTION, ILLEGAL_TRANSITION, RefusedError


class VisitStatus(StrEnum):
    """Where a visit stands."""

    PROPOSED = "proposed"
    SCHEDULED = "scheduled"
    UNDER_WAY = "under_way"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"


class VisitAction(StrEnum):
    """What moves a visit."""

    SCHEDULE = "schedule"
    PACK = "pack"
    CHECK_IN = "check_in"
    FINISH = "finish"
    MISS = "miss"
    CANCEL = "cancel"


class CallResult(StrEnum):
    """What came of a call."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    CALL_BACK = "call_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit of a wealth manager, from a harvest date or from referrals."""

    TABLE: ClassVar[str] = "visit"
    id: Id
    outlet_id: Id
    wealth_manager_id: Id
    status: VisitStatus
    planned_on: dt.date
    village_id: Id | None = None
    harvest_date_id: Id | None = None
    referral_ids: tuple[Id, ...] = ()
    helper_ids: tuple[Id, ...] = ()
    kit: tuple[Tag, ...] = ()
    kit_packed: tuple[Tag, ...] = ()
    checked_in_at: dt.datetime | None = None
    latitude_e6: int | None = None  # Where the check-in was, only with consent.
    longitude_e6: int | None = None
    help_done: Note = ""
    escorted: Count = 0
    note: Note = ""
    finished_at: dt.datetime | None = None
    ended_reason: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAttempt:
    """A call to the customer of a referral, and what came of it."""

    TABLE: ClassVar[str] = "call_attempt"
    id: Id
    referral_id: Id
    by_id: Id
    at: dt.datetime
    result: CallResult


S, A, R = VisitStatus, VisitAction, Role

VISITORS = frozenset({R.WEALTH_MANAGER})
CREW = VISITORS | {R.OUTREACH, R.LOBBY_MANAGER, R.POSTMAN, R.COUNTER, R.BACK_OFFICE}
"""The posts that may help at a visit; `decide` asks whether they were named for this one."""

OPEN_VISITS = frozenset({S.PROPOSED, S.SCHEDULED, S.UNDER_WAY})

TRANSITIONS: dict[tuple[VisitStatus, VisitAction], tuple[frozenset[Role], VisitStatus]] = {
    (S.PROPOSED, A.SCHEDULE): (VISITORS, S.SCHEDULED),
    (S.SCHEDULED, A.SCHEDULE): (VISITORS, S.SCHEDULED),
    (S.PROPOSED, A.PACK): (CREW, S.PROPOSED),
    (S.SCHEDULED, A.PACK): (CREW, S.SCHEDULED),
    (S.SCHEDULED, A.CHECK_IN): (CREW, S.UNDER_WAY),
    (S.UNDER_WAY, A.FINISH): (CREW, S.DONE),
    (S.SCHEDULED, A.MISS): (VISITORS | {R.BRANCH_HEAD}, S.MISSED),
    (S.PROPOSED, A.CANCEL): (VISITORS | {R.BRANCH_HEAD}, S.CANCELLED),
    (S.SCHEDULED, A.CANCEL): (VISITORS | {R.BRANCH_HEAD}, S.CANCELLED),
}
"""By status and action: who may, and the status after it."""


def advance(visit: Visit, action: VisitAction, actor: Actor) -> VisitStatus:
    """Return the status after *actor* takes *action*.

    Raises:
        RefusedError: `illegal-transition` from this status, `forbidden-action` for these posts.
    """
    roles_after = TRANSITIONS.get((visit.status, action))
    if roles_after is None:
        raise RefusedError(ILLEGAL_TRANSITION, object="visit", status=visit.status, action=action)
    roles, after = roles_after
    if not actor.holds(*roles):
        raise RefusedError(FORBIDDEN_ACTION, object="visit", action=action)
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleVisit:
    """A visit on a day; `id` is new, or that of a proposed or scheduled visit to be moved.

    Without `kit` the crop's own list is taken.
    """

    id: Id
    planned_on: dt.date
    referral_ids: tuple[Id, ...] = ()
    harvest_date_id: Id | None = None
    village_id: Id | None = None
    helper_ids: tuple[Id, ...] = ()
    kit: tuple[Tag, ...] | None = None
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeVisit:
    """A visit that somebody of the round suggests to the village's wealth manager; new `id`."""

    id: Id
    harvest_date_id: Id
    planned_on: dt.date
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackKit:
    """What of the visit's kit is packed now."""

    id: Id
    packed: tuple[Tag, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInVisit:
    """The arrival in the village; the position only with consent, in millionths of a degree."""

    id: Id
    latitude_e6: int | None = None
    longitude_e6: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishVisit:
    """What was done, how many were escorted to the outlet."""

    id: Id
    help_done: Note
    escorted: Count = 0
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndVisit:
    """A visit that did not take place: missed or cancelled, and why."""

    id: Id
    action: VisitAction  # MISS or CANCEL; nothing else.
    reason: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCall:
    """A call that was tried; `id` is new, the attempt's own."""

    id: Id
    referral_id: Id
    result: CallResult
