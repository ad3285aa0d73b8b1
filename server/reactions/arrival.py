"""What becomes of a lead that has arrived: held as a possible duplicate, routed, or queued."""

from __future__ import annotations

from dataclasses import replace

from server.mutations.transaction import Transaction
from server.reactions.people import branch_heads_of
from server.reactions.route_facts import cash_day, routing_question
from server.reactions.suspicions import suspicion_against
from shared.domain.deadlines import deadlines_for
from shared.domain.duplicates import HeldReason, Suspicion
from shared.domain.moment import day_at_outlet
from shared.domain.notice import NoticeKind
from shared.domain.policy import Policy, policy_on
from shared.domain.referral import Referral, ReferralAction, ReferralStatus, advance
from shared.domain.routing import assigned_by_head, route
from shared.domain.rows import demand

__all__ = ["assigned", "held_as_duplicate", "policy_of", "received", "released_with", "routed"]

_NOT_ACTED_UPON = frozenset(
    {
        *(ReferralStatus.RECEIVED, ReferralStatus.HELD),
        *(ReferralStatus.ROUTED, ReferralStatus.UNASSIGNED),
    }
)


def received(tx: Transaction, referral: Referral) -> None:
    """Hold a lead that may repeat an earlier one; route any other."""
    if not held_as_duplicate(tx, referral):
        routed(tx, referral)


def held_as_duplicate(tx: Transaction, referral: Referral) -> bool:
    """Hold a lead that may repeat an earlier one, and tell whether it was held.

    A lead that arrives late but was provably captured first goes before the one that is here
    already, as long as nobody has acted upon that.
    """
    policy = policy_of(tx, referral)
    suspicion = suspicion_against(tx, referral, policy)
    while suspicion is not None:
        other = _overtaken(tx, suspicion)
        if other is None:
            _hold(tx, referral, suspicion)
            return True
        later = Suspicion(held_for_id=referral.id, reason=HeldReason.CAPTURED_LATER)
        _hold(tx, other, later)
        suspicion = suspicion_against(tx, referral, policy)
    return False


def released_with(tx: Transaction, ended: Referral) -> None:
    """Judge anew what was held for a lead that is void or withdrawn: nothing is in its way now."""
    waiting = tx.rows.where(Referral, held_for_id=ended.id, status=ReferralStatus.HELD)
    for held in sorted(waiting, key=lambda one: (one.captured_to, one.id)):
        # Read again: the one before it may have become what it waits for.
        received(tx, demand(tx.rows, Referral, held.id))


def routed(tx: Transaction, referral: Referral, declined_ids: frozenset[str] = frozenset()) -> None:
    """Route a lead, and tell who got it; tell the branch head when nobody fits."""
    policy = policy_of(tx, referral)
    trace = route(routing_question(tx, referral, policy, declined_ids), policy)
    tx.put(trace)
    action = ReferralAction.ROUTE if trace.chosen_id else ReferralAction.LEAVE_UNASSIGNED
    placed = replace(
        referral,
        status=advance(referral, action, None),
        wealth_manager_id=trace.chosen_id,
        route_id=trace.id,
        due_at=trace.due_at,
        held_for_id=None,
        held_reason=None,
    )
    tx.put(placed)
    if trace.chosen_id is not None:
        tx.notify(trace.chosen_id, NoticeKind.REFERRAL_ROUTED, placed)
    else:
        _tell_heads(tx, placed, NoticeKind.REFERRAL_UNASSIGNED)


def assigned(tx: Transaction, referral: Referral) -> None:
    """Keep, and tell, that the branch head chose a wealth manager."""
    assert referral.wealth_manager_id is not None, "an assigned lead has somebody"
    trace = assigned_by_head(
        referral,
        trace_id=tx.new_id(f"route:{referral.id}"),
        at=tx.moment.now,
        deadlines=deadlines_for(tx.moment.now, cash_day(tx, referral), policy_of(tx, referral)),
    )
    tx.put(trace)
    placed = replace(referral, route_id=trace.id, due_at=trace.due_at)
    tx.put(placed)
    tx.notify(referral.wealth_manager_id, NoticeKind.REFERRAL_ROUTED, placed)


def policy_of(tx: Transaction, referral: Referral) -> Policy:
    """Return the rules of the day on which a lead was captured."""
    day = day_at_outlet(referral.captured_to)
    return policy_on(tx.rows, day, county_id=tx.county_id)


def _overtaken(tx: Transaction, suspicion: Suspicion) -> Referral | None:
    """Return the lead that the new one goes before, if it may."""
    if suspicion.reason is not HeldReason.CAPTURED_EARLIER or suspicion.held_for_id is None:
        return None
    other = demand(tx.rows, Referral, suspicion.held_for_id)
    return other if other.status in _NOT_ACTED_UPON else None


def _hold(tx: Transaction, referral: Referral, suspicion: Suspicion) -> None:
    is_new = referral.status is not ReferralStatus.HELD
    held = replace(
        referral,
        status=advance(referral, ReferralAction.HOLD, None) if is_new else referral.status,
        held_for_id=suspicion.held_for_id,
        held_reason=suspicion.reason,
        wealth_manager_id=None,
        due_at=None,
    )
    tx.put(held)
    if is_new:
        _tell_heads(tx, held, NoticeKind.REFERRAL_HELD)


def _tell_heads(tx: Transaction, referral: Referral, kind: NoticeKind) -> None:
    for head_id in branch_heads_of(tx.rows, referral.outlet_id):
        tx.notify(head_id, kind, referral)
