from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.care_card import CareStatus
from shared.domain.harvest import HarvestStatus
from shared.domain.referral import ReferralStatus
from shared.domain.round import (
    cash_day,
    follow_ups_due,
    helping_visits,
    near_sales,
    open_referrals,
    recorded_referrals,
    villages_of,
)
from shared.domain.village import RoundCover, Village
from shared.domain.visit import VisitStatus
from tests.shared.domain.county import (
    CARD,
    COLLEAGUE,
    MANAGER,
    NOW,
    OUTLET,
    OUTREACH,
    POSTMAN,
    ROUND,
    SALE,
    TODAY,
    VILLAGE,
    VISIT,
    county,
    day,
    id_of,
    referral,
)

SECOND = Village(
    id=id_of("second village"), outlet_id=OUTLET.id, round_id=ROUND.id, name="田头村", town="英利"
)


def test_villages_of_a_postman_are_those_of_the_round_by_town() -> None:
    rows = county(SECOND)
    assert villages_of(rows, POSTMAN.id, TODAY) == [SECOND, VILLAGE]
    assert villages_of(rows, COLLEAGUE.id, TODAY) == []


def test_villages_of_a_cover_are_there_while_it_lasts() -> None:
    cover = RoundCover(
        id=id_of("cover"),
        round_id=ROUND.id,
        staff_id=COLLEAGUE.id,
        from_on=day(0),
        to_on=day(1),
    )
    rows = county(cover)
    there = [bool(villages_of(rows, COLLEAGUE.id, day(offset))) for offset in (-1, 0, 1, 2)]
    assert there == [False, True, True, False]


def test_villages_of_outreach_are_those_that_they_are_sent_to_that_day() -> None:
    rows = county(VISIT, replace(VISIT, id=id_of("at the outlet"), village_id=None))
    assert villages_of(rows, OUTREACH.id, VISIT.planned_on) == [VILLAGE]
    assert villages_of(rows, OUTREACH.id, day(0)) == []
    assert villages_of(rows, MANAGER.id, VISIT.planned_on) == []
    assert villages_of(rows, POSTMAN.id, VISIT.planned_on) == [VILLAGE]
    rows.change(VISIT, village_id=id_of("unknown"))
    assert villages_of(rows, OUTREACH.id, VISIT.planned_on) == []


@pytest.mark.parametrize(
    ("fields", "is_near"),
    [
        ({}, True),
        ({"sale_from_on": day(14), "sale_to_on": day(14)}, True),
        ({"sale_from_on": day(15), "sale_to_on": day(15)}, False),
        ({"sale_from_on": day(-14), "sale_to_on": day(-14), "payout_on": day(-14)}, True),
        ({"sale_from_on": day(-15), "sale_to_on": day(-15), "payout_on": day(-15)}, False),
        ({"sale_from_on": day(-40), "sale_to_on": day(-40), "payout_on": day(9)}, True),
        ({"status": HarvestStatus.SOLD}, True),
        ({"status": HarvestStatus.PAID}, False),
        ({"status": HarvestStatus.CANCELLED}, False),
    ],
)
def test_near_sales_are_those_that_matter_now(fields: dict[str, object], *, is_near: bool) -> None:
    sale = replace(SALE, **fields)  # type: ignore[arg-type]
    assert (near_sales(county(sale), [VILLAGE], TODAY) == [sale]) is is_near


def test_near_sales_come_in_order_and_from_these_villages_only() -> None:
    later = replace(SALE, id=id_of("later"), sale_from_on=day(4))
    elsewhere = replace(SALE, id=id_of("elsewhere"), village_id=SECOND.id)
    rows = county(SECOND, SALE, later, elsewhere)
    assert near_sales(rows, [VILLAGE], TODAY) == [SALE, later]


def test_cash_day_is_the_next_payout() -> None:
    later = replace(SALE, id=id_of("later"), payout_on=day(20), status=HarvestStatus.SOLD)
    past = replace(SALE, id=id_of("past"), payout_on=day(-1))
    paid = replace(SALE, id=id_of("paid"), payout_on=day(1), status=HarvestStatus.PAID)
    rows = county(SALE, later, past, paid)
    assert cash_day(rows, VILLAGE.id, TODAY) == day(3)
    assert cash_day(rows, VILLAGE.id, day(3)) == day(3)
    assert cash_day(rows, VILLAGE.id, day(4)) == day(20)
    assert cash_day(rows, SECOND.id, TODAY) is None


def test_follow_ups_due_are_ones_own_open_cards_the_longest_waiting_first() -> None:
    due = [
        replace(CARD, id=id_of("today"), next_contact_on=day(0)),
        replace(CARD, id=id_of("late"), next_contact_on=day(-9), status=CareStatus.INVITED),
    ]
    others = [
        replace(CARD, id=id_of("tomorrow"), next_contact_on=day(1)),
        replace(CARD, id=id_of("closed"), next_contact_on=day(0), status=CareStatus.CLOSED),
        replace(CARD, id=id_of("another's"), next_contact_on=day(0), owner_id=COLLEAGUE.id),
    ]
    rows = county(*due, *others)
    assert follow_ups_due(rows, POSTMAN.id, TODAY) == due[::-1]


def test_open_referrals_are_ones_own_the_newest_first() -> None:
    old = referral(ReferralStatus.ROUTED)
    new = referral(ReferralStatus.MET, id=id_of("new"), captured_to=NOW.replace(hour=NOW.hour + 1))
    lost = referral(ReferralStatus.LOST, id=id_of("lost"))
    another = referral(ReferralStatus.ROUTED, id=id_of("another"), referrer_id=COLLEAGUE.id)
    rows = county(old, new, lost, another)
    assert open_referrals(rows, POSTMAN.id) == [new, old]
    assert set(recorded_referrals(rows, POSTMAN.id)) == {old, new, lost}


def test_helping_visits_are_those_of_the_day_that_are_on() -> None:
    rows = county(VISIT)
    assert helping_visits(rows, OUTREACH.id, VISIT.planned_on) == [VISIT]
    assert helping_visits(rows, POSTMAN.id, VISIT.planned_on) == []
    assert helping_visits(rows, OUTREACH.id, TODAY) == []
    rows.change(VISIT, status=VisitStatus.CANCELLED)
    assert helping_visits(rows, OUTREACH.id, VISIT.planned_on) == []
