"""What a plan of a visit begins with: village, sale, day, customers, kit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from client.views.desk.leads import IN_HAND, by_cash
from client.views.desk.naming import sale_of
from shared.domain.coverage import postmen_of
from shared.domain.day_plan import leads_in_hand
from shared.domain.harvest import LIVE_STATUSES, HarvestDate, HarvestStatus
from shared.domain.people import Role, Staff, WealthManagerProfile, is_on_leave
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import Rows
from shared.domain.village import Crop, Village
from shared.domain.visit import OPEN_VISITS, Visit, VisitStatus

__all__ = ["DayWarning", "Preset", "VisitPlan", "companions", "day_warnings", "plan_of"]

SALE, PAYOUT = "sale", "payout"

_WORTH = LIVE_STATUSES | {HarvestStatus.SOLD, HarvestStatus.PAID}
_OPEN_PLANS = (VisitStatus.PROPOSED, VisitStatus.SCHEDULED)
_HELPING = frozenset({Role.OUTREACH, Role.LOBBY_MANAGER, Role.POSTMAN, Role.BACK_OFFICE})


@dataclass(frozen=True, slots=True)
class Preset:
    """A day with a name: that of the sale, or that of its cash."""

    kind: str
    on: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPlan:
    """What fits best, to be changed or confirmed.

    `visit_id` is that of a plan that exists for the same village: the new customers join it.
    `leads` are all that could be met there, `kit` all that could be brought along; `lead_ids` and
    `kit_chosen` what is chosen of them at first.
    """

    on: dt.date
    presets: tuple[Preset, ...]
    visit_id: str | None
    village_id: str | None
    sale: HarvestDate | None
    leads: tuple[Referral, ...]
    lead_ids: tuple[str, ...]
    kit: tuple[str, ...]
    kit_chosen: tuple[str, ...]
    helper_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayWarning:
    """What speaks against a day."""

    kind: str
    count: int = 0
    village_ids: tuple[str | None, ...] = ()


def plan_of(
    rows: Rows, me_id: str, today: dt.date, *, lead_id: str, sale_id: str, visit_id: str
) -> VisitPlan:
    """Return the plan that a lead, a sale or a known visit suggests."""
    lead = rows.get(Referral, lead_id) if lead_id else None
    known = rows.get(Visit, visit_id) if visit_id else None
    sale = _sale(rows, lead, known, sale_id, today)
    village_id = _village_id(lead, known, sale)
    known = known or _open_plan(rows, me_id, village_id, sale, today)
    leads = by_cash(rows, _leads_there(rows, me_id, village_id, lead, known), today)
    kit = tuple(dict.fromkeys((*_kit(rows, sale), *(known.kit if known else ()))))
    presets = _presets(sale, today)
    first = presets[0].on if presets else today + dt.timedelta(days=1)
    return VisitPlan(
        on=known.planned_on if known and known.planned_on >= today else first,
        presets=presets,
        visit_id=known.id if known else None,
        village_id=village_id,
        sale=sale,
        leads=tuple(leads),
        lead_ids=tuple(one.id for one in leads if _fits(one, lead, known)),
        kit=kit,
        kit_chosen=known.kit if known and known.kit else kit,
        helper_ids=known.helper_ids if known else (),
    )


def day_warnings(
    rows: Rows, me_id: str, on: dt.date, *, except_visit_id: str | None
) -> list[DayWarning]:
    """Return what speaks against a visit on a day, before it is planned."""
    others = [
        visit
        for visit in rows.where(Visit, wealth_manager_id=me_id, planned_on=on)
        if visit.status in OPEN_VISITS and visit.id != except_visit_id
    ]
    warnings = []
    profiles = rows.where(WealthManagerProfile, staff_id=me_id)
    is_full = bool(profiles) and len(others) >= profiles[0].visits_per_day_max
    if others:
        warnings.append(
            DayWarning(
                kind="full" if is_full else "others",
                count=len(others),
                village_ids=tuple(visit.village_id for visit in others),
            )
        )
    if is_on_leave(rows, me_id, on):
        warnings.append(DayWarning(kind="leave"))
    return warnings


def companions(rows: Rows, me: Staff, village_id: str | None, today: dt.date) -> list[Staff]:
    """Return who could come along: the village's postman first, then who goes out anyway."""
    village = rows.get(Village, village_id) if village_id else None
    postmen = postmen_of(rows, village, today) if village else []
    able = [
        one
        for one in rows.where(Staff, outlet_id=me.outlet_id, active=True)
        if one.id != me.id and not _HELPING.isdisjoint(one.roles)
    ]
    return sorted(
        able,
        key=lambda one: (one.id not in postmen, Role.OUTREACH not in one.roles, one.name, one.id),
    )


def _sale(
    rows: Rows, lead: Referral | None, known: Visit | None, sale_id: str, today: dt.date
) -> HarvestDate | None:
    """Return the sale to which the visit goes; a lead's own only while its cash is to come."""
    sale = rows.get(HarvestDate, sale_id) if sale_id else None
    if sale is None and known is not None and known.harvest_date_id is not None:
        sale = rows.get(HarvestDate, known.harvest_date_id)
    if sale is None and lead is not None:
        sale = sale_of(rows, lead)
        if sale is not None and sale.payout_on < today:
            return None
    return sale if sale is not None and sale.status in _WORTH else None


def _village_id(lead: Referral | None, known: Visit | None, sale: HarvestDate | None) -> str | None:
    if sale is not None:
        return sale.village_id
    if known is not None:
        return known.village_id
    return lead.village_id if lead is not None else None


def _open_plan(
    rows: Rows, me_id: str, village_id: str | None, sale: HarvestDate | None, today: dt.date
) -> Visit | None:
    """Return my plan that goes to the same village for the same sale: nobody goes twice."""
    if village_id is None:
        return None
    for visit in rows.where(Visit, wealth_manager_id=me_id, village_id=village_id):
        is_same = visit.harvest_date_id == (sale.id if sale else None)
        if visit.status in _OPEN_PLANS and is_same and visit.planned_on >= today:
            return visit
    return None


def _leads_there(
    rows: Rows,
    me_id: str,
    village_id: str | None,
    lead: Referral | None,
    known: Visit | None,
) -> list[Referral]:
    on_visit = set(known.referral_ids) if known else set()
    return [
        one
        for one in leads_in_hand(rows, me_id)
        if (lead is not None and one.id == lead.id)
        or one.id in on_visit
        or (village_id is not None and one.village_id == village_id)
    ]


def _fits(one: Referral, lead: Referral | None, known: Visit | None) -> bool:
    """Tell whether a customer of the village is on the plan from the start."""
    if (lead is not None and one.id == lead.id) or (known and one.id in known.referral_ids):
        return True
    # Who was met already is seen again only when somebody says so.
    return one.status in IN_HAND and one.status is not ReferralStatus.MET and one.visit_id is None


def _kit(rows: Rows, sale: HarvestDate | None) -> tuple[str, ...]:
    crop = rows.get(Crop, sale.crop_id) if sale else None
    return crop.kit if crop else ()


def _presets(sale: HarvestDate | None, today: dt.date) -> tuple[Preset, ...]:
    """Return the sale's days that lie ahead; where the cash comes at once, one chip says both."""
    if sale is None:
        return ()
    first = max(sale.sale_from_on, today) if sale.sale_to_on >= today else sale.sale_from_on
    days: Iterable[Preset] = (Preset(SALE, first), Preset(PAYOUT, sale.payout_on))
    ahead = [each for each in days if each.on >= today]
    if len(ahead) > 1 and ahead[0].on == ahead[1].on:
        return (Preset("both", ahead[0].on),)
    return tuple(ahead)
