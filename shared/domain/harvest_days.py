"""The days of a sale: what can only be a slip of the finger, and how each version is kept."""

from __future__ import annotations

import datetime as dt

from shared.domain.demands import DAYS_AHEAD_MAX, demand_in_order
from shared.domain.harvest import HarvestAction, HarvestDate, HarvestDateVersion
from shared.domain.moment import Moment, day_at_outlet
from shared.domain.people import Actor
from shared.domain.refusals import RefusedError
from shared.ids import derived_id

__all__ = ["PAYOUT_AFTER_DAYS_MAX", "SALE_PAST_DAYS_MAX", "demand_sane_days", "version_of"]

SALE_PAST_DAYS_MAX = 60
PAYOUT_AFTER_DAYS_MAX = 180
"""Sugar cane is paid within twelve weeks; twice that is no payout any more."""


def demand_sane_days(
    sale_from_on: dt.date, sale_to_on: dt.date, payout_on: dt.date, moment: Moment
) -> None:
    """Refuse days that can only be a slip of the finger.

    The latest provable time of the capture counts forwards, the earliest one backwards.
    """
    demand_in_order(sale_from_on, sale_to_on)
    oldest = day_at_outlet(moment.captured_from) - dt.timedelta(days=SALE_PAST_DAYS_MAX)
    if sale_from_on < oldest:
        raise RefusedError("sale-long-past", days_max=SALE_PAST_DAYS_MAX)
    farthest = day_at_outlet(moment.captured_to) + dt.timedelta(days=DAYS_AHEAD_MAX)
    if sale_to_on > farthest:
        raise RefusedError(
            "day-too-far",
            field="sale_to_on",
            day=sale_to_on.isoformat(),
            days_max=DAYS_AHEAD_MAX,
        )
    if payout_on < sale_from_on:
        raise RefusedError(
            "payout-before-sale",
            sale_from_on=sale_from_on.isoformat(),
            payout_on=payout_on.isoformat(),
        )
    if payout_on > sale_to_on + dt.timedelta(days=PAYOUT_AFTER_DAYS_MAX):
        raise RefusedError(
            "day-too-far",
            field="payout_on",
            day=payout_on.isoformat(),
            days_max=PAYOUT_AFTER_DAYS_MAX,
        )


def version_of(
    row: HarvestDate, action: HarvestAction, actor: Actor, moment: Moment, reason: str = ""
) -> HarvestDateVersion:
    """Return the version of a sale that *actor* just made by *action*."""
    return HarvestDateVersion(
        id=derived_id(row.id, "version", row.version),
        harvest_date_id=row.id,
        village_id=row.village_id,
        outlet_id=row.outlet_id,
        version=row.version,
        status=row.status,
        sale_from_on=row.sale_from_on,
        sale_to_on=row.sale_to_on,
        payout_on=row.payout_on,
        confidence=row.confidence,
        reported_by_id=actor.staff_id,
        reported_at=moment.captured_to,
        reason=reason,
        action=action,
    )
