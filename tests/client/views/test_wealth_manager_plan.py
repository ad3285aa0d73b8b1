"""What a plan of a visit begins with: the day, the customers, the kit, and what warns."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from client.views.wealth_manager.plan import VisitPlan, companions, day_warnings, plan_of
from shared.domain.harvest import HarvestDate, HarvestStatus
from shared.domain.people import Leave
from shared.domain.visit import Visit, VisitStatus
from tests.client.views import desk_rows
from tests.client.views.desk_rows import ACCEPTED, CHEN, EAST, LIN, MANAGER, SALE, TODAY, row_id
from tests.client.views.fake_field import FakeWorld


def plan(world: FakeWorld, **about: str) -> VisitPlan:
    given = {"lead_id": "", "sale_id": "", "visit_id": ""} | about
    return plan_of(world, LIN, TODAY, **given)


def world(*more: Any) -> FakeWorld:
    return FakeWorld([*desk_rows.rows(), *more])


def moved(**changes: Any) -> FakeWorld:
    """Return the outlet with another version of the sale."""
    rows = world()
    sale = rows.get(HarvestDate, SALE)
    assert sale is not None
    rows.put(replace(sale, **changes))
    return rows


def test_plan_begins_with_the_sale_day_and_offers_the_payout() -> None:
    begun = plan(world(), lead_id=ACCEPTED)
    assert begun.on == dt.date(2026, 11, 26)
    assert [(preset.kind, preset.on.day) for preset in begun.presets] == [
        ("sale", 26),
        ("payout", 28),
    ]


def test_plan_offers_one_day_when_the_cash_comes_at_the_sale() -> None:
    begun = plan(moved(payout_on=dt.date(2026, 11, 26)), lead_id=ACCEPTED)
    assert [preset.kind for preset in begun.presets] == ["both"]


def test_plan_begins_with_the_payout_when_the_sale_is_over() -> None:
    over = {"sale_from_on": dt.date(2026, 11, 20), "sale_to_on": dt.date(2026, 11, 21)}
    begun = plan(moved(**over), lead_id=ACCEPTED)
    assert begun.on == dt.date(2026, 11, 28)


def test_plan_goes_to_the_village_and_not_to_a_sale_that_is_paid_and_gone() -> None:
    gone = {
        "sale_from_on": TODAY - dt.timedelta(days=9),
        "sale_to_on": TODAY - dt.timedelta(days=8),
        "payout_on": TODAY - dt.timedelta(days=1),
    }
    begun = plan(moved(**gone), lead_id=ACCEPTED)
    assert (begun.sale, begun.village_id, begun.presets) == (None, EAST, ())


def test_plan_forgets_a_sale_that_is_off() -> None:
    begun = plan(moved(status=HarvestStatus.CANCELLED), lead_id=ACCEPTED)
    assert (begun.sale, begun.kit) == (None, ())
    assert begun.on == TODAY + dt.timedelta(days=1)


def test_plan_takes_the_kit_of_the_crop() -> None:
    assert plan(world(), sale_id=SALE).kit == ("毛巾", "手套", "饮用水", "宣传单")


def test_plan_joins_a_visit_that_goes_there_for_the_same_sale() -> None:
    known = Visit(
        id=row_id(400),
        outlet_id=desk_rows.OUTLET,
        wealth_manager_id=LIN,
        status=VisitStatus.SCHEDULED,
        planned_on=dt.date(2026, 11, 27),
        village_id=EAST,
        harvest_date_id=SALE,
        referral_ids=(),
        kit=("毛巾",),
    )
    begun = plan(world(known), lead_id=ACCEPTED)
    assert (begun.visit_id, begun.on) == (known.id, known.planned_on)
    assert begun.kit_chosen == ("毛巾",)
    assert "手套" in begun.kit
    assert ACCEPTED in begun.lead_ids


def test_plan_leaves_out_who_was_met_already() -> None:
    begun = plan(world(), lead_id=ACCEPTED)
    assert begun.lead_ids == (ACCEPTED,)
    assert len(begun.leads) > 1


def test_warnings_name_other_visits_a_full_day_and_leave() -> None:
    assert [one.kind for one in day_warnings(world(), LIN, TODAY, except_visit_id=None)] == [
        "others"
    ]
    second = replace(
        next(row for row in desk_rows.rows() if isinstance(row, Visit)), id=row_id(401)
    )
    away = Leave(id=row_id(402), staff_id=LIN, from_on=TODAY, to_on=TODAY)
    warnings = day_warnings(world(second, away), LIN, TODAY, except_visit_id=None)
    assert [(one.kind, one.count) for one in warnings] == [("full", 2), ("leave", 0)]


def test_a_visit_does_not_warn_of_itself() -> None:
    assert day_warnings(world(), LIN, TODAY, except_visit_id=desk_rows.VISIT) == []


def test_the_villages_postman_is_the_first_companion() -> None:
    people = companions(world(), MANAGER, EAST, TODAY)
    assert people[0].id == CHEN
    assert LIN not in {one.id for one in people}
