"""Keeping the harvest calendar: report, confirm, shift, see happen, cancel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from shared.domain.coverage import demand_calendar_of
from shared.domain.demands import demand_new, demand_reason
from shared.domain.harvest import (
    KEEPERS,
    LIVE_STATUSES,
    AdvanceHarvestDate,
    CancelHarvestDate,
    Confidence,
    ConfirmHarvestDate,
    CorrectHarvestDate,
    HarvestAction,
    HarvestDate,
    HarvestStatus,
    ReportHarvestDate,
    ShiftHarvestDate,
    ShiftHarvestDates,
    WithdrawHarvestDate,
    advance,
)
from shared.domain.harvest_corrections import correct_harvest_date, withdraw_harvest_date
from shared.domain.harvest_days import demand_sane_days, version_of
from shared.domain.moment import Moment, day_at_outlet
from shared.domain.mutation import Mutation
from shared.domain.people import Actor
from shared.domain.refusals import INVALID_ARGUMENT, RefusedError
from shared.domain.rows import Row, Rows, demand
from shared.domain.village import Crop

__all__ = [
    "MUTATIONS",
    "advance_harvest_date",
    "cancel_harvest_date",
    "confirm_harvest_date",
    "report_harvest_date",
    "shift_harvest_date",
    "shift_harvest_dates",
]

SEEN_EARLY_DAYS_MAX = 7
SAME_SALE_DAYS = 2

_SEEN = frozenset({HarvestAction.START_DAY, HarvestAction.SELL, HarvestAction.PAY})
_OWN_WORD = frozenset({Confidence.BUYER, Confidence.SEEN})


def report_harvest_date(
    rows: Rows, args: ReportHarvestDate, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Put a sale into the calendar.

    A second person who reports a sale that is known confirms it: their report is joined to the
    earlier one when the first days lie within `SAME_SALE_DAYS`. Further apart both stand, for
    somebody to find out. The same person's second report is refused: they mean to shift it.
    """
    demand_new(rows, HarvestDate, args.id)
    village = demand_calendar_of(rows, args.village_id, actor, moment)
    crop = demand(rows, Crop, args.crop_id)
    payout_on = args.payout_on or args.sale_from_on + dt.timedelta(days=crop.cash_days_min)
    demand_sane_days(args.sale_from_on, args.sale_to_on, payout_on, moment)
    reported = HarvestDate(
        id=args.id,
        outlet_id=village.outlet_id,
        village_id=village.id,
        crop_id=crop.id,
        status=HarvestStatus.HEARD,
        sale_from_on=args.sale_from_on,
        sale_to_on=args.sale_to_on,
        payout_on=payout_on,
        confidence=args.confidence,
        version=1,
        reported_by_id=actor.staff_id,
        reported_at=moment.captured_to,
        households=args.households,
        amount_fen=args.amount_fen,
        buyer=args.buyer,
        note=args.note,
    )
    earlier = _same_sale(rows, reported)
    if earlier is None:
        return [reported, version_of(reported, HarvestAction.REPORT, actor, moment)]
    if earlier.reported_by_id == actor.staff_id:
        raise RefusedError("sale-known", sale_from_on=earlier.sale_from_on.isoformat())
    joined = replace(
        reported, status=advance(reported, HarvestAction.JOIN, None), joined_id=earlier.id
    )
    confirmed = _confirmed(earlier, args.confidence, actor)
    return [
        joined,
        version_of(joined, HarvestAction.JOIN, actor, moment),
        confirmed,
        version_of(confirmed, HarvestAction.CONFIRM, actor, moment),
    ]


def confirm_harvest_date(
    rows: Rows, args: ConfirmHarvestDate, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Confirm the days: as somebody else, or with a better source than one's own report had."""
    known = _kept(rows, args.id, actor, moment)
    if args.confidence is Confidence.HEARSAY:
        raise RefusedError("hearsay-confirms-nothing")
    if known.reported_by_id == actor.staff_id and args.confidence not in _OWN_WORD:
        raise RefusedError("own-word-confirms-nothing")
    confirmed = _confirmed(known, args.confidence, actor)
    return [confirmed, version_of(confirmed, HarvestAction.CONFIRM, actor, moment)]


def shift_harvest_date(
    rows: Rows, args: ShiftHarvestDate, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Give a sale other days, as a new version that nobody has confirmed.

    Without a payout day of its own it moves by as many days as the first day of the sale.
    """
    known = _kept(rows, args.id, actor, moment)
    demand_reason(args.reason)
    payout_on = args.payout_on or known.payout_on + (args.sale_from_on - known.sale_from_on)
    days = (args.sale_from_on, args.sale_to_on, payout_on)
    if days == (known.sale_from_on, known.sale_to_on, known.payout_on):
        raise RefusedError("nothing-shifted")
    demand_sane_days(*days, moment)
    shifted = replace(
        known,
        status=advance(known, HarvestAction.SHIFT, actor),
        version=known.version + 1,
        sale_from_on=args.sale_from_on,
        sale_to_on=args.sale_to_on,
        payout_on=payout_on,
        confidence=args.confidence or known.confidence,
        reported_by_id=actor.staff_id,
        reported_at=moment.captured_to,
        confirmed_by_id=None,
        started_at=None,
    )
    return [shifted, version_of(shifted, HarvestAction.SHIFT, actor, moment, args.reason)]


def shift_harvest_dates(
    rows: Rows, args: ShiftHarvestDates, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Move several sales by the same days: all of them, or none."""
    if not args.ids or len(set(args.ids)) != len(args.ids):
        raise RefusedError(INVALID_ARGUMENT, field="ids")
    by = dt.timedelta(days=args.days)
    changed: list[Row] = []
    for harvest_date_id in args.ids:
        known = demand(rows, HarvestDate, harvest_date_id)
        shift = ShiftHarvestDate(
            id=known.id,
            sale_from_on=known.sale_from_on + by,
            sale_to_on=known.sale_to_on + by,
            payout_on=known.payout_on + by,
            reason=args.reason,
        )
        changed.extend(shift_harvest_date(rows, shift, actor, moment))
    return changed


def advance_harvest_date(
    rows: Rows, args: AdvanceHarvestDate, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Record what was seen: the day began, the crop was sold, the cash was paid."""
    if args.action not in _SEEN:
        raise RefusedError(INVALID_ARGUMENT, field="action")
    known = _kept(rows, args.id, actor, moment)
    status = advance(known, args.action, actor)
    earliest = known.sale_from_on - dt.timedelta(days=SEEN_EARLY_DAYS_MAX)
    if day_at_outlet(moment.captured_to) < earliest:
        raise RefusedError("sale-not-near", sale_from_on=known.sale_from_on.isoformat())
    at = moment.captured_to
    seen = replace(
        known,
        status=status,
        version=known.version + 1,
        confidence=Confidence.SEEN,
        started_at=at if args.action is HarvestAction.START_DAY else known.started_at,
        sold_at=at if args.action is HarvestAction.SELL else known.sold_at,
        paid_at=at if args.action is HarvestAction.PAY else known.paid_at,
    )
    return [seen, version_of(seen, args.action, actor, moment)]


def cancel_harvest_date(
    rows: Rows, args: CancelHarvestDate, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Say that a sale does not take place, and why."""
    known = _kept(rows, args.id, actor, moment)
    status = advance(known, HarvestAction.CANCEL, actor)
    demand_reason(args.reason)
    cancelled = replace(known, status=status, version=known.version + 1, ended_reason=args.reason)
    return [cancelled, version_of(cancelled, HarvestAction.CANCEL, actor, moment, args.reason)]


def _kept(rows: Rows, harvest_date_id: str, actor: Actor, moment: Moment) -> HarvestDate:
    """Return a sale of a village whose calendar the actor keeps."""
    known = demand(rows, HarvestDate, harvest_date_id)
    demand_calendar_of(rows, known.village_id, actor, moment)
    return known


def _confirmed(known: HarvestDate, confidence: Confidence, actor: Actor) -> HarvestDate:
    order = list(Confidence)
    return replace(
        known,
        status=advance(known, HarvestAction.CONFIRM, actor),
        version=known.version + 1,
        confidence=max(known.confidence, confidence, key=order.index),
        confirmed_by_id=actor.staff_id,
    )


def _same_sale(rows: Rows, reported: HarvestDate) -> HarvestDate | None:
    """Return the earliest known live sale of the same crop with about the same first day."""
    near = [
        known
        for known in rows.where(
            HarvestDate, village_id=reported.village_id, crop_id=reported.crop_id
        )
        if known.status in LIVE_STATUSES - {HarvestStatus.ON_DAY}
        and abs((known.sale_from_on - reported.sale_from_on).days) <= SAME_SALE_DAYS
    ]
    return min(near, key=lambda known: (known.reported_at, known.id), default=None)


MUTATIONS = (
    Mutation(
        name="report_harvest_date",
        version=1,
        args=ReportHarvestDate,
        roles=KEEPERS,
        decide=report_harvest_date,
    ),
    Mutation(
        name="confirm_harvest_date",
        version=1,
        args=ConfirmHarvestDate,
        roles=KEEPERS,
        decide=confirm_harvest_date,
        current_only=True,  # Whoever confirms Thursday must not confirm the new Friday.
    ),
    Mutation(
        name="shift_harvest_date",
        version=1,
        args=ShiftHarvestDate,
        roles=KEEPERS,
        decide=shift_harvest_date,
    ),
    Mutation(
        name="shift_harvest_dates",
        version=1,
        args=ShiftHarvestDates,
        roles=KEEPERS,
        decide=shift_harvest_dates,
    ),
    Mutation(
        name="advance_harvest_date",
        version=1,
        args=AdvanceHarvestDate,
        roles=KEEPERS,
        decide=advance_harvest_date,
    ),
    Mutation(
        name="cancel_harvest_date",
        version=1,
        args=CancelHarvestDate,
        roles=KEEPERS,
        decide=cancel_harvest_date,
    ),
    Mutation(
        name="correct_harvest_date",
        version=1,
        args=CorrectHarvestDate,
        roles=KEEPERS,
        decide=correct_harvest_date,
    ),
    Mutation(
        name="withdraw_harvest_date",
        version=1,
        args=WithdrawHarvestDate,
        roles=KEEPERS,
        decide=withdraw_harvest_date,
    ),
)
"""Every mutation of a harvest date; append-only."""
