"""Harvest dates (出售日期): when a village sells, and when the cash comes (PRODUCT §3–4, §8)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from shared.domain.fields import Count, Fen, Id, Name, Note, Whole
from shared.domain.people import Actor, Role
from shared.domain.refusals import FORBIDDEN_ACTION, ILLEGAL_TRANSITION, RefusedError


class HarvestStatus(StrEnum):
    """Where a harvest date stands."""

    HEARD = "heard"
    CONFIRMED = "confirmed"
    ON_DAY = "on_day"
    SOLD = "sold"
    PAID = "paid"
    CANCELLED = "cancelled"
    JOINED = "joined"  # Another's report of a sale that was known: it confirmed the earlier one.
    WITHDRAWN = "withdrawn"


class HarvestAction(StrEnum):
    """What moves a harvest date."""

    REPORT = "report"
    CORRECT = "correct"
    CONFIRM = "confirm"
    SHIFT = "shift"
    START_DAY = "start_day"
    SELL = "sell"
    PAY = "pay"
    CANCEL = "cancel"
    JOIN = "join"
    WITHDRAW = "withdraw"


class Confidence(StrEnum):
    """How the reporter knows (听说/农户说/收购商定/见装车)."""

    HEARSAY = "hearsay"
    FARMER = "farmer"
    BUYER = "buyer"
    SEEN = "seen"


S, A, R = HarvestStatus, HarvestAction, Role

KEEPERS = frozenset({R.POSTMAN, R.OUTREACH, R.WEALTH_MANAGER, R.BRANCH_HEAD})
"""Who keeps the calendar, each for their own villages (`shared.domain.coverage`)."""

LIVE_STATUSES = frozenset({S.HEARD, S.CONFIRMED, S.ON_DAY})
"""The sale lies ahead or is under way."""

TRANSITIONS: dict[tuple[HarvestStatus, HarvestAction], tuple[frozenset[Role], HarvestStatus]] = {
    (S.HEARD, A.CONFIRM): (KEEPERS, S.CONFIRMED),
    (S.CONFIRMED, A.CONFIRM): (KEEPERS, S.CONFIRMED),
    # Other days are a new claim: whoever confirmed the old ones said nothing about these.
    **{(status, A.SHIFT): (KEEPERS, S.HEARD) for status in LIVE_STATUSES},
    # Who sees the trucks need not have heard the day confirmed before.
    (S.HEARD, A.START_DAY): (KEEPERS, S.ON_DAY),
    (S.CONFIRMED, A.START_DAY): (KEEPERS, S.ON_DAY),
    **{(status, A.SELL): (KEEPERS, S.SOLD) for status in LIVE_STATUSES},
    (S.SOLD, A.PAY): (KEEPERS, S.PAID),
    **{(status, A.CANCEL): (KEEPERS, S.CANCELLED) for status in LIVE_STATUSES},
    # Until somebody else has acted on it (PRODUCT §10).
    (S.HEARD, A.CORRECT): (KEEPERS, S.HEARD),
    (S.HEARD, A.WITHDRAW): (KEEPERS, S.WITHDRAWN),
    (S.HEARD, A.JOIN): (frozenset(), S.JOINED),
}
"""By status and action: who may (nobody: a rule does it), and the status after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestDate:
    """A sale of a crop in a village: its window and its payout day, in the current version.

    Every change raises `version` and leaves a `HarvestDateVersion`.
    """

    TABLE: ClassVar[str] = "harvest_date"
    id: Id
    outlet_id: Id
    village_id: Id
    crop_id: Id
    status: HarvestStatus
    sale_from_on: dt.date
    sale_to_on: dt.date
    payout_on: dt.date
    confidence: Confidence
    version: Count
    reported_by_id: Id
    reported_at: dt.datetime
    households: Count = 0
    amount_fen: Fen = 0
    buyer: Name | None = None
    note: Note = ""
    confirmed_by_id: Id | None = None
    ended_reason: Note | None = None
    joined_id: Id | None = None  # The earlier report of the same sale, once joined to it.
    started_at: dt.datetime | None = None
    sold_at: dt.datetime | None = None
    paid_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestDateVersion:
    """What was known of a harvest date at one time; kept for ever (history, accuracy points).

    `reported_by_id`, `reported_at` and `action` say who made this version, when and by what.
    """

    TABLE: ClassVar[str] = "harvest_date_version"
    id: Id
    harvest_date_id: Id
    village_id: Id
    outlet_id: Id
    version: Count
    status: HarvestStatus
    sale_from_on: dt.date
    sale_to_on: dt.date
    payout_on: dt.date
    confidence: Confidence
    reported_by_id: Id
    reported_at: dt.datetime
    reason: Note = ""
    action: HarvestAction = HarvestAction.REPORT


def advance(harvest_date: HarvestDate, action: HarvestAction, actor: Actor | None) -> HarvestStatus:
    """Return the status after *actor* (None: a rule) takes *action*.

    Raises:
        RefusedError: `illegal-transition` from this status, `forbidden-action` for these posts.
    """
    roles_after = TRANSITIONS.get((harvest_date.status, action))
    if roles_after is None:
        raise RefusedError(
            ILLEGAL_TRANSITION, object="harvest_date", status=harvest_date.status, action=action
        )
    roles, after = roles_after
    permitted = not roles if actor is None else actor.holds(*roles)
    if not permitted:
        raise RefusedError(FORBIDDEN_ACTION, object="harvest_date", action=action)
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHarvestDate:
    """A new sale that somebody heard of; without `payout_on` the crop's cash days set it."""

    id: Id
    village_id: Id
    crop_id: Id
    sale_from_on: dt.date
    sale_to_on: dt.date
    confidence: Confidence
    payout_on: dt.date | None = None
    households: Count = 0
    amount_fen: Fen = 0
    buyer: Name | None = None
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftHarvestDate:
    """Other days for a known sale (延期/提前)."""

    id: Id
    sale_from_on: dt.date
    sale_to_on: dt.date
    reason: Note
    payout_on: dt.date | None = None
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmHarvestDate:
    """Somebody (else) confirms the days, and how they know."""

    id: Id
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceHarvestDate:
    """What was seen: the day begins, the crop is sold, the cash was paid."""

    id: Id
    action: HarvestAction  # START_DAY, SELL or PAY; nothing else.


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelHarvestDate:
    """The sale does not take place, and why."""

    id: Id
    reason: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectHarvestDate:
    """What the author puts right before anybody acted on it; None leaves a field as it is."""

    id: Id
    sale_from_on: dt.date | None = None
    sale_to_on: dt.date | None = None
    payout_on: dt.date | None = None
    confidence: Confidence | None = None
    households: Count | None = None
    amount_fen: Fen | None = None
    buyer: Name | None = None
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawHarvestDate:
    """A sale that its author reported by mistake."""

    id: Id
    reason: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftHarvestDates:
    """Several sales moved by the same days (寒潮: -3): one action, one reason."""

    ids: tuple[Id, ...]
    days: Annotated[int, Whole(-60, 60)]
    reason: Note
