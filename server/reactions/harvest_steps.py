"""What follows from the steps of a sale and of the visits to it."""

from __future__ import annotations

from collections.abc import Sequence

from server.mutations.transaction import Transaction
from server.reactions.claims import claim_sale_award
from server.reactions.people import concerned_by_sale, crew_and_referrers
from shared.domain.harvest import (
    AdvanceHarvestDate,
    CancelHarvestDate,
    HarvestDate,
    HarvestDateVersion,
    ShiftHarvestDate,
    ShiftHarvestDates,
)
from shared.domain.harvest_credit import accurate_version, timely_change, witnessed_sale
from shared.domain.moment import day_at_outlet
from shared.domain.notice import NoticeKind
from shared.domain.points import AwardKind
from shared.domain.policy import policy_on
from shared.domain.rows import demand
from shared.domain.visit import CheckInVisit, EndVisit, ScheduleVisit, Visit

__all__ = [
    "after_advance",
    "after_cancel",
    "after_check_in",
    "after_end",
    "after_schedule",
    "after_shift",
    "after_shifts",
]


def after_shift(tx: Transaction, args: ShiftHarvestDate) -> None:
    """Tell everybody whose plan the sale touches."""
    _tell(tx, [args.id])


def after_shifts(tx: Transaction, args: ShiftHarvestDates) -> None:
    """Tell everybody whose plan one of the sales touches."""
    _tell(tx, args.ids)


def after_cancel(tx: Transaction, args: CancelHarvestDate) -> None:
    """Tell everybody whose plan the sale touched."""
    _tell(tx, [args.id])


def after_advance(tx: Transaction, args: AdvanceHarvestDate) -> None:
    """Claim what a witnessed sale earns whoever foretold it."""
    _claim_foresight(tx, demand(tx.rows, HarvestDate, args.id))


def after_check_in(tx: Transaction, args: CheckInVisit) -> None:
    """Claim likewise: a visit that has arrived has seen the sale."""
    visit = demand(tx.rows, Visit, args.id)
    if visit.harvest_date_id is not None:
        _claim_foresight(tx, demand(tx.rows, HarvestDate, visit.harvest_date_id))


def after_schedule(tx: Transaction, args: ScheduleVisit) -> None:
    """Tell the helpers and the referrers of a visit that is planned, or planned anew."""
    visit = demand(tx.rows, Visit, args.id)
    kind = (
        NoticeKind.VISIT_SCHEDULED
        if tx.before(Visit, args.id) is None
        else NoticeKind.VISIT_CHANGED
    )
    for staff_id in sorted(crew_and_referrers(tx.rows, visit)):
        tx.notify(staff_id, kind, visit)


def after_end(tx: Transaction, args: EndVisit) -> None:
    """Tell them of a visit that does not take place."""
    visit = demand(tx.rows, Visit, args.id)
    for staff_id in sorted(crew_and_referrers(tx.rows, visit)):
        tx.notify(staff_id, NoticeKind.VISIT_CHANGED, visit)


def _tell(tx: Transaction, harvest_date_ids: Sequence[str]) -> None:
    for harvest_date_id in harvest_date_ids:
        sale = demand(tx.rows, HarvestDate, harvest_date_id)
        for staff_id in sorted(concerned_by_sale(tx.rows, sale)):
            tx.notify(staff_id, NoticeKind.HARVEST_DATE_CHANGED, sale)


def _claim_foresight(tx: Transaction, sale: HarvestDate) -> None:
    versions = tx.rows.where(HarvestDateVersion, harvest_date_id=sale.id)
    witnessed = witnessed_sale(versions, tx.rows.where(Visit, harvest_date_id=sale.id))
    if witnessed is None:
        return
    policy = policy_on(tx.rows, day_at_outlet(tx.moment.captured_to), county_id=tx.county_id)
    for kind, version in (
        (AwardKind.DATE_ACCURACY, accurate_version(versions, witnessed, policy)),
        (AwardKind.DATE_CHANGE, timely_change(versions, witnessed, policy)),
    ):
        if version is not None:
            claim_sale_award(tx, sale, kind, version.reported_by_id)
