"""Foretelling a sale is paid once it is witnessed, and not by who foretold it alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from shared.domain.harvest import HarvestAction, HarvestDateVersion
from shared.domain.harvest_credit import accurate_version, timely_change, witnessed_sale
from shared.domain.moment import OUTLET_ZONE
from shared.domain.policy import DEFAULT_POLICY
from shared.domain.visit import Visit
from tests.shared.domain.county import (
    COLLEAGUE,
    MANAGER,
    NOW,
    OUTREACH,
    POSTMAN,
    SALE_VERSION,
    VISIT,
    day,
    id_of,
)


def noon(offset: int) -> dt.datetime:
    return dt.datetime.combine(day(offset), dt.time(12, tzinfo=OUTLET_ZONE)).astimezone(dt.UTC)


def version(number: int, action: HarvestAction, **fields: object) -> HarvestDateVersion:
    made = replace(SALE_VERSION, id=id_of(f"version {number}"), version=number, action=action)
    return replace(made, **fields)  # type: ignore[arg-type]


REPORTED = version(1, HarvestAction.REPORT)  # The postman, today: sold on day 3 and 4.
ARRIVED = replace(VISIT, checked_in_at=noon(3))


def seen(number: int, staff_id: str, offset: int = 3) -> HarvestDateVersion:
    return version(
        number, HarvestAction.START_DAY, reported_by_id=staff_id, reported_at=noon(offset)
    )


def foretold(
    *versions: HarvestDateVersion, visits: tuple[Visit, ...] = (ARRIVED,)
) -> HarvestDateVersion | None:
    witnessed = witnessed_sale(versions, visits)
    assert witnessed is not None
    return accurate_version(versions, witnessed, DEFAULT_POLICY)


def changed(
    *versions: HarvestDateVersion, visits: tuple[Visit, ...] = (ARRIVED,)
) -> HarvestDateVersion | None:
    witnessed = witnessed_sale(versions, visits)
    assert witnessed is not None
    return timely_change(versions, witnessed, DEFAULT_POLICY)


def test_check_in_witnesses_a_sale() -> None:
    witnessed = witnessed_sale([REPORTED], [VISIT, ARRIVED])
    assert witnessed is not None
    assert (witnessed.day, witnessed.visit_ids) == (day(3), (VISIT.id,))
    assert witnessed.witness_ids == {MANAGER.id, OUTREACH.id}


def test_two_peoples_reports_witness_a_sale() -> None:
    witnessed = witnessed_sale([REPORTED, seen(2, POSTMAN.id), seen(3, COLLEAGUE.id, 4)], [])
    assert witnessed is not None
    assert witnessed.day == day(3)


@pytest.mark.parametrize(
    "versions",
    [
        [REPORTED],
        [REPORTED, seen(2, COLLEAGUE.id)],
        [REPORTED, seen(2, COLLEAGUE.id), seen(3, COLLEAGUE.id)],
        [REPORTED, version(2, HarvestAction.CONFIRM, reported_by_id=COLLEAGUE.id)],
    ],
    ids=["foretold", "one report", "one person twice", "confirmed beforehand"],
)
def test_less_witnesses_nothing(versions: list[HarvestDateVersion]) -> None:
    assert witnessed_sale(versions, [VISIT]) is None


@pytest.mark.parametrize("offset", [1, 3, 4, 6])
def test_sale_within_two_days_was_foretold(offset: int) -> None:
    assert foretold(REPORTED, visits=(replace(VISIT, checked_in_at=noon(offset)),)) == REPORTED


@pytest.mark.parametrize("offset", [7, 20])
def test_sale_further_off_was_not_foretold(offset: int) -> None:
    assert foretold(REPORTED, visits=(replace(VISIT, checked_in_at=noon(offset)),)) is None


def test_what_is_said_on_the_day_itself_foretells_nothing() -> None:
    assert foretold(replace(REPORTED, reported_at=noon(3))) is None


def test_window_of_weeks_foretells_its_first_week_alone() -> None:
    wide = replace(REPORTED, sale_to_on=day(60))
    assert foretold(wide, visits=(replace(VISIT, checked_in_at=noon(11)),)) == wide
    assert foretold(wide, visits=(replace(VISIT, checked_in_at=noon(12)),)) is None


def test_who_was_right_first_is_credited() -> None:
    wrong = replace(REPORTED, sale_from_on=day(20), sale_to_on=day(21))
    right = version(2, HarvestAction.SHIFT, reported_by_id=COLLEAGUE.id, reported_at=noon(1))
    assert foretold(wrong, right) == right
    assert foretold(REPORTED, right) == REPORTED


def test_only_witness_is_not_credited_for_foretelling() -> None:
    by_manager = replace(REPORTED, reported_by_id=MANAGER.id)
    alone = replace(ARRIVED, helper_ids=())
    assert foretold(by_manager, visits=(alone,)) is None
    assert foretold(by_manager, visits=(ARRIVED,)) == by_manager


SHIFTED = version(2, HarvestAction.SHIFT, reported_by_id=COLLEAGUE.id, reported_at=NOW)


def test_change_told_a_day_ahead_is_credited() -> None:
    assert changed(REPORTED, SHIFTED) == SHIFTED


@pytest.mark.parametrize(
    ("reported_at", "credited"),
    [(noon(1), True), (noon(2) - dt.timedelta(hours=12), True), (noon(2), False)],
)
def test_change_must_be_told_a_day_before_the_sales_midnight(
    reported_at: dt.datetime, *, credited: bool
) -> None:
    shifted = replace(SHIFTED, reported_at=reported_at)
    assert (changed(REPORTED, shifted) is not None) is credited


def test_change_to_wrong_days_and_a_mere_report_are_no_timely_change() -> None:
    assert changed(REPORTED, replace(SHIFTED, sale_from_on=day(20), sale_to_on=day(20))) is None
    assert changed(REPORTED) is None


def test_only_witness_is_not_credited_for_the_change() -> None:
    shifted = replace(SHIFTED, reported_by_id=MANAGER.id)
    assert changed(REPORTED, shifted, visits=(replace(ARRIVED, helper_ids=()),)) is None
