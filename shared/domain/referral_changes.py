"""What becomes of a referral: the wealth manager's work on it, and the escort to the outlet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.demands import demand_outlet, demand_reason
from shared.domain.moment import Moment
from shared.domain.mutation import Mutation
from shared.domain.people import Actor, Role
from shared.domain.referral import (
    DECIDERS,
    HEAD,
    MANAGER,
    REFERRERS,
    AssignReferral,
    CorrectReferral,
    HandOverReferral,
    JoinReferral,
    MeetReferral,
    NamedReferral,
    ReasonedReferral,
    Referral,
    ReferralAction,
    SubmitReferral,
    SucceedReferral,
    advance,
)
from shared.domain.referral_capture import correct_referral, submit_referral, withdraw_referral
from shared.domain.referral_decisions import (
    assign_referral,
    join_referral,
    release_referral,
    verify_referral,
    void_referral,
)
from shared.domain.refusals import FORBIDDEN_ACTION, INVALID_ARGUMENT, RefusedError
from shared.domain.rows import Row, Rows, demand

__all__ = [
    "MUTATIONS",
    "accept_referral",
    "decline_referral",
    "hand_over_referral",
    "lose_referral",
    "meet_referral",
    "succeed_referral",
]

_ESCORTS = frozenset({Role.LOBBY_MANAGER, Role.LOBBY_SUPERVISOR, Role.OUTREACH, Role.BRANCH_HEAD})


def accept_referral(rows: Rows, args: NamedReferral, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Take on a referral that was routed to the actor."""
    referral = _assigned(rows, args.id, actor)
    status = advance(referral, ReferralAction.ACCEPT, actor)
    return [replace(referral, status=status, accepted_at=moment.now, due_at=None)]


def decline_referral(
    rows: Rows, args: ReasonedReferral, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Give a referral back with a reason; the server routes it again, to somebody else."""
    del moment
    referral = _assigned(rows, args.id, actor)
    status = advance(referral, ReferralAction.DECLINE, actor)
    demand_reason(args.reason)
    return [replace(referral, status=status, wealth_manager_id=None, declined_reason=args.reason)]


def hand_over_referral(
    rows: Rows, args: HandOverReferral, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Record the parts of the referral that the actor did, as referrer or as escort.

    The escort is who brought the customer to the wealth manager: whoever did the customer part
    first, unless that was the referrer or the wealth manager.
    """
    del moment
    referral = demand(rows, Referral, args.id)
    is_involved = actor.staff_id in (referral.referrer_id, referral.wealth_manager_id)
    if not is_involved:
        if not actor.holds(*_ESCORTS):
            raise RefusedError(FORBIDDEN_ACTION, object="referral", action=ReferralAction.HAND_OVER)
        demand_outlet(referral.outlet_id, actor, "referral")
    if not (args.customer_part or args.information_part or args.trust_part):
        raise RefusedError(INVALID_ARGUMENT, field="customer_part")
    status = advance(referral, ReferralAction.HAND_OVER, actor)
    escorted = args.customer_part and referral.customer_part_id is None and not is_involved
    return [
        replace(
            _with_parts(referral, args, actor.staff_id),
            status=status,
            escort_id=actor.staff_id if escorted else referral.escort_id,
        )
    ]


def meet_referral(rows: Rows, args: MeetReferral, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Record that the wealth manager met the customer."""
    referral = _assigned(rows, args.id, actor)
    status = advance(referral, ReferralAction.MEET, actor)
    return [
        replace(
            _with_parts(referral, args, actor.staff_id),
            status=status,
            met_at=referral.met_at or moment.captured_to,
        )
    ]


def succeed_referral(
    rows: Rows, args: SucceedReferral, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Record the success of a referral with its voucher."""
    referral = _assigned(rows, args.id, actor)
    status = advance(referral, ReferralAction.SUCCEED, actor)
    used = rows.where(Referral, outlet_id=referral.outlet_id, voucher_number=args.voucher_number)
    if any(other.id != referral.id for other in used):
        raise RefusedError("voucher-used")
    return [
        replace(
            referral,
            status=status,
            voucher_number=args.voucher_number,
            result_band=args.result_band,
            succeeded_at=moment.captured_to,
        )
    ]


def lose_referral(
    rows: Rows, args: ReasonedReferral, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """End a referral that came to nothing, with a reason."""
    del moment
    referral = _assigned(rows, args.id, actor)
    status = advance(referral, ReferralAction.LOSE, actor)
    demand_reason(args.reason)
    return [replace(referral, status=status, ended_reason=args.reason)]


def _assigned(rows: Rows, referral_id: str, actor: Actor) -> Referral:
    referral = demand(rows, Referral, referral_id)
    if referral.wealth_manager_id != actor.staff_id:
        raise RefusedError("not-assigned-to-you")
    return referral


def _with_parts(
    referral: Referral, parts: HandOverReferral | MeetReferral, staff_id: str
) -> Referral:
    """Return the referral with the parts that were done now; who did one first stays."""
    return replace(
        referral,
        customer_part_id=referral.customer_part_id or (staff_id if parts.customer_part else None),
        information_part_id=referral.information_part_id
        or (staff_id if parts.information_part else None),
        trust_part_id=referral.trust_part_id or (staff_id if parts.trust_part else None),
    )


MUTATIONS = (
    Mutation(
        name="submit_referral",
        version=1,
        args=SubmitReferral,
        roles=REFERRERS,
        decide=submit_referral,
    ),
    Mutation(
        name="correct_referral",
        version=1,
        args=CorrectReferral,
        roles=REFERRERS,
        decide=correct_referral,
    ),
    Mutation(
        name="withdraw_referral",
        version=1,
        args=ReasonedReferral,
        roles=REFERRERS,
        decide=withdraw_referral,
    ),
    Mutation(
        name="accept_referral",
        version=1,
        args=NamedReferral,
        roles=MANAGER,
        decide=accept_referral,
    ),
    Mutation(
        name="decline_referral",
        version=1,
        args=ReasonedReferral,
        roles=MANAGER,
        decide=decline_referral,
    ),
    Mutation(
        name="hand_over_referral",
        version=1,
        args=HandOverReferral,
        roles=REFERRERS,
        decide=hand_over_referral,
    ),
    Mutation(
        name="meet_referral", version=1, args=MeetReferral, roles=MANAGER, decide=meet_referral
    ),
    Mutation(
        name="succeed_referral",
        version=1,
        args=SucceedReferral,
        roles=MANAGER,
        decide=succeed_referral,
    ),
    Mutation(
        name="verify_referral",
        version=1,
        args=NamedReferral,
        roles=DECIDERS,
        decide=verify_referral,
        current_only=True,
    ),
    Mutation(
        name="lose_referral",
        version=1,
        args=ReasonedReferral,
        roles=MANAGER,
        decide=lose_referral,
    ),
    Mutation(
        name="void_referral",
        version=1,
        args=ReasonedReferral,
        roles=HEAD,
        decide=void_referral,
        current_only=True,
    ),
    Mutation(
        name="release_referral",
        version=1,
        args=NamedReferral,
        roles=DECIDERS,
        decide=release_referral,
        current_only=True,
    ),
    Mutation(
        name="join_referral",
        version=1,
        args=JoinReferral,
        roles=DECIDERS,
        decide=join_referral,
        current_only=True,
    ),
    Mutation(
        name="assign_referral",
        version=1,
        args=AssignReferral,
        roles=HEAD,
        decide=assign_referral,
        current_only=True,
    ),
)
"""Every mutation of a referral; append-only."""
