from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from shared.domain.care_card import CareStatus
from shared.domain.harvest import HarvestStatus
from shared.domain.people import Leave, Staff
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.visit import (
    CallAttempt,
    CallResult,
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
)
from tests.shared.domain.county import (
    BACKUP,
    CARD,
    COLLEAGUE,
    GONE,
    HEAD,
    LOBBY,
    MANAGER,
    NOW,
    OTHER_CUSTOMER,
    OTHER_HEAD,
    OTHER_MANAGER,
    OTHER_POSTMAN,
    OTHER_VILLAGE,
    OUTREACH,
    POSTMAN,
    REFERRAL,
    SALE,
    VILLAGE,
    VISIT,
    Memory,
    county,
    day,
    id_of,
    moment_at,
    referral,
    refused,
    run,
)

SECOND_ID = id_of("second referral")
PLAN = ScheduleVisit(
    id=id_of("plan"),
    planned_on=day(3),
    referral_ids=(REFERRAL.id,),
    harvest_date_id=SALE.id,
    helper_ids=(OUTREACH.id,),
)
ON_THE_DAY = moment_at(NOW + dt.timedelta(days=3))


def planned() -> Memory:
    """Return the county with a sale, two accepted leads, and a visit for the first of them."""
    rows = county(
        SALE,
        referral(ReferralStatus.ACCEPTED),
        referral(ReferralStatus.ACCEPTED, id=SECOND_ID),
    )
    run(rows, "schedule_visit", PLAN, MANAGER)
    return rows


def lead(rows: Memory, referral_id: str = REFERRAL.id) -> Referral:
    found = rows.get(Referral, referral_id)
    assert found is not None
    return found


def test_schedule_visit_takes_the_kit_of_the_crop_and_sets_its_referrals_to_be_visited() -> None:
    rows = planned()
    visit = rows.only(Visit)
    assert (visit.status, visit.wealth_manager_id) == (VisitStatus.SCHEDULED, MANAGER.id)
    assert (visit.village_id, visit.harvest_date_id) == (VILLAGE.id, SALE.id)
    assert visit.kit == ("毛巾", "手套")
    assert visit.helper_ids == (OUTREACH.id,)
    assert (lead(rows).status, lead(rows).visit_id) == (ReferralStatus.VISIT_SET, visit.id)
    assert lead(rows, SECOND_ID).status is ReferralStatus.ACCEPTED


def test_schedule_visit_again_moves_it_and_frees_the_referrals_left_out() -> None:
    rows = planned()
    run(rows, "pack_kit", PackKit(id=PLAN.id, packed=("毛巾",)), OUTREACH)
    moved = replace(PLAN, planned_on=day(4), referral_ids=(SECOND_ID,))
    run(rows, "schedule_visit", moved, MANAGER)
    visit = rows.only(Visit)
    assert (visit.planned_on, visit.kit) == (day(4), ("毛巾", "手套"))
    assert visit.kit_packed == ("毛巾",)
    assert (lead(rows).status, lead(rows).visit_id) == (ReferralStatus.ACCEPTED, None)
    assert lead(rows, SECOND_ID).status is ReferralStatus.VISIT_SET


def test_schedule_visit_with_another_kit_unpacks_what_is_not_on_it() -> None:
    rows = planned()
    run(rows, "pack_kit", PackKit(id=PLAN.id, packed=("毛巾", "手套")), MANAGER)
    run(rows, "schedule_visit", replace(PLAN, kit=("手套", "雨衣")), MANAGER)
    assert rows.only(Visit).kit == ("手套", "雨衣")
    assert rows.only(Visit).kit_packed == ("手套",)


def test_schedule_visit_goes_without_a_sale_to_a_village_or_to_the_outlet() -> None:
    rows = county(SALE)
    run(rows, "schedule_visit", ScheduleVisit(id=PLAN.id, planned_on=day(0)), MANAGER)
    assert (rows.only(Visit).village_id, rows.only(Visit).kit) == (None, ())
    there = ScheduleVisit(id=PLAN.id, planned_on=day(0), village_id=VILLAGE.id)
    run(rows, "schedule_visit", there, MANAGER)
    assert rows.only(Visit).village_id == VILLAGE.id
    both = replace(there, harvest_date_id=SALE.id)
    run(rows, "schedule_visit", both, MANAGER)
    assert rows.only(Visit).kit == ("毛巾", "手套")


def test_schedule_visit_follows_a_sale_that_was_joined_to_another() -> None:
    joined = replace(
        SALE, id=id_of("second report"), status=HarvestStatus.JOINED, joined_id=SALE.id
    )
    rows = county(SALE, joined)
    args = replace(PLAN, referral_ids=(), harvest_date_id=joined.id)
    run(rows, "schedule_visit", args, MANAGER)
    assert rows.only(Visit).harvest_date_id == SALE.id


def test_schedule_visit_keeps_a_customer_who_was_met_as_met() -> None:
    rows = county(SALE, referral(ReferralStatus.MET))
    run(rows, "schedule_visit", PLAN, MANAGER)
    assert (lead(rows).status, lead(rows).visit_id) == (ReferralStatus.MET, PLAN.id)
    run(rows, "schedule_visit", replace(PLAN, referral_ids=()), MANAGER)
    assert (lead(rows).status, lead(rows).visit_id) == (ReferralStatus.MET, None)


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"planned_on": day(-1)}, "day-past"),
        ({"planned_on": day(401)}, "day-too-far"),
        ({"helper_ids": (OTHER_POSTMAN.id,)}, "colleague-unavailable"),
        ({"helper_ids": (GONE.id,)}, "colleague-unavailable"),
        ({"helper_ids": (id_of("nobody"),)}, "missing-object"),
        ({"harvest_date_id": id_of("no sale")}, "missing-object"),
        ({"village_id": OTHER_VILLAGE.id}, "invalid-argument"),
        ({"village_id": OTHER_VILLAGE.id, "harvest_date_id": None}, "out-of-scope"),
        ({"referral_ids": (id_of("no referral"),)}, "missing-object"),
        ({"referral_ids": (SECOND_ID,)}, "not-assigned-to-you"),
    ],
)
def test_schedule_visit_refuses(change: dict[str, object], slug: str) -> None:
    rows = county(
        SALE,
        referral(ReferralStatus.ACCEPTED),
        referral(ReferralStatus.ACCEPTED, id=SECOND_ID, wealth_manager_id=BACKUP.id),
    )
    with refused(slug):
        run(rows, "schedule_visit", replace(PLAN, **change), MANAGER)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "slug"),
    [(ReferralStatus.ROUTED, "illegal-transition"), (ReferralStatus.LOST, "illegal-transition")],
)
def test_schedule_visit_refuses_leads_that_are_not_in_hand(
    status: ReferralStatus, slug: str
) -> None:
    with refused(slug, status=status.value):
        run(county(SALE, referral(status)), "schedule_visit", PLAN, MANAGER)


def test_schedule_visit_refuses_a_sale_that_is_off_or_another_outlets() -> None:
    rows = county(replace(SALE, status=HarvestStatus.CANCELLED), referral(ReferralStatus.ACCEPTED))
    with refused("illegal-transition", object="harvest_date", action="visit"):
        run(rows, "schedule_visit", PLAN, MANAGER)
    elsewhere = replace(PLAN, referral_ids=(), helper_ids=())
    with refused("out-of-scope", object="village"):
        run(county(SALE), "schedule_visit", elsewhere, OTHER_MANAGER)


def test_schedule_visit_goes_to_another_outlets_village_for_a_customer_or_by_coverage() -> None:
    plan = replace(PLAN, helper_ids=())
    rows = county(SALE, referral(ReferralStatus.ACCEPTED, wealth_manager_id=OTHER_MANAGER.id))
    run(rows, "schedule_visit", plan, OTHER_MANAGER)
    assert rows.only(Visit).village_id == VILLAGE.id
    rows = county(SALE, replace(VILLAGE, wealth_manager_id=OTHER_MANAGER.id))
    run(rows, "schedule_visit", replace(plan, referral_ids=()), OTHER_MANAGER)
    assert rows.only(Visit).village_id == VILLAGE.id


def test_schedule_visit_refuses_somebody_elses_and_one_that_is_over() -> None:
    rows = planned()
    with refused("out-of-scope", object="visit"):
        run(rows, "schedule_visit", replace(PLAN, referral_ids=()), BACKUP)
    rows.change(rows.only(Visit), status=VisitStatus.DONE)
    with refused("illegal-transition", status="done"):
        run(rows, "schedule_visit", PLAN, MANAGER)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": ReferralStatus.LOST},
        {"status": ReferralStatus.CARED_FOR},
        {"status": ReferralStatus.ROUTED, "wealth_manager_id": BACKUP.id, "visit_id": None},
        {"customer_id": OTHER_CUSTOMER.id},
    ],
)
def test_a_visit_can_be_moved_though_a_lead_has_moved_on(fields: dict[str, object]) -> None:
    rows = planned()
    opted_out = replace(
        CARD, customer_id=OTHER_CUSTOMER.id, status=CareStatus.OPTED_OUT, ended_at=NOW
    )
    rows.keep([opted_out])
    rows.change(lead(rows), **fields)
    both = replace(PLAN, planned_on=day(4), referral_ids=(REFERRAL.id, SECOND_ID, SECOND_ID))
    run(rows, "schedule_visit", both, MANAGER)
    visit = rows.only(Visit)
    assert (visit.planned_on, visit.referral_ids) == (day(4), (SECOND_ID,))
    assert lead(rows, SECOND_ID).visit_id == visit.id
    assert lead(rows).visit_id is None


def test_a_visit_can_be_moved_though_a_lead_was_erased() -> None:
    rows = planned()
    with_erased = (REFERRAL.id, id_of("erased"))
    rows.change(rows.only(Visit), referral_ids=with_erased)
    run(rows, "schedule_visit", replace(PLAN, referral_ids=with_erased), MANAGER)
    assert rows.only(Visit).referral_ids == (REFERRAL.id,)


def test_finish_visit_keeps_the_note_of_the_plan_unless_there_is_a_new_one() -> None:
    visit = replace(VISIT, status=VisitStatus.UNDER_WAY, note="带雨衣")
    for written, kept in (("", "带雨衣"), ("雨停了", "雨停了")):
        rows = county(visit)
        done = FinishVisit(id=VISIT.id, help_done="", note=written)
        run(rows, "finish_visit", done, MANAGER)
        assert rows.only(Visit).note == kept


def test_propose_visit_asks_whoever_acts_for_the_village_that_day() -> None:
    proposal = ProposeVisit(id=id_of("proposal"), harvest_date_id=SALE.id, planned_on=day(3))
    rows = county(SALE)
    run(rows, "propose_visit", proposal, POSTMAN)
    visit = rows.only(Visit)
    assert (visit.status, visit.wealth_manager_id) == (VisitStatus.PROPOSED, MANAGER.id)
    assert (visit.village_id, visit.kit) == (VILLAGE.id, ("毛巾", "手套"))
    run(rows, "schedule_visit", ScheduleVisit(id=visit.id, planned_on=day(3)), MANAGER)
    assert rows.only(Visit).status is VisitStatus.SCHEDULED
    away = Leave(id=id_of("leave"), staff_id=MANAGER.id, from_on=day(1), to_on=day(3))
    rows = county(SALE, away)
    run(rows, "propose_visit", proposal, POSTMAN)
    assert rows.only(Visit).wealth_manager_id == BACKUP.id


def test_propose_visit_refuses_strangers_and_villages_without_a_manager() -> None:
    proposal = ProposeVisit(id=id_of("proposal"), harvest_date_id=SALE.id, planned_on=day(3))
    rows = county(SALE)
    with refused("out-of-scope"):
        run(rows, "propose_visit", proposal, COLLEAGUE)
    rows.change(VILLAGE, wealth_manager_id=None, backup_wealth_manager_id=None)
    with refused("village-without-manager"):
        run(rows, "propose_visit", proposal, POSTMAN)


@pytest.mark.parametrize("person", [MANAGER, OUTREACH], ids=lambda who: who.name)
def test_the_crew_packs_checks_in_and_finishes(person: Staff) -> None:
    rows = planned()
    run(rows, "pack_kit", PackKit(id=PLAN.id, packed=("手套",)), person)
    assert rows.only(Visit).kit_packed == ("手套",)
    here = CheckInVisit(id=PLAN.id, latitude_e6=20_910_000, longitude_e6=110_090_000)
    run(rows, "check_in_visit", here, person, ON_THE_DAY)
    visit = rows.only(Visit)
    assert (visit.status, visit.checked_in_at) == (VisitStatus.UNDER_WAY, ON_THE_DAY.now)
    assert (visit.latitude_e6, visit.longitude_e6) == (20_910_000, 110_090_000)
    done = FinishVisit(id=PLAN.id, help_done="装车", escorted=3, note="")
    run(rows, "finish_visit", done, person, ON_THE_DAY)
    visit = rows.only(Visit)
    assert (visit.status, visit.help_done, visit.escorted) == (VisitStatus.DONE, "装车", 3)
    assert lead(rows).status is ReferralStatus.VISIT_SET


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("pack_kit", PackKit(id=PLAN.id, packed=())),
        ("check_in_visit", CheckInVisit(id=PLAN.id)),
        ("finish_visit", FinishVisit(id=PLAN.id, help_done="")),
    ],
)
def test_nobody_but_the_crew_works_at_a_visit(name: str, args: object) -> None:
    with refused("out-of-scope"):
        run(planned(), name, args, LOBBY, ON_THE_DAY)
    with refused("forbidden-action"):
        run(planned(), name, args, HEAD, ON_THE_DAY)


def test_pack_kit_refuses_what_is_not_on_the_list() -> None:
    with refused("invalid-argument", field="packed"):
        run(planned(), "pack_kit", PackKit(id=PLAN.id, packed=("雨衣",)), MANAGER)


@pytest.mark.parametrize(
    ("latitude", "longitude", "field"),
    [
        (1, None, "longitude_e6"),
        (None, 1, "longitude_e6"),
        (90_000_001, 0, "latitude_e6"),
        (-90_000_001, 0, "latitude_e6"),
        (0, 180_000_001, "longitude_e6"),
    ],
)
def test_check_in_visit_refuses_a_position_that_is_none(
    latitude: int | None, longitude: int | None, field: str
) -> None:
    args = CheckInVisit(id=PLAN.id, latitude_e6=latitude, longitude_e6=longitude)
    with refused("invalid-argument", field=field):
        run(planned(), "check_in_visit", args, MANAGER, ON_THE_DAY)


def test_check_in_visit_waits_for_its_day() -> None:
    with refused("visit-not-today", planned_on=day(3).isoformat()):
        run(planned(), "check_in_visit", CheckInVisit(id=PLAN.id), MANAGER)


@pytest.mark.parametrize("person", [MANAGER, HEAD], ids=lambda who: who.name)
@pytest.mark.parametrize("action", [VisitAction.MISS, VisitAction.CANCEL])
def test_a_visit_that_does_not_take_place_leaves_its_leads_accepted(
    person: Staff, action: VisitAction
) -> None:
    rows = planned()
    run(rows, "end_visit", EndVisit(id=PLAN.id, action=action, reason="台风"), person)
    visit = rows.only(Visit)
    after = VisitStatus.MISSED if action is VisitAction.MISS else VisitStatus.CANCELLED
    assert (visit.status, visit.ended_reason) == (after, "台风")
    assert (lead(rows).status, lead(rows).visit_id) == (ReferralStatus.ACCEPTED, None)


def test_ending_a_visit_leaves_leads_alone_that_no_longer_wait_for_it() -> None:
    rows = planned()
    rows.keep([referral(ReferralStatus.ROUTED, wealth_manager_id=BACKUP.id)])
    rows.change(rows.only(Visit), referral_ids=(REFERRAL.id, id_of("erased")))
    run(rows, "end_visit", EndVisit(id=PLAN.id, action=VisitAction.CANCEL, reason="x"), MANAGER)
    assert lead(rows).status is ReferralStatus.ROUTED


@pytest.mark.parametrize(
    ("person", "action", "reason", "slug"),
    [
        (MANAGER, VisitAction.FINISH, "x", "invalid-argument"),
        (MANAGER, VisitAction.CANCEL, " ", "reason-missing"),
        (BACKUP, VisitAction.CANCEL, "x", "out-of-scope"),
        (OTHER_HEAD, VisitAction.CANCEL, "x", "out-of-scope"),
        (POSTMAN, VisitAction.CANCEL, "x", "forbidden-action"),
    ],
)
def test_end_visit_refuses(person: Staff, action: VisitAction, reason: str, slug: str) -> None:
    with refused(slug):
        run(planned(), "end_visit", EndVisit(id=PLAN.id, action=action, reason=reason), person)


def test_a_visit_under_way_can_not_be_missed() -> None:
    rows = county(replace(VISIT, status=VisitStatus.UNDER_WAY))
    with refused("illegal-transition", status="under_way"):
        args = EndVisit(id=VISIT.id, action=VisitAction.MISS, reason="x")
        run(rows, "end_visit", args, MANAGER)


def test_record_call_keeps_each_attempt() -> None:
    rows = planned()
    call = RecordCall(id=id_of("call"), referral_id=REFERRAL.id, result=CallResult.NO_ANSWER)
    run(rows, "record_call", call, MANAGER)
    attempt = rows.only(CallAttempt)
    assert (attempt.by_id, attempt.at, attempt.result) == (MANAGER.id, NOW, "no_answer")
    with refused("invalid-argument", field="id"):
        run(rows, "record_call", call, MANAGER)


@pytest.mark.parametrize(
    ("person", "status", "slug"),
    [
        (BACKUP, ReferralStatus.ACCEPTED, "not-assigned-to-you"),
        (POSTMAN, ReferralStatus.ACCEPTED, "forbidden-action"),
        (MANAGER, ReferralStatus.LOST, "illegal-transition"),
    ],
)
def test_record_call_refuses(person: Staff, status: ReferralStatus, slug: str) -> None:
    call = RecordCall(id=id_of("call"), referral_id=REFERRAL.id, result=CallResult.REACHED)
    with refused(slug):
        run(county(referral(status)), "record_call", call, person)


def test_nobody_calls_or_visits_a_customer_who_has_opted_out() -> None:
    gone = replace(CARD, status=CareStatus.OPTED_OUT, ended_at=NOW)
    rows = county(SALE, gone, referral(ReferralStatus.ACCEPTED))
    with refused("customer-opted-out"):
        call = RecordCall(id=id_of("call"), referral_id=REFERRAL.id, result=CallResult.REACHED)
        run(rows, "record_call", call, MANAGER)
    with refused("customer-opted-out"):
        run(rows, "schedule_visit", PLAN, MANAGER)
