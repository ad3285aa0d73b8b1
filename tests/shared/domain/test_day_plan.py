from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from shared.domain.day_plan import (
    Clash,
    ClashKind,
    clashes,
    covered_villages,
    day_plan,
    leads_for,
    leads_in_hand,
    sale_calendar,
    sales_without_visit,
)
from shared.domain.harvest import HarvestStatus
from shared.domain.people import Leave, Staff
from shared.domain.referral import ReferralStatus
from shared.domain.visit import Visit, VisitStatus
from tests.shared.domain.county import (
    BACKUP,
    CARD,
    COLLEAGUE,
    MANAGER,
    NOW,
    OUTREACH,
    POSTMAN,
    PROFILE,
    SALE,
    VILLAGE,
    VISIT,
    Memory,
    county,
    day,
    id_of,
    referral,
)

DAY = VISIT.planned_on


def another(name: str, **fields: object) -> Visit:
    values = {"id": id_of(name), "helper_ids": (), **fields}
    return replace(VISIT, **values)  # type: ignore[arg-type]


def kinds(rows: Memory) -> list[ClashKind]:
    return [clash.kind for clash in clashes(rows, MANAGER.id, DAY)]


def test_leads_for_a_manager_come_the_most_urgent_first() -> None:
    soon = referral(ReferralStatus.ROUTED, id=id_of("soon"), due_at=NOW)
    late = referral(ReferralStatus.ROUTED, id=id_of("late"), due_at=NOW + dt.timedelta(hours=4))
    whenever = referral(ReferralStatus.ROUTED, id=id_of("whenever"))
    taken = referral(ReferralStatus.ACCEPTED, id=id_of("taken"))
    rows = county(whenever, late, soon, taken)
    assert leads_for(rows, MANAGER.id) == [soon, late, whenever]
    assert leads_for(rows, BACKUP.id) == []
    assert leads_in_hand(rows, MANAGER.id) == [taken]


def test_covered_villages_are_those_of_the_primary_and_of_the_backup() -> None:
    rows = county()
    assert covered_villages(rows, MANAGER.id) == [VILLAGE]
    assert covered_villages(rows, BACKUP.id) == [VILLAGE]
    assert covered_villages(rows, POSTMAN.id) == []


def test_day_plan_holds_visits_sales_payouts_markets_and_follow_ups() -> None:
    market_day = dt.date(2026, 5, 7)  # 三月廿一: Longmen holds its market on 1, 4 and 7.
    assert market_day == DAY
    off = replace(SALE, id=id_of("off"), status=HarvestStatus.CANCELLED)
    paid_later = replace(SALE, id=id_of("paid later"), sale_from_on=day(1), payout_on=day(9))
    card = replace(CARD, owner_id=MANAGER.id, next_contact_on=DAY)
    rows = county(VISIT, SALE, off, paid_later, card)
    plan = day_plan(rows, MANAGER.id, DAY)
    assert (plan.on, plan.lunar.text, plan.market_towns) == (DAY, "三月廿一", ["龙门"])
    assert plan.visits == [VISIT]
    assert plan.sales == [paid_later, SALE]
    assert plan.payouts == [SALE]
    assert (plan.follow_ups, plan.clashes) == ([card], [])
    assert day_plan(rows, MANAGER.id, day(1)).market_towns == []
    assert day_plan(rows, MANAGER.id, day(9)).payouts == [paid_later]


def test_a_day_is_full_when_the_profile_says_so() -> None:
    rows = county(VISIT, another("second"))
    assert kinds(rows) == []
    rows.keep([another("third")])
    assert kinds(rows) == [ClashKind.FULL_DAY]
    rows.change(PROFILE, staff_id=BACKUP.id)
    assert kinds(rows) == []


def test_visits_that_are_over_or_off_fill_no_day() -> None:
    done = another("done", status=VisitStatus.DONE)
    off = another("off", status=VisitStatus.CANCELLED)
    assert kinds(county(VISIT, done, off)) == []


@pytest.mark.parametrize(
    ("person", "kind"),
    [(MANAGER, ClashKind.ON_LEAVE), (OUTREACH, ClashKind.HELPER_BUSY)],
    ids=lambda value: getattr(value, "name", value),
)
def test_who_is_on_leave_clashes_with_the_visit(person: Staff, kind: ClashKind) -> None:
    leave = Leave(id=id_of("leave"), staff_id=person.id, from_on=DAY, to_on=DAY)
    (clash,) = clashes(county(VISIT, leave), MANAGER.id, DAY)
    assert clash == Clash(kind=kind, visit_id=VISIT.id, staff_id=person.id)


def test_a_helper_can_not_be_in_two_villages() -> None:
    elsewhere = another("elsewhere", helper_ids=(OUTREACH.id,), wealth_manager_id=BACKUP.id)
    rows = county(VISIT, elsewhere)
    (clash,) = clashes(rows, MANAGER.id, DAY)
    assert (clash.kind, clash.staff_id) == (ClashKind.HELPER_BUSY, OUTREACH.id)
    rows.keep([another("elsewhere", helper_ids=(COLLEAGUE.id,), wealth_manager_id=BACKUP.id)])
    assert kinds(rows) == []


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, None),
        ({"sale_from_on": day(4), "sale_to_on": day(5), "payout_on": day(5)}, "sale_moved"),
        ({"sale_from_on": day(1), "sale_to_on": day(1), "payout_on": day(2)}, "sale_moved"),
        ({"sale_from_on": day(1), "sale_to_on": day(1), "payout_on": day(3)}, None),
        ({"status": HarvestStatus.CANCELLED}, "sale_off"),
    ],
)
def test_a_sale_that_moved_or_is_off_clashes_with_its_visit(
    fields: dict[str, object], kind: str | None
) -> None:
    sale = replace(SALE, **fields)  # type: ignore[arg-type]
    rows = county(sale, replace(VISIT, harvest_date_id=SALE.id))
    assert kinds(rows) == ([] if kind is None else [kind])


def test_a_visit_to_a_sale_that_this_phone_does_not_hold_clashes_with_nothing() -> None:
    assert kinds(county(replace(VISIT, harvest_date_id=SALE.id))) == []


def test_sale_calendar_has_every_day_of_the_month_with_its_sales() -> None:
    second = replace(SALE, id=id_of("second"), sale_from_on=day(4), payout_on=day(40))
    rows = county(SALE, second)
    days = sale_calendar(rows, [VILLAGE], day(0))
    assert [each.on for each in days] == [dt.date(2026, 5, n) for n in range(1, 32)]
    assert {each.on.day: each.sales for each in days if each.sales} == {7: 1, 8: 2}
    assert {each.on.day: each.payouts for each in days if each.payouts} == {7: 1}
    assert days[6].lunar.text == "三月廿一"
    assert len(sale_calendar(rows, [], dt.date(2028, 2, 29))) == 29


@pytest.mark.parametrize(
    ("fields", "is_proposed"),
    [
        ({}, True),
        ({"sale_from_on": day(14), "sale_to_on": day(14)}, True),
        ({"sale_from_on": day(15), "sale_to_on": day(15)}, False),
        ({"sale_from_on": day(-5), "sale_to_on": day(0)}, True),
        ({"sale_from_on": day(-5), "sale_to_on": day(-1)}, False),
        ({"status": HarvestStatus.SOLD}, False),
    ],
)
def test_sales_without_visit_are_the_next_ones_that_nobody_plans_to_see(
    fields: dict[str, object], *, is_proposed: bool
) -> None:
    sale = replace(SALE, **fields)  # type: ignore[arg-type]
    assert bool(sales_without_visit(county(sale), MANAGER.id, day(0))) is is_proposed


def test_a_sale_with_a_visit_needs_no_proposal_until_the_visit_is_off() -> None:
    visit = replace(VISIT, harvest_date_id=SALE.id)
    rows = county(SALE, visit)
    assert sales_without_visit(rows, MANAGER.id, day(0)) == []
    rows.change(visit, status=VisitStatus.MISSED)
    assert sales_without_visit(rows, MANAGER.id, day(0)) == [SALE]
