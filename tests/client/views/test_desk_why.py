"""Why a lead is where it is, in words: every step of every route can be said."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from client.strings import Language, Words
from client.views.desk.leads import by_cash
from client.views.desk.why import why_lines, why_short
from shared.domain.harvest import HarvestDate
from shared.domain.referral import Referral
from shared.domain.routing import RouteStep, RouteTrace, RouteVerdict
from shared.domain.rows import Rows
from tests.client.views import desk_rows
from tests.client.views.desk_rows import LIN, NEW_LEAD, ZHUO, route
from tests.client.views.fake_field import FakeWorld

CHINESE = Words(Language.CHINESE)


def world_with(trace: RouteTrace | None) -> tuple[Rows, Referral]:
    rows = [
        row
        for row in desk_rows.rows()
        if not (isinstance(row, RouteTrace) and row.referral_id == NEW_LEAD)
    ]
    world = FakeWorld([*rows, *([trace] if trace else [])])
    lead = world.get(Referral, NEW_LEAD)
    assert lead is not None
    return world, lead


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("verdict", "rule"), list(product(RouteVerdict, range(10))))
def test_every_step_has_a_sentence(verdict: RouteVerdict, rule: int, language: Language) -> None:
    step = RouteStep(rule=rule, verdict=verdict, candidate_id=LIN, assigned=3, capacity=20)
    rows, lead = world_with(route(NEW_LEAD, rule, step))
    (line,) = why_lines(rows, lead, LIN, Words(language))
    assert line
    assert "{" not in line


def test_the_reader_is_called_you_and_others_by_name() -> None:
    chosen = RouteStep(rule=1, verdict=RouteVerdict.CHOSEN, candidate_id=LIN)
    rows, lead = world_with(route(NEW_LEAD, 1, chosen))
    assert why_short(rows, lead, LIN, CHINESE) == "这位客户由您管户"
    assert why_short(rows, lead, ZHUO, CHINESE) == "这位客户由林晓梅管户"


def test_a_backup_is_told_for_whom_they_act() -> None:
    acts = RouteStep(rule=1, verdict=RouteVerdict.ACTS, candidate_id=LIN)
    rows, lead = world_with(replace(route(NEW_LEAD, 1, acts), acting_for_id=ZHUO))
    said = "客户由卓志远管户，卓志远不在岗，由您代办"
    assert why_short(rows, lead, LIN, CHINESE) == said


def test_the_decision_stands_last_and_is_the_short_reason() -> None:
    rows, lead = world_with(desk_rows.by_village(NEW_LEAD))
    lines = why_lines(rows, lead, LIN, CHINESE)
    assert lines[0] == "卓志远休假"
    assert lines[-1] == why_short(rows, lead, LIN, CHINESE) == "东坑村由您负责"


def test_a_lead_that_the_branch_head_gave_to_somebody_says_so() -> None:
    rows, lead = world_with(desk_rows.by_village(NEW_LEAD))
    given = replace(lead, wealth_manager_id=ZHUO)
    assert why_short(rows, given, ZHUO, CHINESE) == "支局长指定给您"


def test_a_route_that_has_not_arrived_is_said_to_be_missing() -> None:
    rows, lead = world_with(None)
    assert why_lines(rows, lead, LIN, CHINESE) == ["分派原因还没有同步到这台设备"]


def test_the_only_one_left_is_not_praised_for_a_fit_that_is_none() -> None:
    chosen = RouteStep(rule=5, verdict=RouteVerdict.CHOSEN, candidate_id=LIN)
    rows, lead = world_with(route(NEW_LEAD, 5, chosen))
    assert why_short(rows, lead, LIN, CHINESE) == "只有您能接"


def test_a_lead_without_a_village_says_so_once() -> None:
    steps = [RouteStep(rule=rule, verdict=RouteVerdict.NAMES_NOBODY) for rule in (3, 4)]
    rows, lead = world_with(route(NEW_LEAD, 4, *steps))
    nowhere = replace(lead, village_id=None)
    assert why_lines(rows, nowhere, LIN, CHINESE) == ["没有填村，按村分派的规则用不上"]


def test_leads_whose_cash_lies_ahead_come_before_those_whose_cash_is_long_gone() -> None:
    field = desk_rows.manager_field()
    by_id = {one.id: one for one in field.referrals()}
    ahead, unknown = by_id[desk_rows.ACCEPTED], by_id[desk_rows.MET]
    sale = field.world.get(HarvestDate, desk_rows.HEARD_SALE)
    assert sale is not None
    field.world.put(replace(sale, payout_on=desk_rows.TODAY - desk_rows.days(20)))
    gone = replace(by_id[desk_rows.SET], harvest_date_id=desk_rows.HEARD_SALE)
    ordered = by_cash(field.world, [gone, unknown, ahead], desk_rows.TODAY)
    assert [one.id for one in ordered] == [ahead.id, unknown.id, gone.id]
