"""Putting right or taking back a sale that one reported, until somebody else has acted on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.harvest import (
    CorrectHarvestDate,
    HarvestAction,
    HarvestDate,
    HarvestDateVersion,
    WithdrawHarvestDate,
    advance,
)
from shared.domain.harvest_days import demand_sane_days, version_of
from shared.domain.moment import Moment
from shared.domain.people import Actor
from shared.domain.referral import Referral
from shared.domain.refusals import OUT_OF_SCOPE, RefusedError
from shared.domain.rows import Row, Rows, demand
from shared.domain.visit import Visit, VisitStatus

__all__ = ["correct_harvest_date", "is_acted_on", "withdraw_harvest_date"]

_NO_VISIT = frozenset({VisitStatus.CANCELLED, VisitStatus.MISSED})


def correct_harvest_date(
    rows: Rows, args: CorrectHarvestDate, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Put right what one reported oneself, until somebody else has acted on it."""
    known = _own_untouched(rows, args.id, actor)
    status = advance(known, HarvestAction.CORRECT, actor)
    sale_from_on = args.sale_from_on or known.sale_from_on
    sale_to_on = args.sale_to_on or max(known.sale_to_on, sale_from_on)
    payout_on = args.payout_on or known.payout_on + (sale_from_on - known.sale_from_on)
    demand_sane_days(sale_from_on, sale_to_on, payout_on, moment)
    corrected = replace(
        known,
        status=status,
        version=known.version + 1,
        sale_from_on=sale_from_on,
        sale_to_on=sale_to_on,
        payout_on=payout_on,
        confidence=args.confidence or known.confidence,
        households=known.households if args.households is None else args.households,
        amount_fen=known.amount_fen if args.amount_fen is None else args.amount_fen,
        buyer=args.buyer or known.buyer,
        note=known.note if args.note is None else args.note,
    )
    return [corrected, version_of(corrected, HarvestAction.CORRECT, actor, moment)]


def withdraw_harvest_date(
    rows: Rows, args: WithdrawHarvestDate, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Take back a sale that one reported by mistake, until somebody else has acted on it."""
    known = _own_untouched(rows, args.id, actor)
    status = advance(known, HarvestAction.WITHDRAW, actor)
    withdrawn = replace(known, status=status, version=known.version + 1, ended_reason=args.reason)
    return [withdrawn, version_of(withdrawn, HarvestAction.WITHDRAW, actor, moment, args.reason)]


def is_acted_on(rows: Rows, harvest_date: HarvestDate) -> bool:
    """Tell whether anybody but its author has relied on a sale: said, planned or referred by it."""
    author_id = harvest_date.reported_by_id
    versions = rows.where(HarvestDateVersion, harvest_date_id=harvest_date.id)
    visits = rows.where(Visit, harvest_date_id=harvest_date.id)
    referrals = rows.where(Referral, harvest_date_id=harvest_date.id)
    return (
        any(version.reported_by_id != author_id for version in versions)
        or any(visit.status not in _NO_VISIT for visit in visits)
        or any(referral.referrer_id != author_id for referral in referrals)
    )


def _own_untouched(rows: Rows, harvest_date_id: str, actor: Actor) -> HarvestDate:
    known = demand(rows, HarvestDate, harvest_date_id)
    versions = rows.where(HarvestDateVersion, harvest_date_id=known.id)
    if actor.staff_id not in {version.reported_by_id for version in versions}:
        raise RefusedError(OUT_OF_SCOPE, object="harvest_date")
    if known.reported_by_id != actor.staff_id or is_acted_on(rows, known):
        raise RefusedError("already-acted-on", object="harvest_date")
    return known
