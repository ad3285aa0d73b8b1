"""A sale that was foretold is paid once it is witnessed; whoever a change touches is told."""

from __future__ import annotations

import datetime as dt

from shared.domain.harvest import (
    AdvanceHarvestDate,
    CancelHarvestDate,
    Confidence,
    HarvestAction,
    ReportHarvestDate,
    ShiftHarvestDate,
    ShiftHarvestDates,
)
from shared.domain.people import Staff
from shared.domain.referral import NamedReferral
from shared.domain.visit import CheckInVisit, EndVisit, ScheduleVisit, VisitAction
from tests.server.field_county import (
    BACKUP,
    COLLEAGUE,
    HEAD,
    LOBBY,
    MANAGER,
    MELON,
    MONDAY,
    POSTMAN,
    THURSDAY,
    VILLAGE,
)
from tests.server.reactions.desk import Desk

DAY = dt.timedelta(days=1)


def sale(desk: Desk, on: dt.date = THURSDAY, by: Staff = POSTMAN) -> str:
    sale_id = desk.new_id(by)
    args = ReportHarvestDate(
        id=sale_id,
        village_id=VILLAGE.id,
        crop_id=MELON.id,
        sale_from_on=on,
        sale_to_on=on,
        confidence=Confidence.FARMER,
    )
    desk.act(by, "report_harvest_date", args)
    return sale_id


def shift(desk: Desk, sale_id: str, on: dt.date, by: Staff = MANAGER) -> None:
    args = ShiftHarvestDate(id=sale_id, sale_from_on=on, sale_to_on=on, reason="下雨")
    desk.act(by, "shift_harvest_date", args)


def visit(desk: Desk, sale_id: str, *leads: str, helpers: tuple[str, ...] = ()) -> str:
    visit_id = desk.new_id(MANAGER)
    args = ScheduleVisit(
        id=visit_id,
        planned_on=THURSDAY,
        harvest_date_id=sale_id,
        referral_ids=leads,
        helper_ids=helpers,
    )
    desk.act(MANAGER, "schedule_visit", args)
    return visit_id


def arrive(desk: Desk, visit_id: str) -> None:
    desk.now = MONDAY + 3 * DAY
    desk.act(MANAGER, "check_in_visit", CheckInVisit(id=visit_id))


def claims(desk: Desk, sale_id: str) -> dict[tuple[str, str], int]:
    return {(entry.kind.value, entry.payee_id): entry.points for entry in desk.entries(sale_id)}


def test_check_in_on_the_foretold_day_pays_who_foretold_it(desk: Desk) -> None:
    sale_id = sale(desk)
    arrive(desk, visit(desk, sale_id))
    assert claims(desk, sale_id) == {("date_accuracy", POSTMAN.id): 2}


def test_two_peoples_reports_pay_likewise_and_once(desk: Desk) -> None:
    sale_id = sale(desk)
    desk.now = MONDAY + 3 * DAY
    seen = AdvanceHarvestDate(id=sale_id, action=HarvestAction.START_DAY)
    desk.act(POSTMAN, "advance_harvest_date", seen)
    assert claims(desk, sale_id) == {}
    sold = AdvanceHarvestDate(id=sale_id, action=HarvestAction.SELL)
    desk.act(MANAGER, "advance_harvest_date", sold)
    paid = AdvanceHarvestDate(id=sale_id, action=HarvestAction.PAY)
    desk.act(MANAGER, "advance_harvest_date", paid)
    assert claims(desk, sale_id) == {("date_accuracy", POSTMAN.id): 2}


def test_change_that_was_told_in_time_pays_who_told_it(desk: Desk) -> None:
    sale_id = sale(desk, THURSDAY + 10 * DAY)
    shift(desk, sale_id, THURSDAY, by=BACKUP)
    arrive(desk, visit(desk, sale_id))
    assert claims(desk, sale_id) == {
        ("date_accuracy", BACKUP.id): 2,
        ("date_change", BACKUP.id): 1,
    }


def test_wrong_day_pays_nobody(desk: Desk) -> None:
    sale_id = sale(desk, THURSDAY + 10 * DAY)
    arrive(desk, visit(desk, sale_id))
    assert claims(desk, sale_id) == {}


def test_visit_without_a_sale_witnesses_nothing(desk: Desk) -> None:
    visit_id = desk.new_id(MANAGER)
    args = ScheduleVisit(id=visit_id, planned_on=THURSDAY, village_id=VILLAGE.id)
    desk.act(MANAGER, "schedule_visit", args)
    arrive(desk, visit_id)
    assert desk.notices(POSTMAN) == []


def told(desk: Desk, person: Staff, kind: str) -> list[str]:
    return [object_id for noticed, object_id in desk.notices(person) if noticed == kind]


def test_shift_is_told_to_everybody_whose_plan_it_touches(desk: Desk) -> None:
    sale_id = sale(desk)
    lead_id = desk.lead(COLLEAGUE, harvest_date_id=sale_id)
    desk.act(MANAGER, "accept_referral", NamedReferral(id=lead_id))
    visit(desk, sale_id, helpers=(LOBBY.id,))
    shift(desk, sale_id, THURSDAY + DAY)
    for person in (POSTMAN, COLLEAGUE, LOBBY, BACKUP):
        assert told(desk, person, "harvest_date_changed") == [sale_id]
    assert told(desk, MANAGER, "harvest_date_changed") == []  # He did it himself.
    assert told(desk, HEAD, "harvest_date_changed") == []


def test_bulk_shift_and_cancellation_are_told_too(desk: Desk) -> None:
    sale_id = sale(desk)
    bulk = ShiftHarvestDates(ids=(sale_id,), days=-1, reason="寒潮")
    desk.act(HEAD, "shift_harvest_dates", bulk)
    desk.act(HEAD, "cancel_harvest_date", CancelHarvestDate(id=sale_id, reason="收购商不来"))
    assert told(desk, POSTMAN, "harvest_date_changed") == [sale_id] * 2


def test_visit_is_told_to_its_helpers_and_referrers(desk: Desk) -> None:
    sale_id = sale(desk)
    lead_id = desk.lead(COLLEAGUE, harvest_date_id=sale_id)
    desk.act(MANAGER, "accept_referral", NamedReferral(id=lead_id))
    visit_id = visit(desk, sale_id, lead_id, helpers=(LOBBY.id,))
    assert told(desk, LOBBY, "visit_scheduled") == [visit_id]
    assert told(desk, COLLEAGUE, "visit_scheduled") == [visit_id]
    again = ScheduleVisit(
        id=visit_id, planned_on=THURSDAY + DAY, referral_ids=(lead_id,), helper_ids=(LOBBY.id,)
    )
    desk.act(MANAGER, "schedule_visit", again)
    end = EndVisit(id=visit_id, action=VisitAction.CANCEL, reason="下雨")
    desk.act(MANAGER, "end_visit", end)
    assert told(desk, COLLEAGUE, "visit_changed") == [visit_id] * 2
