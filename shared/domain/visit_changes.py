"""Going to the village: schedule, pack, check in, finish, miss or cancel; and calls before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.care_card import has_opted_out
from shared.domain.coverage import demand_calendar_of
from shared.domain.demands import (
    demand_colleague,
    demand_day_ahead,
    demand_new,
    demand_outlet,
    demand_reason,
)
from shared.domain.harvest import KEEPERS, LIVE_STATUSES, HarvestDate, HarvestStatus
from shared.domain.moment import Moment, day_at_outlet
from shared.domain.mutation import Mutation
from shared.domain.people import Actor, Role, is_on_leave
from shared.domain.referral import (
    OPEN_STATUSES,
    TRANSITIONS,
    Referral,
    ReferralAction,
    ReferralStatus,
)
from shared.domain.referral import advance as advance_referral
from shared.domain.refusals import (
    ILLEGAL_TRANSITION,
    INVALID_ARGUMENT,
    OUT_OF_SCOPE,
    RefusedError,
)
from shared.domain.rows import Row, Rows, demand
from shared.domain.village import Crop, Village
from shared.domain.visit import (
    CREW,
    VISITORS,
    CallAttempt,
    CheckInVisit,
    EndVisit,
    FinishVisit,
    PackKit,
    ProposeVisit,
    RecordCall,
    ScheduleVisit,
    Visit,
    VisitAction,
    VisitStatus,
    advance,
)

__all__ = [
    "MUTATIONS",
    "check_in_visit",
    "end_visit",
    "finish_visit",
    "pack_kit",
    "propose_visit",
    "record_call",
    "schedule_visit",
]

LATITUDE_E6_MAX = 90_000_000
LONGITUDE_E6_MAX = 180_000_000

_ENDS = frozenset({VisitAction.MISS, VisitAction.CANCEL})
_WORTH_A_VISIT = LIVE_STATUSES | {HarvestStatus.SOLD, HarvestStatus.PAID}


def schedule_visit(rows: Rows, args: ScheduleVisit, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Plan a visit, or plan a proposed or scheduled one anew.

    Its referrals are set to be visited; those that a new plan leaves out are open again. A full
    day or a clash is the wealth manager's own affair: `shared.domain.round.clashes` warns of it.
    """
    known = rows.get(Visit, args.id)
    if known is None:
        known = Visit(
            id=args.id,
            outlet_id=actor.outlet_id,
            wealth_manager_id=actor.staff_id,
            status=VisitStatus.PROPOSED,
            planned_on=args.planned_on,
        )
    elif known.wealth_manager_id != actor.staff_id:
        raise RefusedError(OUT_OF_SCOPE, object="visit")
    status = advance(known, VisitAction.SCHEDULE, actor)
    demand_day_ahead(args.planned_on, moment, "planned_on")
    for helper_id in args.helper_ids:
        demand_colleague(rows, helper_id, actor, "helper_ids")
    sale = None
    if args.harvest_date_id is not None:
        sale = _sale_of(rows, args.harvest_date_id)
    kit = _kit_of(rows, args, known, sale)
    referral_ids = _referrals_of(rows, args, known, actor)
    visit = replace(
        known,
        status=status,
        planned_on=args.planned_on,
        village_id=_village_of(rows, args, sale, actor),
        harvest_date_id=None if sale is None else sale.id,
        referral_ids=referral_ids,
        helper_ids=args.helper_ids,
        kit=kit,
        kit_packed=tuple(item for item in known.kit_packed if item in kit),
        note=args.note,
    )
    left_out = [each for each in known.referral_ids if each not in referral_ids]
    return [
        visit,
        *(_to_visit(rows, referral_id, visit, actor) for referral_id in referral_ids),
        *_dropped(rows, left_out, visit, actor),
    ]


def propose_visit(rows: Rows, args: ProposeVisit, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Suggest a visit on a sale day to whoever acts as the village's wealth manager (S30)."""
    demand_new(rows, Visit, args.id)
    sale = _sale_of(rows, args.harvest_date_id)
    village = demand_calendar_of(rows, sale.village_id, actor, moment)
    demand_day_ahead(args.planned_on, moment, "planned_on")
    candidates = [
        staff_id
        for staff_id in (village.wealth_manager_id, village.backup_wealth_manager_id)
        if staff_id is not None and not is_on_leave(rows, staff_id, args.planned_on)
    ]
    if not candidates:
        raise RefusedError("village-without-manager")
    return [
        Visit(
            id=args.id,
            outlet_id=village.outlet_id,
            wealth_manager_id=candidates[0],
            status=VisitStatus.PROPOSED,
            planned_on=args.planned_on,
            village_id=village.id,
            harvest_date_id=sale.id,
            kit=demand(rows, Crop, sale.crop_id).kit,
            note=args.note,
        )
    ]


def pack_kit(rows: Rows, args: PackKit, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Tick off what of the kit is packed."""
    del moment
    visit = _as_crew(rows, args.id, actor)
    status = advance(visit, VisitAction.PACK, actor)
    if not set(args.packed) <= set(visit.kit):
        raise RefusedError(INVALID_ARGUMENT, field="packed")
    return [replace(visit, status=status, kit_packed=args.packed)]


def check_in_visit(rows: Rows, args: CheckInVisit, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Arrive in the village: who checks in on the sale day is a witness of the sale."""
    visit = _as_crew(rows, args.id, actor)
    status = advance(visit, VisitAction.CHECK_IN, actor)
    if (args.latitude_e6 is None) != (args.longitude_e6 is None):
        raise RefusedError(INVALID_ARGUMENT, field="longitude_e6")
    if abs(args.latitude_e6 or 0) > LATITUDE_E6_MAX:
        raise RefusedError(INVALID_ARGUMENT, field="latitude_e6")
    if abs(args.longitude_e6 or 0) > LONGITUDE_E6_MAX:
        raise RefusedError(INVALID_ARGUMENT, field="longitude_e6")
    if day_at_outlet(moment.captured_to) < visit.planned_on:
        raise RefusedError("visit-not-today", planned_on=visit.planned_on.isoformat())
    return [
        replace(
            visit,
            status=status,
            checked_in_at=moment.captured_to,
            latitude_e6=args.latitude_e6,
            longitude_e6=args.longitude_e6,
        )
    ]


def finish_visit(rows: Rows, args: FinishVisit, actor: Actor, moment: Moment) -> Sequence[Row]:
    """End a visit that took place: what was done, and how many came along to the outlet."""
    visit = _as_crew(rows, args.id, actor)
    status = advance(visit, VisitAction.FINISH, actor)
    return [
        replace(
            visit,
            status=status,
            help_done=args.help_done,
            escorted=args.escorted,
            note=args.note or visit.note,
            finished_at=moment.captured_to,
        )
    ]


def end_visit(rows: Rows, args: EndVisit, actor: Actor, moment: Moment) -> Sequence[Row]:
    """End a visit that did not take place; its referrals stay accepted, at no cost to anybody."""
    del moment
    if args.action not in _ENDS:
        raise RefusedError(INVALID_ARGUMENT, field="action")
    visit = demand(rows, Visit, args.id)
    if visit.wealth_manager_id != actor.staff_id:
        if not actor.holds(Role.BRANCH_HEAD):
            raise RefusedError(OUT_OF_SCOPE, object="visit")
        demand_outlet(visit.outlet_id, actor, "visit")
    status = advance(visit, args.action, actor)
    demand_reason(args.reason)
    ended = replace(visit, status=status, ended_reason=args.reason)
    return [ended, *_dropped(rows, visit.referral_ids, visit, actor)]


def record_call(rows: Rows, args: RecordCall, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Record a call to the customer of one's referral, answered or not."""
    demand_new(rows, CallAttempt, args.id)
    referral = demand(rows, Referral, args.referral_id)
    if referral.wealth_manager_id != actor.staff_id:
        raise RefusedError("not-assigned-to-you")
    if referral.status not in OPEN_STATUSES:
        raise RefusedError(
            ILLEGAL_TRANSITION, object="referral", status=referral.status, action="call"
        )
    if has_opted_out(rows, referral.customer_id):
        raise RefusedError("customer-opted-out")
    return [
        CallAttempt(
            id=args.id,
            referral_id=referral.id,
            by_id=actor.staff_id,
            at=moment.captured_to,
            result=args.result,
        )
    ]


def _as_crew(rows: Rows, visit_id: str, actor: Actor) -> Visit:
    """Return a visit that the actor leads or helps at."""
    visit = demand(rows, Visit, visit_id)
    if actor.staff_id != visit.wealth_manager_id and actor.staff_id not in visit.helper_ids:
        raise RefusedError(OUT_OF_SCOPE, object="visit")
    return visit


def _sale_of(rows: Rows, harvest_date_id: str) -> HarvestDate:
    sale = demand(rows, HarvestDate, harvest_date_id)
    if sale.joined_id is not None:
        sale = demand(rows, HarvestDate, sale.joined_id)
    if sale.status not in _WORTH_A_VISIT:
        raise RefusedError(
            ILLEGAL_TRANSITION, object="harvest_date", status=sale.status, action="visit"
        )
    return sale


def _village_of(
    rows: Rows, args: ScheduleVisit, sale: HarvestDate | None, actor: Actor
) -> str | None:
    """Return where the visit goes: the sale's village, else the one given.

    A village of the outlet, a covered one, or that of a customer whom the visit is for.
    """
    village_id = args.village_id
    if sale is not None:
        if village_id not in (None, sale.village_id):
            raise RefusedError(INVALID_ARGUMENT, field="village_id")
        village_id = sale.village_id
    if village_id is None:
        return None
    village = demand(rows, Village, village_id)
    customers = (rows.get(Referral, referral_id) for referral_id in args.referral_ids)
    if actor.staff_id not in (
        village.wealth_manager_id,
        village.backup_wealth_manager_id,
    ) and not any(each is not None and each.village_id == village_id for each in customers):
        demand_outlet(village.outlet_id, actor, "village")
    return village_id


def _kit_of(
    rows: Rows, args: ScheduleVisit, known: Visit, sale: HarvestDate | None
) -> tuple[str, ...]:
    """Return the kit: as given, as it was for the same sale, or the crop's own list."""
    if args.kit is not None:
        return args.kit
    if sale is None or sale.id == known.harvest_date_id:
        return known.kit
    return demand(rows, Crop, sale.crop_id).kit


def _referrals_of(rows: Rows, args: ScheduleVisit, known: Visit, actor: Actor) -> tuple[str, ...]:
    """Return whom the visit is for, without those that have meanwhile moved on.

    A visit must be movable though one of its leads was lost, reassigned or cared for.
    """
    return tuple(
        referral_id
        for referral_id in dict.fromkeys(args.referral_ids)
        if referral_id not in known.referral_ids or _still_waits(rows, referral_id, actor)
    )


def _still_waits(rows: Rows, referral_id: str, actor: Actor) -> bool:
    referral = rows.get(Referral, referral_id)
    return (
        referral is not None
        and referral.wealth_manager_id == actor.staff_id
        and (referral.status, ReferralAction.SET_VISIT) in TRANSITIONS
        and not has_opted_out(rows, referral.customer_id)
    )


def _to_visit(rows: Rows, referral_id: str, visit: Visit, actor: Actor) -> Referral:
    referral = demand(rows, Referral, referral_id)
    if referral.wealth_manager_id != actor.staff_id:
        raise RefusedError("not-assigned-to-you")
    if has_opted_out(rows, referral.customer_id):
        raise RefusedError("customer-opted-out")
    status = advance_referral(referral, ReferralAction.SET_VISIT, actor)
    return replace(referral, status=status, visit_id=visit.id)


def _dropped(rows: Rows, referral_ids: Sequence[str], visit: Visit, actor: Actor) -> list[Referral]:
    """Return those referrals open again, as far as this visit was what they waited for."""
    dropped = []
    for referral_id in referral_ids:
        referral = rows.get(Referral, referral_id)
        if referral is None or referral.visit_id != visit.id:
            continue
        status = referral.status
        if status is ReferralStatus.VISIT_SET:
            status = advance_referral(referral, ReferralAction.DROP_VISIT, actor)
        dropped.append(replace(referral, status=status, visit_id=None))
    return dropped


MUTATIONS = (
    Mutation(
        name="schedule_visit",
        version=1,
        args=ScheduleVisit,
        roles=VISITORS,
        decide=schedule_visit,
    ),
    Mutation(
        name="propose_visit", version=1, args=ProposeVisit, roles=KEEPERS, decide=propose_visit
    ),
    Mutation(name="pack_kit", version=1, args=PackKit, roles=CREW, decide=pack_kit),
    Mutation(
        name="check_in_visit", version=1, args=CheckInVisit, roles=CREW, decide=check_in_visit
    ),
    Mutation(name="finish_visit", version=1, args=FinishVisit, roles=CREW, decide=finish_visit),
    Mutation(
        name="end_visit",
        version=1,
        args=EndVisit,
        roles=VISITORS | {Role.BRANCH_HEAD},
        decide=end_visit,
    ),
    Mutation(name="record_call", version=1, args=RecordCall, roles=VISITORS, decide=record_call),
)
"""Every mutation of a visit; append-only."""
