"""Referrals (转介): what a lead is, how it moves, and who may move it (PRODUCT §3–4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from shared.domain.customer import CustomerKind
from shared.domain.fields import Id, Name, Note, Phone, Tag, VoucherNumber
from shared.domain.moment import ClockGrade
from shared.domain.people import Actor, Role
from shared.domain.refusals import FORBIDDEN_ACTION, ILLEGAL_TRANSITION, RefusedError


class ReferralStatus(StrEnum):
    """Where a referral stands."""

    CAPTURED = "captured"  # On a phone; the server has not answered yet.
    RECEIVED = "received"
    HELD = "held"  # Perhaps a duplicate; the branch head decides.
    UNASSIGNED = "unassigned"  # Nobody fits: the branch head's queue.
    ROUTED = "routed"
    ACCEPTED = "accepted"
    HANDED_OVER = "handed_over"
    VISIT_SET = "visit_set"
    MET = "met"
    SUCCEEDED = "succeeded"
    VERIFIED = "verified"
    CARED_FOR = "cared_for"  # Went to a care card.
    JOINED = "joined"  # Rejected duplicate, joined to an earlier referral.
    LOST = "lost"
    VOID = "void"
    WITHDRAWN = "withdrawn"


class ReferralAction(StrEnum):
    """What moves a referral."""

    ROUTE = "route"
    HOLD = "hold"
    LEAVE_UNASSIGNED = "leave_unassigned"
    RELEASE = "release"
    JOIN = "join"
    ASSIGN = "assign"
    ACCEPT = "accept"
    DECLINE = "decline"
    HAND_OVER = "hand_over"
    SET_VISIT = "set_visit"
    DROP_VISIT = "drop_visit"  # The visit was missed, cancelled, or goes without this customer.
    MEET = "meet"
    SUCCEED = "succeed"
    VERIFY = "verify"
    CARE = "care"
    RESUME = "resume"  # The care card was opened by mistake.
    LOSE = "lose"
    VOID = "void"
    WITHDRAW = "withdraw"


class LeadSource(StrEnum):
    """Where the customer came from (流量客户、存量客户、片区开发)."""

    WALK_IN = "walk_in"
    EXISTING = "existing"
    VILLAGE = "village"


class ReferralMode(StrEnum):
    """Whether the customer is brought along, or only the information (S27, S28)."""

    HANDED_OVER = "handed_over"
    INFORMATION = "information"


class Need(StrEnum):
    """What the customer is interested in."""

    DEPOSIT = "deposit"
    WEALTH = "wealth"
    INSURANCE = "insurance"
    BOND = "bond"
    FUND = "fund"
    LOAN = "loan"
    CARD = "card"
    PENSION = "pension"


class Interest(StrEnum):
    """How interested the customer is; must be said (S19)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class AmountBand(StrEnum):
    """About how much money, in bands, never a sum."""

    UNDER_10K = "under_10k"
    FROM_10K = "from_10k"
    FROM_50K = "from_50k"
    FROM_200K = "from_200k"
    FROM_1M = "from_1m"


S, A, R = ReferralStatus, ReferralAction, Role
SERVER: frozenset[Role] = frozenset()
"""Nobody's post: only the server takes this action, by its own rules."""

HEAD = frozenset({R.BRANCH_HEAD})
DECIDERS = frozenset({R.BRANCH_HEAD, R.ADMINISTRATOR})
"""The branch head; the administrator only where the branch head would judge their own."""

MANAGER = frozenset({R.WEALTH_MANAGER})
REFERRERS = frozenset(
    {R.POSTMAN, R.COUNTER, R.TELLER, R.LOBBY_MANAGER, R.LOBBY_SUPERVISOR, R.BACK_OFFICE}
    | {R.OUTREACH, R.WEALTH_MANAGER, R.BRANCH_HEAD}
)
OPEN_STATUSES = frozenset(
    {S.RECEIVED, S.HELD, S.UNASSIGNED, S.ROUTED, S.ACCEPTED, S.HANDED_OVER, S.VISIT_SET, S.MET}
)
_WITH_MANAGER = (S.ACCEPTED, S.HANDED_OVER, S.VISIT_SET, S.MET)

TRANSITIONS: dict[tuple[ReferralStatus, ReferralAction], tuple[frozenset[Role], ReferralStatus]] = {
    (S.RECEIVED, A.ROUTE): (SERVER, S.ROUTED),
    (S.RECEIVED, A.HOLD): (SERVER, S.HELD),
    (S.RECEIVED, A.LEAVE_UNASSIGNED): (SERVER, S.UNASSIGNED),
    (S.ROUTED, A.ROUTE): (SERVER, S.ROUTED),
    (S.ROUTED, A.LEAVE_UNASSIGNED): (SERVER, S.UNASSIGNED),
    # An earlier capture arrives late, or a correction makes it a possible duplicate.
    (S.ROUTED, A.HOLD): (SERVER, S.HELD),
    (S.UNASSIGNED, A.HOLD): (SERVER, S.HELD),
    (S.UNASSIGNED, A.ROUTE): (SERVER, S.ROUTED),
    (S.UNASSIGNED, A.LEAVE_UNASSIGNED): (SERVER, S.UNASSIGNED),
    # The lead that it was held for is void or withdrawn.
    (S.HELD, A.ROUTE): (SERVER, S.ROUTED),
    (S.HELD, A.LEAVE_UNASSIGNED): (SERVER, S.UNASSIGNED),
    (S.HELD, A.RELEASE): (DECIDERS, S.RECEIVED),
    (S.HELD, A.JOIN): (DECIDERS, S.JOINED),
    **{(status, A.ASSIGN): (HEAD, S.ROUTED) for status in (S.UNASSIGNED, S.ROUTED, *_WITH_MANAGER)},
    (S.ROUTED, A.ACCEPT): (MANAGER, S.ACCEPTED),
    (S.ROUTED, A.DECLINE): (MANAGER, S.RECEIVED),
    (S.ACCEPTED, A.HAND_OVER): (REFERRERS, S.HANDED_OVER),
    (S.HANDED_OVER, A.HAND_OVER): (REFERRERS, S.HANDED_OVER),
    (S.ACCEPTED, A.SET_VISIT): (MANAGER, S.VISIT_SET),
    (S.HANDED_OVER, A.SET_VISIT): (MANAGER, S.VISIT_SET),
    (S.VISIT_SET, A.SET_VISIT): (MANAGER, S.VISIT_SET),
    (S.VISIT_SET, A.HAND_OVER): (REFERRERS, S.HANDED_OVER),
    (S.HANDED_OVER, A.MEET): (MANAGER, S.MET),
    (S.VISIT_SET, A.MEET): (MANAGER, S.MET),
    (S.MET, A.SET_VISIT): (MANAGER, S.MET),
    (S.VISIT_SET, A.DROP_VISIT): (MANAGER | HEAD, S.ACCEPTED),
    (S.MET, A.SUCCEED): (MANAGER, S.SUCCEEDED),
    (S.SUCCEEDED, A.VERIFY): (DECIDERS, S.VERIFIED),
    **{(status, A.CARE): (REFERRERS, S.CARED_FOR) for status in OPEN_STATUSES},
    (S.CARED_FOR, A.RESUME): (REFERRERS, S.RECEIVED),
    **{(status, A.LOSE): (MANAGER, S.LOST) for status in _WITH_MANAGER},
    **{(status, A.VOID): (HEAD, S.VOID) for status in OPEN_STATUSES | {S.SUCCEEDED, S.VERIFIED}},
    # Until somebody has acted on it (PRODUCT §10).
    **{
        (status, A.WITHDRAW): (REFERRERS, S.WITHDRAWN)
        for status in (S.RECEIVED, S.HELD, S.UNASSIGNED, S.ROUTED)
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """A referral and its card (转介卡); the card's number is the id, which verifies itself.

    The three parts of a complete referral name who did them. `captured_from` and `captured_to`
    bound the capture, provably; `clock_grade` says how.
    """

    TABLE: ClassVar[str] = "referral"
    id: Id
    outlet_id: Id
    customer_id: Id
    referrer_id: Id
    kind: CustomerKind
    source: LeadSource
    need: Need
    interest: Interest
    mode: ReferralMode
    status: ReferralStatus
    captured_from: dt.datetime
    captured_to: dt.datetime
    clock_grade: ClockGrade
    village_id: Id | None = None
    harvest_date_id: Id | None = None
    product_tag: Tag | None = None
    amount_band: AmountBand | None = None
    note: Note = ""
    signature: Tag | None = None
    receipt_number: int | None = None
    wealth_manager_id: Id | None = None
    in_person_id: Id | None = None
    route_id: Id | None = None
    due_at: dt.datetime | None = None
    held_for_id: Id | None = None
    held_reason: Tag | None = None
    escort_id: Id | None = None
    assist_id: Id | None = None
    care_card_id: Id | None = None
    visit_id: Id | None = None
    customer_part_id: Id | None = None
    information_part_id: Id | None = None
    trust_part_id: Id | None = None
    declined_reason: Note | None = None
    ended_reason: Note | None = None
    voucher_number: VoucherNumber | None = None
    result_band: AmountBand | None = None
    accepted_at: dt.datetime | None = None
    met_at: dt.datetime | None = None
    succeeded_at: dt.datetime | None = None
    verified_at: dt.datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Tell whether all three parts of the referral were done."""
        return None not in (self.customer_part_id, self.information_part_id, self.trust_part_id)


def advance(referral: Referral, action: ReferralAction, actor: Actor | None) -> ReferralStatus:
    """Return the status after *actor* (None: the server) takes *action*.

    Raises:
        RefusedError: `illegal-transition` from this status, `forbidden-action` for these posts.
    """
    roles_after = TRANSITIONS.get((referral.status, action))
    if roles_after is None:
        raise RefusedError(
            ILLEGAL_TRANSITION, object="referral", status=referral.status, action=action
        )
    roles, after = roles_after
    permitted = not roles if actor is None else actor.holds(*roles)
    if not permitted:
        raise RefusedError(FORBIDDEN_ACTION, object="referral", action=action)
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitReferral:
    """What a referrer records; `id` is new, made on the phone.

    `customer_id` names a customer that the phone knows; without it a new one is made of
    `customer_name` and `phone`.
    """

    id: Id
    kind: CustomerKind
    source: LeadSource
    need: Need
    interest: Interest
    mode: ReferralMode
    consent: bool
    customer_name: Name
    customer_id: Id | None = None
    phone: Phone | None = None
    village_id: Id | None = None
    harvest_date_id: Id | None = None
    care_card_id: Id | None = None
    in_person_id: Id | None = None
    product_tag: Tag | None = None
    amount_band: AmountBand | None = None
    cues: tuple[Tag, ...] = ()
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectReferral:
    """What the referrer puts right; a field left None stays as it is."""

    id: Id
    customer_name: Name | None = None
    phone: Phone | None = None
    need: Need | None = None
    interest: Interest | None = None
    amount_band: AmountBand | None = None
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonedReferral:
    """A referral and a reason in words: for withdrawing, declining, losing, voiding."""

    id: Id
    reason: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedReferral:
    """A referral alone: for accepting, meeting, verifying, releasing."""

    id: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverReferral:
    """Which of the three parts the actor did; the customer part names the manager first (S41)."""

    id: Id
    customer_part: bool
    information_part: bool
    trust_part: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetReferral:
    """The meeting, at the outlet or on a visit, and the parts that were done there."""

    id: Id
    customer_part: bool = False
    information_part: bool = False
    trust_part: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SucceedReferral:
    """The outlet's own slip number and the band of the sum; never an account number."""

    id: Id
    voucher_number: VoucherNumber
    result_band: AmountBand


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinReferral:
    """A held referral, joined to an earlier one; `assisted` when it added the deciding fact."""

    id: Id
    assisted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignReferral:
    """A referral and the wealth manager whom the branch head chose."""

    id: Id
    wealth_manager_id: Id
