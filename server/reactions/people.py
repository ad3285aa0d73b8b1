"""Whom to tell: the branch heads of an outlet, and everybody whose plan a sale touches."""

from __future__ import annotations

from shared.domain.coverage import postmen_of
from shared.domain.harvest import HarvestDate
from shared.domain.people import Role, Staff
from shared.domain.referral import OPEN_STATUSES, Referral
from shared.domain.rows import Rows
from shared.domain.village import Village
from shared.domain.visit import Visit, VisitStatus

__all__ = ["administrators_of", "branch_heads_of", "concerned_by_sale", "crew_and_referrers"]

_PLANNED = frozenset({VisitStatus.PROPOSED, VisitStatus.SCHEDULED, VisitStatus.UNDER_WAY})


def branch_heads_of(rows: Rows, outlet_id: str) -> list[str]:
    """Return who heads an outlet, deputies included."""
    return _holding(rows.where(Staff, outlet_id=outlet_id), Role.BRANCH_HEAD)


def administrators_of(rows: Rows, county_id: str) -> list[str]:
    """Return the administrators of a county."""
    return _holding(rows.where(Staff, county_id=county_id), Role.ADMINISTRATOR)


def concerned_by_sale(rows: Rows, sale: HarvestDate) -> set[str]:
    """Return everybody whose plan a changed sale touches: round, coverage, visits and leads."""
    concerned: set[str | None] = {sale.reported_by_id, sale.confirmed_by_id}
    village = rows.get(Village, sale.village_id)
    if village is not None:
        concerned |= {village.wealth_manager_id, village.backup_wealth_manager_id}
        concerned |= set(postmen_of(rows, village, sale.sale_from_on))
    for visit in rows.where(Visit, harvest_date_id=sale.id):
        if visit.status in _PLANNED:
            concerned |= crew_and_referrers(rows, visit)
    for referral in rows.where(Referral, harvest_date_id=sale.id):
        if referral.status in OPEN_STATUSES:
            concerned |= {referral.referrer_id, referral.wealth_manager_id}
    return {staff_id for staff_id in concerned if staff_id is not None}


def crew_and_referrers(rows: Rows, visit: Visit) -> set[str]:
    """Return who goes on a visit, and whose leads are to be met there."""
    referrals = [rows.get(Referral, referral_id) for referral_id in visit.referral_ids]
    referrers = {referral.referrer_id for referral in referrals if referral is not None}
    return referrers | {visit.wealth_manager_id, *visit.helper_ids}


def _holding(staff: list[Staff], role: Role) -> list[str]:
    return [person.id for person in staff if person.active and role in person.roles]
