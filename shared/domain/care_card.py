"""Customer care cards (客户关怀卡): interested, but not now; followed up until they come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from shared.domain.customer import Consent, CustomerKind
from shared.domain.fields import Count, Id, Name, Note, Phone
from shared.domain.people import Actor, Role
from shared.domain.referral import Interest, LeadSource, Need, ReferralMode
from shared.domain.refusals import FORBIDDEN_ACTION, ILLEGAL_TRANSITION, RefusedError
from shared.domain.rows import Rows


class CareReason(StrEnum):
    """Why the customer was not referred now."""

    NO_TIME = "no_time"
    NOT_HOME = "not_home"
    FAMILY_WORD = "family_word"
    MONEY_NOT_IN = "money_not_in"
    SALE_CANCELLED = "sale_cancelled"
    THINKING = "thinking"
    OTHER = "other"


class CareStatus(StrEnum):
    """Where a care card stands."""

    OPEN = "open"
    INVITED = "invited"
    CONVERTED = "converted"
    CLOSED = "closed"
    OPTED_OUT = "opted_out"
    WITHDRAWN = "withdrawn"


class CareAction(StrEnum):
    """What moves a care card."""

    INVITE = "invite"
    CONVERT = "convert"
    CLOSE = "close"
    OPT_OUT = "opt_out"
    ASSIGN = "assign"
    CORRECT = "correct"
    WITHDRAW = "withdraw"


class FollowUpHow(StrEnum):
    """How the customer was followed up."""

    VISIT = "visit"
    CALL = "call"
    AT_OUTLET = "at_outlet"


@dataclass(frozen=True, slots=True, kw_only=True)
class CareCard:
    """A care card; `originator_id` opened it, `owner_id` follows it up."""

    TABLE: ClassVar[str] = "care_card"
    id: Id
    outlet_id: Id
    customer_id: Id
    reason: CareReason
    status: CareStatus
    originator_id: Id
    owner_id: Id
    opened_at: dt.datetime
    next_contact_on: dt.date
    need: Need | None = None
    village_id: Id | None = None
    harvest_date_id: Id | None = None
    referral_id: Id | None = None  # The referral that it came from, if any.
    converted_referral_id: Id | None = None
    converted_at: dt.datetime | None = None
    follow_ups: Count = 0
    note: Note = ""
    ended_at: dt.datetime | None = None
    ended_reason: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CareFollowUp:
    """One invitation of the customer: a care-card visit, a call, a word at the outlet."""

    TABLE: ClassVar[str] = "care_follow_up"
    id: Id
    care_card_id: Id
    by_id: Id
    at: dt.datetime
    how: FollowUpHow
    note: Note = ""
    next_contact_on: dt.date | None = None


S, A, R = CareStatus, CareAction, Role

CARERS = frozenset(
    {R.POSTMAN, R.COUNTER, R.OUTREACH, R.BACK_OFFICE, R.LOBBY_MANAGER, R.WEALTH_MANAGER}
    | {R.LOBBY_SUPERVISOR, R.BRANCH_HEAD}
)
OPENERS = CARERS | {R.TELLER}
"""A teller opens a card for their own referral and leaves the following up to others."""

OVERSEERS = frozenset({R.LOBBY_MANAGER, R.LOBBY_SUPERVISOR, R.BRANCH_HEAD})
"""Who works on every card of the outlet; the others only on those that they own."""

OPEN_CARDS = frozenset({S.OPEN, S.INVITED})

TRANSITIONS: dict[tuple[CareStatus, CareAction], tuple[frozenset[Role], CareStatus]] = {
    (S.OPEN, A.CORRECT): (OPENERS, S.OPEN),
    (S.OPEN, A.WITHDRAW): (OPENERS, S.WITHDRAWN),
    **{(status, A.ASSIGN): (OPENERS, status) for status in OPEN_CARDS},
    **{(status, A.INVITE): (CARERS, S.INVITED) for status in OPEN_CARDS},
    **{(status, A.CONVERT): (CARERS, S.CONVERTED) for status in OPEN_CARDS},
    **{(status, A.CLOSE): (CARERS, S.CLOSED) for status in OPEN_CARDS},
    **{(status, A.OPT_OUT): (OPENERS, S.OPTED_OUT) for status in OPEN_CARDS},
}
"""By status and action: who may, and the status after it."""


def advance(card: CareCard, action: CareAction, actor: Actor) -> CareStatus:
    """Return the status after *actor* takes *action*.

    Raises:
        RefusedError: `illegal-transition` from this status, `forbidden-action` for these posts.
    """
    roles_after = TRANSITIONS.get((card.status, action))
    if roles_after is None:
        raise RefusedError(
            ILLEGAL_TRANSITION, object="care_card", status=card.status, action=action
        )
    roles, after = roles_after
    if not actor.holds(*roles):
        raise RefusedError(FORBIDDEN_ACTION, object="care_card", action=action)
    return after


def has_opted_out(rows: Rows, customer_id: str) -> bool:
    """Tell whether the customer wants no contact: said so, and has not consented again since."""
    ends = [
        card.ended_at
        for card in rows.where(CareCard, customer_id=customer_id, status=CareStatus.OPTED_OUT)
        if card.ended_at is not None
    ]
    if not ends:
        return False
    given = [
        consent.given_at
        for consent in rows.where(Consent, customer_id=customer_id)
        if consent.withdrawn_at is None
    ]
    return max(ends) >= max(given, default=max(ends))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCareCard:
    """A new care card, for a known customer, a new one, or the customer of an open referral.

    With `referral_id` the referral ends as cared for; without it, `consent` must be given.
    """

    id: Id
    reason: CareReason
    next_contact_on: dt.date
    referral_id: Id | None = None
    customer_id: Id | None = None
    customer_name: Name | None = None
    kind: CustomerKind = CustomerKind.FARMER
    phone: Phone | None = None
    consent: bool = False
    need: Need | None = None
    village_id: Id | None = None
    harvest_date_id: Id | None = None
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpCareCard:
    """A follow-up; `id` is new, the follow-up's own."""

    id: Id
    care_card_id: Id
    how: FollowUpHow
    next_contact_on: dt.date
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertCareCard:
    """The customer comes: a new referral of id `referral_id` follows from the card."""

    id: Id
    referral_id: Id
    need: Need
    interest: Interest
    mode: ReferralMode
    source: LeadSource
    note: Note = ""
    consent: bool = False  # Given anew; needed when the earlier one has expired.


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCareCard:
    """Close the card, or note that the customer wants no more contact (opted out)."""

    id: Id
    action: CareAction  # CLOSE or OPT_OUT; nothing else.
    reason: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectCareCard:
    """What the author puts right before anybody acted on it; None leaves a field as it is."""

    id: Id
    reason: CareReason | None = None
    next_contact_on: dt.date | None = None
    customer_name: Name | None = None
    phone: Phone | None = None
    need: Need | None = None
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawCareCard:
    """A card opened by mistake; a referral that it came from is open again."""

    id: Id
    reason: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCareCard:
    """A care card and who follows it up from now on."""

    id: Id
    owner_id: Id
