"""What follows from each step of a referral: its next place, what it earns, whom to tell."""

from __future__ import annotations

from collections.abc import Sequence

from server.mutations.transaction import Transaction
from server.reactions.arrival import assigned, held_as_duplicate, received, released_with, routed
from server.reactions.claims import (
    claim_referral_award,
    give_up,
    mark_verified,
    share_anew,
)
from server.reactions.suspicions import foresee_phones
from server.rows import DatabaseRows
from shared.domain.care_card import CareCard
from shared.domain.notice import NoticeKind
from shared.domain.points import AwardKind
from shared.domain.referral import (
    AssignReferral,
    CorrectReferral,
    HandOverReferral,
    JoinReferral,
    MeetReferral,
    NamedReferral,
    ReasonedReferral,
    Referral,
    ReferralStatus,
    SubmitReferral,
    SucceedReferral,
)
from shared.domain.rows import demand

__all__ = [
    "after_accept",
    "after_assign",
    "after_correct",
    "after_decline",
    "after_hand_over",
    "after_join",
    "after_lose",
    "after_meet",
    "after_release",
    "after_submit",
    "after_succeed",
    "after_verify",
    "after_void",
    "after_withdraw",
    "before_submits",
]

_MAY_MOVE = frozenset({ReferralStatus.ROUTED, ReferralStatus.UNASSIGNED})


def before_submits(rows: DatabaseRows, some: Sequence[SubmitReferral]) -> None:
    """Look for all that may be duplicates at once."""
    foresee_phones(rows, (args.phone for args in some if args.phone is not None))


def after_submit(tx: Transaction, args: SubmitReferral) -> None:
    """Look for duplicates, then route."""
    received(tx, demand(tx.rows, Referral, args.id))


def after_correct(tx: Transaction, args: CorrectReferral) -> None:
    """Judge a lead anew when what was put right bears upon who it is about, or what they need."""
    referral = demand(tx.rows, Referral, args.id)
    before = tx.before(Referral, args.id)
    assert before is not None, "only what exists can be corrected"
    if referral.status not in _MAY_MOVE:
        return
    if referral.need is not before.need:
        received(tx, referral)
    elif args.customer_name is not None or args.phone is not None:
        held_as_duplicate(tx, referral)


def after_release(tx: Transaction, args: NamedReferral) -> None:
    """Route what the branch head found to be no duplicate."""
    routed(tx, demand(tx.rows, Referral, args.id))


def after_join(tx: Transaction, args: JoinReferral) -> None:
    """Give whoever turned out to have a part in the earlier lead their share of it."""
    joined = demand(tx.rows, Referral, args.id)
    if joined.held_for_id is not None:
        earlier = demand(tx.rows, Referral, joined.held_for_id)
        share_anew(tx, earlier, "joined")
    tx.notify(joined.referrer_id, NoticeKind.REFERRAL_JOINED, joined)


def after_assign(tx: Transaction, args: AssignReferral) -> None:
    """Keep the branch head's choice as a trace, and tell whom they chose."""
    assigned(tx, demand(tx.rows, Referral, args.id))


def after_accept(tx: Transaction, args: NamedReferral) -> None:
    """Claim the valid lead."""
    claim_referral_award(tx, demand(tx.rows, Referral, args.id), AwardKind.VALID_LEAD)


def after_decline(tx: Transaction, args: ReasonedReferral) -> None:
    """Route again, to somebody else."""
    referral = demand(tx.rows, Referral, args.id)
    tx.notify(referral.referrer_id, NoticeKind.REFERRAL_DECLINED, referral)
    routed(tx, referral, declined_ids=frozenset({tx.actor.staff_id}))


def after_hand_over(tx: Transaction, args: HandOverReferral) -> None:
    """Claim the card once its three parts are done."""
    _claim_complete_card(tx, demand(tx.rows, Referral, args.id))


def after_meet(tx: Transaction, args: MeetReferral) -> None:
    """Claim the meeting, and the card if its parts were done there."""
    referral = demand(tx.rows, Referral, args.id)
    _claim_complete_card(tx, referral)
    claim_referral_award(tx, referral, AwardKind.MET)


def after_succeed(tx: Transaction, args: SucceedReferral) -> None:
    """Claim the success; it waits for its voucher to be seen."""
    claim_referral_award(tx, demand(tx.rows, Referral, args.id), AwardKind.SUCCESS)


def after_verify(tx: Transaction, args: NamedReferral) -> None:
    """Let the success be approved."""
    mark_verified(tx, demand(tx.rows, Referral, args.id))


def after_lose(tx: Transaction, args: ReasonedReferral) -> None:
    """Tell the referrer what became of their lead."""
    referral = demand(tx.rows, Referral, args.id)
    tx.notify(referral.referrer_id, NoticeKind.REFERRAL_LOST, referral)


def after_void(tx: Transaction, args: ReasonedReferral) -> None:
    """Give up what the lead, and the care card that it was made of, had earned."""
    referral = demand(tx.rows, Referral, args.id)
    give_up(tx, Referral.TABLE, referral.id, args.reason)
    card = None if referral.care_card_id is None else tx.rows.get(CareCard, referral.care_card_id)
    if card is not None and card.converted_referral_id == referral.id:
        give_up(tx, CareCard.TABLE, card.id, args.reason)
    tx.notify(referral.referrer_id, NoticeKind.REFERRAL_LOST, referral)
    released_with(tx, referral)


def after_withdraw(tx: Transaction, args: ReasonedReferral) -> None:
    """Let go on what was held as its duplicate."""
    released_with(tx, demand(tx.rows, Referral, args.id))


def _claim_complete_card(tx: Transaction, referral: Referral) -> None:
    if referral.is_complete:
        claim_referral_award(tx, referral, AwardKind.COMPLETE_CARD)
