"""What is decided about a referral: verified, void, held or not, and who takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.demands import demand_outlet, demand_reason
from shared.domain.moment import Moment
from shared.domain.people import Actor, Outlet, Role, Staff
from shared.domain.referral import (
    AssignReferral,
    JoinReferral,
    NamedReferral,
    ReasonedReferral,
    Referral,
    ReferralAction,
    advance,
)
from shared.domain.refusals import COLLEAGUE_UNAVAILABLE, OUT_OF_SCOPE, RefusedError
from shared.domain.rows import Row, Rows, demand

__all__ = [
    "assign_referral",
    "join_referral",
    "release_referral",
    "verify_referral",
    "void_referral",
]


def verify_referral(rows: Rows, args: NamedReferral, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Confirm a success against its voucher: never one's own, as referrer, helper or seller."""
    referral = _for_decision(rows, args.id, actor)
    _refuse_own(rows, actor, _concerned(referral))
    status = advance(referral, ReferralAction.VERIFY, actor)
    return [replace(referral, status=status, verified_at=moment.now)]


def void_referral(
    rows: Rows, args: ReasonedReferral, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Declare a referral void, as the branch head; its points are cancelled or reversed."""
    del moment
    referral = demand(rows, Referral, args.id)
    demand_outlet(referral.outlet_id, actor, "referral")
    status = advance(referral, ReferralAction.VOID, actor)
    demand_reason(args.reason)
    return [replace(referral, status=status, ended_reason=args.reason)]


def release_referral(
    rows: Rows, args: NamedReferral, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Say that a held referral is no duplicate; the server routes it."""
    del moment
    referral = _for_decision(rows, args.id, actor)
    _refuse_own(rows, actor, {referral.referrer_id})
    status = advance(referral, ReferralAction.RELEASE, actor)
    return [replace(referral, status=status, held_for_id=None, held_reason=None)]


def join_referral(rows: Rows, args: JoinReferral, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Join a duplicate to the earlier referral that it was held for."""
    del moment
    referral = _for_decision(rows, args.id, actor)
    earlier = None
    if referral.held_for_id is not None:
        earlier = demand(rows, Referral, referral.held_for_id)
    concerned = {referral.referrer_id}
    if earlier is not None:
        concerned.add(earlier.referrer_id)
    _refuse_own(rows, actor, concerned)
    changed: list[Row] = [replace(referral, status=advance(referral, ReferralAction.JOIN, actor))]
    if args.assisted and earlier is not None and earlier.referrer_id != referral.referrer_id:
        changed.append(replace(earlier, assist_id=referral.referrer_id))
    return changed


def assign_referral(
    rows: Rows, args: AssignReferral, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Give a referral to a wealth manager, or to another one; a visit planned for it is off."""
    del moment
    referral = demand(rows, Referral, args.id)
    demand_outlet(referral.outlet_id, actor, "referral")
    status = advance(referral, ReferralAction.ASSIGN, actor)
    chosen = demand(rows, Staff, args.wealth_manager_id)
    is_eligible = chosen.active and Role.WEALTH_MANAGER in chosen.roles
    if not is_eligible or chosen.county_id != actor.county_id:
        raise RefusedError(COLLEAGUE_UNAVAILABLE, field="wealth_manager_id")
    if chosen.id == referral.referrer_id:
        raise RefusedError("own-referral")
    return [
        replace(
            referral,
            status=status,
            wealth_manager_id=chosen.id,
            accepted_at=None,
            visit_id=None,
            due_at=None,
        )
    ]


def _for_decision(rows: Rows, referral_id: str, actor: Actor) -> Referral:
    """Return a referral of the branch head's outlet, or of the administrator's county."""
    referral = demand(rows, Referral, referral_id)
    if actor.holds(Role.BRANCH_HEAD) and referral.outlet_id == actor.outlet_id:
        return referral
    if not actor.holds(Role.ADMINISTRATOR):
        raise RefusedError(OUT_OF_SCOPE, object="referral")
    if demand(rows, Outlet, referral.outlet_id).county_id != actor.county_id:
        raise RefusedError(OUT_OF_SCOPE, object="referral")
    return referral


def _concerned(referral: Referral) -> set[str]:
    named = {
        referral.referrer_id,
        referral.escort_id,
        referral.assist_id,
        referral.wealth_manager_id,
    }
    return {staff_id for staff_id in named if staff_id is not None}


def _refuse_own(rows: Rows, actor: Actor, concerned: set[str]) -> None:
    """Refuse to let anybody judge their own; the administrator judges only branch heads' own."""
    if actor.staff_id in concerned:
        raise RefusedError("own-points")
    if actor.holds(Role.BRANCH_HEAD):
        return
    if not any(Role.BRANCH_HEAD in demand(rows, Staff, staff_id).roles for staff_id in concerned):
        raise RefusedError(OUT_OF_SCOPE, object="referral")
