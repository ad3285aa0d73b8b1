"""The rules of a day are those that were effective on it, for ever."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, replace

import pytest

from shared.domain.policy import DEFAULT_POLICY, Policy, is_large, policy_on
from shared.domain.referral import AmountBand
from tests.shared.domain.county import COUNTY_ID, Memory, id_of

HOUSE = replace(DEFAULT_POLICY, id=id_of("house"), version="h", effective_on=dt.date(2026, 3, 1))
OWN = replace(
    DEFAULT_POLICY, id=id_of("own"), version="o", effective_on=dt.date(2026, 2, 1),
    county_id=COUNTY_ID,
)  # fmt: skip
NEWER = replace(OWN, id=id_of("newer"), version="n", effective_on=dt.date(2026, 6, 1))


def version_on(day: dt.date, *policies: Policy, county_id: str = COUNTY_ID) -> str:
    return policy_on(Memory(policies), day, county_id=county_id).version


def test_default_holds_where_nobody_said_anything_else() -> None:
    assert policy_on(Memory(), dt.date(2020, 1, 1), county_id=COUNTY_ID) is DEFAULT_POLICY


def test_numbers_of_the_default_are_those_of_the_product() -> None:
    numbers = asdict(DEFAULT_POLICY)
    del numbers["id"], numbers["version"], numbers["effective_on"], numbers["county_id"]
    assert numbers == {
        "valid_lead_points": 2,
        "valid_lead_points_per_day_max": 10,
        "complete_card_points": 1,
        "met_points": 2,
        "success_points": 7,
        "success_large_points": 15,
        "large_band": AmountBand.FROM_200K,
        "date_accuracy_points": 2,
        "date_accuracy_days": 2,
        "date_change_points": 1,
        "date_change_hours_min": 24,
        "care_converted_points": 2,
        "fen_per_point": 100,
        "duplicate_window_days": 30,
        "assist_percent": 20,
        "escort_percent": 30,
        "overlap_percent": 50,
        "care_days_min": 14,
        "care_originator_percent": 50,
        "helpers_percent_max": 50,
        "fairness_days": 30,
        "opens_at_minute": 510,
        "closes_at_minute": 1050,
        "working_weekdays": (1, 2, 3, 4, 5, 6),
        "remind_working_hours": 4,
        "escalate_hours": 24,
        "cash_within_hours": 48,
        "cash_remind_hours": 1,
        "cash_backup_hours": 2,
        "cash_escalate_hours": 4,
        "settlement_grace_days": 3,
        "settlement_confirm_days": 2,
        "settlement_lock_day": 5,
        "teller_pay_percent": 30,
        "lobby_pay_percent": 100,
        "pay_ratio_percent_max": 120,
        "unconverted_kept_months": 12,
        "duplicate_kept_days": 30,
    }


def test_version_holds_from_its_day_on() -> None:
    assert version_on(dt.date(2026, 5, 31), OWN, NEWER) == "o"
    assert version_on(dt.date(2026, 6, 1), OWN, NEWER) == "n"


def test_county_goes_before_the_house_even_when_older() -> None:
    assert version_on(dt.date(2026, 4, 1), OWN, HOUSE) == "o"


def test_other_county_has_the_house_rules() -> None:
    assert version_on(dt.date(2026, 4, 1), OWN, HOUSE, county_id=id_of("far county")) == "h"


@pytest.mark.parametrize(
    ("band", "large"),
    [
        (AmountBand.UNDER_10K, False),
        (AmountBand.FROM_50K, False),
        (AmountBand.FROM_200K, True),
        (AmountBand.FROM_1M, True),
    ],
)
def test_success_is_large_from_the_threshold_on(band: AmountBand, *, large: bool) -> None:
    assert is_large(DEFAULT_POLICY, band) is large
